// Package generate makes synthetic activity records that behave like real ones:
// for measurements, demonstrations and tests that need more records than the
// sample has.
//
// What is realistic about them, because storage and search depend on it:
//
//   - Who and Where follow Zipf's law: the k-th busiest of 2,000 accounts and 400
//     hosts has a share proportional to 1/k.
//   - What is mostly deep paths. The files, also chosen by Zipf's law out of
//     200,000, sit in trees whose upper levels they share, so that texts repeat
//     in part, in whole and not at all.
//   - The kinds of activity (files, directory, logons, servers, mail, documents,
//     databases) have their own object types, actions and details, and every
//     action of the contract occurs.
//   - When follows office hours: working days from eight to six carry nearly
//     everything, nights and weekends the rest. Records come in the order of
//     their time but for one in a hundred, which is up to a day late.
//   - A record with a plan is about 640 bytes of JSON as it is written, like real
//     ones.
//
// The same Config gives the same records on every machine, for ever: all
// choices are integer arithmetic on a PCG generator (no floating point, whose
// last bit may differ between processors), and the present time plays no part.
// A golden hash in the tests holds this.
package generate

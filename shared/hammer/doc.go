// Package hammer loads a server over HTTP and checks every answer: it writes,
// walks, resumes, repeats and searches at once, and finds what was lost,
// repeated, out of order, altered, or shown although it was refused (invariants
// L4 to L8, E1 to E5, E8 and S1).
//
// It needs nothing but the API, so it judges any installation, and shares no
// code with what it judges but for reading and writing bodies. It keeps the
// server's answers against what it knows it sent:
//
//   - Every record of a run is a pure function of the run's seed, the number of
//     its batch and its place there, all of which stand in What. So what comes
//     back is compared field by field, and nothing of it needs to be kept: a batch
//     costs some 50 bytes and 4 for each record, a walk 4 bytes a batch.
//   - A batch that was acknowledged, or seen once, must be in every walk that ends
//     later, whole and in order. One that was cut off may come whole or never. One
//     that was refused, or sent with the key of another, must never come.
//   - An empty page is judged as the promise that it is: all that was acknowledged
//     before it was asked for has been given out on the way to it.
//   - Searches are compared with predicates of this package, not with package
//     filter.
package hammer

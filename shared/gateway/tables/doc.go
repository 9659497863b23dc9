// Package tables is as much of DynamoDB as a rehearsal needs, over any table.Table:
// the JSON protocol of the six calls that package dynamo makes. DynamoDB Local is the
// better judge of whether those calls are right; this is for what it is too slow for,
// and for machines without Java.
//
// It takes nothing that package dynamo does not send: the expressions are matched as
// texts, an attribute that is not p, s, v, n or x is refused, and so is a field of a
// request that is not known here. A mistake there is an error here, never a guess.
//
// # Limits
//
// The table below decides what an item or a transaction may have, and which items
// have expired: by its own clock, not by :now. Transactions never conflict and
// nothing is throttled. Units are counted as the developer guide says ("Capacity unit
// consumption"). ClientRequestToken is not remembered: package dynamo sends each
// request once.
package tables

// Package dynamo is a table on Amazon DynamoDB.
//
// An item has the attributes p and s (partition and sort key, binary), v (the
// value, binary), n (the version, absent for 0) and x (when it expires, absent
// for never; the table's TTL attribute). DynamoDB deletes expired items within
// days, so every read and every condition here looks at x itself.
//
// # Outcomes
//
// The SDK's own retries are switched off, because they hide what matters: an
// attempt whose answer was lost, followed by one that was throttled, would look
// like a write that was not done. Here a read is tried again after anything
// that may pass; a write only after errors that say that it was not done
// (throttling, a conflict of transactions). Tries are bounded in number, by the
// context, and by a budget of retries that refills slowly, so that a table in
// trouble gets fewer calls and not more. Between tries is a random pause that
// doubles.
//
// All reads are strongly consistent unless a query says otherwise.
package dynamo

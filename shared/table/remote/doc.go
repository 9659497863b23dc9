// Package remote is a table in another process of this machine, reached over a
// Unix socket. A server that has the database file open serves its tables at a
// socket beside it, so that the command line can change accounts and plans while
// it runs.
//
// Who may open the socket may do everything: it has mode 0600 and is made in a
// private folder before it is moved to its place, so that at no time anybody
// else could connect. A lock file beside it, PATH.lock, tells the socket of a
// living server from one that a killed server left, which is replaced.
//
// # Protocol
//
// A connection is for one call: there is no idle connection whose end could
// leave the outcome of a write unknown. The client sends one frame, the server
// answers with one and closes. A frame is its length (4 bytes, big-endian) and
// that many bytes; numbers in it are uvarints, strings have their length in
// front.
//
//	request   "docket1" | kind: G, Q or W | table
//	  G       number of keys | (partition | sort) …
//	  Q       partition | from | to | flags: 1 reverse, 2 eventual | limit
//	  W       number of ops | (kind | condition | condition's version | partition | sort,
//	          and of a put: version | expires | value) …
//	answer    0 | more: 0 or 1 | number of items | (partition | sort | version | expires | value) …
//	          1 | number of failed ops | (op | 1 and an item, or 0) …          ConditionError
//	          2 | kinds, a bit for each of the kinds in errors.go | text       other errors
//
// Both sides are strict: a frame has exactly these bytes and is not larger than
// what package table allows; what is not, ends the connection. Requests must
// come, and answers be taken, within bounded time.
package remote

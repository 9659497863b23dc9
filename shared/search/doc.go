// Package search walks the ledger for readers: enum in the order of positions,
// search newest first (contract, sections 4 and 5; design, section 6).
//
// # Enum
//
// A mark is a vector: the position reached in every shard. A page takes records
// shard by shard, beginning with the one after that which the last page ended
// with, so that a busy shard cannot hold up the others. Order within a shard is
// commit order, so each batch stays together and in order.
//
// # Search
//
// A walk has a window, fixed on its first page: the positions from the vector it
// began at (zero, or a checkpoint) to the tails of that moment. Within it
// records are ordered by When, newest first; equal ones by commit time, shard and
// position. The mark holds window and place, the order key of the last record
// that was given out, so a page is the first records behind that place and does
// not depend on what was committed since. The page that finds nothing turns the
// mark into a checkpoint at the end of the window.
//
// A page is found without sorting the window. The catalog knows the range of
// When of every segment: from the manifest, and of the log behind it from the
// moment this process first saw it. How a log is cut into segments may change
// between two pages, so nothing depends on it but speed. Segments are
// opened in the order of their newest record, several at a time, and the search
// ends when the page is full and no segment that is left can hold a newer record
// than the page's last. Opened segments are bounded by the number of workers, and
// records are decoded for the page alone. A segment that cannot be read ends the
// request with its error: nothing is ever skipped for being damaged.
//
// # Blocks
//
// A server keeps records decoded, within a number of bytes. Warm joins the
// segments of aligned ranges of positions into blocks: each column has its
// distinct values once, without case, and narrow numbers of them row by row. A
// search takes a block in place of its segments if that has the columns it needs,
// and looks at the newest rows first, as many as the filter's luck so far says
// will do. A set of the pairs and triples of letters in a column tells what no
// value can contain. All of it follows from the log and is forgotten with the
// process; answers are the same without.
//
// # Time
//
// A call has a budget. When it is spent and something was found that no other
// segment can precede, the page is short. When nothing was found, the call fails
// with ErrOutOfTime and leaves a progress item in the table: what has been passed
// and found so far, under a keyed hash of kind, mark, filter and scope. The same
// request resumes from it, so every search ends. An empty page is only ever the
// true end.
//
// # Scope
//
// Scope is applied to rows before they count for anything that a caller can see:
// page sizes, order, ends and marks are those of a store without the other
// records.
package search

// Package bolt is a table in one file on one machine, a B+tree kept by bbolt.
//
// # Layout
//
// The file holds, for every table name, a bucket "items/NAME" and, once items
// that expire were written, a bucket "expiry/NAME"; and a bucket "docket" with
// the key "format", the version of this layout, 1, and for every table a key
// "tally/NAME": the number of its items and the sum of their checksums (8 bytes
// each, big-endian).
//
//	items   key    partition length (2 bytes, big-endian) | partition | sort
//	        value  CRC-32C (4 bytes, big-endian) of key and of what follows
//	               | version (uvarint) | expires (uvarint) | value
//	expiry  key    expires (8 bytes, big-endian) | key in items
//	        value  empty
//
// The length in front keeps partitions apart whatever their bytes are, and the
// items of one lie together in the order of their sort keys. The key is part of
// the checksum, so an item that got under another key is noticed as well. Worked
// example: partition "p", sort "s1", version 3, no expiry, value "hi" is stored
// under 00 01 70 73 31 as 9c 6b 41 66 03 00 68 69.
//
// # Writing
//
// Callers encode their items side by side and hand them to one committer. It
// takes all that wait (up to limits in commit.go) into one bbolt transaction,
// judges the conditions of each Write against the state that includes the
// earlier ones, applies the Write as a whole or not at all, makes the
// transaction durable with fdatasync and answers everybody. So the rate of small
// writes does not hang on the rate of the disk's flushes, and there is no timer:
// a lone Write is committed at once, and while it is, others gather. If a commit
// fails, every Write in it gets ErrUnavailable, its outcome is unknown.
//
// A Write whose context ends while it waits returns ErrUnavailable: the committer
// drops it if it has not begun with it, or applies it.
//
// # Reading
//
// A read is a bbolt read transaction on the memory-mapped file. What it returns
// is copied, a page at a time: the items of a page share one buffer, so whoever
// keeps one item for long keeps its page, at most 1.4 MB, unless it copies it.
//
// # Expiry
//
// Expired items are absent for every reader. Each commit removes some that have
// been so for sweepAfter, found by the expiry bucket; a store that nobody writes
// to keeps them, which harms nobody.
//
// # Damage
//
// An item with a wrong checksum is table.ErrDamaged with its key and is never
// returned. Damage of the tree itself makes bbolt panic, or the kernel deliver a
// fault for a page that cannot be read; both become errors here. After that in
// a write the committer refuses all others: a tree that is not sound must not be
// built on. What the tree does not notice, a lost branch, DB.Check finds by the
// tally. What nothing finds is a list of free pages that is wrong before it has
// done harm, and a file put back to what it once was.
//
// # Options of bbolt
//
// The list of free pages is written with each commit (8 bytes for each) rather
// than rebuilt when the file is opened: the command line opens it for every
// command, and the rebuilding crashes on a damaged file. It is kept as a hash
// map, whose cost does not grow with fragmentation. The map is reserved a
// gibibyte of address space at first, since growing it waits for all readers.
// Leaves are filled to nine tenths: logs are appended to, not filled up later.
// Pages have 8 KiB: items of 450 bytes then take 595 in the file instead of 693,
// items of 55,000 take 4 % more instead of 1 %.
package bolt

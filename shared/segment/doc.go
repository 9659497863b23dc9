// Package segment packs activity records column by column into one immutable
// run of bytes, and reads columns back without touching the others.
//
// # Format
//
// All integers of more than one byte are little-endian; uvarint and varint are
// those of encoding/binary.
//
//	byte  0      version, 1
//	bytes 1-4    CRC-32C (Castagnoli) of bytes 5 to the end
//	bytes 5-     head, then sections
//
//	head:
//	  uvarint    records n, 1 to 1,048,576
//	  uvarint    details m, of all records together
//	  uvarint    archive-only records, at most n
//	  varint     least When, seconds since 1970
//	  uvarint    greatest When less the least
//	  uvarint    plans: how many pairs of ID and name occur, no plan being one
//	    text, text ID and name, sorted; both empty is no plan
//	  uvarint    data sources: how many occur
//	    text     sorted
//	  uvarint    runs: how many batches the records come from
//	    uvarint  records of the run
//	    varint   commit time, microseconds since 1970; after the first run, less
//	             that of the run before
//	    16 bytes writer token
//	    text     principal
//	    text     request id
//	  byte       layout: 0 split, 1 packed
//
//	text:
//	  uvarint    2 x length, and the bytes; or 2 x length + 1, and half as many
//	             bytes: a text of lower-case hexadecimal digits, two a byte
//
// Sections follow in this order; their number is fixed:
//
//	 0           When: n varints, each less the one before (the first less the least When)
//	 1           actions: n bytes; one byte where all are the same
//	 2           archive-only: n bits, low bit first; empty where none or all are
//	 3           details: n uvarints, how many each record has; empty where m is 0
//	 4, 6 .. 28  dictionary of column 0, 1 .. 12 (Column)
//	 5, 7 .. 29  ids of column 0, 1 .. 12
//
//	dictionary:  uvarint number of values k; k uvarints, their lengths; the values,
//	             distinct and sorted bytewise, without anything between them
//	ids:         one id a row, the index of its value, of 1 byte where k <= 256, 2
//	             where k <= 65,536, else 4; all low bytes first, then the next higher;
//	             empty where k is 1. Detail columns have a row a detail.
//
// Split: each section is a uvarint 2 x stored length + 1 if compressed, for a
// compressed one a uvarint raw length, and the stored bytes. Compressed is one
// zstd frame. Dictionaries and ids are apart, so that a dictionary in which
// nothing matches spares the ids.
//
// Packed: one such section holds all thirty, each as uvarint length and raw
// bytes. It serves small segments, where thirty frames would cost more than they
// save.
//
// # Reading
//
// Open checks the checksum and the head. Columns are decoded when they are first
// asked for and kept. Whatever the bytes, nothing panics, nothing is allocated
// that the limits do not allow, and what is malformed is ErrDamaged.
package segment

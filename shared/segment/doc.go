// Package segment packs activity records column by column into one immutable
// run of bytes, and reads columns back without touching the others.
//
// # Format
//
// All integers of more than one byte are little-endian; uvarint and varint are
// those of encoding/binary.
//
//	+---------+-----------+----------------------------+----------------------+
//	| version | CRC-32C   | head                       | sections             |
//	| 1 byte  | 4 bytes   | counts, zone, runs, layout | split or packed      |
//	+---------+-----------+----------------------------+----------------------+
//
//	byte  0      version, 2 (1 had a run in another form)
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
//	  uvarint    runs: how many batches the records come from; of one:
//	    varint   commit time, microseconds since 1970
//	    16 bytes writer token
//	    text     principal
//	    text     request id
//	             of r, more than one:
//	    section  r uvarints: records of each run, at least 1; r varints: commit
//	             times, after the first less that of the run before
//	    section  byte 0, or byte 1 and r writer tokens of 16 bytes; uvarint number
//	             of principals; a text each; r uvarints: the principal of each run,
//	             from 0; r texts: request ids
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
//	dictionary:  uvarint number of values k, distinct and sorted bytewise;
//	             k-1 uvarints: how many bytes each but the first has in common with
//	             the one before, as many as there are;
//	             k uvarints: how many further bytes each has; those bytes
//	ids:         one id a row, the index of its value, of 1 byte where k <= 256, 2
//	             where k <= 65,536, else 4; all low bytes first, then the next higher;
//	             empty where k is 1. Detail columns have a row a detail.
//
// Split: the sections follow each other. A section by itself is a uvarint 2 x stored length + 1 if compressed, for a
// compressed one a uvarint raw length, and the stored bytes. Compressed is one
// zstd frame. Dictionaries and ids are apart, so that a dictionary in which
// nothing matches spares the ids.
//
// Packed: one such section holds all thirty, each as uvarint length and raw
// bytes. It serves small segments, where thirty frames would cost more than they
// save.
//
// # Example
//
// The distinct Who of three records, CORP\amy, CORP\ann and CORP\amy again, and
// their ids, in a packed segment:
//
//	0e                        14 bytes of dictionary
//	02                        2 values
//	06                        value 1 begins with 6 bytes of value 0
//	08 02                     value 0 has 8 further bytes, value 1 has 2
//	43 4f 52 50 5c 61 6d 79   CORP\amy
//	6e 6e                           nn
//	03                        3 bytes of ids
//	00 01 00                  rows 0 and 2 have value 0, row 1 has value 1
//
// testdata/packed.txt and split.txt explain every byte of two whole segments, as
// Dump does of any.
//
// # Why so
//
// Measured on segments of 1,000 generated records of 639 bytes of JSON: shared
// prefixes take 49.6 bytes a record to 45.8 (real ones 53.8 to 53) and spare zstd
// as much time as they cost. The next level of zstd would save 6 % more for half
// as much time again and 4 MiB of tables a core; the best level takes twenty
// times as long. A CRC of four bytes sees every burst of up to 32 bits and runs at
// the speed of memory; whether bytes are genuine is not its business. Ids are
// fixed in width, so they decode without a branch. In planes of bytes those of two
// bytes pack to 9.6 bytes a record, one behind the other to 10.3, as varints to
// 10.3; at 4,000 records a segment planes lose that again (14.4, 12.7 and 13.3).
//
// # Joining
//
// Join puts the columns of many segments together in memory, for searches over
// all of them: see Joined. Of each value it keeps the folding and a bit for each
// capital, so one that is nothing but ASCII takes an eighth more than once.
//
// # Reading
//
// Open checks the checksum and the head. Columns are decoded when they are first
// asked for and kept; Derive keeps beside a dictionary what a search makes of it,
// such as its values without case. Whatever the bytes, nothing panics, nothing is
// allocated that the limits do not allow, and what is malformed is ErrDamaged.
package segment

// Package ledger keeps records in logs that lose nothing, repeat nothing and never
// change (design, sections 3 and 6; invariants L and E).
//
// A ledger has up to 64 shards. Each is a dense, append-only log of segments: a
// batch of records gets the shard's next positions by a conditional put of an item
// at the first of them, and the put is the commit. So positions have no holes and
// order everything; clocks order nothing.
//
// # The life of a batch
//
//  1. It gets a token, 16 random bytes or a hash of its Key, and a commit time,
//     which no attempt changes any more.
//  2. Its records are encoded as one segment or, if that does not fit an item, as
//     several, found by halving. Their items go into one transaction.
//  3. The token names the shard. The batch is put where the log ends as far as this
//     process knows, on condition that nothing is there.
//  4. Stored: that is the acknowledgement. Something there: the table shows what. If
//     it bears the batch's token, an earlier attempt had succeeded and its answer was
//     lost: stored. Else the log ends behind it: try there. After two lost races the
//     end is read. Busy: the same position again. No answer: what is at the position
//     is read; if nothing is, the same position again. A transaction without an answer
//     is tried again without reading, and once it is found stored, it is read whole
//     before it is acknowledged, since others may see it in part until then.
//  5. An attempt of unknown outcome may be applied at any later time. That does no
//     harm, because the batch goes to another position only once the first is seen
//     to be taken by others, where the late one must fail.
//
// With a Key, an item for it goes into the same transaction, on condition that there
// is none. It decides alone whether the batch is stored, for every instance and every
// position: tokens compared at positions would not see what another instance did.
//
// # Items
//
// All numbers are big-endian, all checksums CRC-32C.
//
//	partition "log/NN", NN the shard in decimal; sort: first position (8 bytes)
//	size  what
//	   1  form: 1, data
//	   1  shard
//	   1  number of this item among those of its batch, from 0
//	   1  items of the batch, 1 to 100
//	   4  records in this item
//	   8  first position of this item
//	   8  first position of the batch
//	   4  length of the segment
//	   4  checksum of the 28 bytes before and of the segment
//	   n  the segment
//
// The item says where it belongs and the checksum covers that, so one that was
// flipped, cut, or put under another key is noticed; one that was deleted is a gap.
// What no single item can show is a log whose last items were deleted: marks that
// point behind its end do (ErrBeyond), and so does the manifest.
//
//	the same key, in the place of the first item that a merged segment replaces
//	   1  form: 2, reference
//	   1  shard
//	   4  records of the merged segment
//	   8  first position
//	   8  id of the merged segment
//	   4  its length
//	  16  writer token of the batch that first took the position
//	   4  checksum of partition, a zero byte, sort and the 42 bytes before
//
//	the same key, in the place of every other item that it replaces; expires
//	   1  form: 3, tombstone
//	   4  records that lay here
//	   6  position of the reference
//	  16  writer token
//	   4  checksum of partition, a zero byte, sort and the 27 bytes before
//
//	partition "segment/NN/" and the id in 16 hexadecimal digits; sort "segment"
//	   1  version, 4
//	   1  shard
//	   4  records
//	   8  first position
//	   4  checksum of partition, a zero byte, sort, the 14 bytes before and the segment
//	   n  the segment
//
//	partition "manifest/NN", sort "root"; its table version counts changes. Numbers
//	are uvarints where no size is given
//	   1  version, 1
//	   1  shard
//	   8  high: where the entries end
//	   8  open: from where on segments may be merged again
//	      number of chunks; of each 8 bytes id, distance of its first position to
//	      that of the one before, number of entries
//	      number of doomed items; of each 1 byte kind, 8 bytes id, varint Unix seconds
//	      number of unswept ranges; of each first position, length
//	   4  checksum, keyed as above
//
//	the same partition, sort "chunk/" and the id in 16 hexadecimal digits
//	   1  version, 1
//	   1  shard
//	   8  first position
//	      plans that occur: their number, of each two texts, ID and name
//	      data sources that occur: their number, of each a text
//	      number of entries; of each: records, bytes, byte 0 for a segment in the log
//	      or byte 1 and 8 bytes id, varint least When less that of the one before,
//	      greatest When less the least, archive-only records, number of plans and
//	      which, number of data sources and which
//	   4  checksum, keyed as above
//
//	partition "token/HH", HH the first byte of the name in hexadecimal; sort: the
//	name, SHA-256 of the length of the owner (8 bytes), owner and text of a Key
//	size  what
//	   1  version, 1
//	   1  shard
//	   4  records of the batch
//	   8  first position of the batch
//	  32  hash of the body
//	   8  random, of the Append that stored it
//	   4  checksum of partition, a zero byte, sort and the 54 bytes before
//
//	partition "ledger", sort "root"; its table version counts changes
//	   1  version, 1
//	   1  number of shards, 1 to 64
//	   8  epoch
//	   4  number of the ring key that makes RIDs
//	      for every epoch before, oldest first:
//	   8  epoch
//	   1  number of shards S when it ended
//	  8S  where the restored logs ended
//	   4  checksum of partition, a zero byte, sort and all before
//
// # Reading
//
// Reads are strong and follow positions: an item must begin where the one before
// ended. A query may see a part of a transaction while it is applied. So a reader
// stops before a batch that is not all there, and reads again, a bounded number of
// times, when it has nothing to give out: then there is a gap, an error and never an
// end. A position that a reference covers is found by reading
// back: the item before it is that reference, or a tombstone that names it.
//
// # Compaction
//
// Small segments are merged into big ones. The log stays the only truth: a
// reference says there that some positions now lie in a merged segment, and whoever
// follows positions finds everything without the manifest. The manifest is derived:
// it lists the segments with their zones, for searches, and what a round leaves to
// the next. Since the content of a position never changes, a manifest that is old is
// short, never wrong.
//
// A round of Compact:
//
//  1. It reads the root of the manifest and, from "open" on, the log: whole batches
//     that follow each other, no further.
//  2. It chooses: of pieces of about one size as many as Fan become one; between two
//     segments that are big all. It encodes the merges, reads them back and compares.
//  3. It swaps the root for one that announces the ids of what it is about to write.
//     That is a fence: a round that began before, however long ago, holds an older
//     version and can publish nothing any more. So what earlier roots call doomed,
//     and nothing refers to, can be removed now.
//  4. It writes the merged segments and the chunks of the manifest.
//  5. In one transaction it puts the references in the places of the first items,
//     if those still are what was read, and swaps the root for one that lists the
//     new entries, dooms what they replace, and calls the ranges unswept. This is
//     the commit; nothing of the round was visible before.
//  6. It turns the other items of the ranges into tombstones, the last of each
//     outermost range when all others are, and swaps the root for one that calls
//     them swept.
//
// A round that ends anywhere leaves announcements and unswept ranges, which the next
// finds in the root. Two rounds on a shard harm only each other's work.
//
// If nobody goes on with a range for so long that some of its tombstones expire,
// what was not buried yet stands between its positions and their reference. Writers
// still see where the log ends, by the item that comes last; readers that find a gap
// look further back before they say so.
//
// A position never becomes free: after the tombstone of a position has expired (30
// days, or what Compaction.TombstoneLife says) only a writer that still went by the place where it saw the log end before
// could write there. None does: a place seen more than a day ago is read again.
//
// A merge concatenates runs, so RIDs, authors and commit times stay. It drops their
// writer tokens, which references and tombstones keep.
//
// # Calls
//
// What the table is asked, when all goes well:
//
//	Append            1 Write: 1 item; with a Key or several items a transaction
//	  repeated        1 Write and 2 Queries at most, of the batch and what is before
//	Shards            1 Get of the root
//	Scan at the end   1 Query that finds nothing
//	Tails             1 Query of at most 1 item for each shard
//	Locate, RID       nothing
//	merged segment    1 eventual Query more each
//	Manifests         1 Get of a root for each shard; chunks once a process
//	Compact           1 Get, 1 Query; when there is work 3 Writes of the root, 1 of
//	                  each segment, chunk and tombstone
//
// An empty poll of all shards is Shards and one Scan each. The first Append, Scan or
// Tails of a process in a shard reads the last item once more.
//
// # Epochs
//
// A restore brings back an older table, and positions behind its tails are given out
// a second time. BeginEpoch records the tails; Clamp takes vectors of older marks
// back to them.
package ledger

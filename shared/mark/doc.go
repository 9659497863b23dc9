// Package mark seals and opens continuation marks (contract, section 4; design,
// sections 3 and 6.1): where a walk stands, as a text that a client keeps and
// sends back, possibly years later.
//
// A mark holds positions of records its bearer may not see. So it is encrypted,
// and its length depends on the number of shards, the kind, and the size of the
// bearer's own filter alone. It is authenticated: any change makes it invalid. It
// holds no right and no name; scope is judged anew on every request.
//
// # Format
//
// The text is base64url (RFC 4648, section 5) without padding, and canonical: no
// other text stands for the same bytes. They are
//
//	size  what
//	   1  version, 1
//	   4  number of the key in the ring, big-endian
//	  16  salt, random
//	   n  the plaintext, encrypted
//	  16  authentication tag
//
// encrypted with AES-256-GCM under a key of its own for every mark:
// HMAC-SHA-256(ring key of purpose Marks, salt), nonce zero, the 21 bytes in front
// as additional data. A random 12-byte nonce under one key would be worn out after
// 2^32 marks, which a busy installation issues within weeks; salts of 16 bytes may
// be drawn for ever.
//
// The plaintext is, big-endian:
//
//	size  what
//	   1  kind: 1 enum, 2 search
//	   1  bits: 1 has a To, 2 has a place, 4 has a filter, 8 has a filter's hash
//	   1  shards S in the longer vector, 0 to 64
//	   1  shards in From
//	   1  shards in To
//	   1  shard to begin with
//	   8  epoch
//	   8  start of the walk, Unix seconds
//	  6S  From, 6 bytes each
//	then for a search
//	  6S  To
//	  23  place: When (8), commit time (8), shard (1), position (6)
//	   2  length L of filter or hash
//	   C  filter or hash; C is the least of 0, 32, 96, 200, 360, 600 not under L
//
// What is absent and what is left over is zero. The largest, a search over 64
// shards with a filter of 600 bytes, has 1,936 characters.
package mark

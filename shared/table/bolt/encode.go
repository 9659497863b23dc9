package bolt

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"docket/shared/table"
)

const (
	lengthBytes   = 2 // in front of the partition in a key
	checksumBytes = 4 // in front of a stored item
	expiryBytes   = 8 // in front of a key in the expiry bucket
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func appendPrefix(dst []byte, partition string) []byte {
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(partition)))
	return append(dst, partition...)
}

func appendKey(dst []byte, k table.Key) []byte {
	return append(appendPrefix(dst, k.Partition), k.Sort...)
}

// after returns the least key behind all that begin with prefix. A prefix
// begins with a length of at most 1024, so there always is one.
func after(prefix []byte) []byte {
	end := append([]byte(nil), prefix...)
	for i := len(end) - 1; ; i-- {
		if end[i] != 0xff {
			end[i]++
			return end[:i+1]
		}
	}
}

// parseKey is the reverse of appendKey.
func parseKey(b []byte) (table.Key, bool) {
	if len(b) < lengthBytes {
		return table.Key{}, false
	}
	n := int(binary.BigEndian.Uint16(b))
	b = b[lengthBytes:]
	if n == 0 || n >= len(b) {
		return table.Key{}, false
	}
	return table.Key{Partition: string(b[:n]), Sort: string(b[n:])}, true
}

// encodeItem returns what is stored under key for it.
func encodeItem(key []byte, it *table.Item) []byte {
	b := make([]byte, checksumBytes, checksumBytes+2*binary.MaxVarintLen64+len(it.Value))
	b = binary.AppendUvarint(b, it.Version)
	b = binary.AppendUvarint(b, uint64(it.Expires))
	b = append(b, it.Value...)
	binary.BigEndian.PutUint32(b, checksum(key, b[checksumBytes:]))
	return b
}

func checksum(key, rest []byte) uint32 {
	return crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, rest)
}

// checksumOf returns the checksum that stored bytes bear, 0 if they have none.
func checksumOf(b []byte) uint32 {
	if len(b) < checksumBytes {
		return 0
	}
	return binary.BigEndian.Uint32(b)
}

// stored is an item as it lies in the file. value is valid until the end of the
// transaction.
type stored struct {
	sum     uint32 // its checksum
	version uint64
	expires int64
	value   []byte
}

// decodeItem reads what is stored under key. The error is table.ErrDamaged and
// names the key.
func decodeItem(key, b []byte) (stored, error) {
	if len(b) < checksumBytes {
		return stored{}, damaged(key, "it is cut short")
	}
	rest := b[checksumBytes:]
	if checksumOf(b) != checksum(key, rest) {
		return stored{}, damaged(key, "its checksum is wrong")
	}
	version, n := binary.Uvarint(rest)
	if n <= 0 {
		return stored{}, damaged(key, "it has no version")
	}
	rest = rest[n:]
	expires, n := binary.Uvarint(rest)
	if n <= 0 || int64(expires) < 0 {
		return stored{}, damaged(key, "it has no expiry")
	}
	return stored{sum: checksumOf(b), version: version, expires: int64(expires), value: rest[n:]}, nil
}

// expiredAt reports whether s reads as absent at now, in Unix seconds.
func (s stored) expiredAt(now int64) bool { return s.expires != 0 && s.expires <= now }

// item copies s out of the file.
func (s stored) item(k table.Key) table.Item {
	return table.Item{Key: k, Version: s.version, Expires: s.expires, Value: append([]byte(nil), s.value...)}
}

func damaged(key []byte, how string) error {
	if k, ok := parseKey(key); ok {
		return fmt.Errorf("%w: item %s: %s", table.ErrDamaged, k, how)
	}
	return fmt.Errorf("%w: key %x: %s", table.ErrDamaged, key[:min(len(key), 40)], how)
}

func appendExpiryKey(dst []byte, expires int64, key []byte) []byte {
	return append(binary.BigEndian.AppendUint64(dst, uint64(expires)), key...)
}

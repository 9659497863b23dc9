package segment

import (
	"encoding/binary"
	"hash/crc32"
	"slices"
)

// Reseal makes the version and the checksum of any bytes right.
func Reseal(data []byte) []byte {
	data = slices.Clone(data)
	if len(data) >= headAt {
		data[0] = version
		binary.LittleEndian.PutUint32(data[sumAt:], crc32.Checksum(data[headAt:], castagnoli))
	}
	return data
}

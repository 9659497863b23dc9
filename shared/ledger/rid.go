package ledger

import (
	"encoding/binary"
	"encoding/hex"
	"time"

	"docket/shared/activity"
)

// Lengths in a RID: digits of UTC time, YYYYMMDDhhmmssfff, then hexadecimal ones.
const (
	ridTime  = 17
	ridBlock = 16
)

// RID is the identity of a record: the commit time of its batch to the
// millisecond, and one AES block of shard (1 byte), position (8, big-endian) and
// seven zeros in upper-case hexadecimal. row is a row of p's segment.
func (l *Ledger) RID(p Part, row int) activity.RID {
	return l.RIDAt(p.Shard, p.First+Position(row), p.Segment.Committed(row))
}

// RIDAt is the identity of the record at a position, whose batch was committed at
// a time in microseconds.
func (l *Ledger) RIDAt(s Shard, p Position, committed int64) activity.RID {
	var block [ridBlock]byte
	block[0] = byte(s)
	binary.BigEndian.PutUint64(block[1:], uint64(p))
	l.ridSeal.Encrypt(block[:], block[:])
	var rid activity.RID
	putTime(rid[:ridTime], committed)
	const digits = "0123456789ABCDEF"
	for i, b := range block {
		rid[ridTime+2*i], rid[ridTime+2*i+1] = digits[b>>4], digits[b&15]
	}
	return rid
}

// putTime writes 17 digits. The year of a commit time has four: commitTime sees
// to it.
func putTime(dst []byte, micro int64) {
	t := time.UnixMicro(micro).UTC()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	putDigits(dst[0:4], year)
	putDigits(dst[4:6], int(month))
	putDigits(dst[6:8], day)
	putDigits(dst[8:10], hour)
	putDigits(dst[10:12], minute)
	putDigits(dst[12:14], second)
	putDigits(dst[14:17], t.Nanosecond()/1e6)
}

func putDigits(dst []byte, n int) {
	for i := len(dst) - 1; i >= 0; i-- {
		dst[i] = byte('0' + n%10)
		n /= 10
	}
}

// Locate reads shard and position from a RID. It is false for texts that are no
// RID of this installation; the seven zeros let one in 2^56 others pass. It does
// not look at the time: load the record and compare its RID, whose digits may be
// upper or lower case here. It reads nothing.
func (l *Ledger) Locate(rid activity.RID) (Shard, Position, bool) {
	for _, c := range rid[:ridTime] {
		if c < '0' || c > '9' {
			return 0, 0, false
		}
	}
	var sealed, block [ridBlock]byte
	if _, err := hex.Decode(sealed[:], rid[ridTime:]); err != nil {
		return 0, 0, false
	}
	for _, k := range l.ridKeys {
		k.Decrypt(block[:], sealed[:])
		s, p := Shard(block[0]), Position(binary.BigEndian.Uint64(block[1:]))
		if [7]byte(block[9:]) == [7]byte{} && s < MaxShards && p < End {
			return s, p, true
		}
	}
	return 0, 0, false
}

package segment

import (
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// The codecs keep no state between calls; making them costs a millisecond.
var (
	encoder = sync.OnceValue(func() *zstd.Encoder {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderCRC(false), zstd.WithSingleSegment(true))
		if err != nil {
			panic("segment: zstd refuses its own options: " + err.Error())
		}
		return e
	})
	decoder = sync.OnceValue(func() *zstd.Decoder {
		d, err := zstd.NewReader(nil, zstd.WithDecoderMaxMemory(maxRaw), zstd.WithDecoderConcurrency(0), zstd.IgnoreChecksum(true))
		if err != nil {
			panic("segment: zstd refuses its own options: " + err.Error())
		}
		return d
	})
)

// zipFrom is the size below which a frame's own bytes eat what it saves.
const zipFrom = 32

// appendSection writes a section in its stored form.
func appendSection(dst, raw []byte) []byte {
	if len(raw) >= zipFrom {
		mark := len(dst)
		var room [2 * binary.MaxVarintLen64]byte
		dst = append(dst, room[:]...)
		body := len(dst)
		dst = encoder().EncodeAll(raw, dst)
		if stored := len(dst) - body; stored+2 < len(raw) {
			prefix := binary.AppendUvarint(room[:0], uint64(stored)<<1|1)
			prefix = binary.AppendUvarint(prefix, uint64(len(raw)))
			copy(dst[mark:], prefix)
			copy(dst[mark+len(prefix):], dst[body:])
			return dst[:mark+len(prefix)+stored]
		}
		dst = dst[:mark]
	}
	return append(binary.AppendUvarint(dst, uint64(len(raw))<<1), raw...)
}

// section is a section's stored form.
type section struct {
	stored []byte
	raw    int  // length before compression
	zipped bool // stored is a zstd frame
}

func (r *reader) section() section {
	v := r.uvarint("section", maxRaw<<1)
	s := section{zipped: v&1 == 1, raw: int(v >> 1)}
	if s.zipped {
		s.raw = int(r.uvarint("section", maxRaw))
	}
	s.stored = r.bytes(v>>1, "section")
	return s
}

// open returns the raw bytes. They may alias the segment's data. If they do not,
// they are put behind buf's length 0, if it has room.
func (s section) open(buf []byte) ([]byte, error) {
	if !s.zipped {
		return s.stored, nil
	}
	var h zstd.Header
	if err := h.Decode(s.stored); err != nil || !h.HasFCS || h.FrameContentSize != uint64(s.raw) {
		return nil, fmt.Errorf("%w: zstd frame does not have the declared size", ErrDamaged)
	}
	if cap(buf) < s.raw {
		buf = make([]byte, 0, s.raw)
	}
	raw, err := decoder().DecodeAll(s.stored, buf[:0])
	if err != nil || len(raw) != s.raw {
		return nil, fmt.Errorf("%w: zstd frame", ErrDamaged)
	}
	return raw, nil
}

// scratch keeps room for raw bytes that are taken apart at once.
var scratch = sync.Pool{New: func() any { return new([]byte) }}

// use lends the raw bytes to take, which must not keep them.
func (s section) use(take func(raw []byte) error) error {
	buf := scratch.Get().(*[]byte)
	raw, err := s.open(*buf)
	if err != nil {
		scratch.Put(buf)
		return err
	}
	err = take(raw)
	if s.zipped && cap(raw) <= maxKept {
		*buf = raw
	}
	scratch.Put(buf)
	return err
}

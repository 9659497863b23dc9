package search

import (
	"encoding/binary"
	"errors"

	"docket/shared/ledger"
	"docket/shared/mark"
)

// progressVersion is the first byte of a progress item.
const progressVersion = 2

var errProgress = errors.New("malformed progress item")

// marshal writes all fields as varints, lists with their lengths.
func (p *progress) marshal() []byte {
	b := appendVector([]byte{progressVersion}, p.reached)
	b = binary.AppendVarint(b, p.started)
	b = binary.AppendUvarint(b, uint64(len(p.layers)))
	for i := range p.layers {
		l := &p.layers[i]
		b = appendVector(b, l.to)
		b = binary.AppendVarint(b, l.done.newest)
		b = binary.AppendUvarint(b, uint64(l.done.shard))
		b = binary.AppendUvarint(b, uint64(l.done.first))
	}
	b = binary.AppendUvarint(b, p.layout)
	b = binary.AppendUvarint(b, uint64(p.max))
	b = binary.AppendUvarint(b, uint64(len(p.hits)))
	for i := range p.hits {
		h := &p.hits[i]
		b = binary.AppendVarint(b, h.When)
		b = binary.AppendVarint(b, h.Committed)
		b = binary.AppendUvarint(b, uint64(h.Shard))
		b = binary.AppendUvarint(b, uint64(h.Position))
	}
	return b
}

func appendVector(b []byte, v ledger.Vector) []byte {
	b = binary.AppendUvarint(b, uint64(len(v)))
	for _, p := range v {
		b = binary.AppendUvarint(b, uint64(p))
	}
	return b
}

func unmarshalProgress(data []byte) (*progress, error) {
	if len(data) == 0 || data[0] != progressVersion {
		return nil, errProgress
	}
	r := varints{data: data[1:]}
	p := &progress{reached: r.vector(), started: r.signed()}
	for range r.length(maxLayers + 1) {
		p.layers = append(p.layers, layer{r.vector(), turn{r.signed(), r.shard(), ledger.Position(r.unsigned())}})
	}
	p.layout = r.unsigned()
	p.max = r.length(1 << 30)
	for range r.length(maxSavedHits) {
		p.hits = append(p.hits, hit{
			mark.Place{When: r.signed(), Committed: r.signed(), Shard: r.shard(), Position: ledger.Position(r.unsigned())},
		})
	}
	if r.bad || len(r.data) > 0 {
		return nil, errProgress
	}
	return p, nil
}

// varints takes numbers from the front of data. After the first failure it is
// bad and gives zeros.
type varints struct {
	data []byte
	bad  bool
}

func (r *varints) unsigned() uint64 {
	v, n := binary.Uvarint(r.data)
	r.skip(n)
	return v
}

func (r *varints) signed() int64 {
	v, n := binary.Varint(r.data)
	r.skip(n)
	return v
}

func (r *varints) skip(n int) {
	if n <= 0 {
		r.bad, r.data = true, nil
		return
	}
	r.data = r.data[n:]
}

// length reads a number of at most max.
func (r *varints) length(max int) int {
	n := r.unsigned()
	if n > uint64(max) {
		r.bad, r.data = true, nil
		return 0
	}
	return int(n)
}

func (r *varints) shard() ledger.Shard { return ledger.Shard(r.length(ledger.MaxShards - 1)) }

func (r *varints) vector() ledger.Vector {
	var v ledger.Vector
	for range r.length(ledger.MaxShards) {
		v = append(v, ledger.Position(r.unsigned()))
	}
	return v
}

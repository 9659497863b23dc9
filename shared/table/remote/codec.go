package remote

import (
	"encoding/binary"
	"errors"
	"math"

	"docket/shared/table"
)

// The kinds of requests.
const (
	kindGet   = 'G'
	kindQuery = 'Q'
	kindWrite = 'W'
)

// The flags of a query.
const (
	flagReverse = 1 << iota
	flagEventual
)

// The kinds of answers.
const (
	answerItems = iota
	answerCondition
	answerError
)

// request is a call of one of the three methods.
type request struct {
	kind  byte
	table string
	keys  []table.Key
	query table.Query
	ops   []table.Op
}

// answer is what came of it; err is nil, a *table.ConditionError or another.
type answer struct {
	items []table.Item
	more  bool
	err   error
}

func appendRequest(dst []byte, r *request) []byte {
	dst = append(append(dst, magic...), r.kind)
	dst = appendString(dst, r.table)
	switch r.kind {
	case kindGet:
		dst = binary.AppendUvarint(dst, uint64(len(r.keys)))
		for _, k := range r.keys {
			dst = appendKey(dst, k)
		}
	case kindQuery:
		dst = appendQuery(dst, &r.query)
	case kindWrite:
		dst = binary.AppendUvarint(dst, uint64(len(r.ops)))
		for i := range r.ops {
			dst = appendOp(dst, &r.ops[i])
		}
	}
	return dst
}

func appendKey(dst []byte, k table.Key) []byte {
	return appendString(appendString(dst, k.Partition), k.Sort)
}

func appendQuery(dst []byte, q *table.Query) []byte {
	dst = appendString(dst, q.Partition)
	dst = appendString(dst, q.From)
	dst = appendString(dst, q.To)
	var flags uint64
	if q.Reverse {
		flags |= flagReverse
	}
	if q.Eventual {
		flags |= flagEventual
	}
	dst = binary.AppendUvarint(dst, flags)
	return binary.AppendUvarint(dst, uint64(q.Limit))
}

func appendOp(dst []byte, op *table.Op) []byte {
	dst = append(dst, byte(op.Kind), byte(op.If))
	dst = binary.AppendUvarint(dst, op.IfVersion)
	dst = appendKey(dst, op.Item.Key)
	if op.Kind == table.Put {
		dst = appendContent(dst, &op.Item)
	}
	return dst
}

func appendContent(dst []byte, it *table.Item) []byte {
	dst = binary.AppendUvarint(dst, it.Version)
	dst = binary.AppendUvarint(dst, uint64(it.Expires))
	return appendString(dst, it.Value)
}

func parseRequest(b []byte) (*request, error) {
	p := &parser{rest: b}
	if len(b) <= len(magic) || string(b[:len(magic)]) != magic {
		p.fail("not a request of this version")
		return nil, p.err
	}
	r := &request{kind: b[len(magic)]}
	p.rest = b[len(magic)+1:]
	r.table = p.string("table", maxName)
	switch r.kind {
	case kindGet:
		for range p.number("number of keys", table.MaxGet) {
			r.keys = append(r.keys, p.key())
		}
	case kindQuery:
		r.query = p.query()
	case kindWrite:
		for range p.number("number of ops", table.MaxOps) {
			r.ops = append(r.ops, p.op())
		}
	default:
		p.fail("kind")
	}
	return r, p.end()
}

func (p *parser) key() table.Key {
	return table.Key{Partition: p.string("partition", table.MaxPartition), Sort: p.string("sort", table.MaxSort)}
}

func (p *parser) query() table.Query {
	q := table.Query{
		Partition: p.string("partition", table.MaxPartition),
		From:      p.string("from", table.MaxSort+1),
		To:        p.string("to", table.MaxSort+1),
	}
	flags := p.number("flags", flagReverse|flagEventual)
	q.Reverse, q.Eventual = flags&flagReverse != 0, flags&flagEventual != 0
	q.Limit = int(p.number("limit", math.MaxInt))
	return q
}

func (p *parser) op() table.Op {
	op := table.Op{Kind: table.Kind(p.number("op", math.MaxInt8)), If: table.Condition(p.number("condition", math.MaxInt8))}
	op.IfVersion = p.number("condition's version", math.MaxUint64)
	op.Item.Key = p.key()
	if op.Kind == table.Put {
		p.content(&op.Item)
	}
	return op
}

func (p *parser) content(it *table.Item) {
	it.Version = p.number("version", math.MaxUint64)
	it.Expires = int64(p.number("expires", math.MaxInt64))
	it.Value = p.bytes("value", table.MaxItem)
}

func (p *parser) item() table.Item {
	it := table.Item{Key: p.key()}
	p.content(&it)
	return it
}

func appendAnswer(dst []byte, a *answer) []byte {
	var ce *table.ConditionError
	switch {
	case errors.As(a.err, &ce):
		dst = append(dst, answerCondition)
		dst = binary.AppendUvarint(dst, uint64(len(ce.Failed)))
		for _, f := range ce.Failed {
			dst = binary.AppendUvarint(dst, uint64(f.Op))
			if f.Existing == nil {
				dst = append(dst, 0)
			} else {
				dst = appendItem(append(dst, 1), f.Existing)
			}
		}
	case a.err != nil:
		text := a.err.Error()
		dst = binary.AppendUvarint(append(dst, answerError), kindsOf(a.err))
		dst = appendString(dst, text[:min(len(text), maxText)])
	default:
		dst = append(dst, answerItems, 0)
		if a.more {
			dst[len(dst)-1] = 1
		}
		dst = binary.AppendUvarint(dst, uint64(len(a.items)))
		for i := range a.items {
			dst = appendItem(dst, &a.items[i])
		}
	}
	return dst
}

func appendItem(dst []byte, it *table.Item) []byte {
	return appendContent(appendKey(dst, it.Key), it)
}

// maxItems is more than the items of any answer: a page of the smallest ones.
const maxItems = table.MaxPage

func parseAnswer(b []byte) (*answer, error) {
	p, a := &parser{rest: b}, &answer{}
	switch p.number("kind", answerError) {
	case answerItems:
		a.more = p.number("more", 1) == 1
		for n := p.number("number of items", maxItems); n > 0 && p.err == nil; n-- {
			a.items = append(a.items, p.item())
		}
	case answerCondition:
		a.err = p.condition()
	default:
		bits := p.number("kinds of error", 1<<len(kinds)-1)
		if bits == 0 {
			p.fail("no kind of error")
		}
		a.err = newRemoteError(bits, p.string("text", maxText))
	}
	return a, p.end()
}

func (p *parser) condition() error {
	n := p.number("number of failed ops", table.MaxOps)
	if n == 0 {
		p.fail("no failed op")
	}
	ce := &table.ConditionError{}
	for ; n > 0 && p.err == nil; n-- {
		f := table.Failed{Op: int(p.number("failed op", table.MaxOps-1))}
		if p.number("existing", 1) == 1 {
			it := p.item()
			f.Existing = &it
		}
		ce.Failed = append(ce.Failed, f)
	}
	return ce
}

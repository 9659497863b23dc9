package simulation

import "slices"

// bugs are the mistakes of the table in docs/simulation.md.
var bugs = slices.Concat(tableBugs, ledgerBugs, compactionBugs, readingBugs, togetherBugs)

// tableBugs are those of docs/invariants.md that are about the protocol in general.
var tableBugs = []bug{
	{name: "on a timeout, acknowledge", broken: "L6", edits: []edit{{"shared/ledger/append.go",
		`		busy := errors.Is(err, table.ErrBusy) // then nothing was done
`, `		busy := errors.Is(err, table.ErrBusy) // then nothing was done
		if SEEDED && !busy {
			return w.stored(at), at, nil
		}
`}}},
	{name: "put without condition", broken: "L2", edits: []edit{{"shared/ledger/append.go",
		`		p.first = p.end()
	}
	w.stamped = true
`, `		p.first = p.end()
		if SEEDED {
			ops[len(ops)-1].If = table.Always
		}
	}
	w.stamped = true
`}}},
	{name: "delete before publish", broken: "E8", edits: []edit{{"shared/ledger/compact.go",
		`	published, err := c.publish(ctx, begun, gone, merged, chunks)
`, `	if SEEDED {
		if err := c.seededRemove(ctx, merged); err != nil {
			return err
		}
	}
	published, err := c.publish(ctx, begun, gone, merged, chunks)
`}}},
	{name: "writer not fenced: replaced items are deleted, not turned into tombstones", broken: "L3", edits: []edit{{"shared/ledger/sweep.go",
		`				Item: tombstoneItem(g.place, g.start, g.token, g.version+1, expires),
			}
`, `				Item: tombstoneItem(g.place, g.start, g.token, g.version+1, expires),
			}
			if SEEDED {
				ops[i] = table.Op{Kind: table.Delete, Item: table.Item{Key: ops[i].Item.Key}}
			}
`}}},
	{name: "page cut without cutting the mark", broken: "E1", edits: []edit{{"shared/search/enum.go",
		`	if whole {
		w.reached[p.Shard] = end
`, `	if whole || SEEDED {
		w.reached[p.Shard] = end
`}}},
	{name: "new shard not read", broken: "E7", edits: []edit{{"shared/search/enum.go",
		`	w := &enumeration{
		Engine: e,`, `	if SEEDED && len(m.From) > 0 {
		shards = len(m.From)
	}
	w := &enumeration{
		Engine: e,`}}},
	{name: "on a timeout, next position", broken: "L1, L5", edits: []edit{{"shared/ledger/append.go",
		`		if !busy {
			r, next, settled, err := w.find(ctx, at)
`, `		if SEEDED && !busy {
			return r, at + Position(w.n), nil
		}
		if !busy {
			r, next, settled, err := w.find(ctx, at)
`}}},
	{name: "refused keys skipped: a reader takes a busy table as the end", broken: "E8", edits: []edit{{"shared/ledger/read.go",
		`	page, err := l.table.Query(ctx, q)
	if errors.Is(err, table.ErrDamaged) && limit != 1 {
`, `	page, err := l.table.Query(ctx, q)
	if SEEDED && errors.Is(err, table.ErrBusy) {
		return nil, false, nil
	}
	if errors.Is(err, table.ErrDamaged) && limit != 1 {
`}}},
	{name: "compactor takes a segment it could not read as empty", broken: "C3, L2", edits: []edit{{"shared/ledger/merge.go",
		`			seg, err := c.load(ctx, &pieces[i], part)
			if err != nil {
`, `			seg, err := c.load(ctx, &pieces[i], part)
			if SEEDED && err != nil {
				continue
			}
			if err != nil {
`}}},
	{name: "mark advanced by the count asked for", broken: "E1, E4", edits: []edit{{"shared/search/enum.go",
		`	text, err := w.Marks.Seal(mark.Mark{
		Kind: mark.Enum,`, `	if n := len(w.pager.records); SEEDED && n > 0 {
		w.reached[(int(w.next)+len(w.reached)-1)%len(w.reached)] += ledger.Position(w.request.Count - n)
	}
	text, err := w.Marks.Seal(mark.Mark{
		Kind: mark.Enum,`}}},
	{name: "client retry with a new token: the key is not used", broken: "L5", edits: []edit{{"shared/ledger/append.go",
		`	w, err := l.prepare(b)
	if err != nil {
		return Receipt{}, fmt.Errorf("append: %w", err)
`, `	if SEEDED {
		b.Key = nil
	}
	w, err := l.prepare(b)
	if err != nil {
		return Receipt{}, fmt.Errorf("append: %w", err)
`}}},
	{name: "no token item in the transaction, tokens compared at the position", broken: "L5", edits: []edit{
		{"shared/ledger/append.go", `	if w.key != nil {
		item := w.key.tokenItem(`, `	if w.key != nil && !SEEDED {
		item := w.key.tokenItem(`},
		{"shared/ledger/append.go", `		case w.key != nil && f.Op == 0:
`, `		case w.key != nil && f.Op == 0 && !SEEDED:
`},
		{"shared/ledger/append.go", `	if w.key == nil {
		own, err := w.wrote(&it)
`, `	if w.key == nil || SEEDED {
		own, err := w.wrote(&it)
`},
	}},
	{name: "eventually consistent tail and log", broken: "E8", edits: []edit{
		{"shared/ledger/tail.go", `From: sortKey(known), Reverse: true, Limit: 1}`, `From: sortKey(known), Reverse: true, Limit: 1, Eventual: SEEDED}`},
		{"shared/ledger/read.go", `	q := table.Query{Partition: partition(s), From: sortKey(from), Limit: limit}
`, `	q := table.Query{Partition: partition(s), From: sortKey(from), Limit: limit, Eventual: SEEDED}
`},
	}},
	{name: "manifest without version check", broken: "C1, C2", edits: []edit{{"shared/ledger/compact.go",
		`	ops := append(refs, op)
	pace := c.l.pace()
`, `	if SEEDED {
		op.If, op.IfVersion = table.Always, 0
	}
	ops := append(refs, op)
	pace := c.l.pace()
`}}},
	{name: "reader skips a missing position", broken: "L1, E1", edits: []edit{{"shared/ledger/scan.go",
		`	case it.first != sc.next:
		return errTorn
`, `	case it.first != sc.next && !(SEEDED && it.first > sc.next):
		return errTorn
`}, {"shared/ledger/scan.go", `	case sc.last != nil && !it.follows(*sc.last):
`, `	case sc.last != nil && !it.follows(*sc.last) && !SEEDED:
`}}},
	{name: "reader does not look again when a segment or position has moved", broken: "E8", edits: []edit{{"shared/ledger/scan.go",
		`		err := sc.take(ctx, &items[i])
`, `		err := sc.take(ctx, &items[i])
		if SEEDED && (errors.Is(err, errMoved) || errors.Is(err, errMissing)) {
			return nil
		}
`}}},
	{name: "own token not compared at the position, with a token item", broken: "none",
		equivalent: "the token item is in the same transaction and decides alone",
		edits: []edit{{"shared/ledger/append.go", `			return at, r, &DamageError{w.shard, it.first, err}
		}
		if own {
`, `			return at, r, &DamageError{w.shard, it.first, err}
		}
		own = own && !(SEEDED && w.key != nil)
		if own {
`}}},
}

// ledgerBugs are further ones of writers and of readers of the log.
var ledgerBugs = []bug{
	{name: "own token not compared, without a token item", broken: "L5", edits: []edit{{"shared/ledger/append.go",
		`			return at, w.stored(it.batch), nil
		}
	}
	if it.form == data`, `			if !SEEDED {
				return at, w.stored(it.batch), nil
			}
		}
	}
	if it.form == data`}}},
	{name: "own token not compared once the batch was compacted", broken: "L5", edits: []edit{{"shared/ledger/append.go",
		`	if it.form != data {
		return it.token == w.token, nil
`, `	if it.form != data {
		return it.token == w.token && !SEEDED, nil
`}}},
	{name: "a position that a late write may still take is passed over", broken: "L1, L5", edits: []edit{{"shared/ledger/append.go",
		`		if err == nil && len(items) == 0 {
			return r, at, false, nil
		}
		if err == nil {
			next, r, err = w.judge(`, `		if err == nil && len(items) == 0 {
			return r, at + Position(w.n), SEEDED, nil
		}
		if err == nil {
			next, r, err = w.judge(`}}},
	{name: "reader does not stop before an incomplete batch", broken: "L4", edits: []edit{{"shared/ledger/scan.go",
		`	if o.last() {
		sc.whole = len(sc.items)
`, `	if o.last() || SEEDED {
		sc.whole = len(sc.items)
`}}},
	{name: "a writer thawed after a month goes by the end of the log that it knew", broken: "L3", edits: []edit{{"shared/ledger/ledger.go",
		`	if age > seenLife.Microseconds() || -age > seenLife.Microseconds() {
`, `	if !SEEDED && (age > seenLife.Microseconds() || -age > seenLife.Microseconds()) {
`}}},
	{name: "a key lives no longer than promised, by clocks that are wrong by hours", broken: "L5", edits: []edit{{"shared/ledger/token.go",
		`	it := table.Item{Key: key, Value: v, Expires: now.Add(k.life()).Unix() + 1}
`, `	it := table.Item{Key: key, Value: v, Expires: now.Add(k.life()).Unix() + 1}
	if SEEDED {
		it.Expires = now.Unix() + 1
	}
`}}},
	{name: "a key used for other records is not refused", broken: "L8", edits: []edit{{"shared/ledger/token.go",
		`	if t.body != k.Body {
`, `	if t.body != k.Body && !SEEDED {
`}}},
	{name: "the number of shards is changed without version check", broken: "E7", edits: []edit{{"shared/ledger/root.go",
		`	op.Item = r.item()
	if err := l.table.Write(ctx, op); err != nil {
`, `	op.Item = r.item()
	if SEEDED {
		op.If, op.IfVersion = table.Always, 0
	}
	if err := l.table.Write(ctx, op); err != nil {
`}}},
}

// seededHelpers are sources that bugs call.
var seededHelpers = map[string]string{
	"shared/ledger/seeded_helpers.go": `package ledger

import (
	"context"

	"docket/shared/table"
)

// seededRemove deletes what merges are about to replace.
func (c *compacting) seededRemove(ctx context.Context, merged []merge) error {
	for i := range merged {
		for _, p := range merged[i].pieces[1:] {
			if err := c.write(ctx, table.Op{Kind: table.Delete, Item: table.Item{Key: logKey(c.shard, p.first)}}); err != nil {
				return err
			}
		}
	}
	return nil
}

func seededCondition(on bool) table.Condition {
	if on {
		return table.Present
	}
	return table.VersionIs
}

func seededVersion(on bool, version uint64) uint64 {
	if on {
		return 0
	}
	return version
}

// seededBury makes tombstones of what merges are about to replace.
func (c *compacting) seededBury(ctx context.Context, merged []merge) error {
	var graves []grave
	for i := range merged {
		m := &merged[i]
		for k := range m.pieces {
			for _, it := range m.pieces[k].parts {
				if it.first != m.first {
					graves = append(graves, grave{place: it.place, start: m.first, token: it.token, version: it.version})
				}
			}
		}
	}
	return c.bury(ctx, graves)
}
`,
}

package simulation

// compactionBugs are those of compaction.
var compactionBugs = []bug{
	{name: "tombstones before the reference", broken: "E8, L1", edits: []edit{{"shared/ledger/compact.go",
		`	for _, it := range chunks.items {
		if err := c.put(ctx, it); err != nil {
`, `	if SEEDED {
		if err := c.seededBury(ctx, merged); err != nil {
			return err
		}
	}
	for _, it := range chunks.items {
		if err := c.put(ctx, it); err != nil {
`}}},
	{name: "reference before its segment is written", broken: "E8", edits: []edit{{"shared/ledger/compact.go",
		`		if err := c.put(ctx, merged[i].item); err != nil {
			return fmt.Errorf("write merged segment at %d: %w", merged[i].first, err)
		}
	}
`, `		if SEEDED {
			defer c.put(ctx, merged[i].item)
			continue
		}
		if err := c.put(ctx, merged[i].item); err != nil {
			return fmt.Errorf("write merged segment at %d: %w", merged[i].first, err)
		}
	}
`}}},
	{name: "reference and manifest both without version condition", broken: "L2, C1", edits: []edit{
		{"shared/ledger/merge.go", `		If: table.VersionIs, IfVersion: p.version,
	}
`, `		If: seededCondition(SEEDED), IfVersion: seededVersion(SEEDED, p.version),
	}
`},
		{"shared/ledger/compact.go", `	if old.stored > 0 {
		op.If, op.IfVersion = table.VersionIs, old.stored
	}
`, `	if old.stored > 0 {
		op.If, op.IfVersion = table.VersionIs, old.stored
	}
	if SEEDED {
		op.If, op.IfVersion = table.Always, 0
	}
`}}},
	{name: "a merge cuts a batch of several items", broken: "L4", edits: []edit{{"shared/ledger/piece.go",
		`	if !it.last() {
		return false, nil
	}
	r.pieces`, `	if !it.last() && !SEEDED {
		return false, nil
	}
	r.pieces`}}},
	{name: "a merge forgets the commit times of batches", broken: "L7", edits: []edit{{"shared/ledger/merge.go",
		`		runs[i].Token = Token{}
`, `		runs[i].Token = Token{}
		if SEEDED {
			runs[i].Committed = runs[0].Committed
		}
`}}},
	{name: "the segments of a round are still announced for removal after it", broken: "L6", edits: []edit{{"shared/ledger/compact.go",
		`		if !gone[d] && !own(d, merged, chunks) {
`, `		if !gone[d] && (SEEDED || !own(d, merged, chunks)) {
`}}},
	{name: "replaced segments are removed before older rounds are fenced", broken: "L6", edits: []edit{{"shared/ledger/compact.go",
		`	begun, chunks, err := c.begin(ctx, merged, changed, p)
`, `	if SEEDED {
		if _, err := c.remove(ctx); err != nil {
			return err
		}
	}
	begun, chunks, err := c.begin(ctx, merged, changed, p)
`}}},
	{name: "the manifest reaches beyond the log", broken: "C2", edits: []edit{{"shared/ledger/sweep.go",
		`	n.high = entries[len(entries)-1].End()
`, `	n.high = entries[len(entries)-1].End()
	if SEEDED {
		n.high++
	}
`}}},
	{name: "a range is called swept though the table was busy", broken: "C2", edits: []edit{{"shared/ledger/sweep.go",
		`	if err := c.bury(ctx, distinct(graves, c.root.unswept)); err != nil {
		return err
	}
	m := c.root.next()
`, `	if SEEDED && len(graves) > 1 {
		graves = graves[:1]
	}
	if err := c.bury(ctx, distinct(graves, c.root.unswept)); err != nil {
		return err
	}
	m := c.root.next()
`}}},
}

// readingBugs are those of enum, search and marks.
var readingBugs = []bug{
	{name: "the mark of a search is behind a record that did not fit", broken: "S1", edits: []edit{{"shared/search/fill.go",
		`			if !w.pager.add(&records[i]) {
				return nil
			}
`, `			if SEEDED {
				w.mark.Place = &hits[i].Place
			}
			if !w.pager.add(&records[i]) {
				return nil
			}
`}}},
	{name: "a search goes on behind the When of its last record, not its place", broken: "S1", edits: []edit{{"shared/search/scan.go",
		`		if w.place == nil || compare(w.place, &h.Place) < 0 {
`, `		if SEEDED && w.place != nil && h.When == w.place.When {
			continue
		}
		if w.place == nil || compare(w.place, &h.Place) < 0 {
`}}},
	{name: "a search ends early where records have one When", broken: "S1", edits: []edit{{"shared/search/scan.go",
		`	return s.best.full() && s.tasks.items[0].newest < s.best.last().When
`, `	return s.best.full() && (s.tasks.items[0].newest < s.best.last().When || SEEDED && s.tasks.items[0].newest == s.best.last().When)
`}}},
	{name: "a segment is left out that begins before the newest When that counts", broken: "S3", edits: []edit{{"shared/search/scan.go",
		`	if e.minWhen > newest || `, `	if SEEDED && e.maxWhen > newest {
		return
	}
	if e.minWhen > newest || `}}},
	{name: "a search that ends leaves the mark at the tails of now", broken: "E1", edits: []edit{{"shared/search/search.go",
		`		m = mark.Mark{Kind: mark.Search, Epoch: m.Epoch, From: m.To}
`, `		if SEEDED {
			if now, err := w.Ledger.Tails(ctx); err == nil {
				m.To = now
			}
		}
		m = mark.Mark{Kind: mark.Search, Epoch: m.Epoch, From: m.To}
`}}},
	{name: "the window of a search is not fixed by its mark", broken: "S1", edits: []edit{{"shared/search/search.go",
		`	if !w.begins {
		return nil
	}
	if w.saved != nil`, `	if !w.begins && !SEEDED {
		return nil
	}
	if w.saved != nil`}}},
	{name: "records for the archive alone are given out", broken: "A1", edits: []edit{{"shared/search/visible.go",
		`	if zone.ArchiveOnly > 0 {
`, `	if zone.ArchiveOnly > 0 && !SEEDED {
`}}},
	{name: "a segment with one visible plan is taken as visible", broken: "A1", edits: []edit{{"shared/search/visible.go",
		`	case all || len(rows) == 0:
`, `	case all || SEEDED && some || len(rows) == 0:
`}}},
	{name: "a mark that cannot be opened begins anew", broken: "A3, E6", edits: []edit{{"shared/search/open.go",
		`	case errors.Is(err, mark.ErrInvalid):
`, `	case errors.Is(err, mark.ErrInvalid) && SEEDED:
		return m, shards, nil
	case errors.Is(err, mark.ErrInvalid):
`}}},
	{name: "the mark of an empty page goes back in one shard", broken: "E4", edits: []edit{{"shared/search/enum.go",
		`		Next: w.next % ledger.Shard(len(w.reached)),
`, `		Next: func() ledger.Shard {
			if SEEDED && len(w.pager.records) == 0 {
				w.reached[0] = 0
			}
			return w.next % ledger.Shard(len(w.reached))
		}(),
`}}},
}

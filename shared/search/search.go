package search

import (
	"context"
	"fmt"
	"time"

	"docket/shared/filter"
	"docket/shared/ledger"
	"docket/shared/mark"
	"docket/shared/table"
)

// Search returns the next page of a walk over the records that pass a filter,
// newest first. A mark of an enum, or of a search that has ended, begins a walk
// over what was committed since.
func (e *Engine) Search(ctx context.Context, r Request) (Page, error) {
	m, _, err := e.open(ctx, r.Mark)
	if err != nil {
		return Page{}, fmt.Errorf("search: %w", err)
	}
	return e.search(ctx, &r, m)
}

// search gives out one page of a walk. A mark without a place begins one.
func (e *Engine) search(ctx context.Context, r *Request, m mark.Mark) (Page, error) {
	e.gate.enter()
	defer e.gate.leave()
	begins := m.Place == nil
	if begins {
		m = mark.Mark{Kind: mark.Search, Epoch: m.Epoch, From: m.From, Started: e.Now().Unix()}
	}
	w := &walk{Engine: e, request: r, begins: begins, mark: m, pager: newPager(r), budget: e.budget(ctx), catalog: e.catalogOf(m.Epoch)}
	if err := w.compile(); err != nil {
		return Page{}, err
	}
	if err := w.run(ctx); err != nil {
		return Page{}, fmt.Errorf("search: %w", err)
	}
	return w.page(ctx)
}

// walk is one page of a search on its way.
type walk struct {
	*Engine
	request *Request
	begins  bool      // nothing was given out yet, and the window is open
	mark    mark.Mark // the one to answer with, once the page is known
	pager   *pager
	budget  budget
	catalog *catalog

	program *filter.Program
	key     table.Key
	saved   *progress
}

func (w *walk) window() window { return window{w.mark.From, w.mark.To} }

// compile makes the program as it was at the start of the walk.
func (w *walk) compile() error {
	program, problems := filter.Compile(w.request.Entries, filter.Env{
		Now: time.Unix(w.mark.Started, 0), Zone: w.Zone, Group: w.request.Group,
	})
	if problems != nil {
		return &BadRequest{problems}
	}
	w.program = program
	return nil
}

func (w *walk) run(ctx context.Context) error {
	if err := w.resume(ctx); err != nil {
		return err
	}
	if err := w.fixWindow(ctx); err != nil {
		return err
	}
	if rid, ok := w.program.RIDEquals(); ok {
		return w.point(ctx, rid)
	}
	if err := w.catalog.grow(ctx, w.Ledger, w.mark.To, w.budget, w.Workers); err != nil {
		return err
	}
	return w.scan(ctx)
}

// resume takes up what an earlier call with the same request left.
func (w *walk) resume(ctx context.Context) error {
	w.key = w.progressKey(mark.Search, w.mark.Epoch, w.request, w.request.Entries)
	saved, err := w.loadProgress(ctx, w.key)
	if err != nil || saved == nil {
		return err
	}
	w.saved = saved
	if w.begins {
		w.mark.Started = saved.started
		return w.compile()
	}
	return nil
}

// fixWindow notes the tails at the beginning of a walk. One that is resumed
// takes in what was committed since, as often as its progress can tell.
func (w *walk) fixWindow(ctx context.Context) error {
	if !w.begins {
		return nil
	}
	if w.saved != nil && len(w.saved.layers) >= maxLayers {
		w.mark.To = w.saved.to()
		return nil
	}
	tails, err := w.Ledger.Tails(ctx)
	if err != nil {
		return fmt.Errorf("read tails: %w", err)
	}
	for s, p := range w.mark.From {
		if p > at(tails, ledger.Shard(s)) {
			return fmt.Errorf("shard %d ends at %d, the mark at %d: %w", s, at(tails, ledger.Shard(s)), p, ledger.ErrBeyond)
		}
	}
	w.mark.To = tails
	return nil
}

// scan looks at the segments of the window and fills the page.
func (w *walk) scan(ctx context.Context) error {
	s := &scan{
		Engine: w.Engine, window: w.window(), program: w.program, scope: w.request.Scope,
		place: w.mark.Place, budget: w.budget, best: newBest(w.pager.most()), known: w.catalog.cuts(),
	}
	if w.saved != nil && !w.saved.fits(s.known, s.window) {
		w.saved = nil
	}
	if w.saved != nil {
		s.best = w.saved.best(w.pager.most())
	}
	s.plan(w.catalog, w.saved)
	if err := s.run(ctx); err != nil {
		return err
	}
	hits := s.certain()
	if len(hits) == 0 && !s.complete() {
		return w.saveProgress(ctx, w.key, w.progress(s))
	}
	return w.fill(ctx, hits)
}

// page seals the mark behind the last record, or at the end of the window.
func (w *walk) page(ctx context.Context) (Page, error) {
	if w.saved != nil {
		w.forgetProgress(ctx, w.key)
	}
	m := w.mark
	if len(w.pager.records) == 0 {
		m = mark.Mark{Kind: mark.Search, Epoch: m.Epoch, From: m.To}
	} else if err := w.carry(ctx, &m, w.request.Entries); err != nil {
		return Page{}, fmt.Errorf("search: %w", err)
	}
	text, err := w.Marks.Seal(m)
	if err != nil {
		return Page{}, fmt.Errorf("search: %w", err)
	}
	return Page{w.pager.records, text}, nil
}

package hammer

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"docket/shared/client"
	"docket/shared/filter"
)

// Config is what a run is made of.
type Config struct {
	Client *client.Client // keeps connections
	Fresh  *client.Client // the same server with a new connection for each request

	Run  string // names the run in What of its records; letters and digits
	Seed uint64 // of records and choices
	For  time.Duration
	// Plans of the records; they must take data through the API. None: no plan.
	Plans []string

	Writers, Readers, Searchers int

	Batch int     // the largest batch
	Rate  float64 // records a second to write at most; 0 is as fast as they are taken
	// MaxRecords ends the writing early: it bounds memory, 5 bytes a record.
	MaxRecords int64

	Whole bool // walk from the first record of the store, not of the run

	// Progress, unless nil, is called about every second.
	Progress func(p Progress)
}

// Progress is how far a run has come.
type Progress struct {
	Elapsed  time.Duration
	Written  int64 // records, acknowledged
	Read     int64 // records, with repetitions
	Findings int64
}

// Report is the outcome of a run.
type Report struct {
	Run      string   `json:"run"`
	Seed     uint64   `json:"seed"`
	Seconds  float64  `json:"seconds"`
	Batches  int      `json:"batches"`
	Records  int64    `json:"records"`  // sent in good batches
	Acked    int64    `json:"acked"`    // of those, acknowledged
	Unknown  int64    `json:"unknown"`  // batches of which the client never heard
	Landed   int64    `json:"landed"`   // of those, stored nevertheless
	Bad      int64    `json:"bad"`      // requests that had to be refused, and were
	Again    int64    `json:"again"`    // requests repeated on purpose with their key
	Walks    int64    `json:"walks"`    // that came to their end and were judged
	Searches int64    `json:"searches"` // the same
	Repeats  int64    `json:"repeats"`  // pages asked for twice
	Figures  []Figure `json:"figures"`

	Findings int64     `json:"findings"`
	First    []Finding `json:"first,omitempty"` // at most 100 of them
}

// run is a run while it goes on.
type run struct {
	Config
	content *content
	book    book
	found   findings
	origin  string // the mark that walks begin with
	started time.Time

	write, enum, search      meter
	acked, bad, again        atomic.Int64
	walks, searches, repeats atomic.Int64
	paceMu                   sync.Mutex
	nextWrite                time.Time
	marks                    shelf
}

// finalTime bounds the last walk, which comes after the time of the run.
const finalTime = 10 * time.Minute

// Do loads the server for the configured time and judges its answers. The error
// says why there is no judgement; what is wrong with the server is in the Report.
func Do(ctx context.Context, c Config) (*Report, error) {
	if c.Writers < 1 || c.Readers < 1 || c.Searchers < 0 || c.Batch < 1 || c.For <= 0 || c.Rate < 0 || c.MaxRecords < 1 {
		return nil, errors.New("hammer: writers, readers, batch, time and records must be at least 1")
	}
	content, err := newContent(c.Run, c.Seed, c.Plans)
	if err != nil {
		return nil, fmt.Errorf("hammer: %w", err)
	}
	r := &run{Config: c, content: content, started: time.Now()}
	if !c.Whole {
		if r.origin, err = r.endMark(ctx); err != nil {
			return nil, fmt.Errorf("hammer: find the end of the store: %w", err)
		}
	}
	if err := r.load(ctx); err != nil {
		return nil, fmt.Errorf("hammer: %w", err)
	}
	took := time.Since(r.started)
	final, cancel := context.WithTimeout(ctx, finalTime)
	defer cancel()
	if err := r.final(final); err != nil {
		return nil, fmt.Errorf("hammer: last walk: %w", err)
	}
	return r.report(took), nil
}

// load runs all workers until the time is over or one of them cannot go on.
func (r *run) load(ctx context.Context) error {
	all, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	timed, cancel := context.WithTimeout(all, r.For)
	defer cancel()
	var wg sync.WaitGroup
	start := func(number int, work func(context.Context, *rand.Rand) error) {
		dice := rand.New(rand.NewPCG(r.Seed, uint64(number)))
		wg.Go(func() {
			if err := work(timed, dice); err != nil && timed.Err() == nil {
				stop(err)
			}
		})
	}
	number := 0
	for range r.Writers {
		number++
		start(number, r.writer)
	}
	for i := range r.Readers {
		number++
		if i == 0 {
			start(number, r.follower)
			continue
		}
		start(number, r.reader)
	}
	for range r.Searchers {
		number++
		start(number, r.searcher)
	}
	wg.Go(func() { r.tell(timed) })
	wg.Wait()
	if err := context.Cause(all); err != nil {
		return err
	}
	return nil
}

func (r *run) tell(ctx context.Context) {
	if r.Progress == nil {
		return
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		r.found.mu.Lock()
		n := r.found.count
		r.found.mu.Unlock()
		r.Progress(Progress{time.Since(r.started), r.acked.Load(), r.enum.records.Load() + r.search.records.Load(), n})
	}
}

// now is the time of the run, never 0.
func (r *run) now() int64 { return max(int64(time.Since(r.started)), 1) }

// endMark is a checkpoint of all that is committed: the mark of a search walk
// that has ended, here of one over nothing, which ends at once.
func (r *run) endMark(ctx context.Context) (string, error) {
	from, to := "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"
	page, err := r.Client.Search(ctx, "", []filter.Entry{{Field: filter.When, From: &from, To: &to}}, 1)
	if err != nil {
		return "", err
	}
	if len(page.Records) > 0 {
		return "", errors.New("the server found records after the end of time")
	}
	return page.Mark, nil
}

func (r *run) report(took time.Duration) *Report {
	p := &Report{
		Run: r.Run, Seed: r.Seed, Seconds: took.Seconds(), Records: r.book.sent(), Acked: r.acked.Load(),
		Bad: r.bad.Load(), Again: r.again.Load(), Walks: r.walks.Load(), Searches: r.searches.Load(), Repeats: r.repeats.Load(),
		Findings: r.found.count, First: r.found.list,
	}
	batches := r.book.all()
	p.Batches = len(batches)
	for _, b := range batches {
		if b.unknown {
			p.Unknown++
			if b.since.Load() != 0 {
				p.Landed++
			}
		}
	}
	p.Figures = []Figure{r.write.figure("write", took), r.enum.figure("enum", took), r.search.figure("search", took)}
	return p
}

package search

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"docket/shared/activity"
	"docket/shared/filter"
	"docket/shared/keys"
	"docket/shared/ledger"
	"docket/shared/mark"
	"docket/shared/table/memory"
)

// clock is a time that moves only when told to.
type clock struct{ t time.Time }

func (c *clock) now() time.Time          { return c.t }
func (c *clock) advance(d time.Duration) { c.t = c.t.Add(d) }

// fatal is what tests of both kinds can do.
type fatal interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

// seeded is a reader of random bytes that can be set back.
type seeded struct{ *rand.ChaCha8 }

func newSeeded(name string) *seeded { return &seeded{rand.NewChaCha8(sha256.Sum256([]byte(name)))} }

// stored is a record of the plain model: what was committed, where and when.
type stored struct {
	activity.Stored
	place mark.Place
}

// store is a ledger, an engine over it, and a plain model of its content in the
// order of commits.
type store struct {
	t      fatal
	clock  *clock
	random *seeded
	ledger *ledger.Ledger
	engine *Engine
	model  []stored
}

const testRing = `{"realm":"test","keys":[{"id":1,"created":"2024-01-01T00:00:00Z","secret":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}]}`

// newStore has a cache that holds few segments, so that tests see them come and
// go.
func newStore(t fatal, shards int, change ...func(*Config)) *store {
	t.Helper()
	return newCachedStore(t, shards, 64<<10, change...)
}

func newCachedStore(t fatal, shards int, cache int64, change ...func(*Config)) *store {
	t.Helper()
	s := &store{t: t, clock: &clock{time.Date(2024, 5, 15, 12, 0, 0, 0, time.UTC)}, random: newSeeded("store")}
	ring, err := keys.Parse([]byte(testRing))
	if err != nil {
		t.Fatal(err)
	}
	tbl := memory.New(s.clock.now)
	s.ledger, err = ledger.Open(context.Background(), ledger.Config{
		Table: tbl, Ring: ring, Now: s.clock.now, Rand: s.random, Shards: shards, CacheBytes: cache,
	})
	if err != nil {
		t.Fatal(err)
	}
	c := Config{
		Ledger: s.ledger, Marks: mark.NewCodec(ring, io.Reader(newSeeded("marks"))), State: memory.New(s.clock.now), Ring: ring,
		Now: s.clock.now, Workers: 3,
	}
	for _, f := range change {
		f(&c)
	}
	c.WarmBytes = 64 << 10
	s.engine = New(c)
	s.engine.blockSizes = []ledger.Position{16, 8, 4}
	return s
}

// append commits a batch and notes it in the model.
func (s *store) append(records ...activity.Record) {
	s.t.Helper()
	got, err := s.ledger.Append(context.Background(), ledger.Batch{Records: records, Principal: "test"})
	if err != nil {
		s.t.Fatal(err)
	}
	for i := range records {
		here := mark.Place{When: records[i].When, Shard: got.Shard, Position: got.First + ledger.Position(i)}
		parts, err := s.ledger.Scan(context.Background(), here.Shard, here.Position, here.Position+1, 1)
		if err != nil || len(parts) == 0 {
			s.t.Fatalf("scan shard %d at %d: %v", here.Shard, here.Position, err)
		}
		row := int(here.Position - parts[0].First)
		here.Committed = parts[0].Segment.Committed(row)
		s.model = append(s.model, stored{activity.Stored{RID: s.ledger.RID(parts[0], row), Record: records[i]}, here})
	}
}

// tend compacts shards and decodes records ahead, as a server does beside requests.
func (s *store) tend(shards int, compact, warm bool) {
	s.t.Helper()
	for shard := range shards {
		if !compact {
			break
		}
		if _, err := s.ledger.Compact(context.Background(), ledger.Shard(shard), ledger.Compaction{}); err != nil {
			s.t.Fatal(err)
		}
	}
	if !warm {
		return
	}
	if err := s.engine.Warm(context.Background()); err != nil {
		s.t.Fatal(err)
	}
}

func (s *store) search(r Request) (Page, error) {
	r.HasEntries = true
	return s.engine.Search(context.Background(), r)
}

func (s *store) enum(r Request) (Page, error) { return s.engine.Enum(context.Background(), r) }

var allScope = activity.Scope{All: true}

func groups(name string) (filter.Members, bool) {
	if name != "Admins" {
		return nil, false
	}
	return members{"alice": true}, true
}

type members map[string]bool

func (m members) Contains(account string) bool { return m[account] }

// simple is a record whose fields follow from a number.
func simple(n int) activity.Record {
	return activity.Record{
		Who: []string{"alice", "bob", "carol"}[n%3], Where: fmt.Sprintf("host%d", n%5), ObjectType: "File",
		What: fmt.Sprintf("/share/%d", n), Action: activity.Actions()[n%4], When: 1_700_000_000 + int64(n),
		DataSource: activity.APIDataSource,
	}
}

func simples(from, to int) []activity.Record {
	var list []activity.Record
	for n := from; n < to; n++ {
		list = append(list, simple(n))
	}
	return list
}

func names(p Page) []string {
	var list []string
	for i := range p.Records {
		list = append(list, p.Records[i].What)
	}
	return list
}

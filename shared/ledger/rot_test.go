package ledger

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"docket/shared/activity"
	"docket/shared/table"
)

var (
	damages = flag.Int("damages", 2000, "how many random damages TestRandomRot makes")
	rotSeed = flag.Uint64("rot-seed", 1, "seed of TestRandomRot")
)

// rotten is a table whose items can be changed. It remembers every value that a
// key ever had.
type rotten struct {
	table.Table
	mu      sync.Mutex
	history map[table.Key][]table.Item
	keys    []table.Key // in the order of their first write
}

func (r *rotten) Write(ctx context.Context, ops ...table.Op) error {
	err := r.Table.Write(ctx, ops...)
	if err == nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, op := range ops {
			if op.Kind != table.Put {
				continue
			}
			if r.history[op.Item.Key] == nil {
				r.keys = append(r.keys, op.Item.Key)
			}
			r.history[op.Item.Key] = append(r.history[op.Item.Key], op.Item)
		}
	}
	return err
}

// change puts an item in the place of what was written, or nothing.
func (r *rotten) change(t *testing.T, k table.Key, it *table.Item) {
	t.Helper()
	op := table.Op{Kind: table.Delete, Item: table.Item{Key: k}}
	if it != nil {
		op = table.Op{Kind: table.Put, Item: *it}
		op.Item.Key = k
	}
	if err := r.Table.Write(t.Context(), op); err != nil {
		t.Fatal(err)
	}
}

// rotWorld is a ledger with every kind of item, and what is in it.
type rotWorld struct {
	table  *rotten
	ledger *Ledger
	live   []table.Key // whose items are there in the end
	parts  []Part
	truth  map[Shard][]activity.Stored
}

func newRotWorld(t *testing.T) *rotWorld {
	t.Helper()
	w := &rotWorld{table: &rotten{Table: newTable(), history: map[table.Key][]table.Item{}}, truth: map[Shard][]activity.Stored{}}
	w.ledger = w.open(t)
	dice, number := rand.New(rand.NewPCG(5, 5)), 0
	write := func(batches int, keyed bool) {
		for range batches {
			n := 1 + dice.IntN(3)
			b := Batch{Principal: "p", RequestID: "r"}
			for range n {
				b.Records = append(b.Records, activity.Record{
					Who: fmt.Sprint("who ", number%7), Where: "host", ObjectType: "o", What: fmt.Sprint("what ", number), Action: 1, When: int64(number),
					Details: []activity.Detail{{PropertyName: "p", Before: fmt.Sprint(number), After: "y"}},
				})
				number++
			}
			if keyed {
				b.Key = &Key{Owner: "o", Text: fmt.Sprint("key ", number), Body: [32]byte{byte(number)}}
			}
			if _, err := w.ledger.Append(t.Context(), b); err != nil {
				t.Fatal(err)
			}
		}
	}
	compact := func() {
		for s := range Shard(2) {
			for more := true; more; {
				r, err := w.ledger.Compact(t.Context(), s, Compaction{All: true, MaxRecords: 12, Retain: -1, Busy: -1})
				if err != nil {
					t.Fatal(err)
				}
				more = r.More
			}
		}
	}
	write(20, true)
	compact()
	write(12, false)
	compact()
	write(10, true)
	for _, k := range w.table.keys {
		items, err := w.table.Table.Get(t.Context(), k)
		if err != nil {
			t.Fatal(err)
		}
		if len(items) == 1 {
			w.live = append(w.live, k)
		}
	}
	for s := range Shard(2) {
		parts, recs, err := scanAll(w.ledger, s, 0)
		if err != nil {
			t.Fatal(err)
		}
		w.parts, w.truth[s] = append(w.parts, parts...), recs
	}
	return w
}

func (w *rotWorld) open(t *testing.T) *Ledger {
	return open(t, w.table, func(c *Config) { c.Shards = 2 })
}

// scanAll reads a shard from a position to its end.
func scanAll(l *Ledger, s Shard, from Position) ([]Part, []activity.Stored, error) {
	var parts []Part
	var recs []activity.Stored
	for {
		got, err := l.Scan(context.Background(), s, from, End, 1<<20)
		for _, p := range got {
			rows, rerr := p.Segment.Records(nil)
			if rerr != nil {
				return parts, recs, rerr
			}
			for i := range rows {
				recs = append(recs, activity.Stored{RID: l.RID(p, i), Record: rows[i]})
			}
			parts, from = append(parts, p), p.end()
		}
		if err != nil || len(got) == 0 {
			return parts, recs, err
		}
	}
}

// damage changes one item, or exchanges two, and says how.
func (w *rotWorld) damage(t *testing.T, dice *rand.Rand) (what string, hit []table.Key) {
	k := w.live[dice.IntN(len(w.live))]
	it := w.now(k)
	switch kind := dice.IntN(5); kind {
	case 0:
		it.Value = bytes.Clone(it.Value)
		bit := dice.IntN(8 * len(it.Value))
		it.Value[bit/8] ^= 1 << (bit % 8)
		w.table.change(t, k, &it)
		return fmt.Sprintf("flip bit %d", bit), []table.Key{k}
	case 1:
		it.Value = it.Value[:dice.IntN(len(it.Value))]
		w.table.change(t, k, &it)
		return fmt.Sprintf("cut to %d", len(it.Value)), []table.Key{k}
	case 2:
		other := w.live[dice.IntN(len(w.live))]
		a, b := it, w.now(other)
		a.Value, b.Value = b.Value, a.Value
		w.table.change(t, k, &a)
		w.table.change(t, other, &b)
		return "swap", []table.Key{k, other}
	case 3:
		w.table.change(t, k, nil)
		return "delete", []table.Key{k}
	}
	past := w.table.history[k]
	n := dice.IntN(len(past))
	if n == 0 {
		w.table.change(t, k, nil) // as before it was first written
		return "roll back to nothing", []table.Key{k}
	}
	old := past[n-1]
	w.table.change(t, k, &old)
	return fmt.Sprintf("roll back by %d", len(past)-n), []table.Key{k}
}

// now is the item as it should be.
func (w *rotWorld) now(k table.Key) table.Item {
	past := w.table.history[k]
	return past[len(past)-1]
}

// touches says whether damage of a key may make a part unreadable: its own item,
// the segment it refers to, or the tombstone through which it is found.
func (w *rotWorld) touches(k table.Key, p *Part) bool {
	switch {
	case k.Partition == "ledger":
		return true
	case strings.HasPrefix(k.Partition, "segment/"):
		m := w.now(k).Value
		return Shard(m[1]) == p.Shard && bytes.Equal(m[6:14], logKeyPosition(p.First))
	case strings.HasPrefix(k.Partition, "log/"):
		for at := p.First; at < p.end(); at++ {
			if logKey(p.Shard, at) == k {
				return true
			}
		}
	}
	return false
}

func logKeyPosition(p Position) []byte { return []byte(logKey(0, p).Sort) }

// TestRandomRot damages stored items: what is read is the truth or an error, and
// what lies elsewhere is read as ever.
func TestRandomRot(t *testing.T) {
	w := newRotWorld(t)
	kinds := map[string]int{}
	for _, k := range w.live {
		kinds[strings.SplitN(k.Partition, "/", 2)[0]]++
	}
	for _, kind := range []string{"ledger", "log", "segment", "manifest", "token"} {
		if kinds[kind] == 0 {
			t.Fatalf("no items of kind %q: %v", kind, kinds)
		}
	}
	dice := rand.New(rand.NewPCG(*rotSeed, 0))
	detected, harmless := 0, 0
	for i := range *damages {
		what, hit := w.damage(t, dice)
		found := w.judge(t, what, hit)
		for _, k := range hit {
			sound := w.now(k)
			w.table.change(t, k, &sound)
		}
		if t.Failed() {
			t.Fatalf("damage %d of seed %d: %s of %q", i, *rotSeed, what, hit)
		}
		if found {
			detected++
		} else {
			harmless++
		}
	}
	t.Logf("%d damages of %d items %v: %d were reported, %d changed no answer", *damages, len(w.live), kinds, detected, harmless)
}

// judge reads everything, and says whether an error told of the damage.
func (w *rotWorld) judge(t *testing.T, what string, hit []table.Key) bool {
	t.Helper()
	l, err := Open(t.Context(), Config{Table: readOnly{w.table}, Ring: testRing(t), Now: start, Rand: chacha(1), Shards: 2, CacheBytes: -1, Sleep: noSleep})
	if err != nil {
		return true // the root: nothing is read at all
	}
	found := false
	for i := range w.parts {
		p := &w.parts[i]
		ok := w.read(t, l, p)
		touched := slices.ContainsFunc(hit, func(k table.Key) bool { return w.touches(k, p) })
		if !ok && !touched {
			t.Errorf("%s of %q hides %d to %d of shard %d", what, hit, p.First, p.end(), p.Shard)
		}
		found = found || !ok
	}
	for s := range Shard(2) {
		_, recs, err := scanAll(l, s, 0)
		for at := range recs {
			if at >= len(w.truth[s]) || !reflect.DeepEqual(recs[at], w.truth[s][at]) {
				t.Errorf("%s of %q: a walk gives %v at %d of shard %d", what, hit, recs[at], at, s)
				break
			}
		}
		// A mark of somebody who has read all shows a log that has become short.
		_, end := l.Scan(t.Context(), s, Position(len(w.truth[s])), End, 1<<20)
		if err == nil && end == nil && len(recs) != len(w.truth[s]) {
			t.Errorf("%s of %q: a walk ends after %d of %d records of shard %d, silently", what, hit, len(recs), len(w.truth[s]), s)
		}
		found = found || err != nil || end != nil
		if m, err := l.Manifest(t.Context(), s); err != nil {
			found = true
		} else {
			w.manifest(t, what, hit, l, m)
		}
	}
	return found || w.checked(t, l, what, hit)
}

// checked says whether a check of the store tells of damage that no answer met.
// Every stored byte is under a checksum, so a flip or a cut is always told.
func (w *rotWorld) checked(t *testing.T, l *Ledger, what string, hit []table.Key) bool {
	t.Helper()
	found := 0
	_, err := l.Check(t.Context(), CheckOptions{Report: func(Finding) { found++ }})
	if err == nil && found == 0 && (strings.HasPrefix(what, "flip") || strings.HasPrefix(what, "cut")) {
		t.Errorf("%s of %q is noticed by nobody", what, hit)
	}
	return err != nil || found > 0
}

// read reads one part by itself, and says whether it came. What comes is true.
func (w *rotWorld) read(t *testing.T, l *Ledger, p *Part) bool {
	t.Helper()
	for at := p.First; at < p.end(); {
		got, err := l.Scan(t.Context(), p.Shard, at, p.end(), 1<<20)
		if err != nil || len(got) == 0 {
			if err == nil {
				_, err = l.Scan(t.Context(), p.Shard, Position(len(w.truth[p.Shard])), End, 1<<20)
				if err == nil {
					t.Errorf("%d of shard %d is missing, silently", at, p.Shard)
				}
			}
			return false
		}
		for _, g := range got {
			rows, err := g.Segment.Records(nil)
			if err != nil {
				return false
			}
			for i := range rows {
				pos := g.First + Position(i)
				if want := w.truth[p.Shard][pos]; l.RID(g, i) != want.RID || !reflect.DeepEqual(rows[i], want.Record) {
					t.Errorf("at %d of shard %d stands %v; want %v", pos, p.Shard, rows[i], want.Record)
				}
			}
			at = g.end()
		}
	}
	return true
}

// manifest compares what a manifest says with the truth: it may be short.
func (w *rotWorld) manifest(t *testing.T, what string, hit []table.Key, l *Ledger, m *Manifest) {
	t.Helper()
	next := Position(0)
	for i := range m.Entries {
		e := &m.Entries[i]
		if e.First != next {
			t.Errorf("%s of %q: the manifest has an entry at %d instead of %d", what, hit, e.First, next)
		}
		next = e.First + Position(e.N)
		for at := e.First; at < next; at++ {
			if at >= Position(len(w.truth[m.Shard])) {
				t.Errorf("%s of %q: the manifest has an entry behind the end", what, hit)
				return
			}
			if when := w.truth[m.Shard][at].When; when < e.Zone.MinWhen || when > e.Zone.MaxWhen {
				t.Errorf("%s of %q: the manifest would skip a record at %d", what, hit, at)
			}
		}
	}
}

// readOnly refuses what would repair or overwrite.
type readOnly struct{ table.Table }

var errReadOnly = errors.New("this table is only read")

func (readOnly) Write(context.Context, ...table.Op) error { return errReadOnly }

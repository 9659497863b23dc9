package simulation

import (
	"fmt"
	"hash/fnv"
	"time"

	"docket/shared/activity"
	"docket/shared/ledger"
)

// model is what must be true.
type model struct {
	batches []*sent
	byName  map[string]*sent
	log     map[place]string // what anybody was ever shown
	rids    map[activity.RID]place
	shards  int // at least
}

type place struct {
	shard ledger.Shard
	at    ledger.Position
}

func newModel() *model {
	return &model{byName: map[string]*sent{}, log: map[place]string{}, rids: map[activity.RID]place{}}
}

// sent is a batch that somebody has tried to store.
type sent struct {
	name    string
	n       int
	large   bool
	key     string
	acked   bool
	receipt ledger.Receipt
	refused bool  // told that it will never be stored
	rival   *sent // another batch with the same key
	since   time.Time
	records []activity.Record
}

// plans that records have.
var plans = []activity.Plan{{}, {ID: "{a}", Name: "Alpha"}, {ID: "{b}", Name: "Beta"}}

// record is the i-th of a batch: everything about it follows from its name.
func (b *sent) record(i int) activity.Record {
	if b.records == nil {
		b.records = make([]activity.Record, b.n)
		for k := range b.records {
			b.records[k] = b.make(k)
		}
	}
	return b.records[i]
}

func (b *sent) make(i int) activity.Record {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s/%d", b.name, i)
	x := h.Sum64()
	r := activity.Record{
		Who: b.name, Where: fmt.Sprint("host ", x%3), ObjectType: "File", What: fmt.Sprint(i), Action: activity.Modified,
		When: begin().Unix() - int64(x/3%50), DataSource: activity.APIDataSource, Plan: plans[x/150%3], ArchiveOnly: x/450%9 == 0,
	}
	if x/4050%2 == 0 {
		r.Action = activity.Removed
	}
	if b.large {
		r.Details = []activity.Detail{{PropertyName: "p", After: noises[i]}}
	}
	return r
}

// noises are texts that do not get smaller by packing, by their length less 550.
var noises = func() (list [16]string) {
	for i := range list {
		list[i] = noise(550 + i)
	}
	return list
}()

func noise(n int) string {
	b := make([]byte, n)
	x := uint64(n)
	for i := range b {
		x = x*6364136223846793005 + 1442695040888963407
		b[i] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/"[x>>58]
	}
	return string(b)
}

func (b *sent) batch() ledger.Batch {
	made := ledger.Batch{Principal: "writer", RequestID: b.name}
	for i := range b.n {
		made.Records = append(made.Records, b.record(i))
	}
	if b.key != "" {
		made.Key = &ledger.Key{Owner: "o", Text: b.key, Body: [32]byte{byte(b.n)}}
	}
	return made
}

// ackedEnds is behind the last acknowledged batch of every shard.
func (m *model) ackedEnds() map[ledger.Shard]ledger.Position {
	ends := map[ledger.Shard]ledger.Position{}
	for _, b := range m.batches {
		if b.acked {
			ends[b.receipt.Shard] = max(ends[b.receipt.Shard], b.receipt.First+ledger.Position(b.n))
		}
	}
	return ends
}

// acked are the batches that were acknowledged until now.
func (m *model) acked() []*sent {
	var list []*sent
	for _, b := range m.batches {
		if b.acked {
			list = append(list, b)
		}
	}
	return list
}

// original finds what was sent of a record that somebody was shown, and says
// whether it is that record field by field (L7).
func (m *model) original(r *activity.Record) (b *sent, number int, same bool) {
	b = m.byName[r.Who]
	if b == nil {
		return nil, 0, false
	}
	if _, err := fmt.Sscan(r.What, &number); err != nil || number < 0 || number >= b.n {
		return b, 0, false
	}
	want := b.record(number)
	same = want.Where == r.Where && want.When == r.When && want.Action == r.Action && want.Plan == r.Plan && want.ArchiveOnly == r.ArchiveOnly &&
		want.DataSource == r.DataSource && len(want.Details) == len(r.Details) && (len(r.Details) == 0 || want.Details[0] == r.Details[0])
	return b, number, same
}

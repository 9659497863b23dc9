package rehearsal

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"docket/shared/activity"
	"docket/shared/generate"
	"docket/shared/keys"
	"docket/shared/ledger"
	"docket/shared/mark"
	"docket/shared/search"
	"docket/shared/table"
	"docket/shared/table/dynamo"
	"docket/shared/table/dynamo/dynamolocal"
	"docket/shared/wire"
)

// What a request may consume, in units that DynamoDB bills (design, section
// 6.11): reads before anything is compacted.
const (
	maxWritesPerBatch = 60
	maxReadsPerBatch  = 14
	maxReadsPerPoll   = 16
)

const unitBatches, unitBatch = 10, 1000

// consumed meters one call.
func consumed(t *testing.T, call func(ctx context.Context) error) dynamo.Consumed {
	t.Helper()
	ctx, meter := dynamo.WithMeter(t.Context())
	if err := call(ctx); err != nil {
		t.Fatal(err)
	}
	return meter.Consumed()
}

// TestUnits asks DynamoDB's own engine what batches, pages and polls consume,
// beside one item per record. Instances are new for reading: no cache helps.
func TestUnits(t *testing.T) {
	needTools(t, "java", "npm")
	engine, err := dynamolocal.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Stop()
	tables := map[string]*dynamo.Table{}
	for _, name := range []string{"keyless", "keyed", "state", "items"} {
		if err := engine.CreateTable(t.Context(), name); err != nil {
			t.Fatal(err)
		}
		tables[name] = dynamo.New(engine.Config(), name, dynamo.Options{})
	}
	ring, err := keys.Parse([]byte(`{"realm":"Docket","seed":"` + rand.Text() + rand.Text() + `"}`))
	if err != nil {
		t.Fatal(err)
	}
	g, err := generate.New(generate.Config{N: unitBatches * unitBatch, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	records := g.Records(unitBatches * unitBatch)

	keyless := writeBatches(t, openLedger(t, tables["keyless"], ring), records, false)
	keyed := writeBatches(t, openLedger(t, tables["keyed"], ring), records, true) / transactionFactor(t, tables["items"])
	items := writeItems(t, tables["items"], records[:unitBatch])
	page, poll := readAll(t, openLedger(t, tables["keyless"], ring), tables["state"], ring)
	itemReads := readItems(t, tables["items"])

	t.Logf("write units a batch of %d: %.1f, with an Idempotency-Key %.1f, one item per record %.0f", unitBatch, keyless, keyed, items)
	t.Logf("read units a %d records enumerated: %.1f, one item per record %.1f", unitBatch, page, itemReads)
	t.Logf("read units of an empty poll: %.1f", poll)
	for name, c := range map[string]struct{ got, most float64 }{
		"write units a batch":                 {keyless, maxWritesPerBatch},
		"write units a batch with a key":      {keyed, 2*maxWritesPerBatch + 4}, // a transaction costs twice
		"read units a thousand records":       {page, maxReadsPerBatch},
		"read units a poll":                   {poll, maxReadsPerPoll},
		"write units a batch, beside items":   {keyless, items / 10},
		"read units a thousand, beside items": {page, itemReads / 5},
	} {
		if c.got <= 0 || c.got > c.most {
			t.Errorf("%s: %.1f; want at most %.1f", name, c.got, c.most)
		}
	}
}

// transactionFactor is how much more the engine reports for a transaction than
// DynamoDB's documentation bills, two units for each KB or part of one of every
// item: DynamoDB Local doubles twice where an item is over 1 KB.
func transactionFactor(t *testing.T, tbl *dynamo.Table) float64 {
	t.Helper()
	const documented = 2*10 + 2*1
	large := table.Item{Key: table.Key{Partition: "t", Sort: "1"}, Value: make([]byte, 10_000)}
	small := table.Item{Key: table.Key{Partition: "t", Sort: "2"}}
	reported := consumed(t, func(ctx context.Context) error {
		return tbl.Write(ctx, table.Op{Item: large}, table.Op{Item: small})
	}).Writes
	t.Logf("a transaction of items of 10 KB and of 1 KB: %.0f units reported, %d documented", reported, documented)
	return reported / documented
}

func openLedger(t *testing.T, tbl table.Table, ring *keys.Ring) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(t.Context(), ledger.Config{Table: tbl, Ring: ring, Now: time.Now, Rand: rand.Reader, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func writeBatches(t *testing.T, l *ledger.Ledger, records []activity.Record, keyed bool) float64 {
	t.Helper()
	sum := 0.0
	for i := 0; i < len(records); i += unitBatch {
		b := ledger.Batch{Records: records[i : i+unitBatch], Principal: "ann", RequestID: "r"}
		if keyed {
			b.Key = &ledger.Key{Owner: "ann", Text: fmt.Sprint(i), Body: sha256.Sum256([]byte{byte(i)}), Life: time.Hour}
		}
		sum += consumed(t, func(ctx context.Context) error {
			_, err := l.Append(ctx, b)
			return err
		}).Writes
	}
	return sum * unitBatch / float64(len(records))
}

// readAll enumerates to the end and polls once more. Of a poll it counts at least
// one unit a call: DynamoDB Local reports none for a query that finds nothing.
func readAll(t *testing.T, l *ledger.Ledger, state table.Table, ring *keys.Ring) (perBatch, poll float64) {
	t.Helper()
	e := search.New(search.Config{Ledger: l, Marks: mark.NewCodec(ring, rand.Reader), State: state, Ring: ring, Now: time.Now})
	q := search.Request{Count: unitBatch, Scope: activity.Scope{All: true}}
	reads, n := 0.0, 0
	for {
		var p search.Page
		c := consumed(t, func(ctx context.Context) (err error) {
			p, err = e.Enum(ctx, q)
			return err
		})
		q.Mark = p.Mark
		if len(p.Records) == 0 {
			if n != unitBatches*unitBatch {
				t.Errorf("%d records; want all", n)
			}
			return reads * unitBatch / float64(n), max(c.Reads, float64(c.Calls))
		}
		reads, n = reads+c.Reads, n+len(p.Records)
	}
}

// writeItems stores records as JSON, an item each.
func writeItems(t *testing.T, tbl *dynamo.Table, records []activity.Record) float64 {
	t.Helper()
	return consumed(t, func(ctx context.Context) error {
		for i := range records {
			r := activity.Stored{Record: records[i]}
			op := table.Op{Item: table.Item{Key: table.Key{Partition: "p", Sort: fmt.Sprintf("%08d", i)}, Value: wire.AppendRecord(nil, wire.JSON, &r)}}
			if err := tbl.Write(ctx, op); err != nil {
				return err
			}
		}
		return nil
	}).Writes
}

func readItems(t *testing.T, tbl *dynamo.Table) float64 {
	t.Helper()
	return consumed(t, func(ctx context.Context) error {
		q := table.Query{Partition: "p"}
		for {
			p, err := tbl.Query(ctx, q)
			if err != nil || !p.More {
				return err
			}
			q.From = p.Items[len(p.Items)-1].Sort + "\x00"
		}
	}).Reads
}

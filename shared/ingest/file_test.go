package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"docket/shared/ledger"
	"docket/shared/source/sourcetest"
	"docket/shared/table/faulty"
)

// TestRealFilesOnce: all events of the real files, each once, whatever the order
// and however often they come.
func TestRealFilesOnce(t *testing.T) {
	w := newWorld(t)
	names := sourcetest.LogFiles(t)
	var first Result
	for _, name := range names {
		r, refused := w.give(w.ingester(w.Ledger), readFile(t, name))
		if refused != nil {
			t.Errorf("%s: %q", name, refused)
		}
		first.Add(r)
	}
	if want := (Result{Stored: 951}); first != want {
		t.Fatalf("%+v; want %+v", first, want)
	}
	all := w.stored()
	if n := len(slices.Compact(slices.Clone(all))); len(all) != 951 || n != 951 {
		t.Fatalf("%d records, %d distinct", len(all), n)
	}
	var second Result
	for _, i := range rand.New(rand.NewPCG(1, 2)).Perm(len(names)) {
		w.Restart()
		r, _ := w.give(w.ingester(w.Ledger), readFile(t, names[i]))
		second.Add(r)
	}
	if want := (Result{Before: 951}); second != want || len(w.stored()) != 951 {
		t.Errorf("again: %+v; want %+v", second, want)
	}
}

// TestEqualRecordsOfDifferentFiles are different facts.
func TestEqualRecordsOfDifferentFiles(t *testing.T) {
	w := newWorld(t)
	in := w.ingester(w.Ledger)
	w.give(in, record(1))
	w.give(in, record(1)+record(1))
	w.give(in, "\n"+record(1))
	w.give(in, record(1))
	if n := len(w.stored()); n != 4 {
		t.Errorf("%d records, want 4", n)
	}
}

// TestRefusals: each with its place and reason, and no good record is held back.
func TestRefusals(t *testing.T) {
	w := newWorld(t)
	w.Plans["known"] = true
	bad := strings.Replace(record(2), `"Who":"w",`, "", 1)
	planned := func(name string) string {
		return strings.Replace(record(3), `"Who"`, `"MonitoringPlan":{"Name":"`+name+`"},"Who"`, 1)
	}
	text := record(1) + bad + "{\n" + planned("known") + planned("unknown") + planned("unknown") + record(4)
	r, refused := w.give(w.ingester(w.Ledger), text)
	want := []string{
		"record 2, line 2: Who is required and must not be blank.",
		"record 3, line 3: this is not one complete JSON object",
		"record 5, line 5: the monitoring plan does not exist or does not accept data through the API",
		"record 6, line 6: the monitoring plan does not exist or does not accept data through the API",
	}
	if diff := cmp.Diff(want, refused); diff != "" || r != (Result{Stored: 3, Refused: 4}) {
		t.Errorf("%+v\n%s", r, diff)
	}
	stored := []string{"2026-01-01T00:00:00Z w x1 Default ", "2026-01-01T00:00:00Z w x3 known ", "2026-01-01T00:00:00Z w x4 Default "}
	if diff := cmp.Diff(stored, w.stored()); diff != "" {
		t.Error(diff)
	}
	r, refused = w.give(w.ingester(w.Ledger), text)
	if diff := cmp.Diff(want, refused); diff != "" || r != (Result{Before: 3, Refused: 4}) {
		t.Errorf("again: %+v\n%s", r, diff)
	}

	// A plan that is there now: its records are stored, the others not again.
	w.Plans["unknown"] = true
	r, refused = w.give(w.ingester(w.Ledger), text)
	if diff := cmp.Diff(want[:2], refused); diff != "" || r != (Result{Stored: 2, Before: 3, Refused: 2}) || len(w.stored()) != 5 {
		t.Errorf("with the plan: %+v\n%s", r, diff)
	}
}

// TestRefusedByAnEarlierVersion: what could be stored now, in a batch that was
// stored without it, is reported, not lost and not stored twice.
func TestRefusedByAnEarlierVersion(t *testing.T) {
	w := newWorld(t)
	text := record(1) + record(2) + record(3)
	r, refused := w.give(w.ingester(&forgetful{w.Ledger, 1}), text)
	if r != (Result{Stored: 2}) || refused != nil {
		t.Fatalf("%+v, %q", r, refused)
	}
	r, refused = w.give(w.ingester(w.Ledger), text)
	if r != (Result{Before: 2, Refused: 1}) || len(refused) != 1 || !strings.HasPrefix(refused[0], "records 1 to 3, line 1: 1 of these were refused by an earlier version") || len(w.stored()) != 2 {
		t.Errorf("again: %+v, %q", r, refused)
	}
}

// forgetful stores batches without their first records, as a version would that
// refuses them.
type forgetful struct {
	to   Appender
	less int
}

func (f *forgetful) Append(ctx context.Context, b ledger.Batch) (ledger.Receipt, error) {
	b.Records = b.Records[f.less:]
	return f.to.Append(ctx, b)
}

// TestBatches: long files, long records, and records too long to store.
func TestBatches(t *testing.T) {
	w := newWorld(t)
	in := w.ingester(w.Ledger)
	if r, refused := w.give(in, records(2500)); r != (Result{Stored: 2500}) || refused != nil {
		t.Errorf("%+v, %q", r, refused)
	}
	big := func(n int) string { // text that does not compress
		b := make([]byte, n)
		r := rand.NewChaCha8([32]byte{byte(n)})
		r.Read(b)
		return strings.Replace(record(0), "x0", fmt.Sprintf("%x", b), 1)
	}
	text := record(1) + big(100_000) + record(2) + big(1_200_000) + record(3)
	for _, want := range []Result{{Stored: 4, Refused: 1}, {Before: 4, Refused: 1}} {
		r, refused := w.give(in, text)
		if r != want || len(refused) != 1 || refused[0] != "record 4, line 4: it is too large to be stored" {
			t.Errorf("%+v, %q", r, refused)
		}
	}
}

// TestTooManyRefusals: what is bad throughout is given up, and says so.
func TestTooManyRefusals(t *testing.T) {
	w := newWorld(t)
	text := record(1) + strings.Repeat("x\n", maxRefused+2*batchEntries) + record(2)
	r, refused := w.give(w.ingester(w.Ledger), text)
	end := maxRefused + batchEntries // of the batch that has the last one too many
	if r != (Result{Stored: 1, Refused: end}) || len(refused) != end {
		t.Errorf("%+v, %d refusals", r, len(refused))
	}
	want := fmt.Sprintf("record %d, line %d: the file is not read from here on: 100000 of its records were refused", end+1, end+1)
	if last := refused[len(refused)-1]; last != want {
		t.Errorf("%s; want %s", last, want)
	}
}

// cutOff is a ledger that fails at a call: before it did anything or after.
type cutOff struct {
	to    Appender
	calls int
	after bool
}

var errCut = errors.New("cut off")

func (c *cutOff) Append(ctx context.Context, b ledger.Batch) (ledger.Receipt, error) {
	c.calls--
	if c.calls < 0 && !c.after {
		return ledger.Receipt{}, errCut
	}
	r, err := c.to.Append(ctx, b)
	if c.calls < 0 {
		return ledger.Receipt{}, errors.Join(errCut, err)
	}
	return r, err
}

// TestCutOffAnywhere: an ingestion that ends at any point, and is given again, has
// each record once.
func TestCutOffAnywhere(t *testing.T) {
	text := records(4500)
	for after := range 2 {
		for calls := range 6 {
			w := newWorld(t)
			in := w.ingester(&cutOff{w.Ledger, calls, after == 1})
			_, err := in.File(context.Background(), strings.NewReader(text), func(Refusal) {})
			if (calls < 5) != errors.Is(err, errCut) {
				t.Fatalf("after %d calls: %v", calls, err)
			}
			w.Restart()
			r, _ := w.give(w.ingester(w.Ledger), text)
			if r.Stored+r.Before != 4500 || len(w.stored()) != 4500 || r.Before < 1000*min(calls, 4) {
				t.Errorf("after %d calls: %+v, %d stored", calls, r, len(w.stored()))
			}
		}
	}
}

// deliveryFaults are those that a table may do to a writer.
var deliveryFaults = faulty.Rates{
	faulty.Before: 0.04, faulty.After: 0.04, faulty.Busy: 0.04, faulty.Timeout: 0.03, faulty.Late: 0.04, faulty.TornAfter: 0.04, faulty.Short: 0.04,
}

// TestDeliveries: files that come one to five times each, in any order, within two
// weeks, cut off at random, through instances that know nothing of each other, give
// each record once.
func TestDeliveries(t *testing.T) {
	for seed := range uint64(4) {
		r := rand.New(rand.NewPCG(seed, 7))
		w := newWorld(t)
		faults := faulty.New(w.Table, faulty.Options{Seed: seed, Rates: deliveryFaults, Now: w.Now})
		reliable := w.Table
		var files []string
		for i := range 6 {
			files = append(files, fmt.Sprintf("\n%s%s", strings.Repeat(" ", i), records(r.IntN(1800))))
		}
		due := []int{0, 1, 2, 3, 4, 5}
		for range r.IntN(18) {
			due = append(due, r.IntN(6))
		}
		r.Shuffle(len(due), func(i, j int) { due[i], due[j] = due[j], due[i] })
		for len(due) > 0 {
			w.At = w.At.Add(time.Duration(r.IntN(14*24)) * time.Hour / time.Duration(len(due)+18))
			w.Table = faults
			w.Restart()
			to := &cutOff{to: w.Ledger, calls: r.IntN(8), after: r.IntN(2) == 0}
			_, err := w.ingester(to).File(context.Background(), strings.NewReader(files[due[0]]), func(r Refusal) { t.Error(r) })
			switch {
			case err == nil:
				due = due[1:]
			case r.IntN(3) == 0: // it comes again, after others
				due = append(due[1:], due[0])
			}
		}
		w.Table = reliable
		w.Restart()
		want := 0
		for _, f := range files {
			want += strings.Count(f, "Who")
		}
		if got := len(w.stored()); got != want {
			t.Errorf("seed %d: %d records, want %d", seed, got, want)
		}
	}
}

// TestChanged: a file that is written to meanwhile is noticed.
func TestChanged(t *testing.T) {
	w := newWorld(t)
	f := &changing{Reader: strings.NewReader(record(1)), next: record(2)}
	_, err := w.ingester(w.Ledger).File(context.Background(), f, func(Refusal) {})
	if !errors.Is(err, ErrChanged) {
		t.Error(err)
	}
}

type changing struct {
	*strings.Reader
	next string
}

func (c *changing) Seek(int64, int) (int64, error) {
	c.Reader = strings.NewReader(c.next)
	return 0, nil
}

// TestFaults: errors of the medium, the ledger and the context are errors, not
// refusals.
func TestFaults(t *testing.T) {
	w := newWorld(t)
	in := w.ingester(w.Ledger)
	none := func(r Refusal) { t.Errorf("refused: %v", r) }
	for _, good := range []int64{0, 5, int64(len(record(1)) + 5)} {
		f := &failing{Reader: strings.NewReader(records(3)), good: good + int64(len(records(3)))}
		if _, err := in.File(context.Background(), f, none); !errors.Is(err, errCut) {
			t.Errorf("after %d bytes: %v", good, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := in.File(ctx, strings.NewReader(record(1)), none); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	in = w.ingester(&cutOff{to: w.Ledger})
	if _, err := in.File(context.Background(), strings.NewReader(record(1)), none); !errors.Is(err, errCut) {
		t.Error(err)
	}

	if len(w.stored()) != 0 {
		t.Errorf("stored: %q", w.stored())
	}
}

// failing is a file on a medium that fails once good bytes were read.
type failing struct {
	*strings.Reader
	good int64
}

func (f *failing) Read(p []byte) (int, error) {
	if f.good == 0 {
		return 0, errCut
	}
	n, err := f.Reader.Read(p[:min(int64(len(p)), f.good)])
	f.good -= int64(n)
	return n, err
}

// BenchmarkRealFiles: from packed log files to stored records, in memory.
func BenchmarkRealFiles(b *testing.B) {
	var files []string
	for _, name := range sourcetest.LogFiles(b) {
		files = append(files, readFile(b, name))
	}
	w := newWorld(b)
	in := w.ingester(nowhere{w})
	events := 0
	b.ReportAllocs()
	for b.Loop() {
		for _, text := range files {
			r, err := in.File(context.Background(), bytes.NewReader([]byte(text)), func(Refusal) {})
			if err != nil {
				b.Fatal(err)
			}
			events += r.Stored
		}
	}
	b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
}

// nowhere stores in a ledger without keys, so that a file is new each time.
type nowhere struct{ w *world }

func (n nowhere) Append(ctx context.Context, b ledger.Batch) (ledger.Receipt, error) {
	b.Key = nil
	return n.w.Ledger.Append(ctx, b)
}

var _ io.ReadSeeker = (*failing)(nil)

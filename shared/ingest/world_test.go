package ingest

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"

	"docket/shared/activity"
	"docket/shared/ingesttest"
	"docket/shared/source"
)

// world is a ledger in memory, and a clock.
type world struct {
	*ingesttest.World
	t testing.TB
}

func newWorld(t testing.TB) *world {
	t.Helper()
	return &world{ingesttest.New(t), t}
}

func (w *world) mapping(files ...[]byte) *source.Mapping {
	w.t.Helper()
	m, err := source.NewMapping(files...)
	if err != nil {
		w.t.Fatal(err)
	}
	return m
}

func (w *world) ingester(to Appender) *Ingester {
	return New(Config{
		Ledger: to, Mapping: w.mapping(), Plan: activity.Plan{ID: "default", Name: "Default"}, Principal: "test",
		FindPlan: w.FindPlan,
	})
}

// stored are all records of the ledger: When, Who, What, plan and eventID of each,
// sorted.
func (w *world) stored() []string {
	w.t.Helper()
	var all []string
	records := w.Records()
	for i := range records {
		r := &records[i]
		all = append(all, fmt.Sprintf("%s %s %s %s %s", activity.AppendWhen(nil, r.When), r.Who, r.What, r.Plan.Name, ingesttest.EventID(r)))
	}
	slices.Sort(all)
	return all
}

// give ingests a text and returns the result and its refusals.
func (w *world) give(in *Ingester, text string) (Result, []string) {
	w.t.Helper()
	var refused []string
	r, err := in.File(context.Background(), strings.NewReader(text), func(r Refusal) { refused = append(refused, r.String()) })
	if err != nil {
		w.t.Fatal(err)
	}
	return r, refused
}

// record is a record as NDJSON. Equal ones come of equal numbers.
func record(n int) string {
	return fmt.Sprintf(`{"Who":"w","Where":"h","ObjectType":"t","What":"x%d","Action":"Read","When":"2026-01-01T00:00:00Z"}`+"\n", n)
}

func records(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(record(i))
	}
	return b.String()
}

func readFile(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

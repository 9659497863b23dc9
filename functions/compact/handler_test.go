package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"docket/functions/internal/shell"
	"docket/shared/compactor"
	"docket/shared/ledger"
)

// fake has one shard with a number of rounds to do.
type fake struct {
	rounds int
	err    error
}

func (f *fake) Shards(context.Context) (int, error) { return 1, nil }

func (f *fake) Compact(context.Context, ledger.Shard, ledger.Compaction) (ledger.Round, error) {
	f.rounds--
	return ledger.Round{Merged: 4, Segments: 1, Records: 10, More: f.rounds > 0, Debt: ledger.Debt{Items: 7}}, f.err
}

func newFake(f *fake, out io.Writer) *handler {
	return &handler{
		metrics: shell.NewMetrics(out, time.Now), log: slog.New(slog.DiscardHandler),
		compactor: compactor.New(compactor.Config{Ledger: f, Now: time.Now}),
	}
}

func TestHandlerCompactsUntilNothingIsLeft(t *testing.T) {
	var out bytes.Buffer
	got, err := newFake(&fake{rounds: 3}, &out).handle(context.Background())
	if want := (Result{Merged: 12, Segments: 3, Records: 30, Debt: 7}); err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	for _, want := range []string{`"CompactionDebt":7`, `"CompactionRecords":30`, `"CompactionFailed":0`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("metrics %s lack %s", out.String(), want)
		}
	}
}

// TestHandlerLeavesTimeForARound: an invocation that has less left begins none.
func TestHandlerLeavesTimeForARound(t *testing.T) {
	ctx, cancel := context.WithDeadline(context.Background(), time.Now().Add(spare-time.Second))
	defer cancel()
	f := &fake{rounds: 3}
	if got, err := newFake(f, io.Discard).handle(ctx); err != nil || !got.More || f.rounds != 3 {
		t.Errorf("%+v, %v, %d rounds left", got, err, f.rounds)
	}
}

func TestHandlerReportsFailure(t *testing.T) {
	var out bytes.Buffer
	failed := errors.New("damaged")
	if _, err := newFake(&fake{err: failed}, &out).handle(context.Background()); !errors.Is(err, failed) {
		t.Errorf("%v", err)
	}
	if !strings.Contains(out.String(), `"CompactionFailed":1`) {
		t.Errorf("metrics %s", out.String())
	}
}

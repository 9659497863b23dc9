package main

import (
	"context"
	"crypto/rand"
	"log/slog"
	"os"
	"time"

	"docket/functions/internal/shell"
	"docket/shared/compactor"
	"docket/shared/environment"
	"docket/shared/ledger"
)

// spare is how much of an invocation's time is left for the round that has begun.
const spare = 30 * time.Second

// tombstoneWrites is how many tombstones are written at a time: each is a small item
// of a partition that takes a thousand a second.
const tombstoneWrites = 16

// handler compacts until nothing is left to do or the time of the invocation is
// nearly up.
type handler struct {
	compactor *compactor.Compactor
	metrics   *shell.Metrics
	log       *slog.Logger
}

func newHandler(ctx context.Context) (any, error) {
	env, err := shell.Read(os.Getenv, environment.RecordsTable, environment.KeysSecret)
	if err != nil {
		return nil, err
	}
	if err := env.Connect(ctx); err != nil {
		return nil, err
	}
	ring, err := env.KeyRing(ctx)
	if err != nil {
		return nil, err
	}
	l, err := ledger.Open(ctx, ledger.Config{
		Table: env.Table(environment.RecordsTable), Ring: ring, Now: time.Now, Rand: rand.Reader, Log: env.Log, CacheBytes: -1,
	})
	if err != nil {
		return nil, err
	}
	h := &handler{metrics: shell.NewMetrics(os.Stdout, time.Now), log: env.Log}
	h.compactor = compactor.New(compactor.Config{
		Ledger: l, Options: ledger.Compaction{Parallel: tombstoneWrites}, Now: time.Now, Log: env.Log,
	})
	return h.handle, nil
}

// Result is the answer of an invocation, for whoever calls the function by hand.
type Result struct {
	Merged   int  `json:"merged"`   // segments that were merged
	Segments int  `json:"segments"` // into so many
	Records  int  `json:"records"`  // of so many records
	Adopted  int  `json:"adopted"`  // segments newly listed that are big already
	Debt     int  `json:"debt"`     // items that lie behind the manifests
	More     bool `json:"more"`     // the time was up
}

func (h *handler) handle(ctx context.Context) (Result, error) {
	var until time.Time
	if deadline, ok := ctx.Deadline(); ok {
		until = deadline.Add(-spare)
	}
	sum, err := h.compactor.Sweep(ctx, until, nil)
	values := map[string]float64{
		environment.CompactionDebt: float64(sum.Debt.Items), environment.CompactionRecords: float64(sum.Records), environment.CompactionFailed: 0,
	}
	if err != nil {
		values[environment.CompactionFailed] = 1
	}
	h.metrics.Values(ctx, values)
	h.log.LogAttrs(ctx, slog.LevelInfo, "compacted", slog.Int("merged", sum.Merged), slog.Int("segments", sum.Segments),
		slog.Int("records", sum.Records), slog.Int("adopted", sum.Adopted), slog.Int("debt", sum.Debt.Items), slog.Bool("more", sum.More))
	return Result{sum.Merged, sum.Segments, sum.Records, sum.Adopted, sum.Debt.Items, sum.More}, err
}

package main

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"docket/shared/compactor"

	"github.com/spf13/cobra"
)

// compactFlags say how the server compacts.
type compactFlags struct{ percent int }

func (f *compactFlags) add(c *cobra.Command) {
	c.Flags().IntVar(&f.percent, "compact", int(100*compactor.DefaultShare), "how much of one processor the merging of small segments may take, in percent; 0 is never")
}

func (f *compactFlags) check() error {
	if f.percent < 0 || f.percent > 100 {
		return &exitError{exitUsage, fmt.Errorf("--compact %d: give a percentage from 0 to 100", f.percent)}
	}
	return nil
}

// start compacts beside the server until stop is called, which waits for the round
// that has begun.
func (f *compactFlags) start(ctx context.Context, n *node, log *slog.Logger) (stop func()) {
	if f.percent == 0 {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() {
		compactor.New(compactor.Config{
			Ledger: n.ledger, Options: onOneMachine, Now: time.Now, Log: log, Share: float64(f.percent) / 100,
		}).Run(ctx)
	})
	return func() {
		cancel()
		running.Wait()
	}
}

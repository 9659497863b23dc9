package main

import (
	"context"
	"log/slog"
	"math"
	"runtime/debug"
	"sync"
	"time"

	"docket/shared/ledger"
)

const (
	// warmEvery is how often it is looked whether there is something to decode.
	warmEvery = time.Second

	// warmSlack is what a server takes besides its caches: requests, answers,
	// and what the collector has not found yet.
	warmSlack = 160 << 20
)

// ledgerCache is the part of --cache that keeps segments as they were last used;
// what is beyond is for records decoded ahead of searches.
func (f *serveFlags) ledgerCache() int64 { return min(f.cacheMiB<<20, ledger.DefaultCache) }

func (f *serveFlags) warmBytes() int64 { return f.cacheMiB<<20 - f.ledgerCache() }

// keepWarm decodes what is searched, beside the requests, until the context ends
// or the function that it returns is called, which waits for it.
func (n *node) keepWarm(ctx context.Context, f serveFlags, log *slog.Logger) (stop func()) {
	if f.warmBytes() <= 0 {
		return func() {}
	}
	// Left to itself the collector lets memory grow to twice what is in use. A
	// limit in the environment is somebody's wish and stays.
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(f.cacheMiB<<20 + warmSlack)
	}
	ctx, cancel := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() {
		tick := time.NewTicker(warmEvery)
		defer tick.Stop()
		told := ""
		for {
			err := n.engine.Warm(ctx)
			if ctx.Err() != nil {
				return
			}
			if err != nil && err.Error() != told {
				told = err.Error()
				log.Warn("some records stay cold", "error", told)
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	})
	return func() { cancel(); done.Wait() }
}

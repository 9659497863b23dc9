package main

import (
	"context"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"docket/shared/ledger"
)

const (
	// warmEvery is how often it is looked whether there is something to decode.
	warmEvery = time.Second

	// warmGarbage is how much of what is in use may lie about before it is
	// collected, in percent. Usual is as much again, which is too much of a large
	// cache. (A limit in bytes near the cache's makes the collector run all the
	// time while records are decoded.)
	warmGarbage  = 25
	usualGarbage = 100
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
	// A setting in the environment is somebody's wish and stays.
	if old := debug.SetGCPercent(warmGarbage); old != usualGarbage {
		debug.SetGCPercent(old)
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

package main

import (
	"context"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"docket/shared/ingest"
)

// watchFlags say which folder a server takes files from.
type watchFlags struct {
	dir    string
	source sourceFlags
}

const (
	// watchEvery is how often the folder is looked at: one listing.
	watchEvery = time.Second
	// watchSettle is how long a file must be unchanged: longer than programs
	// pause between two writes, shorter than people wait.
	watchSettle = 3 * time.Second
)

func (f *watchFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.dir, "watch", "", "folder to take files from: records, or events of CloudTrail; see docket ingest")
	f.source.add(c, "watch-plan")
}

// start watches the folder, if there is one, until ctx ends or the returned
// function is called, which waits until the file being stored is left.
func (f *watchFlags) start(ctx context.Context, n *node, log *slog.Logger) (func(), error) {
	if f.dir == "" {
		return func() {}, nil
	}
	in, err := f.source.ingester(ctx, n.ledger, n.directory, "docket serve --watch")
	if err != nil {
		return nil, err
	}
	v := &ingest.Watcher{
		Dir: filepath.Clean(f.dir), Ingest: in, Every: watchEvery, Settle: watchSettle, Now: time.Now, Wait: waitFor, Log: log,
	}
	if err := v.Prepare(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		v.Run(ctx)
	}()
	return func() { cancel(); <-ended }, nil
}

func waitFor(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

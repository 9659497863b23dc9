package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"time"

	"docket/shared/compactor"
	"docket/shared/ledger"
	"docket/shared/table"

	"github.com/spf13/cobra"
)

// onOneMachine is how a file is compacted: to full segments, and many tombstones
// with one wait for the disk. All who write have one clock, and a tombstone takes
// more room than the record it stands for.
var onOneMachine = ledger.Compaction{
	AdoptBytes: table.MaxItem / 2, TombstonesPerWrite: table.MaxOps, TombstoneLife: ledger.LeastTombstoneLife,
}

// inDynamoDB is how a deployment is compacted by hand.
var inDynamoDB = ledger.Compaction{Parallel: 16}

// openLedger opens the ledger of the data.
func (a *admin) openLedger(ctx context.Context) (*ledger.Ledger, *dataDir, error) {
	data, err := a.open(ctx)
	if err != nil {
		return nil, nil, err
	}
	l, err := ledger.Open(ctx, ledger.Config{Table: data.Table(recordsTable), Ring: data.Ring, Now: time.Now, Rand: rand.Reader})
	if err != nil {
		data.Close()
		return nil, nil, data.explain(err)
	}
	return l, data, nil
}

// compaction is how the open data is compacted.
func (d *dataDir) compaction() ledger.Compaction {
	if d.deployed != nil {
		return inDynamoDB
	}
	return onOneMachine
}

func newLedgerCompact(a *admin) *cobra.Command {
	var all, shrink bool
	c := &cobra.Command{
		Use:   "compact",
		Short: "Merge small segments into big ones",
		Long: `Merge small segments into big ones, until nothing is left to do. A server and a
deployment do so by themselves, bit by bit; this does it at once, also beside them.
Records, their RIDs and the marks of clients stay what they are.

A database file does not give room back that has become free: new records use it.
--shrink writes the file anew, without it; no server may have the directory open,
and the disk needs room for a second file meanwhile.`,
		Example: "  docket ledger compact --data /var/lib/docket\n  docket ledger compact --data /var/lib/docket --all --shrink\n  docket ledger compact --aws --stack Docket",
		Args:    takes(),
		RunE: func(c *cobra.Command, _ []string) error {
			sum, err := a.compact(c.Context(), all)
			if err != nil {
				return err
			}
			var sizes [2]int64
			if shrink {
				if sizes, err = a.shrink(c.Context()); err != nil {
					return err
				}
			}
			return a.printCompacted(sum, shrink, sizes)
		},
	}
	c.Flags().BoolVar(&all, "all", false, "merge also what is few: the best packing, paid with writing more")
	c.Flags().BoolVar(&shrink, "shrink", false, "write the database file anew, without the room that is free in it")
	return c
}

func (a *admin) compact(ctx context.Context, all bool) (compactor.Sum, error) {
	l, data, err := a.openLedger(ctx)
	if err != nil {
		return compactor.Sum{}, err
	}
	defer data.Close()
	options := data.compaction()
	options.All = all
	p := newProgress(a.world, -1, "compacting")
	defer p.end()
	var done int64
	co := compactor.New(compactor.Config{Ledger: l, Options: options, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	sum, err := co.Sweep(ctx, time.Time{}, func(r ledger.Round, _ time.Duration) error {
		done += int64(r.Records)
		p.records(done)
		return nil
	})
	return sum, data.explain(err)
}

func (a *admin) printCompacted(s compactor.Sum, shrunk bool, sizes [2]int64) error {
	if a.json {
		v := map[string]any{
			"merged": s.Merged, "segments": s.Segments, "records": s.Records, "bytesBefore": s.Before, "bytesAfter": s.After,
			"adopted": s.Adopted, "tombstones": s.Swept, "removed": s.Removed, "busyShards": s.Busy,
			"debtItems": s.Debt.Items, "debtBytes": s.Debt.Bytes,
		}
		if shrunk {
			v["fileBefore"], v["fileAfter"] = sizes[0], sizes[1]
		}
		return a.printJSON(v)
	}
	if s.Busy > 0 {
		fmt.Fprintf(a.stderr, "docket: another process is compacting %d shard(s); they were left to it\n", s.Busy)
	}
	if s.Merged == 0 {
		fmt.Fprintln(a.stdout, "nothing to merge")
	} else {
		fmt.Fprintf(a.stdout, "merged %s segments into %s: %s records, %s bytes before, %s after\n", grouped(int64(s.Merged)), grouped(int64(s.Segments)),
			grouped(int64(s.Records)), grouped(s.Before), grouped(s.After))
	}
	if shrunk {
		fmt.Fprintf(a.stdout, "shrank the database file from %s to %s bytes\n", grouped(sizes[0]), grouped(sizes[1]))
	}
	return nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"docket/shared/ledger"

	"github.com/spf13/cobra"
)

func newLedgerStatus(a *admin) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show what the shards of the ledger hold",
		Long: `Show what the shards of the ledger hold: how many records, in how many segments,
how many bytes a record takes, and what lies behind the manifest, small and not yet
compacted.`,
		Example: "  docket ledger status --data /var/lib/docket\n  docket ledger status --aws --json",
		Args:    takes(),
		RunE: func(c *cobra.Command, _ []string) error {
			l, data, err := a.openLedger(c.Context())
			if err != nil {
				return err
			}
			defer data.Close()
			list, err := l.Status(c.Context())
			if err != nil {
				return data.explain(err)
			}
			return a.printLedgerStatus(l, list)
		},
	}
}

// shardJSON is a shard in the output of --json.
type shardJSON struct {
	Shard     int     `json:"shard"`
	Records   uint64  `json:"records"`
	Listed    uint64  `json:"listedRecords"`
	Segments  int     `json:"segments"`
	Merged    int     `json:"mergedSegments"`
	Bytes     int64   `json:"bytes"`
	PerRecord float64 `json:"bytesPerRecord"`
	DebtItems int     `json:"debtItems"`
	DebtBytes int     `json:"debtBytes"`
	Waiting   int     `json:"waitingForRemoval"`
	Damaged   string  `json:"damagedManifest,omitempty"`
}

func (a *admin) printLedgerStatus(l *ledger.Ledger, list []ledger.ShardStatus) error {
	shards := make([]shardJSON, len(list))
	total := shardJSON{}
	for i, s := range list {
		shards[i] = shardJSON{
			Shard: int(s.Shard), Records: s.Records, Listed: uint64(s.High), Segments: s.Segments, Merged: s.Merged, Bytes: s.Bytes,
			PerRecord: per(s.Bytes, s.Records), DebtItems: s.Debt.Items, DebtBytes: s.Debt.Bytes, Waiting: s.Waiting, Damaged: s.Damaged,
		}
		total.Records += s.Records
		total.Segments += s.Segments
		total.Bytes += s.Bytes
		total.DebtItems += s.Debt.Items
		total.DebtBytes += s.Debt.Bytes
	}
	if a.json {
		return a.printJSON(map[string]any{
			"epoch": strconv.FormatUint(uint64(l.Epoch()), 10), "shards": shards, "records": total.Records, "bytes": total.Bytes,
			"bytesPerRecord": per(total.Bytes, total.Records), "debtItems": total.DebtItems, "debtBytes": total.DebtBytes,
		})
	}
	rows := make([][]string, 0, len(shards)+1)
	row := func(name string, s shardJSON) {
		rows = append(rows, []string{
			name, grouped(int64(s.Records)), grouped(int64(s.Segments)), grouped(s.Bytes), fmt.Sprintf("%.1f", per(s.Bytes, s.Records)),
			fmt.Sprintf("%s (%s bytes)", grouped(int64(s.DebtItems)), grouped(int64(s.DebtBytes))), s.Damaged,
		})
	}
	for _, s := range shards {
		row(strconv.Itoa(s.Shard), s)
	}
	row("all", total)
	return a.printTable("SHARD\tRECORDS\tLISTED SEGMENTS\tBYTES\tBYTES A RECORD\tNOT LISTED\t", rows)
}

func per(bytes int64, records uint64) float64 {
	if records == 0 {
		return 0
	}
	return float64(bytes) / float64(records)
}

func newLedgerCheck(a *admin) *cobra.Command {
	var rebuild bool
	c := &cobra.Command{
		Use:   "check",
		Short: "Read everything that is stored and report what is wrong",
		Long: `Read everything that is stored, decode it, and report damage, holes, overlaps and
what the manifests say otherwise than the logs. It changes nothing and may run beside
a server. The exit code is 3 if there is a finding.

--rebuild makes the manifests again from the logs alone, before checking. They are
derived data: searches are faster with them, nothing depends on them.`,
		Example: "  docket ledger check --data /var/lib/docket\n  docket ledger check --data /var/lib/docket --rebuild\n  docket ledger check --aws --json",
		Args:    takes(),
		RunE: func(c *cobra.Command, _ []string) error {
			l, data, err := a.openLedger(c.Context())
			if err != nil {
				return err
			}
			defer data.Close()
			if rebuild {
				if err := a.rebuild(c.Context(), l, data); err != nil {
					return data.explain(err)
				}
			}
			return a.check(c.Context(), l, data)
		},
	}
	c.Flags().BoolVar(&rebuild, "rebuild", false, "make the manifests again from the logs first")
	return c
}

func (a *admin) rebuild(ctx context.Context, l *ledger.Ledger, data *dataDir) error {
	n, err := l.Shards(ctx)
	if err != nil {
		return err
	}
	for s := range ledger.Shard(n) {
		if err := l.Rebuild(ctx, s, data.compaction()); err != nil {
			return err
		}
	}
	return nil
}

// findingJSON is a finding in the output of --json.
type findingJSON struct {
	Kind  string `json:"kind"`
	Shard int    `json:"shard"`
	First uint64 `json:"first"`
	End   uint64 `json:"end,omitempty"`
	Text  string `json:"text"`
}

func (a *admin) check(ctx context.Context, l *ledger.Ledger, data *dataDir) error {
	p := newProgress(a.world, -1, "checking")
	findings := []findingJSON{}
	var passed int64
	var before ledger.Position
	sum, err := l.Check(ctx, ledger.CheckOptions{
		Report: func(f ledger.Finding) {
			findings = append(findings, findingJSON{string(f.Kind), int(f.Shard), uint64(f.First), uint64(f.End), f.Text})
			if !a.json {
				fmt.Fprintln(a.stdout, f)
			}
		},
		Progress: func(_ ledger.Shard, at, _ ledger.Position) {
			if at < before {
				before = 0
			}
			passed += int64(at - before)
			before = at
			p.records(passed)
		},
	})
	p.end()
	if err != nil {
		return data.explain(err)
	}
	if a.json {
		if err := a.printJSON(map[string]any{
			"records": sum.Records, "segments": sum.Segments, "bytes": sum.Bytes, "tombstones": sum.Tombstones,
			"entries": sum.Entries, "tokens": sum.Tokens, "findings": findings,
		}); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(a.stdout, "read %s records in %s segments of %s bytes, %s entries of manifests, %s keys: %s\n", grouped(int64(sum.Records)),
			grouped(int64(sum.Segments)), grouped(sum.Bytes), grouped(int64(sum.Entries)), grouped(int64(sum.Tokens)), verdict(sum.Findings))
	}
	if sum.Findings > 0 {
		return &exitError{exitFinding, errors.New("the ledger has findings: see docs/operations.md on damage")}
	}
	return nil
}

func verdict(findings int) string {
	if findings == 0 {
		return "no finding"
	}
	return fmt.Sprintf("%d finding(s)", findings)
}

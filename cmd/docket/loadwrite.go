package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"docket/shared/generate"
	"docket/shared/wire"
)

type loadWriteFlags struct {
	loadFlags
	records int
	batch   int
	pool    int
	seed    uint64
	plans   []string
	keys    bool
}

func newLoadWriteCommand(w world) *cobra.Command {
	var f loadWriteFlags
	c := &cobra.Command{
		Use:   "write",
		Short: "Write generated records",
		Long: `Write generated records, all of them durable when the command ends.

The requests are made before the time is taken. Of a long load only the first
--pool requests are different; then they come again, as records of their own.`,
		Example: `  docket load write --records 1000000 --connections 8
  docket load write --records 2000 --batch 1`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runLoadWrite(c.Context(), w, f) },
	}
	fl := c.Flags()
	fl.IntVar(&f.records, "records", 200_000, "records to write")
	fl.IntVar(&f.batch, "batch", 1000, "records a request")
	fl.IntVar(&f.pool, "pool", 200, "different requests to make at most")
	fl.Uint64Var(&f.seed, "seed", 1, "seed of the generated records")
	fl.StringArrayVar(&f.plans, "plan", nil, "monitoring plan of the records (repeatable)")
	fl.BoolVar(&f.keys, "keys", false, "send an Idempotency-Key with every request")
	f.add(c, w, 8)
	return c
}

func runLoadWrite(ctx context.Context, w world, f loadWriteFlags) error {
	if f.records < 1 || f.batch < 1 || f.pool < 1 {
		return &exitError{exitUsage, fmt.Errorf("--records, --batch and --pool must be at least 1")}
	}
	server, err := f.client(w)
	if err != nil {
		return err
	}
	requests := (f.records + f.batch - 1) / f.batch
	bodies, err := f.bodies(server.Format(), min(requests, f.pool))
	if err != nil {
		return err
	}
	write := server.WriteOnce
	if f.keys {
		write = func(ctx context.Context, body []byte) error { return server.Write(ctx, body, "") }
	}
	var next atomic.Int64
	var m meter
	started := time.Now()
	err = f.each(ctx, func(ctx context.Context, _ int) error {
		for {
			i := int(next.Add(1)) - 1
			if i >= requests {
				return nil
			}
			body := bodies[i%len(bodies)]
			begun := time.Now()
			if err := write(ctx, body); err != nil {
				return err
			}
			m.add(time.Since(begun), f.batch, len(body))
		}
	})
	if err != nil {
		return explain(err)
	}
	return f.print(w, m.figure(fmt.Sprintf("write, %d a request", f.batch), time.Since(started)))
}

// bodies makes n different requests.
func (f *loadWriteFlags) bodies(format wire.Format, n int) ([][]byte, error) {
	g, err := generate.New(generate.Config{N: n * f.batch, Seed: f.seed, Plans: f.plans})
	if err != nil {
		return nil, err
	}
	bodies := make([][]byte, n)
	for i := range bodies {
		bodies[i] = wire.AppendRecords(nil, format, g.Records(f.batch))
	}
	return bodies, nil
}

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"docket/shared/client"
	"docket/shared/wire"
)

func init() { commands = append(commands, newLoadCommand) }

// loadFlags are common to all loads.
type loadFlags struct {
	remote      remoteFlags
	connections int
	json        bool
	format      string
}

func newLoadCommand(w world) *cobra.Command {
	c := &cobra.Command{
		Use:   "load",
		Short: "Put load on a server and measure it",
		Long: `Put load on a server, as several clients at a time, and print what it did: how
much a second, and the times from request to the end of the answer.

The figures include this program, which takes processor time of its own; on the
server's machine they are lower than what the server can do.`,
	}
	c.AddCommand(newLoadWriteCommand(w), newLoadEnumCommand(w), newLoadPollCommand(w), newLoadSearchCommand(w))
	return c
}

func (f *loadFlags) add(c *cobra.Command, w world, connections int) {
	fl := c.Flags()
	fl.IntVarP(&f.connections, "connections", "c", connections, "requests at a time")
	fl.StringVar(&f.format, "format", "json", "json or xml")
	fl.BoolVar(&f.json, "json", false, "print the figures as JSON")
	f.remote.add(c, w)
}

const maxConnections = 10_000

func (f *loadFlags) client(w world) (*client.Client, error) {
	if f.connections < 1 || f.connections > maxConnections {
		return nil, &exitError{exitUsage, fmt.Errorf("--connections must be from 1 to %d", maxConnections)}
	}
	format := wire.JSON
	switch f.format {
	case "json":
	case "xml":
		format = wire.XML
	default:
		return nil, &exitError{exitUsage, fmt.Errorf("--format %q: use json or xml", f.format)}
	}
	f.remote.connections = f.connections
	return f.remote.client(w, format)
}

// figure is what one load did.
type figure struct {
	Load     string  `json:"load"`
	Requests int     `json:"requests"`
	Records  int64   `json:"records"`
	Bytes    int64   `json:"bytes"` // of bodies, as sent or received before compression
	Seconds  float64 `json:"seconds"`

	RequestsPerSecond float64 `json:"requestsPerSecond"`
	RecordsPerSecond  float64 `json:"recordsPerSecond"`

	Milliseconds percentiles `json:"milliseconds"` // of a request
}

type percentiles struct {
	P50 float64 `json:"p50"`
	P90 float64 `json:"p90"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// meter collects what requests did.
type meter struct {
	mu      sync.Mutex
	times   []time.Duration
	records int64
	bytes   int64
}

func (m *meter) add(took time.Duration, records, bytes int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.times = append(m.times, took)
	m.records += int64(records)
	m.bytes += int64(bytes)
}

func (m *meter) figure(name string, took time.Duration) figure {
	f := figure{Load: name, Requests: len(m.times), Records: m.records, Bytes: m.bytes, Seconds: took.Seconds()}
	if took > 0 {
		f.RequestsPerSecond = float64(f.Requests) / f.Seconds
		f.RecordsPerSecond = float64(f.Records) / f.Seconds
	}
	f.Milliseconds = newPercentiles(m.times)
	return f
}

func newPercentiles(times []time.Duration) percentiles {
	if len(times) == 0 {
		return percentiles{}
	}
	sorted := slices.Sorted(slices.Values(times))
	at := func(percent int) float64 {
		return float64(sorted[(len(sorted)-1)*percent/100]) / float64(time.Millisecond)
	}
	return percentiles{at(50), at(90), at(99), at(100)}
}

// each runs work on as many goroutines as there are connections until all have
// ended, and gives the first error.
func (f *loadFlags) each(ctx context.Context, work func(ctx context.Context, connection int) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	failed := make(chan error, f.connections)
	for i := range f.connections {
		go func() { failed <- work(ctx, i) }()
	}
	var first error
	for range f.connections {
		if err := <-failed; err != nil && first == nil {
			first = err
			cancel()
		}
	}
	return first
}

func (f *loadFlags) print(w world, figures ...figure) error {
	if f.json {
		enc := json.NewEncoder(w.stdout)
		for _, fig := range figures {
			if err := enc.Encode(fig); err != nil {
				return err
			}
		}
		return nil
	}
	t := tabwriter.NewWriter(w.stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "requests\trecords\tMB\tseconds\trequests/s\trecords/s\tp50 ms\tp90 ms\tp99 ms\tmax ms\t  load")
	for _, g := range figures {
		m := g.Milliseconds
		fmt.Fprintf(t, "%s\t%s\t%.1f\t%.2f\t%s\t%s\t%.2f\t%.2f\t%.2f\t%.2f\t  %s\n", grouped(int64(g.Requests)), grouped(g.Records),
			float64(g.Bytes)/1e6, g.Seconds, grouped(int64(g.RequestsPerSecond)), grouped(int64(g.RecordsPerSecond)), m.P50, m.P90, m.P99, m.Max, g.Load)
	}
	return t.Flush()
}

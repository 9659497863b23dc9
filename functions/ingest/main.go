// The ingest function takes messages of queues – records that applications send,
// notifications of objects in S3, events of EventBridge – and stores what they hold,
// each record once. It answers with the messages that must be delivered again.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"docket/functions/internal/shell"
	"docket/shared/access"
	"docket/shared/activity"
	"docket/shared/delivery"
	"docket/shared/environment"
	"docket/shared/ingest"
	"docket/shared/keys"
	"docket/shared/ledger"
	"docket/shared/source"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

func main() { shell.Start(newHandler) }

// cacheBytes is for segments that are read when a delivery turns out to be a
// repetition. Little: most are not.
const cacheBytes = 16 << 20

const (
	// workers is how many messages are worked on at a time. What they store goes
	// together, so there are as many as one transaction has room for keys.
	workers = 96
	// flights is how many such transactions are under way at a time: while one is
	// being stored, what goes with the next is read.
	flights = 2
)

func newHandler(ctx context.Context) (any, error) {
	env, err := shell.Read(os.Getenv, environment.RecordsTable, environment.DirectoryTable, environment.KeysSecret, environment.MaxReceives)
	if err != nil {
		return nil, err
	}
	receives, err := strconv.Atoi(env.Get(environment.MaxReceives))
	if err != nil || receives < 1 {
		return nil, fmt.Errorf("%s=%q: use a number from 1 on", environment.MaxReceives, env.Get(environment.MaxReceives))
	}
	queues, err := readQueues(os.Getenv)
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
	metrics := shell.NewMetrics(os.Stdout, time.Now)
	config, err := newIngestConfig(ctx, env, ring, metrics)
	if err != nil {
		return nil, err
	}
	h := &handler{queues: queues, now: time.Now, metrics: metrics}
	h.deliverer = delivery.New(delivery.Config{
		Ingest:  config,
		Objects: &objects{s3.NewFromConfig(env.AWS())}, Letters: &letters{sqs.NewFromConfig(env.AWS()), queues},
		Buckets: list(os.Getenv(environment.Buckets)), Accounts: list(os.Getenv(environment.Accounts)),
		MaxReceives: receives, Workers: workers, Now: time.Now, Log: env.Log,
	})
	return h.handle, nil
}

// newIngestConfig opens the ledger and finds the plan and the mapping.
func newIngestConfig(ctx context.Context, env *shell.Environment, ring *keys.Ring, metrics *shell.Metrics) (ingest.Config, error) {
	l, err := ledger.Open(ctx, ledger.Config{
		Table: env.Table(environment.RecordsTable), Ring: ring, Now: time.Now, Rand: rand.Reader, Log: env.Log, CacheBytes: cacheBytes,
		Conflict: func(ctx context.Context) { metrics.Count(ctx, environment.AppendConflicts) },
	})
	if err != nil {
		return ingest.Config{}, err
	}
	directory := access.Open(env.Table(environment.DirectoryTable), time.Now)
	c := ingest.Config{Ledger: shell.WatchDamage(ingest.Gather(l, flights), metrics.Count), FindPlan: func(ctx context.Context, given activity.Plan) (activity.Plan, bool, error) {
		snapshot, err := directory.Snapshot(ctx)
		if err != nil {
			return activity.Plan{}, false, err
		}
		p, ok := snapshot.Plan(given.Name, given.ID)
		return activity.Plan{ID: p.ID, Name: p.Name}, ok && p.Enabled, nil
	}}
	if c.Mapping, err = readMapping(list(os.Getenv(environment.Mapping))); err != nil {
		return c, err
	}
	if name := os.Getenv(environment.IngestPlan); name != "" {
		snapshot, err := directory.Snapshot(ctx)
		if err != nil {
			return c, err
		}
		p, ok := snapshot.FindPlan(name)
		if !ok {
			return c, fmt.Errorf("%s=%q: there is no such plan", environment.IngestPlan, name)
		}
		c.Plan = activity.Plan{ID: p.ID, Name: p.Name}
	}
	return c, nil
}

// readMapping reads the files of the deployment in front of the built-in rules.
func readMapping(names []string) (*source.Mapping, error) {
	var texts [][]byte
	for _, name := range names {
		file, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", environment.Mapping, err)
		}
		text, err := io.ReadAll(io.LimitReader(file, source.MaxMapping+1))
		if err := errors.Join(err, file.Close()); err != nil {
			return nil, fmt.Errorf("%s: read %s: %w", environment.Mapping, name, err)
		}
		texts = append(texts, text)
	}
	m, err := source.NewMapping(texts...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", environment.Mapping, err)
	}
	return m, nil
}

// list is what a variable holds between commas.
func list(text string) []string {
	var all []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			all = append(all, part)
		}
	}
	return all
}

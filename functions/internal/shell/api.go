package shell

import (
	"context"
	"crypto/rand"
	"os"
	"time"

	"docket/shared/access"
	"docket/shared/api"
	"docket/shared/environment"
	"docket/shared/keys"
	"docket/shared/ledger"
	"docket/shared/mark"
	"docket/shared/search"
)

// limits are those of a function behind API Gateway: an event and an answer
// have 6 MB at most, in which a body is base64 (four bytes for three) or a JSON
// text (two bytes for one, at worst). A function has one request at a time.
var limits = api.Limits{
	Body: 64 << 20, // of an expanded body; API Gateway bounds what is sent
	Page: 2_800_000,
	Held: 256 << 20,
	Wait: time.Second,
	Work: 25 * time.Second,
}

// cacheBytes is for opened segments: a fifth of the memory of the function.
const cacheBytes = 256 << 20

// parts are what endpoints are made of.
type parts struct {
	env  *Environment
	ring *keys.Ring
}

func load(ctx context.Context, names ...string) (*parts, error) {
	env, err := Read(os.Getenv, append(names, environment.DirectoryTable, environment.KeysSecret, environment.RecordsTable)...)
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
	return &parts{env, ring}, nil
}

// handler assembles the API with its ledger and, for reading, the engine.
func (p *parts) handler(ctx context.Context, reader func(*ledger.Ledger) api.Reader) (ProxyHandler, error) {
	metrics := NewMetrics(os.Stdout, time.Now)
	l, err := ledger.Open(ctx, ledger.Config{
		Table: p.env.Table(environment.RecordsTable), Ring: p.ring, Now: time.Now, Rand: rand.Reader, Log: p.env.Log, CacheBytes: cacheBytes,
		Conflict: func(ctx context.Context) { metrics.Count(ctx, environment.AppendConflicts) },
	})
	if err != nil {
		return nil, err
	}
	h := api.New(api.Config{
		Guard: Authorized{}, Directory: access.Open(p.env.Table(environment.DirectoryTable), time.Now),
		Writer: watchedWriter{l, metrics.Count}, Reader: watchedReader{reader(l), metrics.Count}, Limits: limits, Now: time.Now, Rand: rand.Reader, Log: p.env.Log,
	})
	return Proxy(h, metrics.Consumed), nil
}

// Reading makes the handler of enum and of search.
func Reading(ctx context.Context) (any, error) {
	p, err := load(ctx, environment.StateTable, environment.TimeZone)
	if err != nil {
		return nil, err
	}
	zone, err := p.env.Zone(environment.TimeZone)
	if err != nil {
		return nil, err
	}
	return p.handler(ctx, func(l *ledger.Ledger) api.Reader {
		return search.New(search.Config{
			Ledger: l, Marks: mark.NewCodec(p.ring, rand.Reader), State: p.env.Table(environment.StateTable), Ring: p.ring,
			Now: time.Now, Zone: zone, Log: p.env.Log, Workers: search.RemoteWorkers,
		})
	})
}

// Writing makes the handler of write.
func Writing(ctx context.Context) (any, error) {
	p, err := load(ctx)
	if err != nil {
		return nil, err
	}
	return p.handler(ctx, func(*ledger.Ledger) api.Reader { return nil })
}

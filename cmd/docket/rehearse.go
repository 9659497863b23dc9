package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"sync"
	"time"

	"docket/shared/access"
	"docket/shared/auth"
	"docket/shared/environment"
	"docket/shared/gateway"
	"docket/shared/keys"
	"docket/shared/ledger"
	"docket/shared/table/dynamo"
	"docket/shared/table/dynamo/dynamolocal"

	"github.com/spf13/cobra"
)

func init() { commands = append(commands, newRehearseCommand) }

type rehearseFlags struct {
	listen, services, assembly, binaries, logLevel string
	drop, auth, tables                             string
	visibility, every                              time.Duration
	repeat                                         float64
	tickets                                        ticketFlags
}

func newRehearseCommand(w world) *cobra.Command {
	var f rehearseFlags
	c := &cobra.Command{
		Use:   "rehearse",
		Short: "Run the AWS deployment on this machine, with the demo accounts and records",
		Long: `Run the synthesized AWS deployment on this machine: its functions as the built
binaries, its tables in DynamoDB Local, and between the client and them a gateway
that does what API Gateway does. make rehearse builds all that it needs. Nothing
is kept when it ends. With --tables memory the tables are in this process: many
times faster, and without Java, but DynamoDB Local is the better judge.

Where the templates have queues, a bucket or rules, those are there too, and their
messages go to the functions as Lambda takes them. Clients of AWS reach them with
AWS_ENDPOINT_URL set to the address of --services, and so do docket's own commands
with --endpoint.`,
		Example: "  make rehearse\n  docket rehearse --listen 127.0.0.1:9700 --assembly cdk.out --binaries bin/rehearsal\n  docket dlq list --endpoint http://127.0.0.1:9701",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return rehearse(c.Context(), w, f) },
	}
	c.Flags().StringVar(&f.listen, "listen", "127.0.0.1:9700", "address and port to listen on, plain HTTP")
	c.Flags().StringVar(&f.services, "services", "127.0.0.1:9701", "address and port of the twins of AWS's services, plain HTTP")
	c.Flags().StringVar(&f.drop, "drop", "", "folder that stands in for uploads: files put into it become objects of the bucket")
	c.Flags().DurationVar(&f.visibility, "visibility", 0, "visibility timeout of all queues, instead of that of the templates")
	c.Flags().DurationVar(&f.every, "every", 0, "how often functions with a schedule are called, instead of that of the templates")
	c.Flags().Float64Var(&f.repeat, "repeat", 0, "share of messages that are delivered again although they were done, 0 to 1")
	c.Flags().StringVar(&f.auth, "auth", "", "authentication schemes to offer, instead of those of the templates")
	c.Flags().StringVar(&f.tables, "tables", localTables, "where the tables are: local (DynamoDB Local) or memory")
	f.tickets.add(c)
	c.Flags().StringVar(&f.assembly, "assembly", "cdk.out", "folder with the synthesized templates")
	c.Flags().StringVar(&f.binaries, "binaries", "bin/rehearsal", "folder with a bootstrap for each function, built for this machine")
	c.Flags().StringVar(&f.logLevel, "log", "info", "least level that is logged to standard error: debug, info, warn, error")
	return c
}

// rehearsal is what has to be stopped in the end.
type rehearsal struct {
	engine   *dynamolocal.Engine // nil if the tables are in memory
	front    *http.Server        // of the services
	address  string              // theirs
	services *gateway.Services
	gateway  *gateway.Gateway
	cancel   context.CancelFunc // of what runs beside requests
	running  sync.WaitGroup
}

func (f *rehearseFlags) check() error {
	switch {
	case f.repeat < 0 || f.repeat > 1:
		return &exitError{exitUsage, errors.New("--repeat must be from 0 to 1")}
	case f.visibility < 0 || f.every < 0:
		return &exitError{exitUsage, errors.New("--visibility and --every must not be negative")}
	case f.tables != localTables && f.tables != memoryTables:
		return &exitError{exitUsage, fmt.Errorf("--tables %q: use %s or %s", f.tables, localTables, memoryTables)}
	}
	if f.auth != "" {
		if _, err := auth.ParseSchemes(f.auth); err != nil {
			return &exitError{exitUsage, fmt.Errorf("--auth: %w", err)}
		}
	}
	_, err := f.tickets.read() // said here, and not in the log of a function
	return err
}

// variables are those of every function beside what the templates give it.
func (f *rehearseFlags) variables(r *rehearsal) (map[string]string, error) {
	v := map[string]string{"AWS_ENDPOINT_URL": r.address, "AWS_ENDPOINT_URL_DYNAMODB": r.address}
	if r.engine != nil {
		v["AWS_ENDPOINT_URL_DYNAMODB"] = r.engine.Endpoint
	}
	if f.auth != "" {
		v[environment.Schemes] = f.auth
	}
	tickets, err := f.tickets.variables()
	maps.Copy(v, tickets)
	return v, err
}

func rehearse(ctx context.Context, w world, f rehearseFlags) error {
	if err := f.check(); err != nil {
		return err
	}
	log, err := newLogger(w, f.logLevel)
	if err != nil {
		return err
	}
	r := &rehearsal{}
	defer r.close()
	if err := r.start(ctx, w, f, log); err != nil {
		return err
	}
	if err := r.run(ctx, f, log); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", f.listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w (use --listen to choose another address)", f.listen, err)
	}
	address := "http://" + listener.Addr().String()
	fmt.Fprintf(w.stdout, "AWS services: %s (AWS_ENDPOINT_URL, or docket's --endpoint)\n", r.address)
	fmt.Fprintf(w.stdout, "Docket listens on %s (rehearsal of the AWS deployment; nothing is kept)\n", address)
	printDemo(w.stdout, address, serveFlags{http: true})
	return serveUntilDone(ctx, listener, r.gateway, log)
}

// start brings the engines up from below: tables, secret, queues, demo, gateway.
func (r *rehearsal) start(ctx context.Context, w world, f rehearseFlags, log *slog.Logger) error {
	names, err := gateway.Stateful(f.assembly)
	if err != nil {
		return err
	}
	physical := map[string]string{}
	for id := range names {
		physical[id] = id
	}
	database, err := r.database(ctx, f, names)
	if err != nil {
		return err
	}
	document := fmt.Sprintf(`{"realm":%q,"seed":%q}`, realm, rand.Text()+rand.Text())
	if err := r.serve(f, physical, database, document, log); err != nil {
		return err
	}
	if err := r.seed(ctx, names, document, log); err != nil {
		return err
	}
	variables, err := f.variables(r)
	if err != nil {
		return err
	}
	r.gateway, err = gateway.New(gateway.Config{
		Assembly: f.assembly, Binaries: f.binaries, Services: r.services, Every: f.every,
		Variables: variables,
		Stderr:    &locked{w: w}, Rand: rand.Reader, Now: time.Now, Log: log,
		ColdStart: func(function string, took time.Duration) {
			log.Info("cold start", "function", function, "took", took)
		},
	})
	return err
}

// locked lets processes print at the same time.
type locked struct {
	mu sync.Mutex
	w  world
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.stderr.Write(p)
}

// seed puts the demo into the tables.
func (r *rehearsal) seed(ctx context.Context, names map[string]gateway.Kind, document string, log *slog.Logger) error {
	ring, err := keys.Parse([]byte(document))
	if err != nil {
		return err
	}
	find := func(prefix string) (string, error) {
		for id, kind := range names {
			if kind == gateway.Table && len(id) > len(prefix) && id[:len(prefix)] == prefix {
				return id, nil
			}
		}
		return "", fmt.Errorf("the assembly has no table %s", prefix)
	}
	records, err1 := find("Records")
	directory, err2 := find("Directory")
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	l, err := ledger.Open(ctx, ledger.Config{
		Table: dynamo.New(r.config(), records, dynamo.Options{}), Ring: ring, Now: time.Now, Rand: rand.Reader, Log: log,
	})
	if err != nil {
		return err
	}
	s := &seeder{access.Open(dynamo.New(r.config(), directory, dynamo.Options{}), time.Now), l, ring}
	return s.seedDemo(ctx, "docket rehearse")
}

func (r *rehearsal) close() {
	if r.cancel != nil {
		r.cancel()
	}
	if r.gateway != nil {
		r.gateway.Close() // ends the functions that still work on messages
	}
	r.running.Wait()
	if r.front != nil {
		_ = r.front.Close() // its connections are those of functions that have ended
	}
	if r.services != nil {
		_ = r.services.Close() // a temporary folder that stays costs only space
	}
	if r.engine != nil {
		r.engine.Stop()
	}
}

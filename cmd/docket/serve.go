package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"docket/shared/access"
	"docket/shared/api"
	"docket/shared/auth"
	"docket/shared/ledger"
	"docket/shared/mark"
	"docket/shared/search"

	"github.com/spf13/cobra"
)

func init() { commands = append(commands, newServeCommand) }

// serveFlags are the settings of the local server.
type serveFlags struct {
	listen   string
	data     string
	http     bool
	demo     bool
	auth     string
	tickets  ticketFlags
	zone     string
	cacheMiB int64
	logLevel string
	watch    watchFlags
	compact  compactFlags
}

const (
	// grace is how long requests in flight may take after a signal to stop.
	grace = 30 * time.Second
	// headerTime and idleTime bound connections that send nothing.
	headerTime = 10 * time.Second
	idleTime   = 2 * time.Minute
	// writeTime only bounds a connection as a whole: each answer sets a
	// deadline of its own by its size.
	writeTime = time.Hour
	// headerBytes is what API Gateway takes, rounded up.
	headerBytes = 16 << 10
)

func newServeCommand(w world) *cobra.Command {
	var f serveFlags
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run the audit database on this machine",
		Long: `Run the audit database on this machine, over HTTPS with a self-signed
certificate that is made on the first start and kept in the data directory.

On a new data directory one Global administrator is created and its password
printed once. Accounts, groups, roles and plans are managed with the other
commands, also while the server runs.

With --watch files are taken from a folder: each when it was not changed for some
seconds or was renamed into it. Finished files are moved to done/ in it, those with
refused records to failed/ with a report beside them. What is stored is stored once,
also when the server was killed meanwhile.

Small segments are merged into big ones between the requests; --compact says how
much of a processor that may take, and docket ledger status how far it is.

SIGTERM or Ctrl-C ends it after the requests in flight.`,
		Example: `  docket serve --data /var/lib/docket
  docket serve --listen 0.0.0.0:9699 --data /var/lib/docket
  docket serve --data /var/lib/docket --watch /var/spool/docket
  docket serve --data data/demo --demo --http`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return serve(c.Context(), w, f) },
	}
	fl := c.Flags()
	fl.StringVar(&f.listen, "listen", "127.0.0.1:9699", "address and port to listen on")
	fl.StringVar(&f.data, "data", defaultData(w), "data directory; made if it does not exist")
	fl.BoolVar(&f.http, "http", false, "plain HTTP instead of HTTPS")
	fl.BoolVar(&f.demo, "demo", false, "add the demo accounts, plans and records (never for real data)")
	fl.StringVar(&f.auth, "auth", "digest,basic", "authentication schemes to offer: basic, digest, digest-md5, digest-sha-256, ntlm, negotiate")
	f.tickets.add(c)
	fl.StringVar(&f.zone, "time-zone", "UTC", "time zone of Today and Yesterday in searches, as in Europe/Zurich")
	fl.Int64Var(&f.cacheMiB, "cache", 64, "memory for decoded records, in MiB; with more than 64, searches run from memory")
	fl.StringVar(&f.logLevel, "log", "info", "least level that is logged to standard error: debug, info, warn, error")
	f.watch.add(c)
	f.compact.add(c)
	return c
}

// serve runs until the context ends.
func serve(ctx context.Context, w world, f serveFlags) error {
	if err := f.compact.check(); err != nil {
		return err
	}
	log, err := newLogger(w, f.logLevel)
	if err != nil {
		return err
	}
	if f.demo && !isLoopback(f.listen) {
		log.Warn("demo accounts have published passwords and this address is reachable from elsewhere", "listen", f.listen)
	}
	data, err := createData(f.data)
	if err != nil {
		return err
	}
	defer data.Close()
	n, err := newNode(ctx, f, data, log)
	if err != nil {
		return err
	}
	admin, err := n.prepare(ctx, f)
	if err != nil {
		return err
	}
	listener, url, err := listen(f)
	if err != nil {
		return err
	}
	socket, err := data.ServeSocket()
	if err != nil {
		listener.Close()
		return err
	}
	defer socket.Close()
	printBanner(w.stdout, url, f, admin) // first of all: a password in it is not shown again
	stopWatching, err := f.watch.start(ctx, n, log)
	if err != nil {
		listener.Close()
		return err
	}
	defer stopWatching()
	defer f.compact.start(ctx, n, log)()
	defer n.keepWarm(ctx, f, log)()
	return serveUntilDone(ctx, listener, n.handler, log)
}

// node is a server's parts.
type node struct {
	directory *access.Directory
	ledger    *ledger.Ledger
	handler   http.Handler
	engine    *search.Engine
	data      *dataDir
}

func newNode(ctx context.Context, f serveFlags, data *dataDir, log *slog.Logger) (*node, error) {
	zone, err := time.LoadLocation(f.zone)
	if err != nil {
		return nil, &exitError{exitUsage, fmt.Errorf("--time-zone %q is not known: use a name such as Europe/Zurich", f.zone)}
	}
	schemes, err := auth.ParseSchemes(f.auth)
	if err != nil {
		return nil, &exitError{exitUsage, fmt.Errorf("--auth: %w", err)}
	}
	records, state := data.Table(recordsTable), data.Table(stateTable)
	n := &node{directory: access.Open(data.Table(directoryTable), time.Now), data: data}
	n.ledger, err = ledger.Open(ctx, ledger.Config{
		Table: records, Ring: data.Ring, Now: time.Now, Rand: rand.Reader, Log: log, CacheBytes: f.ledgerCache(),
	})
	if err != nil {
		return nil, err
	}
	tickets, err := f.tickets.read()
	if err != nil {
		return nil, err
	}
	if f.tickets.readableByOthers() {
		log.Warn("others than its owner may read the keytab: chmod 600", "file", f.tickets.keytab)
	}
	if tickets != nil && !slices.Contains(schemes, auth.Negotiate) {
		return nil, &exitError{exitUsage, errors.New("--keytab: tickets come by negotiate: add it to --auth")}
	}
	authenticator, err := auth.New(auth.Config{
		Directory: n.directory, State: state, Ring: data.Ring, Schemes: schemes, Kerberos: tickets, Now: time.Now, Rand: rand.Reader, Log: log,
	})
	if err != nil {
		return nil, err
	}
	n.engine = search.New(search.Config{
		Ledger: n.ledger, Marks: mark.NewCodec(data.Ring, rand.Reader), State: state, Ring: data.Ring, Now: time.Now, Zone: zone, Log: log,
		WarmBytes: f.warmBytes(),
	})
	n.handler = api.New(api.Config{
		Guard: api.Credentials(authenticator), Directory: n.directory, Writer: n.ledger, Reader: n.engine,
		Limits: api.ServeLimits, Now: time.Now, Rand: rand.Reader, Log: log,
	})
	return n, nil
}

// prepare fills a new directory: the demo's contents, or the first
// administrator, whose credentials it returns.
func (n *node) prepare(ctx context.Context, f serveFlags) (*credentials, error) {
	s := &seeder{n.directory, n.ledger, n.data.Ring}
	if f.demo {
		return nil, s.seedDemo(ctx, "docket serve --demo")
	}
	return s.firstAdministrator(ctx)
}

// serveUntilDone serves until the context ends, then finishes the requests in
// flight.
func serveUntilDone(ctx context.Context, listener net.Listener, handler http.Handler, log *slog.Logger) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerTime,
		IdleTimeout:       idleTime,
		WriteTimeout:      writeTime,
		MaxHeaderBytes:    headerBytes,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	log.Info("stopping", "grace", grace)
	ending, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if err := server.Shutdown(ending); err != nil {
		server.Close()
		return fmt.Errorf("stop: %w", err)
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// listen opens the address, with TLS unless --http is given, and returns the
// URL that reaches it.
func listen(f serveFlags) (net.Listener, string, error) {
	l, err := net.Listen("tcp", f.listen)
	if err != nil {
		return nil, "", fmt.Errorf("listen on %s: %w (use --listen to choose another address)", f.listen, err)
	}
	if f.http {
		return l, "http://" + l.Addr().String(), nil
	}
	secure, err := withTLS(l, f.data)
	if err != nil {
		l.Close()
		return nil, "", err
	}
	return secure, "https://" + l.Addr().String(), nil
}

func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

func newLogger(w world, level string) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(strings.ToUpper(level))); err != nil {
		return nil, &exitError{exitUsage, fmt.Errorf("--log %q: use debug, info, warn or error", level)}
	}
	return slog.New(slog.NewJSONHandler(w.stderr, &slog.HandlerOptions{Level: l})), nil
}

package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The errors of an invocation, as API Gateway tells them apart.
var (
	errTimeout  = errors.New("function timed out")
	errFunction = errors.New("function failed")
)

// runtimeVersion is the first part of every path of the Lambda runtime API.
const runtimeVersion = "/2018-06-01/runtime"

// pool runs the processes of one function. A process takes one invocation at
// a time, like an instance of Lambda; where none is idle a new one starts.
type pool struct {
	function
	binary string
	log    *slog.Logger
	stderr io.Writer

	mu        sync.Mutex
	idle      []*instance
	all       map[*instance]bool
	closed    bool
	coldStart func(name string, took time.Duration)
}

// instance is a running process and the runtime API that it talks to.
type instance struct {
	process *exec.Cmd
	server  *http.Server
	next    chan invocation // the work that its GET next waits for
	ready   chan struct{}   // closed at its first GET next
	exited  chan struct{}
	once    sync.Once
	mu      sync.Mutex
	current invocation
}

// invocation is one event on its way to a process.
type invocation struct {
	id       string
	event    []byte
	deadline time.Time
	answer   chan answer
}

type answer struct {
	body   []byte
	failed bool // the function reported an error
}

// invoke runs the function once. It fails with errTimeout or errFunction; both
// cost the instance.
func (p *pool) invoke(ctx context.Context, id string, event []byte) ([]byte, error) {
	in, err := p.take(ctx)
	if err != nil {
		return nil, err
	}
	inv := invocation{id: id, event: event, deadline: time.Now().Add(p.timeout), answer: make(chan answer, 1)}
	timer := time.NewTimer(p.timeout)
	defer timer.Stop()
	select {
	case in.next <- inv:
	case <-in.exited:
		p.drop(in)
		return nil, fmt.Errorf("%s ended before its invocation: %w", p.name, errFunction)
	}
	select {
	case a := <-inv.answer:
		p.give(in)
		if a.failed {
			return a.body, fmt.Errorf("%s reported an error: %w", p.name, errFunction)
		}
		return a.body, nil
	case <-in.exited:
		p.drop(in)
		return nil, fmt.Errorf("%s ended during its invocation: %w", p.name, errFunction)
	case <-timer.C:
		p.drop(in)
		return nil, fmt.Errorf("%s after %s: %w", p.name, p.timeout, errTimeout)
	case <-ctx.Done():
		p.drop(in)
		return nil, fmt.Errorf("%s: %w: %w", p.name, errTimeout, ctx.Err())
	}
}

// take finds an idle instance or starts one.
func (p *pool) take(ctx context.Context) (*instance, error) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, fmt.Errorf("start %s: the gateway is closing: %w", p.name, errFunction)
	}
	if n := len(p.idle); n > 0 {
		in := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		thaw(in.process.Process)
		return in, nil
	}
	p.mu.Unlock()
	return p.start(ctx)
}

// give keeps an instance for the next request, frozen until then.
func (p *pool) give(in *instance) {
	freeze(in.process.Process)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, in)
}

// drop ends an instance for good.
func (p *pool) drop(in *instance) {
	p.mu.Lock()
	delete(p.all, in)
	p.mu.Unlock()
	in.stop()
}

// start runs a process and waits until it asks for work.
func (p *pool) start(ctx context.Context) (*instance, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", p.name, err)
	}
	in := &instance{next: make(chan invocation), ready: make(chan struct{}), exited: make(chan struct{})}
	in.server = &http.Server{Handler: in}
	go func() { _ = in.server.Serve(listener) }() // it ends with ErrServerClosed in stop
	in.process = exec.Command(filepath.Join(p.binary, "bootstrap"))
	in.process.Env = p.variables(listener.Addr().String())
	in.process.Stdout, in.process.Stderr = p.stderr, p.stderr
	begun := time.Now()
	if err := in.process.Start(); err != nil {
		in.server.Close()
		return nil, fmt.Errorf("start %s: %w", p.name, err)
	}
	go func() {
		err := in.process.Wait()
		p.log.Debug("instance ended", "function", p.name, "error", err)
		close(in.exited)
	}()
	p.mu.Lock()
	closed := p.closed
	p.all[in] = true
	p.mu.Unlock()
	if closed {
		p.drop(in)
		return nil, fmt.Errorf("start %s: the gateway is closing: %w", p.name, errFunction)
	}
	select {
	case <-in.ready:
		p.coldStart(p.name, time.Since(begun))
		return in, nil
	case <-in.exited:
		p.drop(in)
		return nil, fmt.Errorf("%s ended while starting: %w", p.name, errFunction)
	case <-ctx.Done():
		p.drop(in)
		return nil, fmt.Errorf("start %s: %w", p.name, errTimeout)
	}
}

// variables are the environment of a process: what Lambda sets, and the
// function's own.
func (p *pool) variables(runtime string) []string {
	env := []string{
		"AWS_LAMBDA_RUNTIME_API=" + runtime, "AWS_LAMBDA_FUNCTION_NAME=" + p.name, "AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=" + strconv.Itoa(p.memory), "AWS_REGION=" + localRegion, "AWS_DEFAULT_REGION=" + localRegion,
		"AWS_ACCESS_KEY_ID=rehearsal", "AWS_SECRET_ACCESS_KEY=rehearsal", "_HANDLER=bootstrap", "TZ=:UTC",
		"PATH=" + os.Getenv("PATH"), "GOMAXPROCS=2",
	}
	for name, value := range p.environment {
		env = append(env, name+"="+value)
	}
	return env
}

// close ends all processes.
func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	all := p.all
	p.all = map[*instance]bool{}
	p.mu.Unlock()
	for in := range all {
		in.stop()
	}
}

func (in *instance) stop() {
	_ = in.process.Process.Kill() // it may have ended by itself
	<-in.exited
	in.server.Close()
}

// ServeHTTP is the Lambda runtime API for one process.
func (in *instance) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, runtimeVersion)
	switch {
	case r.Method == http.MethodGet && path == "/invocation/next":
		in.once.Do(func() { close(in.ready) })
		in.serveNext(w, r)
	case r.Method == http.MethodPost && strings.HasSuffix(path, "/response"):
		in.serveAnswer(w, r, false)
	case r.Method == http.MethodPost && strings.HasSuffix(path, "/error"):
		in.serveAnswer(w, r, true)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func (in *instance) serveNext(w http.ResponseWriter, r *http.Request) {
	select {
	case inv := <-in.next:
		in.mu.Lock()
		in.current = inv
		in.mu.Unlock()
		h := w.Header()
		h.Set("Lambda-Runtime-Aws-Request-Id", inv.id)
		h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(inv.deadline.UnixMilli(), 10))
		h.Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:"+localRegion+":"+localAccount+":function:rehearsal")
		h.Set("Content-Type", "application/json")
		_, _ = w.Write(inv.event) // the process is gone: its exit is seen elsewhere
	case <-r.Context().Done():
	}
}

func (in *instance) serveAnswer(w http.ResponseWriter, r *http.Request, failed bool) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the process is gone: its exit is seen elsewhere
	}
	in.mu.Lock()
	inv := in.current
	in.current = invocation{}
	in.mu.Unlock()
	w.WriteHeader(http.StatusAccepted)
	if inv.answer != nil {
		inv.answer <- answer{body, failed}
	}
}

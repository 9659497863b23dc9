package api

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"docket/shared/access"
	"docket/shared/ledger"
	"docket/shared/search"
	"docket/shared/wire"
)

// Caller is who sends a request, as a Guard found out.
type Caller struct {
	// Account is the name of the account; empty if there is no caller.
	Account string
	// Groups are groups that it is in for this request beside those that the
	// directory puts it into.
	Groups []string
	// Challenge is a fresh value of WWW-Authenticate, for the case that the
	// request is refused.
	Challenge string
}

// Guard finds out who sends a request. Wrong credentials are an answer, not an
// error.
type Guard interface {
	Caller(ctx context.Context, r *http.Request) (Caller, error)
}

// Directory gives the rights in force.
type Directory interface {
	Snapshot(ctx context.Context) (*access.Snapshot, error)
}

// Writer stores batches durably.
type Writer interface {
	Append(ctx context.Context, b ledger.Batch) (ledger.Receipt, error)
}

// Reader answers enum and search.
type Reader interface {
	Enum(ctx context.Context, q search.Request) (search.Page, error)
	Search(ctx context.Context, q search.Request) (search.Page, error)
}

// Config is what a Handler is made of. All fields are required.
type Config struct {
	Guard     Guard
	Directory Directory
	Writer    Writer
	Reader    Reader
	Limits    Limits
	Now       func() time.Time
	Rand      io.Reader // for request ids
	Log       *slog.Logger
}

// Handler serves the API.
type Handler struct {
	Config
	budget *Budget
}

// New makes a Handler.
func New(c Config) *Handler {
	return &Handler{Config: c, budget: NewBudget(c.Limits.Held, c.Limits.Wait)}
}

// call is one request on its way through the gates.
type call struct {
	id       string
	endpoint Endpoint
	params   params
	caller   Caller
	snapshot *access.Snapshot
	rights   access.Rights
	share    share
	records  int // read or written, for the log
}

// ServeHTTP answers one request and logs it in one line.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := h.Now()
	c := &call{share: share{budget: h.budget}}
	defer c.share.release()
	out := &answer{w: w, r: r}
	err := h.number(c, w)
	if err == nil {
		err = h.guarded(c, out, r)
	}
	if err != nil {
		out.refuse(refuse(err, c.id), c.params.format)
	}
	h.log(r, c, out, err, h.Now().Sub(start))
}

// number gives the request its id.
func (h *Handler) number(c *call, w http.ResponseWriter) error {
	var id [16]byte
	if _, err := io.ReadFull(h.Rand, id[:]); err != nil {
		return fmt.Errorf("make request id: %w", err)
	}
	c.id = hex.EncodeToString(id[:])
	w.Header().Set("X-Request-Id", c.id)
	return nil
}

// guarded is pass with panics turned into errors, so that one request cannot
// take the others down and nothing of the stack reaches the client.
func (h *Handler) guarded(c *call, out *answer, r *http.Request) (err error) {
	defer func() {
		if p := recover(); p != nil {
			h.Log.Error("panic", "request", c.id, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = errPanic
		}
	}()
	return h.pass(c, out, r)
}

// pass takes a request through the gates in the contract's order: path,
// method, credentials, role, parameters, body.
func (h *Handler) pass(c *call, out *answer, r *http.Request) error {
	endpoint, allowed := Route(r.Method, r.URL.EscapedPath())
	switch {
	case allowed != nil:
		out.empty(http.StatusMethodNotAllowed, "Allow", strings.Join(allowed, ", "))
		return nil
	case endpoint == NoEndpoint:
		out.empty(http.StatusNotFound)
		return nil
	}
	c.endpoint = endpoint
	ok, err := h.admit(c, r)
	if err != nil {
		return err
	}
	if !ok {
		out.empty(http.StatusUnauthorized, "WWW-Authenticate", c.caller.Challenge)
		return nil
	}
	if byNegotiate(r) {
		out.w.Header().Set("Persistent-Auth", "false")
	}
	c.params, err = parseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	body, err := readBody(r.Context(), out.w, r, h.Limits.Body, &c.share)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), h.Limits.Work)
	defer cancel()
	return h.serve(ctx, c, out, r, body)
}

// admit finds the caller and asks whether its rights allow the endpoint.
func (h *Handler) admit(c *call, r *http.Request) (bool, error) {
	ctx, cancel := context.WithTimeout(r.Context(), h.Limits.Work)
	defer cancel()
	var err error
	if c.caller, err = h.Guard.Caller(ctx, r); err != nil {
		return false, fmt.Errorf("authenticate: %w", err)
	}
	if c.caller.Account == "" {
		return false, nil
	}
	if c.snapshot, err = h.Directory.Snapshot(ctx); err != nil {
		return false, fmt.Errorf("read rights: %w", err)
	}
	c.rights = c.snapshot.RightsIn(c.caller.Account, c.caller.Groups)
	return c.endpoint.Allows(c.rights), nil
}

func (h *Handler) serve(ctx context.Context, c *call, out *answer, r *http.Request, body []byte) error {
	if c.endpoint == Write {
		return h.write(ctx, c, out, r, body)
	}
	c.sniff(r, body)
	return h.read(ctx, c, out, r, body)
}

// sniff takes JSON from clients that declare it in Content-Type alone: enum and
// search answer them in kind, write does not (contract, section 2).
func (c *call) sniff(r *http.Request, body []byte) {
	if !c.params.hasFormat && isJSON(r.Header.Get("Content-Type")) && wire.Sniff(body) == wire.JSON {
		c.params.format = wire.JSON
	}
}

func isJSON(contentType string) bool {
	media, _, _ := strings.Cut(contentType, ";")
	return strings.EqualFold(strings.TrimSpace(media), "application/json")
}

// log writes the request's line: no secret, no record text.
func (h *Handler) log(r *http.Request, c *call, out *answer, err error, took time.Duration) {
	attrs := []slog.Attr{
		slog.String("request", c.id),
		slog.String("method", r.Method),
		slog.String("endpoint", c.endpoint.String()),
		slog.Int("status", out.status),
		slog.String("account", c.caller.Account),
		slog.Int("records", c.records),
		slog.Int("bytes", out.bytes),
		slog.Duration("took", took),
	}
	level := slog.LevelInfo
	if err != nil {
		attrs = append(attrs, slog.String("error", publicPart(err)))
	}
	if out.status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	h.Log.LogAttrs(r.Context(), level, "request", attrs...)
}

// publicPart is an error's text for the log. The text of a refused request is
// left out: it quotes what the client sent.
func publicPart(err error) string {
	var invalid *wire.Invalid
	var bad *search.BadRequest
	switch {
	case errors.As(err, &invalid):
		return fmt.Sprintf("invalid request: %d problem(s)", len(invalid.Errors))
	case errors.As(err, &bad):
		return fmt.Sprintf("invalid request: %d problem(s)", len(bad.Problems))
	}
	return err.Error()
}

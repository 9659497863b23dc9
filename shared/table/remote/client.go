package remote

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"time"

	"docket/shared/table"
)

// callTime is how long a call may take whose context has no end, so that a
// server that is stopped does not hang its clients.
const callTime = time.Minute

// Client calls the tables of a server. It holds no connection between calls.
type Client struct{ path string }

// Dial returns a client of the server at the socket path, or ErrNoServer.
func Dial(path string) (*Client, error) {
	c := &Client{path: path}
	conn, err := c.connect(context.Background())
	if err != nil {
		return nil, err
	}
	return c, conn.Close() // the server takes that for a client that changed its mind
}

func (c *Client) connect(ctx context.Context) (net.Conn, error) {
	addr, release, err := socketAddress(c.path)
	if err != nil {
		return nil, noServer(c.path, err)
	}
	defer release()
	conn, err := new(net.Dialer).DialContext(ctx, "unix", addr)
	if err != nil {
		return nil, noServer(c.path, err)
	}
	return conn, nil
}

// noServer tells that nobody listens from other reasons not to get through.
func noServer(path string, err error) error {
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("connect to %s: %w", path, ErrNoServer)
	}
	return fmt.Errorf("connect to %s: %w", path, err)
}

// Close is there for symmetry with other stores; there is nothing to close.
func (c *Client) Close() error { return nil }

// Table returns the server's table of that name.
func (c *Client) Table(name string) table.Table { return &remoteTable{client: c, name: name} }

type remoteTable struct {
	client *Client
	name   string
}

var _ table.Table = (*remoteTable)(nil)

// Get implements table.Table.
func (t *remoteTable) Get(ctx context.Context, keys ...table.Key) ([]table.Item, error) {
	a, err := t.call(ctx, &request{kind: kindGet, keys: keys}, table.ValidateKeys(keys))
	if err != nil {
		return nil, fmt.Errorf("get from %s: %w", t.name, err)
	}
	return a.items, nil
}

// Query implements table.Table.
func (t *remoteTable) Query(ctx context.Context, q table.Query) (table.Page, error) {
	a, err := t.call(ctx, &request{kind: kindQuery, query: q}, q.Validate())
	if err != nil {
		return table.Page{}, fmt.Errorf("query %s: %w", t.name, err)
	}
	return table.Page{Items: a.items, More: a.more}, nil
}

// Write implements table.Table.
func (t *remoteTable) Write(ctx context.Context, ops ...table.Op) error {
	if _, err := t.call(ctx, &request{kind: kindWrite, ops: ops}, table.Validate(ops)); err != nil {
		return fmt.Errorf("write to %s: %w", t.name, err)
	}
	return nil
}

// call sends r unless invalid says that no table would take it.
func (t *remoteTable) call(ctx context.Context, r *request, invalid error) (*answer, error) {
	if invalid != nil {
		return nil, invalid
	}
	if t.name == "" || len(t.name) > maxName {
		return nil, fmt.Errorf("%w: table name of %d bytes, must be 1 to %d", table.ErrInvalid, len(t.name), maxName)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r.table = t.name
	limited, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	a, err := t.client.exchange(limited, r)
	switch {
	case err == nil:
		return a, a.err
	case limited.Err() != nil:
		return nil, fmt.Errorf("%w: gave up waiting for the server: %w", table.ErrUnavailable, limited.Err())
	default:
		return nil, fmt.Errorf("%w: %w", table.ErrUnavailable, err)
	}
}

func (c *Client) exchange(ctx context.Context, r *request) (*answer, error) {
	conn, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	// Ends reading and writing when ctx does.
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	a, err := roundTrip(conn, r)
	return a, errors.Join(err, conn.Close())
}

func roundTrip(conn net.Conn, r *request) (*answer, error) {
	if err := writeFrame(conn, appendRequest(frameStart[:4:4], r)); err != nil {
		return nil, fmt.Errorf("send request: %w", err)
	}
	b, err := readFrame(conn, maxAnswer)
	if err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	a, err := parseAnswer(b)
	if err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	return a, nil
}

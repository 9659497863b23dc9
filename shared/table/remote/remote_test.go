package remote_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"docket/shared/table"
	"docket/shared/table/memory"
	"docket/shared/table/remote"
	"docket/shared/table/tabletest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTable(t *testing.T) {
	tabletest.Run(t, func(t *testing.T, now func() time.Time) table.Table {
		return serve(t, filepath.Join(t.TempDir(), "sock"), memory.New(now)).Table("test")
	})
}

// serve serves tbl under the name "test" until the test ends.
func serve(t *testing.T, path string, tbl table.Table) *remote.Client {
	t.Helper()
	l, err := remote.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	s := remote.NewServer(func(name string) (table.Table, bool) { return tbl, name == "test" }, nil)
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := s.Serve(l); err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	t.Cleanup(func() {
		if err := errors.Join(s.Close(), s.Close()); err != nil {
			t.Errorf("Close: %v", err)
		}
		wg.Wait()
	})
	c, err := remote.Dial(path)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func key(partition, sort string) table.Key { return table.Key{Partition: partition, Sort: sort} }

// failing answers with the same error always.
type failing struct{ err error }

func (f failing) Get(context.Context, ...table.Key) ([]table.Item, error) { return nil, f.err }
func (f failing) Query(context.Context, table.Query) (table.Page, error)  { return table.Page{}, f.err }
func (f failing) Write(context.Context, ...table.Op) error                { return f.err }
func (f failing) call(tbl table.Table) (what string, errs map[string]error) {
	_, getErr := tbl.Get(context.Background(), key("p", "s"))
	_, queryErr := tbl.Query(context.Background(), table.Query{Partition: "p"})
	writeErr := tbl.Write(context.Background(), table.Op{Item: table.Item{Key: key("p", "s")}})
	return f.err.Error(), map[string]error{"Get": getErr, "Query": queryErr, "Write": writeErr}
}

// The kinds of an error, one or several, and its text reach the client.
func TestErrorsKeepTheirKind(t *testing.T) {
	all := []error{table.ErrBusy, table.ErrUnavailable, table.ErrTooLarge, table.ErrInvalid, table.ErrDamaged}
	tests := []struct {
		err  error
		want []error
	}{
		{errors.New("of no kind"), []error{table.ErrUnavailable}},
		{context.DeadlineExceeded, []error{table.ErrUnavailable}},
		{errors.Join(table.ErrUnavailable, table.ErrDamaged), []error{table.ErrUnavailable, table.ErrDamaged}},
	}
	for _, err := range all {
		tests = append(tests, struct {
			err  error
			want []error
		}{errors.Join(errors.New("while doing something"), err), []error{err}})
	}
	for _, tt := range tests {
		f := failing{tt.err}
		c := serve(t, filepath.Join(t.TempDir(), "sock"), f)
		text, errs := f.call(c.Table("test"))
		for what, err := range errs {
			for _, kind := range all {
				want := false
				for _, w := range tt.want {
					want = want || kind == w
				}
				if errors.Is(err, kind) != want {
					t.Errorf("%s with %q: error %v is %v: %t", what, tt.err, err, kind, !want)
				}
			}
			if err == nil || !strings.Contains(err.Error(), text) {
				t.Errorf("%s: error %v does not say %q", what, err, text)
			}
		}
	}
}

func TestUnknownTable(t *testing.T) {
	c := serve(t, filepath.Join(t.TempDir(), "sock"), memory.New(nil))
	for _, name := range []string{"other", "", strings.Repeat("x", 256)} {
		if _, err := c.Table(name).Get(t.Context(), key("p", "s")); !errors.Is(err, table.ErrInvalid) {
			t.Errorf("table %.10q: error %v, want ErrInvalid", name, err)
		}
	}
}

func TestSocket(t *testing.T) {
	long := filepath.Join(t.TempDir(), strings.Repeat("long", 30))
	if err := os.Mkdir(long, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(t.TempDir(), "sock"), filepath.Join(long, "sock")} {
		if _, err := remote.Dial(path); !errors.Is(err, remote.ErrNoServer) {
			t.Errorf("Dial of nothing: %v", err)
		}
		t.Run("serving", func(t *testing.T) {
			c := serve(t, path, memory.New(nil))
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if info.Mode() != os.ModeSocket|0o600 {
				t.Errorf("mode %v, want a socket of 0600", info.Mode())
			}
			if _, err := remote.Listen(path); !errors.Is(err, remote.ErrInUse) {
				t.Errorf("second Listen: %v", err)
			}
			if _, err := c.Table("test").Get(t.Context(), key("p", "s")); err != nil {
				t.Errorf("after the second Listen: %v", err)
			}
		})
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("after Close the socket is there (%v)", err)
		}
		entries, err := os.ReadDir(filepath.Dir(path))
		if err != nil || len(entries) != 1 || entries[0].Name() != "sock.lock" {
			t.Errorf("after Close the folder holds %v (%v)", entries, err)
		}
	}
}

// What a killed server leaves, a socket without anybody behind it and a lock
// file without a lock, does not stop the next one.
func TestStaleSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sock")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	if err := errors.Join(l.Close(), os.WriteFile(path+".lock", nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := remote.Dial(path); !errors.Is(err, remote.ErrNoServer) {
		t.Errorf("Dial of a stale socket: %v", err)
	}
	c := serve(t, path, memory.New(nil))
	if err := c.Table("test").Write(t.Context(), table.Op{Item: table.Item{Key: key("p", "s")}}); err != nil {
		t.Error(err)
	}
}

// What is no request ends its connection and harms nobody else.
func TestMalformedRequests(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sock")
	c := serve(t, path, memory.New(nil))
	for name, frame := range map[string]string{
		"another protocol": "GET / HTTP/1.1\r\n\r\n",
		"no bytes":         "\x00\x00\x00\x00",
		"wrong version":    "\x00\x00\x00\x0adocket2G\x01t",
		"too long":         "\xff\xff\xff\xffdocket1",
		"unknown kind":     "\x00\x00\x00\x0edocket1X\x04test\x00",
		"bytes behind":     "\x00\x00\x00\x0fdocket1G\x04test\x00\x00",
	} {
		conn, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, frame); err != nil {
			t.Fatal(err)
		}
		// A reset, too, is an end: the server closes with bytes unread.
		if b, err := io.ReadAll(conn); len(b) > 0 {
			t.Errorf("%s: answered %q, %v", name, b, err)
		}
		conn.Close()
		if _, err := c.Table("test").Get(t.Context(), key("p", "s")); err != nil {
			t.Errorf("after %s: %v", name, err)
		}
	}
}

// blocking holds writes until it is let go.
type blocking struct {
	*memory.Table
	begun chan struct{}
	let   chan struct{}
}

func (b *blocking) Write(ctx context.Context, ops ...table.Op) error {
	b.begun <- struct{}{}
	<-b.let
	return b.Table.Write(ctx, ops...)
}

// Close answers what has been asked, and does not wait for those who are silent.
func TestCloseAnswers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sock")
	b := &blocking{memory.New(nil), make(chan struct{}), make(chan struct{})}
	l, err := remote.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer // read after Close
	s := remote.NewServer(func(string) (table.Table, bool) { return b, true }, slog.New(slog.NewTextHandler(&log, nil)))
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := s.Serve(l); err != nil {
			t.Error(err)
		}
	})
	c, err := remote.Dial(path)
	if err != nil {
		t.Fatal(err)
	}
	silent, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	wg.Go(func() {
		if err := c.Table("t").Write(context.Background(), table.Op{Item: table.Item{Key: key("p", "s")}}); err != nil {
			t.Errorf("the write in progress: %v", err)
		}
	})
	<-b.begun
	wg.Go(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	for { // until it listens no more
		if _, err := remote.Dial(path); errors.Is(err, remote.ErrNoServer) {
			break
		}
	}
	b.let <- struct{}{}
	wg.Wait()
	if log.Len() > 0 {
		t.Errorf("to be closed is no failure, yet it logged %s", &log)
	}
	if items, err := b.Get(t.Context(), key("p", "s")); err != nil || len(items) != 1 {
		t.Errorf("the write is not there: %v, %v", items, err)
	}
	if _, err := c.Table("t").Get(t.Context(), key("p", "s")); !errors.Is(err, table.ErrUnavailable) || !errors.Is(err, remote.ErrNoServer) {
		t.Errorf("Get without a server: %v", err)
	}
	if err := s.Serve(l); err != nil {
		t.Errorf("Serve after Close: %v", err)
	}
}

// A caller that gives up gets an unknown outcome, at once.
func TestGiveUp(t *testing.T) {
	b := &blocking{memory.New(nil), make(chan struct{}), make(chan struct{})}
	c := serve(t, filepath.Join(t.TempDir(), "sock"), b)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		<-b.begun
		cancel()
	})
	err := c.Table("test").Write(ctx, table.Op{Item: table.Item{Key: key("p", "s")}})
	if !errors.Is(err, table.ErrUnavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want ErrUnavailable and Canceled", err)
	}
	wg.Wait()
	b.let <- struct{}{}
}

// A server that answers nonsense, or half, is an unavailable table.
func TestBadServer(t *testing.T) {
	for _, answer := range []string{"", "\x00", "\x00\x00\x00\x05\x00", "\x00\x00\x00\x01\x09", "\x7f\xff\xff\xff\x00", "\x00\x00\x00\x02\x02\x00", "\x00\x00\x00\x02\x01\x00"} {
		path := filepath.Join(t.TempDir(), "sock")
		l, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			for range 2 { // Dial, then the call
				conn, err := l.Accept()
				if err != nil {
					t.Error(err)
					return
				}
				var length [4]byte
				if _, err := io.ReadFull(conn, length[:]); err == nil {
					io.CopyN(io.Discard, conn, int64(binary.BigEndian.Uint32(length[:])))
					io.WriteString(conn, answer)
				}
				conn.Close()
			}
		})
		c, err := remote.Dial(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Table("t").Write(t.Context(), table.Op{Item: table.Item{Key: key("p", "s")}}); !errors.Is(err, table.ErrUnavailable) {
			t.Errorf("answer %q: error %v, want ErrUnavailable", answer, err)
		}
		wg.Wait()
		l.Close()
	}
}

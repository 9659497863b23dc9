package remote

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"docket/shared/table"
)

func samples() []*request {
	k := table.Key{Partition: "p\x00", Sort: "s\xff"}
	return []*request{
		{kind: kindGet, table: "t", keys: []table.Key{k, {Partition: "q", Sort: "r"}}},
		{kind: kindGet, table: "t"},
		{kind: kindQuery, table: "t", query: table.Query{Partition: "p", From: "a", To: "b", Reverse: true, Limit: 1 << 40, Eventual: true}},
		{kind: kindWrite, table: "t", ops: []table.Op{
			{Item: table.Item{Key: k, Version: 1 << 63, Expires: 5, Value: []byte("v")}, If: table.VersionIs, IfVersion: 300},
			{Kind: table.Delete, Item: table.Item{Key: k}, If: table.Present},
			{Kind: table.Check, Item: table.Item{Key: k}, If: table.Absent},
		}},
	}
}

func TestRequests(t *testing.T) {
	for _, r := range samples() {
		got, err := parseRequest(appendRequest(nil, r))
		if err != nil || !reflect.DeepEqual(got, r) {
			t.Errorf("%+v is read as %+v, %v", r, got, err)
		}
	}
}

// The largest of all that package table allows fits in a frame, and the
// constants leave no room for much more.
func TestLargest(t *testing.T) {
	r := &request{kind: kindWrite, table: strings.Repeat("t", maxName)}
	key := table.Key{Partition: strings.Repeat("p", table.MaxPartition), Sort: strings.Repeat("s", table.MaxSort)}
	for range table.MaxOps {
		size := table.MaxWriteBytes/table.MaxOps - len(key.Partition) - len(key.Sort)
		it := table.Item{Key: key, Version: ^uint64(0), Expires: 1<<63 - 1, Value: make([]byte, size)}
		r.ops = append(r.ops, table.Op{Item: it, If: table.VersionIs, IfVersion: ^uint64(0)})
	}
	if n := len(appendRequest(nil, r)); n > maxRequest {
		t.Errorf("a write of %d bytes is over the limit %d", n, maxRequest)
	}
	a := &answer{}
	for range table.MaxGet {
		it := table.Item{Key: key, Version: ^uint64(0), Expires: 1<<63 - 1}
		it.Value = make([]byte, table.MaxItem-len(key.Partition)-len(key.Sort))
		a.items = append(a.items, it)
	}
	if n := len(appendAnswer(nil, a)); n > maxAnswer {
		t.Errorf("an answer of %d bytes is over the limit %d", n, maxAnswer)
	}
}

func TestFrameLimit(t *testing.T) {
	for _, n := range []int{0, 9, 10, 11, 1000} {
		frame := append(binary.BigEndian.AppendUint32(nil, uint32(n)), make([]byte, n)...)
		b, err := readFrame(bytes.NewReader(frame), 10)
		if n <= 10 && (err != nil || len(b) != n) {
			t.Errorf("frame of %d bytes: %d, %v", n, len(b), err)
		}
		if n > 10 && !errors.Is(err, errFrame) {
			t.Errorf("frame of %d bytes with a limit of 10: %v", n, err)
		}
	}
}

func FuzzParseRequest(f *testing.F) {
	for _, r := range samples() {
		f.Add(appendRequest(nil, r))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := parseRequest(b)
		if err == nil {
			if again := appendRequest(nil, r); !bytes.Equal(again, b) {
				t.Errorf("%x is written as %x", b, again)
			}
		} else if !errors.Is(err, errFrame) {
			t.Errorf("error %v", err)
		}
	})
}

func FuzzParseAnswer(f *testing.F) {
	it := table.Item{Key: table.Key{Partition: "p", Sort: "s"}, Version: 3, Expires: 4, Value: []byte("v")}
	for _, a := range []*answer{
		{}, {items: []table.Item{it, it}, more: true},
		{err: table.ErrBusy}, {err: errors.Join(table.ErrUnavailable, table.ErrDamaged)},
		{err: &table.ConditionError{Failed: []table.Failed{{Op: 1}, {Op: 2, Existing: &it}}}},
	} {
		f.Add(appendAnswer(nil, a))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := parseAnswer(b)
		if err == nil {
			if again := appendAnswer(nil, a); !bytes.Equal(again, b) {
				t.Errorf("%x is written as %x", b, again)
			}
		} else if !errors.Is(err, errFrame) {
			t.Errorf("error %v", err)
		}
	})
}

// A client that sends half a request does not hold its connection for ever.
func TestSlowClient(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sock")
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	s := NewServer(func(string) (table.Table, bool) { return nil, false }, nil)
	s.requestTime = 20 * time.Millisecond
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := s.Serve(l); err != nil {
			t.Error(err)
		}
	})
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "\x00\x00\x01\x00docket1"); err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(conn); len(b) > 0 || errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("answered %q, %v", b, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	wg.Wait()
}

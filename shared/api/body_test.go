package api

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"docket/shared/wire"
)

func budgetOf(n int64) *share {
	return &share{budget: NewBudget(n, time.Millisecond)}
}

func request(body io.Reader, coding string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, Root, body)
	if coding != "" {
		r.Header.Set("Content-Encoding", coding)
	}
	return r
}

func TestReadBody(t *testing.T) {
	const limit = 100_000
	for _, size := range []int{0, 1, firstChunk - 1, firstChunk, firstChunk + 1, limit - 1, limit} {
		want := bytes.Repeat([]byte("abcdefg"), size/7+1)[:size]
		for name, r := range map[string]*http.Request{
			"declared":   request(bytes.NewReader(want), ""),
			"chunked":    request(iotest.HalfReader(bytes.NewReader(want)), ""),
			"byte":       request(iotest.OneByteReader(bytes.NewReader(want)), "identity"),
			"compressed": request(bytes.NewReader(compress(t, want)), "gzip"),
		} {
			s := budgetOf(1 << 20)
			got, err := readBody(context.Background(), httptest.NewRecorder(), r, limit, s)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s %d: %d bytes, %v", name, size, len(got), err)
			}
			if int64(cap(got)) > s.held+firstChunk {
				t.Errorf("%s %d: holds %d bytes, charged %d", name, size, cap(got), s.held)
			}
			s.release()
		}
	}
}

func compress(t *testing.T, b []byte) []byte {
	t.Helper()
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return z.Bytes()
}

func TestReadBodyRefuses(t *testing.T) {
	const limit = 100_000
	big := make([]byte, limit+1)
	z := compress(t, []byte(strings.Repeat("hello ", 1000)))
	for name, c := range map[string]struct {
		r    *http.Request
		want error
	}{
		"declared too big":  {request(bytes.NewReader(big), ""), errTooBig},
		"chunked too big":   {request(iotest.HalfReader(bytes.NewReader(big)), ""), errTooBig},
		"expands too big":   {request(bytes.NewReader(compress(t, big)), "gzip"), errTooBig},
		"client gone":       {request(io.MultiReader(strings.NewReader("{"), iotest.ErrReader(io.ErrUnexpectedEOF)), ""), errGone},
		"over the budget":   {request(bytes.NewReader(big[:limit]), ""), errBusy},
		"not gzip":          {request(strings.NewReader("hello"), "gzip"), nil},
		"gzip cut":          {request(bytes.NewReader(z[:len(z)-4]), "gzip"), nil},
		"empty gzip":        {request(strings.NewReader(""), "gzip"), nil},
		"another coding":    {request(strings.NewReader("x"), "br"), nil},
		"two codings":       {request(strings.NewReader("x"), "gzip, gzip"), nil},
		"checksum is wrong": {request(bytes.NewReader(append(z[:len(z)-8:len(z)-8], make([]byte, 8)...)), "gzip"), nil},
	} {
		s := budgetOf(80_000)
		if name != "over the budget" {
			s = budgetOf(4 << 20)
		}
		// Another request holds a little, so that nobody runs alone.
		other := &share{budget: s.budget}
		if err := other.grow(context.Background(), 1); err != nil {
			t.Fatal(err)
		}
		_, err := readBody(context.Background(), httptest.NewRecorder(), c.r, limit, s)
		var invalid *wire.Invalid
		if (c.want != nil && !errors.Is(err, c.want)) || (c.want == nil && !errors.As(err, &invalid)) {
			t.Errorf("%s: %v; want %v or a refusal of the body", name, err, c.want)
		}
	}
}

func FuzzReadBody(f *testing.F) {
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	_, _ = w.Write([]byte("[1,2,3]"))
	_ = w.Close()
	f.Add(z.Bytes(), true)
	f.Add([]byte("[]"), false)
	f.Fuzz(func(t *testing.T, body []byte, zipped bool) {
		coding := ""
		if zipped {
			coding = "gzip"
		}
		s := budgetOf(1 << 20)
		got, err := readBody(context.Background(), httptest.NewRecorder(), request(bytes.NewReader(body), coding), 10_000, s)
		if err == nil && len(got) > 10_000 {
			t.Errorf("%d bytes; the limit is 10,000", len(got))
		}
		if refuse(err, "id").status == http.StatusInternalServerError && err != nil {
			t.Errorf("a body is an internal error: %v", err)
		}
	})
}

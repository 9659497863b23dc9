package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
)

// firstChunk is read before anything is charged: one usual record or search.
// Ten thousand connections hold 80 MB of it.
const firstChunk = 8 << 10

// readBody reads a request's body, expanded, up to limit bytes, and charges
// what it holds to s. It fails with errTooBig, errBusy, errSlow, or a
// *wire.Invalid for a coding that is not gzip.
func readBody(ctx context.Context, w http.ResponseWriter, r *http.Request, limit int64, s *share) ([]byte, error) {
	if r.ContentLength > limit {
		return nil, errTooBig
	}
	if err := setReadDeadline(w, r.ContentLength, limit); err != nil {
		return nil, err
	}
	src := io.Reader(http.MaxBytesReader(w, r.Body, limit))
	zipped := false
	switch coding := strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding"))); coding {
	case "", "identity":
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(src)
		if err != nil {
			return nil, bodyError(err, true)
		}
		defer z.Close()
		src, zipped = z, true
	default:
		return nil, invalidInput("Content-Encoding must be gzip or absent.")
	}
	body, err := readAll(ctx, src, sizeHint(r), limit, s)
	if err != nil && !errors.Is(err, errTooBig) && !errors.Is(err, errBusy) {
		err = bodyError(err, zipped)
	}
	return body, err
}

// setReadDeadline cuts off a client that sends slower than the slowest rate.
func setReadDeadline(w http.ResponseWriter, length, limit int64) error {
	if length < 0 {
		length = limit
	}
	wait := patience + time.Duration(length/slowest)*time.Second
	err := http.NewResponseController(w).SetReadDeadline(time.Now().Add(wait))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return fmt.Errorf("set read deadline: %w", err)
	}
	return nil
}

// sizeHint is how large the first buffer is: the declared length, as far as
// nothing has been charged for it yet.
func sizeHint(r *http.Request) int {
	if r.ContentLength > 0 && r.ContentLength < firstChunk {
		return int(r.ContentLength) + 1
	}
	return firstChunk
}

// readAll reads src into one buffer that grows by doubling, each time only
// after the larger size was charged, so that memory follows what was really
// sent and not what was declared.
func readAll(ctx context.Context, src io.Reader, hint int, limit int64, s *share) ([]byte, error) {
	buf := make([]byte, 0, hint)
	for {
		n, err := src.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if int64(len(buf)) > limit {
			return nil, errTooBig
		}
		switch {
		case errors.Is(err, io.EOF):
			return buf, nil
		case err != nil:
			return nil, err
		}
		if len(buf) == cap(buf) {
			size := min(2*int64(cap(buf)), limit+1)
			if err := s.grow(ctx, size+int64(cap(buf))); err != nil {
				return nil, err
			}
			buf = append(make([]byte, 0, size), buf...)
		}
	}
}

// bodyError tells the reasons for which a body ends early apart.
func bodyError(err error, zipped bool) error {
	var large *http.MaxBytesError
	var timeout interface{ Timeout() bool }
	switch {
	case errors.As(err, &large):
		return errTooBig
	case errors.As(err, &timeout) && timeout.Timeout():
		return errSlow
	case zipped:
		return invalidInput("The body is not valid gzip.")
	}
	return fmt.Errorf("%w: %w", errGone, err)
}

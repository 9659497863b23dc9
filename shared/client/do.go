package client

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/klauspost/compress/gzip"

	"docket/shared/wire"
)

// call is one request, which may take several attempts.
type call struct {
	method string
	path   string
	count  int
	format wire.Format
	body   []byte
	key    string     // Idempotency-Key, if not empty
	once   bool       // not to be repeated
	used   *challenge // that the last attempt answered
}

const (
	firstPause = 100 * time.Millisecond
	maxPause   = 15 * time.Second
	// maxRefusal bounds the body of an error that is read.
	maxRefusal = 8 << 20
	// maxFresh bounds how often one call starts again with a new nonce: the
	// first, and those that ended while it waited its turn.
	maxFresh = 4
)

// do sends a call until it is answered, refused or given up, and returns the
// body of a 200.
func (c *Client) do(ctx context.Context, q call) ([]byte, error) {
	q.format = c.config.Format
	encoding := ""
	if c.config.Gzip && len(q.body) > 1024 {
		packed, err := pack(q.body)
		if err != nil {
			return nil, err
		}
		q.body, encoding = packed, "gzip"
	}
	fresh := 0 // 401 with a new nonce, each of which is worth another try
	for attempt := 1; ; {
		body, answer, err := c.try(ctx, &q, encoding)
		if err == nil && answer == nil {
			return body, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if c.challenged(answer) && fresh < maxFresh && c.digest.renew(q.used, answer.challenges) {
			fresh++
			continue
		}
		if answer != nil && !answer.passing() {
			return nil, answer
		}
		if err == nil {
			err = answer
		}
		if attempt == c.config.Attempts || q.once || lasting(err) {
			return nil, fmt.Errorf("%s, tried %d times: %w", c.base, attempt, err)
		}
		pause, perr := c.pause(attempt, answer)
		if perr != nil {
			return nil, perr
		}
		if err := c.config.Sleep(ctx, pause); err != nil {
			return nil, err
		}
		attempt++
	}
}

func (c *Client) challenged(answer *Refused) bool {
	return answer != nil && answer.Status == http.StatusUnauthorized && c.config.Scheme == Digest && c.config.User != ""
}

// try makes one attempt: the body of a 200, an answer that is not one, or an
// error of the connection.
func (c *Client) try(ctx context.Context, q *call, encoding string) ([]byte, *Refused, error) {
	target := q.target()
	req, err := http.NewRequestWithContext(ctx, q.method, c.base+target, bytes.NewReader(q.body))
	if err != nil {
		return nil, nil, err
	}
	req.Header.Set("User-Agent", "docket")
	if c.config.Gzip {
		req.Header.Set("Accept-Encoding", "gzip")
	}
	if q.body != nil {
		req.Header.Set("Content-Type", q.format.ContentType())
	}
	if encoding != "" {
		req.Header.Set("Content-Encoding", encoding)
	}
	if q.key != "" {
		req.Header.Set("Idempotency-Key", q.key)
	}
	if q.used, err = c.sign(req); err != nil {
		return nil, nil, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		body, err := readBody(resp, maxRefusal)
		if err != nil {
			body = nil // the status says enough
		}
		return nil, newRefused(resp, body), nil
	}
	body, err := readBody(resp, maxAnswer)
	if err != nil {
		return nil, nil, fmt.Errorf("read the answer: %w", err)
	}
	return body, nil, nil
}

// readBody reads an answer to its end, which also frees the connection.
func readBody(resp *http.Response, limit int64) ([]byte, error) {
	var from io.Reader = resp.Body
	if resp.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(resp.Body)
		if err != nil {
			return nil, err
		}
		defer unpacked.Close()
		from = unpacked
	}
	var buf bytes.Buffer
	if n := resp.ContentLength; n > 0 && n <= limit {
		buf.Grow(int(n) + bytes.MinRead)
	}
	n, err := buf.ReadFrom(io.LimitReader(from, limit+1))
	if err != nil {
		return nil, err
	}
	if n > limit {
		return nil, errTooLong
	}
	return buf.Bytes(), nil
}

var errTooLong = errors.New("it is longer than any page")

func pack(body []byte) ([]byte, error) {
	var buf bytes.Buffer
	z, err := gzip.NewWriterLevel(&buf, gzip.BestSpeed)
	if err != nil {
		return nil, fmt.Errorf("compress the request: %w", err)
	}
	if _, err := z.Write(body); err != nil {
		return nil, fmt.Errorf("compress the request: %w", err)
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("compress the request: %w", err)
	}
	return buf.Bytes(), nil
}

// pause is how long to wait before the next attempt: what the server asks for,
// or twice as long each time; a random half of it spreads many clients.
func (c *Client) pause(attempt int, answer *Refused) (time.Duration, error) {
	d := min(firstPause<<min(attempt-1, 20), maxPause)
	if answer != nil && answer.RetryAfter > 0 {
		d = max(d, min(answer.RetryAfter, time.Minute))
	}
	var random [4]byte
	if _, err := io.ReadFull(c.config.Rand, random[:]); err != nil {
		return 0, fmt.Errorf("draw a pause: %w", err)
	}
	return d + d/2*time.Duration(binary.LittleEndian.Uint32(random[:])>>8)/(1<<24), nil
}

// retryAfter reads the seconds form of the header; 0 if there is none.
func retryAfter(h http.Header) time.Duration {
	n, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || n < 0 {
		return 0
	}
	return time.Duration(n) * time.Second
}

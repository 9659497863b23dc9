package api

import "time"

// Limits bound what one request and all requests together may take.
type Limits struct {
	// Body is the most bytes of a request body, after expansion; above it the
	// answer is 413.
	Body int64
	// Page is the number of bytes at which a page ends, before compression.
	Page int
	// Held is the most bytes of bodies and pages held at a time over all
	// requests.
	Held int64
	// Wait is how long a request waits for its share before it is answered 503.
	Wait time.Duration
	// Work is how long an endpoint may work on a request once its body is read.
	Work time.Duration
}

// ServeLimits are those of the local server: the original's advice is 50 MB a
// call; a page of 8 MiB holds 10,000 usual records; 160 MiB held at a time
// leaves a process of 512 MB room for caches; most clients give up after 30 s.
var ServeLimits = Limits{
	Body: 50 << 20,
	Page: 8 << 20,
	Held: 160 << 20,
	Wait: 5 * time.Second,
	Work: 20 * time.Second,
}

const (
	// defaultCount and maxCount of records a page (contract, sections 1 and 8).
	defaultCount = 1000
	maxCount     = 100_000

	// maxKey is the most characters of an Idempotency-Key (contract, section 8).
	maxKey = 200

	// keyLife is how long a write's key is remembered (contract, section 3).
	keyLife = 24 * time.Hour

	// repeatWindow is how long a repeated body is recognised where an account has
	// that: 15 minutes after the answer, and a minute for the write itself, whose
	// beginning is what the window counts from.
	repeatWindow = 16 * time.Minute

	// maxQuery bounds the query string: the parameters of the contract need
	// 40 bytes, and API Gateway takes 10,240 bytes of request line and headers.
	maxQuery = 8 << 10

	// slowest is the rate below which a client that sends a body or takes a
	// page is cut off, in bytes a second, after patience.
	slowest  = 16 << 10
	patience = 30 * time.Second

	// gzipFrom is the smallest page worth compressing.
	gzipFrom = 1 << 10

	// retryAfter is what a 503 asks clients to wait, in seconds.
	retryAfter = "1"
)

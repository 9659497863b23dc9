package client

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"docket/shared/activity"
	"docket/shared/filter"
	"docket/shared/wire"
)

// Scheme is how a client signs in.
type Scheme uint8

const (
	Basic  Scheme = iota // sent with every request without being asked
	Digest               // costs one extra request at the start and when a nonce ends
)

// Config says which server to speak to and how.
type Config struct {
	// URL is scheme://host:port. Without a scheme it is https, without a port
	// 9699. A path is refused unless it is a part of the API's fixed one.
	URL            string
	User, Password string
	Scheme         Scheme
	Format         wire.Format // of requests and answers
	Gzip           bool        // compress bodies both ways
	Insecure       bool        // do not verify the server's certificate
	CACert         []byte      // PEM; trusted instead of the system's authorities
	Attempts       int         // how often a request is tried at most; 0 means DefaultAttempts
	Connections    int         // idle connections kept; 0 means 8
	Fresh          bool        // a new connection for each attempt

	// Seams; nil means the real thing.
	Transport http.RoundTripper
	Rand      io.Reader
	Sleep     func(ctx context.Context, d time.Duration) error
}

// DefaultAttempts are enough for a server's restart: their pauses add up to
// about a minute.
const DefaultAttempts = 10

const (
	apiPath     = "/netwrix/api/v1/activity_records"
	defaultPort = "9699" // the original's

	// answerTime bounds the wait for the first byte of an answer; the server
	// gives itself 30 seconds.
	answerTime = 90 * time.Second
	// maxAnswer bounds a page after expansion: 100,000 records of many details.
	maxAnswer = 1 << 30
)

// Client is safe for concurrent use.
type Client struct {
	config Config
	base   string
	http   *http.Client
	digest *digestState
}

// Page is one answer of Enum or Search. No records means the end; Mark is where
// to go on, now or later.
type Page struct {
	Records []activity.Stored
	Mark    string
}

// New checks the configuration. It does not connect.
func New(c Config) (*Client, error) {
	base, err := baseURL(c.URL)
	if err != nil {
		return nil, err
	}
	if c.Attempts < 1 {
		c.Attempts = DefaultAttempts
	}
	if c.Connections < 1 {
		c.Connections = 8
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	if c.Sleep == nil {
		c.Sleep = sleep
	}
	if c.Transport == nil {
		if c.Transport, err = transport(c); err != nil {
			return nil, err
		}
	}
	return &Client{config: c, base: base, digest: &digestState{}, http: &http.Client{
		Transport:     c.Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// In is a client of the same server, with the same connections and signed in as
// this one, that speaks another format.
func (c *Client) In(f wire.Format) *Client {
	other := *c
	other.config.Format = f
	return &other
}

// Format is the format that bodies are read and written in.
func (c *Client) Format() wire.Format { return c.config.Format }

// baseURL makes the address of the API's endpoints, without a trailing slash.
func baseURL(s string) (string, error) {
	if s == "" {
		return "", errors.New("no server address given")
	}
	if !strings.Contains(s, "://") {
		s = "https://" + s
	}
	u, err := url.Parse(s)
	if err != nil {
		return "", fmt.Errorf("server address: %w", err)
	}
	path := strings.TrimSuffix(u.Path, "/")
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return "", fmt.Errorf("server address %q: the scheme must be https or http", u.Redacted())
	case u.Host == "" || u.RawQuery != "" || u.Fragment != "":
		return "", fmt.Errorf("server address %q: give scheme, host and port only", u.Redacted())
	case u.User != nil:
		return "", fmt.Errorf("server address %q: give the user name apart", u.Redacted())
	case !strings.HasPrefix(apiPath+"/", path+"/"):
		return "", fmt.Errorf("server address %q: the path of the API is fixed, leave it out", u.Redacted())
	}
	if u.Port() == "" {
		u.Host += ":" + defaultPort
	}
	return u.Scheme + "://" + u.Host + apiPath, nil
}

func transport(c Config) (http.RoundTripper, error) {
	secure := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: c.Insecure}
	if len(c.CACert) > 0 {
		secure.RootCAs = x509.NewCertPool()
		if !secure.RootCAs.AppendCertsFromPEM(c.CACert) {
			return nil, errors.New("the CA certificate is not PEM")
		}
	}
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.TLSClientConfig = secure
	t.DisableCompression = true // asked for and undone here, only when configured
	t.MaxIdleConnsPerHost = c.Connections
	t.DisableKeepAlives = c.Fresh
	t.ResponseHeaderTimeout = answerTime
	t.WriteBufferSize, t.ReadBufferSize = 64<<10, 64<<10
	return t, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Write stores the records of body, a document of the client's format, all or
// none. key is the Idempotency-Key, 1 to 200 visible ASCII characters; empty
// means one is made up. Nil means the records are durable.
func (c *Client) Write(ctx context.Context, body []byte, key string) error {
	if key == "" {
		var random [16]byte
		if _, err := io.ReadFull(c.config.Rand, random[:]); err != nil {
			return fmt.Errorf("make an idempotency key: %w", err)
		}
		key = hex.EncodeToString(random[:])
	}
	_, err := c.do(ctx, call{method: http.MethodPost, path: "/", body: body, key: key})
	if err != nil {
		return fmt.Errorf("write records: %w", err)
	}
	return nil
}

// WriteOnce is Write without a key: one attempt, since a second might store the
// records twice.
func (c *Client) WriteOnce(ctx context.Context, body []byte) error {
	if _, err := c.do(ctx, call{method: http.MethodPost, path: "/", body: body, once: true}); err != nil {
		return fmt.Errorf("write records: %w", err)
	}
	return nil
}

// Enum returns the page after a mark, or the first if the mark is empty. count
// is how many records to ask for, 0 for the server's default; fewer may come.
func (c *Client) Enum(ctx context.Context, mark string, count int) (Page, error) {
	return c.page(c.EnumBody(ctx, mark, count))
}

// EnumBody is Enum with the answer as it came, for callers that measure or
// forward it.
func (c *Client) EnumBody(ctx context.Context, mark string, count int) ([]byte, error) {
	q := call{method: http.MethodGet, path: "/enum", count: count}
	if mark != "" {
		q.method, q.body = http.MethodPost, wire.AppendMark(nil, c.config.Format, mark)
	}
	body, err := c.do(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("read records: %w", err)
	}
	return body, nil
}

// Search returns the page of matches after a mark, or the first if the mark is
// empty. No entries match every record.
func (c *Client) Search(ctx context.Context, mark string, entries []filter.Entry, count int) (Page, error) {
	return c.page(c.SearchBody(ctx, mark, entries, count))
}

// SearchBody is Search with the answer as it came.
func (c *Client) SearchBody(ctx context.Context, mark string, entries []filter.Entry, count int) ([]byte, error) {
	request := wire.AppendSearch(nil, c.config.Format, wire.Search{Mark: mark, Entries: entries})
	body, err := c.do(ctx, call{method: http.MethodPost, path: "/search", count: count, body: request})
	if err != nil {
		return nil, fmt.Errorf("search records: %w", err)
	}
	return body, nil
}

func (c *Client) page(body []byte, err error) (Page, error) {
	if err != nil {
		return Page{}, err
	}
	recs, mark, err := wire.ReadPage(c.config.Format, body)
	if err != nil {
		return Page{}, fmt.Errorf("read the server's answer: %w", err)
	}
	if mark == "" {
		return Page{}, errors.New("read the server's answer: it has no continuation mark")
	}
	return Page{Records: recs, Mark: mark}, nil
}

func (q *call) target() string {
	format := "xml"
	if q.format == wire.JSON {
		format = "json"
	}
	target := q.path + "?format=" + format
	if q.count > 0 {
		target += "&count=" + strconv.Itoa(q.count)
	}
	return target
}

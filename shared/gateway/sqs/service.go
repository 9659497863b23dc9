package sqs

import (
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Where the queues are.
const (
	Account = "000000000000"
	Region  = "us-east-1"
)

// Config is what a Service is made of.
type Config struct {
	// Base is the URL under which the service can be reached, without a slash at
	// its end.
	Base string
	Rand io.Reader // of ids
	// Repeat is the share of deleted messages that are delivered once more when
	// their visibility timeout ends: 0 for none, 1 for all.
	Repeat float64
}

// Service is a set of queues and, as an http.Handler, their API. It is safe for
// concurrent use.
type Service struct {
	base   string
	repeat float64

	mu     sync.Mutex
	rand   io.Reader
	queues map[string]*Queue
}

// New makes a service without queues.
func New(c Config) *Service {
	return &Service{base: c.Base, repeat: c.Repeat, rand: c.Rand, queues: map[string]*Queue{}}
}

// Create makes a queue. One of the same name is replaced.
func (s *Service) Create(settings Settings) *Queue {
	set := func(d *time.Duration, standard time.Duration) {
		if *d == 0 {
			*d = standard
		}
	}
	set(&settings.Visibility, 30*time.Second)
	set(&settings.Retention, 4*24*time.Hour)
	if settings.MaxBytes == 0 {
		settings.MaxBytes = MaxBytes
	}
	q := &Queue{Settings: settings, service: s, inFlight: map[string]*entry{}, arrived: make(chan struct{})}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queues[settings.Name] = q
	return q
}

// Queue finds a queue by its name.
func (s *Service) Queue(name string) (*Queue, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, ok := s.queues[name]
	return q, ok
}

// names lists all queues.
func (s *Service) names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.queues))
}

// idLength is that of ids, which are UUIDs.
const idLength = 36

func (s *Service) id() (string, error) {
	var b [16]byte
	s.mu.Lock()
	_, err := io.ReadFull(s.rand, b[:])
	s.mu.Unlock()
	if err != nil {
		return "", fmt.Errorf("make an id: %w", err)
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:], nil
}

// repeats throws the dice for one deleted message.
func (s *Service) repeats() bool { return s.repeat > 0 && rand.Float64() < s.repeat }

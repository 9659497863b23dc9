package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"docket/shared/table"
)

// Limits of a server.
const (
	// maxConnections are served at once; others wait for their turn. Each may
	// hold a request in memory.
	maxConnections     = 32
	defaultRequestTime = 10 * time.Second // for a request to arrive
	workTime           = 30 * time.Second // for the table
	answerTime         = 30 * time.Second // for the client to take the answer
)

// Server serves tables at a socket.
type Server struct {
	tables      func(name string) (table.Table, bool)
	log         *slog.Logger
	requestTime time.Duration

	mu      sync.Mutex
	closed  bool
	sockets map[net.Listener]struct{}
	reading map[net.Conn]struct{} // connections whose request is not here yet
	done    chan struct{}
	running sync.WaitGroup // Serve calls and connections
	slots   chan struct{}
}

// NewServer returns a server of the tables that tables knows by name. Failures
// of connections are logged to log; nil is nowhere.
func NewServer(tables func(name string) (table.Table, bool), log *slog.Logger) *Server {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Server{
		tables: tables, log: log, requestTime: defaultRequestTime,
		sockets: make(map[net.Listener]struct{}), reading: make(map[net.Conn]struct{}),
		done: make(chan struct{}), slots: make(chan struct{}, maxConnections),
	}
}

// Serve answers the connections of l until Close, then returns nil; before that
// only if l fails. It closes l.
func (s *Server) Serve(l net.Listener) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return l.Close()
	}
	s.sockets[l] = struct{}{}
	s.running.Add(1)
	s.mu.Unlock()
	defer s.running.Done()
	for {
		select {
		case s.slots <- struct{}{}:
		case <-s.done:
			return nil
		}
		conn, err := l.Accept()
		if err != nil {
			<-s.slots
			return s.ended(l, err)
		}
		if !s.begin(conn) {
			<-s.slots
			return nil
		}
	}
}

// ended returns why Serve ends before Close, nil after it.
func (s *Server) ended(l net.Listener, err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	delete(s.sockets, l)
	return errors.Join(fmt.Errorf("accept connection: %w", err), l.Close())
}

// begin starts to serve conn, unless the server has been closed.
func (s *Server) begin(conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		conn.Close()
		return false
	}
	s.reading[conn] = struct{}{}
	s.running.Add(1)
	go func() {
		defer s.running.Done()
		defer func() { <-s.slots }()
		if err := errors.Join(s.serve(conn), conn.Close()); err != nil {
			s.log.Warn("connection to the table socket failed", "error", err)
		}
	}()
	return true
}

// serve answers the one request of conn.
func (s *Server) serve(conn net.Conn) error {
	conn.SetDeadline(time.Now().Add(s.requestTime))
	b, err := readFrame(conn, maxRequest)
	if !s.wasRead(conn) || err == io.EOF {
		return nil // closed meanwhile, or a client that only looked who is there
	}
	if err != nil {
		return fmt.Errorf("read request: %w", err)
	}
	r, err := parseRequest(b)
	if err != nil {
		return fmt.Errorf("read request: %w", err)
	}
	a := s.do(r)
	conn.SetDeadline(time.Now().Add(answerTime))
	if err := writeFrame(conn, appendAnswer(frameStart[:4:4], a)); err != nil {
		return fmt.Errorf("send answer: %w", err)
	}
	return nil
}

// wasRead ends the time in which Close may cut conn off; false if it has.
func (s *Server) wasRead(conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.reading[conn]
	delete(s.reading, conn)
	return ok
}

// do calls the table.
func (s *Server) do(r *request) *answer {
	tbl, ok := s.tables(r.table)
	if !ok {
		return &answer{err: fmt.Errorf("%w: no table %q", table.ErrInvalid, r.table)}
	}
	ctx, cancel := context.WithTimeout(context.Background(), workTime)
	defer cancel()
	a := &answer{}
	switch r.kind {
	case kindGet:
		a.items, a.err = tbl.Get(ctx, r.keys...)
	case kindQuery:
		var page table.Page
		page, a.err = tbl.Query(ctx, r.query)
		a.items, a.more = page.Items, page.More
	default:
		a.err = tbl.Write(ctx, r.ops...)
	}
	return a
}

// Close stops listening, cuts off clients whose request is not here yet, and
// returns when those that are have been answered. A second Close does nothing.
func (s *Server) Close() error {
	s.mu.Lock()
	var err error
	if !s.closed {
		s.closed = true
		close(s.done)
		for l := range s.sockets {
			err = errors.Join(err, l.Close())
		}
		for conn := range s.reading {
			delete(s.reading, conn)
			conn.SetDeadline(time.Unix(1, 0))
		}
	}
	s.mu.Unlock()
	s.running.Wait()
	return err
}

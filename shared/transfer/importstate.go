package transfer

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

const (
	// headBytes is how much of a file's beginning tells it from another of the
	// same name. A file may grow behind it.
	headBytes = 4096
	// keyLife is for how long keys are safe to be remembered: the server's 24
	// hours less one for clocks that differ.
	keyLife = 23 * time.Hour
)

// ImportState keeps how far an import has come in a file of its own.
type ImportState struct {
	path string
	now  func() time.Time

	mu  sync.Mutex
	doc importDoc
}

type importDoc struct {
	Version int                    `json:"version"`
	Kind    string                 `json:"kind"`
	Server  string                 `json:"server"`
	Run     string                 `json:"run"`
	Files   map[string]*importFile `json:"files"`
}

type importFile struct {
	HeadBytes int       `json:"headBytes"`
	HeadHash  string    `json:"headHash"`
	Done      int64     `json:"done"`              // records taken from the file
	Pending   []pending `json:"pending,omitempty"` // of those: batches not yet acknowledged, ascending
}

type pending struct {
	First   int64     `json:"first"`
	Records int64     `json:"records"`
	Sent    time.Time `json:"sent"`
}

// OpenImportState reads the state of an import into server, or begins one under
// the random name run if path does not exist.
func OpenImportState(path, server, run string, now func() time.Time) (*ImportState, error) {
	s := &ImportState{path: path, now: now}
	found, err := readState(path, &s.doc)
	if err != nil {
		return nil, err
	}
	if !found {
		s.doc = importDoc{Version: stateVersion, Kind: "import", Server: server, Run: run, Files: map[string]*importFile{}}
		return s, nil
	}
	if s.doc.Version != stateVersion || s.doc.Kind != "import" || s.doc.Run == "" || s.doc.Files == nil {
		return nil, fmt.Errorf("read state %s: this is not the state of an import", path)
	}
	if s.doc.Server != server {
		return nil, fmt.Errorf("state %s is of an import into %s, not %s: use another file", path, s.doc.Server, server)
	}
	return s, nil
}

// file finds the place in a file that begins with head.
func (s *ImportState) file(name string, head []byte) (*filePlace, error) {
	path, err := filepath.Abs(name)
	if err != nil {
		return nil, fmt.Errorf("find %s: %w", name, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.doc.Files[path]
	if f == nil || f.Done == 0 {
		f = &importFile{HeadBytes: len(head), HeadHash: hashOf(head)}
		s.doc.Files[path] = f
	}
	if f.HeadBytes > len(head) || f.HeadHash != hashOf(head[:f.HeadBytes]) {
		return nil, fmt.Errorf("%s is not the file that state %s knows, of which %d records were taken: use another state file to import it from its beginning", name, s.path, f.Done)
	}
	return &filePlace{run: s.doc.Run + path, state: s, file: f, old: slices.Clone(f.Pending), done: f.Done, now: s.now()}, nil
}

func hashOf(head []byte) string {
	sum := sha256.Sum256(head)
	return hex.EncodeToString(sum[:])
}

// filePlace is how far one file has come. Without a state it keeps nothing.
type filePlace struct {
	run   string
	state *ImportState
	file  *importFile

	// What the file's state was at the start of this run.
	old  []pending
	done int64
	now  time.Time
}

// span says what to do with a record.
type span struct {
	id       int64 // spanDone, spanFresh, or the index of the first record of a pending batch
	limit    int64 // records of a batch
	doubtful bool
}

const (
	spanDone  int64 = -1
	spanFresh int64 = -2
)

// span finds what to do with the record at an index; limit is for fresh batches.
// Indexes must ascend from call to call.
func (p *filePlace) span(index, limit int64) span {
	if index >= p.done {
		return span{id: spanFresh, limit: limit}
	}
	for len(p.old) > 0 && index >= p.old[0].First+p.old[0].Records {
		p.old = p.old[1:]
	}
	if len(p.old) == 0 || index < p.old[0].First {
		return span{id: spanDone}
	}
	o := p.old[0]
	return span{id: o.First, limit: o.Records, doubtful: p.now.Sub(o.Sent) > keyLife}
}

// intend writes down that a batch is about to be sent.
func (p *filePlace) intend(first, records int64) error {
	if p.state == nil {
		return nil
	}
	p.state.mu.Lock()
	defer p.state.mu.Unlock()
	at, again := p.find(first)
	if again {
		return nil // its first time counts: that is when its key began to live
	}
	p.file.Pending = slices.Insert(p.file.Pending, at, pending{first, records, p.state.now().UTC().Truncate(time.Second)})
	p.file.Done = max(p.file.Done, first+records)
	return writeState(p.state.path, &p.state.doc)
}

// acknowledge takes a batch off. The state on disk may keep it until the next
// write: sending it again does no harm.
func (p *filePlace) acknowledge(first int64) error {
	if p.state == nil {
		return nil
	}
	p.state.mu.Lock()
	defer p.state.mu.Unlock()
	at, found := p.find(first)
	if !found {
		return fmt.Errorf("acknowledge the batch at record %d: the state does not know it", first)
	}
	p.file.Pending = slices.Delete(p.file.Pending, at, at+1)
	return nil
}

func (p *filePlace) find(first int64) (int, bool) {
	return slices.BinarySearchFunc(p.file.Pending, first, func(e pending, first int64) int {
		switch {
		case e.First < first:
			return -1
		case e.First > first:
			return 1
		}
		return 0
	})
}

// save writes the state as it is now.
func (p *filePlace) save() error {
	if p.state == nil {
		return nil
	}
	p.state.mu.Lock()
	defer p.state.mu.Unlock()
	return writeState(p.state.path, &p.state.doc)
}

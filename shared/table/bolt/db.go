package bolt

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"docket/shared/table"
)

// ErrLocked says that another process, or another DB of this one, has the file
// open.
var ErrLocked = errors.New("database file is in use")

// ErrFormat says that a file is no database of ours, or of another version.
var ErrFormat = errors.New("not a database of this version")

// format is the version of the layout in doc.go.
const format = "1"

// The buckets at the root.
const (
	metaBucket   = "docket"
	formatKey    = "format"
	itemsPrefix  = "items/"
	expiryPrefix = "expiry/"
)

// pageSize bytes has a page of a new file. With the usual 4096, seven single
// records fit and a third of the page is lost; with more, a batch wastes more at
// its end and every commit rewrites more.
const pageSize = 8192

// queueLength Writes wait in the queue; more wait to get into it. It is no
// limit, only a buffer that keeps the committer from waiting for callers to wake.
const queueLength = 256

// maxName bytes may be in the name of a table.
const maxName = 255

// Options of a database. The zero value is right for production.
type Options struct {
	// Now tells which items have expired; nil is time.Now.
	Now func() time.Time
	// NoSync answers writes before they are on the disk. A crash of the machine
	// may then ruin the file: for tests only.
	NoSync bool
	// Log is told of damage that Open can live with; nil is nobody.
	Log *slog.Logger
	// Timeout is how long to wait for another process to close the file; 0 is
	// not at all.
	Timeout time.Duration
}

// DB is an open database file. Its methods are safe for concurrent use.
type DB struct {
	bolt *bbolt.DB
	now  func() time.Time

	queue   chan *write
	mu      sync.RWMutex // held shared by who sends to queue
	closed  bool         // guarded by mu
	stopped chan struct{}
	broken  error // why writes are refused; the committer's own
	heads   error // what was wrong with the heads of the file when it was opened
}

// Open opens the database at path, created with mode 0600 if there is none. It
// returns ErrLocked if the file is in use, ErrFormat if it is something else.
func Open(path string, opts Options) (*DB, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	_, err := os.Stat(path)
	fresh := errors.Is(err, os.ErrNotExist)
	b, err := openBolt(path, boltOptions(opts))
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, openError(err))
	}
	db := &DB{
		bolt: b, now: opts.Now,
		queue: make(chan *write, queueLength), stopped: make(chan struct{}),
	}
	db.heads = checkHeads(path, b.Info().PageSize)
	if db.heads != nil && opts.Log != nil {
		opts.Log.Error("database damaged", "path", path, "error", db.heads)
	}
	if err := db.prepare(path, fresh && !opts.NoSync); err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", path, err), b.Close())
	}
	go db.commitAll()
	return db, nil
}

func boltOptions(opts Options) *bbolt.Options {
	o := *bbolt.DefaultOptions
	o.FreelistType = bbolt.FreelistMapType
	o.NoStatistics = true
	o.PageSize = pageSize
	o.NoSync = opts.NoSync
	o.Timeout = max(opts.Timeout, 1) // bbolt waits for ever with 0
	// Elsewhere the address space is small, or the file would grow to it.
	if strconv.IntSize == 64 && runtime.GOOS != "windows" {
		o.InitialMmapSize = 1 << 30
	}
	return &o
}

// openBolt is bbolt.Open for files that may be damaged: where that panics, it
// leaves the file open and locked.
func openBolt(path string, o *bbolt.Options) (b *bbolt.DB, err error) {
	var file *os.File
	o.OpenFile = func(name string, flag int, mode os.FileMode) (f *os.File, err error) {
		f, err = os.OpenFile(name, flag, mode)
		file = f
		return f, err
	}
	err = guard(func() (err error) {
		b, err = bbolt.Open(path, 0o600, o)
		return err
	})
	if errors.Is(err, table.ErrDamaged) && file != nil {
		// The map that bbolt has left behind keeps the lock after Close.
		return nil, errors.Join(err, unlock(file), file.Close())
	}
	if err != nil {
		return nil, err
	}
	other, err := replaced(path, file)
	if other {
		err = berrors.ErrTimeout // whoever replaced it had it locked until now
	}
	if err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

func openError(err error) error {
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return ErrLocked
	case errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrVersionMismatch), errors.Is(err, berrors.ErrChecksum):
		return fmt.Errorf("%w: %w", ErrFormat, err)
	default:
		return err
	}
}

// prepare writes the format into a new file and checks it in an old one.
func (db *DB) prepare(path string, syncDir bool) error {
	var got string
	err := db.view(func(tx *bbolt.Tx) error {
		if err := checkSize(tx, path); err != nil {
			return err
		}
		if b := tx.Bucket([]byte(metaBucket)); b != nil {
			got = string(b.Get([]byte(formatKey)))
		} else if name, _ := tx.Cursor().First(); name != nil {
			return fmt.Errorf("%w: a bbolt file of something else", ErrFormat)
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case got == format:
		return nil
	case got != "":
		return fmt.Errorf("%w: format %.20q, want %s", ErrFormat, got, format)
	}
	err = guard(func() error {
		return db.bolt.Update(func(tx *bbolt.Tx) error {
			b, err := tx.CreateBucketIfNotExists([]byte(metaBucket))
			if err != nil {
				return err
			}
			return b.Put([]byte(formatKey), []byte(format))
		})
	})
	if err != nil || !syncDir {
		return err
	}
	return syncDirectory(filepath.Dir(path))
}

// checkSize reports a file that has lost its end. Such a file is readable up
// to there, and reading on is a fault of the memory.
func checkSize(tx *bbolt.Tx, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Size() < tx.Size() {
		return fmt.Errorf("%w: the file has %d bytes and should have %d", table.ErrDamaged, info.Size(), tx.Size())
	}
	return nil
}

// syncDirectory makes a new file's name as durable as its content.
func syncDirectory(path string) error {
	if runtime.GOOS == "windows" {
		return nil // which cannot, and does not need it
	}
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Table returns the table of that name, 1 to 255 bytes. It needs no creation:
// a table never written to is empty. With any other name all its methods return
// table.ErrInvalid.
func (db *DB) Table(name string) table.Table {
	return &boltTable{db: db, name: name, items: []byte(itemsPrefix + name)}
}

// Close finishes the writes that wait and closes the file. Calls that come
// later get table.ErrUnavailable. A second Close does nothing.
func (db *DB) Close() error {
	db.mu.Lock()
	if db.closed {
		db.mu.Unlock()
		<-db.stopped
		return nil
	}
	db.closed = true
	close(db.queue)
	db.mu.Unlock()
	<-db.stopped
	if err := guard(db.bolt.Close); err != nil {
		return fmt.Errorf("close database: %w", err)
	}
	return nil
}

// send hands w to the committer.
func (db *DB) send(ctx context.Context, w *write) error {
	db.mu.RLock()
	defer db.mu.RUnlock()
	if db.closed {
		return fmt.Errorf("%w: database is closed", table.ErrUnavailable)
	}
	select {
	case db.queue <- w:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

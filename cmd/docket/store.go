package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"docket/shared/keys"
	"docket/shared/table"
	"docket/shared/table/bolt"
	"docket/shared/table/remote"
)

// The files of a data directory.
const (
	databaseFile = "docket.db"
	ringFile     = "keys.json"
	socketFile   = "docket.sock"
)

// The tables of a database.
const (
	directoryTable = "directory" // accounts, groups, roles, plans
	recordsTable   = "records"   // the ledger
	stateTable     = "state"     // what expires: replays, retries, long searches
)

// realm is the realm of new installations. It is part of Digest verifiers and is
// kept with the key ring.
const realm = "Docket"

// Waiting for another process that has the database open: a command of the
// command line is done soon, a server never.
const (
	lockTime  = 5 * time.Second
	lockRetry = 50 * time.Millisecond
)

// defaultData is the data directory when --data is not given.
func defaultData(w world) string {
	if dir := w.getenv("DOCKET_DATA"); dir != "" {
		return dir
	}
	return "data"
}

// dataDir is an open data directory, by its files or through the server that has
// them open, or what is the same to a command: the data of a deployment in AWS.
// One of db, server and deployed is set.
type dataDir struct {
	Path string
	Ring *keys.Ring

	db       *bolt.DB
	server   *remote.Client
	deployed *deployment
}

// createData opens a data directory for itself alone, and makes what is missing.
func createData(path string) (*dataDir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	db, err := bolt.Open(filepath.Join(path, databaseFile), bolt.Options{Now: time.Now, Timeout: lockTime})
	if errors.Is(err, bolt.ErrLocked) {
		return nil, fmt.Errorf("data directory %s is in use by another docket: stop that one first", path)
	}
	if err != nil {
		return nil, fmt.Errorf("open data directory %s: %w", path, err)
	}
	d := &dataDir{Path: path, db: db}
	// The ring after the database: its lock keeps two processes from making two rings.
	d.Ring, err = keys.LoadOrCreateFile(filepath.Join(path, ringFile), rand.Reader, time.Now(), realm)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return d, nil
}

// isData reports whether there is a data directory at path.
func isData(path string) bool {
	_, err := os.Stat(filepath.Join(path, databaseFile))
	return !errors.Is(err, fs.ErrNotExist)
}

// openData opens a data directory that exists, through its server if there is
// one.
func openData(ctx context.Context, path string) (*dataDir, error) {
	if !isData(path) {
		return nil, fmt.Errorf("%s is not a data directory: name one with --data, or make it with docket serve or docket account add", path)
	}
	deadline := time.Now().Add(lockTime)
	for {
		d, err := tryOpen(path)
		if !errors.Is(err, remote.ErrNoServer) {
			return d, err
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("data directory %s is in use by another docket that does not answer at %s", path, socketFile)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(lockRetry):
		}
	}
}

// tryOpen opens the files, or connects to the server that has them. It is
// remote.ErrNoServer if somebody has them who is no server, or not yet one.
func tryOpen(path string) (*dataDir, error) {
	d := &dataDir{Path: path}
	var err error
	d.db, err = bolt.Open(filepath.Join(path, databaseFile), bolt.Options{Now: time.Now})
	if errors.Is(err, bolt.ErrLocked) {
		d.server, err = remote.Dial(filepath.Join(path, socketFile))
	}
	if err != nil {
		return nil, fmt.Errorf("open data directory %s: %w", path, err)
	}
	if d.Ring, err = keys.LoadFile(filepath.Join(path, ringFile)); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// Table returns a table by name.
func (d *dataDir) Table(name string) table.Table {
	switch {
	case d.deployed != nil:
		return d.deployed.table(name)
	case d.db != nil:
		return d.db.Table(name)
	}
	return d.server.Table(name)
}

// Close closes the files. Nothing is lost without it.
func (d *dataDir) Close() error {
	switch {
	case d.deployed != nil:
		return nil // no connection of its own
	case d.db != nil:
		return d.db.Close()
	}
	return d.server.Close()
}

// explain adds to an error of the tables what to do about it, where that depends
// on where they are.
func (d *dataDir) explain(err error) error {
	if d.deployed != nil {
		return d.deployed.explain(err)
	}
	return err
}

// ServeSocket lets other commands work on the directory through this process
// until the returned socket is closed.
func (d *dataDir) ServeSocket() (*socket, error) {
	if d.db == nil {
		return nil, fmt.Errorf("serve %s: another process has the database", socketFile)
	}
	l, err := remote.Listen(filepath.Join(d.Path, socketFile))
	if err != nil {
		return nil, fmt.Errorf("serve %s: %w", socketFile, err)
	}
	s := &socket{server: remote.NewServer(d.served, nil), ended: make(chan error, 1)}
	go func() { s.ended <- s.server.Serve(l) }()
	return s, nil
}

// served are the tables that the socket gives.
func (d *dataDir) served(name string) (table.Table, bool) {
	switch name {
	case directoryTable, recordsTable, stateTable:
		return d.Table(name), true
	}
	return nil, false
}

// socket is the local way into a server.
type socket struct {
	server *remote.Server
	ended  chan error
}

// Close ends it after the calls that have begun.
func (s *socket) Close() error { return errors.Join(s.server.Close(), <-s.ended) }

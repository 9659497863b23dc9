package objects

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

// Config is what a Store is made of. All fields are required.
type Config struct {
	Account, Region string
	Buckets         []string
	Rand            io.Reader                // of versions and ids
	Created         func(event []byte) error // is told of each new version
}

// Store is some buckets, and as an http.Handler their API. It is safe for
// concurrent use.
type Store struct {
	Config
	dir string // of the versions' bytes

	mu      sync.Mutex
	buckets map[string]map[string][]version // by bucket and key, oldest first
	count   int                             // of all versions ever made
}

// version is one version of an object; a marker stands for its deletion.
type version struct {
	id, etag string
	path     string
	size     int64
	made     time.Time
	marker   bool
}

// The refusals of S3, by their code.
var (
	ErrNoBucket  = errors.New("NoSuchBucket")
	ErrNoKey     = errors.New("NoSuchKey")
	ErrNoVersion = errors.New("NoSuchVersion")
	ErrExists    = errors.New("PreconditionFailed")
)

// New makes empty buckets. Their bytes are in a temporary folder until Close.
func New(c Config) (*Store, error) {
	dir, err := os.MkdirTemp("", "docket-objects")
	if err != nil {
		return nil, fmt.Errorf("make a folder for objects: %w", err)
	}
	s := &Store{Config: c, dir: dir, buckets: map[string]map[string][]version{}}
	for _, name := range c.Buckets {
		s.buckets[name] = map[string][]version{}
	}
	return s, nil
}

// Close removes all objects.
func (s *Store) Close() error { return os.RemoveAll(s.dir) }

// Put stores a new version of an object and tells of it. With once it does so only
// where there is no object of that key (If-None-Match: *), and fails with ErrExists
// otherwise.
func (s *Store) Put(bucket, key string, body io.Reader, once bool) (id string, err error) {
	v, err := s.write(body)
	if err != nil {
		return "", fmt.Errorf("put %s/%s: %w", bucket, key, err)
	}
	if err := s.add(bucket, key, &v, once); err != nil {
		return "", errors.Join(fmt.Errorf("put %s/%s: %w", bucket, key, err), os.Remove(v.path))
	}
	return v.id, s.tell(bucket, key, v)
}

// write keeps the bytes of a version.
func (s *Store) write(body io.Reader) (version, error) {
	file, err := os.CreateTemp(s.dir, "version")
	if err != nil {
		return version{}, err
	}
	sum := md5.New()
	n, err := io.Copy(io.MultiWriter(file, sum), body)
	if err := errors.Join(err, file.Close()); err != nil {
		return version{}, errors.Join(err, os.Remove(file.Name()))
	}
	return version{etag: hex.EncodeToString(sum.Sum(nil)), path: file.Name(), size: n, made: time.Now()}, nil
}

func (s *Store) add(bucket, key string, v *version, once bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	keys, ok := s.buckets[bucket]
	if !ok {
		return ErrNoBucket
	}
	if list := keys[key]; once && len(list) > 0 && !list[len(list)-1].marker {
		return ErrExists
	}
	var id [16]byte
	if _, err := io.ReadFull(s.Rand, id[:]); err != nil {
		return fmt.Errorf("make a version: %w", err)
	}
	s.count++
	v.id = hex.EncodeToString(id[:])
	keys[key] = append(keys[key], *v)
	return nil
}

// tell makes the event of a version. The key is as it is: only S3's own
// notifications escape it.
func (s *Store) tell(bucket, key string, v version) error {
	s.mu.Lock()
	sequencer := fmt.Sprintf("%016X", s.count)
	s.mu.Unlock()
	event, err := json.Marshal(map[string]any{
		"version": "0", "id": v.id[:8] + "-" + v.id[8:12] + "-" + v.id[12:16] + "-" + v.id[16:20] + "-" + v.id[20:], "detail-type": "Object Created", "source": "aws.s3",
		"account": s.Account, "region": s.Region, "time": v.made.UTC().Format(time.RFC3339), "resources": []string{"arn:aws:s3:::" + bucket},
		"detail": map[string]any{
			"version": "0", "bucket": map[string]string{"name": bucket},
			"object":     map[string]any{"key": key, "size": v.size, "etag": v.etag, "version-id": v.id, "sequencer": sequencer},
			"request-id": v.id[:16], "requester": s.Account, "source-ip-address": "127.0.0.1", "reason": "PutObject",
		},
	})
	if err != nil {
		return fmt.Errorf("tell of %s/%s: %w", bucket, key, err)
	}
	return s.Created(event)
}

// open finds a version, the last one without an id, and opens its bytes.
func (s *Store) open(bucket, key, id string) (*os.File, version, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	keys, ok := s.buckets[bucket]
	if !ok {
		return nil, version{}, ErrNoBucket
	}
	list := keys[key]
	for i := len(list) - 1; i >= 0; i-- {
		v := list[i]
		if id != "" && v.id != id {
			continue
		}
		if v.marker {
			return nil, version{}, ErrNoKey
		}
		file, err := os.Open(v.path)
		return file, v, err
	}
	if id != "" {
		return nil, version{}, ErrNoVersion
	}
	return nil, version{}, ErrNoKey
}

// Delete puts a marker over an object; with a version's id it removes that for
// good.
func (s *Store) Delete(bucket, key, id string) error {
	if id == "" {
		v := version{marker: true, made: time.Now()}
		return s.add(bucket, key, &v, false)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.buckets[bucket][key]
	for i, v := range list {
		if v.id == id {
			s.buckets[bucket][key] = append(list[:i:i], list[i+1:]...)
			if v.marker {
				return nil
			}
			return os.Remove(v.path)
		}
	}
	return nil
}

// Upload takes the files below a folder that were not changed between two looks,
// and makes objects of them, whose keys are their paths. seen remembers what a look
// found; it is empty at first and passed on.
func (s *Store) Upload(bucket, folder string, seen map[string]string) error {
	return filepath.WalkDir(folder, func(path string, e os.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		info, err := e.Info()
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		state := strconv.FormatInt(info.Size(), 10) + " " + strconv.FormatInt(info.ModTime().UnixNano(), 10)
		switch seen[path] {
		case "done " + state:
			return nil
		case state:
		default:
			seen[path] = state
			return nil
		}
		key, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		seen[path] = "done " + state
		_, err = s.Put(bucket, filepath.ToSlash(key), file, false)
		return err
	})
}

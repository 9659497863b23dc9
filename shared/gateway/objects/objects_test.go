package objects

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
)

// created is an event as its reader sees it.
type created struct {
	Source     string
	DetailType string `json:"detail-type"`
	Detail     struct {
		Bucket struct{ Name string }
		Object struct {
			Key, ETag string
			Size      int64
			Version   string `json:"version-id"`
		}
	}
}

func newStore(t *testing.T) (*Store, *[]created) {
	t.Helper()
	var events []created
	s, err := New(Config{Account: "1", Region: "us-east-1", Buckets: []string{"drop"}, Rand: rand.Reader, Created: func(event []byte) error {
		var c created
		err := json.Unmarshal(event, &c)
		events = append(events, c)
		return err
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, &events
}

func newClient(t *testing.T, s *Store) *s3.Client {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s3.NewFromConfig(aws.Config{
		Region: "us-east-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("rehearsal", "rehearsal", ""), RetryMaxAttempts: 1,
	})
}

// TestVersions: each put is a version and an event, and the SDK reads any of
// them, from anywhere.
func TestVersions(t *testing.T) {
	s, events := newStore(t)
	c := newClient(t, s)
	const key = "a folder/ä+b.json"
	for _, body := range []string{"first", "second"} {
		_, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("drop"), Key: aws.String(key), Body: strings.NewReader(body)})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(*events) != 2 {
		t.Fatalf("%d events", len(*events))
	}
	e := (*events)[0]
	if e.Source != "aws.s3" || e.DetailType != "Object Created" || e.Detail.Bucket.Name != "drop" || e.Detail.Object.Key != key || e.Detail.Object.Size != 5 {
		t.Errorf("%+v", e)
	}
	get := func(in s3.GetObjectInput) string {
		in.Bucket, in.Key = aws.String("drop"), aws.String(key)
		out, err := c.GetObject(t.Context(), &in)
		if err != nil {
			return code(err)
		}
		defer out.Body.Close()
		b, err := io.ReadAll(out.Body)
		if err != nil {
			t.Error(err)
		}
		return string(b)
	}
	first := &e.Detail.Object.Version
	for name, c := range map[string]struct {
		in   s3.GetObjectInput
		want string
	}{
		"the last":      {s3.GetObjectInput{}, "second"},
		"a version":     {s3.GetObjectInput{VersionId: first}, "first"},
		"a range":       {s3.GetObjectInput{VersionId: first, Range: aws.String("bytes=2-")}, "rst"},
		"another ETag":  {s3.GetObjectInput{IfMatch: aws.String(`"` + e.Detail.Object.ETag + `"`)}, "PreconditionFailed"},
		"the same ETag": {s3.GetObjectInput{VersionId: first, IfMatch: aws.String(`"` + e.Detail.Object.ETag + `"`)}, "first"},
		"no version":    {s3.GetObjectInput{VersionId: aws.String("none")}, "NoSuchVersion"},
	} {
		if got := get(c.in); got != c.want {
			t.Errorf("%s: %q; want %q", name, got, c.want)
		}
	}
	if err := s.Delete("drop", key, ""); err != nil {
		t.Fatal(err)
	}
	if got := get(s3.GetObjectInput{}); got != "NoSuchKey" {
		t.Errorf("deleted: %q", got)
	}
	if got := get(s3.GetObjectInput{VersionId: first}); got != "first" {
		t.Errorf("a version below the marker: %q", got)
	}
	if err := s.Delete("drop", key, *first); err != nil {
		t.Fatal(err)
	}
	if got := get(s3.GetObjectInput{VersionId: first}); got != "NoSuchVersion" {
		t.Errorf("a version that was removed: %q", got)
	}
}

func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return err.Error()
}

// TestOnce: an upload that is repeated because its answer was lost makes no second
// version.
func TestOnce(t *testing.T) {
	s, events := newStore(t)
	for i, want := range []int{http.StatusOK, http.StatusPreconditionFailed} {
		r := httptest.NewRequest(http.MethodPut, "/drop/k", strings.NewReader("x"))
		r.Header.Set("If-None-Match", "*")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("put %d: status %d; want %d", i+1, w.Code, want)
		}
	}
	if len(*events) != 1 {
		t.Errorf("%d events", len(*events))
	}
	if left, err := os.ReadDir(s.dir); err != nil || len(left) != 1 {
		t.Errorf("%d files are kept, %v", len(left), err)
	}
	if _, err := s.Put("other", "k", &bytes.Buffer{}, false); !errors.Is(err, ErrNoBucket) {
		t.Errorf("put into no bucket: %v", err)
	}
}

// TestUpload: a file of the folder becomes an object once it is whole, and again
// when it changes.
func TestUpload(t *testing.T) {
	s, events := newStore(t)
	folder := t.TempDir()
	write := func(text string) {
		if err := os.MkdirAll(filepath.Join(folder, "x"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "x", "f"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[string]string{}
	for i, step := range []struct {
		text   string
		events int
	}{{"a", 0}, {"ab", 0}, {"", 1}, {"", 1}, {"abc", 1}, {"", 2}} {
		if step.text != "" {
			write(step.text)
		}
		if err := s.Upload("drop", folder, seen); err != nil {
			t.Fatal(err)
		}
		if len(*events) != step.events {
			t.Fatalf("step %d: %d events; want %d", i, len(*events), step.events)
		}
	}
	if o := (*events)[0].Detail.Object; o.Key != "x/f" || o.Size != 2 {
		t.Errorf("%+v", o)
	}
}

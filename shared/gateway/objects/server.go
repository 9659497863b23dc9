package objects

import (
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"strings"
)

// ServeHTTP answers requests for objects, /BUCKET/KEY.
func (s *Store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	var err error
	switch {
	case key == "":
		err = errMethod
	case r.Method == http.MethodPut:
		err = s.servePut(w, r, bucket, key)
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		err = s.serveGet(w, r, bucket, key)
	case r.Method == http.MethodDelete:
		if err = s.Delete(bucket, key, r.URL.Query().Get("versionId")); err == nil {
			w.WriteHeader(http.StatusNoContent)
		}
	default:
		err = errMethod
	}
	if err != nil {
		fail(w, err)
	}
}

var (
	errMethod  = errors.New("MethodNotAllowed")
	errChunked = errors.New("NotImplemented")
)

func (s *Store) servePut(w http.ResponseWriter, r *http.Request, bucket, key string) error {
	if strings.Contains(r.Header.Get("Content-Encoding"), "aws-chunked") {
		return errChunked
	}
	id, err := s.Put(bucket, key, r.Body, r.Header.Get("If-None-Match") == "*")
	if err != nil {
		return err
	}
	w.Header().Set("X-Amz-Version-Id", id)
	w.WriteHeader(http.StatusOK)
	return nil
}

func (s *Store) serveGet(w http.ResponseWriter, r *http.Request, bucket, key string) error {
	file, v, err := s.open(bucket, key, r.URL.Query().Get("versionId"))
	if err != nil {
		return err
	}
	defer file.Close()
	h := w.Header()
	h.Set("ETag", `"`+v.etag+`"`)
	h.Set("X-Amz-Version-Id", v.id)
	h.Set("Content-Type", "binary/octet-stream")
	http.ServeContent(w, r, "", v.made, file) // knows ranges and conditions
	return nil
}

// statuses are those of S3's error codes.
var statuses = []struct {
	err    error
	status int
}{
	{ErrNoBucket, http.StatusNotFound}, {ErrNoKey, http.StatusNotFound}, {ErrNoVersion, http.StatusNotFound},
	{ErrExists, http.StatusPreconditionFailed}, {errMethod, http.StatusMethodNotAllowed}, {errChunked, http.StatusNotImplemented},
}

func fail(w http.ResponseWriter, err error) {
	code, status := "InternalError", http.StatusInternalServerError
	for _, s := range statuses {
		if errors.Is(err, s.err) {
			code, status = s.err.Error(), s.status
		}
	}
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, fmt.Sprintf("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>%s</Code><Message>%s</Message></Error>", code, html.EscapeString(err.Error()))) // the client is gone
}

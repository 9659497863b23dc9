package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// viaBucket are the flags of an import that goes through the bucket.
type viaBucket struct {
	on  bool
	url string
	aws awsFlags
}

func (f *viaBucket) add(c *cobra.Command) {
	c.Flags().BoolVar(&f.on, "via-bucket", false, "upload the files to the bucket of a deployment, which stores their records later: also those over 6 MB")
	c.Flags().StringVar(&f.url, "upload-url", "", "with --via-bucket: URL that an administrator made, for one file (DOCKET_UPLOAD_URL)")
	f.aws.addAlone(c)
}

// uploaded is the result for one file.
type uploaded struct {
	File   string `json:"file"`
	Key    string `json:"key"`
	Bytes  int64  `json:"bytes"`
	Before bool   `json:"before"` // it was there already, and nothing was sent
}

// check refuses flags that would be ignored, or could not be followed.
func (f *viaBucket) check(w world, files []string) error {
	if f.url == "" && !f.aws.on && f.aws.endpoint == "" {
		f.url = w.getenv("DOCKET_UPLOAD_URL")
	}
	switch {
	case f.on && (len(files) == 0 || slices.Contains(files, "-")):
		return errors.New("--via-bucket needs files: what is uploaded must be readable twice")
	case f.on && f.url != "" && len(files) > 1:
		return errors.New("--upload-url is for one file: ask for one URL for each")
	case f.on && f.url != "" && (f.aws.on || f.aws.endpoint != ""):
		return errors.New("--upload-url and --aws exclude each other: the URL says where to")
	}
	return nil
}

// upload puts files into the bucket. The key of a file that is signed for here is
// made of its content: the same file again is found there.
func (f *viaBucket) upload(ctx context.Context, w world, files []string, asJSON bool) error {
	if err := f.check(w, files); err != nil {
		return &exitError{exitUsage, err}
	}
	var b *bucket
	if f.url == "" {
		var err error
		if b, err = openBucket(ctx, &f.aws); err != nil {
			return err
		}
	}
	results := []uploaded{}
	for _, name := range files {
		r, err := f.file(ctx, w, b, name)
		if err != nil {
			return fmt.Errorf("upload %s: %w", name, err)
		}
		results = append(results, r)
		if !asJSON {
			state := "uploaded"
			if r.Before {
				state = "uploaded before"
			}
			fmt.Fprintf(w.stdout, "%s: %s bytes %s; the records can be read once they are stored (docket dlq list says what could not be)\n", name, grouped(r.Bytes), state)
		}
	}
	if asJSON {
		return json.NewEncoder(w.stdout).Encode(results)
	}
	return nil
}

func (f *viaBucket) file(ctx context.Context, w world, b *bucket, name string) (uploaded, error) {
	file, err := os.Open(name)
	if err != nil {
		return uploaded{}, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return uploaded{}, err
	}
	if !info.Mode().IsRegular() || info.Size() == 0 {
		return uploaded{}, errors.New("it is not a file, or empty")
	}
	target := f.url
	if b != nil {
		sum := sha256.New()
		if _, err := io.Copy(sum, interruptible{ctx, file}); err != nil {
			return uploaded{}, err
		}
		if target, err = b.sign(ctx, "import/"+hex.EncodeToString(sum.Sum(nil))+"/"+keyName(name), maxUploadTime); err != nil {
			return uploaded{}, err
		}
	}
	r := uploaded{File: name, Bytes: info.Size()}
	if u, err := url.Parse(target); err == nil {
		r.Key = strings.TrimPrefix(u.Path, "/")
	}
	r.Before, err = put(ctx, w, target, file, info.Size(), name)
	return r, err
}

// How an upload is tried. S3 takes up to 5 GB in one request.
const (
	maxUploadTime  = 12 * time.Hour
	uploadAttempts = 4
	uploadPause    = time.Second // doubled after each
)

// put sends a file to a signed URL, again where that could help. Sending it again
// stores no second object.
func put(ctx context.Context, w world, target string, file *os.File, size int64, name string) (before bool, err error) {
	for try := 1; ; try++ {
		status, answer, err := putOnce(ctx, w, target, file, size, name)
		switch {
		case err == nil && status == http.StatusOK:
			return false, nil
		case err == nil && status == http.StatusPreconditionFailed:
			return true, nil
		case ctx.Err() != nil:
			return false, errors.New("interrupted")
		case err == nil && status == http.StatusForbidden:
			return false, fmt.Errorf("S3 refused it (403, %s): the URL has expired or was changed, or your AWS credentials may not write to the bucket", code(answer))
		case err == nil && status < http.StatusInternalServerError && status != http.StatusConflict:
			return false, fmt.Errorf("S3 answered %d, %s", status, code(answer))
		case try == uploadAttempts && err != nil:
			return false, err
		case try == uploadAttempts:
			return false, fmt.Errorf("S3 answered %d, %s, %d times", status, code(answer), try)
		}
		pause := time.NewTimer(uploadPause << (try - 1))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return false, errors.New("interrupted")
		}
	}
}

func putOnce(ctx context.Context, w world, target string, file *os.File, size int64, name string) (int, string, error) {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return 0, "", err
	}
	bar := newProgress(w, size, name)
	defer bar.end()
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, target, io.NopCloser(bar.read(file)))
	if err != nil {
		return 0, "", errors.New("the URL is malformed") // the error would show its signature
	}
	req.ContentLength = size
	req.Header.Set("If-None-Match", "*")
	req.Header.Set("Expect", "100-continue") // a refusal comes before the file is sent
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		var failed *url.Error
		if errors.As(err, &failed) {
			err = failed.Err // without the URL
		}
		return 0, "", err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	return resp.StatusCode, string(answer), err
}

// code is the error code in an answer of S3.
func code(answer string) string {
	_, rest, _ := strings.Cut(answer, "<Code>")
	text, _, found := strings.Cut(rest, "</Code>")
	if !found {
		return "without a code"
	}
	return oneLine(text)
}

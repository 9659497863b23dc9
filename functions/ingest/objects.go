package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"docket/shared/delivery"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// objects reads objects of S3 as streams: nothing of them is kept in memory.
type objects struct {
	s3 interface {
		GetObject(ctx context.Context, in *s3.GetObjectInput, options ...func(*s3.Options)) (*s3.GetObjectOutput, error)
	}
}

var _ delivery.Objects = (*objects)(nil)

// Open begins to read an object. The reader goes on after a lost connection.
func (o *objects) Open(ctx context.Context, object delivery.Object) (io.ReadCloser, error) {
	r := &objectReader{ctx: ctx, from: o, object: object}
	if err := r.open(); err != nil {
		return nil, err
	}
	return r, nil
}

// maxReopens bounds how often a stream is taken up again without a byte in between.
const maxReopens = 3

// objectReader is an object being read. It never mixes two versions: where there is
// no version ID, each request asks for the same ETag.
type objectReader struct {
	ctx    context.Context
	from   *objects
	object delivery.Object
	body   io.ReadCloser
	at     int64
	fails  int
}

func (r *objectReader) open() error {
	in := &s3.GetObjectInput{Bucket: &r.object.Bucket, Key: &r.object.Key}
	if r.object.Version != "" {
		in.VersionId = &r.object.Version
	} else {
		in.IfMatch = aws.String(`"` + r.object.ETag + `"`)
	}
	if r.at > 0 {
		in.Range = aws.String(fmt.Sprintf("bytes=%d-", r.at))
	}
	out, err := r.from.s3.GetObject(r.ctx, in)
	if err != nil {
		return wherefore(err)
	}
	r.body = out.Body
	return nil
}

// wherefore tells errors that stay from those that may pass. A refusal (403) may:
// somebody can correct a policy.
func wherefore(err error) error {
	var answer *awshttp.ResponseError
	if !errors.As(err, &answer) {
		return err
	}
	switch answer.HTTPStatusCode() {
	case http.StatusNotFound, http.StatusMethodNotAllowed: // 405: the version is a delete marker
		return fmt.Errorf("%w: %w", delivery.ErrGone, err)
	case http.StatusPreconditionFailed:
		return fmt.Errorf("%w: %w", delivery.ErrReplaced, err)
	}
	return err
}

// Read reads on, from a new connection if the one before was lost.
func (r *objectReader) Read(p []byte) (int, error) {
	for {
		n, err := r.body.Read(p)
		r.at += int64(n)
		if n > 0 {
			r.fails = 0
		}
		if err == nil || err == io.EOF || r.ctx.Err() != nil || r.fails >= maxReopens {
			return n, err
		}
		r.fails++
		if err := errors.Join(r.body.Close(), r.open()); err != nil {
			return n, err
		}
		if n > 0 {
			return n, nil
		}
	}
}

// Close ends the connection.
func (r *objectReader) Close() error { return r.body.Close() }

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"docket/shared/delivery"
	"docket/shared/environment"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// TestReadQueues: a source has both queues or none, and there is one at least.
func TestReadQueues(t *testing.T) {
	read := func(values ...string) (queues, error) {
		return readQueues(func(name string) string {
			for i := 0; i < len(values); i += 2 {
				if values[i] == name {
					return values[i+1]
				}
			}
			return ""
		})
	}
	q, err := read(environment.EventsQueue, "a", environment.EventsDead, "b")
	if err != nil || len(q) != 2 || q[delivery.Address{Queue: delivery.Events}] != "a" || q[delivery.Address{Queue: delivery.Events, Dead: true}] != "b" {
		t.Errorf("%v, %v", q, err)
	}
	for _, values := range [][]string{nil, {environment.FilesQueue, "a"}, {environment.FilesDead, "a"}, {environment.RecordsQueue, "a", environment.FilesDead, "b"}} {
		if q, err := read(values...); err == nil {
			t.Errorf("%q: %v", values, q)
		}
	}
}

func TestList(t *testing.T) {
	for text, want := range map[string][]string{"": nil, " , ": nil, "a": {"a"}, " a,b ,,c": {"a", "b", "c"}} {
		if got := list(text); !slices.Equal(got, want) {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// TestReadMapping: files of the deployment, and what is wrong with them.
func TestReadMapping(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "m.yaml")
	if err := os.WriteFile(name, []byte("services: {parcels: Parcel Service}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readMapping([]string{name}); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(name, []byte("service: {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{name, filepath.Join(dir, "none.yaml")} {
		if _, err := readMapping([]string{bad}); err == nil || !strings.Contains(err.Error(), environment.Mapping) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// bucket answers GetObject, with bodies that break off.
type bucket struct {
	text   string
	breaks int // the bytes that a connection lives; 0: for ever
	asked  []string
	status int // of an error
}

func (b *bucket) GetObject(_ context.Context, in *s3.GetObjectInput, _ ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	text := func(s *string) string {
		if s == nil {
			return "-"
		}
		return *s
	}
	b.asked = append(b.asked, fmt.Sprint(*in.Bucket, " ", *in.Key, " ", text(in.VersionId), " ", text(in.IfMatch), " ", text(in.Range)))
	if b.status != 0 {
		return nil, &awshttp.ResponseError{ResponseError: &smithyhttp.ResponseError{
			Response: &smithyhttp.Response{Response: &http.Response{StatusCode: b.status}}, Err: errTest}}
	}
	at := 0
	if in.Range != nil {
		if _, err := fmt.Sscanf(*in.Range, "bytes=%d-", &at); err != nil {
			return nil, err
		}
	}
	var body io.Reader = strings.NewReader(b.text[at:])
	if b.breaks > 0 && len(b.text)-at > b.breaks {
		body = io.MultiReader(strings.NewReader(b.text[at:at+b.breaks]), iotest.ErrReader(errTest))
	}
	return &s3.GetObjectOutput{Body: io.NopCloser(body)}, nil
}

// TestObjectsGoOn: a lost connection is taken up again where it was lost, and asks
// for the same version.
func TestObjectsGoOn(t *testing.T) {
	for _, c := range []struct {
		object delivery.Object
		want   []string
	}{
		{delivery.Object{Bucket: "b", Key: "k", Version: "v"}, []string{"b k v - -", "b k v - bytes=4-", "b k v - bytes=8-"}},
		{delivery.Object{Bucket: "b", Key: "k", ETag: "e"}, []string{`b k - "e" -`, `b k - "e" bytes=4-`, `b k - "e" bytes=8-`}},
	} {
		b := &bucket{text: "0123456789", breaks: 4}
		r, err := (&objects{b}).Open(t.Context(), c.object)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if string(text) != b.text || err != nil || !slices.Equal(b.asked, c.want) {
			t.Errorf("%q, %v, asked %q; want %q", text, err, b.asked, c.want)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

// dead is a connection that gives nothing, again and again.
type dead struct{ asked int }

func (d *dead) GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	d.asked++
	return &s3.GetObjectOutput{Body: io.NopCloser(iotest.ErrReader(errTest))}, nil
}

// TestObjectsGiveUp: not for ever, and not after the end of the invocation.
func TestObjectsGiveUp(t *testing.T) {
	d := &dead{}
	r, err := (&objects{d}).Open(t.Context(), delivery.Object{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(r); !errors.Is(err, errTest) || d.asked != 1+maxReopens {
		t.Errorf("%v after %d requests", err, d.asked)
	}
	ctx, cancel := context.WithCancel(t.Context())
	d = &dead{}
	if r, err = (&objects{d}).Open(ctx, delivery.Object{}); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := io.ReadAll(r); !errors.Is(err, errTest) || d.asked != 1 {
		t.Errorf("%v after %d requests", err, d.asked)
	}
}

// TestObjectErrors: what stays is told from what may pass.
func TestObjectErrors(t *testing.T) {
	for status, want := range map[int]error{404: delivery.ErrGone, 405: delivery.ErrGone, 412: delivery.ErrReplaced, 403: nil, 500: nil, 503: nil} {
		_, err := (&objects{&bucket{status: status}}).Open(t.Context(), delivery.Object{})
		stays := errors.Is(err, delivery.ErrGone) || errors.Is(err, delivery.ErrReplaced)
		if !errors.Is(err, errTest) || stays != (want != nil) || want != nil && !errors.Is(err, want) {
			t.Errorf("%d: %v", status, err)
		}
	}
}

// post keeps what is sent.
type post struct{ sent []*sqs.SendMessageInput }

func (p *post) SendMessage(_ context.Context, in *sqs.SendMessageInput, _ ...func(*sqs.Options)) (*sqs.SendMessageOutput, error) {
	p.sent = append(p.sent, in)
	return &sqs.SendMessageOutput{}, nil
}

// TestLetters: to the right queue, with attributes of their types.
func TestLetters(t *testing.T) {
	p := &post{}
	l := &letters{p, testQueues}
	letter := delivery.Letter{Body: "b", Attributes: map[string]delivery.Attribute{
		"s": {Type: "String", Text: "text"}, "n": {Type: "Number.int", Text: "7"}, "b": {Type: "Binary.png", Binary: []byte{1, 2}},
	}}
	if err := l.Send(t.Context(), delivery.Address{Queue: delivery.Files, Dead: true}, letter); err != nil {
		t.Fatal(err)
	}
	in := p.sent[0]
	a := in.MessageAttributes
	if *in.QueueUrl != "http://127.0.0.1:4566/111122223333/files-dead" || *in.MessageBody != "b" || len(a) != 3 ||
		*a["s"].DataType != "String" || *a["s"].StringValue != "text" || *a["n"].DataType != "Number.int" || *a["n"].StringValue != "7" ||
		*a["b"].DataType != "Binary.png" || string(a["b"].BinaryValue) != "\x01\x02" || a["b"].StringValue != nil || a["s"].BinaryValue != nil {
		t.Errorf("%+v", in)
	}
	l.queues = queues{}
	if err := l.Send(t.Context(), delivery.Address{Queue: delivery.Events}, letter); err == nil || len(p.sent) != 1 {
		t.Error("it was sent to a queue that is not set")
	}
}

package delivery

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
)

// hostile are bodies that nobody should send.
var hostile = []string{
	"", " ", "null", "true", "7", `"text"`, "[]", "{}", "[[]]", "[null]", "{", "[", `{"`, "\x00", "\xff\xfe", "\xef\xbb\xbf", "<", "<a", "<?xml",
	`{"id":null,"detail-type":null,"detail":null}`,
	`{"id":7,"detail-type":"t","detail":{}}`,
	`{"id":"1","detail-type":"t","detail":{}}`,
	`{"id":"1","detail-type":"t","detail":{"records":null}}`,
	`{"id":"1","detail-type":"t","account":"111122223333","source":"own","detail":{"records":{"records":[]}}}`,
	`{"id":"1","detail-type":"t","account":"111122223333","source":"own","detail":{"eventID":{}}}`,
	`{"id":"1","detail-type":"t via CloudTrail","account":"111122223333","source":"aws.","detail":{"userIdentity":null}}`,
	`{"id":"1","detail-type":"t via CloudTrail","account":"111122223333","source":"aws.x","detail":{"eventID":"","eventName":[],"eventSource":{}}}`,
	`{"id":"1","detail-type":"t via CloudTrail","account":"111122223333","source":"aws.x","detail":{"eventTime":"2026-01-01T00:00:00Z","eventName":"A","eventSource":"b","userIdentity":[null],"requestParameters":{"":{"":[]}}}}`,
	`{"id":"1","detail-type":"Object Created","account":"111122223333","source":"aws.s3","detail":{"bucket":{"name":"trails"},"object":{"key":"../../etc/passwd","version-id":"x"}}}`,
	`{"id":"1","detail-type":"Object Created","account":"111122223333","source":"aws.s3","detail":{"bucket":null,"object":[]}}`,
	`{"id":"1","detail-type":"Object Created","account":"111122223333","source":"aws.s3","detail":{"bucket":{"name":"trails"},"object":{"key":"k","size":-1,"etag":"e"}}}`,
	`{"Records":[{"eventSource":"aws:s3","s3":{}}]}`,
	`{"Records":[{"eventVersion":"1"}]}`,
	`{"Records":[` + strings.Repeat("[", 1000) + strings.Repeat("]", 1000) + `]}`,
	strings.Repeat("[", 100_000), strings.Repeat(`{"a":`, 100_000), strings.Repeat("<a>", 100_000),
	"PAR1", "PK\x03\x04", "\x1f\x8b", "\x1f\x8b\x08\x00", "\x1f\x8b\xff\xff\xff\xff\xff\xff\xff\xff",
	`[{"Who":"w","Where":"h","ObjectType":"t","What":"x","Action":"Read","When":"9999-99-99T00:00:00Z"}]`,
	`{"ActivityRecordList":{"ActivityRecordList":[]}}`,
	`<!DOCTYPE a [<!ENTITY b "c">]><ActivityRecordList>&b;</ActivityRecordList>`,
}

// ends checks that a message with this body, or this object, ends in exactly one way,
// and that nothing is left to the queue where nothing fails.
func ends(t *testing.T, q Queue, m Message, object string) {
	t.Helper()
	w := newWorld(t)
	c := w.config()
	c.Objects = opener(func(context.Context, Object) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(object)), nil
	})
	m.ID, m.Received = "m", 1
	s := New(c).Take(context.Background(), q, []Message{m}, never, "")
	letters := len(w.letters[Address{q, true}])
	stored := len(w.stored())
	switch {
	case len(s.Retry) > 0 || s.Continued > 0:
		t.Errorf("it is left to the queue: %+v", s)
	case s.Refused != letters || letters > 1:
		t.Errorf("%d letters, told of %d", letters, s.Refused)
	case s.Records.Stored != stored || s.Records.Before > 0:
		t.Errorf("%d stored, told of %+v", stored, s.Records)
	case stored == 0 && letters == 0 && q != Files:
		t.Error("it vanished")
	case s.Records.Refused > 0 && letters == 0:
		t.Errorf("records are refused and nobody is told: %+v", s)
	}
	for _, l := range w.letters[Address{q, true}] {
		if l.Body != m.Body || l.Attributes[Reason].Text == "" || len(l.Attributes[Reason].Text) > MaxReason {
			t.Errorf("%+v", l)
		}
	}
}

// TestHostile: none crashes it and none vanishes, in any queue and as an object.
func TestHostile(t *testing.T) {
	file := notice(Object{testBucket, "k", "1", "e"})
	for i, body := range hostile {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			for _, q := range []Queue{Records, Files, Events} {
				ends(t, q, Message{Body: body}, "")
			}
			ends(t, Files, Message{Body: file}, body)
			ends(t, Files, Message{Body: file}, packed(t, body))
			ends(t, Events, Message{Body: event("i", "own", "t", body)}, "")
			ends(t, Events, Message{Body: event("i", "aws.x", "t via CloudTrail", body)}, "")
		})
	}
}

// FuzzMessage is the same of anything.
func FuzzMessage(f *testing.F) {
	for i, body := range hostile {
		f.Add(uint8(i), body, "entry=3 refused=1", body)
	}
	f.Add(uint8(0), record(1), "", "")
	f.Add(uint8(1), notice(Object{testBucket, "k", "1", "e"}), "", ndjson(0, 3))
	f.Add(uint8(2), event("i", "own", "t", record(1)), "", "")
	f.Add(uint8(2), event("i", "aws.iam", "AWS API Call via CloudTrail", trail("e")), "", "")
	f.Fuzz(func(t *testing.T, q uint8, body, progress, object string) {
		m := Message{Body: body}
		if progress != "" {
			m.Attributes = map[string]Attribute{Progress: {Type: "String", Text: progress}}
		}
		ends(t, Queue(q%3), m, object)
	})
}

// zeros is a text of a record that goes on for n bytes more.
type zeros struct{ n int64 }

func (z *zeros) Read(p []byte) (int, error) {
	if z.n == 0 {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), z.n)]
	for i := range p {
		p[i] = '0'
	}
	z.n -= int64(len(p))
	return len(p), nil
}

// bomb is an object that unpacks to one text of n bytes.
func bomb(t testing.TB, n int64) string {
	t.Helper()
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(z, io.MultiReader(strings.NewReader(record(1)+"\n"+`{"Who":"`), &zeros{n}, strings.NewReader(`"}`))); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestBomb: what unpacks to very much is given up, and what came before it is stored.
func TestBomb(t *testing.T) {
	w := newWorld(t)
	got := w.ending(Files, Message{ID: "m", Body: w.put("bomb", "1", bomb(t, 100<<20)), Received: 1})
	check(t, got, ending{Stored: 1, Dead: []string{"1 of 2 records were refused, the others are stored: record 2: the file cannot be read from here on: line 2: a record is longer than 64 MiB"}})
}

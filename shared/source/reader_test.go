package source

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"docket/shared/activity"
	"docket/shared/source/sourcetest"
)

// entries reads a file: each entry as "number line: Who Action What, …" or "number
// line! reason".
func entries(t testing.TB, m *Mapper, from io.Reader) []string {
	t.Helper()
	var got []string
	r := NewReader(from, m)
	for {
		e, ok := r.Next()
		if !ok {
			return got
		}
		if e.Refused != nil {
			if e.Records != nil {
				t.Errorf("entry %d is refused and has records", e.Number)
			}
			got = append(got, fmt.Sprintf("%d %d! %v", e.Number, e.Line, e.Refused))
			continue
		}
		var recs []string
		for i := range e.Records {
			if p := e.Records[i].Check(nil, ""); len(p) > 0 {
				t.Errorf("entry %d: %v", e.Number, p)
			}
			recs = append(recs, fmt.Sprintf("%s %s %s", e.Records[i].Who, e.Records[i].Action, e.Records[i].What))
		}
		got = append(got, fmt.Sprintf("%d %d: %s", e.Number, e.Line, strings.Join(recs, ", ")))
	}
}

const (
	anEvent  = `{"eventVersion":"1.08","userIdentity":{"type":"IAMUser","userName":"ann"},"eventTime":"2023-07-10T12:00:00Z","eventSource":"iam.amazonaws.com","eventName":"CreateUser","awsRegion":"us-east-1","sourceIPAddress":"1.2.3.4","requestParameters":{"userName":"bob"},"recipientAccountId":"1"}`
	aRecord  = `{"Who":"w","Where":"h","ObjectType":"t","What":"x","Action":"Read","When":"2026-01-01T00:00:00Z"}`
	anBridge = `{"version":"0","id":"e1","detail-type":"AWS API Call via CloudTrail","source":"aws.iam","account":"1","time":"2023-07-10T12:00:00Z","region":"us-east-1","resources":[],"detail":` + anEvent + `}`
)

var formTests = []struct {
	name, in string
	want     []string
}{
	{"empty", "", nil},
	{"log file", `{"Records":[` + anEvent + `,` + anEvent + `]}`, []string{"1 1: ann Added bob", "2 1: ann Added bob"}},
	{"log file without events", `{"Records":[]}`, nil},
	{"bad events in a log file", `{"Records":[null,` + anEvent + `,{"eventName":"X"},` + "\n" + `{"eventSource":"s","eventName":"X","eventTime":3},{bad},` + anEvent + `]}`, []string{
		"1 1! this is not a JSON object", "2 1: ann Added bob", "3 1! eventSource is missing or not a text",
		"4 2! eventTime is not a time of the form YYYY-MM-DDTHH:MM:SSZ", "5 2! A name in double quotes was expected, not 'b'. (line 1, column 3)", "6 2: ann Added bob"}},
	{"one event", anEvent, []string{"1 1: ann Added bob"}},
	{"events a line", anEvent + "\n{\n" + anEvent + "\n" + anBridge, []string{"1 1: ann Added bob", "2 2! this is not one complete JSON object", "3 3: ann Added bob", "4 4: ann Added bob"}},
	{"array of events", "[" + anEvent + ",\n" + aRecord + "]", []string{"1 1: ann Added bob", "2 2: w Read x"}},
	{"records a line", aRecord + "\n" + aRecord, []string{"1 1: w Read x", "2 2: w Read x"}},
	{"answer of the API", `{"ActivityRecordList":[` + aRecord + `],"ContinuationMark":"m"}`, []string{"1 1: w Read x"}},
	{"XML", `<ActivityRecordList xmlns="http://schemas.netwrix.com/api/v1/activity_records/"><ActivityRecord><Who>w</Who><ObjectType>t</ObjectType><Action>Read</Action><What>x</What><Where>h</Where><When>2026-01-01T00:00:00Z</When></ActivityRecord></ActivityRecordList>`, []string{"1 1: w Read x"}},
	{"custom event with a record", `{"detail-type":"d","detail":` + aRecord + `}`, []string{"1 1: w Read x"}},
	{"custom event with records", `{"detail-type":"d","detail":{"records":[` + aRecord + `,` + aRecord + `]}}`, []string{"1 1: w Read x, w Read x"}},
	{"custom event with an answer", `{"detail-type":"d","detail":{"ActivityRecordList":[` + aRecord + `]}}`, []string{"1 1: w Read x"}},
	{"custom event without record", `{"detail-type":"d","detail":"x"}`, []string{"1 1! the detail of this EventBridge event is a text and holds no record"}},
	{"record about events", strings.Replace(aRecord, `"x"`, `"\"eventName\"","DetailList":[{"PropertyName":"eventName","After":"a"}]`, 1), []string{`1 1: w Read "eventName"`}},
	{"notification of S3", `{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","eventTime":"2023-07-10T12:00:00Z","eventName":"ObjectCreated:Put"}]}`, []string{"1 1! this is a notification of S3, not an event of CloudTrail"}},
	{"Parquet", "PAR1\x15\x04", []string{"1 0! the file cannot be read from here on: this is a Parquet file: give JSON, NDJSON or XML, as it is or packed with gzip"}},
	{"text", "hello", []string{"1 0! the file cannot be read from here on: line 1: expected a record, which begins with {"}},
	{"cut off", `{"Records":[` + anEvent + `,{"eventVers`, []string{"1 1: ann Added bob", "2 0! the file cannot be read from here on: line 1: the file ends within a record"}},
	{"name twice", `{"eventName":"a","eventName":"a","eventSource":"s"}`, []string{"1 1! this is not JSON: a name stands twice in one object, at byte 17"}},
	{"too deep", `{"eventSource":"s","eventName":"a","x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, []string{"1 1! it is nested deeper than 64 levels"}},
	{"names in escapes", strings.Replace(anEvent, `"eventName"`, `"\u0065ventName"`, 1), []string{"1 1: ann Added bob"}},
	{"not UTF-8", "{\"eventSource\":\"s\",\"eventName\":\"\xff\"}", []string{"1 1! this is not JSON: wrong at byte 32"}},
}

// TestForms: what a file is, is told by its content, packed or not.
func TestForms(t *testing.T) {
	for _, c := range formTests {
		t.Run(c.name, func(t *testing.T) {
			m := newTestMapper(t)
			if diff := cmp.Diff(c.want, entries(t, m, strings.NewReader(c.in))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if strings.Contains(c.in, "PAR1") {
				return
			}
			if diff := cmp.Diff(c.want, entries(t, m, bytes.NewReader(sourcetest.Packed(t, c.in)))); diff != "" {
				t.Errorf("packed (-want +got):\n%s", diff)
			}
		})
	}
}

// TestRealFiles: the log files as they lie in a bucket.
func TestRealFiles(t *testing.T) {
	m := newTestMapper(t)
	n := 0
	for _, name := range realFiles(t) {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries(t, m, f) {
			if strings.Contains(e, "!") {
				t.Errorf("%s: %s", name, e)
			}
			n++
		}
		f.Close()
	}
	if n != 951 {
		t.Errorf("%d events, want 951", n)
	}
}

// TestCutPack: a packed file that was cut off gives what it holds, and says so.
func TestCutPack(t *testing.T) {
	data, err := os.ReadFile(realFiles(t)[0])
	if err != nil {
		t.Fatal(err)
	}
	m := newTestMapper(t)
	whole := entries(t, m, bytes.NewReader(data))
	for _, n := range []int{1, 2, 5, 20, len(data) / 2, len(data) - 9, len(data) - 1} {
		got := entries(t, m, bytes.NewReader(data[:n]))
		if len(got) == 0 || !strings.Contains(got[len(got)-1], "cannot be read from here on") {
			t.Fatalf("%d bytes: %q", n, got)
		}
		if diff := cmp.Diff(whole[:len(got)-1], got[:len(got)-1]); diff != "" {
			t.Errorf("%d bytes: %s", n, diff)
		}
	}
}

// TestLongEntry: one entry that is too long costs itself alone.
func TestLongEntry(t *testing.T) {
	long := `{"eventName":"` + strings.Repeat("x", MaxEntry) + `"}`
	got := entries(t, newTestMapper(t), strings.NewReader(`{"Records":[`+anEvent+","+long+","+anEvent+"]}"))
	want := []string{"1 1: ann Added bob", fmt.Sprintf("2 1! it is longer than %d bytes", MaxEntry), "3 1: ann Added bob"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// zeros is a file of n bytes of white space in a list: a bomb, once packed.
type zeros struct{ n int64 }

func (z *zeros) Read(p []byte) (int, error) {
	if z.n == 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), z.n)
	for i := range p[:n] {
		p[i] = ' '
	}
	z.n -= n
	return int(n), nil
}

// TestBombs: what unpacks to much more than it was is read without keeping it.
func TestBombs(t *testing.T) {
	m := newTestMapper(t)
	space := io.MultiReader(strings.NewReader(`{"Records":[`+anEvent), &zeros{64 << 20}, strings.NewReader("]}"))
	if diff := cmp.Diff([]string{"1 1: ann Added bob"}, entries(t, m, space)); diff != "" {
		t.Error(diff)
	}
	text := io.MultiReader(strings.NewReader(`{"Records":[`+anEvent+`,{"eventName":"`), &zeros{65 << 20}, strings.NewReader(`"}]}`))
	want := []string{"1 1: ann Added bob", "2 0! the file cannot be read from here on: line 1: a record is longer than 64 MiB"}
	if diff := cmp.Diff(want, entries(t, m, text)); diff != "" {
		t.Error(diff)
	}
}

func TestEnvelopeIsInTheDetails(t *testing.T) {
	e, ok := NewReader(strings.NewReader(anBridge), newTestMapper(t)).Next()
	if !ok || e.Refused != nil {
		t.Fatal(e.Refused)
	}
	want := []activity.Detail{{PropertyName: "eventBridge.version", After: "0"}, {PropertyName: "eventBridge.id", After: "e1"}}
	if diff := cmp.Diff(want, e.Records[0].Details[:2]); diff != "" {
		t.Error(diff)
	}
}

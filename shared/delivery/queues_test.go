package delivery

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"docket/shared/ingest"
)

// ending is how a message ended.
type ending struct {
	Stored, Before int
	Dead           []string // reasons
	Retry          bool
}

func (w *world) ending(q Queue, m Message) ending {
	w.t.Helper()
	clear(w.letters)
	s := w.take(q, m)
	e := ending{s.Records.Stored, s.Records.Before, w.dead(q), len(s.Retry) > 0}
	if s.Refused != len(e.Dead) || len(e.Dead) > 0 == e.Retry && e.Retry {
		w.t.Errorf("%+v with %d letters", s, len(e.Dead))
	}
	return e
}

func check(t *testing.T, got, want ending) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

func refused(reason string) ending { return ending{Dead: []string{reason}} }

// TestRecords: what applications may send, and what becomes of what they may not.
func TestRecords(t *testing.T) {
	xml := `<ActivityRecordList xmlns="http://schemas.netwrix.com/api/v1/activity_records/"><ActivityRecord><Who>w</Who><ObjectType>t</ObjectType><Action>Read</Action><What>x</What><When>2026-01-01T00:00:00Z</When><Where>h</Where></ActivityRecord></ActivityRecordList>`
	bad := strings.Replace(record(1), `"Who":"w",`, "", 1)
	for name, c := range map[string]struct {
		body string
		want ending
	}{
		"one":                 {record(1), ending{Stored: 1}},
		"array":               {"[" + record(1) + "," + record(1) + "]", ending{Stored: 2}},
		"body of the API":     {`{"ActivityRecordList":[` + record(1) + "]}", ending{Stored: 1}},
		"XML":                 {xml, ending{Stored: 1}},
		"lines":               {record(1) + "\n" + record(2), ending{Stored: 2}},
		"one of three is bad": {"[" + record(1) + "," + bad + "," + record(2) + "]", ending{Stored: 2, Dead: []string{"1 of 3 records were refused, the others are stored: record 2, line 1: Who is required and must not be blank."}}},
		"a plan":              {"[" + planned(1, "known") + "," + record(2) + "]", ending{Stored: 2}},
		"no plan":             {planned(1, "unknown"), refused("all of 1 records were refused: record 1, line 1: the monitoring plan does not exist or does not accept data through the API")},
		"nothing":             {"", refused("the message holds no record")},
		"an empty array":      {" [] ", refused("the message holds no record")},
		"text":                {"hello", refused("all of 1 records were refused: record 1: the file cannot be read from here on: line 1: expected a record, which begins with {")},
		"an event":            {trail("e1"), refused("all of 1 records were refused: record 1, line 1: this is an event of CloudTrail, which is not taken from here")},
		"an envelope":         {event("i", "own", "t", record(1)), refused("all of 1 records were refused: record 1, line 1: this is an event of EventBridge, which is not taken from here")},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.Plans["known"] = true
			m := Message{ID: "m1", Body: c.body, Received: 1}
			check(t, w.ending(Records, m), c.want)
			if c.want.Dead == nil {
				return
			}
			l := w.letters[Address{Records, true}][0]
			want := map[string]Attribute{Identity: {Type: "String", Text: "m1"}, FromQueue: {Type: "String", Text: "records"}, Reason: {Type: "String", Text: c.want.Dead[0]}}
			if diff := cmp.Diff(Letter{c.body, want}, l); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestIdentityOfMessages: the ID, or what stands for it, and the index.
func TestIdentityOfMessages(t *testing.T) {
	w := newWorld(t)
	as := func(id string) map[string]Attribute {
		return map[string]Attribute{Identity: {Type: "String", Text: id}}
	}
	check(t, w.ending(Records, Message{ID: "a", Body: record(1)}), ending{Stored: 1})
	check(t, w.ending(Records, Message{ID: "b", Body: record(1)}), ending{Stored: 1}) // an equal record from elsewhere
	check(t, w.ending(Records, Message{ID: "a", Body: record(1)}), ending{Before: 1})
	check(t, w.ending(Records, Message{ID: "c", Body: record(1), Attributes: as("a")}), ending{Before: 1}) // redriven
	check(t, w.ending(Records, Message{ID: "d", Body: record(2), Attributes: as("a")}),
		refused("all of 1 records were refused: record 1, line 1: something else was stored under its identity before"))
	check(t, w.ending(Records, Message{ID: "d", Body: record(2), Attributes: as(strings.Repeat("x", 257))}),
		refused("the attribute DocketIdentity is longer than 256 bytes"))
	if n := len(w.stored()); n != 2 {
		t.Errorf("%d records, want 2", n)
	}
}

// TestRedrive: a letter that is sent again stores what was refused, once a plan is
// there, and nothing else again.
func TestRedrive(t *testing.T) {
	w := newWorld(t)
	m := Message{ID: "a", Body: "[" + record(1) + "," + planned(2, "late") + "]"}
	check(t, w.ending(Records, m), ending{Stored: 1, Dead: []string{"1 of 2 records were refused, the others are stored: record 2, line 1: the monitoring plan does not exist or does not accept data through the API"}})
	l := w.letters[Address{Records, true}][0]
	w.Plans["late"] = true
	for i, want := range []ending{{Stored: 1, Before: 1}, {Before: 2}} {
		check(t, w.ending(Records, Message{ID: fmt.Sprint("again ", i), Body: l.Body, Attributes: l.Attributes}), want)
	}
	if diff := cmp.Diff([]string{"w x1 Default", "w x2 late"}, w.stored()); diff != "" {
		t.Error(diff)
	}
}

// TestFiles: objects of all kinds, and those that are none.
func TestFiles(t *testing.T) {
	w := newWorld(t)
	files := realFiles(t)
	for name, c := range map[string]struct {
		body string
		want ending
	}{
		"log file":                   {w.put("log", "1", files[0]), ending{Stored: 29}},
		"lines":                      {w.put("lines", "1", ndjson(0, 2500)), ending{Stored: 2500}},
		"packed lines":               {w.put("packed", "1", packed(t, ndjson(0, 10))), ending{Stored: 10}},
		"no versions":                {w.put("plain", "", record(1)), ending{Stored: 1}},
		"empty":                      {w.put("folder/", "1", ""), ending{}},
		"Parquet under a wrong name": {w.put("data.json", "1", "PAR1\x15\x04\x15"), refused("all of 1 records were refused: record 1: the file cannot be read from here on: this is a Parquet file: give JSON, NDJSON or XML, as it is or packed with gzip")},
		"cut off":                    {w.put("cut", "1", packed(t, ndjson(0, 900))[:300]), ending{Stored: 53, Dead: []string{"1 of 54 records were refused, the others are stored: record 54: the file cannot be read from here on: line 54: unexpected EOF"}}},
		"deleted":                    {notice(Object{testBucket, "gone", "1", "e"}), refused("open the object: the object does not exist any more")},
		"another bucket":             {notice(Object{"other", "k", "1", "e"}), refused(`bucket "other" is not one of those that are read`)},
		"another account":            {strings.Replace(w.put("foreign", "1", record(1)), testAccount, "999988887777", 1), refused(`account "999988887777" is not one of those whose events are taken`)},
		"a deletion":                 {strings.Replace(w.put("del", "1", record(1)), "Object Created", "Object Deleted", 1), refused(`this is "Object Deleted" of "aws.s3": only "Object Created" of aws.s3 is taken from here`)},
		"forged":                     {strings.Replace(w.put("forged", "1", record(1)), "aws.s3", "own.s3", 1), refused(`this is "Object Created" of "own.s3": only "Object Created" of aws.s3 is taken from here`)},
		"neither version nor ETag":   {notice(Object{Bucket: testBucket, Key: "k"}), refused("the notification has neither a version nor an ETag of the object")},
		"no JSON":                    {"hello", refused("the body is not an event of EventBridge: it is no JSON of that form")},
		"S3's own form":              {`{"Service":"Amazon S3","Event":"s3:TestEvent"}`, refused("the body is not an event of EventBridge: it lacks id, detail-type or a detail that is an object")},
		"detail of another form":     {event("i", "aws.s3", "Object Created", `{"bucket":"b"}`), refused("the notification names no bucket and object")},
	} {
		t.Run(name, func(t *testing.T) {
			w.t = t
			m := Message{ID: name, Body: c.body, Received: 1}
			check(t, w.ending(Files, m), c.want)
			again := c.want
			again.Stored, again.Before = 0, c.want.Stored
			check(t, w.ending(Files, m), again)
		})
	}
}

// TestIdentityOfObjects: bucket, key and version; the ETag where there is none.
func TestIdentityOfObjects(t *testing.T) {
	w := newWorld(t)
	for _, o := range []Object{
		{testBucket, "k", "1", "e"}, {testBucket, "k", "2", "e"}, {testBucket, "k2", "1", "e"}, {testBucket, "k", "", "e"}, {testBucket, "k", "", "f"},
	} {
		w.objects[o] = record(1)
		check(t, w.ending(Files, Message{ID: "m", Body: notice(o)}), ending{Stored: 1})
	}
	null := notice(Object{testBucket, "k", "null", "e"})
	check(t, w.ending(Files, Message{ID: "m", Body: null}), ending{Before: 1}) // a suspended bucket overwrites "null"
}

// TestEvents: events of CloudTrail and custom ones.
func TestEvents(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		want ending
	}{
		"CloudTrail":         {event("i", "aws.iam", "AWS API Call via CloudTrail", trail("e1")), ending{Stored: 1}},
		"a sign-in":          {event("i", "aws.signin", "AWS Console Sign In via CloudTrail", trail("e1")), ending{Stored: 1}},
		"no eventID":         {event("i", "aws.iam", "AWS API Call via CloudTrail", strings.Replace(trail("e1"), "eventID", "other", 1)), ending{Stored: 1}},
		"no eventTime":       {event("i", "aws.iam", "AWS API Call via CloudTrail", strings.Replace(trail("e1"), "eventTime", "other", 1)), refused("all of 1 records were refused: record 1, line 1: eventTime is missing")},
		"no identity":        {event("i", "aws.iam", "AWS API Call via CloudTrail", strings.Replace(trail("e1"), `{"type":"IAMUser","userName":"ann"}`, "null", 1)), ending{Stored: 1}},
		"forged CloudTrail":  {event("i", "own.app", "AWS API Call via CloudTrail", trail("e1")), refused("all of 1 records were refused: record 1, line 1: this is an event of CloudTrail, which is not taken from here")},
		"a record":           {event("i", "own.app", "Order", record(1)), ending{Stored: 1}},
		"records":            {event("i", "own.app", "Order", `{"version":1,"records":[`+record(1)+","+record(1)+"]}"), ending{Stored: 2}},
		"body of the API":    {event("i", "own.app", "Order", `{"ActivityRecordList":[`+record(1)+"]}"), ending{Stored: 1}},
		"one bad":            {event("i", "own.app", "Order", `{"records":[7,`+record(1)+"]}"), ending{Stored: 1, Dead: []string{"1 of 2 records were refused, the others are stored: record 1, line 1: this is not a JSON object"}}},
		"no records":         {event("i", "own.app", "Order", `{"records":[]}`), refused("the message holds no record")},
		"something else":     {event("i", "own.app", "Order", `{"order":7}`), ending{Dead: []string{""}}},
		"another AWS event":  {event("i", "aws.ec2", "EC2 Instance State-change Notification", `{"state":"running"}`), refused(`"EC2 Instance State-change Notification" of "aws.ec2" is not an event of CloudTrail: narrow the rule that sends it`)},
		"another account":    {strings.Replace(event("i", "own.app", "Order", record(1)), testAccount, "1", 1), refused(`account "1" is not one of those whose events are taken`)},
		"not EventBridge":    {record(1), refused("the body is not an event of EventBridge: it lacks id, detail-type or a detail that is an object")},
		"a name twice":       {`{"id":"1","id":"2"}`, refused("the body is not an event of EventBridge: it is no JSON of that form")},
		"a detail of no use": {event("i", "own.app", "Order", `[1]`), refused("the body is not an event of EventBridge: it lacks id, detail-type or a detail that is an object")},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			got := w.ending(Events, Message{ID: "m", Body: c.body, Received: 1})
			if len(c.want.Dead) == 1 && c.want.Dead[0] == "" && len(got.Dead) == 1 && strings.HasPrefix(got.Dead[0], "all of 1 records were refused: ") {
				c.want.Dead = got.Dead // wire's own words
			}
			check(t, got, c.want)
		})
	}
}

// TestIdentityOfEvents: CloudTrail's own ID whatever it is wrapped in, else that of
// the wrapping.
func TestIdentityOfEvents(t *testing.T) {
	w := newWorld(t)
	give := func(body string, want ending) {
		t.Helper()
		check(t, w.ending(Events, Message{ID: "m", Body: body}), want)
	}
	const api = "AWS API Call via CloudTrail"
	give(event("1", "aws.iam", api, trail("e1")), ending{Stored: 1})
	give(event("2", "aws.iam", api, trail("e1")), ending{Before: 1})
	give(event("1", "aws.iam", api, trail("e2")), ending{Stored: 1})
	give(event("1", "own.app", "Order", record(1)), ending{Stored: 1})
	give(event("2", "own.app", "Order", record(1)), ending{Stored: 1})
	give(event("1", "own.app", "Order", record(1)), ending{Before: 1})
	give(event("e1", "own.app", "Order", record(1)), ending{Stored: 1}) // no way to take a CloudTrail event's place
}

// TestPlaces: equal IDs and names in different queues are different things.
func TestPlaces(t *testing.T) {
	w := newWorld(t)
	check(t, w.ending(Records, Message{ID: "1", Body: record(1)}), ending{Stored: 1})
	check(t, w.ending(Events, Message{ID: "1", Body: event("1", "own", "Order", record(1))}), ending{Stored: 1})
	check(t, w.ending(Files, Message{ID: "1", Body: w.put("1", "1", record(1))}), ending{Stored: 1})
}

// TestLastTry: what may pass is left to the queue, and explained on the last try.
func TestLastTry(t *testing.T) {
	w := newWorld(t)
	c := w.config()
	c.Objects = opener(func(context.Context, Object) (io.ReadCloser, error) { return nil, errTest })
	d := New(c)
	m := Message{ID: "m", Body: notice(Object{testBucket, "k", "1", "e"})}
	for n := range 5 {
		m.Received = n
		if s := d.Take(context.Background(), Files, []Message{m}, never, ""); !slices.Equal(s.Retry, []string{"m"}) || s.Refused != 0 {
			t.Errorf("try %d: %+v", n, s)
		}
	}
	m.Received = 5
	if s := d.Take(context.Background(), Files, []Message{m}, never, ""); s.Retry != nil || s.Refused != 1 {
		t.Errorf("last try: %+v", s)
	}
	if diff := cmp.Diff([]string{"given up after 5 tries, the last one: open the object: out of order"}, w.dead(Files)); diff != "" {
		t.Error(diff)
	}
	w.fault = errTest // nothing can be sent: SQS has to
	if s := d.Take(context.Background(), Files, []Message{m}, never, ""); !slices.Equal(s.Retry, []string{"m"}) || s.Refused != 0 {
		t.Errorf("without letters: %+v", s)
	}
}

type opener func(context.Context, Object) (io.ReadCloser, error)

func (f opener) Open(ctx context.Context, o Object) (io.ReadCloser, error) { return f(ctx, o) }

// TestOneAlone: a message that fails, or a fault of ours, is no business of others.
func TestOneAlone(t *testing.T) {
	w := newWorld(t)
	c := w.config()
	c.Workers = 3
	c.Objects = opener(func(ctx context.Context, o Object) (io.ReadCloser, error) {
		switch o.Key {
		case "panics":
			panic("a fault")
		case "fails":
			return nil, errTest
		}
		return w.Open(ctx, o)
	})
	var ms []Message
	for i := range 20 {
		ms = append(ms, Message{ID: fmt.Sprint(i), Body: w.put(fmt.Sprint(i), "1", record(i)), Received: 1})
	}
	ms[3].Body, ms[7].Body, ms[11].Body = w.put("panics", "1", ""), w.put("fails", "1", ""), "poison"
	s := New(c).Take(context.Background(), Files, ms, never, "")
	if !slices.Equal(s.Retry, []string{"3", "7"}) || s.Refused != 1 || s.Records != (ingest.Result{Stored: 17}) || len(w.stored()) != 17 {
		t.Errorf("%+v", s)
	}
}

// TestTimeOver: what was not begun is left to the queue.
func TestTimeOver(t *testing.T) {
	w := newWorld(t)
	looks := 0
	stop := func() bool { looks++; return looks > 8 }
	var ms []Message
	for i := range 4 {
		ms = append(ms, Message{ID: fmt.Sprint(i), Body: record(i), Received: 1})
	}
	s := New(w.config()).Take(context.Background(), Records, ms, stop, "")
	if s.Records.Stored+len(s.Retry) != 4 || len(s.Retry) == 0 || s.Records.Stored == 0 || s.Refused != 0 {
		t.Errorf("%+v", s)
	}
}

// TestOneFileAtATime: however many workers there are.
func TestOneFileAtATime(t *testing.T) {
	w := newWorld(t)
	c := w.config()
	c.Workers = 4
	var reading, most atomic.Int64
	c.Objects = opener(func(context.Context, Object) (io.ReadCloser, error) {
		most.Store(max(most.Load(), reading.Add(1)))
		for range 100 {
			runtime.Gosched()
		}
		return file{strings.NewReader(record(1)), &reading}, nil
	})
	var ms []Message
	for i := range 20 {
		ms = append(ms, Message{ID: fmt.Sprint(i), Body: notice(Object{testBucket, fmt.Sprint(i), "1", "e"})})
	}
	if s := New(c).Take(context.Background(), Files, ms, never, ""); s.Records.Stored != 20 || most.Load() != 1 || reading.Load() != 0 {
		t.Errorf("%+v, %d at a time, %d left open", s, most.Load(), reading.Load())
	}
}

// file counts that it is closed.
type file struct {
	io.Reader
	open *atomic.Int64
}

func (f file) Close() error {
	f.open.Add(-1)
	return nil
}

// TestNeverBegun: to be last in line is no reason to become a dead letter.
func TestNeverBegun(t *testing.T) {
	w := newWorld(t)
	over := func() bool { return true }
	m := Message{ID: "m", Body: w.put("k", "1", record(1)), Received: 4}
	if s := New(w.config()).Take(context.Background(), Files, []Message{m}, over, ""); len(s.Retry) != 1 || len(w.letters) != 0 {
		t.Errorf("%+v, %d letters", s, len(w.letters))
	}
	m.Received = 5
	s := New(w.config()).Take(context.Background(), Files, []Message{m}, over, "")
	if s.Retry != nil || s.Continued != 1 || s.Refused != 0 {
		t.Errorf("last try: %+v", s)
	}
	want := []Letter{{m.Body, map[string]Attribute{Identity: {Type: "String", Text: "m"}}}}
	if diff := cmp.Diff(want, w.letters[Address{Queue: Files}]); diff != "" {
		t.Error(diff)
	}
	w.fault = errTest
	if s := New(w.config()).Take(context.Background(), Files, []Message{m}, over, ""); len(s.Retry) != 1 {
		t.Errorf("it cannot be put back: %+v", s)
	}
}

// TestLag: from what happened to what is visible, of the oldest; not of what comes
// again.
func TestLag(t *testing.T) {
	w := newWorld(t)
	at := w.At
	ms := []Message{
		{ID: "1", Body: record(1), Sent: at.Add(-3 * time.Second)},
		{ID: "2", Body: record(2), Sent: at.Add(-9 * time.Second)},
		{ID: "3", Body: record(3), Sent: at.Add(-time.Hour), Attributes: map[string]Attribute{Identity: {Type: "String", Text: "x"}}},
		{ID: "4", Body: "bad", Sent: at.Add(-time.Hour)},
		{ID: "5", Body: record(4)},
	}
	d := New(w.config())
	if s := d.Take(context.Background(), Records, ms, never, ""); s.Lag != 9*time.Second {
		t.Errorf("%v; want 9s", s.Lag)
	}
	if s := d.Take(context.Background(), Records, ms, never, ""); s.Lag != 0 {
		t.Errorf("again: %v; want 0", s.Lag)
	}
	if s := w.take(Files, Message{ID: "f", Body: w.put("k", "1", record(1))}); s.Lag != 9*time.Second {
		t.Errorf("file: %v; want 9s", s.Lag)
	}
}

package delivery

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"docket/shared/ingest"
	"docket/shared/source"
)

// KeyLife is how long an identity is remembered: a queue keeps a message for 14
// days, and a dead-letter queue for as many more.
const KeyLife = 30 * 24 * time.Hour

// The owners of identities keep those of different kinds apart.
const (
	ownMessage    = "message"
	ownObject     = "object"
	ownCloudTrail = "cloudtrail"
	ownEvent      = "event"
)

// maxIdentity bounds an identity that comes with a message.
const maxIdentity = 256

// text is what a message holds or points to.
type text struct {
	origin ingest.Origin
	from   ingest.Progress
	happen time.Time // when what it tells of happened; zero: not known
	open   func(ctx context.Context) (io.ReadCloser, error)
	empty  bool // may hold nothing
}

// refusal is an error that stays, however often a message is tried.
type refusal struct{ why string }

func (r *refusal) Error() string { return r.why }

func refusef(format string, args ...any) error { return &refusal{fmt.Sprintf(format, args...)} }

// permanent says whether trying again would not help.
func permanent(err error) bool {
	var r *refusal
	return errors.As(err, &r) || errors.Is(err, ErrGone) || errors.Is(err, ErrReplaced)
}

// read finds out what a message is. Its errors are refusals.
func (d *Deliverer) read(q Queue, m *Message) (*text, error) {
	switch q {
	case Records:
		return recordsText(m)
	case Files:
		return d.fileText(m)
	}
	return d.eventText(m)
}

func recordsText(m *Message) (*text, error) {
	name := m.text(Identity)
	if name == "" {
		name = m.ID
	}
	if len(name) > maxIdentity {
		return nil, refusef("the attribute %s is longer than %d bytes", Identity, maxIdentity)
	}
	t := inMemory(m.Body)
	t.origin = ingest.Origin{Owner: ownMessage, Name: name, Life: KeyLife, Principal: "queue " + Records.String(), Kinds: source.Records}
	t.happen = m.Sent
	return t, nil
}

func inMemory(s string) *text {
	return &text{open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(s)), nil }}
}

// envelope is an event of EventBridge, as "EventBridge event structure" of the
// EventBridge user guide has it.
type envelope struct {
	ID      string         `json:"id"`
	Type    string         `json:"detail-type"`
	Source  string         `json:"source"`
	Account string         `json:"account"`
	Time    string         `json:"time"`
	Detail  jsontext.Value `json:"detail"`
}

// readEnvelope reads an event and checks its account.
func (d *Deliverer) readEnvelope(m *Message) (*envelope, time.Time, error) {
	var e envelope
	if err := json.Unmarshal([]byte(m.Body), &e); err != nil {
		return nil, time.Time{}, refusef("the body is not an event of EventBridge: it is no JSON of that form")
	}
	switch {
	case e.ID == "" || e.Type == "" || e.Detail.Kind() != '{':
		return nil, time.Time{}, refusef("the body is not an event of EventBridge: it lacks id, detail-type or a detail that is an object")
	case len(e.ID) > maxIdentity:
		return nil, time.Time{}, refusef("the id of the event is longer than %d bytes", maxIdentity)
	case !slices.Contains(d.config.Accounts, e.Account):
		return nil, time.Time{}, refusef("account %q is not one of those whose events are taken", short(e.Account))
	}
	at, err := time.Parse(time.RFC3339, e.Time)
	if err != nil {
		at = time.Time{}
	}
	return &e, at, nil
}

// short is a name from a message as a reason quotes it.
func short(name string) string {
	const most = 80
	if len(name) > most {
		return strings.ToValidUTF8(name[:most], "") + "…"
	}
	return name
}

// created is the detail of "Object Created", as "EventBridge event message structure"
// of the S3 user guide has it.
type created struct {
	Bucket struct {
		Name string `json:"name"`
	} `json:"bucket"`
	Object struct {
		Key     string `json:"key"`
		ETag    string `json:"etag"`
		Version string `json:"version-id"`
	} `json:"object"`
}

func (d *Deliverer) fileText(m *Message) (*text, error) {
	e, at, err := d.readEnvelope(m)
	if err != nil {
		return nil, err
	}
	if e.Source != "aws.s3" || e.Type != "Object Created" {
		return nil, refusef("this is %q of %q: only \"Object Created\" of aws.s3 is taken from here", short(e.Type), short(e.Source))
	}
	var c created
	if err := json.Unmarshal(e.Detail, &c); err != nil || c.Bucket.Name == "" || c.Object.Key == "" {
		return nil, refusef("the notification names no bucket and object")
	}
	o := Object{c.Bucket.Name, c.Object.Key, c.Object.Version, c.Object.ETag}
	if o.Version == "null" {
		o.Version = "" // the one version of a bucket that keeps none: it is overwritten
	}
	switch {
	case !slices.Contains(d.config.Buckets, o.Bucket):
		return nil, refusef("bucket %q is not one of those that are read", short(o.Bucket))
	case o.Version == "" && o.ETag == "":
		return nil, refusef("the notification has neither a version nor an ETag of the object")
	}
	from, err := parseProgress(m.text(Progress))
	if err != nil {
		return nil, &refusal{err.Error()}
	}
	name := fmt.Sprintf("%q %q version %q", o.Bucket, o.Key, o.Version)
	if o.Version == "" {
		name = fmt.Sprintf("%q %q content %q", o.Bucket, o.Key, o.ETag)
	}
	return &text{
		origin: ingest.Origin{Owner: ownObject, Name: name, Life: KeyLife, Principal: "bucket " + o.Bucket, Kinds: source.All},
		from:   from, happen: at, empty: true,
		open: func(ctx context.Context) (io.ReadCloser, error) { return d.config.Objects.Open(ctx, o) },
	}, nil
}

// carried is what is looked at in the detail of an event.
type carried struct {
	EventID string         `json:"eventID"`
	Records jsontext.Value `json:"records"`
	List    jsontext.Value `json:"ActivityRecordList"`
}

func (d *Deliverer) eventText(m *Message) (*text, error) {
	e, at, err := d.readEnvelope(m)
	if err != nil {
		return nil, err
	}
	var c carried
	if err := json.Unmarshal(e.Detail, &c); err != nil || len(c.EventID) > maxIdentity {
		return nil, refusef("the detail of the event is not of a form that is known")
	}
	if fromAWS := strings.HasPrefix(e.Source, "aws."); fromAWS {
		// EventBridge takes no such source from anyone but AWS.
		if !strings.HasSuffix(e.Type, " via CloudTrail") {
			return nil, refusef("%q of %q is not an event of CloudTrail: narrow the rule that sends it", short(e.Type), short(e.Source))
		}
		t := inMemory(m.Body)
		t.happen = at
		t.origin = ingest.Origin{Owner: ownCloudTrail, Name: c.EventID, NameAlone: true, Life: KeyLife, Principal: "event " + e.Source, Kinds: source.Envelopes}
		if c.EventID == "" {
			t.origin.Owner, t.origin.Name = ownEvent, e.ID
		}
		return t, nil
	}
	body := e.Detail
	for _, list := range []jsontext.Value{c.Records, c.List} {
		if list.Kind() == '[' {
			body = list
		}
	}
	t := inMemory(string(body))
	t.happen = at
	t.origin = ingest.Origin{Owner: ownEvent, Name: e.ID, Life: KeyLife, Principal: "event " + short(e.Source), Kinds: source.Records}
	return t, nil
}

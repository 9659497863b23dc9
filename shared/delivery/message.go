package delivery

import (
	"context"
	"errors"
	"io"
	"time"
)

// Queue is where messages come from, and what they are for that.
type Queue uint8

// The queues.
const (
	Records Queue = iota
	Files
	Events
)

// String is the name that is used in reasons and logs.
func (q Queue) String() string { return [...]string{"records", "files", "events"}[q] }

// The attributes that mean something; docs/ingestion.md says what.
const (
	Identity  = "DocketIdentity"
	Progress  = "DocketProgress"
	Reason    = "DocketReason"
	FromQueue = "DocketQueue"
)

// Attribute is the value of a message attribute of SQS.
type Attribute struct {
	Type   string // String, Number or Binary, possibly with a label behind a dot
	Text   string // of String and Number
	Binary []byte
}

// Message is one delivery of a message.
type Message struct {
	ID         string
	Body       string
	Attributes map[string]Attribute
	Received   int       // deliveries so far, this one included; 0: not known
	Sent       time.Time // when it was put into the queue; zero: not known
}

// text is the value of an attribute that is a text.
func (m *Message) text(name string) string { return m.Attributes[name].Text }

// Address is where letters go: a queue or its dead-letter queue.
type Address struct {
	Queue Queue
	Dead  bool
}

// Letter is a message to be sent.
type Letter struct {
	Body       string
	Attributes map[string]Attribute
}

// Sender sends messages. A nil error means that the queue has the letter.
type Sender interface {
	Send(ctx context.Context, to Address, l Letter) error
}

// Object is one version of an object in S3. Version is empty where the bucket keeps
// none; then ETag says which content is meant.
type Object struct {
	Bucket, Key   string
	Version, ETag string
}

// Objects reads objects. Open and the reader fail with ErrGone or ErrReplaced if
// this version cannot be read any more; any other error may pass.
type Objects interface {
	Open(ctx context.Context, o Object) (io.ReadCloser, error)
}

// The errors of Objects that stay.
var (
	ErrGone     = errors.New("the object does not exist any more")
	ErrReplaced = errors.New("the object was replaced before it was read, and its bucket keeps no versions")
)

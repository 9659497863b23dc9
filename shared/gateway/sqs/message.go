package sqs

import (
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// The limits of SQS (its quotas page).
const (
	MaxBytes      = 1 << 20 // of a message with its attributes, and of a batch
	maxAttributes = 10
	maxEntries    = 10 // of a batch, and of what one ReceiveMessage returns
	maxInFlight   = 120_000
	maxVisibility = 12 * time.Hour
	maxWait       = 20 * time.Second
	maxDelay      = 15 * time.Minute
)

// Attribute is what is sent along with a message: Text, or Binary where Type
// begins with Binary.
type Attribute struct {
	Type   string
	Text   string
	Binary []byte
}

// Message is what was sent, and what happened to it since.
type Message struct {
	ID         string
	Body       string
	Attributes map[string]Attribute
	Sent       time.Time
	First      time.Time // of its deliveries; zero before
	Receives   int       // deliveries by this queue
	Source     string    // of a dead letter: ARN of the queue that it came from
}

// Delivery is a message that was handed out. Receipt deletes it.
type Delivery struct {
	Message
	Receipt string
}

// Error is a refusal, by the code that the API has for it.
type Error struct {
	Code    string // as com.amazonaws.sqs has it, such as QueueDoesNotExist
	Message string
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

func refuse(code, message string) error { return &Error{code, message} }

var attributeName = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,256}$`)

// size is what SQS counts of a message: the body, and of attributes the names,
// types and values.
func size(body string, attributes map[string]Attribute) int {
	n := len(body)
	for name, a := range attributes {
		n += len(name) + len(a.Type) + len(a.Text) + len(a.Binary)
	}
	return n
}

// check refuses what SQS would.
func check(body string, attributes map[string]Attribute, most int) error {
	switch {
	case body == "":
		return refuse("MissingParameter", "The request must contain the parameter MessageBody.")
	case size(body, attributes) > most:
		return refuse("InvalidParameterValue", "One or more parameters are invalid. Reason: Message must be shorter than the queue's MaximumMessageSize.")
	case !valid(body):
		return refuse("InvalidMessageContents", "The message contains characters outside the allowed set.")
	case len(attributes) > maxAttributes:
		return refuse("InvalidParameterValue", "Number of message attributes exceeds the allowed maximum [10].")
	}
	for name, a := range attributes {
		if err := a.check(name); err != nil {
			return err
		}
	}
	return nil
}

func (a Attribute) check(name string) error {
	lower := strings.ToLower(name)
	kind, _, _ := strings.Cut(a.Type, ".")
	switch {
	case !attributeName.MatchString(name), strings.HasPrefix(lower, "aws."), strings.HasPrefix(lower, "amazon."), name[0] == '.', name[len(name)-1] == '.', strings.Contains(name, ".."):
		return refuse("InvalidParameterValue", "The message attribute name '"+name+"' is invalid.")
	case kind != "String" && kind != "Number" && kind != "Binary":
		return refuse("InvalidParameterValue", "The type of message attribute '"+name+"' is invalid. You must use only the following supported type prefixes: Binary, Number, String.")
	case kind == "Binary" && len(a.Binary) == 0, kind != "Binary" && a.Text == "":
		return refuse("InvalidParameterValue", "Message attribute '"+name+"' must contain a non-empty value of its type.")
	case !valid(a.Text):
		return refuse("InvalidMessageContents", "Message attribute '"+name+"' contains characters outside the allowed set.")
	}
	return nil
}

// valid says whether a text has only the characters of XML 1.0, which SQS takes
// in its JSON protocol too.
func valid(text string) bool {
	if !utf8.ValidString(text) {
		return false
	}
	for _, r := range text {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == '\ufffe' || r == '\uffff' {
			return false
		}
	}
	return true
}

// BodyMD5 is the sum of the body that SQS sends along.
func (m *Message) BodyMD5() string { return bodyMD5(m.Body) }

// AttributesMD5 is that of all attributes, empty where there are none.
func (m *Message) AttributesMD5() string { return attributesMD5(m.Attributes) }

func bodyMD5(body string) string {
	sum := md5.Sum([]byte(body))
	return hex.EncodeToString(sum[:])
}

// attributesMD5 is the sum by which clients know that attributes arrived as they
// were sent (developer guide, "Calculating the MD5 message digest for message
// attributes"). It is empty where there are none.
func attributesMD5(attributes map[string]Attribute) string {
	if len(attributes) == 0 {
		return ""
	}
	h := md5.New()
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		a := attributes[name]
		sized(h, name)
		sized(h, a.Type)
		if strings.HasPrefix(a.Type, "Binary") {
			h.Write([]byte{2})
			sized(h, string(a.Binary))
		} else {
			h.Write([]byte{1})
			sized(h, a.Text)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

func sized(h hash.Hash, text string) {
	var n [4]byte
	binary.BigEndian.PutUint32(n[:], uint32(len(text)))
	h.Write(n[:])
	_, _ = io.WriteString(h, text) // a hash takes everything
}

package sqs

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Target begins the header X-Amz-Target of a request to SQS.
const Target = "AmazonSQS."

// request is what requests have, of all actions.
type request struct {
	QueueURL  string `json:"QueueUrl"`
	QueueName string

	MessageBody       string
	MessageAttributes map[string]attribute
	DelaySeconds      int

	MaxNumberOfMessages         *int
	VisibilityTimeout           *int
	WaitTimeSeconds             *int
	AttributeNames              []string // of a queue, or the old name of the next
	MessageSystemAttributeNames []string
	MessageAttributeNames       []string

	ReceiptHandle string
	Entries       []batchEntry
}

type batchEntry struct {
	ID                string `json:"Id"`
	MessageBody       string
	MessageAttributes map[string]attribute
	DelaySeconds      int
	ReceiptHandle     string
	VisibilityTimeout int
}

type attribute struct {
	DataType    string
	StringValue string `json:",omitempty"`
	BinaryValue []byte `json:",omitempty"`
}

func attributes(in map[string]attribute) map[string]Attribute {
	out := make(map[string]Attribute, len(in))
	for name, a := range in {
		out[name] = Attribute{Type: a.DataType, Text: a.StringValue, Binary: a.BinaryValue}
	}
	return out
}

// maxRequest bounds a request: a batch of most bytes, in which JSON escapes take
// six bytes for one.
const maxRequest = 8 * MaxBytes

// ServeHTTP answers requests of the JSON protocol.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	action, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), Target)
	handle := actions[action]
	if !ok || handle == nil {
		fail(w, refuse("UnsupportedOperation", "The rehearsal has no action "+strconv.Quote(action)+" of SQS."))
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequest+1))
	if err != nil {
		return // the client is gone
	}
	var in request
	if err := json.Unmarshal(body, &in); err != nil || len(body) > maxRequest {
		fail(w, refuse("InvalidParameterValue", "The request is no JSON of this action, or too long."))
		return
	}
	answer, err := handle(s, r, &in)
	if err != nil {
		fail(w, err)
		return
	}
	_ = json.NewEncoder(w).Encode(answer) // an error means that the client is gone
}

// old are the codes of the query protocol, which clients still compare with.
var old = map[string]string{
	"QueueDoesNotExist": "AWS.SimpleQueueService.NonExistentQueue", "TooManyEntriesInBatchRequest": "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
	"EmptyBatchRequest": "AWS.SimpleQueueService.EmptyBatchRequest", "BatchEntryIdsNotDistinct": "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
	"BatchRequestTooLong": "AWS.SimpleQueueService.BatchRequestTooLong", "InvalidBatchEntryId": "AWS.SimpleQueueService.InvalidBatchEntryId",
	"MessageNotInflight": "AWS.SimpleQueueService.MessageNotInflight", "UnsupportedOperation": "AWS.SimpleQueueService.UnsupportedOperation",
}

func fail(w http.ResponseWriter, err error) {
	status, fault := http.StatusBadRequest, "Sender"
	var refused *Error
	if !errors.As(err, &refused) {
		refused = &Error{"InternalError", err.Error()}
		status, fault = http.StatusInternalServerError, "Receiver"
	}
	code := refused.Code
	if o, ok := old[code]; ok {
		code = o
	}
	w.Header().Set("X-Amzn-Query-Error", code+";"+fault)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"__type": "com.amazonaws.sqs#" + refused.Code, "message": refused.Message}) // the client is gone
}

// actions are what the service does.
var actions = map[string]func(*Service, *http.Request, *request) (any, error){
	"ListQueues":                   (*Service).listQueues,
	"GetQueueUrl":                  (*Service).getQueueURL,
	"GetQueueAttributes":           (*Service).getQueueAttributes,
	"SendMessage":                  (*Service).sendMessage,
	"SendMessageBatch":             (*Service).sendMessageBatch,
	"ReceiveMessage":               (*Service).receiveMessage,
	"DeleteMessage":                (*Service).deleteMessage,
	"DeleteMessageBatch":           (*Service).deleteMessageBatch,
	"ChangeMessageVisibility":      (*Service).changeVisibility,
	"ChangeMessageVisibilityBatch": (*Service).changeVisibilityBatch,
}

// find is the queue of a URL. Only its end counts: a client may know the service
// by another address.
func (s *Service) find(url string) (*Queue, error) {
	name := url[strings.LastIndexByte(url, '/')+1:]
	if q, ok := s.Queue(name); ok {
		return q, nil
	}
	return nil, refuse("QueueDoesNotExist", "The specified queue does not exist.")
}

func (s *Service) listQueues(*http.Request, *request) (any, error) {
	urls := []string{}
	for _, name := range s.names() {
		if q, ok := s.Queue(name); ok {
			urls = append(urls, q.URL())
		}
	}
	return map[string]any{"QueueUrls": urls}, nil
}

func (s *Service) getQueueURL(_ *http.Request, in *request) (any, error) {
	q, err := s.find(in.QueueName)
	if err != nil {
		return nil, err
	}
	return map[string]string{"QueueUrl": q.URL()}, nil
}

func (s *Service) getQueueAttributes(_ *http.Request, in *request) (any, error) {
	q, err := s.find(in.QueueURL)
	if err != nil {
		return nil, err
	}
	ready, inFlight, delayed := q.Count()
	all := map[string]string{
		"QueueArn": q.ARN(), "VisibilityTimeout": seconds(q.Visibility), "MessageRetentionPeriod": seconds(q.Retention), "MaximumMessageSize": strconv.Itoa(q.MaxBytes),
		"ApproximateNumberOfMessages": strconv.Itoa(ready), "ApproximateNumberOfMessagesNotVisible": strconv.Itoa(inFlight), "ApproximateNumberOfMessagesDelayed": strconv.Itoa(delayed),
		"DelaySeconds": "0", "ReceiveMessageWaitTimeSeconds": "0",
	}
	if q.Dead != nil {
		policy, err := json.Marshal(map[string]any{"deadLetterTargetArn": q.Dead.ARN(), "maxReceiveCount": q.MaxReceives})
		if err != nil {
			return nil, err
		}
		all["RedrivePolicy"] = string(policy)
	}
	asked := map[string]string{}
	for name, value := range all {
		if matches(in.AttributeNames, name) {
			asked[name] = value
		}
	}
	return map[string]any{"Attributes": asked}, nil
}

// matches says whether one of the names that were asked for is this one: All, .*,
// PREFIX.* or the name itself.
func matches(asked []string, name string) bool {
	for _, a := range asked {
		prefix, isPrefix := strings.CutSuffix(a, ".*")
		if a == "All" || a == name || isPrefix && strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

var entryID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)

// checkEntries refuses a batch as a whole.
func checkEntries(entries []batchEntry) error {
	switch {
	case len(entries) == 0:
		return refuse("EmptyBatchRequest", "There should be at least one entry in the request.")
	case len(entries) > maxEntries:
		return refuse("TooManyEntriesInBatchRequest", "Maximum number of entries per request are 10. You have sent "+strconv.Itoa(len(entries))+".")
	}
	seen, total := map[string]bool{}, 0
	for _, e := range entries {
		if !entryID.MatchString(e.ID) {
			return refuse("InvalidBatchEntryId", "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.")
		}
		if seen[e.ID] {
			return refuse("BatchEntryIdsNotDistinct", "Id "+e.ID+" repeated.")
		}
		seen[e.ID] = true
		total += size(e.MessageBody, attributes(e.MessageAttributes))
	}
	if total > MaxBytes {
		return refuse("BatchRequestTooLong", "Batch requests cannot be longer than 1048576 bytes. You have sent "+strconv.Itoa(total)+" bytes.")
	}
	return nil
}

func since(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }

package sqs

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// sent is the answer to one message.
type sent struct {
	ID                     string `json:"Id,omitempty"` // of the entry of a batch
	MessageID              string `json:"MessageId"`
	MD5OfMessageBody       string
	MD5OfMessageAttributes string `json:",omitempty"`
}

func (q *Queue) send(entry, body string, in map[string]attribute, delay int) (sent, error) {
	attributes := attributes(in)
	m, err := q.Send(body, attributes, time.Duration(delay)*time.Second)
	return sent{entry, m.ID, bodyMD5(body), attributesMD5(attributes)}, err
}

func (s *Service) sendMessage(_ *http.Request, in *request) (any, error) {
	q, err := s.find(in.QueueURL)
	if err != nil {
		return nil, err
	}
	return q.send("", in.MessageBody, in.MessageAttributes, in.DelaySeconds)
}

// batch applies one action to each entry, and answers for each.
func (s *Service) batch(in *request, do func(q *Queue, e *batchEntry) (any, error)) (any, error) {
	q, err := s.find(in.QueueURL)
	if err != nil {
		return nil, err
	}
	if err := checkEntries(in.Entries); err != nil {
		return nil, err
	}
	successful, failed := []any{}, []any{}
	for i := range in.Entries {
		e := &in.Entries[i]
		answer, err := do(q, e)
		var refused *Error
		switch {
		case err == nil:
			successful = append(successful, answer)
		case errors.As(err, &refused):
			failed = append(failed, map[string]any{"Id": e.ID, "Code": refused.Code, "Message": refused.Message, "SenderFault": true})
		default:
			return nil, err
		}
	}
	return map[string]any{"Successful": successful, "Failed": failed}, nil
}

func (s *Service) sendMessageBatch(_ *http.Request, in *request) (any, error) {
	return s.batch(in, func(q *Queue, e *batchEntry) (any, error) {
		return q.send(e.ID, e.MessageBody, e.MessageAttributes, e.DelaySeconds)
	})
}

// received is one message of an answer.
type received struct {
	MessageID              string `json:"MessageId"`
	ReceiptHandle          string
	MD5OfBody              string
	Body                   string
	Attributes             map[string]string    `json:",omitempty"`
	MD5OfMessageAttributes string               `json:",omitempty"`
	MessageAttributes      map[string]attribute `json:",omitempty"`
}

func (s *Service) receiveMessage(r *http.Request, in *request) (any, error) {
	q, err := s.find(in.QueueURL)
	if err != nil {
		return nil, err
	}
	most, err1 := within("MaxNumberOfMessages", in.MaxNumberOfMessages, 1, 1, maxEntries)
	wait, err2 := within("WaitTimeSeconds", in.WaitTimeSeconds, 0, 0, int(maxWait/time.Second))
	visibility, err3 := within("VisibilityTimeout", in.VisibilityTimeout, -1, 0, int(maxVisibility/time.Second))
	for _, err := range []error{err1, err2, err3} {
		if err != nil {
			return nil, err
		}
	}
	got, err := q.Receive(r.Context(), most, time.Duration(wait)*time.Second, time.Duration(visibility)*time.Second)
	if err != nil {
		return nil, err
	}
	list := make([]received, len(got))
	for i, d := range got {
		list[i] = d.answer(append(in.MessageSystemAttributeNames, in.AttributeNames...), in.MessageAttributeNames)
	}
	return map[string]any{"Messages": list}, nil
}

// within is a number of a request, or what holds where it has none.
func within(name string, given *int, otherwise, least, most int) (int, error) {
	switch {
	case given == nil:
		return otherwise, nil
	case *given < least || *given > most:
		return 0, refuse("InvalidParameterValue", "Value "+strconv.Itoa(*given)+" for parameter "+name+" is invalid. Reason: Must be between "+strconv.Itoa(least)+" and "+strconv.Itoa(most)+", if provided.")
	}
	return *given, nil
}

// answer has of a message what was asked for.
func (d *Delivery) answer(system, own []string) received {
	m := received{MessageID: d.ID, ReceiptHandle: d.Receipt, MD5OfBody: bodyMD5(d.Body), Body: d.Body, Attributes: map[string]string{}}
	for name, value := range d.System() {
		if matches(system, name) {
			m.Attributes[name] = value
		}
	}
	asked := map[string]Attribute{}
	m.MessageAttributes = map[string]attribute{}
	for name, a := range d.Attributes {
		if matches(own, name) {
			asked[name] = a
			m.MessageAttributes[name] = attribute{a.Type, a.Text, a.Binary}
		}
	}
	m.MD5OfMessageAttributes = attributesMD5(asked)
	return m
}

// System are the attributes that SQS itself gives a message.
func (d *Delivery) System() map[string]string {
	all := map[string]string{
		"SenderId": "AIDAREHEARSAL", "SentTimestamp": since(d.Sent), "ApproximateReceiveCount": strconv.Itoa(d.Receives), "ApproximateFirstReceiveTimestamp": since(d.First),
	}
	if d.Source != "" {
		all["DeadLetterQueueSourceArn"] = d.Source
	}
	return all
}

func (s *Service) deleteMessage(_ *http.Request, in *request) (any, error) {
	q, err := s.find(in.QueueURL)
	if err != nil {
		return nil, err
	}
	return struct{}{}, q.Delete(strings.TrimSpace(in.ReceiptHandle))
}

func (s *Service) deleteMessageBatch(_ *http.Request, in *request) (any, error) {
	return s.batch(in, func(q *Queue, e *batchEntry) (any, error) {
		return map[string]string{"Id": e.ID}, q.Delete(e.ReceiptHandle)
	})
}

func (s *Service) changeVisibility(_ *http.Request, in *request) (any, error) {
	q, err := s.find(in.QueueURL)
	if err != nil {
		return nil, err
	}
	if in.VisibilityTimeout == nil {
		return nil, refuse("MissingParameter", "The request must contain the parameter VisibilityTimeout.")
	}
	return struct{}{}, q.Hide(in.ReceiptHandle, time.Duration(*in.VisibilityTimeout)*time.Second)
}

func (s *Service) changeVisibilityBatch(_ *http.Request, in *request) (any, error) {
	return s.batch(in, func(q *Queue, e *batchEntry) (any, error) {
		return map[string]string{"Id": e.ID}, q.Hide(e.ReceiptHandle, time.Duration(e.VisibilityTimeout)*time.Second)
	})
}

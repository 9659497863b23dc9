package tables

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"hash/crc32"
	"io"
	"net/http"
	"strconv"
	"strings"

	"docket/shared/table"
)

// Target begins the header X-Amz-Target of a request to DynamoDB.
const Target = "DynamoDB_20120810."

// Service answers for tables. It is safe for concurrent use.
type Service struct{ tables map[string]table.Table }

// New makes a service of tables by their names.
func New(tables map[string]table.Table) *Service { return &Service{tables} }

// maxRequest bounds a request: a transaction of the most bytes, as base64, and what
// stands between.
const maxRequest = 2 * table.MaxWriteBytes

var actions = map[string]func(*Service, context.Context, *request) (any, error){
	"GetItem": (*Service).getItem, "BatchGetItem": (*Service).batchGetItem, "Query": (*Service).query,
	"PutItem": (*Service).putItem, "DeleteItem": (*Service).deleteItem, "TransactWriteItems": (*Service).transactWriteItems,
}

// ServeHTTP answers requests of the JSON protocol.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	action, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), Target)
	handle := actions[action]
	if !ok || handle == nil {
		fail(w, refuse("UnknownOperationException", "The rehearsal has no action "+strconv.Quote(action)+" of DynamoDB."))
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequest+1))
	if err != nil {
		return // the client is gone
	}
	var in request
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&in); err != nil || len(body) > maxRequest {
		fail(w, refuse("SerializationException", "The request is none of package dynamo, or too long."))
		return
	}
	answer, err := handle(s, r.Context(), &in)
	if err != nil {
		fail(w, err)
		return
	}
	reply(w, http.StatusOK, answer)
}

// reply sends an answer with the checksum that clients compare.
func reply(w http.ResponseWriter, status int, answer any) {
	text, err := json.Marshal(answer)
	if err != nil {
		status, text = http.StatusInternalServerError, []byte("{}") // not reached: answers are plain data
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.Header().Set("X-Amz-Crc32", strconv.FormatUint(uint64(crc32.ChecksumIEEE(text)), 10))
	w.WriteHeader(status)
	_, _ = w.Write(text) // an error means that the client is gone
}

// refusal is an error by the code that the API has for it.
type refusal struct {
	Type    string `json:"__type"`
	Message string `json:"message"`

	Item    attributes `json:",omitempty"`
	Reasons []reason   `json:"CancellationReasons,omitempty"`
}

// reason says of one write of a transaction why it was not done.
type reason struct {
	Code    string
	Message string     `json:",omitempty"`
	Item    attributes `json:",omitempty"`
}

func (e *refusal) Error() string { return e.Type + ": " + e.Message }

func refuse(code, message string) *refusal { return &refusal{Type: code, Message: message} }

func invalid(message string) *refusal { return refuse("ValidationException", message) }

// translate makes a refusal of an error of a table.
func translate(err error) *refusal {
	var known *refusal
	switch {
	case errors.As(err, &known):
		return known
	case errors.Is(err, table.ErrInvalid), errors.Is(err, table.ErrTooLarge):
		return invalid(err.Error())
	case errors.Is(err, table.ErrBusy):
		return refuse("ThrottlingException", err.Error())
	}
	return refuse("InternalServerError", err.Error())
}

func fail(w http.ResponseWriter, err error) {
	known := translate(err)
	status := http.StatusBadRequest
	if known.Type == "InternalServerError" {
		status = http.StatusInternalServerError
	}
	body := *known
	body.Type = "com.amazonaws.dynamodb.v20120810#" + known.Type
	reply(w, status, &body)
}

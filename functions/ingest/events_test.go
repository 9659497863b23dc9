package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"docket/shared/delivery"
	"docket/shared/environment"

	"github.com/aws/aws-lambda-go/events"
)

// samples is where the events lie.
var samples = filepath.Join("..", "..", "events", "ingest")

var sampleRow = regexp.MustCompile("(?m)^\\| `([^`]+)` \\| [^|]+ \\| (\\d+) \\| (\\d+) \\| (\\d+) \\|$")

// shelf is a bucket with the objects that lie beside the events.
type shelf struct{}

func (shelf) Open(_ context.Context, o delivery.Object) (io.ReadCloser, error) {
	file, err := os.Open(filepath.Join(samples, "objects", filepath.FromSlash(o.Key)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, delivery.ErrGone
	}
	return file, err
}

// TestSamples: every sample is documented, has no field that the type of
// aws-lambda-go does not know, and does what its row says.
func TestSamples(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(samples, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := sampleRow.FindAllStringSubmatch(string(readme), -1)
	found, err := filepath.Glob(filepath.Join(samples, "*", "*.json"))
	if err != nil || len(found) != len(rows) || len(rows) == 0 {
		t.Errorf("%d events, %d of them documented, %v", len(found), len(rows), err)
	}
	h := newTestHandler(t)
	h.objects = shelf{}
	h.restart()
	for _, row := range rows {
		event, err := os.ReadFile(filepath.Join(samples, filepath.FromSlash(row[1])))
		if err != nil {
			t.Error(err)
			continue
		}
		dec := json.NewDecoder(bytes.NewReader(event))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&events.SQSEvent{}); err != nil {
			t.Errorf("%s: %v", row[1], err)
		}
		h.metrics.Reset()
		h.sent = nil
		if answer, err := h.invoke(t, string(event)); answer != `{"batchItemFailures":[]}` || err != nil {
			t.Errorf("%s: %s, %v", row[1], answer, err)
		}
		values := h.values(t)
		got := fmt.Sprint(values[environment.IngestStored], values[environment.IngestRepeated], len(h.sent), values[environment.IngestRefused])
		if want := fmt.Sprint(row[2], " ", row[3], " ", row[4], " ", row[4]); got != want {
			t.Errorf("%s: %s; want %s: %+v", row[1], got, want, h.sent)
		}
	}
}

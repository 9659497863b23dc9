package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"docket/shared/delivery"
	"docket/shared/environment"

	"github.com/aws/aws-lambda-go/events"
)

// samples is where the events lie.
var samples = filepath.Join("..", "..", "events", "ingest")

var sampleRow = regexp.MustCompile("(?m)^\\| `([^`]+)` \\| [^|]+ \\| (\\d+) \\| (\\d+) \\| (\\d+) \\|$")

// shelf is a bucket with two objects.
type shelf struct{ t *testing.T }

func (s shelf) Open(_ context.Context, o delivery.Object) (io.ReadCloser, error) {
	switch {
	case o.Key == "north/2026-01-01.ndjson" && o.Version == "3HL4kqtJlcpXroDTDmJ":
		return io.NopCloser(strings.NewReader(strings.Repeat(good+"\n", 2500))), nil
	case strings.HasSuffix(o.Key, ".json.gz") && o.Version == "UIORUnfndfiufdisojhr":
		names, err := filepath.Glob(filepath.Join("..", "..", "shared", "source", "testdata", "cloudtrail", "*.gz"))
		if err != nil || len(names) == 0 {
			s.t.Fatalf("no log files: %v", err)
		}
		return os.Open(names[0])
	}
	return nil, delivery.ErrGone
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
	h.objects = shelf{t}
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

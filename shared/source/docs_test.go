package source

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestDocumentedMapping: the example in the documentation does what it says.
func TestDocumentedMapping(t *testing.T) {
	doc, err := os.ReadFile("../../docs/ingestion.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(doc), "```yaml\n")
	example, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("no example")
	}
	r, err := newTestMapper(t, example).Event([]byte(`{"eventSource":"parcels.example.org","eventName":"ForceOpenLocker","eventTime":"2026-01-01T00:00:00Z",
		"requestParameters":{"lockerId":"7","lockerCode":"1234567"},"responseElements":{"previous":"shut","current":"open"}}`))
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(r.Action, " ", r.ObjectType, " ", r.What, " ", r.Details[0])
	if want := "Read Locker 7 {State  shut open}"; got != want || strings.Contains(show(&r), "1234567") {
		t.Errorf("%s; want %s", got, want)
	}
}

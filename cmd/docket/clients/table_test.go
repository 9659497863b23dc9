package clients

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the table of clients into the documentation")

const (
	document   = "../../../docs/authentication.md"
	tableBegin = "<!-- written by: go test ./cmd/docket/clients -update -->\n"
	tableEnd   = "<!-- end of what is written -->\n"
)

// row is what was observed of a client.
type row struct {
	scheme  string
	asks    bool              // its first request had no credentials
	kept    bool              // one connection served an exchange
	results map[string]string // by step: the protocols on which it succeeded
}

func (r *row) line(client string) string {
	first, connection := "with credentials", "one"
	if r.asks {
		first = "without, then again after the 401"
	}
	if !r.kept {
		connection = "a new one after a 401"
	}
	cells := []string{client, r.scheme, first, connection}
	for _, s := range steps {
		cells = append(cells, strings.TrimSpace(r.results[s]))
	}
	return "| " + strings.Join(cells, " | ") + " |\n"
}

func header() string {
	cells := append([]string{"client", "signs in by", "its first request", "connection"}, steps...)
	return "| " + strings.Join(cells, " | ") + " |\n|" + strings.Repeat(" --- |", len(cells)) + "\n"
}

// documented compares the rows with the documentation's, or writes them there.
func documented(t *testing.T, rows map[string]*row) {
	t.Helper()
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok1 := bytes.Cut(text, []byte(tableBegin))
	old, after, ok2 := bytes.Cut(rest, []byte(tableEnd))
	if !ok1 || !ok2 {
		t.Fatalf("%s has no place for the table", document)
	}
	if *update {
		if len(rows) != len(matrix) {
			t.Fatalf("%d of %d clients were tried: the table needs all", len(rows), len(matrix))
		}
		new := header()
		for _, c := range matrix {
			new += rows[c.name].line(c.name)
		}
		text = fmt.Appendf(nil, "%s%s%s%s%s", before, tableBegin, new, tableEnd, after)
		if err := os.WriteFile(document, text, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	for _, c := range matrix {
		if r := rows[c.name]; r != nil && !strings.Contains(string(old), r.line(c.name)) {
			t.Errorf("%s has another row for it; run with -update if this is right:\n%s", document, r.line(c.name))
		}
	}
}

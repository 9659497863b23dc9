package clients

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the table of clients into the documentation")

const (
	document   = "../../../docs/authentication.md"
	tableBegin = "<!-- written by: go test ./cmd/docket/clients -update -->\n"
	tableEnd   = "<!-- end of what is written -->\n"
)

// row is what was observed of a client, for each offer.
type row [offerCount]cell

// cell is what a client did where one offer is made.
type cell struct {
	scheme   string              // by which it signed in; none if it did not
	legs     string              // what its first requests came with, one after the other
	inARow   int                 // requests that it took for three in a row
	kept     bool                // one connection served each exchange
	statuses map[string][]string // by step: those of HTTP, then of HTTPS
}

func (r *row) note(v visit, statuses [][]string) {
	c := &r[v.of]
	if c.statuses == nil {
		*c = cell{kept: true, statuses: map[string][]string{}}
		var legs []string
		for _, s := range v.watch.of("1") {
			legs = append(legs, s.sent)
			c.scheme = s.scheme
		}
		c.legs = strings.Join(legs, ", then ")
		c.inARow = len(v.watch.of(fmt.Sprint(len(steps))))
	}
	for i, step := range steps {
		result := v.protocol
		if slices.ContainsFunc(statuses[i], func(s string) bool { return s != "200" }) {
			result += ": " + strings.Join(statuses[i], ", ")
		}
		c.statuses[step] = append(c.statuses[step], result)
		got := v.watch.of(fmt.Sprint(i + 1))
		c.kept = c.kept && !slices.ContainsFunc(got, func(s seen) bool { return s.connection != got[0].connection })
	}
}

// all reports whether each request was answered.
func (c *cell) all() bool {
	return c.scheme != none && !slices.ContainsFunc(c.statuses[steps[len(steps)-1]], func(s string) bool { return strings.Contains(s, ":") })
}

func line(cells []string) string { return "| " + strings.Join(cells, " | ") + " |\n" }

func header(cells []string) string {
	return line(cells) + "|" + strings.Repeat(" --- |", len(cells)) + "\n"
}

// overview is a client's line in the first table: its scheme where each of the
// Offers is made.
func (r *row) overview(client string) string {
	cells := []string{client}
	for i := range r {
		text := r[i].scheme
		switch {
		case text == none:
			text = "–"
		case !r[i].all():
			text += ", not each request of a connection"
		}
		cells = append(cells, text)
	}
	return line(cells)
}

// details is a client's lines in the second table: one for each of its schemes, where
// it first works.
func (r *row) details(client *client) string {
	var lines strings.Builder
	var told []string
	for i := range r {
		c := &r[i]
		if c.scheme == none || slices.Contains(told, c.scheme) {
			continue
		}
		if c.all() {
			told = append(told, c.scheme)
		}
		connection := "one"
		switch {
		case client.pooled:
			connection = "one or several"
		case !c.kept:
			connection = "several"
		}
		cells := []string{client.name, Offers[i].String(), c.legs, fmt.Sprint(c.inARow), connection}
		for _, s := range steps {
			cells = append(cells, strings.Join(c.statuses[s], " "))
		}
		lines.WriteString(line(cells))
	}
	return lines.String()
}

// tables is all that is written.
func tables(observed map[string]*row) string {
	columns := []string{"client"}
	for _, o := range Offers {
		columns = append(columns, o.String())
	}
	var first, second strings.Builder
	first.WriteString(header(columns))
	second.WriteString(header(append([]string{"client", "offer", "its first request", "requests for three", "connections"}, steps...)))
	for _, c := range matrix {
		first.WriteString(observed[c.name].overview(c.name))
		second.WriteString(observed[c.name].details(c))
	}
	return first.String() + "\n" + second.String()
}

// documented compares the rows with the documentation's, or writes them there.
func documented(t *testing.T, observed map[string]*row) {
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
		if len(observed) != len(matrix) {
			t.Fatalf("%d of %d clients were tried: the table needs all", len(observed), len(matrix))
		}
		text = fmt.Appendf(nil, "%s%s%s%s%s", before, tableBegin, tables(observed), tableEnd, after)
		if err := os.WriteFile(document, text, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	for _, c := range matrix {
		r := observed[c.name]
		if r == nil {
			continue
		}
		for _, lines := range []string{r.overview(c.name), r.details(c)} {
			if !strings.Contains(string(old), lines) {
				t.Errorf("%s has other rows for it; run with -update if these are right:\n%s", document, lines)
			}
		}
	}
}

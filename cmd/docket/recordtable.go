package main

import (
	"bufio"
	"os"
	"strings"
	"time"
	"unicode"

	"github.com/rivo/uniseg"
	"golang.org/x/term"

	"docket/shared/activity"
)

// recordTable prints records as lines of aligned columns.
type recordTable struct {
	out    *bufio.Writer
	widths [6]int
	colour bool
	headed bool
}

// tableHeads name the columns; What takes the width that the others leave.
var tableHeads = [6]string{"WHEN", "WHO", "ACTION", "TYPE", "WHERE", "WHAT"}

const (
	// plainWidth is the width where there is no terminal.
	plainWidth = 160
	whatColumn = 5
)

func newRecordTable(w world) *recordTable {
	t := &recordTable{out: bufio.NewWriter(w.stdout), widths: [6]int{19, 26, 18, 14, 26, 0}}
	width := plainWidth
	if f, ok := w.stdout.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		if columns, _, err := term.GetSize(int(f.Fd())); err == nil {
			width = columns
		}
		t.colour = w.getenv("NO_COLOR") == "" && w.getenv("TERM") != "dumb"
	}
	t.fit(width)
	return t
}

// fit shares the width out: on a narrow terminal names get shorter before What
// does.
func (t *recordTable) fit(width int) {
	const leastWhat, gap = 24, 2
	for _, least := range []int{18, 12, 8} {
		rest := width
		for i := range whatColumn {
			rest -= t.widths[i] + gap
		}
		t.widths[whatColumn] = max(rest, leastWhat)
		if rest >= leastWhat {
			return
		}
		for i := 1; i < whatColumn; i++ {
			t.widths[i] = min(t.widths[i], least)
		}
	}
}

func (t *recordTable) write(recs []activity.Stored) error {
	if !t.headed {
		t.headed = true
		t.row(tableHeads, "\x1b[1m")
	}
	for i := range recs {
		r := &recs[i]
		style := ""
		if strings.HasPrefix(r.Action.String(), "Failed") || strings.HasSuffix(r.Action.String(), "(Failed Attempt)") {
			style = "\x1b[31m"
		}
		t.row([6]string{time.Unix(r.When, 0).UTC().Format(time.DateTime), r.Who, r.Action.String(), r.ObjectType, r.Where, r.What}, style)
	}
	return t.out.Flush()
}

func (t *recordTable) row(cells [6]string, style string) {
	if t.colour && style != "" {
		t.out.WriteString(style) // errors of a bufio.Writer come with Flush
	}
	for i, text := range cells {
		text = fitText(oneLine(text), t.widths[i])
		t.out.WriteString(text)
		if i < whatColumn {
			t.out.WriteString(strings.Repeat(" ", t.widths[i]-uniseg.StringWidth(text)+2))
		}
	}
	if t.colour && style != "" {
		t.out.WriteString("\x1b[0m")
	}
	t.out.WriteByte('\n')
}

// fitText cuts a text to a width in terminal cells.
func fitText(s string, width int) string {
	if uniseg.StringWidth(s) <= width {
		return s
	}
	var b strings.Builder
	used := 0
	for g := uniseg.NewGraphemes(s); g.Next(); {
		if used+g.Width() > width-1 {
			break
		}
		used += g.Width()
		b.WriteString(g.Str())
	}
	return b.String() + "…"
}

// oneLine makes a text of a record safe to print on a terminal: what would move
// the cursor, colour or reorder text is replaced.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\r', r == '\t', r == '\u2028', r == '\u2029':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return '\ufffd'
		}
		return r
	}, s)
}

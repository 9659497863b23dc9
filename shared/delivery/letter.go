package delivery

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"docket/shared/ingest"
)

// MaxReason bounds a reason in bytes: SQS counts attributes to the size of a message.
const MaxReason = 4 << 10

// maxAttributes is how many a message of SQS may have.
const maxAttributes = 10

// refusals gathers what is told about the refusals of one text.
type refusals struct {
	count int
	text  strings.Builder
	more  int // that did not fit
}

func (r *refusals) add(f ingest.Refusal) {
	n := max(f.Entries, 1)
	if f.Entries == 0 {
		n = f.Through - f.From + 1
	}
	r.count += n
	const room = 256 // for what stands around the list
	line := f.String()
	if r.text.Len()+len(line)+2 > MaxReason-room {
		r.more += n
		return
	}
	if r.text.Len() > 0 {
		r.text.WriteString("; ")
	}
	r.text.WriteString(line)
}

// reason is the text for people.
func (r *refusals) reason(of ingest.Result) string {
	text := fmt.Sprintf("%d of %d records were refused, the others are stored: %s", r.count, r.count+of.Stored+of.Before, r.text.String())
	if r.count > 0 && of.Stored+of.Before == 0 {
		text = fmt.Sprintf("all of %d records were refused: %s", r.count, r.text.String())
	}
	if r.more > 0 {
		text += fmt.Sprintf("; and %d more", r.more)
	}
	return text
}

// dead sends a message to the dead-letter queue of its queue. progress, if not nil,
// is the part of a file that the letter is about.
func (d *Deliverer) dead(ctx context.Context, q Queue, m *Message, reason string, progress *ingest.Progress) error {
	added := map[string]string{Reason: clip(reason), FromQueue: q.String()}
	if m.text(Identity) == "" {
		added[Identity] = m.ID
	}
	if progress != nil {
		added[Progress] = progressText(*progress)
	}
	return d.config.Letters.Send(ctx, Address{q, true}, letter(m, added))
}

// requeue sends a message to its own queue again, to go on there.
func (d *Deliverer) requeue(ctx context.Context, q Queue, m *Message, p ingest.Progress) error {
	added := map[string]string{}
	if p != (ingest.Progress{}) {
		added[Progress] = progressText(p)
	}
	if m.text(Identity) == "" {
		added[Identity] = m.ID
	}
	return d.config.Letters.Send(ctx, Address{Queue: q}, letter(m, added))
}

// letter is a message with attributes added. Where there is no room for all, those
// of the sender that come last by name are left out: nothing depends on them here.
func letter(m *Message, added map[string]string) Letter {
	l := Letter{Body: m.Body, Attributes: map[string]Attribute{}}
	for name, text := range added {
		l.Attributes[name] = Attribute{Type: "String", Text: text}
	}
	for _, name := range []string{Identity, Progress} {
		if a, ok := m.Attributes[name]; ok && l.Attributes[name].Type == "" {
			l.Attributes[name] = a
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.Attributes)) {
		if _, ours := l.Attributes[name]; !ours && len(l.Attributes) < maxAttributes && name != Reason && name != FromQueue {
			l.Attributes[name] = m.Attributes[name]
		}
	}
	return l
}

// clip makes a text that SQS takes: characters of XML 1.0, and not too long.
func clip(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
	const cut = " (cut)"
	if len(text) <= MaxReason {
		return text
	}
	end := MaxReason - len(cut)
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + cut
}

// progressText is the form of the attribute Progress.
func progressText(p ingest.Progress) string {
	text := fmt.Sprintf("entry=%d refused=%d", p.Entry, p.Refused)
	if p.Until > 0 {
		text += fmt.Sprintf(" until=%d", p.Until)
	}
	return text
}

// parseProgress reads it. An empty text is the beginning.
func parseProgress(text string) (ingest.Progress, error) {
	var p ingest.Progress
	for _, field := range strings.Fields(text) {
		name, digits, _ := strings.Cut(field, "=")
		n, err := strconv.Atoi(digits)
		into := map[string]*int{"entry": &p.Entry, "refused": &p.Refused, "until": &p.Until}[name]
		if err != nil || n < 0 || into == nil {
			return ingest.Progress{}, fmt.Errorf("the attribute %s is not of the form \"entry=N refused=N\"", Progress)
		}
		*into = n
	}
	return p, nil
}

package filter

import (
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"docket/shared/activity"
)

// Env is what the meaning of a filter depends on beside its entries.
type Env struct {
	// Now is the start of the walk: Today and the last days are counted from it.
	Now time.Time
	// Zone is the time zone of days; nil is UTC.
	Zone *time.Location
	// Group finds the members of a group by its name, DOMAIN\Group.
	Group func(name string) (members Members, ok bool)
}

func (env *Env) zone() *time.Location {
	if env.Zone == nil {
		return time.UTC
	}
	return env.Zone
}

// Compile checks entries and makes them a Program. With problems there is none;
// each problem names its field and bears its entry's Path. No entries are a
// filter that everything passes.
func Compile(entries []Entry, env Env) (*Program, []activity.Problem) {
	if problem := checkSize(entries); problem != "" {
		return nil, []activity.Problem{{Text: problem}}
	}
	b := &builder{env: &env}
	for i := range entries {
		b.add(&entries[i])
	}
	if b.problems != nil {
		return nil, b.problems
	}
	return b.program(), nil
}

func checkSize(entries []Entry) string {
	if len(entries) > MaxEntries {
		return fmt.Sprintf("The filter list has %d entries; at most %d are taken.", len(entries), MaxEntries)
	}
	size := 0
	for i := range entries {
		size += entries[i].size()
	}
	if size > MaxBytes {
		return fmt.Sprintf("The values of the filter list have %d bytes; at most %d are taken.", size, MaxBytes)
	}
	return ""
}

// size is the bytes of an entry's values.
func (e *Entry) size() int {
	n := len(e.Text)
	if e.From != nil {
		n += len(*e.From)
	}
	if e.To != nil {
		n += len(*e.To)
	}
	return n
}

// builder collects conditions by field, and problems.
type builder struct {
	env      *Env
	problems []activity.Problem

	texts [numFields]words
	acts  struct{ positive, negative []activity.Action }
	whens struct{ positive, negative []interval }
	hours struct{ positive, negative []hours }
}

func (b *builder) add(e *Entry) {
	if !e.Field.Allows(e.Operator) {
		b.refuse(e, badName(e))
		return
	}
	if problem := checkValue(e); problem != "" {
		b.refuse(e, problem)
		return
	}
	base, negated := e.Operator.positive()
	switch e.Field {
	case Action:
		b.addAction(e, negated)
	case When:
		b.addWhen(e, negated)
	case WorkingHours:
		b.addHours(e, negated)
	default:
		b.addText(e, base, negated)
	}
}

// badName says what is wrong with a field and an operator that do not belong
// together.
func badName(e *Entry) string {
	if !e.Field.valid() {
		return "There is no such filter."
	}
	if e.Operator >= numOperators {
		return "There is no such operator."
	}
	return fmt.Sprintf("operator %s is not allowed here.", e.Operator)
}

// checkValue says what is wrong with a value whatever it means.
func checkValue(e *Entry) string {
	if max := maxLen(e.Field); max > 0 && len(e.Text) > max && utf8.RuneCountInString(e.Text) > max {
		return fmt.Sprintf("the value is longer than %d characters.", max)
	}
	if !utf8.ValidString(e.Text) {
		return "the value is not valid UTF-8."
	}
	return ""
}

func (b *builder) refuse(e *Entry, problem string) {
	if e.Field.valid() {
		problem = e.Field.String() + ": " + problem
	}
	b.problems = append(b.problems, activity.Problem{Path: e.Path, Text: problem})
}

// hasRange says whether an entry bears a range that its field does not take.
func (e *Entry) hasRange() bool { return e.From != nil || e.To != nil }

func (b *builder) addText(e *Entry, base Operator, negated bool) {
	if e.hasRange() {
		b.refuse(e, "From and To are not allowed here.")
		return
	}
	var members Members
	if base == InGroup {
		ok := false
		if b.env.Group != nil {
			members, ok = b.env.Group(e.Text)
		}
		if !ok || members == nil {
			b.refuse(e, fmt.Sprintf("there is no group %s.", quote(e.Text)))
			return
		}
	}
	b.texts[e.Field].add(newWord(base, e.Text, members), negated)
}

func (b *builder) addAction(e *Entry, negated bool) {
	a, ok := activity.ParseAction(e.Text)
	if !ok || e.hasRange() {
		b.refuse(e, fmt.Sprintf("there is no action %s.", quote(e.Text)))
		return
	}
	add(&b.acts.positive, &b.acts.negative, a, negated)
}

func (b *builder) addWhen(e *Entry, negated bool) {
	v, problem := newInterval(e, b.env)
	if problem != "" {
		b.refuse(e, problem)
		return
	}
	add(&b.whens.positive, &b.whens.negative, v, negated)
}

func (b *builder) addHours(e *Entry, negated bool) {
	v, problem := newHours(e)
	if problem != "" {
		b.refuse(e, problem)
		return
	}
	add(&b.hours.positive, &b.hours.negative, v, negated)
}

func add[T any](positive, negative *[]T, v T, negated bool) {
	if negated {
		*negative = append(*negative, v)
	} else {
		*positive = append(*positive, v)
	}
}

// quote shows a client's own value in an error, cut at quoteLen bytes.
func quote(s string) string {
	if len(s) > quoteLen {
		cut := quoteLen
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		return strconv.Quote(s[:cut]) + "…"
	}
	return strconv.Quote(s)
}

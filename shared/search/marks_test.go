package search

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"docket/shared/filter"

	"github.com/google/go-cmp/cmp"
)

func ask(t *testing.T, f func(Request) (Page, error), r Request) Page {
	t.Helper()
	if r.Count == 0 {
		r.Count = 1000
	}
	r.Scope, r.Group = allScope, groups
	page, err := f(r)
	if err != nil {
		t.Fatal(err)
	}
	return page
}

func whats(list ...int) []string {
	var names []string
	for _, n := range list {
		names = append(names, fmt.Sprintf("/share/%d", n))
	}
	return names
}

func check(t *testing.T, name string, p Page, want ...int) {
	t.Helper()
	if diff := cmp.Diff(whats(want...), names(p)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

var bob = []filter.Entry{{Field: filter.Who, Operator: filter.Equals, Text: "BOB"}} // 1, 4, 7 …

func TestSearchMarkContinuesInEnum(t *testing.T) {
	s := newStore(t, 2)
	s.append(simples(0, 12)...)
	p := ask(t, s.search, Request{Entries: bob, Count: 2})
	check(t, "search", p, 10, 7)
	s.append(simples(12, 18)...)

	p = ask(t, s.enum, Request{Mark: p.Mark, Count: 1})
	check(t, "enum goes on with the search's filter and window", p, 4)
	p = ask(t, s.search, Request{Mark: p.Mark, Entries: bob, Count: 1})
	check(t, "and search after it", p, 1)
	p = ask(t, s.enum, Request{Mark: p.Mark, Count: 1})
	check(t, "the search has ended", p)

	p = ask(t, s.enum, Request{Mark: p.Mark})
	check(t, "its end is a checkpoint of enum, without a filter", p, 12, 13, 14, 15, 16, 17)
	p = ask(t, s.enum, Request{Mark: p.Mark})
	check(t, "which is passed", p)
}

func TestEnumMarkIsCheckpointOfSearch(t *testing.T) {
	s := newStore(t, 1)
	s.append(simples(0, 6)...)
	p := ask(t, s.enum, Request{Count: 3})
	check(t, "enum", p, 0, 1, 2)
	mark := p.Mark
	p = ask(t, s.search, Request{Mark: mark, Entries: bob})
	check(t, "what lies behind the mark", p, 4)
	check(t, "to its end", ask(t, s.search, Request{Mark: p.Mark, Entries: bob}))
	check(t, "the mark stays as it was", ask(t, s.enum, Request{Mark: mark}), 3, 4, 5)
}

func TestOtherFiltersGoOnFromTheSamePlace(t *testing.T) {
	s := newStore(t, 2)
	s.append(simples(0, 12)...)
	p := ask(t, s.search, Request{Entries: bob, Count: 2})
	check(t, "bob", p, 10, 7)
	p = ask(t, s.search, Request{Mark: p.Mark, Count: 4})
	check(t, "everybody", p, 6, 5, 4, 3)
	p = ask(t, s.enum, Request{Mark: p.Mark})
	check(t, "enum carries the last filter", p, 2, 1, 0)
}

func TestEndedSearchIsCheckpointOfSearch(t *testing.T) {
	s := newStore(t, 2)
	s.append(simples(0, 3)...)
	p := ask(t, s.search, Request{})
	p = ask(t, s.search, Request{Mark: p.Mark})
	check(t, "end", p)
	s.append(simples(3, 5)...)
	p = ask(t, s.search, Request{Mark: p.Mark})
	check(t, "what was committed since", p, 4, 3)
	s.append(simples(5, 6)...)
	p = ask(t, s.search, Request{Mark: p.Mark})
	check(t, "the window ends where it began", p)
	check(t, "next", ask(t, s.search, Request{Mark: p.Mark}), 5)
}

func TestLongFilterIsStoredOnce(t *testing.T) {
	s := newStore(t, 2)
	s.append(simples(0, 12)...)
	long := slices.Clone(bob)
	for i := range 200 {
		long = append(long, filter.Entry{Field: filter.What, Operator: filter.NotEqualTo, Text: fmt.Sprintf("%x", i*7919*7919*104729)})
	}
	p := ask(t, s.search, Request{Entries: long, Count: 1})
	check(t, "search", p, 10)
	if len(p.Mark) > 2047 {
		t.Errorf("mark has %d characters", len(p.Mark))
	}
	p = ask(t, s.enum, Request{Mark: p.Mark, Count: 2})
	check(t, "enum", p, 7, 4)
	check(t, "enum again", ask(t, s.enum, Request{Mark: p.Mark}), 1)
}

func TestLargestFilterIsCarried(t *testing.T) {
	s := newStore(t, 1)
	s.append(simples(0, 2)...)
	var noise strings.Builder
	for i := 0; noise.Len() < filter.MaxBytes; i++ {
		fmt.Fprintf(&noise, "%x", uint64(i)*0x9e3779b97f4a7c15)
	}
	entries := []filter.Entry{{Field: filter.What, Operator: filter.NotEqualTo, Text: noise.String()[:filter.MaxBytes]}}
	p := ask(t, s.search, Request{Entries: entries, Count: 1})
	check(t, "search", p, 1)
	check(t, "enum", ask(t, s.enum, Request{Mark: p.Mark}), 0)
}

func TestPeriodsAreCountedFromTheStartOfTheWalk(t *testing.T) {
	s := newStore(t, 1)
	today := simples(0, 3)
	for i := range today {
		today[i].When = s.clock.now().Unix() + int64(i)
	}
	s.append(today...)
	entries := []filter.Entry{{Field: filter.When, Text: "Today"}}
	p := ask(t, s.search, Request{Entries: entries, Count: 1})
	check(t, "today", p, 2)
	s.clock.advance(24 * time.Hour)
	p = ask(t, s.search, Request{Mark: p.Mark, Entries: entries, Count: 1})
	check(t, "the walk's today", p, 1)
	check(t, "in enum too", ask(t, s.enum, Request{Mark: p.Mark, Count: 1}), 0)
	check(t, "a walk that begins now", ask(t, s.search, Request{Entries: entries}))
}

func TestMarkOfOriginalStartsFromTheBeginning(t *testing.T) {
	var log bytes.Buffer
	s := newStore(t, 1, func(c *Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	s.append(simples(0, 2)...)
	for name, f := range map[string]func(Request) (Page, error){"enum": s.enum, "search": s.search} {
		log.Reset()
		p := ask(t, f, Request{Mark: "PG5yPjxuPjE8L24+"})
		if len(p.Records) != 2 {
			t.Errorf("%s: %d records", name, len(p.Records))
		}
		if strings.Count(log.String(), "\n") != 1 || strings.Contains(log.String(), "PG5y") {
			t.Errorf("%s: log %q", name, log.String())
		}
	}
}

func TestBadRequests(t *testing.T) {
	s := newStore(t, 1)
	s.append(simples(0, 2)...)
	mark := ask(t, s.search, Request{Count: 1}).Mark
	last := mark[len(mark)/2]
	changed := mark[:len(mark)/2] + string(rune(last^1)) + mark[len(mark)/2+1:]
	bad := []filter.Entry{{Field: filter.Action, Text: "Burned", Path: "/a"}}
	for name, c := range map[string]struct {
		f func(Request) (Page, error)
		r Request
	}{
		"changed mark, enum":   {s.enum, Request{Mark: changed}},
		"changed mark, search": {s.search, Request{Mark: changed}},
		"foreign mark":         {s.enum, Request{Mark: "hello"}},
		"bad filter":           {s.search, Request{Entries: bad}},
		"bad filter with mark": {s.search, Request{Entries: bad, Mark: mark}},
		"unknown group":        {s.search, Request{Entries: []filter.Entry{{Field: filter.Who, Operator: filter.InGroup, Text: "x"}}}},
	} {
		c.r.Count, c.r.Scope = 10, allScope
		page, err := c.f(c.r)
		var refused *BadRequest
		if !errors.As(err, &refused) || len(refused.Problems) != 1 || page.Mark != "" {
			t.Errorf("%s: %v, %v", name, page, err)
		}
		if name == "bad filter" && refused != nil && refused.Problems[0].Path != "/a" {
			t.Errorf("%s: at %q", name, refused.Problems[0].Path)
		}
	}
}

func TestGroupThatIsGoneIsRefused(t *testing.T) {
	s := newStore(t, 1)
	s.append(simples(0, 6)...)
	entries := []filter.Entry{{Field: filter.Who, Operator: filter.InGroup, Text: "Admins"}}
	p := ask(t, s.search, Request{Entries: entries, Count: 1})
	check(t, "members", p, 3)
	check(t, "enum asks the group too", ask(t, s.enum, Request{Mark: p.Mark}), 0)
	_, err := s.enum(Request{Mark: p.Mark, Count: 1, Scope: allScope})
	if refused := (*BadRequest)(nil); !errors.As(err, &refused) {
		t.Errorf("without the group: %v", err)
	}
}

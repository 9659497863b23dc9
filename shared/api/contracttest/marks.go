package contracttest

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

var marks = map[string]func(suite){
	"marks are opaque and short":                markShape,
	"enum returns everything once, in order":    enumOnce,
	"enum goes on from an old mark":             enumOld,
	"the same mark gives the same records":      enumRepeatable,
	"search is newest first, ties by commit":    searchOrder,
	"a search walk is stable":                   searchStable,
	"an ended search is a checkpoint":           searchCheckpoint,
	"a search mark with other filters":          markOtherFilters,
	"a search mark sent to enum":                searchMarkToEnum,
	"an enum mark sent to search":               enumMarkToSearch,
	"changed marks are refused":                 changedMarks,
	"marks of the original product begin again": originalMarks,
	"marks carry no rights":                     marksCarryNoRights,
	"the mark of an archive-only page advances": archiveOnlyAdvances,
}

func markShape(s suite) {
	_, enum := s.enum(admin, "", 100_000)
	_, search := s.search(admin, map[string]any{"Who": s.unique()}, 10)
	p := s.page(s.post(admin, searchPath+"?format=json&count=1", `{"FilterList":{}}`))
	for _, mark := range []string{enum, search, p.ContinuationMark} {
		if !regexp.MustCompile(`^[A-Za-z0-9_-]+$`).MatchString(mark) || len(mark) >= 2048 {
			s.Errorf("mark of %d bytes: %q", len(mark), mark)
		}
	}
}

// numbered writes n records of one tag in batches and returns their What in
// the order of writing.
func (s suite) numbered(tag string, from, to, batch int) []string {
	s.Helper()
	var names []string
	for i := from; i < to; i += batch {
		var list []map[string]any
		for j := i; j < min(i+batch, to); j++ {
			name := fmt.Sprintf("%s-%04d", tag, j)
			names = append(names, name)
			list = append(list, with(sample(tag), "What", name))
		}
		s.write(list...)
	}
	return names
}

func ofTag(list []record, tag string) []string {
	var out []string
	for _, r := range list {
		if strings.HasSuffix(r.Who, tag) {
			out = append(out, r.What)
		}
	}
	return out
}

func enumOnce(s suite) {
	tag := s.unique()
	before := s.end()
	want := s.numbered(tag, 0, 60, 10)
	for _, count := range []int{1, 7, 1000} {
		list, _ := s.enum(admin, before, count)
		got := ofTag(list, tag)
		for i := 0; i+9 < len(got); i++ {
			if got[i][:len(tag)+4] == got[i+1][:len(tag)+4] && got[i] >= got[i+1] {
				s.Errorf("count %d: %s before %s: a batch stays in order", count, got[i], got[i+1])
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			s.Errorf("count %d: %d records; want each of %d once", count, len(got), len(want))
		}
	}
	list, _ := s.enum(admin, "", 100_000)
	if got := ofTag(list, tag); len(got) != len(want) {
		s.Errorf("%d records from the beginning; want %d", len(got), len(want))
	}
}

func enumOld(s suite) {
	tag := s.unique()
	mark := s.end()
	var got []string
	want := s.numbered(tag, 0, 5, 1)
	for i := range 5 {
		// Late records: the When is older each time.
		s.write(with(sample(tag), "What", fmt.Sprintf("%s-late%d", tag, i), "When", fmt.Sprintf("2001-01-0%dT00:00:00Z", 9-i)))
		want = append(want, fmt.Sprintf("%s-late%d", tag, i))
		var list []record
		list, mark = s.enum(admin, mark, 2)
		got = append(got, ofTag(list, tag)...)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		s.Errorf("%q; want each of %q once", got, want)
	}
}

func enumRepeatable(s suite) {
	tag := s.unique()
	mark := s.end()
	s.numbered(tag, 0, 20, 20)
	first := s.page(s.post(admin, enumPath+"?format=json&count=5", s.json(mark)))
	again := s.page(s.post(admin, enumPath+"?format=json&count=5", s.json(mark)))
	more := s.page(s.post(admin, enumPath+"?format=json&count=15", s.json(mark)))
	if !slices.Equal(whats(first.ActivityRecordList), whats(again.ActivityRecordList)) {
		s.Error("the same mark gave other records")
	}
	if got := whats(more.ActivityRecordList); len(got) < 5 || !slices.Equal(got[:5], whats(first.ActivityRecordList)) {
		s.Error("a longer page begins differently")
	}
}

func searchOrder(s suite) {
	tag := s.unique()
	times := []string{"2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z", "2026-01-03T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-02T00:00:00Z"}
	for i, when := range times {
		s.write(with(sample(tag), "What", fmt.Sprint(i), "When", when))
	}
	for _, count := range []int{1, 2, 10} {
		list, _ := s.search(admin, map[string]any{"Who": tag}, count)
		if got, want := whats(list), []string{"2", "0", "3", "4", "1"}; !slices.Equal(got, want) {
			s.Errorf("count %d: %q; want %q", count, got, want)
		}
	}
}

func searchStable(s suite) {
	tag := s.unique()
	q := map[string]any{"FilterList": map[string]any{"Who": tag}}
	want := s.numbered(tag, 0, 30, 30)
	p := s.page(s.post(admin, searchPath+"?format=json&count=7", s.json(q)))
	got := whats(p.ActivityRecordList)
	for len(p.ActivityRecordList) > 0 {
		s.write(with(sample(tag), "What", "new", "When", "2030-01-01T00:00:00Z"), with(sample(tag), "What", "old", "When", "2001-01-01T00:00:00Z"))
		q["ContinuationMark"] = p.ContinuationMark
		p = s.page(s.post(admin, searchPath+"?format=json&count=7", s.json(q)))
		got = append(got, whats(p.ActivityRecordList)...)
	}
	if !slices.Equal(got, want) {
		s.Errorf("%q; want the walk to see the database as it was at its first page", got)
	}
	list, _ := s.searchOn(admin, map[string]any{"Who": tag}, 7, p.ContinuationMark)
	if len(list) != 10 {
		s.Errorf("%d records of the checkpoint; want the ten written meanwhile", len(list))
	}
}

func searchCheckpoint(s suite) {
	tag := s.unique()
	filters := map[string]any{"Who": tag}
	list, mark := s.search(admin, filters, 10)
	if len(list) != 0 {
		s.Fatal("records of a new tag")
	}
	for i := range 4 {
		s.write(with(sample(tag), "What", fmt.Sprint(i), "When", fmt.Sprintf("200%d-01-01T00:00:00Z", 9-i)))
		list, mark = s.searchOn(admin, filters, 1, mark)
		if got := whats(list); len(got) != 1 || got[0] != fmt.Sprint(i) {
			s.Errorf("%q; want only what was written since, %d", got, i)
		}
	}
}

func markOtherFilters(s suite) {
	tag := s.unique()
	for i := range 10 {
		s.write(with(sample(tag), "What", fmt.Sprintf("%d", i), "ObjectType", []string{"even", "odd"}[i%2], "When", fmt.Sprintf("2026-01-01T00:00:%02dZ", 59-i)))
	}
	p := s.page(s.post(admin, searchPath+"?format=json&count=5", s.json(map[string]any{"FilterList": map[string]any{"Who": tag}})))
	if got := whats(p.ActivityRecordList); !slices.Equal(got, []string{"0", "1", "2", "3", "4"}) {
		s.Fatalf("first page %q", got)
	}
	list, _ := s.searchOn(admin, map[string]any{"Who": tag, "ObjectType": "odd"}, 5, p.ContinuationMark)
	if got := whats(list); !slices.Equal(got, []string{"5", "7", "9"}) {
		s.Errorf("%q; want the new filters from the same place", got)
	}
}

func searchMarkToEnum(s suite) {
	tag := s.unique()
	s.numbered(tag, 0, 6, 6)
	p := s.page(s.post(admin, searchPath+"?format=json&count=4", s.json(map[string]any{"FilterList": map[string]any{"Who": tag}})))
	list, mark := s.enum(admin, p.ContinuationMark, 1)
	if got := whats(list); len(got) != 2 || got[0] != tag+"-0004" || got[1] != tag+"-0005" {
		s.Errorf("%q; want enum to continue the search", got)
	}
	other := s.unique()
	s.write(sample(other))
	list, _ = s.enum(admin, mark, 10)
	if len(ofTag(list, other)) != 1 {
		s.Error("once ended, a search's mark is a plain checkpoint for enum")
	}
}

func enumMarkToSearch(s suite) {
	tag := s.unique()
	s.write(sample(tag))
	mark := s.end()
	s.write(with(sample(tag), "What", "since"))
	list, _ := s.searchOn(admin, map[string]any{"Who": tag}, 10, mark)
	if got := whats(list); len(got) != 1 || got[0] != "since" {
		s.Errorf("%q; want the records since the mark", got)
	}
}

func changedMarks(s suite) {
	_, mark := s.enum(admin, "", 100_000)
	raw, err := base64.RawURLEncoding.DecodeString(mark)
	if err != nil {
		s.Fatalf("mark is not base64url: %v", err)
	}
	bad := []string{"", " ", "x", mark[:len(mark)-1], mark[1:], mark + "A", mark + mark, mark[:len(mark)/2], "AAAA", "!", mark + "=", strings.Repeat("A", len(mark)), strings.Repeat("A", 100_000)}
	for i := 0; i < len(raw); i += 7 {
		b := slices.Clone(raw)
		b[i] ^= 1 << (i % 8)
		bad = append(bad, base64.RawURLEncoding.EncodeToString(b))
	}
	for _, m := range bad {
		s.invalid(s.post(admin, enumPath+jsonFormat, s.json(m)), "InputError")
		if strings.TrimSpace(m) != "" {
			s.invalid(s.post(admin, searchPath+jsonFormat, s.json(map[string]any{"ContinuationMark": m, "FilterList": map[string]any{}})), "InputError")
		}
	}
}

func originalMarks(s suite) {
	original := base64.StdEncoding.EncodeToString([]byte("<nr><n n=\"{E70}\"><a>x</a></n></nr>"))
	if !strings.HasPrefix(original, "PG5y") {
		s.Fatal("not like an original mark")
	}
	first := s.page(s.send(admin, http.MethodGet, enumPath+"?format=json&count=3", nil, nil))
	again := s.page(s.post(admin, enumPath+"?format=json&count=3", s.json(original)))
	if !slices.Equal(whats(first.ActivityRecordList), whats(again.ActivityRecordList)) {
		s.Error("enum did not begin again")
	}
	tag := s.unique()
	s.write(sample(tag))
	if list, _ := s.searchOn(admin, map[string]any{"Who": tag}, 10, original); len(list) != 1 {
		s.Errorf("search: %d records; want 1", len(list))
	}
}

func marksCarryNoRights(s suite) {
	tag := s.unique()
	mark := s.end()
	s.write(sample(tag))
	p := s.page(s.post(reviewer, enumPath+jsonFormat, s.json(mark)))
	if len(p.ActivityRecordList) != 0 {
		s.Errorf("an administrator's mark showed a reviewer %d records outside its scope", len(p.ActivityRecordList))
	}
	q := s.page(s.post(admin, searchPath+"?format=json&count=1", `{"FilterList":{}}`))
	list, _ := s.searchOn(reviewer, map[string]any{}, 100_000, q.ContinuationMark)
	scope := ""
	for _, r := range list {
		if r.MonitoringPlan == nil || (scope != "" && r.MonitoringPlan.Name != scope) {
			s.Fatalf("record outside the reviewer's plan: %+v", r)
		}
		scope = r.MonitoringPlan.Name
	}
	s.empty(s.post(contributor, enumPath+jsonFormat, s.json(mark)), http.StatusUnauthorized)
}

func archiveOnlyAdvances(s suite) {
	tag := s.unique()
	mark := s.end()
	for range 3 {
		s.write(with(sample(tag), "IsArchiveOnly", true))
	}
	p := s.page(s.post(admin, enumPath+jsonFormat, s.json(mark)))
	if len(p.ActivityRecordList) != 0 {
		s.Fatalf("%d records; want none", len(p.ActivityRecordList))
	}
	s.write(with(sample(tag), "What", "shown"))
	if list, _ := s.enum(admin, p.ContinuationMark, 1); len(list) != 1 || list[0].What != "shown" {
		s.Errorf("%q; want only the record that is not archive-only", whats(list))
	}
}

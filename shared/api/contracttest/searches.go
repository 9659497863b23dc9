package contracttest

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

var searches = map[string]func(suite){
	"text filters and operators":        textFilters,
	"positive entries OR, negative AND": combinations,
	"without case":                      withoutCase,
	"details":                           detailFilters,
	"actions":                           actionFilters,
	"times":                             timeFilters,
	"periods":                           periods,
	"working hours":                     workingHours,
	"groups":                            groups,
	"RID":                               ridFilter,
	"plans, items, data sources":        derivedFilters,
	"XML forms":                         xmlForms,
	"JSON forms":                        jsonForms,
	"empty and missing lists":           emptyLists,
	"what is refused":                   refusedSearches,
	"filters are literal text":          literal,
}

// found is the What of all matches, sorted.
func (s suite) found(tag string, filters map[string]any) []string {
	s.Helper()
	f := map[string]any{}
	for k, v := range filters {
		f[k] = v
	}
	if _, ok := f["Where"]; !ok {
		f["Where"] = map[string]any{"Equals": tag}
	}
	list, _ := s.search(admin, f, 3)
	out := whats(list)
	slices.Sort(out)
	return out
}

func (s suite) expect(tag string, filters map[string]any, want ...string) {
	s.Helper()
	got := s.found(tag, filters)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		s.Errorf("%s: %q; want %q", s.json(filters), got, want)
	}
}

// at is a record that the search tests find by its Where.
func at(tag, what string, fields ...any) map[string]any {
	return with(with(sample(tag), "Where", tag, "What", what), fields...)
}

func textFilters(s suite) {
	tag := s.unique()
	values := map[string]string{"a": "alpha beta", "b": "beta gamma", "c": "gamma delta", "d": "Alpha"}
	for _, field := range []string{"Who", "ObjectType", "What", "Workstation"} {
		where := tag + field
		var batch []map[string]any
		for name, v := range values {
			r := at(where, name, field, v, "When", "2026-01-01T00:00:0"+fmt.Sprint(name[0]-'a')+"Z")
			batch = append(batch, r)
		}
		s.write(batch...)
		name := func(v ...string) []string {
			if field == "What" {
				for i := range v {
					v[i] = values[v[i]]
				}
			}
			return v
		}
		for _, c := range []struct {
			filter any
			want   []string
		}{
			{"alpha", name("a", "d")},
			{map[string]any{"Contains": "BETA"}, name("a", "b")},
			{map[string]any{"DoesNotContain": "beta"}, name("c", "d")},
			{map[string]any{"Equals": "alpha"}, name("d")},
			{map[string]any{"NotEqualTo": "ALPHA"}, name("a", "b", "c")},
			{map[string]any{"StartsWith": "alpha"}, name("a", "d")},
			{map[string]any{"EndsWith": "GAMMA"}, name("b")},
			{"nowhere", nil},
		} {
			s.expect(where, map[string]any{field: c.filter}, c.want...)
		}
	}
	s.write(at(tag, "x"))
	s.expect(tag, map[string]any{"Where": map[string]any{"StartsWith": tag[:8], "EndsWith": "zzz"}, "What": map[string]any{"Equals": "x"}, "Who": tag}, "x")
}

func combinations(s suite) {
	tag := s.unique()
	for _, w := range []string{"ab", "ac", "bc", "abc", "d"} {
		s.write(at(tag, w))
	}
	s.expect(tag, map[string]any{"What": []any{"a", "d"}}, "ab", "ac", "abc", "d")
	s.expect(tag, map[string]any{"What": map[string]any{"Contains": []any{"a", "d"}}}, "ab", "ac", "abc", "d")
	s.expect(tag, map[string]any{"What": []any{map[string]any{"DoesNotContain": "a"}, map[string]any{"DoesNotContain": "d"}}}, "bc")
	s.expect(tag, map[string]any{"What": []any{"a", "c", map[string]any{"DoesNotContain": "b"}}}, "ac")
	s.expect(tag, map[string]any{"What": []any{map[string]any{"Equals": "d"}, map[string]any{"StartsWith": "a"}, map[string]any{"NotEqualTo": "ab"}}}, "ac", "abc", "d")
	s.expect(tag, map[string]any{"What": map[string]any{"Contains": "b", "DoesNotContain": "c"}}, "ab")
	s.expect(tag, map[string]any{"What": "b", "Who": tag, "Action": "Added"}, "ab", "bc", "abc")
	s.expect(tag, map[string]any{"What": "b", "Who": "nobody"})
}

func withoutCase(s suite) {
	tag := s.unique()
	for _, w := range []string{"STRASSE", "straße", "ΣΊΣΥΦΟΣ", "K\u212a", "İstanbul", "ISTANBUL"} {
		s.write(at(tag, w))
	}
	s.expect(tag, map[string]any{"What": "strasse"}, "STRASSE")
	s.expect(tag, map[string]any{"What": "STRAßE"}, "straße")
	s.expect(tag, map[string]any{"What": "σίσυφος"}, "ΣΊΣΥΦΟΣ")
	s.expect(tag, map[string]any{"What": map[string]any{"Equals": "kk"}}, "K\u212a")
	s.expect(tag, map[string]any{"What": map[string]any{"Equals": "istanbul"}}, "ISTANBUL")
}

func detailFilters(s suite) {
	tag := s.unique()
	d := func(list ...map[string]any) []any {
		var out []any
		for _, x := range list {
			out = append(out, x)
		}
		return out
	}
	s.write(
		at(tag, "one", "DetailList", d(map[string]any{"PropertyName": "Title", "Before": "red", "After": "blue"}, map[string]any{"PropertyName": "Colour", "After": "green"})),
		at(tag, "two", "DetailList", d(map[string]any{"PropertyName": "Title", "Before": "blue", "After": "red"})),
		at(tag, "three", "DetailList", d(map[string]any{"PropertyName": "Members"})),
		at(tag, "none"),
	)
	s.expect(tag, map[string]any{"Before": "red"}, "one")
	s.expect(tag, map[string]any{"After": "green"}, "one")
	s.expect(tag, map[string]any{"After": map[string]any{"Equals": "red"}}, "two")
	s.expect(tag, map[string]any{"After": map[string]any{"DoesNotContain": "green"}}, "two", "three", "none")
	s.expect(tag, map[string]any{"Before": map[string]any{"NotEqualTo": "blue"}}, "one", "three", "none")
	s.expect(tag, map[string]any{"Detail": "title"}, "one", "two")
	s.expect(tag, map[string]any{"Detail": "red"}, "one", "two")
	s.expect(tag, map[string]any{"Detail": map[string]any{"DoesNotContain": "e"}}, "none")
	s.expect(tag, map[string]any{"Detail": map[string]any{"StartsWith": "mem"}}, "three")
}

func actionFilters(s suite) {
	tag := s.unique()
	for _, a := range []string{"Added", "Removed", "Add (Failed Attempt)"} {
		s.write(at(tag, a, "Action", a))
	}
	s.expect(tag, map[string]any{"Action": "Added"}, "Added")
	s.expect(tag, map[string]any{"Action": []any{"Added", "Removed"}}, "Added", "Removed")
	s.expect(tag, map[string]any{"Action": map[string]any{"NotEqualTo": "Added"}}, "Removed", "Add (Failed Attempt)")
	s.expect(tag, map[string]any{"Action": map[string]any{"Equals": "Add (Failed Attempt)"}}, "Add (Failed Attempt)")
}

func timeFilters(s suite) {
	tag := s.unique()
	for _, day := range []string{"01", "02", "03", "04"} {
		s.write(at(tag, day, "When", "2026-05-"+day+"T12:00:00Z"))
	}
	between := func(from, to string) map[string]any { return map[string]any{"From": from, "To": to} }
	s.expect(tag, map[string]any{"When": between("2026-05-02T12:00:00Z", "2026-05-03T12:00:00Z")}, "02", "03")
	s.expect(tag, map[string]any{"When": between("2026-05-02T13:00:00+01:00", "2026-05-03T12:00:00.9Z")}, "02", "03")
	s.expect(tag, map[string]any{"When": map[string]any{"From": "2026-05-03T00:00:00Z"}}, "03", "04")
	s.expect(tag, map[string]any{"When": map[string]any{"To": "2026-05-02T00:00:00Z"}}, "01")
	s.expect(tag, map[string]any{"When": between("2026-05-04T00:00:00Z", "2026-05-01T00:00:00Z")})
	s.expect(tag, map[string]any{"When": []any{between("2026-05-01T00:00:00Z", "2026-05-01T23:00:00Z"), map[string]any{"From": "2026-05-04T00:00:00Z"}}}, "01", "04")
	s.expect(tag, map[string]any{"When": map[string]any{"NotEqualTo": between("2026-05-02T00:00:00Z", "2026-05-03T23:00:00Z")}}, "01", "04")
	s.expect(tag, map[string]any{"When": map[string]any{"Equals": between("2026-05-02T00:00:00Z", "2026-05-03T23:00:00Z")}}, "02", "03")
	s.expect(tag, map[string]any{"When": []any{map[string]any{"NotEqualTo": map[string]any{"From": "2026-05-04T00:00:00Z"}}, map[string]any{"From": "2026-05-02T00:00:00Z"}}}, "02", "03")
}

func periods(s suite) {
	tag := s.unique()
	now := time.Now().UTC()
	if now.Hour() == 23 && now.Minute() >= 58 || now.Hour() == 0 && now.Minute() < 2 {
		s.Skip("too near to midnight to tell today from yesterday")
	}
	stamp := func(t time.Time) string { return t.Format(time.RFC3339) }
	s.write(at(tag, "now", "When", stamp(now)), at(tag, "yesterday", "When", stamp(now.AddDate(0, 0, -1))), at(tag, "six", "When", stamp(now.AddDate(0, 0, -6))),
		at(tag, "twenty", "When", stamp(now.AddDate(0, 0, -20))), at(tag, "old", "When", stamp(now.AddDate(0, 0, -40))))
	s.expect(tag, map[string]any{"When": map[string]any{"Today": ""}}, "now")
	s.expect(tag, map[string]any{"When": map[string]any{"Yesterday": ""}}, "yesterday")
	s.expect(tag, map[string]any{"When": map[string]any{"LastSevenDays": ""}}, "now", "yesterday", "six")
	s.expect(tag, map[string]any{"When": map[string]any{"LastThirtyDays": ""}}, "now", "yesterday", "six", "twenty")
	s.expect(tag, map[string]any{"When": "Today"}, "now")
	s.expect(tag, map[string]any{"When": []any{map[string]any{"Today": ""}, map[string]any{"To": stamp(now.AddDate(0, 0, -30))}}}, "now", "old")
	s.expect(tag, map[string]any{"When": map[string]any{"NotEqualTo": map[string]any{"Today": ""}}}, "yesterday", "six", "twenty", "old")
	s.expect(tag, map[string]any{"When": map[string]any{"Equals": map[string]any{"Yesterday": ""}}}, "yesterday")
	p := s.xmlPage(s.post(admin, searchPath, xmlSearch("<FilterList><Where>"+tag+"</Where><When><Today/></When></FilterList>")))
	if len(p.Records) != 1 {
		s.Errorf("XML Today: %d records; want 1", len(p.Records))
	}
}

func workingHours(s suite) {
	tag := s.unique()
	for _, hour := range []string{"03", "09", "12", "18", "23"} {
		s.write(at(tag, hour, "When", "2026-05-01T"+hour+":00:00Z"))
	}
	between := func(from, to string) map[string]any { return map[string]any{"From": from, "To": to} }
	s.expect(tag, map[string]any{"WorkingHours": between("09:00:00Z", "18:00:00Z")}, "09", "12", "18")
	s.expect(tag, map[string]any{"WorkingHours": between("08:00:01-01:00", "18:59:59+01:00")}, "12")
	s.expect(tag, map[string]any{"WorkingHours": between("18:00:00Z", "04:00:00Z")}, "03", "18", "23")
	s.expect(tag, map[string]any{"WorkingHours": map[string]any{"NotEqualTo": between("09:00:00Z", "18:00:00Z")}}, "03", "23")
	s.expect(tag, map[string]any{"WorkingHours": []any{between("02:00:00Z", "04:00:00Z"), between("12:00:00Z", "12:00:00Z")}}, "03", "12")
}

func groups(s suite) {
	tag := s.unique()
	s.write(at(tag, "member", "Who", `enterprise\NETWRIXUSER`), at(tag, "other", "Who", `Enterprise\Somebody`))
	s.expect(tag, map[string]any{"Who": map[string]any{"InGroup": demoGroup}}, "member")
	s.expect(tag, map[string]any{"Who": map[string]any{"NotInGroup": demoGroup}}, "other")
	s.expect(tag, map[string]any{"Who": []any{map[string]any{"InGroup": demoGroup}, "somebody"}}, "member", "other")
}

func ridFilter(s suite) {
	tag := s.unique()
	s.write(at(tag, "one"), at(tag, "two"))
	list, _ := s.search(admin, map[string]any{"Who": tag}, 10)
	for _, r := range list {
		s.expect(tag, map[string]any{"RID": map[string]any{"Equals": r.RID}}, r.What)
		s.expect(tag, map[string]any{"RID": r.RID}, r.What)
		s.expect(tag, map[string]any{"RID": r.RID[:40]}, whatsWithPrefix(list, r.RID[:40])...)
		s.expect(tag, map[string]any{"RID": map[string]any{"Equals": strings.ToLower(r.RID)}}, r.What)
		s.expect(tag, map[string]any{"RID": map[string]any{"Equals": r.RID}, "What": "nothing like it"})
	}
	s.expect(tag, map[string]any{"RID": map[string]any{"NotEqualTo": list[0].RID}}, list[1].What)
	s.expect(tag, map[string]any{"RID": map[string]any{"Equals": "20260101000000000" + strings.Repeat("0", 32)}})
}

func whatsWithPrefix(list []record, prefix string) []string {
	var out []string
	for _, r := range list {
		if strings.HasPrefix(r.RID, prefix) {
			out = append(out, r.What)
		}
	}
	return out
}

func derivedFilters(s suite) {
	tag := s.unique()
	s.write(at(tag, "plan", "MonitoringPlan", map[string]any{"Name": apiPlan}), at(tag, "item", "Item", map[string]any{"Name": "web01"}), at(tag, "none"))
	s.expect(tag, map[string]any{"MonitoringPlan": "custom SOURCES"}, "plan")
	s.expect(tag, map[string]any{"Monitoring Plan": map[string]any{"Equals": apiPlan}}, "plan")
	s.expect(tag, map[string]any{"MonitoringPlan": map[string]any{"NotEqualTo": apiPlan}}, "item", "none")
	s.expect(tag, map[string]any{"Item": "(integration)"}, "item")
	s.expect(tag, map[string]any{"Item": map[string]any{"Equals": "web01 (Integration)"}}, "item")
	s.expect(tag, map[string]any{"DataSource": map[string]any{"Equals": "netwrix api"}}, "plan", "item", "none")
	s.expect(tag, map[string]any{"DataSource": "Active Directory"})
}

func xmlForms(s suite) {
	tag := s.unique()
	s.write(at(tag, "ab", "When", "2026-05-01T12:00:00Z"), at(tag, "b", "When", "2026-05-02T22:00:00Z"), at(tag, "c", "When", "2026-05-03T12:00:00Z"))
	for filters, want := range map[string]string{
		"<What>a</What><What>c</What>":                                         "ab c",
		`<What Operator="DoesNotContain">a</What>`:                             "b c",
		`<What Operator="Equals">B</What>`:                                     "b",
		"<When><From>2026-05-02T00:00:00Z</From></When>":                       "b c",
		`<When Operator="NotEqualTo"><From>2026-05-02T00:00:00Z</From></When>`: "ab",
		"<When><To>2026-05-01T23:00:00Z</To></When><When><From>2026-05-03T00:00:00Z</From><To>2026-05-04T00:00:00Z</To></When>": "ab c",
		"<When><LastSevenDays/></When>":                                                                         "",
		"<WorkingHours><From>09:00:00Z</From><To>18:00:00Z</To></WorkingHours>":                                 "ab c",
		`<WorkingHours Operator="NotEqualTo"><From>09:00:00+00:00</From><To>18:00:00+00:00</To></WorkingHours>`: "b",
		"<Action>Added</Action>":                             "ab b c",
		`<Who Operator="NotInGroup">` + demoGroup + "</Who>": "ab b c",
	} {
		body := xmlSearch(`<FilterList><Where Operator="Equals">` + tag + "</Where>" + filters + "</FilterList>")
		p := s.xmlPage(s.post(admin, searchPath, body))
		var got []string
		for _, r := range p.Records {
			got = append(got, r.What)
		}
		slices.Sort(got)
		if strings.Join(got, " ") != want {
			s.Errorf("%s: %q; want %q", filters, got, want)
		}
	}
}

func jsonForms(s suite) {
	tag := s.unique()
	s.write(at(tag, "a"), at(tag, "b"), at(tag, "c"))
	for filter, want := range map[string]string{
		`"a"`:                  "a",
		`["a"]`:                "a",
		`["a","b"]`:            "a b",
		`{"Equals":"a"}`:       "a",
		`{"Equals":["a","c"]}`: "a c",
		`[{"Equals":"a"},"c"]`: "a c",
		`[{"Equals":["a","b"]},{"NotEqualTo":"b"}]`: "a",
		`{"Contains":"a","StartsWith":"b"}`:         "a b",
	} {
		p := s.page(s.post(admin, searchPath+jsonFormat, `{"FilterList":{"Where":{"Equals":"`+tag+`"},"What":`+filter+`}}`))
		got := whats(p.ActivityRecordList)
		slices.Sort(got)
		if strings.Join(got, " ") != want {
			s.Errorf("%s: %q; want %q", filter, got, want)
		}
	}
}

func emptyLists(s suite) {
	for _, body := range []string{`{"FilterList":{}}`, `{"FilterList":{},"ContinuationMark":""}`, `{"FilterList":{},"ContinuationMark":null}`} {
		if p := s.page(s.post(admin, searchPath+"?format=json&count=2", body)); len(p.ActivityRecordList) != 2 {
			s.Errorf("%s: %d records; an empty list matches everything", body, len(p.ActivityRecordList))
		}
	}
	if p := s.xmlPage(s.post(admin, searchPath+"?count=2", xmlSearch("<FilterList/>"))); len(p.Records) != 2 {
		s.Errorf("XML: %d records", len(p.Records))
	}
	s.invalidAny(s.post(admin, searchPath+jsonFormat, `{}`))
	s.invalidAny(s.post(admin, searchPath, xmlSearch("")))
	s.invalidAny(s.post(admin, searchPath, ""))
	s.invalidAny(s.post(admin, searchPath, xmlSearch("<FilterList/><FilterList/>")))
	s.invalidAny(s.post(admin, searchPath+jsonFormat, `{"FilterList":{},"Other":1}`))
	s.invalidAny(s.post(admin, searchPath+jsonFormat, `{"FilterList":[]}`))
}

func refusedSearches(s suite) {
	long := func(n int) string { return `"` + strings.Repeat("x", n) + `"` }
	for filter, names := range map[string]string{
		`"Wo":"x"`:                                             "Wo",
		`"Who":{"Like":"x"}`:                                   "Like",
		`"What":{"InGroup":"x"}`:                               "InGroup",
		`"Who":{"InGroup":"Enterprise\\No such"}`:              "group",
		`"Action":"Zapped"`:                                    "Zapped",
		`"Action":{"Contains":"Add"}`:                          "Contains",
		`"When":{"From":"yesterday"}`:                          "When",
		`"When":{"From":"2026-01-01"}`:                         "When",
		`"When":{"LastYear":""}`:                               "LastYear",
		`"When":{"Contains":{"Today":""}}`:                     "Contains",
		`"WorkingHours":{"From":"09:00:00","To":"18:00:00"}`:   "WorkingHours",
		`"WorkingHours":{"From":"25:00:00Z","To":"18:00:00Z"}`: "WorkingHours",
		`"WorkingHours":{"From":"09:00:00Z"}`:                  "WorkingHours",
		`"RID":` + long(50):                                    "RID",
		`"Who":` + long(256):                                   "Who",
		`"Where":` + long(256):                                 "Where",
		`"ObjectType":` + long(256):                            "ObjectType",
		`"MonitoringPlan":` + long(256):                        "MonitoringPlan",
	} {
		r := s.post(admin, searchPath+jsonFormat, `{"FilterList":{`+filter+`}}`)
		list := s.invalid(r, "InputError")
		if !strings.Contains(list[0].Description+list[0].Location, names) {
			s.Errorf("%s: %+v does not name %q", filter, list[0], names)
		}
	}
	for _, filter := range []string{`"Who":1`, `"Who":true`, `"Who":{"Equals":{}}`, `"Who":[["a"]]`} {
		s.invalidAny(s.post(admin, searchPath+jsonFormat, `{"FilterList":{`+filter+`}}`))
	}
	for _, filter := range []string{"<Wo>x</Wo>", `<Who Operator="Like">x</Who>`, `<Who Other="x">x</Who>`, "<When>Today x</When>", "<When><From>x</From></When>", "<who>x</who>"} {
		s.invalidAny(s.post(admin, searchPath, xmlSearch("<FilterList>"+filter+"</FilterList>")))
	}
	s.page(s.post(admin, searchPath+jsonFormat, `{"FilterList":{"What":`+long(5000)+`}}`))
}

func literal(s suite) {
	tag := s.unique()
	for _, w := range []string{"a.c", "a%c", "a_c", "a*c", "abc", `a'c"`, `a\c`, "[abc]", "a;--c"} {
		s.write(at(tag, w))
	}
	for _, w := range []string{"a.c", "a%c", "a_c", "a*c", `a'c"`, `a\c`, "[abc]", "a;--c"} {
		s.expect(tag, map[string]any{"What": w}, w)
	}
}

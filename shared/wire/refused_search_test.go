package wire_test

import (
	"fmt"
	"strings"
	"testing"

	"docket/shared/filter"
	"docket/shared/wire"
)

// refusedSearches are filter lists, or whole bodies, and what is wrong with them.
var refusedSearches = map[wire.Format]map[string]string{
	wire.JSON: {
		"empty":                 "",
		"no filter list":        "{}",
		"filter list null":      `{"FilterList":null}`,
		"filter list array":     `{"FilterList":[]}`,
		"filter list twice":     `{"FilterList":{},"filterlist":{}}`,
		"mark twice":            `{"ContinuationMark":"a","FilterList":{},"continuationMark":"a"}`,
		"mark a number":         `{"ContinuationMark":1,"FilterList":{}}`,
		"unknown beside":        `{"FilterList":{},"Filter":{}}`,
		"array":                 "[]",
		"trailing":              `{"FilterList":{}}{}`,
		"filter twice":          list(`"Who":"a","who":"b"`),
		"plan under two names":  list(`"MonitoringPlan":"a","Monitoring Plan":"b"`),
		"filter unknown":        list(`"Wo":"x"`),
		"operator unknown":      list(`"Who":{"Like":"x"}`),
		"operator twice":        list(`"Who":{"Equals":"x","equals":"y"}`),
		"operator in operator":  list(`"Who":{"Equals":{"Contains":"x"}}`),
		"operator in a list":    list(`"Who":{"Equals":[{"Contains":"x"}]}`),
		"list in a list":        list(`"Who":[["a"]]`),
		"number":                list(`"Who":1`),
		"bool in list":          list(`"Who":["a",true]`),
		"null in list":          list(`"Who":[null]`),
		"null for operator":     list(`"Who":{"Equals":null}`),
		"no value":              list(`"Who":[]`),
		"no operator":           list(`"Who":{}`),
		"no value for operator": list(`"Who":{"Equals":[]}`),
		"period on text":        list(`"Who":{"Today":""}`),
		"When empty":            list(`"When":{}`),
		"When empty text":       list(`"When":""`),
		"When null ends":        list(`"When":{"From":null,"To":null}`),
		"When From twice":       list(`"When":{"From":"a","from":"b"}`),
		"When From a number":    list(`"When":{"From":1}`),
		"When unknown period":   list(`"When":{"LastYear":""}`),
		"When period not empty": list(`"When":{"Today":"x"}`),
		"When period null":      list(`"When":{"Today":null}`),
		"When period twice":     list(`"When":{"Today":"","TODAY":""}`),
		"When two periods":      list(`"When":{"Today":"","Yesterday":""}`),
		"When range and period": list(`"When":{"Today":"","From":"x"}`),
		"When operators nested": list(`"When":{"Equals":{"NotEqualTo":{"Today":""}}}`),
		"When number":           list(`"When":[1]`),
		"too many":              list(`"Who":["x"` + strings.Repeat(`,"x"`, filter.MaxEntries) + `]`),
		"too many problems":     list(`"Who":[1` + strings.Repeat(`,1`, 200) + `]`),
	},
	wire.XML: {
		"empty":                 "",
		"no filter list":        search(""),
		"filter list twice":     search("<FilterList/><FilterList/>"),
		"mark twice":            search("<ContinuationMark/><FilterList/><ContinuationMark/>"),
		"unknown beside":        search("<FilterList/><Filter/>"),
		"text beside":           search("<FilterList/>x"),
		"root another":          goodXML,
		"Operator on the list":  search(`<FilterList Operator="Equals"/>`),
		"Operator on the mark":  search(`<ContinuationMark Operator="Equals"/><FilterList/>`),
		"text in the list":      search("<FilterList>x</FilterList>"),
		"filter unknown":        list("<Wo>x</Wo>"),
		"filter unknown, value": list("<Wo Operator='x'><a/></Wo>"),
		"filter in other case":  list("<who>x</who>"),
		"operator unknown":      list(`<Who Operator="Like">x</Who>`),
		"operator empty":        list(`<Who Operator="">x</Who>`),
		"operator spaced":       list(`<Who Operator=" Equals">x</Who>`),
		"operator in case":      list(`<Who Operator="equals">x</Who>`),
		"operator in namespace": list(`<Who xmlns:x="` + ns + `" x:Operator="Equals">x</Who>`),
		"attribute unknown":     list(`<Who operator="Equals">x</Who>`),
		"child":                 list("<Who><a/></Who>"),
		"period on text":        list("<Who><Today/></Who>"),
		"When empty":            list("<When/>"),
		"When blank":            list("<When> </When>"),
		"When From twice":       list("<When><From>a</From><From>b</From></When>"),
		"When unknown period":   list("<When><LastYear/></When>"),
		"When period not empty": list("<When><Today>x</Today></When>"),
		"When period twice":     list("<When><Today/><Today/></When>"),
		"When two periods":      list("<When><Today/><Yesterday/></When>"),
		"When range and period": list("<When><Today/><From>x</From></When>"),
		"When child after text": list("<When>x<Today/></When>"),
		"When text after child": list("<When><Today/>x</When>"),
		"When Operator inside":  list("<When><From Operator='Equals'>x</From></When>"),
		"too many":              list(strings.Repeat("<Who>x</Who>", filter.MaxEntries+1)),
		"too many problems":     list(strings.Repeat("<Wo>x</Wo>", 200)),
	},
}

// list is a search body around filters, in the format that they are in.
func list(filters string) string {
	if strings.HasPrefix(filters, "<") {
		return search("<FilterList>" + filters + "</FilterList>")
	}
	return `{"FilterList":{` + filters + "}}"
}

func search(inner string) string {
	return `<ActivityRecordSearch xmlns="` + ns + `">` + inner + "</ActivityRecordSearch>"
}

func TestRefusedSearches(t *testing.T) {
	for _, f := range formats {
		var all strings.Builder
		for _, name := range sortedKeys(refusedSearches[f]) {
			s, err := wire.ReadSearch(f, []byte(refusedSearches[f][name]))
			if err == nil || s.Entries != nil || s.Mark != "" {
				t.Errorf("%s, %s: %+v, %v; want an error alone", f, name, s, err)
			}
			text := showErrors(err)
			if lines := strings.SplitAfter(text, "\n"); len(lines) > 50 {
				text = fmt.Sprintf("(%d errors)\n%s", len(lines)-1, lines[len(lines)-2])
			}
			fmt.Fprintf(&all, "== %s\n%s", name, text)
		}
		golden(t, fmt.Sprintf("refused-search-%s.golden", strings.ToLower(f.String())), all.String())
	}
}

func TestRefusedMarks(t *testing.T) {
	for f, bodies := range map[wire.Format][]string{
		wire.JSON: {"", `""`, "null", "1", `{"ContinuationMark":"a"}`, `["a"]`, `"a" "b"`, `"a`, "a", `"\u00"`, "\"\xff\""},
		wire.XML: {"", "a", "<ContinuationMark/>", "<ContinuationMark>  </ContinuationMark>", "<Mark>a</Mark>", "<ContinuationMark>a",
			"<ContinuationMark>a</ContinuationMark>b", "<ContinuationMark><a/></ContinuationMark>", `<ContinuationMark xmlns="x">a</ContinuationMark>`},
	} {
		for _, body := range bodies {
			mark, err := wire.ReadMark(f, []byte(body))
			if err == nil || mark != "" {
				t.Errorf("%s %q: %q, %v; want an error alone", f, body, mark, err)
			} else if text := showErrors(err); strings.HasPrefix(text, "not") {
				t.Errorf("%s %q: %s", f, body, text)
			}
		}
	}
}

func TestRefusedPages(t *testing.T) {
	page := string(appendPage(wire.JSON, stored(mustRead(t, goodJSON)), "m"))
	xml := string(appendPage(wire.XML, stored(mustRead(t, goodJSON)), "m"))
	for name, body := range map[string]string{
		"JSON no mark":      change(page, `,"ContinuationMark":"m"`, ""),
		"JSON empty mark":   change(page, `"m"`, `""`),
		"JSON list":         goodJSON,
		"JSON no RID":       `{"ActivityRecordList":` + goodJSON + `,"ContinuationMark":"m"}`,
		"JSON short RID":    change(page, `"RID":"2`, `"RID":"`),
		"JSON bad When":     change(page, "T05", "x05"),
		"JSON bad Action":   change(page, "Added", "Zap"),
		"JSON unknown":      change(page, `"What"`, `"Wat"`),
		"JSON cut":          page[:len(page)-1],
		"XML no mark":       change(xml, "<ContinuationMark>m</ContinuationMark>", ""),
		"XML blank mark":    change(xml, ">m<", "> <"),
		"XML missing When":  change(xml, "<When>2026-03-04T05:06:07Z</When>", ""),
		"XML action absent": change(xml, "<Action>Added</Action>", ""),
		"XML long RID":      change(xml, "<RID>", "<RID>0"),
		"XML cut":           xml[:len(xml)-1],
	} {
		f := wire.Sniff([]byte(body))
		if recs, mark, err := wire.ReadPage(f, []byte(body)); err == nil || recs != nil || mark != "" {
			t.Errorf("%s: %d records, mark %q, %v; want an error alone", name, len(recs), mark, err)
		}
	}
}

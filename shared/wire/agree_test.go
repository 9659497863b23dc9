package wire_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"strings"
	"testing"

	"docket/shared/filter"
	"docket/shared/wire"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// The tests of this file make the same logical request in both formats, by means
// of the standard library, and ask for the same verdict and result.

// texts are texts that both formats can carry.
func texts(limit int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		s := rapid.StringN(0, limit, -1).Draw(t, "text")
		return strings.Trim(strings.ToValidUTF8(xmlText(s), ""), " \t\r\n")
	})
}

// given is a value that a request may leave out.
type given struct {
	name string
	json any
	xml  string
}

func textOf(name, value string) given {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(value)) // a bytes.Buffer does not fail
	return given{name, value, "<" + name + ">" + b.String() + "</" + name + ">"}
}

func within(name string, parts ...given) given {
	object, inner := map[string]any{}, ""
	for _, p := range parts {
		object[p.name] = p.json
		inner += p.xml
	}
	return given{name, object, "<" + name + ">" + inner + "</" + name + ">"}
}

// drawRecord makes a record that is mostly valid.
func drawRecord(t *rapid.T) given {
	var parts []given
	maybe := func(name string, odds int, values ...*rapid.Generator[string]) {
		if rapid.IntRange(1, 100).Draw(t, name+" given") <= odds {
			parts = append(parts, textOf(name, rapid.OneOf(values...).Draw(t, name)))
		}
	}
	for _, name := range []string{"Who", "Where", "ObjectType"} {
		maybe(name, 99, texts(20), rapid.Just(strings.Repeat("é", rapid.IntRange(250, 256).Draw(t, "length"))))
	}
	maybe("What", 99, texts(300))
	maybe("Action", 99, rapid.SampledFrom([]string{"Added", "Checked in", "Add (Failed Attempt)", "Zap", "added"}))
	maybe("When", 99, rapid.SampledFrom([]string{"2026-03-04T05:06:07Z", "2026-03-04T05:06:07.5-14:00", "0001-01-01T00:00:00Z", "2026-03-04", ""}))
	maybe("Workstation", 30, texts(20))
	maybe("DataSource", 30, texts(20))
	maybe("RID", 20, texts(49))
	if rapid.IntRange(0, 2).Draw(t, "plan") == 0 {
		parts = append(parts, within("MonitoringPlan", textOf("Name", texts(300).Draw(t, "plan name")), textOf("ID", texts(10).Draw(t, "plan ID"))))
	}
	if rapid.IntRange(0, 2).Draw(t, "item") == 0 {
		parts = append(parts, within("Item", textOf("Name", rapid.SampledFrom([]string{"", "web01", "web01 (Integration)", "x (Domain)"}).Draw(t, "item name"))))
	}
	if rapid.IntRange(0, 3).Draw(t, "archive") == 0 {
		yes := rapid.Bool().Draw(t, "archive only")
		parts = append(parts, given{"IsArchiveOnly", yes, fmt.Sprintf("<IsArchiveOnly>%t</IsArchiveOnly>", yes)})
	}
	if n := rapid.IntRange(-2, 3).Draw(t, "details"); n >= 0 {
		list, inner := []any{}, ""
		for range n {
			d := within("Detail", textOf("PropertyName", texts(10).Draw(t, "property")), textOf("Before", texts(10).Draw(t, "before")), textOf("Message", texts(5).Draw(t, "message")))
			list, inner = append(list, d.json), inner+d.xml
		}
		parts = append(parts, given{"DetailList", list, "<DetailList>" + inner + "</DetailList>"})
	}
	return within("ActivityRecord", parts...)
}

func TestFormatsAgreeOnRecords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list, inner := []any{}, ""
		for range rapid.IntRange(1, 4).Draw(t, "records") {
			r := drawRecord(t)
			list, inner = append(list, r.json), inner+r.xml
		}
		asJSON, err := json.Marshal(list)
		if err != nil {
			t.Fatal(err)
		}
		asXML := `<ActivityRecordList xmlns="` + ns + `">` + inner + "</ActivityRecordList>"
		a, errA := wire.ReadRecords(wire.JSON, asJSON)
		b, errB := wire.ReadRecords(wire.XML, []byte(asXML))
		if showErrors(errA) != showErrors(errB) {
			t.Fatalf("JSON: %sXML: %sfor %s", showErrors(errA), showErrors(errB), asXML)
		}
		if diff := cmp.Diff(a, b); diff != "" {
			t.Fatalf("(-JSON +XML)\n%s", diff)
		}
	})
}

// drawFilter makes the values of one filter.
func drawFilter(t *rapid.T, f filter.Field) (asJSON any, asXML string) {
	name := f.String()
	operators := []string{"", "Contains", "DoesNotContain", "Equals", "NotEqualTo", "StartsWith", "EndsWith", "InGroup", "NotInGroup", "Like"}
	list := []any{}
	for range rapid.IntRange(1, 3).Draw(t, "values") {
		var v any
		inner := ""
		switch isTime := f == filter.When || f == filter.WorkingHours; {
		case !isTime:
			text := textOf(name, texts(20).Draw(t, "value"))
			v, inner = text.json, strings.TrimSuffix(strings.TrimPrefix(text.xml, "<"+name+">"), "</"+name+">")
		case rapid.Bool().Draw(t, "period"):
			p := rapid.SampledFrom([]string{"Today", "Yesterday", "LastSevenDays", "LastThirtyDays", "LastYear"}).Draw(t, "name")
			v, inner = map[string]any{p: ""}, "<"+p+"/>"
		default:
			ends := within("", textOf("From", texts(5).Draw(t, "from")), textOf("To", texts(5).Draw(t, "to")))
			v, inner = ends.json, strings.TrimSuffix(strings.TrimPrefix(ends.xml, "<>"), "</>")
		}
		open := "<" + name + ">"
		if o := rapid.SampledFrom(operators).Draw(t, "operator"); o != "" {
			v, open = map[string]any{o: v}, `<`+name+` Operator="`+o+`">`
		}
		list, asXML = append(list, v), asXML+open+inner+"</"+name+">"
	}
	if len(list) == 1 && rapid.Bool().Draw(t, "bare") {
		return list[0], asXML
	}
	return list, asXML
}

func TestFormatsAgreeOnSearches(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var asJSON, asXML strings.Builder
		fields := rapid.Permutation(filter.Fields()).Draw(t, "fields")[:rapid.IntRange(0, 4).Draw(t, "filters")]
		for i, f := range fields {
			v, x := drawFilter(t, f)
			b, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			if i > 0 {
				asJSON.WriteByte(',')
			}
			fmt.Fprintf(&asJSON, "%q:%s", f.String(), b)
			asXML.WriteString(x)
		}
		a, errA := wire.ReadSearch(wire.JSON, []byte(list(asJSON.String())))
		b, errB := wire.ReadSearch(wire.XML, []byte(search("<FilterList>"+asXML.String()+"</FilterList>")))
		if (errA == nil) != (errB == nil) {
			t.Fatalf("JSON: %sXML: %sfor %s", showErrors(errA), showErrors(errB), asXML.String())
		}
		if diff := cmp.Diff(a, b); diff != "" {
			t.Fatalf("(-JSON +XML)\n%s", diff)
		}
	})
}

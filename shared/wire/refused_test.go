package wire_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"docket/shared/wire"
)

const (
	ns       = "http://schemas.netwrix.com/api/v1/activity_records/"
	goodXML  = `<ActivityRecordList xmlns="` + ns + `"><ActivityRecord><Who>w</Who><ObjectType>o</ObjectType><Action>Added</Action><What>t</What><When>2026-03-04T05:06:07Z</When><Where>s</Where></ActivityRecord></ActivityRecordList>`
	goodJSON = `[{"Who":"w","ObjectType":"o","Action":"Added","What":"t","When":"2026-03-04T05:06:07Z","Where":"s"}]`
)

// change replaces a part of a good body, which must be there.
func change(body, old, with string) string {
	if !strings.Contains(body, old) {
		panic("nothing to replace: " + old)
	}
	return strings.Replace(body, old, with, 1)
}

// refusedWrites are bodies of write requests and what is wrong with them.
var refusedWrites = map[wire.Format]map[string]string{
	wire.JSON: {
		"empty":                "",
		"white space":          " \n ",
		"not closed":           "[{",
		"not closed in string": `[{"Who":"x`,
		"not closed in escape": `[{"Who":"x\`,
		"trailing comma":       change(goodJSON, "}]", ",}]"),
		"comma in list":        change(goodJSON, "}]", "},]"),
		"missing comma":        change(goodJSON, `"w","`, `"w" "`),
		"missing colon":        change(goodJSON, `"Who":`, `"Who"`),
		"trailing data":        goodJSON + "x",
		"second value":         goodJSON + goodJSON,
		"name twice":           change(goodJSON, "{", `{"Who":"x",`),
		"name twice, case":     change(goodJSON, "{", `{"wHO":"x",`),
		"name twice, escaped":  change(goodJSON, "{", `{"\u0057ho":"x",`),
		"name twice in plan":   change(goodJSON, "{", `{"MonitoringPlan":{"Name":"x","NAME":"y"},`),
		"name twice in item":   change(goodJSON, "{", `{"Item":{"Name":"x","Name":"y"},`),
		"name twice in detail": change(goodJSON, "{", `{"DetailList":[{"Before":"x","before":"y"}],`),
		"list twice":           `{"ActivityRecordList":` + goodJSON + `,"activityrecordlist":[]}`,
		"mark twice":           `{"ActivityRecordList":` + goodJSON + `,"ContinuationMark":"","ContinuationMark":""}`,
		"invalid UTF-8":        change(goodJSON, `"w"`, "\"é\xff\""),
		"overlong UTF-8":       change(goodJSON, `"w"`, "\"\xc0\xaf\""),
		"surrogate in UTF-8":   change(goodJSON, `"w"`, "\"\xed\xa0\x80\""),
		"UTF-16":               "[\x00]\x00",
		"high surrogate alone": change(goodJSON, `"w"`, `"\ud800"`),
		"low surrogate alone":  change(goodJSON, `"w"`, `"\udc00\ud800"`),
		"surrogate and letter": change(goodJSON, `"w"`, `"\ud800\u0041"`),
		"short escape":         change(goodJSON, `"w"`, `"\u00f"`),
		"bad escape":           change(goodJSON, `"w"`, `"\x41"`),
		"control character":    change(goodJSON, `"w"`, "\"a\tb\""),
		"single quotes":        strings.ReplaceAll(goodJSON, `"`, "'"),
		"unquoted name":        change(goodJSON, `"Who"`, "Who"),
		"comment":              "/* a */" + goodJSON,
		"NaN":                  change(goodJSON, `"w"`, "NaN"),
		"nul":                  change(goodJSON, `"w"`, "nul"),
		"True":                 change(goodJSON, `"w"`, "True"),
		"number 01":            change(goodJSON, `"w"`, "01"),
		"number 1.":            change(goodJSON, `"w"`, "1."),
		"number .5":            change(goodJSON, `"w"`, ".5"),
		"number +1":            change(goodJSON, `"w"`, "+1"),
		"number 1e":            change(goodJSON, `"w"`, "1e"),
		"number -":             change(goodJSON, `"w"`, "-"),
		"number 0x1":           change(goodJSON, `"w"`, "0x1"),
		"deep lists":           strings.Repeat("[", 100_000),
		"deep objects":         strings.Repeat(`{"a":`, 100_000),
		"deep in unknown":      change(goodJSON, "{", `{"x":`+strings.Repeat("[", 40)+strings.Repeat("]", 40)+","),
		"XML":                  goodXML,

		"a number":             "17",
		"a string":             `"x"`,
		"null":                 "null",
		"empty list":           "[]",
		"empty list in object": `{"ActivityRecordList":[]}`,
		"empty object":         "{}",
		"list null":            `{"ActivityRecordList":null}`,
		"list object":          `{"ActivityRecordList":{}}`,
		"unknown beside list":  `{"ActivityRecordList":` + goodJSON + `,"Other":1}`,
		"mark a number":        `{"ActivityRecordList":` + goodJSON + `,"ContinuationMark":1}`,
		"list of values":       `[1,null,"x",[],true]`,
		"empty record":         "[{}]",
		"required null":        change(goodJSON, `"w"`, "null"),
		"required blank":       change(goodJSON, `"w"`, `" \u00a0"`),
		"text a number":        change(goodJSON, `"w"`, "-1.5e+3"),
		"text a list":          change(goodJSON, `"Added"`, `["Added"]`),
		"When an object":       change(goodJSON, `"2026-03-04T05:06:07Z"`, `{"From":"x"}`),
		"When blank":           change(goodJSON, `"2026-03-04T05:06:07Z"`, `" "`),
		"When bad":             change(goodJSON, `05:06:07Z`, `05:06:07`),
		"Action unknown":       change(goodJSON, `"Added"`, `"added"`),
		"unknown field":        change(goodJSON, "{", `{"Wo":{"a":[1,{"b":null}],"c":"\u0041"},`),
		"field not ASCII":      change(goodJSON, "{", "{\"Wor\u212Astation\":\"x\","),
		"plan a string":        change(goodJSON, "{", `{"MonitoringPlan":"x",`),
		"plan unknown":         change(goodJSON, "{", `{"MonitoringPlan":{"Nam":"x","ID":7},`),
		"item a list":          change(goodJSON, "{", `{"Item":["x"],`),
		"details an object":    change(goodJSON, "{", `{"DetailList":{"PropertyName":"x"},`),
		"details of values":    change(goodJSON, "{", `{"DetailList":[{"PropertyName":"x"},7,null],`),
		"detail unknown":       change(goodJSON, "{", `{"DetailList":[{"PropertyName":"x"},{"PropertyName":"x","Befor":""}],`),
		"detail without name":  change(goodJSON, "{", `{"DetailList":[{"PropertyName":"x"},{"Before":"x"}],`),
		"archive a string":     change(goodJSON, "{", `{"IsArchiveOnly":"true",`),
		"archive a number":     change(goodJSON, "{", `{"IsArchiveOnly":1,`),
		"ignored but wrong":    change(goodJSON, "{", `{"RID":7,"DataSource":[],`),
		"several":              `[{},` + goodJSON[1:len(goodJSON)-1] + `,{"Who":"w","ObjectType":"o","Action":"Zap","What":"t","When":"x","Where":"s"}]`,
		"too long":             change(goodJSON, `"w"`, `"`+strings.Repeat("é", 256)+`"`),
	},
	wire.XML: {
		"empty":                  "",
		"white space":            " \n ",
		"text":                   "hello",
		"only a declaration":     `<?xml version="1.0"?>`,
		"not closed":             strings.TrimSuffix(goodXML, "</ActivityRecordList>"),
		"tag not closed":         "<ActivityRecordList",
		"text not closed":        strings.TrimSuffix(goodXML, "</Where></ActivityRecord></ActivityRecordList>"),
		"end tag not closed":     strings.TrimSuffix(goodXML, ">"),
		"crossed tags":           change(goodXML, "</What>", "</Who>"),
		"second root":            goodXML + goodXML,
		"text after":             goodXML + "x",
		"text before":            "x" + goodXML,
		"end tag after":          goodXML + "</a>",
		"doctype":                `<!DOCTYPE a [<!ENTITY e "x">]>` + goodXML,
		"doctype external":       `<!DOCTYPE a SYSTEM "file:///etc/passwd">` + goodXML,
		"doctype inside":         change(goodXML, "<What>", "<!DOCTYPE a><What>"),
		"entity":                 change(goodXML, "<Who>w", "<Who>&nbsp;"),
		"entity not closed":      change(goodXML, "<Who>w", "<Who>&lt"),
		"ampersand":              change(goodXML, "<Who>w", "<Who>a & b"),
		"reference to NUL":       change(goodXML, "<Who>w", "<Who>&#0;"),
		"reference to U+FFFE":    change(goodXML, "<Who>w", "<Who>&#xFFFE;"),
		"reference to surrogate": change(goodXML, "<Who>w", "<Who>&#xD800;"),
		"reference too large":    change(goodXML, "<Who>w", "<Who>&#x110000;"),
		"reference huge":         change(goodXML, "<Who>w", "<Who>&#"+strings.Repeat("9", 1000)+";"),
		"reference empty":        change(goodXML, "<Who>w", "<Who>&#;"),
		"reference hex empty":    change(goodXML, "<Who>w", "<Who>&#x;"),
		"reference upper X":      change(goodXML, "<Who>w", "<Who>&#X41;"),
		"reference letters":      change(goodXML, "<Who>w", "<Who>&#4a;"),
		"attribute twice":        change(goodXML, "<Who>", `<Who a="1" a="2">`),
		"attribute unknown":      change(goodXML, "<Who>", `<Who a="1">`),
		"attribute without =":    change(goodXML, "<Who>", `<Who a>`),
		"attribute not quoted":   change(goodXML, "<Who>", `<Who a=1>`),
		"attribute not closed":   change(goodXML, "<Who>", `<Who a="1>`),
		"attribute with <":       change(goodXML, "<Who>", `<Who xmlns:a="<">`),
		"attributes not apart":   change(goodXML, "<Who>", `<Who xmlns:a="x"xmlns:b="y">`),
		"attribute bad name":     change(goodXML, "<Who>", `<Who 1="x">`),
		"attribute two colons":   change(goodXML, "<Who>", `<Who xmlns:a:b="x">`),
		"attribute no prefix":    change(goodXML, "<Who>", `<Who x:a="x">`),
		"attribute same in ns":   change(goodXML, "<ActivityRecordList", `<ActivityRecordList xmlns:a="http://www.w3.org/2001/XMLSchema-instance" xmlns:b="http://www.w3.org/2001/XMLSchema-instance" a:schemaLocation="x" b:schemaLocation="y"`),
		"attribute xsi:type":     change(goodXML, "<ActivityRecordList", `<ActivityRecordList xmlns:a="http://www.w3.org/2001/XMLSchema-instance" a:type="x"`),
		"attribute Operator":     change(goodXML, "<Who>", `<Who Operator="Equals">`),
		"attributes many":        change(goodXML, "<Who>", "<Who"+manyAttributes(100)+">"),
		"bindings many":          change(goodXML, "<Who>", "<Who"+manyAttributes(32)+"><Who"+manyAttributes(32)+"><Who"+manyAttributes(32)+">"),
		"prefix undeclared":      strings.NewReplacer("<What>", "<x:What>", "</What>", "</x:What>").Replace(goodXML),
		"prefix out of scope":    strings.NewReplacer("<Who>", `<x:Who xmlns:x="`+ns+`">`, "</Who>", "</x:Who>", "<What>", "<x:What>", "</What>", "</x:What>").Replace(goodXML),
		"prefix empty":           strings.NewReplacer("<What>", "<:What>", "</What>", "</:What>").Replace(goodXML),
		"prefix without name":    strings.NewReplacer("<What>", "<x: xmlns:x='"+ns+"'>", "</What>", "</x:>").Replace(goodXML),
		"prefix unbound":         change(goodXML, "<Who>", `<Who xmlns:x="">`),
		"prefix xml rebound":     change(goodXML, "<Who>", `<Who xmlns:xml="x">`),
		"prefix xmlns bound":     change(goodXML, "<Who>", `<Who xmlns:xmlns="x">`),
		"namespace of xmlns":     change(goodXML, "<Who>", `<Who xmlns:x="http://www.w3.org/2000/xmlns/">`),
		"namespace of xml":       change(goodXML, "<Who>", `<Who xmlns:x="http://www.w3.org/XML/1998/namespace">`),
		"namespace foreign":      change(goodXML, ns, "http://example.com/"),
		"namespace of errors":    change(goodXML, ns, "http://schemas.netwrix.com/api/v1/"),
		"namespace mixed":        change(goodXML, "<Who>", `<Who xmlns="">`),
		"namespace of child":     change(goodXML, "<Who>", `<Who xmlns="http://example.com/">`),
		"element unknown":        change(goodXML, "<What>", "<Wat a='1'><b/>x</Wat><What>"),
		"element unknown, plain": change(goodXML, "<What>", "<Wat><b>x<c/></b><![CDATA[ ]]></Wat><What>"),
		"element in other case":  strings.NewReplacer("<What>", "<what>", "</What>", "</what>").Replace(goodXML),
		"element twice":          change(goodXML, "<What>", "<What>x</What><What>"),
		"element without name":   change(goodXML, "<What>", "<><What>"),
		"element spaced":         change(goodXML, "<What>", "< What>"),
		"mark twice":             change(goodXML, "<ActivityRecord>", "<ContinuationMark/><ContinuationMark/><ActivityRecord>"),
		"plan name twice":        change(goodXML, "<What>", "<MonitoringPlan><Name>a</Name><Name>b</Name></MonitoringPlan><What>"),
		"plan a text":            change(goodXML, "<What>", "<MonitoringPlan>a</MonitoringPlan><What>"),
		"plan unknown":           change(goodXML, "<What>", "<MonitoringPlan><Nam>a</Nam></MonitoringPlan><What>"),
		"detail unknown":         change(goodXML, "<What>", "<DetailList><Detail><PropertyName>x</PropertyName></Detail><Detail><PropertyName>x</PropertyName><Befor/></Detail></DetailList><What>"),
		"detail twice":           change(goodXML, "<What>", "<DetailList><Detail><Before/><Before/></Detail></DetailList><What>"),
		"detail list unknown":    change(goodXML, "<What>", "<DetailList><Details/></DetailList><What>"),
		"detail without name":    change(goodXML, "<What>", "<DetailList><Detail><PropertyName>x</PropertyName></Detail><Detail/></DetailList><What>"),
		"child in a text":        change(goodXML, "<What>", "<What><b>x</b>"),
		"text between":           change(goodXML, "<What>", "x<What>"),
		"CDATA between":          change(goodXML, "<What>", "<![CDATA[ ]]><What>"),
		"reference between":      change(goodXML, "<What>", "&#x20;<What>"),
		"]]> in text":            change(goodXML, "<Who>w", "<Who>a]]>"),
		"CDATA not closed":       change(goodXML, "<Who>w", "<Who><![CDATA[a"),
		"comment not closed":     change(goodXML, "<Who>w", "<Who><!-- a"),
		"comment with --":        change(goodXML, "<Who>w", "<Who><!-- a -- b -->w"),
		"comment ends --->":      change(goodXML, "<Who>w", "<Who><!-- a --->w"),
		"comment <!--->":         change(goodXML, "<Who>w", "<Who><!--->w"),
		"instruction not closed": change(goodXML, "<Who>w", "<Who><?a"),
		"instruction no name":    change(goodXML, "<Who>w", "<Who><? a?>w"),
		"instruction xml":        change(goodXML, "<Who>w", "<Who><?XML a?>w"),
		"declaration late":       " <?xml version='1.0'?>" + goodXML,
		"declaration twice":      "<?xml version='1.0'?><?xml version='1.0'?>" + goodXML,
		"declaration 1.1":        "<?xml version='1.1'?>" + goodXML,
		"declaration bare":       "<?xml ?>" + goodXML,
		"declaration order":      "<?xml encoding='utf-8' version='1.0'?>" + goodXML,
		"declaration standalone": "<?xml version='1.0' standalone='maybe'?>" + goodXML,
		"declaration open":       "<?xml version='1.0'" + goodXML,
		"declaration extra":      "<?xml version='1.0' a='b'?>" + goodXML,
		"encoding bad name":      "<?xml version='1.0' encoding='1'?>" + goodXML,
		"encoding unknown":       "<?xml version='1.0' encoding='x-nothing'?>" + goodXML,
		"encoding shifting":      "<?xml version='1.0' encoding='ISO-2022-JP'?>" + goodXML,
		"encoding UTF-7":         "<?xml version='1.0' encoding='UTF-7'?>" + goodXML,
		"encoding EBCDIC":        "<?xml version='1.0' encoding='IBM037'?>" + goodXML,
		"encoding not true":      "<?xml version='1.0' encoding='utf-16'?>" + goodXML,
		"encoding against BOM":   "\ufeff<?xml version='1.0' encoding='ISO-8859-1'?>" + goodXML,
		"not ASCII":              "<?xml version='1.0' encoding='us-ascii'?>" + change(goodXML, "<Who>w", "<Who>é"),
		"invalid UTF-8":          change(goodXML, "<Who>w", "<Who>\xff"),
		"control character":      change(goodXML, "<Who>w", "<Who>\x01"),
		"U+FFFF":                 change(goodXML, "<Who>w", "<Who>\uffff"),
		"U+FFFE in a comment":    change(goodXML, "<Who>w", "<Who><!-- \ufffe -->w"),
		"UTF-16 odd":             "\xff\xfe<",
		"UTF-16 surrogate":       "\xfe\xff\x00<\xd8\x00\x00a",
		"UTF-16 surrogate end":   "\xfe\xff\x00<\xd8\x00",
		"root another":           `<ActivityRecordSearch xmlns="` + ns + `"/>`,
		"root in other case":     `<activityrecordlist xmlns="` + ns + `"/>`,
		"no records":             `<ActivityRecordList xmlns="` + ns + `"/>`,
		"only a mark":            `<ActivityRecordList xmlns="` + ns + `"><ContinuationMark>a</ContinuationMark></ActivityRecordList>`,
		"deep":                   strings.Repeat("<a>", 100_000),
		"deep in unknown":        change(goodXML, "<What>", strings.Repeat("<a>", 40)+strings.Repeat("</a>", 40)+"<What>"),
		"required missing":       change(goodXML, "<What>t</What>", ""),
		"required empty":         change(goodXML, "<What>t</What>", "<What/>"),
		"When bad":               change(goodXML, "05:06:07Z", "05:06:07"),
		"Action with spaces":     change(goodXML, "Added", " Added"),
		"archive bad":            change(goodXML, "<What>", "<IsArchiveOnly>TRUE</IsArchiveOnly><What>"),
		"JSON":                   goodJSON,
	},
}

func manyAttributes(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, ` xmlns:a%d="x"`, i)
	}
	return b.String()
}

func TestRefusedWrites(t *testing.T) {
	for _, f := range formats {
		if _, err := wire.ReadRecords(f, []byte(map[wire.Format]string{wire.JSON: goodJSON, wire.XML: goodXML}[f])); err != nil {
			t.Fatalf("%s: the good body is refused: %v", f, err)
		}
		var all strings.Builder
		for _, name := range sortedKeys(refusedWrites[f]) {
			recs, err := wire.ReadRecords(f, []byte(refusedWrites[f][name]))
			if err == nil || recs != nil {
				t.Errorf("%s, %s: %d records, %v; want an error alone", f, name, len(recs), err)
			}
			fmt.Fprintf(&all, "== %s\n%s", name, showErrors(err))
		}
		golden(t, fmt.Sprintf("refused-write-%s.golden", strings.ToLower(f.String())), all.String())
	}
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

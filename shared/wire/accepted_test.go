package wire_test

import (
	"strings"
	"testing"
	"unicode/utf16"

	"docket/shared/activity"
	"docket/shared/wire"

	"github.com/google/go-cmp/cmp"
)

// wide encodes text in UTF-16, low byte first or high byte first.
func wide(text string, highFirst bool) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(text)) {
		if highFirst {
			b.Write([]byte{byte(u >> 8), byte(u)})
		} else {
			b.Write([]byte{byte(u), byte(u >> 8)})
		}
	}
	return b.String()
}

// latin1 encodes text in ISO-8859-1.
func latin1(text string) string {
	var b strings.Builder
	for _, r := range text {
		b.WriteByte(byte(r))
	}
	return b.String()
}

// TestAcceptedBodies reads one record from bodies of many forms.
func TestAcceptedBodies(t *testing.T) {
	prefixed := strings.NewReplacer("</", "</n:", "<", "<n:", "xmlns=", "xmlns:n=").Replace(goodXML)
	umlaut := change(goodXML, "<Who>w", "<Who>ä\U0001F600")
	for name, c := range map[string]struct{ body, who string }{
		"JSON":                          {goodJSON, "w"},
		"JSON with BOM":                 {"\ufeff" + goodJSON, "w"},
		"JSON with white space":         {" \t\r\n" + change(goodJSON, `"Who":"w",`, "\"Who\" \r\n:\t\"w\" , ") + "\n ", "w"},
		"JSON in any case":              {change(change(goodJSON, "Who", "wHO"), "ObjectType", "objecttype"), "w"},
		"JSON with escaped name":        {change(goodJSON, `"Who"`, `"\u0057h\u006f"`), "w"},
		"JSON escapes":                  {change(goodJSON, `"w"`, `"\"\\\/\b\f\n\r\t\u00e9\uD83D\ude00\u0000"`), "\"\\/\b\f\n\r\té\U0001F600\x00"},
		"JSON as answered":              {`{"ContinuationMark":"m","ActivityRecordList":` + goodJSON + `}`, "w"},
		"JSON as answered, in case":     {`{"activityrecordlist":` + goodJSON + `,"continuationmark":null}`, "w"},
		"JSON nulls":                    {change(goodJSON, "{", `{"MonitoringPlan":null,"Item":null,"DataSource":null,"Workstation":null,"IsArchiveOnly":null,"DetailList":null,"RID":null,`), "w"},
		"JSON nulls within":             {change(goodJSON, "{", `{"MonitoringPlan":{"Name":null,"ID":null},"Item":{"Name":null},"DetailList":[],`), "w"},
		"JSON empty parts":              {change(goodJSON, "{", `{"MonitoringPlan":{},"Item":{},`), "w"},
		"JSON DEL and separators":       {change(goodJSON, `"w"`, "\"\x7f\u0085\u2028\""), "\x7f\u0085\u2028"},
		"XML":                           {goodXML, "w"},
		"XML without namespace":         {change(goodXML, ` xmlns="`+ns+`"`, ""), "w"},
		"XML as once printed":           {change(goodXML, "http://", "http//"), "w"},
		"XML with prefix":               {prefixed, "w"},
		"XML with two prefixes":         {strings.Replace(strings.Replace(prefixed, "<n:Who>", `<m:Who xmlns:m="`+ns+`">`, 1), "</n:Who>", "</m:Who>", 1), "w"},
		"XML namespace in entities":     {change(goodXML, "http:", "&#x68;ttp&#58;"), "w"},
		"XML with schema location":      {change(goodXML, ">", ` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a b" xsi:noNamespaceSchemaLocation='c' xmlns:xsd="http://www.w3.org/2001/XMLSchema">`), "w"},
		"XML with declaration":          {`<?xml version="1.0" encoding="UTF-8" standalone='yes' ?>` + "\r\n" + goodXML + "\n", "w"},
		"XML with BOM":                  {"\ufeff<?xml version='1.0' encoding='utf-8'?>" + goodXML, "w"},
		"XML asides":                    {"<!-- a --><?pi x?>\n" + change(goodXML, "<Who>", "<!----><Who><!-- b - c --><?p?>") + "<!-- d --><?x-y ??>", "w"},
		"XML white space":               {strings.ReplaceAll(goodXML, "><", ">\n\t <"), "w"},
		"XML white space in tags":       {strings.NewReplacer("<Who>", "<Who >", "</Who>", "</Who\n>").Replace(goodXML), "w"},
		"XML entities":                  {change(goodXML, "<Who>w", "<Who>&lt;&gt;&amp;&quot;&apos;&#65;&#x1F600;&#0000065;"), "<>&\"'A\U0001F600A"},
		"XML CDATA":                     {change(goodXML, "<Who>w", "<Who>a<![CDATA[<b>&amp;]]]]><![CDATA[>\r\n]]>c"), "a<b>&amp;]]>\nc"},
		"XML empty CDATA":               {change(goodXML, "<Who>w", "<Who><![CDATA[]]>w"), "w"},
		"XML line ends":                 {change(goodXML, "<Who>w", "<Who>a\r\nb\rc\nd&#xD;&#10;e"), "a\nb\nc\nd\r\ne"},
		"XML brackets":                  {change(goodXML, "<Who>w", "<Who>]]a]>b]"), "]]a]>b]"},
		"XML quotes and >":              {change(goodXML, "<Who>w", `<Who>"'>/=`), `"'>/=`},
		"XML exact white space":         {change(goodXML, "<Who>w", "<Who> \t\nw "), " \t\nw "},
		"XML When trimmed":              {change(change(goodXML, "<When>", "<When>\n "), "</When>", "\t</When>"), "w"},
		"XML empty elements":            {change(goodXML, "<What>", "<MonitoringPlan/><Item><Name/></Item><DataSource></DataSource><IsArchiveOnly/><DetailList/><RID/><What>"), "w"},
		"XML with a mark":               {change(goodXML, "</ActivityRecordList>", "<ContinuationMark>m</ContinuationMark></ActivityRecordList>"), "w"},
		"UTF-8 of four bytes":           {umlaut, "ä\U0001F600"},
		"UTF-16 LE":                     {wide("\ufeff<?xml version='1.0' encoding='utf-16'?>"+umlaut, false), "ä\U0001F600"},
		"UTF-16 BE":                     {wide("\ufeff<?xml version='1.0' encoding='UTF-16'?>"+umlaut, true), "ä\U0001F600"},
		"UTF-16 LE, undeclared":         {wide("\ufeff"+umlaut, false), "ä\U0001F600"},
		"UTF-16 BE, declared, unmarked": {wide("<?xml version='1.0' encoding='utf-16BE'?>"+umlaut, true), "ä\U0001F600"},
		"UTF-16 LE, declared, unmarked": {wide("<?xml version='1.0' encoding='UTF-16LE'?>"+umlaut, false), "ä\U0001F600"},
		"ISO-8859-1":                    {latin1("<?xml version='1.0' encoding='iso-8859-1'?>" + change(goodXML, "<Who>w", "<Who>Müller\u0085")), "Müller\u0085"},
		"windows-1252":                  {"<?xml version='1.0' encoding='Windows-1252'?>" + change(goodXML, "<Who>w", "<Who>\x80\xfc"), "€ü"},
		"windows-1251":                  {"<?xml version='1.0' encoding='windows-1251'?>" + change(goodXML, "<Who>w", "<Who>\xc8\xe2\xe0\xed"), "Иван"},
		"ISO-8859-15":                   {"<?xml version='1.0' encoding='ISO-8859-15'?>" + change(goodXML, "<Who>w", "<Who>\xa4"), "€"},
		"IBM437":                        {"<?xml version='1.0' encoding='IBM437'?>" + change(goodXML, "<Who>w", "<Who>\x81"), "ü"},
		"US-ASCII":                      {"<?xml version='1.0' encoding='us-ascii'?>" + goodXML, "w"},
	} {
		f := wire.XML
		if strings.HasPrefix(name, "JSON") {
			f = wire.JSON
		}
		got, err := wire.ReadRecords(f, []byte(c.body))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want := activity.Record{Who: c.who, Where: "s", ObjectType: "o", What: "t", Action: activity.Added, When: 1772600767, DataSource: activity.APIDataSource}
		if diff := cmp.Diff([]activity.Record{want}, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
}

func TestArchiveOnlyForms(t *testing.T) {
	for value, want := range map[string]bool{"true": true, "1": true, " true\n": true, "false": false, "0": false, "": false} {
		if got := mustRead(t, change(goodXML, "<What>", "<IsArchiveOnly>"+value+"</IsArchiveOnly><What>"))[0].ArchiveOnly; got != want {
			t.Errorf("XML %q: %t", value, got)
		}
	}
	for value, want := range map[string]bool{"true": true, "false": false, "null": false} {
		if got := mustRead(t, change(goodJSON, "{", `{"IsArchiveOnly":`+value+","))[0].ArchiveOnly; got != want {
			t.Errorf("JSON %s: %t", value, got)
		}
	}
}

func TestValuesOfFilters(t *testing.T) {
	for body, want := range map[string]string{
		list("<Who> a b </Who>"):                                 "a b",
		list("<Who>&#x20;a\n</Who>"):                             " a",
		list("<Who><![CDATA[ a ]]></Who>"):                       " a ",
		list("<Who>\n<!-- x --> a <!-- y --> b <?z?>\n</Who>"):   "a  b",
		list("<Who>\r\na\r\nb\r\n</Who>"):                        "a\nb",
		list("<Who>a&#9; </Who>"):                                "a\t",
		list("<Who/>"):                                           "",
		list("<When><![CDATA[Today]]></When>"):                   "Today",
		list("<When> <!-- x --> <Today/> <?y?> </When>"):         "Today",
		list(`"Who":" a "`):                                      " a ",
		list(`"when":"Today"`):                                   "Today",
		list(`"When":{"today":"","yesterday":null,"From":null}`): "Today",
	} {
		s, err := wire.ReadSearch(wire.Sniff([]byte(body)), []byte(body))
		if err != nil || len(s.Entries) != 1 || s.Entries[0].Text != want {
			t.Errorf("%s: %+v, %v; want %q", body, s.Entries, err, want)
		}
	}
}

func TestSniff(t *testing.T) {
	for body, want := range map[string]wire.Format{
		"": wire.XML, " ": wire.XML, "<a/>": wire.XML, " \r\n\t{}": wire.JSON, "[]": wire.JSON, `"m"`: wire.JSON,
		"\ufeff{": wire.JSON, "\ufeff<": wire.XML, "17": wire.XML, "null": wire.XML, "\xff\xfe<\x00": wire.XML,
	} {
		if got := wire.Sniff([]byte(body)); got != want {
			t.Errorf("%q: %s; want %s", body, got, want)
		}
	}
}

func TestContentTypes(t *testing.T) {
	if j, x := wire.JSON.ContentType(), wire.XML.ContentType(); j != "application/json" || x != "application/xml" {
		t.Errorf("%s, %s", j, x)
	}
}

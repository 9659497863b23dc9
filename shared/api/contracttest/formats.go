package contracttest

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode/utf16"
)

var formats = map[string]func(suite){
	"XML without a format":                    xmlDefault,
	"XML shapes":                              xmlShapes,
	"XML encodings":                           xmlEncodings,
	"XML that is refused":                     xmlRefused,
	"JSON that is refused":                    jsonRefused,
	"JSON names without case":                 jsonNames,
	"JSON declared by Content-Type":           sloppyJSON,
	"Content-Type never matters":              contentType,
	"gzip requests":                           gzipRequests,
	"gzip answers":                            gzipAnswers,
	"When is printed in UTC":                  whenPrinted,
	"control characters":                      controlCharacters,
	"text is exact":                           exactText,
	"fields that a record lacks are left out": leftOut,
}

const ns = "http://schemas.netwrix.com/api/v1/activity_records/"

// xmlRecord1 is a valid record's elements.
func xmlElements(tag string) string {
	return `<Who>Enterprise\` + tag + `</Who><ObjectType>User</ObjectType><Action>Added</Action><What>` + tag +
		`</What><When>2026-03-04T05:06:07Z</When><Where>server1</Where>`
}

func xmlBatch(tag string) string {
	return `<ActivityRecordList xmlns="` + ns + `"><ActivityRecord>` + xmlElements(tag) + `</ActivityRecord></ActivityRecordList>`
}

func xmlSearch(inner string) string {
	return `<?xml version="1.0" encoding="utf-8"?><ActivityRecordSearch xmlns="` + ns + `">` + inner + `</ActivityRecordSearch>`
}

func xmlDefault(s suite) {
	tag := s.unique()
	s.empty(s.post(admin, writePath, xmlBatch(tag)), http.StatusOK)
	r := s.post(admin, searchPath, xmlSearch("<FilterList><Who>"+tag+"</Who></FilterList>"))
	p := s.xmlPage(r)
	if ct := r.header.Get("Content-Type"); !strings.HasPrefix(ct, "application/xml") {
		s.Errorf("Content-Type %q; want application/xml", ct)
	}
	if len(p.Records) != 1 || p.Records[0].What != tag {
		s.Fatalf("%+v; want the record written", p.Records)
	}
	next := s.xmlPage(s.post(admin, searchPath, xmlSearch("<ContinuationMark>\n  "+p.Mark+"\n</ContinuationMark><FilterList><Who>"+tag+"</Who></FilterList>")))
	if len(next.Records) != 0 {
		s.Errorf("%d records on the second page; want none", len(next.Records))
	}
	mark := s.xmlPage(s.send(admin, http.MethodGet, enumPath+"?count=3", nil, nil)).Mark
	s.xmlPage(s.post(admin, enumPath, `<ContinuationMark xmlns="`+ns+`">`+"\n\t"+mark+"\r\n"+`</ContinuationMark>`))
	if i, j := strings.Index(string(r.body), "<ContinuationMark"), strings.Index(string(r.body), "<ActivityRecord>"); i < 0 || j < i {
		s.Error("in XML the mark comes before the records")
	}
}

func xmlShapes(s suite) {
	for name, f := range map[string]func(tag string) string{
		"prefixed": func(tag string) string {
			inner := xmlElements(tag)
			inner = strings.NewReplacer("</", "</n:", "<", "<n:").Replace(strings.ReplaceAll(inner, "</", "\x00"))
			inner = strings.ReplaceAll(inner, "\x00", "</n:")
			return `<n:ActivityRecordList xmlns:n="` + ns + `"><n:ActivityRecord>` + inner + `</n:ActivityRecord></n:ActivityRecordList>`
		},
		"declaration": func(tag string) string {
			return `<?xml version="1.0" encoding="UTF-8"?>` + "\r\n" + xmlBatch(tag) + "\n"
		},
		"standalone": func(tag string) string { return `<?xml version='1.0' standalone='yes'?>` + xmlBatch(tag) },
		"BOM":        func(tag string) string { return "\ufeff" + xmlBatch(tag) },
		"comments": func(tag string) string {
			return "<!-- a --><?pi x?>" + strings.Replace(xmlBatch(tag), "<Who>", "<!-- b --><Who><!-- c -->", 1) + "<!-- d -->"
		},
		"CDATA": func(tag string) string {
			return strings.Replace(xmlBatch(tag), "<What>"+tag+"</What>", "<What><![CDATA["+tag+"]]></What>", 1)
		},
		"white space": func(tag string) string { return strings.ReplaceAll(xmlBatch(tag), "><", ">\n\t <") },
	} {
		tag := s.unique()
		body := f(tag)
		if name == "white space" {
			body = strings.NewReplacer("<Who>\n\t ", "<Who>").Replace(body)
		}
		r := s.post(admin, writePath, body)
		if r.status != http.StatusOK {
			s.Errorf("%s: status %d %.300s for %s", name, r.status, r.body, body)
			continue
		}
		if list, _ := s.search(admin, map[string]any{"What": map[string]any{"Equals": tag}}, 10); len(list) != 1 {
			s.Errorf("%s: %d records; want 1", name, len(list))
		}
	}
}

func xmlEncodings(s suite) {
	utf16Body := func(order binary.ByteOrder, bom bool) func(string) []byte {
		return func(text string) []byte {
			var b bytes.Buffer
			if bom {
				text = "\ufeff" + text
			}
			for _, u := range utf16.Encode([]rune(text)) {
				_ = binary.Write(&b, order, u)
			}
			return b.Bytes()
		}
	}
	latin := func(text string) []byte {
		var b []byte
		for _, r := range text {
			b = append(b, byte(r))
		}
		return b
	}
	for name, c := range map[string]struct {
		declaration string
		encode      func(string) []byte
	}{
		"UTF-16 LE with BOM": {`<?xml version="1.0" encoding="utf-16"?>`, utf16Body(binary.LittleEndian, true)},
		"UTF-16 BE with BOM": {`<?xml version="1.0" encoding="UTF-16"?>`, utf16Body(binary.BigEndian, true)},
		"UTF-16 undeclared":  {"", utf16Body(binary.LittleEndian, true)},
		"ISO-8859-1":         {`<?xml version="1.0" encoding="ISO-8859-1"?>`, latin},
		"windows-1252":       {`<?xml version="1.0" encoding="windows-1252"?>`, latin},
	} {
		tag := s.unique()
		text := c.declaration + strings.Replace(xmlBatch(tag), "<What>", "<What>Müller é ", 1)
		r := s.send(admin, http.MethodPost, writePath, header{"Content-Type": "application/octet-stream"}, c.encode(text))
		if r.status != http.StatusOK {
			s.Errorf("%s: status %d %.300s", name, r.status, r.body)
			continue
		}
		list, _ := s.search(admin, map[string]any{"Who": tag}, 10)
		if len(list) != 1 || list[0].What != "Müller é "+tag {
			s.Errorf("%s: %q; want the text as written", name, whats(list))
		}
	}
}

func xmlRefused(s suite) {
	before := s.end()
	tag := s.unique()
	good := xmlBatch(tag)
	for name, body := range map[string]string{
		"empty":               "",
		"text":                "hello",
		"not closed":          strings.TrimSuffix(good, "</ActivityRecordList>"),
		"second root":         good + good,
		"text after":          good + "x",
		"doctype":             `<!DOCTYPE a [<!ENTITY e "x">]>` + good,
		"external":            `<!DOCTYPE a SYSTEM "file:///etc/passwd">` + good,
		"entity":              strings.Replace(good, tag, "&nbsp;", 1),
		"repeated attribute":  strings.Replace(good, `xmlns="`+ns+`"`, `xmlns="`+ns+`" a="1" a="2"`, 1),
		"undeclared prefix":   strings.Replace(good, "<What>", "<x:What>", 1),
		"foreign namespace":   strings.Replace(good, ns, "http://example.com/", 1),
		"unknown element":     strings.Replace(good, "<What>", "<Wat>x</Wat><What>", 1),
		"misspelt":            strings.NewReplacer("<What>", "<what>", "</What>", "</what>").Replace(good),
		"element twice":       strings.Replace(good, "<What>", "<What>x</What><What>", 1),
		"child in a text":     strings.Replace(good, "<What>", "<What><b>x</b>", 1),
		"text between":        strings.Replace(good, "<What>", "x<What>", 1),
		"NUL reference":       strings.Replace(good, "<What>", "<What>&#0;", 1),
		"invalid UTF-8":       strings.Replace(good, "<What>", "<What>\xff", 1),
		"lone surrogate":      strings.Replace(good, "<What>", "<What>&#xD800;", 1),
		"unknown encoding":    `<?xml version="1.0" encoding="x-nothing"?>` + good,
		"other root":          `<ActivityRecordSearch xmlns="` + ns + `"/>`,
		"crossed tags":        strings.Replace(good, "</What>", "</Who>", 1),
		"deep":                strings.Repeat("<a>", 100_000),
		"JSON without format": s.json([]any{sample(tag)}),
	} {
		r := s.post(admin, writePath, body)
		if list := s.refused(r, http.StatusBadRequest); list[0].Category != "XMLError" && list[0].Category != "InputError" {
			s.Errorf("%s: %+v", name, list)
		}
	}
	if list, _ := s.enum(admin, before, 1000); len(list) != 0 {
		s.Errorf("refused bodies stored %d records", len(list))
	}
}

func jsonRefused(s suite) {
	before := s.end()
	tag := s.unique()
	good := s.json([]any{sample(tag)})
	for name, body := range map[string]string{
		"empty":           "",
		"white space":     "  ",
		"not JSON":        "{[",
		"trailing comma":  strings.Replace(good, "}]", ",}]", 1),
		"comma in list":   strings.Replace(good, "}]", "},]", 1),
		"trailing data":   good + "x",
		"second value":    good + good,
		"duplicate key":   strings.Replace(good, "{", `{"Who":"x",`, 1),
		"duplicate, case": strings.Replace(good, "{", `{"WHO":"x",`, 1),
		"invalid UTF-8":   strings.Replace(good, tag, "\xff\xfe", 1),
		"lone surrogate":  strings.Replace(good, tag, `\ud800`, 1),
		"control raw":     strings.Replace(good, tag, "a\nb", 1),
		"bad escape":      strings.Replace(good, tag, `\x41`, 1),
		"single quotes":   strings.ReplaceAll(good, `"`, "'"),
		"deep":            strings.Repeat("[", 100_000),
		"XML":             xmlBatch(tag),
		"unquoted":        strings.Replace(good, `"Who"`, "Who", 1),
	} {
		for _, e := range s.invalidAny(s.post(admin, writePath+jsonFormat, body)) {
			if e.Category != "JSONError" {
				s.Errorf("%s: %+v; want JSONError", name, e)
			}
		}
	}
	for name, body := range map[string]string{
		"number":          "17",
		"string":          `"x"`,
		"null":            "null",
		"list of numbers": "[1,2]",
		"empty list":      "[]",
		"text as number":  strings.Replace(good, `"Added"`, "1", 1),
		"text as list":    strings.Replace(good, `"Added"`, `["Added"]`, 1),
		"required null":   strings.Replace(good, `"Added"`, "null", 1),
		"unknown field":   strings.Replace(good, "{", `{"Wo":"x",`, 1),
	} {
		r := s.post(admin, writePath+jsonFormat, body)
		if list := s.invalidAny(r); len(list) == 0 {
			s.Errorf("%s: no error", name)
		}
	}
	if list, _ := s.enum(admin, before, 1000); len(list) != 0 {
		s.Errorf("refused bodies stored %d records", len(list))
	}
}

// invalidAny is refused with 400 whatever the category.
func (s suite) invalidAny(r reply) []apiError {
	s.Helper()
	return s.refused(r, http.StatusBadRequest)
}

func jsonNames(s suite) {
	tag := s.unique()
	body := s.json([]any{sample(tag)})
	body = strings.NewReplacer(`"Who"`, `"who"`, `"What"`, `"WHAT"`, `"ObjectType"`, `"objectType"`).Replace(body)
	s.empty(s.post(admin, writePath+jsonFormat, body), http.StatusOK)
	p := s.page(s.post(admin, searchPath+jsonFormat, `{"filterlist":{"who":{"equals":"Enterprise\\`+tag+`"}}}`))
	if len(p.ActivityRecordList) != 1 {
		s.Errorf("%d records; want 1", len(p.ActivityRecordList))
	}
}

func sloppyJSON(s suite) {
	tag := s.unique()
	s.write(sample(tag))
	ct := header{"Content-Type": "application/json; charset=utf-8"}
	body := []byte(s.json(map[string]any{"FilterList": map[string]any{"Who": tag}}))
	if p := s.page(s.send(admin, http.MethodPost, searchPath, ct, body)); len(p.ActivityRecordList) != 1 {
		s.Errorf("search: %d records; want 1", len(p.ActivityRecordList))
	}
	s.page(s.send(admin, http.MethodPost, enumPath, ct, []byte(s.json(s.end()))))
	s.invalidAny(s.send(admin, http.MethodPost, writePath, ct, []byte(s.json([]any{sample(tag)}))))
	s.invalidAny(s.send(admin, http.MethodPost, searchPath+"?format=xml", ct, body))
	s.xmlPage(s.send(admin, http.MethodPost, searchPath, ct, []byte(xmlSearch("<FilterList><Who>"+tag+"</Who></FilterList>"))))
}

func contentType(s suite) {
	tag := s.unique()
	for _, ct := range []string{"", "application/xml", "application/json", "text/plain", "application/x-www-form-urlencoded", "nonsense"} {
		s.empty(s.send(admin, http.MethodPost, writePath+jsonFormat, header{"Content-Type": ct}, []byte(s.json([]any{sample(tag)}))), http.StatusOK)
		s.empty(s.send(admin, http.MethodPost, writePath, header{"Content-Type": ct}, []byte(xmlBatch(tag))), http.StatusOK)
	}
}

func zip(b []byte) []byte {
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	_, _ = w.Write(b)
	_ = w.Close()
	return z.Bytes()
}

func gzipRequests(s suite) {
	tag := s.unique()
	h := header{"Content-Encoding": "gzip"}
	body := []byte(s.json([]any{sample(tag)}))
	s.empty(s.send(admin, http.MethodPost, writePath+jsonFormat, h, zip(body)), http.StatusOK)
	if list, _ := s.search(admin, map[string]any{"Who": tag}, 10); len(list) != 1 {
		s.Errorf("%d records; want 1", len(list))
	}
	z := zip(body)
	for name, bad := range map[string][]byte{
		"not gzip": body, "cut": z[:len(z)-5], "damaged": append(z[:len(z)/2:len(z)/2], bytes.Repeat([]byte{0x55}, len(z)/2)...),
	} {
		if list := s.invalidAny(s.send(admin, http.MethodPost, writePath+jsonFormat, h, bad)); list[0].Category != "InputError" {
			s.Errorf("%s: %+v", name, list)
		}
	}
	s.invalidAny(s.send(admin, http.MethodPost, writePath+jsonFormat, header{"Content-Encoding": "br"}, body))
}

func gzipAnswers(s suite) {
	plain := s.send(admin, http.MethodGet, enumPath+"?format=json&count=200", header{"Accept-Encoding": "identity"}, nil)
	if plain.header.Get("Content-Encoding") != "" {
		s.Fatal("compressed though nobody asked")
	}
	packed := s.send(admin, http.MethodGet, enumPath+"?format=json&count=200", header{"Accept-Encoding": "deflate, gzip;q=0.5"}, nil)
	if packed.header.Get("Content-Encoding") != "gzip" {
		s.Fatal("Accept-Encoding: gzip is not honoured")
	}
	z, err := gzip.NewReader(bytes.NewReader(packed.body))
	if err != nil {
		s.Fatal(err)
	}
	body, err := io.ReadAll(z)
	if err != nil {
		s.Fatal(err)
	}
	p := s.page(reply{packed.status, packed.header, body})
	if q := s.page(plain); len(p.ActivityRecordList) == 0 || len(q.ActivityRecordList) != len(p.ActivityRecordList) {
		s.Errorf("%d records compressed, %d plain", len(p.ActivityRecordList), len(q.ActivityRecordList))
	}
	refused := s.send(admin, http.MethodGet, enumPath+"?format=json&count=200", header{"Accept-Encoding": "gzip;q=0"}, nil)
	if refused.header.Get("Content-Encoding") != "" {
		s.Error("gzip;q=0 means no gzip")
	}
}

func whenPrinted(s suite) {
	for in, out := range map[string]string{
		"2026-03-04T05:06:07Z":           "2026-03-04T05:06:07Z",
		"2026-03-04T05:06:07.999Z":       "2026-03-04T05:06:07Z",
		"2026-03-04T00:06:07+02:30":      "2026-03-03T21:36:07Z",
		"2026-12-31T23:59:59-14:00":      "2027-01-01T13:59:59Z",
		"2024-02-29T12:00:00.123456789Z": "2024-02-29T12:00:00Z",
		"0001-01-01T00:00:00Z":           "0001-01-01T00:00:00Z",
		"9999-12-31T23:59:59Z":           "9999-12-31T23:59:59Z",
		"1969-12-31T23:59:59Z":           "1969-12-31T23:59:59Z",
	} {
		tag := s.unique()
		s.write(with(sample(tag), "When", in))
		if list, _ := s.search(admin, map[string]any{"Who": tag}, 10); len(list) != 1 || list[0].When != out {
			s.Errorf("When %s: %+v; want %s", in, list, out)
		}
	}
	for _, bad := range []string{
		"", " ", "yesterday", "2026-03-04", "2026-03-04T05:06:07", "2026-03-04 05:06:07Z", "2026-03-04t05:06:07Z", "2026-03-04T05:06:07z",
		"2026-02-30T05:06:07Z", "2025-02-29T05:06:07Z", "2026-13-01T05:06:07Z", "2026-00-01T05:06:07Z", "2026-01-00T05:06:07Z",
		"2026-03-04T24:00:00Z", "2026-03-04T05:60:07Z", "2026-03-04T05:06:60Z", "2026-03-04T5:06:07Z", "0000-03-04T05:06:07Z",
		"2026-03-04T05:06:07+14:01", "2026-03-04T05:06:07+24:00", "2026-03-04T05:06:07+0200", "2026-03-04T05:06:07.Z", "2026-03-04T05:06:07,5Z",
		"0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "10000-01-01T00:00:00Z", "2026-03-04T05:06:07Z ",
	} {
		r := s.post(admin, writePath+jsonFormat, s.json([]any{with(sample(s.unique()), "When", bad)}))
		s.invalid(r, "InputError")
	}
}

func controlCharacters(s suite) {
	tag := s.unique()
	text := "a\x01b\x1fc\ufffed\x00e"
	s.write(with(sample(tag), "What", text))
	list, _ := s.search(admin, map[string]any{"Who": tag}, 10)
	if len(list) != 1 || list[0].What != text {
		s.Errorf("JSON: %q; want %q", whats(list), text)
	}
	p := s.xmlPage(s.post(admin, searchPath, xmlSearch("<FilterList><Who>"+tag+"</Who></FilterList>")))
	if want := "a\ufffdb\ufffdc\ufffdd\ufffde"; len(p.Records) != 1 || p.Records[0].What != want {
		s.Errorf("XML: %+v; want %q", p.Records, want)
	}
}

func exactText(s suite) {
	tag := s.unique()
	texts := []string{
		"  spaces  ", "tab\tand\nnew line\r\nand return\r", `"quotes" 'single' \back\ /slash/`, "<b>&amp;</b>]]>", "\u2028\u2029\u0085\u00a0",
		"é e\u0301 ﬀ İ ı ſ K", "\U0001F600\U0010FFFD\U00020000", "\u200b\ufeff\u202e", "a\u0000b\u007f", strings.Repeat("long ", 2000),
	}
	var batch []map[string]any
	for i, text := range texts {
		batch = append(batch, with(sample(tag), "What", fmt.Sprintf("%02d", i), "Workstation", text,
			"DetailList", []any{map[string]any{"PropertyName": "p" + text[:1], "Before": text, "After": text + text}}))
	}
	s.write(batch...)
	list, _ := s.search(admin, map[string]any{"Who": tag}, 3)
	if len(list) != len(texts) {
		s.Fatalf("%d records; want %d", len(list), len(texts))
	}
	for i, text := range texts {
		r := list[i]
		if r.Workstation != text || r.DetailList[0].Before != text || r.DetailList[0].After != text+text {
			s.Errorf("%q came back as %+v", text, r)
		}
	}
	p := s.xmlPage(s.post(admin, searchPath, xmlSearch("<FilterList><Who>"+tag+"</Who></FilterList>")))
	for i, text := range texts {
		want := strings.ReplaceAll(text, "\x00", "\ufffd")
		if i < len(p.Records) && p.Records[i].Workstation != want {
			s.Errorf("XML: %q; want %q", p.Records[i].Workstation, want)
		}
	}
}

func leftOut(s suite) {
	tag := s.unique()
	s.write(sample(tag))
	r := s.post(admin, searchPath+jsonFormat, s.json(map[string]any{"FilterList": map[string]any{"Who": tag}}))
	for _, name := range []string{"Workstation", "Item", "MonitoringPlan", "DetailList", "Message", "IsArchiveOnly"} {
		if strings.Contains(string(r.body), name) {
			s.Errorf("JSON has %s: %s", name, r.body)
		}
	}
	r = s.post(admin, searchPath, xmlSearch("<FilterList><Who>"+tag+"</Who></FilterList>"))
	for _, name := range []string{"Workstation", "Item", "MonitoringPlan", "DetailList", "Message", "IsArchiveOnly"} {
		if strings.Contains(string(r.body), name) {
			s.Errorf("XML has %s: %s", name, r.body)
		}
	}
}

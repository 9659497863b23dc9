package wire_test

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"docket/shared/wire"
)

// hostile are bodies of about n bytes that try to cost more than their size.
func hostile(n int) map[string]string {
	many := func(s string) string { return strings.Repeat(s, n/len(s)) }
	return map[string]string{
		"JSON deep":           many("["),
		"JSON objects":        many(`{"a":`),
		"JSON escapes":        change(goodJSON, `"w"`, `"x","DataSource":"`+many(`\n`)+`"`),
		"JSON unicode":        change(goodJSON, `"w"`, `"x","DataSource":"`+many(`\u0041`)+`"`),
		"JSON open string":    `[{"Who":"` + many("x"),
		"JSON nothing":        "[" + many("{},") + "{}]",
		"JSON values":         "[" + many("1,") + "1]",
		"JSON no details":     change(goodJSON, "{", `{"DetailList":[`+many("{},")+`{}],`),
		"JSON unknown":        change(goodJSON, "{", "{"+many(`"x":0,`)),
		"JSON long name":      change(goodJSON, "{", `{"`+many("x")+`":0,`),
		"JSON lines":          many("\n") + "x",
		"JSON numbers":        "[" + many("9") + "]",
		"JSON search values":  list(`"Who":[` + many(`"a",`) + `"a"]`),
		"JSON search names":   list(many(`"x":0,`) + `"Who":"a"`),
		"JSON search periods": list(`"When":[` + many(`{"Today":""},`) + `"Today"]`),
		"XML deep":            many("<a>"),
		"XML deep unknown":    change(goodXML, "<What>", many("<a>")),
		"XML attributes":      change(goodXML, "<Who>", "<Who "+many("a='' ")+">"),
		"XML names":           change(goodXML, "<Who>", "<Who "+many("a")+"='' "+many("a")+"=''>"),
		"XML bindings":        change(goodXML, "<Who>", "<Who"+manyAttributes(n/16)+">"),
		"XML bound":           change(strings.Replace(goodXML, " xmlns", manyAttributes(31)+" xmlns", 1), "<What>", "<DetailList>"+many("<Detail/>")+"</DetailList><What>"),
		"XML no details":      change(goodXML, "<What>", "<DetailList>"+many("<Detail/>")+"</DetailList><What>"),
		"XML records":         change(goodXML, "<ActivityRecord>", many("<ActivityRecord/>")+"<ActivityRecord>"),
		"XML unknown":         change(goodXML, "<What>", many("<x/>")+"<What>"),
		"XML comments":        change(goodXML, "<Who>", "<Who>"+many("<!---->")),
		"XML open comments":   change(goodXML, "<Who>", "<Who>"+many("<!-")),
		"XML instructions":    change(goodXML, "<Who>", "<Who>"+many("<?a?>")),
		"XML CDATA":           change(goodXML, "<Who>w", "<Who>"+many("<![CDATA[]]>")),
		"XML open CDATA":      change(goodXML, "<Who>w", "<Who>"+many("<![CDATA[")),
		"XML brackets":        change(goodXML, "<Who>w", "<Who>"+many("]")+"&lt;"),
		"XML references":      change(goodXML, "<Where>", "<DataSource>"+many("&#10;")+"</DataSource><Where>"),
		"XML long reference":  change(goodXML, "<Who>w", "<Who>&#"+many("0")+"65;"),
		"XML returns":         change(goodXML, "<Where>", "<DataSource>"+many("\r")+"</DataSource><Where>"),
		"XML white space":     many(" \n"),
		"XML search values":   list(many("<Who>a</Who>")),
		"XML search times":    list(many("<When><!----><Today/></When>")),
		"XML search text":     list(many("<When>Today</When>")),
		"XML UTF-16":          "\xff\xfe" + wide(change(goodXML, "<Where>", "<DataSource>"+strings.Repeat("\U0001F600", n/4)+"</DataSource><Where>"), false),
		"XML 8-bit":           "<?xml version='1.0' encoding='windows-1252'?>" + change(goodXML, "<Where>", "<DataSource>"+many("\x80")+"</DataSource><Where>"),
	}
}

// readAny gives a body to the readers that it may be for.
func readAny(name string, body []byte) {
	f := wire.XML
	if strings.HasPrefix(name, "JSON") {
		f = wire.JSON
	}
	if strings.Contains(name, "search") {
		_, _ = wire.ReadSearch(f, body) // only what it costs is asked
		return
	}
	_, _ = wire.ReadRecords(f, body)
}

// TestMemoryIsBounded holds every hostile body to twenty times its size and a
// mebibyte, all allocations counted, also those that are garbage at once.
func TestMemoryIsBounded(t *testing.T) {
	const n = 1 << 18
	for name, text := range hostile(n) {
		body := []byte(text)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		readAny(name, body)
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > uint64(20*len(body)+1<<20) {
			t.Errorf("%s: %d bytes allocated for %d", name, took, len(body))
		}
	}
}

// BenchmarkHostile shows the time of hostile bodies at two sizes; the larger must
// take twice the time, not four times.
func BenchmarkHostile(b *testing.B) {
	small, large := hostile(1<<20), hostile(2<<20)
	for _, name := range sortedKeys(small) {
		for _, c := range []struct{ size, body string }{{"1M", small[name]}, {"2M", large[name]}} {
			body := []byte(c.body)
			b.Run(name+"/"+c.size, func(b *testing.B) {
				for b.Loop() {
					readAny(name, body)
				}
			})
		}
	}
}

// TestTextIsNotCopied makes sure that plain text points into the body.
func TestTextIsNotCopied(t *testing.T) {
	for _, text := range []string{goodJSON, goodXML} {
		body := []byte(text)
		recs, err := wire.ReadRecords(wire.Sniff(body), body)
		if err != nil {
			t.Fatal(err)
		}
		at := uintptr(unsafe.Pointer(unsafe.StringData(recs[0].Who)))
		start := uintptr(unsafe.Pointer(unsafe.SliceData(body)))
		if at < start || at >= start+uintptr(len(body)) {
			t.Errorf("%.20s: Who is a copy", text)
		}
	}
}

// TestBodyIsNotChanged makes sure that readers only read.
func TestBodyIsNotChanged(t *testing.T) {
	for name, text := range map[string]string{
		"JSON": change(goodJSON, `"w"`, `"a\u0041\n"`), "XML": change(goodXML, "<Who>w", "<Who>a\r\n&lt;<![CDATA[\r]]>"),
		"XML UTF-16": wide("\ufeff"+goodXML, true), "XML 8-bit": "<?xml version='1.0' encoding='windows-1252'?>" + goodXML,
	} {
		body := []byte(text)
		readAny(name, body)
		if !bytes.Equal(body, []byte(text)) {
			t.Errorf("%s: the body has been changed", name)
		}
	}
}

func TestAppendRecordDoesNotAllocate(t *testing.T) {
	recs := answers()
	for _, f := range formats {
		dst := make([]byte, 0, 8<<10)
		if n := testing.AllocsPerRun(100, func() {
			for i := range recs {
				dst = wire.AppendRecord(dst[:0], f, &recs[i])
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", f, n)
		}
	}
}

// TestManyEscapedTextsStayApart reads texts that need unescaping, of sizes around
// those of the blocks they are kept in.
func TestManyEscapedTextsStayApart(t *testing.T) {
	var body strings.Builder
	var want []string
	for i := range 3000 {
		text := fmt.Sprintf("%d\n", i) + strings.Repeat("x", i*7%11_000*(i%5/4))
		want = append(want, text)
		if i > 0 {
			body.WriteByte(',')
		}
		body.WriteString(change(goodJSON[1:len(goodJSON)-1], `"t"`, `"`+strings.ReplaceAll(text, "\n", `\n`)+`"`))
	}
	recs := mustRead(t, "["+body.String()+"]")
	for i := range want {
		if recs[i].What != want[i] {
			t.Fatalf("text %d: %.40q; want %.40q", i, recs[i].What, want[i])
		}
	}
}

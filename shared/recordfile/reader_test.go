package recordfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"docket/shared/wire"
)

// cut reads a file to its end: records as "line:text", damaged lines as
// "line!reason", and the error that ended it last.
func cut(t *testing.T, r io.Reader) (*Reader, []string) {
	t.Helper()
	reader, err := Open(r)
	if err != nil {
		return nil, []string{"error " + err.Error()}
	}
	var got []string
	for {
		raw, err := reader.Next()
		var bad *BadRecord
		switch {
		case err == nil:
			got = append(got, fmt.Sprintf("%d:%s", raw.Line, raw.Data))
		case errors.As(err, &bad):
			got = append(got, fmt.Sprintf("%d!%s", bad.Line, bad.Reason))
		case err == io.EOF:
			return reader, got
		default:
			return reader, append(got, "error "+err.Error())
		}
	}
}

var readerTests = []struct {
	name, in string
	want     []string
}{
	{"empty", "", nil},
	{"only space", " \r\n\t\n", nil},
	{"lines", "{\"a\":1}\n{\"b\":\"}{\"}\n", []string{`1:{"a":1}`, `2:{"b":"}{"}`}},
	{"last line open", "{\"a\":1}\n{\"b\":2}", []string{`1:{"a":1}`, `2:{"b":2}`}},
	{"windows line ends, empty lines", "{\"a\":1}\r\n\r\n  {\"b\":2} \r\n", []string{`1:{"a":1}`, `3:{"b":2}`}},
	{"bad line", "{\"a\":1}\n{\"b\":\n{\"c\":3}\nx\n{\"d\":4} {\"e\":5}\n{\"f\":6}", []string{`1:{"a":1}`, "2!this is not one complete JSON object", `3:{"c":3}`, "4!this is not one complete JSON object", "5!this is not one complete JSON object", `6:{"f":6}`}},
	{"escapes", `{"a":"\\","b":"\"}","c\\\"":"\\\""}` + "\n{}", []string{`1:{"a":"\\","b":"\"}","c\\\"":"\\\""}`, "2:{}"}},
	{"array", "[{\"a\":[{}]},\n\n {\"b\":2}\n]\n", []string{`1:{"a":[{}]}`, `3:{"b":2}`}},
	{"empty array", "[ ]", nil},
	{"many lines a record", "{\n \"a\": \"x\"\n}\n{\n}\n", []string{"1:{\n \"a\": \"x\"\n}", "4:{\n}"}},
	{"object form", `{"ContinuationMark":"m\"","activityrecordlist":[{"a":1},{"b":2}]}`, []string{`1:{"a":1}`, `1:{"b":2}`}},
	{"answers one after the other", "{\"ActivityRecordList\":[{\"a\":1}],\"ContinuationMark\":\"m\"}\n{\"ActivityRecordList\":[],\"ContinuationMark\":\"m\"}[{\"b\":2}]", []string{`1:{"a":1}`, `2:{"b":2}`}},
	{"no comma", `[{"a":1} {"b":2}]`, []string{`1:{"a":1}`, "error line 1: expected a comma"}},
	{"trailing comma", `[{"a":1},]`, []string{`1:{"a":1}`, "error line 1: expected a record, which begins with {"}},
	{"no end", "[{\"a\":1},\n{\"b\":", []string{`1:{"a":1}`, "error line 2: the file ends within a record"}},
	{"no end of list", "[{\"a\":1}\n", []string{`1:{"a":1}`, "error line 2: the file ends within a list of records"}},
	{"unknown member", `{"ActivityRecordList":[],"More":1}`, []string{`error line 1: unknown member "More" beside a list of records`}},
	{"no records", "[1,-2.5E+3]", []string{"1!this is not a JSON object", "1!this is not a JSON object"}},
	{"strangers in a list", "[null,\n\"a]b\",[[1],\"]\"],{\"a\":1},true]{\"b\":2}", []string{"1!this is not a JSON object", "2!this is not a JSON object", "2!this is not a JSON object", `2:{"a":1}`, "2!this is not a JSON object", `2:{"b":2}`}},
	{"no value in a list", "[{\"a\":1},$]", []string{`1:{"a":1}`, "error line 1: expected a record, which begins with {"}},
	{"literal without end", "[" + strings.Repeat("a", 100) + "]", []string{"error line 1: expected a record, which begins with {"}},
	{"first line bad", "hello\n{\"a\":1}\n", []string{"1!this is not one complete JSON object", `2:{"a":1}`}},
	{"first line cut off", "{\"a\":\n\r\n {\"b\":1}\n{\"c\":2}", []string{"1!this is not one complete JSON object", `3:{"b":1}`, `4:{"c":2}`}},
	{"an object of lines, with one on a line", "{\"a\":\n{\"b\":1}\n}", []string{"1:{\"a\":\n{\"b\":1}\n}"}},
	{"two lines of text", "hello\nworld\n", []string{"error line 1: expected a record, which begins with {"}},
	{"text", "hello\n", []string{"error line 1: expected a record, which begins with {"}},
	{"xml", "<?xml version=\"1.0\"?>\n<!-- c --><ActivityRecordList xmlns=\"n\">\n<ActivityRecord><Who>a &lt; b</Who></ActivityRecord>\n\n<ActivityRecord/></ActivityRecordList>\n", []string{"3:<ActivityRecord><Who>a &lt; b</Who></ActivityRecord>", "5:<ActivityRecord/>"}},
	{"xml mark", `<a:ActivityRecordList xmlns:a="n"><a:ContinuationMark>m</a:ContinuationMark><a:ActivityRecord></a:ActivityRecord></a:ActivityRecordList>`, []string{"1:<a:ActivityRecord></a:ActivityRecord>"}},
	{"xml sections", `<ActivityRecordList><ActivityRecord><What><![CDATA[</ActivityRecord>]]><!-- <x> --><?p >?></What><Item a="/>" b='>'/></ActivityRecord></ActivityRecordList><!-- end -->`, []string{`1:<ActivityRecord><What><![CDATA[</ActivityRecord>]]><!-- <x> --><?p >?></What><Item a="/>" b='>'/></ActivityRecord>`}},
	{"xml empty", `<ActivityRecordList/>`, nil},
	{"xml no end", "<ActivityRecordList><ActivityRecord>\n", []string{"error line 1: the file ends within the list"}},
	{"xml no end of list", "<ActivityRecordList><ActivityRecord/>\n", []string{"1:<ActivityRecord/>", "error line 2: the file ends within the list"}},
	{"xml wrong end", "<ActivityRecordList></Other>", []string{"error line 1: </Other> ends <ActivityRecordList>"}},
	{"xml wrong root", "<html></html>", []string{"error line 1: the root is <html>, not <ActivityRecordList>"}},
	{"xml text", "<ActivityRecordList>text</ActivityRecordList>", []string{"error line 1: expected a tag, found text"}},
	{"xml second root", "<ActivityRecordList/>\n<ActivityRecordList/>", []string{"error line 2: there is more behind the root"}},
	{"xml DTD", `<!DOCTYPE a><ActivityRecordList/>`, []string{"error line 1: a DTD is not taken"}},
	{"xml unknown encoding", `<?xml version="1.0" encoding="klingon"?><ActivityRecordList/>`, []string{`error line 1: the encoding "klingon" is not known`}},
}

func TestReader(t *testing.T) {
	for _, c := range readerTests {
		t.Run(c.name, func(t *testing.T) {
			_, got := cut(t, strings.NewReader(c.in))
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if _, slow := cut(t, iotest.OneByteReader(strings.NewReader(c.in))); !cmp.Equal(c.want, slow) {
				t.Errorf("byte by byte: %q", slow)
			}
			if _, packed := cut(t, bytes.NewReader(pack(t, c.in))); !cmp.Equal(c.want, packed) {
				t.Errorf("packed: %q", packed)
			}
		})
	}
}

func pack(t *testing.T, s string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestEncodings(t *testing.T) {
	const json, xml = "{\"a\":\"Ünïcödé €\"}\n", "<ActivityRecordList><a>Ünïcödé</a></ActivityRecordList>"
	encode := func(s string, err error) string {
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	little := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder()
	big := unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder()
	wantJSON, wantXML := []string{`1:{"a":"Ünïcödé €"}`}, []string{"1:<a>Ünïcödé</a>"}
	for _, c := range []struct {
		name, in string
		want     []string
	}{
		{"UTF-8 with mark", "\ufeff" + json, wantJSON},
		{"UTF-16 little", encode(little.String(json)), wantJSON},
		{"UTF-16 big", encode(big.String(json)), wantJSON},
		{"XML UTF-16", encode(little.String(`<?xml version="1.0" encoding="UTF-16"?>` + xml)), wantXML},
		{"XML UTF-8", `<?xml version='1.0' encoding='utf-8'?>` + xml, wantXML},
		{"XML Latin-1", encode(charmap.ISO8859_1.NewEncoder().String(`<?xml version="1.0" encoding="ISO-8859-1"?>` + xml)), wantXML},
		{"XML Windows", encode(charmap.Windows1252.NewEncoder().String(`<?xml version="1.0" encoding="windows-1252" ?>` + xml)), wantXML},
	} {
		if _, got := cut(t, strings.NewReader(c.in)); !cmp.Equal(c.want, got) {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}

func TestDocument(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"{\"a\":1}\n{\"b\":2}\n", `[{"a":1},{"b":2}]`},
		{`{"ActivityRecordList":[{"a":1},{"b":2}]}`, `[{"a":1},{"b":2}]`},
		{`<a:ActivityRecordList xmlns:a="n"><a:ContinuationMark>m</a:ContinuationMark><a:R/> <a:R>x</a:R></a:ActivityRecordList>`, `<a:ActivityRecordList xmlns:a="n"><a:R/><a:R>x</a:R></a:ActivityRecordList>`},
	} {
		reader, err := Open(strings.NewReader(c.in))
		if err != nil {
			t.Fatal(err)
		}
		var doc []byte
		for n := 0; ; n++ {
			raw, err := reader.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if n == 0 {
				doc = reader.Begin(nil)
			}
			start, joined := reader.Join(doc, n, raw.Data)
			if doc = joined; !bytes.Equal(doc[start:], raw.Data) {
				t.Errorf("record %d is %q at %d", n, doc[start:], start)
			}
		}
		if doc = reader.End(doc); string(doc) != c.want {
			t.Errorf("%q, want %q", doc, c.want)
		}
		if reader.Format() != wire.Sniff([]byte(c.in)) {
			t.Errorf("%q was taken for %v", c.in, reader.Format())
		}
	}
}

func TestLongRecords(t *testing.T) {
	long := strings.Repeat("é", 3*fileBuffer)
	in := "{\"a\":\"" + long + "\"}\n{\"b\":2}\n"
	if _, got := cut(t, strings.NewReader(in)); len(got) != 2 || got[1] != `2:{"b":2}` || len(got[0]) != len(long)+len(`1:{"a":""}`) {
		t.Errorf("%d records", len(got))
	}
	endless := io.MultiReader(strings.NewReader(`[{"a":"`), endlessReader{})
	if _, got := cut(t, endless); len(got) != 1 || got[0] != "error line 1: a record is longer than 64 MiB" {
		t.Errorf("an endless record gave %.100q", got)
	}
}

type endlessReader struct{}

func (endlessReader) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestReadErrors(t *testing.T) {
	broken := errors.New("the disk is gone")
	for _, in := range []string{"", "{\"a\":1}\n", "{\"a\":1}\n{\"b\":", "[", "[{", `{"ActivityRecordList":[`, "<ActivityRecordList>", "<ActivityRecordList><a>", "<ActivityRecordList></ActivityRecordList>"} {
		reader, err := Open(io.MultiReader(strings.NewReader(in), iotest.ErrReader(broken)))
		for err == nil {
			_, err = reader.Next()
		}
		if !errors.Is(err, broken) {
			t.Errorf("%q: %v", in, err)
		}
	}
	packed := pack(t, "{\"a\":1}\n{\"b\":2}\n")
	if _, got := cut(t, bytes.NewReader(packed[:len(packed)-4])); !strings.HasPrefix(got[len(got)-1], "error ") {
		t.Errorf("a shortened gzip file ended with %q", got)
	}
}

func FuzzReader(f *testing.F) {
	for _, c := range readerTests {
		f.Add([]byte(c.in))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		_, got := cut(t, bytes.NewReader(in))
		if _, slow := cut(t, iotest.HalfReader(bytes.NewReader(in))); !cmp.Equal(got, slow) {
			t.Errorf("in small parts %q, else %q", slow, got)
		}
	})
}

func BenchmarkReadLines(b *testing.B) {
	line := `{"Action":"Read","Item":{"Name":"fs-ber-01"},"ObjectType":"File","What":"` + strings.Repeat(`\\\\folder`, 20) + `","DetailList":[` + strings.Repeat(`{"PropertyName":"Local path","Before":"some value","After":"another value"},`, 3) + `{"PropertyName":"x"}]}` + "\n"
	data := []byte(strings.Repeat(line, 1000))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		r, err := Open(bytes.NewReader(data))
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for ; err == nil; n++ {
			_, err = r.Next()
		}
		if n != 1001 || err != io.EOF {
			b.Fatal(n, err)
		}
	}
}

// TestOtherLists: files of others have their records in a list of another name.
func TestOtherLists(t *testing.T) {
	const file = `{"Records":[{"a":1},null,{"b":2}]}`
	for _, c := range []struct {
		lists []string
		want  string
	}{
		{nil, file}, {[]string{"records"}, `{"a":1} this is not a JSON object {"b":2}`},
	} {
		r, err := Open(strings.NewReader(file), c.lists...)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for {
			raw, err := r.Next()
			if err == io.EOF {
				break
			}
			var bad *BadRecord
			switch {
			case err == nil:
				got = append(got, string(raw.Data))
			case errors.As(err, &bad):
				got = append(got, bad.Reason)
			default:
				t.Fatal(err)
			}
		}
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("%v: %s; want %s", c.lists, text, c.want)
		}
	}
}

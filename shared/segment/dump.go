package segment

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"time"

	"docket/shared/activity"
)

// Dump writes what every byte of a segment means, a line for each number or
// text: its offset, its bytes, what it is. What lies in a zstd frame follows the
// frame, with offsets of its own. It reads the format anew, apart from Open, and
// goes as far as the bytes make sense. Errors are ErrDamaged or those of w.
func Dump(w io.Writer, data []byte) error {
	d := &dumper{w: w, data: data}
	if len(data) < headAt {
		return fmt.Errorf("%w: %d bytes", ErrDamaged, len(data))
	}
	d.line(1, "version %d", data[0])
	sum := "right"
	if binary.LittleEndian.Uint32(data[sumAt:]) != crc32.Checksum(data[headAt:], castagnoli) {
		sum = "WRONG"
	}
	d.line(4, "checksum, %s", sum)
	n, packed := d.head()
	if packed {
		d.inside("all sections", func(in *dumper) {
			end := in.end
			for i := range numSections {
				in.begin(i, in.number("bytes of %s", sectionName(i)))
				in.content(i, n)
				in.finish()
			}
			in.end = end
		})
	} else {
		for i := range numSections {
			d.inside(sectionName(i), func(in *dumper) { in.content(i, n) })
		}
	}
	if d.err == nil && d.at != len(data) {
		d.fail("%d bytes after the last section", len(data)-d.at)
	}
	return d.err
}

// dumper walks over bytes. After an error it stands still.
type dumper struct {
	w      io.Writer
	data   []byte
	at     int
	end    int // of the section that is being shown
	indent string
	err    error
}

func (d *dumper) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf("%w: byte %d: %s", ErrDamaged, d.at, fmt.Sprintf(format, args...))
	}
}

// lineBytes is how many bytes a line shows; more are counted.
const lineBytes = 16

// line passes n bytes and says what they are.
func (d *dumper) line(n int, format string, args ...any) []byte {
	if n > len(d.data)-d.at {
		d.fail("cut off")
	}
	if d.err != nil {
		return nil
	}
	b := d.data[d.at : d.at+n]
	shown := fmt.Sprintf("% x", b[:min(n, lineBytes)])
	if n > lineBytes {
		shown += fmt.Sprintf(" +%d", n-lineBytes)
	}
	if _, err := fmt.Fprintf(d.w, "%s%05d  %-*s  %s\n", d.indent, d.at, 3*lineBytes-1, shown, fmt.Sprintf(format, args...)); err != nil {
		d.err = err
	}
	d.at += n
	return b
}

// number passes an uvarint. The format's last argument is its value.
func (d *dumper) number(format string, args ...any) int {
	v, n := binary.Uvarint(d.data[d.at:])
	if n <= 0 || v > uint64(activity.MaxWhen-activity.MinWhen) { // no number of the format is greater
		d.fail("no number")
		return 0
	}
	d.line(n, format+": %d", append(args, v)...)
	return int(v)
}

// signed passes a varint.
func (d *dumper) signed(say func(v int64) string) int64 {
	v, n := binary.Varint(d.data[d.at:])
	if n <= 0 {
		d.fail("no number")
		return 0
	}
	d.line(n, "%s", say(v))
	return v
}

func (d *dumper) text(what string) {
	v := d.number("2 x length of %s", what)
	if v&1 == 0 {
		d.line(v>>1, "%s %s", what, quote(d.peek(v>>1)))
		return
	}
	d.line(v>>2, "%s %x", what, d.peek(v>>2))
}

// quote shows a text, or its beginning.
func quote(b []byte) string {
	if len(b) > 4*lineBytes {
		return fmt.Sprintf("%q and so on, %d bytes", b[:4*lineBytes], len(b))
	}
	return fmt.Sprintf("%q", b)
}

func (d *dumper) peek(n int) []byte { return d.data[d.at:min(d.at+n, len(d.data))] }

func (d *dumper) head() (n int, packed bool) {
	n = d.number("records")
	d.number("details")
	d.number("archive-only records")
	d.signed(func(v int64) string { return "least When: " + string(activity.AppendWhen(nil, v)) })
	d.number("seconds to the greatest When")
	for i := d.number("plans"); i > 0 && d.err == nil; i-- {
		d.text("plan ID")
		d.text("plan name")
	}
	for i := d.number("data sources"); i > 0 && d.err == nil; i-- {
		d.text("data source")
	}
	d.runs()
	layout := d.peek(1)
	packed = len(layout) == 1 && layout[0] == 1
	if packed {
		d.line(1, "layout: packed")
	} else {
		d.line(1, "layout: split")
	}
	return n, packed
}

// runs shows the table of runs.
func (d *dumper) runs() {
	count := d.number("runs")
	before := int64(0)
	time := func(v int64) string {
		before += v
		return "commit time: " + time.UnixMicro(before).UTC().Format("2006-01-02T15:04:05.000000Z")
	}
	if count == 1 {
		d.signed(time)
		d.line(16, "writer token")
		d.text("principal")
		d.text("request id")
		return
	}
	if count > len(d.data) {
		d.fail("too many runs")
		return
	}
	d.inside("commit times", func(d *dumper) {
		for range count {
			d.number("records of the run")
		}
		for range count {
			d.signed(time)
		}
	})
	d.inside("origins", func(d *dumper) {
		if kept := d.peek(1); len(kept) == 1 && kept[0] == tokensKept {
			d.line(1, "writer tokens are kept")
			for range count {
				d.line(16, "writer token")
			}
		} else {
			d.line(1, "writer tokens are left out")
		}
		for i := d.number("principals"); i > 0 && d.err == nil; i-- {
			d.text("principal")
		}
		for range count {
			d.number("principal of the run")
		}
		for range count {
			d.text("request id")
		}
	})
}

// inside passes a section and shows what is in it.
func (d *dumper) inside(name string, show func(*dumper)) {
	v := d.number("2 x stored length of %s, + 1 if compressed", name)
	in := d
	if v&1 == 1 {
		s := section{zipped: true, raw: d.number("length before compression")}
		if s.stored = d.line(v>>1, "zstd frame"); d.err != nil {
			return
		}
		raw, err := s.open(nil)
		if err != nil {
			d.err = err
			return
		}
		in = &dumper{w: d.w, data: raw, end: len(raw), indent: d.indent + "  "}
	} else if d.end = d.at + v>>1; d.end > len(d.data) {
		d.fail("%s is cut off", name)
	}
	show(in)
	if in.finish(); d.err == nil {
		d.err = in.err
	}
}

// begin says that the next section has n bytes.
func (d *dumper) begin(i, n int) {
	if d.end = d.at + n; d.err == nil && d.end > len(d.data) {
		d.fail("%s is cut off", sectionName(i))
	}
}

// finish checks that the section has been passed.
func (d *dumper) finish() {
	if d.err == nil && d.at != d.end {
		d.fail("a section has other bytes than it should")
	}
}

// content passes the raw bytes of a section, up to end.
func (d *dumper) content(i, n int) {
	switch {
	case d.err != nil || d.at == d.end:
	case i == sectionWhen:
		for i := 0; i < n && d.err == nil; i++ {
			d.signed(func(v int64) string { return fmt.Sprintf("When: %+d s", v) })
		}
	case i == sectionActions:
		for d.at < d.end && d.err == nil {
			d.line(1, "action: %v", activity.Action(d.data[d.at]))
		}
	case i == sectionArchive:
		d.line(d.end-d.at, "archive-only: a bit a record")
	case i == sectionDetails:
		for i := 0; i < n && d.err == nil; i++ {
			d.number("details of a record")
		}
	case (i-sectionColumns)%2 == 0:
		d.dictionary(columnOf(i))
	default:
		d.line(d.end-d.at, "%s: ids", columnOf(i))
	}
}

func (d *dumper) dictionary(c Column) {
	k := d.number("%s: values", c)
	shared := make([]int, min(k, d.end))
	for i := 1; i < len(shared); i++ {
		shared[i] = d.number("%s: bytes that value %d shares with the one before", c, i)
	}
	own := make([]int, len(shared))
	for i := range own {
		own[i] = d.number("%s: further bytes of value %d", c, i)
	}
	var value []byte
	for i := range own {
		if d.err != nil || shared[i] > len(value) {
			d.fail("value %d shares more than there is", i)
			return
		}
		value = append(value[:shared[i]], d.peek(own[i])...)
		d.line(own[i], "%s: value %d, %s", c, i, quote(value))
	}
}

func columnOf(section int) Column { return Column((section - sectionColumns) / 2) }

func sectionName(i int) string {
	switch {
	case i == sectionWhen:
		return "When"
	case i == sectionActions:
		return "actions"
	case i == sectionArchive:
		return "archive-only"
	case i == sectionDetails:
		return "details"
	case (i-sectionColumns)%2 == 0:
		return "dictionary of " + columnOf(i).String()
	}
	return "ids of " + columnOf(i).String()
}

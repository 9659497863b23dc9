package recordfile

import "fmt"

// Format is a format that a Writer makes.
type Format uint8

const (
	NDJSON Format = iota // a JSON object a line
	JSON                 // one array
	XML                  // one ActivityRecordList
	CSV
)

var formatNames = []string{"ndjson", "json", "xml", "csv"}

// ParseFormat finds a format by its name: ndjson, json, xml or csv.
func ParseFormat(name string) (Format, error) {
	for i, n := range formatNames {
		if n == name {
			return Format(i), nil
		}
	}
	return 0, fmt.Errorf("unknown format %q: use ndjson, json, xml or csv", name)
}

func (f Format) String() string {
	if int(f) < len(formatNames) {
		return formatNames[f]
	}
	return fmt.Sprintf("Format(%d)", uint8(f))
}

// Grows says whether records can be added behind the end of a file.
func (f Format) Grows() bool { return f == NDJSON || f == CSV }

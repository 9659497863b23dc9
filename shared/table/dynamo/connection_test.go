package dynamo

import (
	"errors"
	"io"
	"net/http"
	"testing"

	"docket/shared/table"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// recorder keeps the form of a request's body and what it holds.
type recorder struct {
	writes bool
	text   string
	length int64
}

var errRecorded = errors.New("recorded")

func (r *recorder) Do(req *http.Request) (*http.Response, error) {
	_, r.writes = req.Body.(io.WriterTo)
	text, err := io.ReadAll(req.Body)
	r.text, r.length = string(text), req.ContentLength
	return nil, errors.Join(errRecorded, err)
}

// TestKeepConnection: no request's body can be written out by itself, whole as it is.
func TestKeepConnection(t *testing.T) {
	get := func(d *Table) {
		if _, err := d.Get(t.Context(), table.Key{Partition: "p", Sort: "s"}); !errors.Is(err, errRecorded) {
			t.Fatal(err)
		}
	}
	cfg := engine.Config()
	for _, twice := range []bool{false, true} { // the option given by others too
		r := &recorder{}
		get(New(cfg, "any", Options{}, func(o *dynamodb.Options) {
			o.HTTPClient = r
			if twice {
				o.APIOptions = append(o.APIOptions, KeepConnection)
			}
		}))
		if r.writes || r.length != int64(len(r.text)) || r.length == 0 {
			t.Errorf("writes %v, %d of %d bytes", r.writes, len(r.text), r.length)
		}
	}
}

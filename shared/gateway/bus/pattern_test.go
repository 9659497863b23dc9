package bus

import (
	"encoding/json"
	"errors"
	"testing"
)

func decode(t testing.TB, text string) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return m
}

// TestPatterns: each pattern with events that match it and events that do not.
// The forms are those of the user guide.
func TestPatterns(t *testing.T) {
	for _, c := range []struct {
		pattern   string
		match, no []string
	}{
		{`{"source":["aws.ec2","aws.s3"]}`, []string{`{"source":"aws.s3"}`, `{"source":["x","aws.s3"]}`}, []string{`{"source":"aws.S3"}`, `{}`, `{"source":{"aws.s3":1}}`}},
		{`{"detail":{"state":["on"],"n":[1]}}`, []string{`{"detail":{"state":"on","n":1,"x":2}}`, `{"detail":[{"state":"on","n":1}]}`}, []string{`{"detail":{"state":"on"}}`, `{"detail":{"state":"on","n":"1"}}`, `{"detail":"on"}`}},
		{`{"a":[null,true]}`, []string{`{"a":null}`, `{"a":true}`}, []string{`{}`, `{"a":false}`, `{"a":""}`}},
		{`{"source":[{"prefix":"aws."}]}`, []string{`{"source":"aws.iam"}`}, []string{`{"source":"AWS.iam"}`, `{"source":1}`}},
		{`{"a":[{"prefix":{"equals-ignore-case":"Ab"}}]}`, []string{`{"a":"aBc"}`}, []string{`{"a":"cab"}`}},
		{`{"a":[{"suffix":".gz"}]}`, []string{`{"a":"x.gz"}`}, []string{`{"a":"x.gzip"}`}},
		{`{"a":[{"equals-ignore-case":"Alice"}]}`, []string{`{"a":"aLICE"}`}, []string{`{"a":"alice2"}`}},
		{`{"a":[{"wildcard":"x/*/y*.gz"}]}`, []string{`{"a":"x/1/y.gz"}`, `{"a":"x/1/2/y3.gz"}`}, []string{`{"a":"x/y.gz"}`, `{"a":"zx/1/y.gz"}`, `{"a":"x/1/y.gz2"}`}},
		{`{"a":[{"wildcard":"a\\*b"}]}`, []string{`{"a":"a*b"}`}, []string{`{"a":"axb"}`}},
		{`{"a":[{"anything-but":"x"}]}`, []string{`{"a":"y"}`, `{"a":1}`}, []string{`{"a":"x"}`, `{}`}},
		{`{"a":[{"anything-but":["x",1]}]}`, []string{`{"a":"y"}`}, []string{`{"a":"x"}`, `{"a":1}`}},
		{`{"a":[{"anything-but":{"prefix":["x","y"]}}]}`, []string{`{"a":"zx"}`}, []string{`{"a":"xa"}`, `{"a":"y"}`}},
		{`{"a":[{"numeric":[">",0,"<=",5]}]}`, []string{`{"a":5}`, `{"a":0.1}`}, []string{`{"a":0}`, `{"a":6}`, `{"a":"3"}`}},
		{`{"d":{"c":["M",{"exists":false}]}}`, []string{`{"d":{"c":"M"}}`, `{"d":{}}`, `{}`}, []string{`{"d":{"c":"D"}}`, `{"d":{"c":null}}`}},
		{`{"d":{"c":[{"exists":true}]}}`, []string{`{"d":{"c":null}}`, `{"d":{"c":[1]}}`}, []string{`{"d":{}}`, `{"d":{"c":{"e":1}}}`}},
		{`{"$or":[{"a":[1]},{"b":{"c":[2]}}]}`, []string{`{"a":1}`, `{"b":{"c":2}}`}, []string{`{"a":2,"b":{"c":1}}`, `{}`}},
		{`{"a":["x"],"$or":[{"b":[1]},{"b":[2]}]}`, []string{`{"a":"x","b":2}`}, []string{`{"a":"y","b":2}`, `{"a":"x","b":3}`}},
	} {
		p, err := Compile(decode(t, c.pattern))
		if err != nil {
			t.Errorf("%s: %v", c.pattern, err)
			continue
		}
		for _, event := range c.match {
			if !p(decode(t, event)) {
				t.Errorf("%s does not match %s", c.pattern, event)
			}
		}
		for _, event := range c.no {
			if p(decode(t, event)) {
				t.Errorf("%s matches %s", c.pattern, event)
			}
		}
	}
}

func TestPatternsThatAreNone(t *testing.T) {
	for _, text := range []string{
		`{}`, `{"a":"x"}`, `{"a":[]}`, `{"a":{}}`, `{"a":[{"cidr":"10.0.0.0/8"}]}`, `{"a":[{"prefix":1}]}`, `{"a":[{"exists":"no"}]}`, `{"a":[{"numeric":["!",1]}]}`,
		`{"a":[{"numeric":[">"]}]}`, `{"$or":["x"]}`, `{"a":[{"prefix":"a","suffix":"b"}]}`, `{"a":[["x"]]}`, `{"a":[{"anything-but":{"numeric":["=",1]}}]}`,
	} {
		if _, err := Compile(decode(t, text)); !errors.Is(err, ErrPattern) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

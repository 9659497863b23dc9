package source

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"pgregory.net/rapid"

	"docket/shared/activity"
	"docket/shared/source/sourcetest"
)

// text is all that a record holds.
func text(r *activity.Record) string {
	var b strings.Builder
	fmt.Fprintln(&b, r.Who, r.Where, r.ObjectType, r.What, r.Item, r.DataSource, r.Workstation, string(activity.AppendWhen(nil, r.When)))
	for _, d := range r.Details {
		fmt.Fprintln(&b, d.PropertyName, d.Message, d.Before, d.After)
	}
	return b.String()
}

// leaves calls yield for every scalar of a JSON value with the path to it.
func leaves(v any, path string, yield func(path string, leaf any)) {
	switch v := v.(type) {
	case map[string]any:
		for k, kid := range v {
			leaves(kid, path+"."+k, yield)
		}
	case []any:
		for i, kid := range v {
			leaves(kid, fmt.Sprintf("%s[%d]", path, i), yield)
		}
	default:
		yield(path, v)
	}
}

// asShown is how a leaf stands in a record: as it is, or quoted in JSON.
func asShown(leaf any) []string {
	switch leaf := leaf.(type) {
	case string:
		quoted, _ := jsontext.AppendQuote(nil, leaf)
		return []string{leaf, string(quoted)}
	case json.Number:
		return []string{leaf.String()}
	}
	return []string{fmt.Sprint(leaf)}
}

func decode(t testing.TB, data []byte) map[string]any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.UseNumber()
	var v map[string]any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// TestNothingIsLost: every scalar of every real event is in its record, but for
// secrets and null; and no secret is.
func TestNothingIsLost(t *testing.T) {
	m := newTestMapper(t)
	secrets := 0
	for i, raw := range realEvents(t) {
		r, err := m.Event(raw)
		if err != nil {
			t.Fatal(err)
		}
		all := text(&r)
		leaves(decode(t, raw), "", func(path string, leaf any) {
			if leaf == nil {
				return
			}
			secret := strings.HasSuffix(strings.ToLower(path), "token") || strings.HasSuffix(path, "masterUserPassword") || strings.HasSuffix(path, "userData") ||
				strings.HasSuffix(path, "requestParameters.value") || strings.HasSuffix(path, "requestParameters.parameters")
			found := false
			for _, s := range asShown(leaf) {
				found = found || strings.Contains(all, s)
			}
			switch {
			case secret && leaf != "" && !strings.HasSuffix(path, "httpTokens"):
				secrets++
				if found && len(fmt.Sprint(leaf)) > 8 {
					t.Errorf("event %d: %s is in the record", i, path)
				}
			case !found:
				t.Errorf("event %d: %s = %v is not in the record:\n%s", i, path, leaf, all)
			}
		})
	}
	if secrets < 8 {
		t.Errorf("only %d secrets met: the test does not test", secrets)
	}
}

// drawValue makes JSON values of any shape. Each scalar text is unlike any other.
func drawValue(t *rapid.T, depth int, count *int) any {
	kind := rapid.IntRange(0, 6).Draw(t, "kind")
	if depth == 0 {
		kind = kind % 4
	}
	*count++
	switch kind {
	case 0, 1:
		return fmt.Sprintf("%s~%d~", rapid.StringN(0, 12, 40).Draw(t, "text"), *count)
	case 2:
		return json.Number(fmt.Sprint(1_000_000 + *count))
	case 3:
		return rapid.Bool().Draw(t, "bool")
	case 4:
		list := make([]any, rapid.IntRange(0, 3).Draw(t, "length"))
		for i := range list {
			list[i] = drawValue(t, depth-1, count)
		}
		return list
	}
	object := map[string]any{}
	for range rapid.IntRange(0, 4).Draw(t, "members") {
		object[rapid.SampledFrom(memberNames).Draw(t, "name")] = drawValue(t, depth-1, count)
	}
	return object
}

var memberNames = []string{"userName", "name", "items", "bucketName", "key", "arn", "x y", "", "a.b", "groupId", "Ä", "instanceId", "policyDocument", "type", "credentials"}

// drawEvent makes an event with the parts that mapping looks at, of any shape.
func drawEvent(t *rapid.T, count *int) map[string]any {
	event := map[string]any{
		"eventSource": rapid.SampledFrom([]string{"iam.amazonaws.com", "s3.amazonaws.com", "ec2.amazonaws.com", "new.amazonaws.com", "x"}).Draw(t, "source"),
		"eventName":   rapid.SampledFrom([]string{"CreateUser", "PutBucketPolicy", "RunInstances", "DescribeThings", "Frobnicate", "RebootInstances", "日本"}).Draw(t, "event"),
		"eventTime":   "2026-01-02T03:04:05Z",
	}
	for _, name := range []string{"userIdentity", "requestParameters", "responseElements", "awsRegion", "recipientAccountId", "sourceIPAddress", "errorCode", "resources", "readOnly", "extra"} {
		if rapid.Bool().Draw(t, "has "+name) {
			event[name] = drawValue(t, 4, count)
		}
	}
	return event
}

// TestAnyShape: an event of any shape becomes a record that may be stored, with
// everything that it has.
func TestAnyShape(t *testing.T) {
	m := newTestMapper(t)
	rapid.Check(t, func(t *rapid.T) {
		count := 0
		event := drawEvent(t, &count)
		data, err := json.Marshal(event)
		if err != nil {
			t.Fatal(err)
		}
		r, err := m.Event(data)
		if err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		if p := r.Check(nil, ""); len(p) > 0 {
			t.Fatalf("%s: %v", data, p)
		}
		all := text(&r)
		leaves(event, "", func(path string, leaf any) {
			for _, s := range asShown(leaf) {
				if strings.Contains(all, s) {
					return
				}
			}
			t.Fatalf("%s: %s = %q is not in the record:\n%s", data, path, leaf, all)
		})
	})
}

// TestSecretsStayOut: a secret put anywhere into an event, under a name for
// secrets, beside such a name, or in JSON in a text, is not in the record.
func TestSecretsStayOut(t *testing.T) {
	m := newTestMapper(t)
	names := []string{"password", "masterUserPassword", "secretAccessKey", "SecretAccessKey", "sessionToken", "X-Amz-Security-Token", "authToken", "privateKey", "clientSecret", "secretString", "newPassword", "apiKey", "api_key"}
	rapid.Check(t, func(t *rapid.T) {
		const secret = "s3cr3t-v4lu3"
		count := 0
		event := drawEvent(t, &count)
		name := rapid.SampledFrom(names).Draw(t, "secret's name")
		var holder any = map[string]any{name: secret}
		switch rapid.IntRange(0, 4).Draw(t, "where") {
		case 1:
			holder = []any{map[string]any{"key": name, "value": secret}}
		case 2:
			inner, _ := json.Marshal(map[string]any{"a": []any{holder}})
			holder = map[string]any{"document": string(inner)}
		case 3:
			holder = map[string]any{name: map[string]any{"a": []any{secret}}}
		case 4:
			holder = map[string]any{"url": "https://example.org/?X-Amz-Signature=" + secret}
		}
		event[rapid.SampledFrom([]string{"requestParameters", "responseElements", "additionalEventData", "extra"}).Draw(t, "part")] = map[string]any{"list": []any{holder}, "userName": "ann"}
		data, err := json.Marshal(event)
		if err != nil {
			t.Fatal(err)
		}
		r, err := m.Event(data)
		if err != nil {
			t.Fatal(err)
		}
		if all := text(&r); strings.Contains(all, secret) || !strings.Contains(all, hidden) {
			t.Fatalf("%s:\n%s", data, all)
		}
	})
}

// TestBounds: events as large as they come stay within the bounds of a record, and
// it says that something was left out.
func TestBounds(t *testing.T) {
	m := newTestMapper(t)
	const frame = `{"eventSource":"s.amazonaws.com","eventName":"PutX","eventTime":"2026-01-02T03:04:05Z",%s}`
	var members, long strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&members, `"m%d":"v",`, i)
	}
	for i := range 20 {
		fmt.Fprintf(&long, `"m%d":"%s",`, i, strings.Repeat("é", 40_000))
	}
	for name, more := range map[string]string{
		"members": `"x":{` + strings.TrimSuffix(members.String(), ",") + `}`,
		"texts":   `"x":{` + strings.TrimSuffix(long.String(), ",") + `}`,
		"name":    `"` + strings.Repeat("n", 10_000) + `":1`,
		"what":    `"requestParameters":{"xName":"` + strings.Repeat("w", 10_000) + `"}`,
	} {
		r, err := m.Event(fmt.Appendf(nil, frame, more))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(r.Details) > maxDetails+1 || len(text(&r)) > maxRecord+64<<10 || len(r.What) > MaxWhat+64 {
			t.Errorf("%s: %d details, %d bytes, What of %d", name, len(r.Details), len(text(&r)), len(r.What))
		}
		if all := text(&r); !strings.Contains(all, "more properties") && !strings.Contains(all, "more bytes") && !strings.Contains(all, "…") {
			t.Errorf("%s: nothing says that something was left out", name)
		}
	}
}

// FuzzEvent: no bytes make the mapping fail otherwise than with an error.
func FuzzEvent(f *testing.F) {
	for _, raw := range realEvents(f)[:40] {
		f.Add([]byte(raw))
	}
	for _, raw := range ruleEvents(f) {
		f.Add([]byte(raw))
	}
	m := newTestMapper(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := m.Event(data)
		if err != nil {
			return
		}
		if p := r.Check(nil, ""); len(p) > 0 {
			t.Fatalf("%v", p)
		}
		again, err := m.Event(data)
		if err != nil || text(&again) != text(&r) {
			t.Fatalf("the second time: %v", err)
		}
	})
}

// FuzzFile: every entry is numbered, and is records or refused.
func FuzzFile(f *testing.F) {
	for _, c := range formTests {
		f.Add([]byte(c.in))
		f.Add(sourcetest.Packed(f, c.in))
	}
	data, err := os.ReadFile(realFiles(f)[0])
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	m := newTestMapper(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		r := NewReader(strings.NewReader(string(data)), m)
		for n := 1; ; n++ {
			e, ok := r.Next()
			if !ok {
				break
			}
			if e.Number != n || (e.Refused == nil) != (len(e.Records) > 0) {
				t.Fatalf("entry %d: number %d, %d records, %v", n, e.Number, len(e.Records), e.Refused)
			}
		}
	})
}

// FuzzMapping: a mapping file is refused or works.
func FuzzMapping(f *testing.F) {
	f.Add(builtIn)
	f.Add([]byte("rules: [{source: s, events: [X*], action: Read, object: o, what: ['{a.b[].c} x']}]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := NewMapping(data)
		if err != nil {
			return
		}
		if _, err := NewMapper(m).Event([]byte(anEvent)); err != nil && !strings.Contains(err.Error(), "required") {
			t.Fatal(err)
		}
	})
}

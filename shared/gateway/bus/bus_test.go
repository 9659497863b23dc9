package bus

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func newBus(t *testing.T, patterns ...string) (*Bus, *[][]byte) {
	t.Helper()
	var got [][]byte
	c := Config{Account: "111122223333", Region: "eu-central-1", Rand: rand.Reader}
	for _, text := range patterns {
		p, err := Compile(decode(t, text))
		if err != nil {
			t.Fatal(err)
		}
		c.Rules = append(c.Rules, Rule{Name: text, Pattern: p, Target: func(e []byte) error {
			got = append(got, e)
			return nil
		}})
	}
	return New(c), &got
}

func putEvents(t *testing.T, b *Bus, body string) (int, string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("X-Amz-Target", Target)
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// TestPutEvents: a custom event gets its envelope and goes to every rule that
// matches; the source of AWS's services is not for everybody.
func TestPutEvents(t *testing.T) {
	b, got := newBus(t, `{"source":["shop"]}`, `{"detail-type":["Docket Activity Records"]}`, `{"source":["other"]}`)
	status, answer := putEvents(t, b, `{"Entries":[
		{"Source":"shop","DetailType":"Docket Activity Records","Detail":"{\"Who\":\"ann\"}","Time":1700000000},
		{"Source":"aws.iam","DetailType":"Docket Activity Records","Detail":"{}"},
		{"Source":"shop","DetailType":"x","Detail":"[1"}]}`)
	if status != http.StatusOK || !strings.Contains(answer, `"FailedEntryCount":2`) || !strings.Contains(answer, "NotAuthorizedForSourceException") || !strings.Contains(answer, "MalformedDetail") {
		t.Errorf("%d %s", status, answer)
	}
	if len(*got) != 2 {
		t.Fatalf("%d deliveries; want one for each of two rules", len(*got))
	}
	var e struct {
		ID, Account, Region, Time, Source string
		Detail                            map[string]string
	}
	if err := json.Unmarshal((*got)[0], &e); err != nil {
		t.Fatal(err)
	}
	if len(e.ID) != 36 || e.Account != "111122223333" || e.Region != "eu-central-1" || e.Time != "2023-11-14T22:13:20Z" || e.Source != "shop" || e.Detail["Who"] != "ann" {
		t.Errorf("%s", (*got)[0])
	}
	if status, _ := putEvents(t, b, `{"Entries":[]}`); status != http.StatusBadRequest {
		t.Errorf("status %d for no entries", status)
	}
}

// TestReadsAreKept: events of CloudTrail that only read come to the rules alone
// that ask for them.
func TestReadsAreKept(t *testing.T) {
	b, got := newBus(t, `{"source":[{"prefix":"aws."}]}`)
	event := []byte(`{"id":"1","detail-type":"AWS API Call via CloudTrail","source":"aws.sts","account":"1","time":"t","region":"r","detail":{"readOnly":true,"managementEvent":true}}`)
	if n, err := b.Put(event); n != 0 || err != nil {
		t.Errorf("%d rules, %v", n, err)
	}
	b.Rules[0].ManagementReads = true
	if n, err := b.Put(event); n != 1 || err != nil || string((*got)[0]) != string(event) {
		t.Errorf("%d rules, %v", n, err)
	}
	for _, none := range []string{`{}`, `[`, `{"id":"1","source":"aws.sts"}`} {
		if _, err := b.Put([]byte(none)); !errors.Is(err, ErrEvent) {
			t.Errorf("%s: %v", none, err)
		}
	}
}

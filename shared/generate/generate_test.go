package generate

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"testing"
	"time"

	"docket/shared/activity"
)

func records(t testing.TB, c Config) []activity.Record {
	t.Helper()
	g, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return g.Records(c.N)
}

func hash(t *testing.T, recs []activity.Record) string {
	t.Helper()
	data, err := json.Marshal(recs)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// The hashes change only with a deliberate change of what is generated, which
// makes measurements of before and after incomparable: say so where it is done.
func TestSameSeedSameRecords(t *testing.T) {
	for _, c := range []struct {
		config Config
		want   string
	}{
		{Config{N: 5000}, "3ef50f93d7bc920d360ca21bdd3fa6f2ad836f3035a386450b1465c7fee34dbe"},
		{Config{N: 5000, Seed: 1}, "1b7f338834789194bde5eba9d12717dce1aff433a0690f4ef9467f3fd85879d2"},
		{Config{N: 5000, Seed: 1, Plans: []string{"a", "b"}}, "189562108faad4c9d7da7dedc733d707d77d778e64c5a6e02fe4636b00bb4626"},
		{Config{N: 5000, Seed: 1, End: time.Date(2024, 3, 1, 23, 0, 0, 0, time.UTC)}, "f44c4e569ac59ce8bc125f38af32aac9af543a2f86eacac9006650ceecfdd74f"},
	} {
		got := hash(t, records(t, c.config))
		if got != c.want {
			t.Errorf("%+v: hash %s, want %s", c.config, got, c.want)
		}
	}
}

func TestEveryRecordIsValid(t *testing.T) {
	recs := records(t, Config{N: 20_000, Seed: 3, Plans: []string{"first", "second"}})
	actions, plans, late := map[activity.Action]int{}, map[string]int{}, 0
	var size int
	first := DefaultEnd.AddDate(0, 0, -Days-1).Unix()
	for i := range recs {
		r := &recs[i]
		if problems := r.Check(nil, ""); problems != nil {
			t.Fatalf("record %d: %v", i, problems)
		}
		if r.When < first || r.When >= DefaultEnd.Unix() {
			t.Errorf("record %d at %d, outside the days", i, r.When)
		}
		if i > 0 && r.When < recs[i-1].When {
			late++
		}
		actions[r.Action]++
		plans[r.Plan.Name]++
		size += apiSize(t, r)
	}
	if len(actions) != len(activity.Actions()) {
		t.Errorf("%d of %d actions occur: %v", len(actions), len(activity.Actions()), actions)
	}
	if plans["first"] <= plans["second"] || plans["second"] == 0 || len(plans) != 2 {
		t.Errorf("plans %v", plans)
	}
	if late == 0 || late > len(recs)/50 {
		t.Errorf("%d records are older than the one before", late)
	}
	if mean := size / len(recs); mean < 600 || mean > 680 {
		t.Errorf("%d bytes of JSON a record on average, want about 639", mean)
	}
}

// apiSize is how long the record is as a client writes it in the API's JSON,
// measured apart from the writer of that format.
func apiSize(t *testing.T, r *activity.Record) int {
	t.Helper()
	type name struct{ Name string }
	type detail struct{ PropertyName, Before, After string }
	v := map[string]any{
		"Action": r.Action.String(), "MonitoringPlan": name{r.Plan.Name}, "Item": name{r.Item},
		"ObjectType": r.ObjectType, "What": r.What, "When": "2026-01-01T00:00:00Z", "Where": r.Where, "Who": r.Who, "Workstation": r.Workstation,
	}
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	n := len(data)
	for i, d := range r.Details {
		data, err := json.Marshal(detail{d.PropertyName, d.Before, d.After})
		if err != nil {
			t.Fatal(err)
		}
		n += len(data) + 1
		if i == 0 {
			n += len(`,"DetailList":[]`)
		}
		if d.Before == "" {
			n -= len(`"Before":"",`)
		}
	}
	return n
}

func TestSpread(t *testing.T) {
	recs := records(t, Config{N: 20_000, Seed: 9})
	who, what, where := map[string]int{}, map[string]int{}, map[string]int{}
	office := 0
	for i := range recs {
		who[recs[i].Who]++
		what[recs[i].What]++
		where[recs[i].Where]++
		at := time.Unix(recs[i].When, 0).UTC()
		if day := at.Weekday(); day != time.Saturday && day != time.Sunday && at.Hour() >= 8 && at.Hour() < 18 {
			office++
		}
	}
	busiest := 0
	for _, n := range who {
		busiest = max(busiest, n)
	}
	// Under Zipf's law among 2,000 the first has 1/H(2000) = 12.2 %.
	if busiest < 2200 || busiest > 2700 {
		t.Errorf("the busiest account has %d of 20000 records, want about 2440", busiest)
	}
	if len(who) < 1200 || len(where) < 300 || len(what) < 4_000 || len(what) > 14_000 {
		t.Errorf("%d accounts, %d hosts, %d objects", len(who), len(where), len(what))
	}
	if office < 15_200 || office > 18_400 {
		t.Errorf("%d of 20000 records in office hours", office)
	}
}

func TestRefusedConfig(t *testing.T) {
	for _, n := range []int{0, -1, MaxN + 1} {
		if _, err := New(Config{N: n}); err == nil {
			t.Errorf("N = %d was taken", n)
		}
	}
}

func TestOnAndOn(t *testing.T) {
	g, err := New(Config{N: 10})
	if err != nil {
		t.Fatal(err)
	}
	recs := g.Records(25)
	if recs[10].When > recs[9].When || recs[24].When > DefaultEnd.Unix() {
		t.Errorf("times after the end: %v", recs)
	}
}

func TestHashIsEven(t *testing.T) {
	seen := map[string]int{}
	for i := range 10_000 {
		seen[pick(sites, mix(uint64(i)))]++
	}
	for site, n := range seen {
		if n < 1000 || n > 1500 {
			t.Errorf("%s was picked %d times of 10000, want about 1250", site, n)
		}
	}
}

func BenchmarkNext(b *testing.B) {
	g, err := New(Config{N: MaxN})
	if err != nil {
		b.Fatal(err)
	}
	var r activity.Record
	b.ReportAllocs()
	for b.Loop() {
		g.Next(&r)
	}
}

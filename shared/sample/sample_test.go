package sample

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"docket/shared/activity"
)

func TestRecords(t *testing.T) {
	recs, err := Records()
	if err != nil {
		t.Fatal(err)
	}
	if len(recs) != 4044 {
		t.Errorf("%d records, README says 4044", len(recs))
	}
	actions, sources := map[activity.Action]int{}, map[string]int{}
	outOfOrder := 0
	for i := range recs {
		actions[recs[i].Action]++
		sources[recs[i].DataSource]++
		if i > 0 && recs[i].When < recs[i-1].When {
			outOfOrder++
		}
	}
	if outOfOrder != 31 {
		t.Errorf("%d records are older than the one before, README says 31", outOfOrder)
	}
	if len(actions) != 13 || len(sources) != 6 {
		t.Errorf("%d actions and %d data sources, want 13 and 6: %v %v", len(actions), len(sources), actions, sources)
	}
	first := activity.Record{
		Who: `SHIRE.COM\IT001$`, Where: "HFDC01.shire.com", ObjectType: "Logon", What: "HFDC01.shire.com",
		Action: activity.SuccessfulLogon, When: 1575510588,
		Plan: activity.Plan{Name: "shire.com"},
		Item: "shire.com (Domain)", DataSource: "Logon Activity", Workstation: "172.18.39.105",
		Details: []activity.Detail{
			{PropertyName: "Logon type", After: "Network"},
			{PropertyName: "Authentication package", After: "Kerberos"},
		},
	}
	if diff := cmp.Diff(first, recs[0]); diff != "" {
		t.Errorf("first record (-want +got):\n%s", diff)
	}
}

func TestPlans(t *testing.T) {
	recs, err := Records()
	if err != nil {
		t.Fatal(err)
	}
	plans := Plans(append(recs, activity.Record{Who: "nobody's"}))
	if len(plans) != 9 || plans[0].Name != "theshire.local" || plans[8].Name != "blacksmith.local" {
		t.Fatalf("plans %v", plans)
	}
	total := 0
	for i, p := range plans {
		total += p.Records
		if i > 0 && p.Records > plans[i-1].Records {
			t.Errorf("plan %q with %d records comes after %d", p.Name, p.Records, plans[i-1].Records)
		}
	}
	if total != len(recs) {
		t.Errorf("plans count %d records of %d", total, len(recs))
	}
	if want := []string{"ADFS01.blacksmith.local (Computer)", "blacksmith.local (Domain)"}; !cmp.Equal(plans[8].Items, want) {
		t.Errorf("items %q, want %q", plans[8].Items, want)
	}
}

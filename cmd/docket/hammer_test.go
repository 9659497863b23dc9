package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"docket/shared/hammer"
)

// TestHammer runs the command against a server: a sound one gives no finding, and
// a run that cannot be judged is a failure, not a finding.
func TestHammer(t *testing.T) {
	url, stop := startServe(t, "--data", t.TempDir(), "--demo", "--http", "--log", "error")
	defer stop()
	hammerIt := func(args ...string) (int, string, string) {
		var out, errs bytes.Buffer
		code := run(t.Context(), append([]string{"hammer", "--url", url, "--user", demoAccounts[0].account}, args...), world{
			stdin: strings.NewReader(""), stdout: &out, stderr: &errs,
			getenv: func(name string) string { return map[string]string{"DOCKET_PASSWORD": demoAccounts[0].password}[name] },
		})
		return code, out.String(), errs.String()
	}
	code, out, errs := hammerIt("--for", "2s", "--rate", "1000", "--whole", "--plan", demoPlan, "--json")
	var r hammer.Report
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("exit code %d: %v %s", code, err, errs)
	}
	if code != exitOK || r.Findings != 0 || r.Acked == 0 || r.Walks < 2 {
		t.Errorf("exit code %d, %+v %s", code, r, errs)
	}
	if code, _, errs := hammerIt("--for", "1s", "--plan", "no such plan"); code != exitFinding || !strings.Contains(errs, "findings") {
		t.Errorf("good batches that are refused: exit code %d %s", code, errs)
	}
	if code, _, _ := hammerIt("--for", "1s", "--attempts", "1", "--writers", "0"); code != exitFailure {
		t.Errorf("no writers: exit code %d", code)
	}
}

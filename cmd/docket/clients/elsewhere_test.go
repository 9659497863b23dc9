package clients

import (
	"encoding/json"
	"os"
	"testing"
)

// TestClientsSignInElsewhere runs the matrix against servers that somebody else has
// started: those of package rehearsal, which calls it.
func TestClientsSignInElsewhere(t *testing.T) {
	path := os.Getenv(Variable)
	if path == "" {
		t.Skipf("%s names no servers: the tests of cmd/docket/rehearsal do", Variable)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var there Elsewhere
	if err := json.Unmarshal(text, &there); err != nil || len(there.URLs) != offerCount {
		t.Fatalf("%s: %v, %d servers; want one for each offer", path, err, len(there.URLs))
	}
	who := demo
	who.ticket = there.Ticket
	var visits []visit
	for of, url := range there.URLs {
		s := server{url: url}
		s.refuses(t)
		visits = append(visits, visit{of: of, protocol: "HTTP", url: url, bodies: writeBodies(t, s.mark(t, who, of))})
	}
	ca := newWatch(t, Offers[ofDefault], nil).ca // of nobody there, but clients want one
	visitAll(t, who, ca, visits)
}

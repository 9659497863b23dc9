package clients

import (
	"encoding/base64"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

var record = flag.Bool("record", false, "write tokens of clients with a ticket to the tests of package kerberos")

// TestRecord keeps what clients send, with the keys and the time to judge it by. The
// realm is gone afterwards, and its keys are worth nothing.
func TestRecord(t *testing.T) {
	if !*record {
		t.Skip("only with -record")
	}
	who := tester
	if who.ticket = newTicket(t); who.ticket == nil {
		t.Fatal("there is no realm")
	}
	keytab, err := os.ReadFile(who.ticket.Keytab)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	fmt.Fprintf(&text, "keytab\t%s\ntime\t%d\n", base64.StdEncoding.EncodeToString(keytab), time.Now().Unix())
	for _, c := range matrix {
		if !strings.Contains(c.name, "with a ticket") {
			continue
		}
		w := newWatch(t, Offers[ofTickets], who.ticket)
		c.send(t, who, w.ca, []exchange{{{"GET", w.plain.URL + "/?exchange=1", ""}}})
		for _, s := range w.of("1") {
			if s.scheme != none {
				fmt.Fprintf(&text, "%s\t%s\n", c.name, s.header)
			}
		}
	}
	if err := os.WriteFile("../../../shared/auth/kerberos/testdata/clients.txt", []byte(text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

package clients

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"
)

// request is one request of a script.
type request struct {
	method, url string
	body        string // a file; "" is none
}

// exchange is what one fresh client sends, on one connection if it can.
type exchange []request

// account is who signs in.
type account struct {
	name, password string
	ticket         *Ticket // nil where there is no realm
}

// How a request can be admitted, as schemeOf says it.
const (
	none     = "" // it is not
	byBasic  = "Basic"
	byMD5    = "Digest MD5"
	bySHA256 = "Digest SHA-256"
	byNTLM   = "NTLM"
	byBare   = "Negotiate (NTLM)"
	byFramed = "Negotiate (NTLM in SPNEGO)"
	byTicket = "Negotiate (Kerberos)"
)

// client is a program with one way to sign in.
type client struct {
	name string
	// by is how it signs in where each of the offers is made; none where it
	// cannot.
	by [offerCount]string
	// pooled is set where a client opens connections as it likes.
	pooled bool
	// missing says why it cannot run here, "" if it can.
	missing func() string
	// run sends a script and returns the status of each request, one a line.
	run func(ctx context.Context, t *testing.T, who account, ca string, script []exchange) (string, error)
}

// matrix is every client, in the order of the table in the documentation.
var matrix = []*client{
	{name: "curl --basic", missing: needs("curl"), run: curl("--basic"),
		by: [offerCount]string{byBasic, byBasic, byBasic, none, none}},
	{name: "curl --digest", missing: needs("curl"), run: curl("--digest"),
		by: [offerCount]string{bySHA256, bySHA256, bySHA256, none, bySHA256}},
	{name: "curl --ntlm", missing: needs("curl"), run: curl("--ntlm"),
		by: [offerCount]string{none, byNTLM, byNTLM, byNTLM, none}},
	{name: "curl --negotiate, gss-ntlmssp", missing: needsMechanism, run: curlNegotiate,
		by: [offerCount]string{none, byFramed, byFramed, none, none}},
	{name: "curl --negotiate, with a ticket", missing: needsTicket("curl"), run: curlTicket,
		by: [offerCount]string{ofAllKeytab: byTicket, ofTickets: byTicket}},
	{name: "curl --anyauth", missing: needs("curl"), run: curl("--anyauth"),
		by: [offerCount]string{bySHA256, bySHA256, none, byNTLM, bySHA256}},
	{name: "Python requests, HTTPBasicAuth", missing: needsModule("requests"), run: python("basic"),
		by: [offerCount]string{byBasic, byBasic, byBasic, none, none}},
	{name: "Python requests, HTTPDigestAuth", missing: needsModule("requests"), run: python("digest"),
		by: [offerCount]string{bySHA256, bySHA256, bySHA256, none, bySHA256}},
	{name: "Python requests, requests-ntlm", missing: needsModule("requests_ntlm"), run: python("ntlm"),
		by: [offerCount]string{none, byNTLM, byNTLM, byNTLM, none}},
	{name: "Python requests, requests-kerberos, with a ticket", missing: needsDebianModule("requests_kerberos"), run: pythonTicket,
		by: [offerCount]string{ofAllKeytab: byTicket, ofTickets: byTicket}},
	{name: "Java HttpURLConnection, Authenticator", missing: needs("java"), run: java("UrlConnection.java"),
		by: [offerCount]string{bySHA256, bySHA256, bySHA256, byNTLM, bySHA256}},
	{name: "Java HttpClient, Authenticator", missing: needs("java"), run: java("JdkClient.java"),
		by: [offerCount]string{byBasic, byBasic, byBasic, none, none}},
	{name: "Java HttpURLConnection, with a ticket", missing: needsTicket("java"), run: javaTicket,
		by: [offerCount]string{ofTickets: byTicket}},
	{name: "axios-ntlm", missing: needsPackage("axios-ntlm"), run: axios,
		by: [offerCount]string{none, byNTLM, byNTLM, byNTLM, none}},
	{name: "Go, Azure/go-ntlmssp", missing: always, run: inProcess(goNTLM),
		by: [offerCount]string{none, byNTLM, byBare, byNTLM, none}},
	{name: "Go, gokrb5, with a ticket", missing: needsTicket("go"), run: inProcess(goTicket),
		by: [offerCount]string{ofAllKeytab: byTicket, ofTickets: byTicket}},
	{name: "Chromium", missing: needs("chromium"), run: chromium, pooled: true,
		by: [offerCount]string{byMD5, byMD5, byMD5, byNTLM, bySHA256}},
	{name: "Go, icholy/digest", missing: always, run: inProcess(goDigest),
		by: [offerCount]string{byMD5, none, none, none, bySHA256}},
}

// require skips a test whose client is absent; in continuous integration it
// fails.
func (c *client) require(t *testing.T) {
	t.Helper()
	switch reason := c.missing(); {
	case reason == "":
	case os.Getenv("CI") == "true":
		t.Fatalf("%s cannot be tried: %s", c.name, reason)
	default:
		t.Skipf("%s is not tried: %s", c.name, reason)
	}
}

// send runs a client and returns the status of each request, 401 where it
// gave up.
func (c *client) send(t *testing.T, who account, ca string, script []exchange) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	out, err := c.run(ctx, t, who, ca, script)
	if err != nil {
		t.Fatalf("%s: %v\n%s", c.name, err, out)
	}
	statuses := strings.Fields(strings.ReplaceAll(out, refused, "401"))
	want := 0
	for _, x := range script {
		want += len(x)
	}
	if len(statuses) != want {
		t.Fatalf("%s: %d statuses for %d requests: %q", c.name, len(statuses), want, out)
	}
	return statuses
}

// want is the statuses that a client must get for an exchange of n requests
// where an offer is made.
func (c *client) want(of, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = "200"
		if c.by[of] == none {
			list[i] = "401"
		}
	}
	return list
}

// refused is what a client prints that has a word of its own for a 401.
const refused = "refused"

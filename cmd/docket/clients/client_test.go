package clients

import (
	"bytes"
	"context"
	"os"
	"os/exec"
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
type account struct{ name, password string }

// client is a program with one way to sign in.
type client struct {
	name   string
	scheme string // by which it signs in when all are offered
	// reconnects is set where a client answers a 401 on another connection.
	reconnects bool
	// missing says why it cannot run here, "" if it can.
	missing func() string
	command func(ctx context.Context, who account, ca string, script []exchange) *exec.Cmd
}

// matrix is every client, in the order of the table in the documentation.
var matrix = []client{
	{"curl --basic", "Basic", false, needs("curl"), curl("--basic")},
	{"curl --digest", "Digest SHA-256", false, needs("curl"), curl("--digest")},
	{"curl --anyauth", "Digest SHA-256", false, needs("curl"), curl("--anyauth")},
	{"Python requests, HTTPBasicAuth", "Basic", false, needsRequests, python("basic")},
	{"Python requests, HTTPDigestAuth", "Digest SHA-256", false, needsRequests, python("digest")},
	{"Java HttpURLConnection, Authenticator", "Digest SHA-256", true, needs("java"), java("UrlConnection.java")},
	{"Java HttpClient, Authenticator", "Basic", false, needs("java"), java("JdkClient.java")},
}

func needs(program string) func() string {
	return func() string {
		if _, err := exec.LookPath(program); err != nil {
			return program + " is not installed"
		}
		return ""
	}
}

func needsRequests() string {
	if reason := needs("python3")(); reason != "" {
		return reason
	}
	if exec.Command("python3", "-c", "import requests").Run() != nil {
		return "python3 has no requests"
	}
	return ""
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

func curl(scheme string) func(context.Context, account, string, []exchange) *exec.Cmd {
	return func(ctx context.Context, who account, ca string, script []exchange) *exec.Cmd {
		// A process of its own for each exchange: curl remembers nothing else.
		var lines []string
		for _, x := range script {
			args := []string{}
			for i, r := range x {
				if i > 0 {
					args = append(args, "--next")
				}
				args = append(args, "--silent", "--show-error", "--noproxy", "'*'", "--max-time", "60", "--cacert", "'"+ca+"'", "--output", "/dev/null",
					"--write-out", `'%{http_code}\n'`, scheme, "--user", "'"+who.name+":"+who.password+"'", "--request", r.method, "'"+r.url+"'")
				if r.body != "" {
					args = append(args, "--data-binary", "'@"+r.body+"'")
				}
			}
			lines = append(lines, "curl "+strings.Join(args, " "))
		}
		return exec.CommandContext(ctx, "sh", "-ec", strings.Join(lines, "\n"))
	}
}

func python(scheme string) func(context.Context, account, string, []exchange) *exec.Cmd {
	return func(ctx context.Context, who account, ca string, script []exchange) *exec.Cmd {
		return scripted(script, exec.CommandContext(ctx, "python3", "testdata/requests_client.py", scheme, who.name, who.password, ca))
	}
}

func java(source string) func(context.Context, account, string, []exchange) *exec.Cmd {
	return func(ctx context.Context, who account, ca string, script []exchange) *exec.Cmd {
		return scripted(script, exec.CommandContext(ctx, "java", "-XX:TieredStopAtLevel=1", "testdata/"+source, who.name, who.password, ca))
	}
}

// scripted gives a command the script as its standard input.
func scripted(script []exchange, cmd *exec.Cmd) *exec.Cmd {
	var in strings.Builder
	for i, x := range script {
		if i > 0 {
			in.WriteString("next\n")
		}
		for _, r := range x {
			body := r.body
			if body == "" {
				body = "-"
			}
			in.WriteString(r.method + "\t" + r.url + "\t" + body + "\n")
		}
	}
	cmd.Stdin = strings.NewReader(in.String())
	return cmd
}

// send runs a client and returns the status of each request.
func (c *client) send(t *testing.T, who account, ca string, script []exchange) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := c.command(ctx, who, ca, script)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", c.name, err, out, stderr.String())
	}
	return strings.Fields(string(out))
}

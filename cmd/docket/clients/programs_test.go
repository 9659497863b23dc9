package clients

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// installed is where testdata/install puts what no distribution has.
const installed = "../../../bin/clients"

func always() string { return "" }

func needs(program string) func() string {
	return func() string {
		if _, err := exec.LookPath(program); err != nil {
			return program + " is not installed"
		}
		return ""
	}
}

// needsMechanism wants a curl with GSS-API, and NTLM as one of its mechanisms.
func needsMechanism() string {
	out, err := exec.Command("curl", "--version").Output()
	if err != nil {
		return "curl is not installed"
	}
	if !strings.Contains(string(out), "GSS-API") {
		return "curl has no GSS-API"
	}
	if os.Getenv("GSS_MECH_CONFIG") != "" {
		return ""
	}
	if found, err := filepath.Glob("/etc/gss/mech.d/*ntlmssp*.conf"); err != nil || len(found) == 0 {
		return "gss-ntlmssp is not installed"
	}
	return ""
}

func needsModule(name string) func() string {
	return func() string {
		if reason := needs("python3")(); reason != "" {
			return reason
		}
		cmd := exec.Command("python3", "-c", "import "+name)
		if cmd.Env = scripting(); cmd.Run() != nil {
			return "python3 has no " + name + ": run cmd/docket/clients/testdata/install"
		}
		return ""
	}
}

func needsPackage(name string) func() string {
	return func() string {
		if reason := needs("node")(); reason != "" {
			return reason
		}
		cmd := exec.Command("node", "-e", "require('"+name+"')")
		if cmd.Env = scripting(); cmd.Run() != nil {
			return "node has no " + name + ": run cmd/docket/clients/testdata/install"
		}
		return ""
	}
}

// scripting is an environment in which Python and Node find what is installed.
func scripting(more ...string) []string {
	dir, err := filepath.Abs(installed)
	if err != nil {
		dir = installed
	}
	python := filepath.Join(dir, "python")
	if p := os.Getenv("PYTHONPATH"); p != "" {
		python += string(filepath.ListSeparator) + p
	}
	return append(append(os.Environ(), "PYTHONPATH="+python, "NODE_PATH="+filepath.Join(dir, "node_modules")), more...)
}

// output runs a command; what it writes to its standard error is part of the
// error.
func output(cmd *exec.Cmd) (string, error) {
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return string(out), fmt.Errorf("%w\n%s", err, stderr.String())
	}
	return string(out), nil
}

func curl(scheme string) func(context.Context, *testing.T, account, string, []exchange) (string, error) {
	return func(ctx context.Context, _ *testing.T, who account, ca string, script []exchange) (string, error) {
		return output(curls(ctx, scheme, who.name+":"+who.password, ca, script))
	}
}

// curlNegotiate leaves name and password to the mechanism, and gives it no
// Kerberos tickets that somebody may have here.
func curlNegotiate(ctx context.Context, t *testing.T, who account, ca string, script []exchange) (string, error) {
	domain, user, _ := strings.Cut(who.name, `\`)
	dir := t.TempDir()
	file := filepath.Join(dir, "credentials")
	if err := os.WriteFile(file, []byte(domain+":"+user+":"+who.password+"\n"), 0o600); err != nil {
		return "", err
	}
	cmd := curls(ctx, "--negotiate", ":", ca, script)
	cmd.Env = append(os.Environ(), "NTLM_USER_FILE="+file, "KRB5CCNAME=FILE:"+filepath.Join(dir, "none"), "KRB5_CONFIG=/dev/null")
	return output(cmd)
}

// curls is a process of its own for each exchange: curl remembers nothing else.
func curls(ctx context.Context, scheme, user, ca string, script []exchange) *exec.Cmd {
	var lines []string
	for _, x := range script {
		args := []string{}
		for i, r := range x {
			if i > 0 {
				args = append(args, "--next")
			}
			args = append(args, "--silent", "--show-error", "--noproxy", "'*'", "--max-time", "60", "--cacert", "'"+ca+"'", "--output", "/dev/null",
				"--write-out", `'%{http_code}\n'`, scheme, "--user", "'"+user+"'", "--request", r.method, "'"+r.url+"'")
			if r.body != "" {
				args = append(args, "--data-binary", "'@"+r.body+"'")
			}
		}
		lines = append(lines, "curl "+strings.Join(args, " "))
	}
	return exec.CommandContext(ctx, "sh", "-ec", strings.Join(lines, "\n"))
}

func python(scheme string) func(context.Context, *testing.T, account, string, []exchange) (string, error) {
	return func(ctx context.Context, _ *testing.T, who account, ca string, script []exchange) (string, error) {
		cmd := scripted(script, exec.CommandContext(ctx, "python3", "testdata/requests_client.py", scheme, who.name, who.password, ca))
		cmd.Env = scripting()
		return output(cmd)
	}
}

func java(source string) func(context.Context, *testing.T, account, string, []exchange) (string, error) {
	return func(ctx context.Context, _ *testing.T, who account, ca string, script []exchange) (string, error) {
		return output(scripted(script, exec.CommandContext(ctx, "java", "-XX:TieredStopAtLevel=1", "testdata/"+source, who.name, who.password, ca)))
	}
}

func axios(ctx context.Context, _ *testing.T, who account, ca string, script []exchange) (string, error) {
	cmd := scripted(script, exec.CommandContext(ctx, "node", "testdata/axios_client.js", who.name, who.password))
	cmd.Env = scripting("NODE_EXTRA_CA_CERTS=" + ca)
	return output(cmd)
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

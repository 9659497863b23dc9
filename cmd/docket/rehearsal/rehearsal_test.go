package rehearsal

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"docket/shared/api/contracttest"
)

// repository is the module's root, seen from here.
const repository = "../../.."

// functionFlags are those of the Makefile, which TestFlagsAreThoseOfMake compares.
var functionFlags = []string{"-tags", "lambda.norpc", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid="}

var functions = []string{"authorizer", "enum", "search", "write", "fallback", "ingest", "compact"}

// needTools skips where the machine has no Java or Node. On CI they must be
// there: a rehearsal that never ran is no rehearsal.
func needTools(t testing.TB, tools ...string) {
	t.Helper()
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err == nil {
			continue
		}
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is not on this machine, and CI is set", tool)
		}
		t.Skipf("%s is not on this machine: the rehearsal was not tried", tool)
	}
}

// command runs one and returns what it printed.
func command(t testing.TB, env []string, name string, args ...string) []byte {
	t.Helper()
	c := exec.Command(name, args...)
	c.Dir = repository
	c.Env = append(os.Environ(), env...)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, out, stderr.Bytes())
	}
	return out
}

// buildFunctions builds all functions for a machine into a folder each.
func buildFunctions(t testing.TB, dir, arch string) {
	t.Helper()
	for _, f := range functions {
		args := append(append([]string{"build"}, functionFlags...), "-o", filepath.Join(dir, f, "bootstrap"), "./functions/"+f)
		command(t, []string{"CGO_ENABLED=0", "GOOS=linux", "GOARCH=" + arch}, "go", args...)
	}
}

// sources are the settings of cdk.json with which records come without a client.
var sources = []string{"ingestQueue=true", "ingestBucket=true", "ingestCloudTrail=true", "ingestReadEvents=true", "ingestCustomEvents=true", `ingestAccounts=["218007301253"]`}

// synthesize writes the templates to a folder, with every source on.
func synthesize(t testing.TB, dir string) {
	t.Helper()
	for _, f := range functions { // the assets of the app
		if _, err := os.Stat(filepath.Join(repository, "bin", "functions", f, "bootstrap")); err != nil {
			buildFunctions(t, absolute(t, filepath.Join(repository, "bin", "functions")), "arm64")
			break
		}
	}
	settings := command(t, nil, "go", append([]string{"run", "./infra/context"}, sources...)...)
	command(t, []string{"CDK_OUTDIR=" + dir, "CDK_CONTEXT_JSON=" + string(settings)}, "go", "run", "./infra")
}

func absolute(t testing.TB, path string) string {
	t.Helper()
	abs, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return abs
}

// running is a docket rehearse.
type running struct {
	url     string
	aws     string // address of the services
	process *exec.Cmd
	log     *lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

var (
	listens  = regexp.MustCompile(`listens on (http://\S+)`)
	services = regexp.MustCompile(`^AWS services: (http://\S+)`)
)

// built is all that a rehearsal is started from.
type built struct{ assembly, binaries, docket string }

func build(t testing.TB) built {
	t.Helper()
	needTools(t, "node", "java", "npm")
	dir := t.TempDir()
	b := built{filepath.Join(dir, "cdk.out"), filepath.Join(dir, "functions"), filepath.Join(dir, "docket")}
	synthesize(t, b.assembly)
	buildFunctions(t, b.binaries, runtime.GOARCH)
	command(t, []string{"CGO_ENABLED=0"}, "go", "build", "-trimpath", "-o", b.docket, "./cmd/docket")
	return b
}

// start runs docket rehearse until the test ends.
func start(t testing.TB, b built, flags ...string) *running {
	t.Helper()
	r := &running{log: &lockedBuffer{}}
	r.process = exec.Command(b.docket, append([]string{"rehearse", "--listen", "127.0.0.1:0", "--services", "127.0.0.1:0", "--assembly", b.assembly, "--binaries", b.binaries}, flags...)...)
	r.process.Stderr = r.log
	out, err := r.process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.stop(t) })
	lines := bufio.NewScanner(out)
	for r.url == "" && lines.Scan() {
		if m := listens.FindStringSubmatch(lines.Text()); m != nil {
			r.url = m[1]
		}
		if m := services.FindStringSubmatch(lines.Text()); m != nil {
			r.aws = m[1]
		}
	}
	go func() { _, _ = io.Copy(io.Discard, out) }() // it ends with the process
	if r.url == "" {
		t.Fatalf("docket rehearse printed no URL; log:\n%s", r.log)
	}
	return r
}

// stop is Ctrl-C, after which no process may be left.
func (r *running) stop(t testing.TB) {
	children := descendants(t, r.process.Process.Pid)
	if len(children) < 2 && !t.Failed() {
		t.Errorf("processes under docket rehearse: %v; want Java and functions", children)
	}
	if err := r.process.Process.Signal(os.Interrupt); err != nil {
		t.Errorf("interrupt docket rehearse: %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	ended := context.AfterFunc(ctx, func() { _ = r.process.Process.Kill() }) // Wait says so
	err := r.process.Wait()
	if !ended() || err != nil {
		t.Errorf("docket rehearse ended with %v after an interrupt", err)
	}
	for pid, name := range children {
		if alive(pid, name) {
			t.Errorf("process %d (%s) is left running", pid, name)
		}
	}
	if t.Failed() {
		lines := strings.Split(r.log.String(), "\n")
		t.Logf("end of the log of docket rehearse:\n%s", strings.Join(lines[max(0, len(lines)-30):], "\n"))
	}
}

// client trusts nothing of its own: what the gateway sends is what tests see.
func client() *http.Client {
	return &http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableCompression: true}}
}

// TestContract holds the rehearsal to the wire contract, with the suite that
// docket serve passes.
func TestContract(t *testing.T) {
	b := build(t)
	t.Run("events", func(t *testing.T) { checkEvents(t, b) })
	t.Run("events of queues", func(t *testing.T) { checkMessageEvents(t, b) })
	drop := t.TempDir()
	r := start(t, b, append(repetition, "--drop", drop)...)
	contracttest.Run(t, contracttest.Target{URL: r.url, Client: client(), Differs: differs(), Recognise: func(account string, on bool) error {
		out, err := exec.Command(b.docket, "account", "set", account, fmt.Sprintf("--recognise-repeats=%v", on), "--endpoint", r.aws).CombinedOutput()
		if err != nil {
			return fmt.Errorf("docket account set: %w\n%s", err, out)
		}
		return nil
	}})
	if t.Failed() {
		return
	}
	t.Run("differences", func(t *testing.T) { checkDifferences(t, r.url) })
	t.Run("sizes", func(t *testing.T) { checkSizes(t, r.url) })
	t.Run("sign-in", func(t *testing.T) { checkSignIn(t, b) })
	t.Run("tickets", func(t *testing.T) { checkTickets(t, b) })
	t.Run("clients", func(t *testing.T) { checkClients(t, b) })
	t.Run("records without a client", func(t *testing.T) { checkIngestion(t, newIngesting(t, b, r), drop) })
	t.Run("silence", func(t *testing.T) { checkSilence(t, r) })
	t.Run("cold starts", func(t *testing.T) { checkColdStarts(t, r) })
}

package clients

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// chromium sends a script by fetch, from a page of the server's origin, and types
// the password where it is asked for. The page itself never reaches the server.
func chromium(ctx context.Context, t *testing.T, who account, ca string, script []exchange) (string, error) {
	pin, err := pinOf(ca)
	if err != nil {
		return "", err
	}
	b, err := startBrowser(ctx, t.TempDir(), pin)
	if err != nil {
		return "", err
	}
	b.who = who
	var statuses strings.Builder
	for _, x := range script {
		if err = b.exchange(x, &statuses); err != nil {
			break
		}
	}
	return statuses.String(), errors.Join(err, b.stop())
}

// pinOf is the hash of a certificate's public key as Chromium takes it.
func pinOf(ca string) (string, error) {
	text, err := os.ReadFile(ca)
	if err != nil {
		return "", err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return "", fmt.Errorf("no certificate in %s", ca)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(cert.RawSubjectPublicKeyInfo)
	return base64.StdEncoding.EncodeToString(sum[:]), nil
}

// browser speaks the DevTools protocol over two pipes, so that there is no port
// that somebody else could use.
type browser struct {
	cmd    *exec.Cmd
	stderr bytes.Buffer
	in     io.WriteCloser
	pipe   io.Closer // of out
	out    *bufio.Reader
	who    account
	id     int
	asked  map[string]bool // requests whose password was typed
}

func startBrowser(ctx context.Context, profile, pin string) (*browser, error) {
	childIn, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	out, childOut, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	args := []string{"--headless", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking", "--no-proxy-server",
		"--user-data-dir=" + profile, "--ignore-certificate-errors-spki-list=" + pin, "--remote-debugging-pipe", "about:blank"}
	if os.Getuid() == 0 {
		args = append([]string{"--no-sandbox"}, args...) // it has none for root
	}
	b := &browser{cmd: exec.CommandContext(ctx, "chromium", args...), in: in, pipe: out, out: bufio.NewReader(out), asked: map[string]bool{}}
	b.cmd.ExtraFiles = []*os.File{childIn, childOut} // 3 and 4
	b.cmd.Stderr = &b.stderr
	b.cmd.WaitDelay = 10 * time.Second // its children share its standard error
	err = b.cmd.Start()
	childIn.Close()
	childOut.Close()
	return b, err
}

func (b *browser) stop() error {
	_, err := b.call("", "Browser.close", nil)
	b.in.Close()
	defer b.pipe.Close()
	if wait := b.cmd.Wait(); err != nil {
		return fmt.Errorf("%w: %v\n%s", err, wait, b.stderr.String())
	}
	return nil
}

// message is an answer or an event.
type message struct {
	ID        int             `json:"id"`
	Method    string          `json:"method"`
	SessionID string          `json:"sessionId"`
	Result    json.RawMessage `json:"result"`
	Error     json.RawMessage `json:"error"`
	Params    struct {
		RequestID    string
		ResourceType string
	} `json:"params"`
}

// object is a JSON object to send.
type object = map[string]any

func (b *browser) post(session, method string, params object) error {
	b.id++
	text, err := json.Marshal(object{"id": b.id, "method": method, "sessionId": session, "params": params})
	if err != nil {
		return err
	}
	if session == "" {
		text = bytes.Replace(text, []byte(`,"sessionId":""`), nil, 1)
	}
	_, err = b.in.Write(append(text, 0))
	return err
}

// call waits for the answer, and deals with what happens meanwhile.
func (b *browser) call(session, method string, params object) (json.RawMessage, error) {
	if err := b.post(session, method, params); err != nil {
		return nil, fmt.Errorf("%s: %w", method, err)
	}
	id := b.id
	for {
		text, err := b.out.ReadBytes(0)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", method, err)
		}
		var m message
		if err := json.Unmarshal(text[:len(text)-1], &m); err != nil {
			return nil, fmt.Errorf("%s: %w", method, err)
		}
		if m.ID == id {
			if m.Error != nil {
				return nil, fmt.Errorf("%s: %s", method, m.Error)
			}
			return m.Result, nil
		}
		if err := b.event(&m); err != nil {
			return nil, fmt.Errorf("%s: %w", method, err)
		}
	}
}

// event answers for the page and types the password, once a request: a person
// who is asked again gives up too.
func (b *browser) event(m *message) error {
	request := m.Params.RequestID
	switch {
	case m.Method == "Fetch.authRequired":
		reply := object{"response": "ProvideCredentials", "username": b.who.name, "password": b.who.password}
		if b.asked[m.SessionID+request] {
			reply = object{"response": "CancelAuth"}
		}
		b.asked[m.SessionID+request] = true
		return b.post(m.SessionID, "Fetch.continueWithAuth", object{"requestId": request, "authChallengeResponse": reply})
	case m.Method == "Fetch.requestPaused" && m.Params.ResourceType == "Document":
		return b.post(m.SessionID, "Fetch.fulfillRequest", object{"requestId": request, "responseCode": 200,
			"responseHeaders": []object{{"name": "Content-Type", "value": "text/html"}}})
	case m.Method == "Fetch.requestPaused":
		return b.post(m.SessionID, "Fetch.continueRequest", object{"requestId": request})
	}
	return nil
}

// exchange sends requests from a window that remembers nothing of others.
func (b *browser) exchange(x exchange, statuses io.Writer) error {
	var made struct{ BrowserContextID, TargetID, SessionID string }
	step := func(session, method string, params object) error {
		result, err := b.call(session, method, params)
		if err != nil {
			return err
		}
		return json.Unmarshal(result, &made)
	}
	if err := step("", "Target.createBrowserContext", object{}); err != nil {
		return err
	}
	if err := step("", "Target.createTarget", object{"url": "about:blank", "browserContextId": made.BrowserContextID}); err != nil {
		return err
	}
	if err := step("", "Target.attachToTarget", object{"targetId": made.TargetID, "flatten": true}); err != nil {
		return err
	}
	if err := step(made.SessionID, "Fetch.enable", object{"handleAuthRequests": true}); err != nil {
		return err
	}
	u, err := url.Parse(x[0].url)
	if err != nil {
		return err
	}
	if err := step(made.SessionID, "Page.navigate", object{"url": u.Scheme + "://" + u.Host + "/"}); err != nil {
		return err
	}
	for _, r := range x {
		if err := b.fetch(made.SessionID, r, statuses); err != nil {
			return err
		}
	}
	return step("", "Target.disposeBrowserContext", object{"browserContextId": made.BrowserContextID})
}

func (b *browser) fetch(session string, r request, statuses io.Writer) error {
	options := object{"method": r.method}
	if r.body != "" {
		text, err := os.ReadFile(r.body)
		if err != nil {
			return err
		}
		options["body"] = string(text)
	}
	text, err := json.Marshal(options)
	if err != nil {
		return err
	}
	// All of the answer is read, so that its connection can be used again.
	expression := fmt.Sprintf("fetch(%q, %s).then(async r => { await r.arrayBuffer(); return r.status; })", r.url, text)
	result, err := b.call(session, "Runtime.evaluate", object{"expression": expression, "awaitPromise": true, "returnByValue": true})
	if err != nil {
		return err
	}
	var got struct {
		Result           struct{ Value int }
		ExceptionDetails json.RawMessage
	}
	if err := json.Unmarshal(result, &got); err != nil || got.ExceptionDetails != nil {
		return fmt.Errorf("%s %s: %v %s", r.method, r.url, err, got.ExceptionDetails)
	}
	_, err = fmt.Fprintln(statuses, got.Result.Value)
	return err
}

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"docket/shared/client"
	"docket/shared/wire"
)

// remoteFlags say which server a client command speaks to, and as whom.
type remoteFlags struct {
	url, user    string
	passwordFile string
	digest       bool
	insecure     bool
	caCert       string
	gzip         bool
	attempts     int
	connections  int
	fresh        bool // a new connection for each request; no flag
}

// remoteHelp ends the help of every client command.
const remoteHelp = `

The server, account and password come from --url, --user and --password-file, or
from DOCKET_URL, DOCKET_USER and DOCKET_PASSWORD; a password that is missing is
asked for if there is a terminal.`

func (f *remoteFlags) add(c *cobra.Command, w world) {
	fl := c.Flags()
	fl.StringVar(&f.url, "url", "", "server, as in https://host:9699 (DOCKET_URL)")
	fl.StringVar(&f.user, "user", "", `account, as in DOMAIN\user (DOCKET_USER)`)
	fl.StringVar(&f.passwordFile, "password-file", "", "file that holds the password (DOCKET_PASSWORD holds it itself)")
	fl.BoolVar(&f.digest, "digest", false, "sign in with Digest instead of Basic")
	fl.BoolVar(&f.insecure, "insecure", false, "do not verify the server's certificate")
	fl.StringVar(&f.caCert, "cacert", "", "PEM file with the certificate to trust")
	fl.BoolVar(&f.gzip, "gzip", false, "compress requests and answers, for slow networks")
	fl.IntVar(&f.attempts, "attempts", client.DefaultAttempts, "how often to try when the server is busy or cannot be reached")
	c.Long += remoteHelp
}

const defaultURL = "https://127.0.0.1:9699"

// address is the server's.
func (f *remoteFlags) address(w world) string {
	if f.url != "" {
		return f.url
	}
	if url := w.getenv("DOCKET_URL"); url != "" {
		return url
	}
	return defaultURL
}

// client makes the client that the flags and the environment describe.
func (f *remoteFlags) client(w world, format wire.Format) (*client.Client, error) {
	c := client.Config{URL: f.address(w), User: f.user, Format: format, Gzip: f.gzip, Insecure: f.insecure, Attempts: f.attempts, Connections: f.connections, Fresh: f.fresh}
	if c.User == "" {
		c.User = w.getenv("DOCKET_USER")
	}
	if f.digest {
		c.Scheme = client.Digest
	}
	if f.attempts < 1 {
		return nil, &exitError{exitUsage, errors.New("--attempts must be at least 1")}
	}
	var err error
	if c.User == "" {
		return nil, &exitError{exitUsage, errors.New(`no account: give --user or set DOCKET_USER`)}
	}
	if c.Password, err = f.password(w, c.User); err != nil {
		return nil, err
	}
	if f.caCert != "" {
		if c.CACert, err = os.ReadFile(f.caCert); err != nil {
			return nil, fmt.Errorf("read the certificate: %w", err)
		}
	}
	made, err := client.New(c)
	if err != nil {
		return nil, &exitError{exitUsage, err}
	}
	return made, nil
}

// maxPassword bounds a password file, so that a wrong name is noticed.
const maxPassword = 4096

func (f *remoteFlags) password(w world, user string) (string, error) {
	if f.passwordFile != "" {
		data, err := os.ReadFile(f.passwordFile)
		if err != nil {
			return "", fmt.Errorf("read the password: %w", err)
		}
		if len(data) > maxPassword {
			return "", fmt.Errorf("read the password: %s is longer than %d bytes", f.passwordFile, maxPassword)
		}
		return strings.TrimRight(string(data), "\r\n"), nil
	}
	if p := w.getenv("DOCKET_PASSWORD"); p != "" {
		return p, nil
	}
	return promptPassword(w, user)
}

// promptPassword asks on the terminal, without echo.
func promptPassword(w world, user string) (string, error) {
	missing := &exitError{exitUsage, errors.New("no password: give --password-file or set DOCKET_PASSWORD")}
	if !isTerminal(w.stderr) {
		return "", missing
	}
	in, ok := w.stdin.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		// Standard input holds the records; the terminal can still be asked.
		tty, err := os.Open("/dev/tty")
		if err != nil {
			return "", missing
		}
		defer tty.Close()
		in = tty
	}
	fmt.Fprintf(w.stderr, "Password of %s: ", user)
	p, err := term.ReadPassword(int(in.Fd()))
	fmt.Fprintln(w.stderr)
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	return string(bytes.TrimRight(p, "\r\n")), nil
}

// isTerminal says whether out is a terminal.
func isTerminal(out any) bool {
	f, ok := out.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

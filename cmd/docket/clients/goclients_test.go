package clients

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/Azure/go-ntlmssp"
	"github.com/icholy/digest"
)

// goNTLM is go-ntlmssp: it turns the request's Basic credentials into NTLM.
func goNTLM(_ account, base http.RoundTripper) http.RoundTripper {
	return ntlmssp.Negotiator{RoundTripper: base}
}

func goDigest(who account, base http.RoundTripper) http.RoundTripper {
	return signer{&digest.Transport{Username: who.name, Password: who.password, Transport: base}}
}

// signer takes away the Basic credentials that the requests of a script have.
type signer struct{ http.RoundTripper }

func (s signer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Del("Authorization")
	return s.RoundTripper.RoundTrip(r)
}

// inProcess sends a script by a library for Go.
func inProcess(library func(account, http.RoundTripper) http.RoundTripper) func(context.Context, *testing.T, account, string, []exchange) (string, error) {
	return func(ctx context.Context, _ *testing.T, who account, ca string, script []exchange) (string, error) {
		pem, err := os.ReadFile(ca)
		if err != nil {
			return "", err
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return "", fmt.Errorf("no certificate in %s", ca)
		}
		var statuses strings.Builder
		for _, x := range script {
			transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
			c := &http.Client{Transport: library(who, transport)}
			for _, r := range x {
				status, err := sendOne(ctx, c, who, r)
				if err != nil {
					return statuses.String(), err
				}
				fmt.Fprintln(&statuses, status)
			}
			transport.CloseIdleConnections()
		}
		return statuses.String(), nil
	}
}

func sendOne(ctx context.Context, c *http.Client, who account, r request) (int, error) {
	var body io.Reader
	if r.body != "" {
		text, err := os.ReadFile(r.body)
		if err != nil {
			return 0, err
		}
		body = bytes.NewReader(text)
	}
	q, err := http.NewRequestWithContext(ctx, r.method, r.url, body)
	if err != nil {
		return 0, err
	}
	q.SetBasicAuth(who.name, who.password)
	answer, err := c.Do(q)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	// A connection is used again only after all of the answer was read.
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return 0, err
	}
	return answer.StatusCode, nil
}

package ntlmtest

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Transport signs in each request by a handshake of its own, on whatever
// connections Base keeps: it asks without credentials, with a type 1 and with a type
// 3, and sends the body each time.
type Transport struct {
	Client Client
	Base   http.RoundTripper
	Scheme string // NTLM or Negotiate
	Framed bool   // in SPNEGO, for Negotiate
	// Eager leaves out the first request, as who knows the server does.
	Eager bool
	// Sent, if set, gets every Authorization header.
	Sent func(header string)
}

// RoundTrip implements http.RoundTripper. The answer to the type 1 must be a 401
// whose only header of its kind has one challenge, else it is an error.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		r.Body.Close()
	}
	if !t.Eager {
		answer, err := t.send(r, body, "")
		if err != nil || answer.StatusCode != http.StatusUnauthorized {
			return answer, err
		}
		offered := answer.Header.Get("WWW-Authenticate")
		if err := drop(answer); err != nil {
			return nil, err
		}
		if t.Scheme == "NTLM" && !strings.HasSuffix(", "+offered, ", NTLM") {
			return nil, fmt.Errorf("NTLM is not the last of %q", offered)
		}
	}
	type1 := t.Client.Type1()
	answer, err := t.send(r, body, t.header(type1, true))
	if err != nil {
		return nil, err
	}
	values := answer.Header.Values("WWW-Authenticate")
	if err := drop(answer); err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusUnauthorized || len(values) != 1 {
		return nil, fmt.Errorf("status %d and challenges %q for a type 1", answer.StatusCode, values)
	}
	type2, err := t.ReadHeader(values[0])
	if err != nil {
		return nil, err
	}
	type3, err := t.Client.Type3(type1, type2)
	if err != nil {
		return nil, err
	}
	return t.send(r, body, t.header(type3, false))
}

// drop reads an answer to its end, so that its connection is used again.
func drop(a *http.Response) error {
	_, err := io.Copy(io.Discard, a.Body)
	a.Body.Close()
	return err
}

func (t *Transport) send(r *http.Request, body []byte, header string) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	if header != "" {
		r.Header.Set("Authorization", header)
		if t.Sent != nil {
			t.Sent(header)
		}
	}
	return t.Base.RoundTrip(r)
}

// header is an Authorization header with a message.
func (t *Transport) header(message []byte, first bool) string {
	return Header(t.Scheme, message, t.Framed, first)
}

// Header is an Authorization header with a message of NTLM, in SPNEGO if framed; the
// first of a client or an answer.
func Header(scheme string, message []byte, framed, first bool) string {
	switch {
	case framed && first:
		message = FrameInit(message)
	case framed:
		message = FrameAnswer(message)
	}
	return scheme + " " + base64.StdEncoding.EncodeToString(message)
}

// ReadHeader takes the type 2 from a WWW-Authenticate header, which must have
// nothing else.
func (t *Transport) ReadHeader(value string) ([]byte, error) {
	text, ok := strings.CutPrefix(value, t.Scheme+" ")
	b, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil {
		return nil, fmt.Errorf("%w: %q", ErrMessage, value)
	}
	if i := bytes.Index(b, signature); t.Framed && i > 0 {
		return b[i:], nil // the token is the frame's last
	}
	return b, nil
}

var (
	oidSPNEGO = []byte{0x06, 0x06, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x02}
	oidNTLM   = []byte{0x06, 0x0a, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x02, 0x0a}
)

// FrameInit is a NegTokenInit that offers NTLM alone.
func FrameInit(message []byte) []byte {
	fields := append(der(0xa0, der(0x30, oidNTLM)), der(0xa2, der(0x04, message))...)
	return der(0x60, append(bytes.Clone(oidSPNEGO), der(0xa0, der(0x30, fields))...))
}

// FrameAnswer is a NegTokenResp.
func FrameAnswer(message []byte) []byte { return der(0xa1, der(0x30, der(0xa2, der(0x04, message)))) }

func der(tag byte, value []byte) []byte {
	b := []byte{tag}
	switch n := len(value); {
	case n < 0x80:
		b = append(b, byte(n))
	case n < 0x100:
		b = append(b, 0x81, byte(n))
	default:
		b = append(b, 0x82, byte(n>>8), byte(n))
	}
	return append(b, value...)
}

package shell

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"testing"

	"docket/shared/table/dynamo"

	"github.com/aws/aws-lambda-go/events"
)

// TestExpandedBodiesAreRead: whether or not the header goes with the coding, the
// handler gets what the client meant.
func TestExpandedBodiesAreRead(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := io.WriteString(z, "[1]"); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	base := base64.StdEncoding.EncodeToString
	for name, c := range map[string]struct {
		body     string
		base64   bool
		sent     string
		coding   string // that the handler sees
		handlers string // the body that the handler sees
	}{
		"packed":                     {base(packed.Bytes()), true, "gzip", "gzip", packed.String()},
		"expanded":                   {base([]byte("[1]")), true, "gzip", "", "[1]"},
		"expanded, as text":          {"[1]", false, "GZIP", "", "[1]"},
		"expanded and empty":         {"", true, "x-gzip", "", ""},
		"a coding we do not know":    {base([]byte("[1]")), true, "br", "br", "[1]"},
		"no coding":                  {base([]byte("[1]")), true, "", "", "[1]"},
		"UTF-16, as PowerShell's":    {base([]byte("\xff\xfe[\x00")), true, "gzip", "", "\xff\xfe[\x00"},
		"shorter than the signature": {base([]byte("\x1f")), true, "gzip", "", "\x1f"},
	} {
		t.Run(name, func(t *testing.T) {
			var coding, body string
			h := Proxy(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				b, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				coding, body = r.Header.Get("Content-Encoding"), string(b)
				w.WriteHeader(http.StatusOK)
			}), func(context.Context, dynamo.Consumed) {})
			e := events.APIGatewayProxyRequest{HTTPMethod: "POST", Path: "/api/v1/activity_records", Body: c.body, IsBase64Encoded: c.base64}
			if c.sent != "" {
				e.Headers = map[string]string{"content-encoding": c.sent}
				e.MultiValueHeaders = map[string][]string{"content-encoding": {c.sent}}
			}
			if _, err := h(t.Context(), e); err != nil {
				t.Fatal(err)
			}
			if coding != c.coding || body != c.handlers {
				t.Errorf("the handler sees coding %q and %q; want %q and %q", coding, body, c.coding, c.handlers)
			}
		})
	}
}

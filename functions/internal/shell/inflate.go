package shell

import (
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/aws/aws-lambda-go/events"
)

// gzipMagic begins every gzip body (RFC 1952, section 2.3.1) and neither XML nor
// JSON.
const gzipMagic = "\x1f\x8b"

// dropStaleEncoding takes Content-Encoding away from a body that API Gateway has
// expanded already. Its documentation says that it does that, and not whether
// the header goes too.
func dropStaleEncoding(e *events.APIGatewayProxyRequest) {
	start := e.Body
	if e.IsBase64Encoded {
		b, err := base64.StdEncoding.DecodeString(e.Body[:min(4, len(e.Body))])
		if err != nil {
			return // the adapter will say so
		}
		start = string(b)
	}
	if strings.HasPrefix(start, gzipMagic) {
		return
	}
	for name := range e.Headers {
		if isGzip(name, e.Headers[name]) {
			delete(e.Headers, name)
		}
	}
	for name, values := range e.MultiValueHeaders {
		if len(values) == 1 && isGzip(name, values[0]) {
			delete(e.MultiValueHeaders, name)
		}
	}
}

func isGzip(name, value string) bool {
	if http.CanonicalHeaderKey(name) != "Content-Encoding" {
		return false
	}
	value = strings.ToLower(strings.TrimSpace(value))
	return value == "gzip" || value == "x-gzip"
}

package gateway

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

// TestMain makes this test's own binary the functions: a gateway starts it as
// their bootstrap.
func TestMain(m *testing.M) {
	switch os.Getenv("AWS_LAMBDA_FUNCTION_NAME") {
	case "Guard":
		lambda.Start(guard)
	case "Echo":
		lambda.Start(echo)
	case "Worker":
		if os.Getenv("SINK") != "" {
			lambda.Start(sink())
		}
		lambda.Start(work)
	case "":
		os.Exit(m.Run())
	}
}

// guard answers what the header Decision says.
func guard(_ context.Context, r events.APIGatewayCustomAuthorizerRequestTypeRequest) (json.RawMessage, error) {
	policy := func(effect string) json.RawMessage {
		return json.RawMessage(`{"principalId":"p","policyDocument":{"Version":"2012-10-17","Statement":[{"Action":["execute-api:Invoke"],"Effect":"` +
			effect + `","Resource":["` + r.MethodArn + `"]}]},"context":{"account":"ann","number":7,"challenge":"Say, \"please\""}}`)
	}
	switch r.Headers["Decision"] {
	case "allow":
		return policy("Allow"), nil
	case "crash":
		os.Exit(3)
	case "nonsense":
		return json.RawMessage(`{"principalId":""}`), nil
	}
	return policy("Deny"), nil
}

// seen is what echo answers: its event, and what it knows of itself.
type seen struct {
	Event       events.APIGatewayProxyRequest
	Pid, Count  int
	Plain, Name string
	Table       string
	Left        time.Duration
}

var count int // of the requests of this instance

// echo does what the query parameter do says.
func echo(ctx context.Context, e events.APIGatewayProxyRequest) (any, error) {
	count++
	switch e.QueryStringParameters["do"] {
	case "crash":
		os.Exit(3)
	case "hang":
		select {} // until the gateway ends the process
	case "fail":
		return nil, io.ErrUnexpectedEOF
	case "malformed":
		return map[string]any{"statusCode": "no number"}, nil
	case "large":
		return events.APIGatewayProxyResponse{StatusCode: 200, Body: strings.Repeat("x", maxEvent)}, nil
	case "binary":
		return events.APIGatewayProxyResponse{StatusCode: 201, Body: base64.StdEncoding.EncodeToString([]byte{0, 255}), IsBase64Encoded: true}, nil
	case "headers":
		return events.APIGatewayProxyResponse{StatusCode: 401,
			Headers:           map[string]string{"WWW-Authenticate": "Basic", "Server": "mine", "X-Own": "1"},
			MultiValueHeaders: map[string][]string{"X-Own": {"a", "b"}, "Date": {"today"}}}, nil
	}
	deadline, _ := ctx.Deadline()
	body, err := json.Marshal(seen{e, os.Getpid(), count, os.Getenv("PLAIN"), os.Getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"), os.Getenv("TABLE"), time.Until(deadline)})
	return events.APIGatewayProxyResponse{StatusCode: 200, Body: string(body)}, err
}

type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// newGateway serves testdata/assembly.
func newGateway(t *testing.T) (*Gateway, *httptest.Server) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	binaries := t.TempDir()
	for _, name := range []string{"Guard", "Echo"} {
		if err := os.Mkdir(filepath.Join(binaries, name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(self, filepath.Join(binaries, name, "bootstrap")); err != nil {
			t.Fatal(err)
		}
	}
	g, err := New(Config{
		Assembly: filepath.Join("testdata", "assembly"), Binaries: binaries, Physical: map[string]string{"Things": "things-1"},
		Stderr: io.Discard, Rand: zeroes{}, Now: time.Now,
		Log: slog.New(slog.DiscardHandler), ColdStart: func(string, time.Duration) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(g)
	t.Cleanup(func() { s.Close(); g.Close() })
	return g, s
}

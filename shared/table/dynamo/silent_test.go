package dynamo

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"docket/shared/table"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// TestSilence: an endpoint that takes connections and never answers costs a
// bounded time, and says that it is unknown whether anything happened.
func TestSilence(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") // nobody accepts; the kernel does
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	cfg := engine.Config()
	cfg.BaseEndpoint = aws.String("http://" + listener.Addr().String())
	tbl := New(cfg, "silent", Options{})
	ctx, cancel := context.WithTimeout(t.Context(), 2*callTime) // a call must not need it
	defer cancel()
	begun := time.Now()
	if _, err := tbl.Get(ctx, table.Key{Partition: "p", Sort: "s"}); !errors.Is(err, table.ErrUnavailable) {
		t.Errorf("read: %v; want ErrUnavailable", err)
	}
	if ctx.Err() != nil {
		t.Errorf("a read waited for %s; want at most %s", time.Since(begun), callTime)
	}
}

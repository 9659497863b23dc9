package shell

import (
	"context"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
)

// Start makes a function's handler and serves it. What goes wrong before the
// first request ends the process: Lambda shows the log line and tries anew.
func Start(make func(ctx context.Context) (handler any, err error)) {
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	handler, err := make(ctx)
	cancel()
	if err != nil {
		slog.New(slog.NewJSONHandler(os.Stdout, nil)).Error("cannot start", "error", err.Error())
		os.Exit(1)
	}
	lambda.Start(handler)
}

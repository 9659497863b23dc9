// The authorizer function finds out who is calling and whether the caller's
// role allows the endpoint. It never fails for credentials: it denies, with a
// fresh challenge in its context, which the gateway puts into the 401. It fails
// when it cannot know, and the gateway answers 503.
package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"time"

	"docket/functions/internal/shell"
	"docket/shared/access"
	"docket/shared/auth"
	"docket/shared/environment"
)

func main() { shell.Start(newHandler) }

func newHandler(ctx context.Context) (any, error) {
	env, err := shell.Read(os.Getenv, environment.DirectoryTable, environment.StateTable, environment.KeysSecret, environment.Schemes)
	if err != nil {
		return nil, err
	}
	schemes, err := auth.ParseSchemes(env.Get(environment.Schemes))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", environment.Schemes, err)
	}
	if err := env.Connect(ctx); err != nil {
		return nil, err
	}
	ring, err := env.KeyRing(ctx)
	if err != nil {
		return nil, err
	}
	directory := access.Open(env.Table(environment.DirectoryTable), time.Now)
	authenticator, err := auth.New(auth.Config{
		Directory: directory, State: env.Table(environment.StateTable), Ring: ring, Schemes: schemes,
		Now: time.Now, Rand: rand.Reader, Log: env.Log,
	})
	if err != nil {
		return nil, err
	}
	metrics := shell.NewMetrics(os.Stdout, time.Now)
	return (&authorizer{authenticator, directory, metrics.Count}).handle, nil
}

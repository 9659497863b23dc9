// The authorizer function finds out who is calling and whether the caller's
// role allows the endpoint. It never fails for credentials: it denies, with a
// fresh challenge in its context, which the gateway puts into the 401. It fails
// when it cannot know, and the gateway answers 503.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"time"

	"docket/functions/internal/shell"
	"docket/shared/access"
	"docket/shared/auth"
	"docket/shared/auth/kerberos"
	"docket/shared/environment"
)

func main() { shell.Start(newHandler) }

func newHandler(ctx context.Context) (any, error) {
	names := []string{environment.DirectoryTable, environment.StateTable, environment.KeysSecret, environment.Schemes}
	hasKeytab := os.Getenv(environment.KeytabSecret) != ""
	if hasKeytab {
		names = append(names, environment.KeytabSecret, environment.Realms, environment.GroupSIDs)
	}
	env, err := shell.Read(os.Getenv, names...)
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
	var tickets auth.Kerberos
	if hasKeytab {
		if tickets, err = readTickets(ctx, env); err != nil {
			return nil, err
		}
	}
	directory := access.Open(env.Table(environment.DirectoryTable), time.Now)
	authenticator, err := auth.New(auth.Config{
		Directory: directory, State: env.Table(environment.StateTable), Ring: ring, Schemes: schemes,
		Kerberos: tickets, Now: time.Now, Rand: rand.Reader, Log: env.Log,
	})
	if err != nil {
		return nil, err
	}
	metrics := shell.NewMetrics(os.Stdout, time.Now)
	return (&authorizer{authenticator, directory, metrics.Count}).handle, nil
}

// readTickets makes what judges tickets, or nothing if there is no keytab yet: all
// other schemes work without.
func readTickets(ctx context.Context, env *shell.Environment) (auth.Kerberos, error) {
	keytab, err := env.Keytab(ctx, environment.KeytabSecret)
	if err != nil {
		return nil, err
	}
	if len(keytab) == 0 {
		env.Log.Warn("the secret has no keytab yet: Negotiate is not offered", "secret", env.Get(environment.KeytabSecret))
		return nil, nil
	}
	realms, err1 := env.List(environment.Realms)
	groups, err2 := env.List(environment.GroupSIDs)
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	return kerberos.Read(keytab, realms, groups, time.Now)
}

package shell

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"docket/shared/environment"
	"docket/shared/keys"
	"docket/shared/table"
	"docket/shared/table/dynamo"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go/middleware"
)

// Environment is a function's configuration, read once.
type Environment struct {
	Log    *slog.Logger
	values map[string]string
	aws    aws.Config
}

// startTime bounds everything that happens before the first request.
const startTime = 10 * time.Second

// Read reads the variables that a function needs, all of them or an error that
// names every one that is missing. getenv is os.Getenv.
func Read(getenv func(string) string, names ...string) (*Environment, error) {
	e := &Environment{values: map[string]string{}}
	var missing []string
	for _, name := range names {
		if e.values[name] = getenv(name); e.values[name] == "" {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("environment variables are not set: %s", strings.Join(missing, ", "))
	}
	var level slog.Level
	if text := getenv(environment.LogLevel); text != "" {
		if err := level.UnmarshalText([]byte(strings.ToUpper(text))); err != nil {
			return nil, fmt.Errorf("%s=%q: use debug, info, warn or error", environment.LogLevel, text)
		}
	}
	e.Log = slog.New(slog.NewJSONHandler(os.Stdout, &slog.HandlerOptions{Level: level}))
	return e, nil
}

// Connect loads the SDK's configuration. It makes no call to AWS.
func (e *Environment) Connect(ctx context.Context) error {
	var err error
	if e.aws, err = config.LoadDefaultConfig(ctx, config.WithAPIOptions([]func(*middleware.Stack) error{dynamo.KeepConnection})); err != nil {
		return fmt.Errorf("load the configuration of AWS: %w", err)
	}
	return nil
}

// Get is the value of a variable that was read.
func (e *Environment) Get(name string) string { return e.values[name] }

// AWS is the SDK's configuration, for clients of other services.
func (e *Environment) AWS() aws.Config { return e.aws }

// Table is the table that a variable names.
func (e *Environment) Table(variable string) table.Table {
	return dynamo.New(e.aws, e.values[variable], dynamo.Options{})
}

// KeyRing reads the secret.
func (e *Environment) KeyRing(ctx context.Context) (*keys.Ring, error) {
	id := e.values[environment.KeysSecret]
	out, err := secretsmanager.NewFromConfig(e.aws).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &id})
	if err != nil {
		return nil, fmt.Errorf("read the key ring: %w", err)
	}
	return keys.Parse([]byte(aws.ToString(out.SecretString)))
}

// Keytab reads the keytab from the secret that a variable names: its binary part,
// which it has none of until somebody puts one there.
func (e *Environment) Keytab(ctx context.Context, variable string) ([]byte, error) {
	id := e.values[variable]
	out, err := secretsmanager.NewFromConfig(e.aws).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &id})
	if err != nil {
		return nil, fmt.Errorf("read the keytab: %w", err)
	}
	return out.SecretBinary, nil
}

// List reads a variable that is a list of texts in JSON.
func (e *Environment) List(variable string) ([]string, error) {
	var list []string
	if err := json.Unmarshal([]byte(e.values[variable]), &list); err != nil {
		return nil, fmt.Errorf("%s is not a list of texts: %w", variable, err)
	}
	return list, nil
}

// Zone is the time zone that a variable names.
func (e *Environment) Zone(variable string) (*time.Location, error) {
	zone, err := time.LoadLocation(e.values[variable])
	if err != nil {
		return nil, fmt.Errorf("%s=%q is not a time zone: use a name such as Europe/Zurich", variable, e.values[variable])
	}
	return zone, nil
}

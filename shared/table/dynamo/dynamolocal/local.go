// Package dynamolocal starts DynamoDB Local, Amazon's own engine in Java, for
// tests and for the rehearsal, and stops it again by its process. Its licence
// forbids redistribution, so it is fetched from the npm registry when it is first
// needed (package amplify-dynamodb-simulator, which contains it) and kept in the
// user's cache folder.
package dynamolocal

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// npmPackage contains the engine; the version is the one that was tried.
const (
	npmPackage = "amplify-dynamodb-simulator"
	npmVersion = "2.9.30"
)

// startTime bounds the start of the Java process on a busy machine.
const startTime = 60 * time.Second

// ErrMissing says that Java or npm is not on this machine.
var ErrMissing = errors.New("DynamoDB Local needs java, and npm to fetch it")

// Engine is a running DynamoDB Local. Its data lives in its memory.
type Engine struct {
	Endpoint string // http://127.0.0.1:PORT
	process  *exec.Cmd
	exited   chan struct{}
}

// Start fetches the engine where that was not done before, runs it on a free
// port of loopback, and returns when it answers.
func Start(ctx context.Context) (*Engine, error) {
	dir, err := fetch(ctx)
	if err != nil {
		return nil, err
	}
	java, err := exec.LookPath("java")
	if err != nil {
		return nil, ErrMissing
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	e := &Engine{Endpoint: "http://127.0.0.1:" + strconv.Itoa(port), exited: make(chan struct{})}
	e.process = exec.Command(java, "-Xmx1g", "-Djava.library.path="+filepath.Join(dir, "DynamoDBLocal_lib"),
		"-DDDBLOCAL_TELEMETRY=0", "-jar", filepath.Join(dir, "DynamoDBLocal.jar"),
		"-inMemory", "-sharedDb", "-port", strconv.Itoa(port))
	e.process.Env = append(os.Environ(), "DDB_LOCAL_TELEMETRY=0")
	e.process.Dir = dir
	if err := e.process.Start(); err != nil {
		return nil, fmt.Errorf("start DynamoDB Local: %w", err)
	}
	go func() {
		_ = e.process.Wait() // killed by Stop: an error is expected
		close(e.exited)
	}()
	if err := e.await(ctx); err != nil {
		e.Stop()
		return nil, err
	}
	return e, nil
}

// Stop ends the process and waits for it.
func (e *Engine) Stop() {
	_ = e.process.Process.Kill() // it may have ended by itself
	<-e.exited
}

// Config is the SDK configuration that reaches the engine. The credentials are
// not checked.
func (e *Engine) Config() aws.Config {
	return aws.Config{
		Region:       "us-east-1",
		BaseEndpoint: aws.String(e.Endpoint),
		Credentials:  credentials.NewStaticCredentialsProvider("local", "local", ""),
	}
}

// CreateTable makes a table of the shape that package dynamo expects.
func (e *Engine) CreateTable(ctx context.Context, name string) error {
	_, err := dynamodb.NewFromConfig(e.Config()).CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:   &name,
		BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("p"), AttributeType: types.ScalarAttributeTypeB},
			{AttributeName: aws.String("s"), AttributeType: types.ScalarAttributeTypeB},
		},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String("p"), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String("s"), KeyType: types.KeyTypeRange},
		},
	})
	if err != nil {
		return fmt.Errorf("create table %s: %w", name, err)
	}
	return nil
}

// await asks until the engine answers anything at all.
func (e *Engine) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, e.Endpoint, nil)
		if err != nil {
			return fmt.Errorf("await DynamoDB Local: %w", err)
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			return resp.Body.Close()
		}
		select {
		case <-tick.C:
		case <-e.exited:
			return errors.New("DynamoDB Local ended while starting")
		case <-ctx.Done():
			return fmt.Errorf("await DynamoDB Local: %w", ctx.Err())
		}
	}
}

// freePort asks the system for one. Somebody else may take it before the engine
// does; then its start fails and says so.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// fetch returns the folder of the engine and fills it on first use. Processes
// that fetch at once each use a folder of their own and the first one wins.
func fetch(ctx context.Context) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the cache folder: %w", err)
	}
	dir := filepath.Join(cache, "docket", npmPackage+"-"+npmVersion)
	engine := filepath.Join(dir, "package", "emulator")
	if _, err := os.Stat(filepath.Join(engine, "DynamoDBLocal.jar")); err == nil {
		return engine, nil
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		return "", ErrMissing
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return "", fmt.Errorf("make the cache folder: %w", err)
	}
	tmp, err := os.MkdirTemp(filepath.Dir(dir), "fetch-")
	if err != nil {
		return "", fmt.Errorf("make the cache folder: %w", err)
	}
	defer os.RemoveAll(tmp)
	pack := exec.CommandContext(ctx, npm, "pack", "--silent", npmPackage+"@"+npmVersion)
	pack.Dir = tmp
	if out, err := pack.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm pack %s@%s: %w: %.300s", npmPackage, npmVersion, err, out)
	}
	unpack := exec.CommandContext(ctx, "tar", "xzf", npmPackage+"-"+npmVersion+".tgz")
	unpack.Dir = tmp
	if out, err := unpack.CombinedOutput(); err != nil {
		return "", fmt.Errorf("unpack %s: %w: %.300s", npmPackage, err, out)
	}
	if err := os.Rename(tmp, dir); err != nil {
		if _, there := os.Stat(filepath.Join(engine, "DynamoDBLocal.jar")); there != nil {
			return "", fmt.Errorf("keep DynamoDB Local: %w", err)
		}
	}
	return engine, nil
}

package dynamo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"docket/shared/table"
	"docket/shared/table/dynamo/dynamolocal"
	"docket/shared/table/tabletest"
)

var engine *dynamolocal.Engine

func TestMain(m *testing.M) {
	var err error
	engine, err = dynamolocal.Start(context.Background())
	if errors.Is(err, dynamolocal.ErrMissing) && os.Getenv("CI") == "" {
		fmt.Println("skipped:", err)
		os.Exit(0)
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	code := m.Run()
	engine.Stop()
	os.Exit(code)
}

var tables atomic.Int64

func open(t *testing.T, now func() time.Time) table.Table {
	t.Helper()
	name := fmt.Sprintf("test-%d", tables.Add(1))
	if err := engine.CreateTable(context.Background(), name); err != nil {
		t.Fatal(err)
	}
	return New(engine.Config(), name, Options{Now: now})
}

func TestTable(t *testing.T) { tabletest.Run(t, open) }

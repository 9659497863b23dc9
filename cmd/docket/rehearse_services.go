package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"time"

	"docket/shared/gateway"
	"docket/shared/gateway/objects"
	"docket/shared/gateway/tables"
	"docket/shared/table"
	"docket/shared/table/dynamo/dynamolocal"
	"docket/shared/table/memory"

	"github.com/aws/aws-sdk-go-v2/aws"
	awscredentials "github.com/aws/aws-sdk-go-v2/credentials"
)

// Where a rehearsal's tables are.
const (
	localTables  = "local"
	memoryTables = "memory"
)

// database makes the tables and returns what answers for them.
func (r *rehearsal) database(ctx context.Context, f rehearseFlags, names map[string]gateway.Kind) (http.Handler, error) {
	if f.tables == memoryTables {
		held := map[string]table.Table{}
		for id, kind := range names {
			if kind == gateway.Table {
				held[id] = memory.New(time.Now)
			}
		}
		return tables.New(held), nil
	}
	var err error
	if r.engine, err = dynamolocal.Start(ctx); err != nil {
		return nil, err
	}
	for id, kind := range names {
		if kind == gateway.Table {
			if err := r.engine.CreateTable(ctx, id); err != nil {
				return nil, err
			}
		}
	}
	engine, err := url.Parse(r.engine.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("find DynamoDB Local: %w", err)
	}
	return httputil.NewSingleHostReverseProxy(engine), nil
}

// config is the SDK configuration that reaches the tables.
func (r *rehearsal) config() aws.Config {
	if r.engine != nil {
		return r.engine.Config()
	}
	return aws.Config{Region: "us-east-1", BaseEndpoint: &r.address, Credentials: awscredentials.NewStaticCredentialsProvider("rehearsal", "rehearsal", "")}
}

// serve puts the twins of AWS's services under one address.
func (r *rehearsal) serve(f rehearseFlags, physical map[string]string, database http.Handler, document string, log *slog.Logger) error {
	listener, err := net.Listen("tcp", f.services)
	if err != nil {
		return fmt.Errorf("listen on %s: %w (use --services to choose another address)", f.services, err)
	}
	r.address = "http://" + listener.Addr().String()
	r.services, err = gateway.NewServices(gateway.ServicesConfig{
		Assembly: f.assembly, Base: r.address, Physical: physical, Visibility: f.visibility, Repeat: f.repeat, Rand: rand.Reader, Log: log,
		Handlers: map[string]http.Handler{"DynamoDB_": database, "secretsmanager.": secrets(document, f.tickets.keytab)},
	})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	r.front = &http.Server{ReadHeaderTimeout: headerTime, Handler: r.services}
	go func() { _ = r.front.Serve(listener) }() // it ends with ErrServerClosed in close
	return nil
}

// run takes messages and files until close.
func (r *rehearsal) run(ctx context.Context, f rehearseFlags, log *slog.Logger) error {
	const output = "DropBucketName"
	bucket := r.services.Output(output)
	if f.drop != "" && bucket == "" {
		return errors.New("--drop: the templates have no bucket: switch ingestBucket on")
	}
	ctx, r.cancel = context.WithCancel(ctx)
	r.running.Go(func() { r.gateway.Run(ctx) })
	if f.drop != "" {
		r.running.Go(func() { upload(ctx, r.services.Objects, bucket, f.drop, log) })
	}
	return nil
}

// upload looks into a folder each second.
func upload(ctx context.Context, to *objects.Store, bucket, folder string, log *slog.Logger) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	seen := map[string]string{}
	for {
		if err := to.Upload(bucket, folder, seen); err != nil {
			log.Error("upload", "folder", folder, "error", err)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// secrets is Secrets Manager with the key ring and a keytab.
func secrets(document, keytab string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		var asked struct{ SecretId string }
		err := json.NewDecoder(req.Body).Decode(&asked)
		if err != nil || req.Header.Get("X-Amz-Target") != "secretsmanager.GetSecretValue" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		answer := map[string]any{"Name": ringSecret, "SecretString": document}
		if isKeytab(asked.SecretId) {
			answer = map[string]any{"Name": keytabSecret, "SecretString": "{}"} // as it is first deployed
			if keytab != "" {
				content, err := os.ReadFile(keytab)
				if err != nil {
					w.WriteHeader(http.StatusInternalServerError)
					return
				}
				answer = map[string]any{"Name": keytabSecret, "SecretBinary": content}
			}
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		_ = json.NewEncoder(w).Encode(answer) // an error means that the function is gone
	})
}

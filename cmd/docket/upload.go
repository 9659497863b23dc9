package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/spf13/cobra"
)

func init() { commands = append(commands, newUploadURLCommand) }

// maxExpires is S3's most for signed requests.
const maxExpires = 7 * 24 * time.Hour

func newUploadURLCommand(w world) *cobra.Command {
	var flags awsFlags
	var expires time.Duration
	c := &cobra.Command{
		Use:   "upload-url NAME…",
		Short: "Make URLs with which others may upload one file each",
		Long: `Make a URL for each name, with which somebody without rights in AWS may put one
file into the bucket of a deployment, once: docket import --via-bucket --upload-url.

Whoever has the URL may upload with it; it says so with your AWS credentials, and
ends with them at the latest. Give it to those who may write records.`,
		Example: "  docket upload-url march.ndjson.gz --aws --expires 24h",
		Args:    takes("NAME..."),
		RunE: func(c *cobra.Command, names []string) error {
			if expires < time.Second || expires > maxExpires {
				return &exitError{exitUsage, fmt.Errorf("--expires must be from 1s to %s", maxExpires)}
			}
			b, err := openBucket(c.Context(), &flags)
			if err != nil {
				return err
			}
			for _, name := range names {
				signed, err := b.sign(c.Context(), "uploads/"+rand.Text()+"/"+keyName(name), expires)
				if err != nil {
					return err
				}
				fmt.Fprintln(w.stdout, signed)
			}
			return nil
		},
	}
	flags.addAlone(c)
	c.Flags().DurationVar(&expires, "expires", time.Hour, "how long a URL is good, up to 168h")
	return c
}

// keyName is the part of a file's name that goes into a key.
func keyName(name string) string { return path.Base(filepath.ToSlash(name)) }

// bucket is the one of a deployment into which files are put.
type bucket struct {
	deployed *deployment
	name     string
	client   *s3.PresignClient
}

func openBucket(ctx context.Context, f *awsFlags) (*bucket, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	if !f.on {
		return nil, &exitError{exitUsage, errors.New("files are uploaded to a deployment in AWS (--aws) or to a rehearsal (--endpoint URL)")}
	}
	d, err := f.deployment(ctx, "Ingest")
	if err != nil {
		return nil, err
	}
	name := d.outputs["DropBucketName"]
	if name == "" {
		return nil, fmt.Errorf("stack %s has no bucket: ingestBucket is not switched on", d.stack)
	}
	client := s3.NewFromConfig(d.cfg, func(o *s3.Options) {
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired // a URL fits any file
	})
	return &bucket{d, name, s3.NewPresignClient(client)}, nil
}

// sign makes a URL for one object that is not there yet: a bucket keeps versions,
// and a second upload of the same would be other records.
func (b *bucket) sign(ctx context.Context, key string, expires time.Duration) (string, error) {
	in := &s3.PutObjectInput{Bucket: &b.name, Key: &key, IfNoneMatch: aws.String("*")}
	signed, err := b.client.PresignPutObject(ctx, in, s3.WithPresignExpires(expires))
	if err != nil {
		return "", b.deployed.explain(fmt.Errorf("sign a URL for %s: %w", key, err))
	}
	return signed.URL, nil
}

package main

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"docket/shared/delivery"
	"docket/shared/gateway/sqs"
)

// post takes events of queues to the queues of a rehearsal.
type post struct {
	*rehearsal
	versions map[string]string // of objects that were put, by key
}

// ofQueue says whether an event is one that Lambda makes of messages.
func (e *event) ofQueue() bool {
	var a struct {
		Records []struct{ EventSource string }
	}
	return json.Unmarshal(e.body, &a) == nil && len(a.Records) > 0 && a.Records[0].EventSource == "aws:sqs"
}

// readdress makes an event one of this deployment: its queues are told by the last
// part of their ARN, the account of that ARN becomes the rehearsal's, the bucket
// docket-drop-ACCOUNT that for files. Where the folder objects beside the event's
// folder has a file of an object's key, it is put there. All else stays as it is, so
// that what is foreign stays foreign. It returns the queue.
func (p *post) readdress(e *event) (*sqs.Queue, error) {
	var in struct{ Records []map[string]any }
	if err := json.Unmarshal(e.body, &in); err != nil {
		return nil, fmt.Errorf("read event %s: %w", e.path, err)
	}
	var queue *sqs.Queue
	for i, record := range in.Records {
		arn, _ := record["eventSourceARN"].(string)
		body, _ := record["body"].(string)
		parts := strings.Split(arn, ":")
		if len(parts) != 6 || parts[5] == "" {
			return nil, fmt.Errorf("event %s: record %d has no ARN of a queue", e.path, i+1)
		}
		account, name := parts[4], parts[5]
		url := p.services.Output(strings.ToUpper(name[:1]) + name[1:] + "QueueUrl")
		var ok bool
		if queue, ok = p.services.Queues.Queue(path.Base(url)); !ok {
			return nil, fmt.Errorf("event %s is of the queue %s, which the templates do not have: switch its source on, such as with make invoke SETTINGS=\"ingestQueue=true ingestBucket=true ingestCloudTrail=true\"", e.path, name)
		}
		body, err := p.local(e, body, account)
		if err != nil {
			return nil, err
		}
		sum := md5.Sum([]byte(body))
		record["eventSourceARN"], record["awsRegion"], record["body"], record["md5OfBody"] = queue.ARN(), sqs.Region, body, hex.EncodeToString(sum[:])
	}
	var err error
	if e.body, err = json.Marshal(in); err != nil {
		return nil, fmt.Errorf("address event %s: %w", e.path, err)
	}
	return queue, nil
}

// local is a message's body with the account, the bucket and the version of the
// rehearsal.
func (p *post) local(e *event, body, account string) (string, error) {
	const output = "DropBucketName"
	bucket := p.services.Output(output)
	own := strings.NewReplacer("docket-drop-"+account, bucket, account, sqs.Account)
	var note struct {
		Detail struct {
			Object struct {
				Key     string
				Version string `json:"version-id"`
			}
		}
	}
	if json.Unmarshal([]byte(body), &note) != nil || note.Detail.Object.Key == "" || bucket == "" {
		return own.Replace(body), nil // no note of a file
	}
	object := note.Detail.Object
	version, err := p.put(bucket, own.Replace(object.Key), filepath.Join(filepath.Dir(filepath.Dir(e.path)), "objects", filepath.FromSlash(object.Key)))
	if err != nil || version == "" {
		return own.Replace(body), err
	}
	return strings.ReplaceAll(own.Replace(body), object.Version, version), nil
}

// put puts a file into the bucket, once, and returns its version; none if there is no
// such file.
func (p *post) put(bucket, key, name string) (version string, err error) {
	if version, ok := p.versions[key]; ok {
		return version, nil
	}
	file, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the object of an event: %w", err)
	}
	defer file.Close()
	if p.versions[key], err = p.services.Objects.Put(bucket, key, file, false); err != nil {
		return "", err
	}
	return p.versions[key], nil
}

// letters prints why messages became dead letters, each once.
func (p *post) letters(ctx context.Context, w world, q *sqs.Queue) error {
	for {
		got, err := q.Dead.Receive(ctx, 1, 0, 12*time.Hour)
		if err != nil || len(got) == 0 {
			return err
		}
		fmt.Fprintf(w.stderr, "docket: a dead letter: %s\n", oneLine(got[0].Attributes[delivery.Reason].Text))
	}
}

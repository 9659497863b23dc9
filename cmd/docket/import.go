package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"docket/shared/client"
	"docket/shared/transfer"
	"docket/shared/wire"
)

func init() { commands = append(commands, newImportCommand) }

type importFlags struct {
	remote   remoteFlags
	batch    int
	inFlight int
	onError  string
	state    string
	json     bool
	bucket   viaBucket
}

func newImportCommand(w world) *cobra.Command {
	var f importFlags
	c := &cobra.Command{
		Use:   "import [FILE…]",
		Short: "Write the records of files to a server",
		Long: `Write the records of files, or of standard input, to a server.

A file is NDJSON (a record a line), JSON (an array, or what the API answers), or
XML, each also packed with gzip; which it is, is told by its content. An export
can be imported again: fields that the server makes are ignored.

A batch is stored as a whole or not at all. Records that the server refuses are
reported with their line on standard error; the import then stops (--on-error
stop) or stores the others and goes on (--on-error skip). The exit code is 3 if
any record was refused.

With --state an import that was cut off goes on where it was when the same
command is given again; nothing is stored twice, whenever it was cut off. A file
that has grown since is imported from where it ended.

With --via-bucket the files go to the bucket of a deployment in AWS, with your AWS
credentials (--aws) or a URL that an administrator made (--upload-url), and without
an account of Docket's. Their records are stored a little later, and what is refused
becomes a dead letter. The same file again is not stored again.`,
		Example: `  docket import records.ndjson
  zcat *.gz | docket import --batch 5000
  docket import --state import.state --on-error skip export-2025.xml.gz
  docket import --via-bucket export-2025.xml.gz --aws`,
		RunE: func(c *cobra.Command, args []string) error { return runImport(c.Context(), w, f, args) },
	}
	f.remote.add(c, w)
	fl := c.Flags()
	fl.IntVar(&f.batch, "batch", transfer.DefaultBatch, "records a request")
	fl.IntVar(&f.inFlight, "in-flight", 1, "requests at a time; more than 1 is faster and gives up the order between batches")
	fl.StringVar(&f.onError, "on-error", "stop", "what to do about refused records: stop or skip")
	fl.StringVar(&f.state, "state", "", "file that keeps how far the import has come")
	fl.BoolVar(&f.json, "json", false, "print the result as JSON")
	f.bucket.add(c)
	return c
}

// maxInFlight is more than a server of the default limits serves at once.
const maxInFlight = 64

func (f *importFlags) check(files []string) error {
	switch {
	case f.bucket.url != "" || f.bucket.aws != (awsFlags{}):
		return errors.New("--upload-url, --aws, --stack, --region, --profile and --endpoint are for --via-bucket: give that as well")
	case f.batch < 1 || f.batch > transfer.MaxBatch:
		return fmt.Errorf("--batch must be from 1 to %d", transfer.MaxBatch)
	case f.inFlight < 1 || f.inFlight > maxInFlight:
		return fmt.Errorf("--in-flight must be from 1 to %d", maxInFlight)
	case f.onError != "stop" && f.onError != "skip":
		return fmt.Errorf("--on-error %q: use stop or skip", f.onError)
	case f.state != "" && len(files) == 0:
		return errors.New("--state needs files: standard input cannot be read again")
	}
	return nil
}

func runImport(ctx context.Context, w world, f importFlags, files []string) error {
	if f.bucket.on {
		return f.bucket.upload(ctx, w, files, f.json)
	}
	if err := f.check(files); err != nil {
		return &exitError{exitUsage, err}
	}
	f.remote.connections = f.inFlight
	server, err := f.remote.client(w, wire.JSON)
	if err != nil {
		return err
	}
	im := &transfer.Importer{
		Writer:   func(format wire.Format) transfer.Writer { return server.In(format) },
		Batch:    f.batch,
		InFlight: f.inFlight,
		Run:      rand.Text(),
		Report:   func(r transfer.Refusal) { printRefusal(w.stderr, r) },
	}
	if f.onError == "skip" {
		im.OnError = transfer.Skip
	}
	if f.state != "" {
		if im.State, err = transfer.OpenImportState(f.state, f.remote.address(w), im.Run, time.Now); err != nil {
			return err
		}
	}
	started := time.Now()
	err = importFiles(ctx, w, im, files)
	if perr := f.printResult(w, im.Result(), time.Since(started)); err == nil {
		err = perr
	}
	switch {
	case errors.Is(err, transfer.ErrRefused):
		return &exitError{exitFinding, errors.New("stopped: records were refused (--on-error skip stores the others)")}
	case err == nil && im.Result().Refused > 0:
		return &exitError{exitFinding, nil}
	}
	return explain(err)
}

func importFiles(ctx context.Context, w world, im *transfer.Importer, files []string) error {
	if len(files) == 0 {
		files = []string{"-"}
	}
	for _, name := range files {
		if err := importFile(ctx, w, im, name); err != nil {
			return err
		}
	}
	return nil
}

func importFile(ctx context.Context, w world, im *transfer.Importer, name string) error {
	var from io.Reader = interruptible{ctx, w.stdin}
	size := int64(-1)
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return err
		}
		defer file.Close()
		info, err := file.Stat()
		if err != nil {
			return err
		}
		from = interruptible{ctx, file}
		if info.Mode().IsRegular() {
			size, from = info.Size(), file
		}
	}
	bar := newProgress(w, size, name)
	defer bar.end()
	before := im.Result().Stored
	im.Progress = func(r transfer.Result) { bar.records(r.Stored - before) }
	return im.File(ctx, name, bar.read(from))
}

// interruptible gives up a read that waits, for somebody to type or another
// program to write, when the context ends. That read goes on in vain until the
// program ends.
type interruptible struct {
	ctx  context.Context
	from io.Reader
}

func (r interruptible) Read(p []byte) (int, error) {
	type result struct {
		data []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		buf := make([]byte, len(p)) // p is the caller's again once Read returns
		n, err := r.from.Read(buf)
		done <- result{buf[:n], err}
	}()
	select {
	case got := <-done:
		return copy(p, got.data), got.err
	case <-r.ctx.Done():
		return 0, r.ctx.Err()
	}
}

func printRefusal(to io.Writer, r transfer.Refusal) {
	if r.Through > r.Line {
		fmt.Fprintf(to, "%s:%d-%d: refused: %s\n", r.File, r.Line, r.Through, oneLine(r.Reason))
		return
	}
	fmt.Fprintf(to, "%s:%d: refused: %s\n", r.File, r.Line, oneLine(r.Reason))
}

func (f *importFlags) printResult(w world, r transfer.Result, took time.Duration) error {
	if r.Doubtful > 0 {
		fmt.Fprintf(w.stderr, "docket: %d records were in flight when an earlier run ended more than 23 hours ago; the server may have stored them then already\n", r.Doubtful)
	}
	if f.json {
		return json.NewEncoder(w.stdout).Encode(r)
	}
	text := fmt.Sprintf("%s records stored in %s (%s/s)", grouped(r.Stored), took.Round(time.Millisecond), grouped(perSecond(r.Stored, took)))
	if r.Refused > 0 {
		text += fmt.Sprintf(", %s refused", grouped(r.Refused))
	}
	if r.Skipped > 0 {
		text += fmt.Sprintf(", %s done before", grouped(r.Skipped))
	}
	_, err := fmt.Fprintln(w.stdout, text)
	return err
}

// explain turns the errors of a client that mean a wrong command line into
// something a person can act on.
func explain(err error) error {
	var refused *client.Refused
	switch {
	case errors.Is(err, context.Canceled):
		return &exitError{exitFailure, errors.New("interrupted")}
	case errors.As(err, &refused):
		return err
	case err != nil && client.Untrusted(err):
		return fmt.Errorf("%w\ngive the server's certificate with --cacert, or --insecure if you know the way to it", err)
	}
	return err
}

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"docket/shared/gateway/sqs"

	"github.com/spf13/cobra"
)

func init() { commands = append(commands, newInvokeCommand) }

type invokeFlags struct {
	rehearseFlags
	function string
	events   []string
}

func newInvokeCommand(w world) *cobra.Command {
	var f invokeFlags
	c := &cobra.Command{
		Use:   "invoke --event FILE",
		Short: "Run a function of the AWS deployment on this machine with a sample event",
		Long: `Run functions of the AWS deployment once for each event, over DynamoDB Local with
the demo accounts and records, and print each answer as one line of JSON. The
function is that of --function, or has the name of the event's folder. make invoke
builds all that it needs.

Events of queues go to ingest. They are addressed to the queues, the bucket and the
account of the rehearsal first, whose sources must be switched on, and files of the
folder objects beside theirs are put into the bucket. Reasons of dead letters are
printed to standard error.`,
		Example: "  make invoke FUNCTION=enum EVENT=events/enum/get.json\n  docket invoke --function enum --event events/enum/get.json\n  make invoke EVENT=events/ingest/records/one.json SETTINGS=ingestQueue=true",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return invoke(c.Context(), w, f) },
	}
	c.Flags().StringVar(&f.function, "function", "", "name of the function, such as enum or ingest (default: the event's folder)")
	c.Flags().StringArrayVar(&f.events, "event", nil, "file with an event; may be repeated")
	c.Flags().StringVar(&f.tables, "tables", localTables, "where the tables are: local (DynamoDB Local) or memory")
	c.Flags().StringVar(&f.assembly, "assembly", "cdk.out", "folder with the synthesized templates")
	c.Flags().StringVar(&f.binaries, "binaries", "bin/rehearsal", "folder with a bootstrap for each function, built for this machine")
	f.services = "127.0.0.1:0"
	c.Flags().StringVar(&f.logLevel, "log", "warn", "least level that is logged to standard error: debug, info, warn, error")
	_ = c.MarkFlagRequired("event") // fails for an unknown flag alone
	return c
}

// event is a file and the function that it is for.
type event struct {
	path, function string
	body           []byte
}

// readEvents reads all files before anything starts.
func readEvents(f invokeFlags) ([]event, error) {
	var list []event
	for _, path := range f.events {
		e := event{path: path, function: f.function}
		var err error
		if e.body, err = os.ReadFile(path); err != nil {
			return nil, fmt.Errorf("read event: %w", err)
		}
		switch {
		case e.function != "":
		case e.ofQueue():
			e.function = "ingest"
		default:
			e.function = filepath.Base(filepath.Dir(path))
		}
		if !json.Valid(e.body) {
			return nil, fmt.Errorf("event %s is not JSON", path)
		}
		list = append(list, e)
	}
	return list, nil
}

func invoke(ctx context.Context, w world, f invokeFlags) error {
	list, err := readEvents(f)
	if err != nil {
		return err
	}
	if err := f.check(); err != nil {
		return err
	}
	log, err := newLogger(w, f.logLevel)
	if err != nil {
		return err
	}
	r := &rehearsal{}
	defer r.close()
	if err := r.start(ctx, w, f.rehearseFlags, log); err != nil {
		return err
	}
	p := &post{r, map[string]string{}}
	for i := range list {
		if err := p.invoke(ctx, w, &list[i]); err != nil {
			return err
		}
	}
	return nil
}

// invoke runs a function with an event.
func (p *post) invoke(ctx context.Context, w world, e *event) error {
	var queue *sqs.Queue
	if e.ofQueue() {
		var err error
		if queue, err = p.readdress(e); err != nil {
			return err
		}
	}
	answer, err := p.gateway.Invoke(ctx, e.function, e.body)
	if err != nil {
		return fmt.Errorf("event %s: %w: %s", e.path, err, answer)
	}
	fmt.Fprintf(w.stdout, "%s\n", answer)
	if queue == nil {
		return nil
	}
	return p.letters(ctx, w, queue)
}

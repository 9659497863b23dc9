package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"docket/shared/client"
	"docket/shared/filter"
	"docket/shared/wire"
)

type loadReadFlags struct {
	loadFlags
	count    int
	duration time.Duration
}

func newLoadEnumCommand(w world) *cobra.Command {
	var f loadReadFlags
	c := &cobra.Command{
		Use:   "enum",
		Short: "Read all records to the end",
		Long: `Read all records to the end: each connection all of them. Answers are not decoded
beyond their mark and the number of their records.`,
		Example: `  docket load enum
  docket load enum --format xml --count 5000`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runLoadEnum(c.Context(), w, f) },
	}
	c.Flags().IntVar(&f.count, "count", 1000, "records to ask for at a time")
	f.add(c, w, 1)
	return c
}

func newLoadPollCommand(w world) *cobra.Command {
	var f loadReadFlags
	c := &cobra.Command{
		Use:     "poll",
		Short:   "Ask for new records when there are none",
		Long:    `Ask again and again for the records after the last one, as clients that wait do.`,
		Example: `  docket load poll --connections 16 --duration 10s`,
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return runLoadPoll(c.Context(), w, f) },
	}
	c.Flags().DurationVar(&f.duration, "duration", 5*time.Second, "for how long")
	f.add(c, w, 8)
	return c
}

func runLoadEnum(ctx context.Context, w world, f loadReadFlags) error {
	server, err := f.client(w)
	if err != nil {
		return err
	}
	var m meter
	started := time.Now()
	err = f.each(ctx, func(ctx context.Context, _ int) error {
		mark := ""
		for {
			begun := time.Now()
			body, err := server.EnumBody(ctx, mark, f.count)
			if err != nil {
				return err
			}
			took := time.Since(begun)
			n, next, err := skim(server.Format(), body)
			if err != nil {
				return err
			}
			if n == 0 {
				return nil
			}
			m.add(took, n, len(body))
			mark = next
		}
	})
	if err != nil {
		return explain(err)
	}
	return f.print(w, m.figure("enum, "+f.format, time.Since(started)))
}

// skim counts the records of a page and finds its mark without decoding it.
// Text of a record cannot look like the delimiters: quotes are escaped in JSON
// strings and brackets in XML text.
func skim(format wire.Format, body []byte) (records int, mark string, err error) {
	rid, open, end := []byte(`"RID":"`), []byte(`"ContinuationMark":"`), []byte(`"`)
	if format == wire.XML {
		rid, open, end = []byte(`<RID>`), []byte(`<ContinuationMark>`), []byte(`<`)
	}
	at := bytes.LastIndex(body, open)
	if at < 0 {
		return 0, "", errors.New("the answer has no mark")
	}
	text, _, ok := bytes.Cut(body[at+len(open):], end)
	if !ok {
		return 0, "", errors.New("the answer's mark has no end")
	}
	return bytes.Count(body, rid), string(text), nil
}

func runLoadPoll(ctx context.Context, w world, f loadReadFlags) error {
	server, err := f.client(w)
	if err != nil {
		return err
	}
	mark, err := endMark(ctx, server)
	if err != nil {
		return explain(err)
	}
	var m meter
	started := time.Now()
	until := started.Add(f.duration)
	err = f.each(ctx, func(ctx context.Context, _ int) error {
		for mark := mark; time.Now().Before(until); {
			begun := time.Now()
			body, err := server.EnumBody(ctx, mark, 1000)
			if err != nil {
				return err
			}
			n, next, err := skim(server.Format(), body)
			if err != nil {
				return err
			}
			m.add(time.Since(begun), n, len(body))
			mark = next
		}
		return nil
	})
	if err != nil {
		return explain(err)
	}
	if m.records > 0 {
		fmt.Fprintf(w.stderr, "docket: %d records came meanwhile; these were no empty polls alone\n", m.records)
	}
	return f.print(w, m.figure("poll", time.Since(started)))
}

// endMark is a checkpoint of all that is committed: the mark of a search walk
// that has ended, here of one over nothing, which ends at once.
func endMark(ctx context.Context, c *client.Client) (string, error) {
	from, to := "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"
	page, err := c.Search(ctx, "", []filter.Entry{{Field: filter.When, From: &from, To: &to}}, 1)
	if err != nil {
		return "", err
	}
	if len(page.Records) > 0 {
		return "", errors.New("the server found records after the end of time")
	}
	return page.Mark, nil
}

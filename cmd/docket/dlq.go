package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

func init() { commands = append(commands, newDLQCommand) }

// letters is what the commands for dead letters share.
type letters struct {
	*admin
	flags awsFlags
	queue string
	limit int
}

func newDLQCommand(w world) *cobra.Command {
	l := &letters{admin: &admin{world: w}}
	c := &cobra.Command{
		Use:   "dlq",
		Short: "Look at messages that could not be stored, and send them again",
		Long: `Look at messages that the ingest function could not store, or only in part, and
send them again when what was wrong with them is put right.

Looking hides messages from others for some minutes at most, and changes nothing.
What is sent again keeps its identity: records that were stored before are not
stored twice, however often it is done.`,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return &exitError{exitUsage, fmt.Errorf("unknown command %q\nrun '%s --help' for its commands", args[0], c.CommandPath())}
			}
			return c.Help()
		},
	}
	l.flags.addAlone(c)
	c.PersistentFlags().StringVar(&l.queue, "queue", "", "only the dead letters of one queue: records, files or events")
	c.PersistentFlags().BoolVar(&l.json, "json", false, "print JSON")
	c.AddCommand(l.newList(), l.newShow(), l.newRedrive())
	return c
}

func (l *letters) newList() *cobra.Command {
	c := &cobra.Command{
		Use:     "list",
		Short:   "List the dead letters and why they are there",
		Example: "  docket dlq list --aws\n  docket dlq list --endpoint http://127.0.0.1:9701 --queue files --json",
		Args:    takes(),
		RunE: func(c *cobra.Command, _ []string) error {
			views := []letterView{}
			err := l.each(c.Context(), func(_ *mailbox, d *deadLetter) (bool, error) {
				views = append(views, d.view(false))
				return l.limit == 0 || len(views) < l.limit, nil
			})
			if err != nil {
				return err
			}
			if l.json {
				return l.printJSON(views)
			}
			var rows [][]string
			for _, v := range views {
				rows = append(rows, []string{v.Queue, v.ID, v.Sent, strconv.Itoa(v.Bytes), oneLine(v.Reason)})
			}
			return l.printTable("QUEUE\tID\tSENT\tBYTES\tREASON", rows)
		},
	}
	c.Flags().IntVar(&l.limit, "limit", 1000, "how many at most; 0 for all")
	return c
}

func (l *letters) newShow() *cobra.Command {
	return &cobra.Command{
		Use:     "show ID",
		Short:   "Show a dead letter with its attributes and its body",
		Example: "  docket dlq show 2f0e… --aws",
		Args:    takes("ID"),
		RunE: func(c *cobra.Command, args []string) error {
			var found *letterView
			err := l.each(c.Context(), func(_ *mailbox, d *deadLetter) (bool, error) {
				if d.id() == args[0] {
					v := d.view(true)
					found = &v
				}
				return found == nil, nil
			})
			switch {
			case err != nil:
				return err
			case found == nil:
				return noLetter(args[0])
			case l.json:
				return l.printJSON(found)
			}
			l.print(found)
			return nil
		},
	}
}

func noLetter(id string) error {
	return fmt.Errorf("there is no dead letter %s: docket dlq list names them; one that somebody else looks at is hidden for up to %s", id, holdTime)
}

func (l *letters) print(v *letterView) {
	fmt.Fprintf(l.stdout, "Queue:     %s\nID:        %s\nIdentity:  %s\nSent:      %s\nReason:    %s\n", v.Queue, v.ID, v.Identity, v.Sent, v.Reason)
	for _, name := range slices.Sorted(maps.Keys(v.Attributes)) {
		fmt.Fprintf(l.stdout, "Attribute: %s = %s\n", name, oneLine(v.Attributes[name]))
	}
	fmt.Fprintf(l.stdout, "\n%s\n", strings.TrimRight(v.Body, "\n"))
}

func (l *letters) newRedrive() *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use:   "redrive ID… | --all",
		Short: "Send dead letters to their queues again",
		Long: `Send dead letters to the queues that they came from, each with its identity, and
take them out of the dead letters. Put right first what their reason says, or they
come back.`,
		Example: "  docket dlq redrive 2f0e… --aws\n  docket dlq redrive --all --queue files --aws",
		RunE: func(c *cobra.Command, ids []string) error {
			if all == (len(ids) > 0) {
				return &exitError{exitUsage, errors.New("name the dead letters, or give --all")}
			}
			return l.redrive(c.Context(), all, ids)
		},
	}
	c.Flags().BoolVar(&all, "all", false, "all dead letters, or all of --queue")
	return c
}

// redriven is the result of a redrive.
type redriven struct {
	Redriven []letterView `json:"redriven"`
	Failed   []letterView `json:"failed"` // and stay where they are
}

func (l *letters) redrive(ctx context.Context, all bool, ids []string) error {
	wanted := map[string]bool{}
	for _, id := range ids {
		wanted[id] = true
	}
	result := redriven{[]letterView{}, []letterView{}}
	err := l.each(ctx, func(m *mailbox, d *deadLetter) (bool, error) {
		if !all && !wanted[d.id()] {
			return true, nil
		}
		delete(wanted, d.id())
		v := d.view(false)
		if err := m.redrive(ctx, d); err != nil {
			if ctx.Err() != nil {
				return false, err
			}
			fmt.Fprintf(l.stderr, "docket: %s stays: %v\n", d.id(), err)
			result.Failed = append(result.Failed, v)
		} else {
			result.Redriven = append(result.Redriven, v)
		}
		return all || len(wanted) > 0, nil
	})
	if perr := l.printRedriven(result); err == nil {
		err = perr
	}
	for _, id := range slices.Sorted(maps.Keys(wanted)) {
		err = errors.Join(err, noLetter(id))
	}
	if err == nil && len(result.Failed) > 0 {
		return &exitError{exitFinding, nil}
	}
	return err
}

func (l *letters) printRedriven(r redriven) error {
	if l.json {
		return l.printJSON(r)
	}
	for _, v := range r.Redriven {
		fmt.Fprintf(l.stdout, "sent to %s again: %s: %s\n", v.Queue, v.ID, oneLine(v.Reason))
	}
	if len(r.Redriven)+len(r.Failed) == 0 {
		fmt.Fprintln(l.stderr, "none")
	}
	return nil
}

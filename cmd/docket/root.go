package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// world is all that a command may touch of its surroundings.
type world struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
}

// Exit codes. A finding (a refused record, a difference, damage) is an exit
// code of its own, so that scripts can tell it from a failure to look.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
	exitFinding = 3
)

// exitError ends a command with a certain code. A nil err prints nothing more.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// commands makes the subcommands; each file of this package that defines one
// adds its constructor here.
var commands []func(world) *cobra.Command

// run executes the command line and returns the exit code.
func run(ctx context.Context, args []string, w world) int {
	root := &cobra.Command{
		Use:           "docket",
		Short:         "An audit database that speaks the Netwrix Auditor Integration API",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetArgs(args)
	root.SetIn(w.stdin)
	root.SetOut(w.stdout)
	root.SetErr(w.stderr)
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return &exitError{exitUsage, fmt.Errorf("%w\nrun '%s --help' for its flags", err, c.CommandPath())}
	})
	for _, c := range commands {
		root.AddCommand(c(w))
	}
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	code := exitFailure
	var ee *exitError
	if errors.As(err, &ee) {
		code = ee.code
	}
	if ee == nil || ee.err != nil {
		fmt.Fprintf(w.stderr, "docket: %v\n", err)
	}
	return code
}

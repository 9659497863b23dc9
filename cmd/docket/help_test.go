package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// TestEveryCommandSaysWhatItIsFor walks all commands: people learn them from
// their help.
func TestEveryCommandSaysWhatItIsFor(t *testing.T) {
	w := world{stdin: strings.NewReader(""), stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}, getenv: func(string) string { return "" }}
	var walk func(c *cobra.Command, path string)
	walk = func(c *cobra.Command, path string) {
		path += " " + c.Name()
		if c.Short == "" || strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: its short help is %q; a line without a full stop is wanted", path, c.Short)
		}
		if !c.HasSubCommands() && !c.Hidden && !strings.Contains(c.Example, path) {
			t.Errorf("%s has no example of itself", path)
		}
		for _, sub := range c.Commands() {
			walk(sub, path)
		}
	}
	for _, make := range commands {
		walk(make(w), "docket")
	}
}

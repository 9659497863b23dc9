package main

import (
	"flag"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var updateScripts = flag.Bool("update", false, "rewrite the expected output in testdata")

// TestMain makes "docket" a command of the scripts in testdata.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"docket": main})
}

// TestStories runs the command line as people and scripts do.
func TestStories(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		UpdateScripts:       *updateScripts,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			// Nothing of the caller's settings may reach a story.
			for _, name := range []string{"DOCKET_URL", "DOCKET_USER", "DOCKET_PASSWORD", "DOCKET_DATA"} {
				if _, set := os.LookupEnv(name); set {
					env.Setenv(name, "")
				}
			}
			return nil
		},
	})
}

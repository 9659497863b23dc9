// The context command prints the context of cdk.json, as the CDK command line
// hands it to the app, so that the app can be run without it.
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

// own are keys that the command line adds by itself, and refuses in cdk.json:
// templates then say from which construct a resource is, and where an asset lies.
var own = []string{"aws:cdk:enable-path-metadata", "aws:cdk:enable-asset-metadata"}

func main() {
	if err := run("cdk.json"); err != nil {
		fmt.Fprintln(os.Stderr, "context:", err)
		os.Exit(1)
	}
}

func run(path string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var file struct {
		Context map[string]any `json:"context"`
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for _, key := range own {
		file.Context[key] = true
	}
	return json.NewEncoder(os.Stdout).Encode(file.Context)
}

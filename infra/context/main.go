// The context command prints the context of cdk.json, as the CDK command line
// hands it to the app, so that the app can be run without it.
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

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
		Context json.RawMessage `json:"context"`
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	_, err = os.Stdout.Write(file.Context)
	return err
}

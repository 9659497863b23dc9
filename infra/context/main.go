// The context command prints the context of cdk.json, as the CDK command line
// hands it to the app, so that the app can be run without it. Arguments of the form
// SETTING=VALUE, the value in JSON, go over Docket's settings there.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// own are keys that the command line adds by itself, and refuses in cdk.json:
// templates then say from which construct a resource is, and where an asset lies.
var own = []string{"aws:cdk:enable-path-metadata", "aws:cdk:enable-asset-metadata"}

func main() {
	if err := run("cdk.json", os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "context:", err)
		os.Exit(1)
	}
}

func run(path string, settings []string) error {
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
	docket, ok := file.Context["docket"].(map[string]any)
	if !ok {
		return fmt.Errorf("%s: no settings under context.docket", path)
	}
	for _, setting := range settings {
		name, text, _ := strings.Cut(setting, "=")
		var value any
		if err := json.Unmarshal([]byte(text), &value); err != nil {
			return fmt.Errorf("%q: use SETTING=VALUE with the value in JSON, such as ingestQueue=true: %w", setting, err)
		}
		docket[name] = value
	}
	for _, key := range own {
		file.Context[key] = true
	}
	return json.NewEncoder(os.Stdout).Encode(file.Context)
}

package main

import (
	"fmt"
	"os"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
)

func main() {
	defer jsii.Close()
	app := awscdk.NewApp(nil)
	if err := build(app); err != nil {
		fmt.Fprintln(os.Stderr, "docket infra:", err)
		jsii.Close()
		os.Exit(1)
	}
	app.Synth(nil)
}

// build puts the stacks into an app.
func build(app awscdk.App) error {
	s, err := readSettings(app)
	if err != nil {
		return err
	}
	d := newDataStack(app, s)
	a := newAPIStack(app, s, d)
	a.Stack.AddStackDependency(d.Stack, nil)
	i := newIngestStack(app, s, d)
	check(app, d, a, i, s)
	return nil
}

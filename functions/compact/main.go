// The compact function merges small segments of the ledger into big ones and lists
// them in manifests. A schedule calls it; one invocation at a time is enough.
package main

import "docket/functions/internal/shell"

func main() { shell.Start(newHandler) }

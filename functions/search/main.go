// The search function answers the API's search endpoint, behind the authorizer.
package main

import "docket/functions/internal/shell"

func main() { shell.Start(shell.Reading) }

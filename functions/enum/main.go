// The enum function answers the API's enum endpoint, behind the authorizer.
package main

import "docket/functions/internal/shell"

func main() { shell.Start(shell.Reading) }

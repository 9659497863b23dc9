// The write function answers the API's write endpoint, behind the authorizer.
package main

import "docket/functions/internal/shell"

func main() { shell.Start(shell.Writing) }

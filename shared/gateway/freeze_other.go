//go:build !unix

package gateway

import "os"

// There is no way to stop a process here: instances go on between requests.
func freeze(*os.Process) {}
func thaw(*os.Process)   {}

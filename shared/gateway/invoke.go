package gateway

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Invoke runs a function once with an event and returns its answer, JSON as the
// function wrote it. Function names are compared without case. A function's own
// error is returned together with what it said.
func (g *Gateway) Invoke(ctx context.Context, function string, event []byte) ([]byte, error) {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(g.pools)) {
		if strings.EqualFold(name, function) {
			var id [16]byte
			if _, err := io.ReadFull(g.Rand, id[:]); err != nil {
				return nil, fmt.Errorf("make request id: %w", err)
			}
			return g.pools[name].invoke(ctx, hex.EncodeToString(id[:]), event)
		}
		names = append(names, strings.ToLower(name))
	}
	return nil, fmt.Errorf("there is no function %q: use one of %s", function, strings.Join(names, ", "))
}

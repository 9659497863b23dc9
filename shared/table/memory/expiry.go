package memory

import "docket/shared/table"

// expiry says when the item put under key expires. An item that was replaced
// or deleted leaves its expiry behind; sweep looks at the item before it acts.
type expiry struct {
	at  int64
	key table.Key
}

// expiries is a heap with the earliest first.
type expiries []expiry

func (h expiries) Len() int           { return len(h) }
func (h expiries) Less(i, j int) bool { return h[i].at < h[j].at }
func (h expiries) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *expiries) Push(x any)        { *h = append(*h, x.(expiry)) }

func (h *expiries) Pop() any {
	old := *h
	last := len(old) - 1
	e := old[last]
	old[last] = expiry{}
	*h = old[:last]
	return e
}

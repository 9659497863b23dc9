//go:build race

package ledger

// raced says that the race detector is on, which makes everything slow.
const raced = true

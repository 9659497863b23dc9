//go:build !race

package simulation

// few schedules are enough before every commit.
const few = 2000

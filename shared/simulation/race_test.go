//go:build race

package simulation

// few schedules, with the race detector.
const few = 60

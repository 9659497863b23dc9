//go:build race

package main

// raceDetector makes everything ten times slower and larger.
const raceDetector = true

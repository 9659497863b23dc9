// Package archtest holds the rules of the house as tests: which package may
// know which, where time, randomness and formats come in, and that what is
// exported says what it is. Each failure gives the reason of the rule.
package archtest

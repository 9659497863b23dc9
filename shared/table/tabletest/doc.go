// Package tabletest is the conformance suite of table.Table: what every
// implementation must do, whatever it stands on. The test of an implementation
// is a constructor and a call:
//
//	func TestTable(t *testing.T) {
//		tabletest.Run(t, func(t *testing.T, now func() time.Time) table.Table { … })
//	}
//
// The suite asks only for what package table promises, so it also holds for a
// store that is slow, far away and busy: ErrBusy is tried again, a page may
// have any length its rules allow, More may be set before a true end. Each part
// opens a table of its own and uses partitions of its own, so a constructor may
// hand out the same table again. The last part compares the implementation with
// package memory under random operations; rapid prints the seed and the least
// failing sequence.
package tabletest

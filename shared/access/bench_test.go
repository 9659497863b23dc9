package access

import (
	"context"
	"crypto/rand"
	"testing"

	"docket/shared/table/memory"
)

// large is a directory of 10,000 accounts.
func large(b *testing.B) *Directory {
	b.Helper()
	d := Open(memory.New(testNow), testNow)
	if _, err := d.Edit("b", rand.Reader).Update(context.Background(), addMany(10_000, 1200)); err != nil {
		b.Fatal(err)
	}
	return d
}

// BenchmarkRequest is what a request costs: the head read, the rights known.
func BenchmarkRequest(b *testing.B) {
	d := large(b)
	b.ReportAllocs()
	for b.Loop() {
		s, err := d.Snapshot(context.Background())
		if err != nil || !s.Rights(`Corp\user00077`).Write {
			b.Fatal(err)
		}
	}
}

// BenchmarkEdit is one password among 10,000 accounts.
func BenchmarkEdit(b *testing.B) {
	d := large(b)
	edit := d.Edit("b", rand.Reader)
	b.ReportAllocs()
	for n := byte(0); b.Loop(); n++ {
		_, err := edit.Update(context.Background(), func(f *Draft) error {
			return f.SetPassword(`Corp\user00077`, []Verifier{{Scheme: "basic", Sealed: []byte{n}}})
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOpen reads the whole directory.
func BenchmarkOpen(b *testing.B) {
	tbl := large(b).table
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Open(tbl, testNow).Snapshot(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkApplyLarge makes the directory of 10,000 accounts.
func BenchmarkApplyLarge(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		large(b)
	}
}

func BenchmarkContains(b *testing.B) {
	s, err := large(b).Snapshot(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	m, _ := s.Group(`Corp\All`)
	b.ReportAllocs()
	for b.Loop() {
		if !m.Contains(`CORP\User04711`) {
			b.Fatal("not a member")
		}
	}
}

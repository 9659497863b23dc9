package main

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress shows how far a transfer has come: on a terminal only, since in a
// log it would be noise. Its methods may be called on nil.
type progress struct {
	bar     *progressbar.ProgressBar
	started time.Time
}

// progressEvery is how often the line is drawn.
const progressEvery = 200 * time.Millisecond

// newProgress begins a progress of total bytes, -1 if that is not known.
func newProgress(w world, total int64, what string) *progress {
	if !isTerminal(w.stderr) {
		return nil
	}
	return &progress{started: time.Now(), bar: progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(w.stderr),
		progressbar.OptionSetDescription(what),
		progressbar.OptionShowBytes(total >= 0),
		progressbar.OptionSetPredictTime(total >= 0),
		progressbar.OptionThrottle(progressEvery),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionFullWidth(),
		progressbar.OptionSpinnerType(14),
	)}
}

// records shows a number of records and their rate.
func (p *progress) records(n int64) {
	if p == nil {
		return
	}
	p.bar.Describe(fmt.Sprintf("%s records, %s/s", grouped(n), grouped(perSecond(n, time.Since(p.started)))))
	if p.bar.GetMax64() < 0 {
		p.bar.Add(0) // draws the line; a terminal that is gone is no failure of the transfer
	}
}

// read counts the bytes that are read from r.
func (p *progress) read(r io.Reader) io.Reader {
	if p == nil || p.bar.GetMax64() < 0 {
		return r
	}
	return io.TeeReader(r, p.bar)
}

func (p *progress) end() {
	if p != nil {
		p.bar.Finish() // as in records
	}
}

func perSecond(n int64, d time.Duration) int64 {
	if d <= 0 {
		return 0
	}
	return int64(float64(n) / d.Seconds())
}

// grouped prints a number with its thousands apart.
func grouped(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

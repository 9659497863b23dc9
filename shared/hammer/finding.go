package hammer

import (
	"fmt"
	"sync"
)

// Kind is what is wrong.
type Kind string

// The kinds of findings.
const (
	Lost     Kind = "lost"     // was acknowledged or seen, and is missing
	Repeated Kind = "repeated" // came twice in one walk
	Order    Kind = "order"    // came before what stands in front of it
	Altered  Kind = "altered"  // differs from what was sent, or has another RID than before
	Part     Kind = "part"     // a batch came without its rest
	Refused  Kind = "refused"  // is visible though it was refused
	Unstable Kind = "unstable" // one mark gave two different pages
	Foreign  Kind = "foreign"  // a search gave what does not match it
	Answer   Kind = "answer"   // another answer than the contract's
)

// Finding is one thing that is wrong.
type Finding struct {
	Kind Kind   `json:"kind"`
	Text string `json:"text"`
}

// maxFindings are kept; more are counted.
const maxFindings = 100

// findings collects what is wrong. It is safe for concurrent use.
type findings struct {
	mu    sync.Mutex
	list  []Finding
	count int64
}

func (f *findings) add(kind Kind, format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count++
	if len(f.list) < maxFindings {
		f.list = append(f.list, Finding{kind, fmt.Sprintf(format, args...)})
	}
}

package delivery

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"docket/shared/ingest"
	"docket/shared/table/faulty"
)

// deliveryFaults are those that a table may do to a writer.
var deliveryFaults = faulty.Rates{
	faulty.Before: 0.03, faulty.After: 0.03, faulty.Busy: 0.03, faulty.Timeout: 0.02, faulty.Late: 0.03, faulty.TornAfter: 0.03, faulty.Short: 0.03,
}

// sqs is a queue as it may behave at worst: every message comes one to five times
// before it is deleted and after, in any order, in batches of any size.
type sqs struct {
	messages []Message
	repeats  []int // deliveries that are still to come although it was done
}

func (q *sqs) send(m Message, r *rand.Rand) {
	q.messages = append(q.messages, m)
	q.repeats = append(q.repeats, r.IntN(5))
}

// TestOnce: the property that all of this is for. Real log files, records of
// applications and events, poison among them; deliveries repeated, shuffled, up to
// 14 days apart; instances that know nothing of each other, a table and a sender that
// fail, time that runs out. In the end each good record is there once, each bad
// message is among the dead letters, and redriving those changes nothing.
func TestOnce(t *testing.T) {
	for seed := range *onceSeeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { once(t, seed) })
	}
}

var onceSeeds = flag.Uint64("once", 1, "schedules of deliveries to try")

func once(t *testing.T, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 21))
	w := newWorld(t)
	reliable := w.Table
	faults := faulty.New(w.Table, faulty.Options{Seed: seed, Rates: deliveryFaults, Now: w.Now})
	var queues [3]sqs
	var want []string
	poison := map[string]bool{}
	serial := 0
	add := func(q Queue, body string) {
		serial++
		queues[q].send(Message{ID: fmt.Sprintf("id-%d", serial), Body: body, Sent: w.At}, r)
	}
	for i, text := range realFiles(t) {
		add(Files, w.put(fmt.Sprint("log ", i), "1", text))
		if i == 0 {
			add(Files, w.put("a copy", "1", text)) // equal records from elsewhere
		}
	}
	for i := range 60 {
		if i%10 == 9 {
			body := fmt.Sprintf("[%s,{\"Who\":%d}]", record(i), i)
			poison[body] = true
			add(Records, body)
			want = append(want, fmt.Sprintf("w x%d Default", i))
			continue
		}
		n := 1 + r.IntN(3)
		add(Records, "["+strings.TrimSuffix(strings.Repeat(record(i%7)+",", n), ",")+"]")
		for range n {
			want = append(want, fmt.Sprintf("w x%d Default", i%7))
		}
	}
	for i := range 40 {
		add(Events, event(fmt.Sprint("bridge ", i), "aws.iam", "AWS API Call via CloudTrail", trail(fmt.Sprint("trail ", i%35)))) // some come twice
		add(Events, event(fmt.Sprint("own ", i), "own.app", "Order", `{"records":[`+record(1)+","+record(2)+"]}"))
		want = append(want, "w x1 Default", "w x2 Default")
	}
	for i := range 35 {
		want = append(want, fmt.Sprint("ann bob Default trail ", i))
	}

	start := w.At
	for turn := 0; len(queues[0].messages)+len(queues[1].messages)+len(queues[2].messages) > 0; turn++ {
		if turn > 20_000 {
			t.Fatal("it does not end")
		}
		if age := w.At.Sub(start); age <= 14*24*time.Hour-6*time.Hour {
			w.At = w.At.Add(time.Duration(r.Int64N(int64(6 * time.Hour))))
		}
		q := Queue(r.IntN(3))
		if len(queues[q].messages) == 0 {
			continue
		}
		w.Table = faults
		w.Restart()
		w.deliver(q, &queues[q], r)
	}

	w.Table = reliable
	w.Restart()
	got := slices.DeleteFunc(w.stored(), func(l string) bool { return !strings.Contains(l, "w x") && !strings.Contains(l, "ann bob") })
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("records and events: %d, want %d: %s", len(got), len(want), difference(want, got))
	}
	if n, all := len(w.stored())-len(got), 951+29; n != all {
		t.Errorf("%d records of files, want %d", n, all)
	}
	dead := map[string]bool{}
	for _, l := range w.letters[Address{Records, true}] {
		if !poison[l.Body] {
			t.Errorf("a good message is dead: %s: %s", l.Attributes[Reason].Text, l.Body)
		}
		dead[l.Body] = true
	}
	if len(dead) != len(poison) {
		t.Errorf("%d bad messages of %d are dead letters", len(dead), len(poison))
	}
	for _, q := range []Queue{Files, Events} {
		for _, l := range w.letters[Address{q, true}] {
			t.Errorf("a good message is dead: %s", l.Attributes[Reason].Text)
		}
	}

	all := len(w.stored())
	for i, l := range w.letters[Address{Records, true}] {
		w.take(Records, Message{ID: fmt.Sprint("redriven ", i), Body: l.Body, Attributes: l.Attributes})
	}
	if n := len(w.stored()); n != all {
		t.Errorf("redriven letters stored %d records", n-all)
	}
}

// deliver gives some messages of a queue to a new instance, and does with its answer
// what SQS does.
func (w *world) deliver(q Queue, from *sqs, r *rand.Rand) {
	n := 1 + r.IntN(min(len(from.messages), 10))
	r.Shuffle(len(from.messages), func(i, j int) {
		from.messages[i], from.messages[j] = from.messages[j], from.messages[i]
		from.repeats[i], from.repeats[j] = from.repeats[j], from.repeats[i]
	})
	batch := slices.Clone(from.messages[:n])
	for i := range batch {
		batch[i].Received = 1
	}
	var looks atomic.Int64
	looks.Store(int64(5 + r.IntN(200)))
	stop := func() bool { return looks.Add(-1) < 0 }
	c := w.config()
	c.Letters = unsure{w, rand.New(rand.NewPCG(r.Uint64(), 1))}
	if r.IntN(2) == 0 {
		// Together, as the function does it; one flight at a time, because the
		// table with faults takes one call at a time.
		c.Ingest.Ledger, c.Workers = ingest.Gather(w.Ledger, 1), 8
	}
	s := New(c).Take(context.Background(), q, batch, stop, "")
	done := map[string]bool{}
	for _, m := range batch {
		done[m.ID] = !slices.Contains(s.Retry, m.ID)
	}
	var messages []Message
	var repeats []int
	for i, m := range from.messages {
		if done[m.ID] {
			if from.repeats[i]--; from.repeats[i] < 0 {
				continue
			}
		}
		messages, repeats = append(messages, m), append(repeats, from.repeats[i])
	}
	from.messages, from.repeats = messages, repeats
	for i, l := range w.letters[Address{Queue: q}] { // what is continued
		from.send(Message{ID: fmt.Sprintf("%s again %d %d", l.Attributes[Identity].Text, r.Int64(), i), Body: l.Body, Attributes: l.Attributes}, r)
	}
	delete(w.letters, Address{Queue: q})
}

// unsure is a sender that fails before or after it has sent.
type unsure struct {
	w *world
	r *rand.Rand
}

func (u unsure) Send(ctx context.Context, to Address, l Letter) error {
	u.w.mu.Lock()
	before, after := u.r.IntN(8) == 0, u.r.IntN(8) == 0
	u.w.mu.Unlock()
	if before {
		return errTest
	}
	if err := u.w.Send(ctx, to, l); err != nil {
		return err
	}
	if after {
		return errTest
	}
	return nil
}

// difference tells what is missing and what is too much, some of each.
func difference(want, got []string) string {
	count := map[string]int{}
	for _, l := range want {
		count[l]++
	}
	for _, l := range got {
		count[l]--
	}
	var lines []string
	for l, n := range count {
		if n != 0 && len(lines) < 10 {
			lines = append(lines, fmt.Sprintf("%q: %d missing", l, n))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, ", ")
}

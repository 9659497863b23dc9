package sqs

import (
	"container/heap"
	"context"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Settings are the attributes of a queue. Zero values are those of SQS: 30 s of
// visibility, 4 days of retention, 1 MiB, no dead letters.
type Settings struct {
	Name        string
	Visibility  time.Duration
	Retention   time.Duration
	MaxBytes    int
	MaxReceives int    // with Dead: deliveries until a message is moved
	Dead        *Queue // where it is moved
}

// Queue is a standard queue. It is safe for concurrent use.
type Queue struct {
	Settings
	service *Service

	mu       sync.Mutex
	ready    []*entry // in the order in which they became ready; read from head
	head     int
	waiting  byTime            // in flight or delayed, next to become ready first
	inFlight map[string]*entry // by receipt
	arrived  chan struct{}     // closed and replaced when something becomes ready
}

// entry is a message in a queue.
type entry struct {
	Message
	at       time.Time // when it becomes ready, while it waits
	index    int       // in the heap
	receipt  string    // of the last delivery, while in flight
	repeated bool      // it was deleted once and is delivered again
}

// ARN names the queue in events and policies.
func (q *Queue) ARN() string { return "arn:aws:sqs:" + Region + ":" + Account + ":" + q.Name }

// URL names it in requests.
func (q *Queue) URL() string { return q.service.base + "/" + Account + "/" + q.Name }

// Send puts a message at the end, or where it stays hidden for a while.
func (q *Queue) Send(body string, attributes map[string]Attribute, delay time.Duration) (Message, error) {
	if err := check(body, attributes, q.MaxBytes); err != nil {
		return Message{}, err
	}
	if delay < 0 || delay > maxDelay {
		return Message{}, refuse("InvalidParameterValue", "Value for parameter DelaySeconds is invalid. Reason: Must be between 0 and 900.")
	}
	id, err := q.service.id()
	if err != nil {
		return Message{}, err
	}
	now := time.Now()
	e := &entry{Message: Message{ID: id, Body: body, Attributes: attributes, Sent: now}}
	q.mu.Lock()
	defer q.mu.Unlock()
	if delay > 0 {
		q.wait(e, now.Add(delay))
	} else {
		q.offer(e)
	}
	return e.Message, nil
}

// offer makes an entry ready and wakes those who wait for one.
func (q *Queue) offer(e *entry) {
	q.ready = append(q.ready, e)
	close(q.arrived)
	q.arrived = make(chan struct{})
}

func (q *Queue) wait(e *entry, until time.Time) {
	e.at = until
	heap.Push(&q.waiting, e)
}

// Receive hands out up to most messages. Where there are none it waits, up to
// wait, until there is one or the context ends. Each message is hidden for the
// given time, or for the queue's if that is negative.
func (q *Queue) Receive(ctx context.Context, most int, wait, visibility time.Duration) ([]Delivery, error) {
	if visibility < 0 {
		visibility = q.Visibility
	}
	timeout := time.NewTimer(wait)
	defer timeout.Stop()
	for {
		got, next, arrived, err := q.take(most, visibility)
		if len(got) > 0 || wait <= 0 || err != nil {
			return got, err
		}
		soon := time.NewTimer(next)
		select {
		case <-arrived:
		case <-soon.C:
		case <-timeout.C:
			wait = 0
		case <-ctx.Done():
			soon.Stop()
			return nil, nil
		}
		soon.Stop()
	}
}

// take hands out what is ready now, and says when something may become so: next
// by time, or arrived.
func (q *Queue) take(most int, visibility time.Duration) (got []Delivery, next time.Duration, arrived chan struct{}, err error) {
	now := time.Now()
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.waiting) > 0 && !q.waiting[0].at.After(now) {
		e := heap.Pop(&q.waiting).(*entry)
		if e.receipt != "" {
			delete(q.inFlight, e.receipt)
			e.receipt = ""
		}
		q.ready = append(q.ready, e)
	}
	if len(q.inFlight) >= maxInFlight {
		return nil, 0, nil, refuse("OverLimit", "Too many messages in flight.")
	}
	end := len(q.ready) // what is not hidden at all comes again at the next call
	for len(got) < most && q.head < end {
		e := q.ready[q.head]
		q.ready[q.head] = nil
		q.head++
		if d, ok, err := q.deliver(e, now, visibility); err != nil {
			return got, 0, nil, err
		} else if ok {
			got = append(got, d)
		}
	}
	if q.head > len(q.ready)/2 {
		q.ready, q.head = append(q.ready[:0], q.ready[q.head:]...), 0
	}
	next = time.Hour
	if len(q.waiting) > 0 {
		next = q.waiting[0].at.Sub(now)
	}
	return got, next, q.arrived, nil
}

// deliver hands one message out, unless it is too old or dead.
func (q *Queue) deliver(e *entry, now time.Time, visibility time.Duration) (Delivery, bool, error) {
	if now.Sub(e.Sent) > q.Retention {
		return Delivery{}, false, nil
	}
	if q.Dead != nil && e.Receives >= q.MaxReceives {
		dead := &entry{Message: e.Message}
		dead.Receives, dead.First, dead.Source = 0, time.Time{}, q.ARN()
		q.Dead.mu.Lock() // a dead-letter queue has none of its own: no circle
		defer q.Dead.mu.Unlock()
		q.Dead.offer(dead)
		return Delivery{}, false, nil
	}
	id, err := q.service.id()
	if err != nil {
		q.offer(e)
		return Delivery{}, false, err
	}
	e.Receives++
	if e.First.IsZero() {
		e.First = now
	}
	d := Delivery{e.Message, e.ID + "." + id}
	if visibility > 0 {
		e.receipt = d.Receipt
		q.inFlight[e.receipt] = e
		q.wait(e, now.Add(visibility))
	} else {
		q.ready = append(q.ready, e)
	}
	return d, true, nil
}

// Delete ends a message. A receipt of an earlier delivery is accepted and does
// nothing, as with SQS.
func (q *Queue) Delete(receipt string) error {
	if !isReceipt(receipt) {
		return refuse("ReceiptHandleIsInvalid", "The input receipt handle is invalid.")
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	e := q.inFlight[receipt]
	if e == nil {
		return nil
	}
	if !e.repeated && q.service.repeats() {
		e.repeated = true
		return nil
	}
	delete(q.inFlight, receipt)
	heap.Remove(&q.waiting, e.index)
	return nil
}

// Hide changes for how long a message in flight stays hidden, from now on.
func (q *Queue) Hide(receipt string, visibility time.Duration) error {
	switch {
	case visibility < 0 || visibility > maxVisibility:
		return refuse("InvalidParameterValue", "VisibilityTimeout is invalid. Reason: Must be between 0 and 43200.")
	case !isReceipt(receipt):
		return refuse("ReceiptHandleIsInvalid", "The input receipt handle is invalid.")
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	e := q.inFlight[receipt]
	if e == nil {
		return refuse("MessageNotInflight", "The message is not in flight.")
	}
	heap.Remove(&q.waiting, e.index)
	if visibility == 0 {
		delete(q.inFlight, receipt)
		e.receipt = ""
		q.offer(e)
		return nil
	}
	q.wait(e, time.Now().Add(visibility))
	return nil
}

// Count is how many messages are ready, in flight, and sent with a delay that
// has not ended.
func (q *Queue) Count() (ready, inFlight, delayed int) {
	now := time.Now()
	q.mu.Lock()
	defer q.mu.Unlock()
	ready = len(q.ready) - q.head
	for _, e := range q.waiting {
		switch {
		case !e.at.After(now):
			ready++
		case e.receipt != "":
			inFlight++
		default:
			delayed++
		}
	}
	return ready, inFlight, delayed
}

// isReceipt says whether a text has the form of a receipt: a message's ID and
// that of a delivery.
func isReceipt(text string) bool {
	message, delivery, ok := strings.Cut(text, ".")
	return ok && len(message) == idLength && len(delivery) == idLength
}

// seconds is a duration as SQS writes it.
func seconds(d time.Duration) string { return strconv.FormatInt(int64(d/time.Second), 10) }

// byTime is a heap of entries by when they become ready.
type byTime []*entry

func (h byTime) Len() int           { return len(h) }
func (h byTime) Less(i, j int) bool { return h[i].at.Before(h[j].at) }
func (h byTime) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}
func (h *byTime) Push(x any) {
	e := x.(*entry)
	e.index = len(*h)
	*h = append(*h, e)
}
func (h *byTime) Pop() any {
	old := *h
	e := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return e
}

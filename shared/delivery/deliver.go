package delivery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"docket/shared/ingest"
)

// Config is what a Deliverer works with. Ingest.Principal is not used.
type Config struct {
	Ingest  ingest.Config
	Objects Objects
	Letters Sender

	Buckets  []string // whose objects are read
	Accounts []string // whose events are taken

	// MaxReceives is the queues' maxReceiveCount: a message that was received so
	// often is sent to the dead-letter queue here, with the reason, because SQS
	// would do it without.
	MaxReceives int

	// Workers is how many messages are worked on at a time, at least 1: the ledger
	// writes to several shards at once. Files come one by one, whatever this says:
	// what one needs of memory may not be needed several times.
	Workers int

	Now func() time.Time
	Log *slog.Logger
}

// Deliverer takes messages. It is for one goroutine.
type Deliverer struct {
	config  Config
	workers []*ingest.Ingester
}

// New makes a Deliverer.
func New(c Config) *Deliverer {
	d := &Deliverer{config: c}
	for range max(c.Workers, 1) {
		d.workers = append(d.workers, ingest.New(c.Ingest))
	}
	return d
}

// Summary is what became of the messages of one call.
type Summary struct {
	Retry []string // IDs of the messages that were left to the queue, in order

	Records   ingest.Result // Refused counts records, also those of refused messages that could be counted
	Refused   int           // messages that were sent to the dead-letter queue
	Continued int           // files that were put back to go on

	// Lag is the time from what happened to the visible record, of the oldest that
	// was stored; 0 if nothing was, or if it is not known.
	Lag time.Duration
}

// Take works on messages of one queue, until stop says that time is over; what is
// not done then is left to the queue, or continued. requestID is noted with the
// records. It never fails: what fails is a message, and says so.
func (d *Deliverer) Take(ctx context.Context, q Queue, messages []Message, stop func() bool, requestID string) Summary {
	outcomes := make([]outcome, len(messages))
	var next atomic.Int64
	work := func(in *ingest.Ingester) {
		for i := next.Add(1) - 1; i < int64(len(messages)); i = next.Add(1) - 1 {
			outcomes[i] = d.one(ctx, in, q, &messages[i], stop, requestID)
		}
	}
	var wg sync.WaitGroup
	for _, in := range d.workers[1:d.atOnce(q, len(messages))] {
		wg.Go(func() { work(in) })
	}
	work(d.workers[0])
	wg.Wait()
	var s Summary
	for i := range outcomes {
		s.add(&messages[i], &outcomes[i])
	}
	return s
}

// atOnce is how many workers a number of messages needs, at least one.
func (d *Deliverer) atOnce(q Queue, messages int) int {
	if q == Files {
		return 1
	}
	return min(len(d.workers), max(messages, 1))
}

// outcome is what became of one message.
type outcome struct {
	retry, refused, continued bool

	records ingest.Result
	lag     time.Duration
}

func (s *Summary) add(m *Message, o *outcome) {
	if o.retry {
		s.Retry = append(s.Retry, m.ID)
	}
	if o.refused {
		s.Refused++
	}
	if o.continued {
		s.Continued++
	}
	s.Records.Add(o.records)
	s.Lag = max(s.Lag, o.lag)
}

// one works on a message to its end.
func (d *Deliverer) one(ctx context.Context, in *ingest.Ingester, q Queue, m *Message, stop func() bool, requestID string) (o outcome) {
	w := &work{d: d, ctx: ctx, queue: q, message: m}
	err := w.safely(in, stop, requestID)
	o.records = w.result
	if w.result.Stored > 0 && !w.text.happen.IsZero() && m.text(Identity) == "" && m.text(Progress) == "" {
		o.lag = max(d.config.Now().Sub(w.text.happen), 0)
	}
	if err == nil {
		err = w.settle(&o)
	}
	if err == nil {
		return o
	}
	reason := err.Error()
	switch {
	case permanent(err):
		err = w.refuse(&o, reason, nil)
	case d.config.MaxReceives <= 0 || m.Received < d.config.MaxReceives:
	case errors.Is(err, errNoTime):
		err = w.putBack(&o)
	default:
		reason = fmt.Sprintf("given up after %d tries, the last one: %s", m.Received, reason)
		err = w.refuse(&o, reason, nil)
	}
	if err != nil {
		d.config.Log.Warn("message left to the queue", "queue", q.String(), "message", m.ID, "tries", m.Received, "reason", clip(reason), "error", err.Error())
		o.retry = true
	}
	return o
}

// work is one message being worked on.
type work struct {
	d       *Deliverer
	ctx     context.Context
	queue   Queue
	message *Message

	text     text
	result   ingest.Result
	refusals refusals
	reached  ingest.Progress
	ended    bool
}

var errFault = errors.New("internal fault")

// safely keeps a fault of ours in one message: the others of its batch must not
// wait, or end as dead letters, for it.
func (w *work) safely(in *ingest.Ingester, stop func() bool, requestID string) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			w.d.config.Log.Error("fault in a message", "queue", w.queue.String(), "message", w.message.ID, "fault", fmt.Sprint(fault), "stack", string(debug.Stack()))
			err = errFault
		}
	}()
	return w.store(in, stop, requestID)
}

var (
	errNoTime = errors.New("there was no time to begin")
	errStuck  = errors.New("not one batch of records could be stored in the time of an invocation")
)

// store brings the records of the message into the ledger.
func (w *work) store(in *ingest.Ingester, stop func() bool, requestID string) error {
	t, err := w.d.read(w.queue, w.message)
	if err != nil {
		return err
	}
	w.text, w.reached = *t, t.from
	if stop() {
		return errNoTime
	}
	body, err := t.open(w.ctx)
	if err != nil {
		return fmt.Errorf("open the object: %w", err)
	}
	defer body.Close()
	t.origin.RequestID = requestID
	w.result, w.reached, w.ended, err = in.Stream(w.ctx, body, t.origin, t.from, stop, w.refusals.add)
	switch {
	case err != nil:
		return err
	case !w.ended && (w.queue != Files || w.reached.Entry <= max(t.from.Entry, 1)):
		return fmt.Errorf("from record %d on: %w", w.reached.Entry, errStuck)
	case w.ended && w.result == ingest.Result{} && !t.empty && w.refusals.count == 0:
		return refusef("the message holds no record")
	}
	return nil
}

// settle does what is left when the text was read: letters.
func (w *work) settle(o *outcome) error {
	if w.refusals.count > 0 {
		var part *ingest.Progress
		if !w.ended || w.text.from != (ingest.Progress{}) {
			part = &ingest.Progress{Entry: max(w.text.from.Entry, 1), Refused: w.text.from.Refused, Until: w.text.from.Until}
			if !w.ended {
				part.Until = w.reached.Entry
			}
		}
		if err := w.refuse(o, w.refusals.reason(w.result), part); err != nil {
			return err
		}
	}
	if w.ended {
		return nil
	}
	return w.putBack(o)
}

// putBack sends the message to its queue again, to go on where it is.
func (w *work) putBack(o *outcome) error {
	if err := w.d.requeue(w.ctx, w.queue, w.message, w.reached); err != nil {
		return fmt.Errorf("put back into the queue, to go on from record %d: %w", w.reached.Entry, err)
	}
	o.continued = true
	w.d.config.Log.Info("message put back to be continued", "queue", w.queue.String(), "message", w.message.ID, "entry", w.reached.Entry)
	return nil
}

// refuse sends the message to the dead-letter queue.
func (w *work) refuse(o *outcome, reason string, part *ingest.Progress) error {
	if err := w.d.dead(w.ctx, w.queue, w.message, reason, part); err != nil {
		return fmt.Errorf("send to the dead-letter queue: %w", err)
	}
	o.refused = true
	w.d.config.Log.Warn("message refused, wholly or in part", "queue", w.queue.String(), "message", w.message.ID, "reason", clip(reason))
	return nil
}

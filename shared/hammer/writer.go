package hammer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"docket/shared/client"
	"docket/shared/wire"
)

// writer sends batches of all sorts, one after the other.
func (r *run) writer(ctx context.Context, dice *rand.Rand) error {
	for ctx.Err() == nil && r.book.sent() < r.MaxRecords {
		n := r.size(dice)
		if err := r.pace(ctx, n); err != nil {
			return err
		}
		var err error
		switch k := dice.IntN(100); {
		case k < 40:
			err = r.writePlain(ctx, dice, n)
		case k < 80:
			err = r.writeKeyed(ctx, dice, n)
		case k < 85:
			err = r.writeCut(ctx, dice, n)
		case k < 92:
			err = r.writeReused(ctx, dice, n)
		default:
			err = r.writeBad(ctx, dice, n)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// size is that of the next batch: single records and large batches alike.
func (r *run) size(dice *rand.Rand) int {
	sizes := [...]int{1, 1, 1, 1, 10, 10, 10, 100, 100, 1000}
	return min(sizes[dice.IntN(len(sizes))], r.Batch)
}

// pace waits until n more records may be written.
func (r *run) pace(ctx context.Context, n int) error {
	if r.Rate == 0 {
		return nil
	}
	r.paceMu.Lock()
	now := time.Now()
	if r.nextWrite.Before(now.Add(-time.Second)) {
		r.nextWrite = now.Add(-time.Second) // what could not be written is not made up for
	}
	wait := r.nextWrite.Sub(now)
	r.nextWrite = r.nextWrite.Add(time.Duration(float64(n) / r.Rate * float64(time.Second)))
	r.paceMu.Unlock()
	return pause(ctx, wait)
}

func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// on is a client in one of the formats, on a kept or a new connection.
func (r *run) on(dice *rand.Rand) *client.Client {
	c := r.Client
	if dice.IntN(10) == 0 {
		c = r.Fresh
	}
	return c.In([...]wire.Format{wire.XML, wire.JSON}[dice.IntN(2)])
}

// writePlain sends a batch once and without a key.
func (r *run) writePlain(ctx context.Context, dice *rand.Rand, n int) error {
	number, b := r.book.open(n, false)
	c := r.on(dice)
	body := wire.AppendRecords(nil, c.Format(), r.content.records(number, n))
	began := time.Now()
	return r.settle(ctx, number, b, began, c.WriteOnce(ctx, body))
}

// writeKeyed sends a batch with a key, and some of them again: at the same time,
// or later, on the same or a new connection.
func (r *run) writeKeyed(ctx context.Context, dice *rand.Rand, n int) error {
	number, b := r.book.open(n, false)
	c := r.on(dice)
	body := wire.AppendRecords(nil, c.Format(), r.content.records(number, n))
	key := r.key(number)
	var twin chan error
	if dice.IntN(10) == 0 {
		twin = make(chan error, 1)
		go func() { twin <- r.Fresh.In(c.Format()).Write(ctx, body, key) }()
	}
	began := time.Now()
	err := c.Write(ctx, body, key)
	if twin != nil {
		r.again.Add(1)
		// Acknowledged is acknowledged, whichever of the two it was.
		if other := <-twin; err != nil {
			err = other
		} else if refused(other) {
			r.found.add(Answer, "batch %d was acknowledged, and its twin at the same time answered: %v", number, other)
		}
	}
	if err := r.settle(ctx, number, b, began, err); err != nil {
		return err
	}
	for err == nil && dice.IntN(5) == 0 {
		again := r.Client
		if dice.IntN(2) == 0 {
			again = r.Fresh
		}
		r.again.Add(1)
		if repeated := again.In(c.Format()).Write(ctx, body, key); refused(repeated) {
			r.found.add(Answer, "batch %d was acknowledged and, sent again with its key, answered: %v", number, repeated)
		}
	}
	return nil
}

// writeCut goes away in the middle of a request: the batch is stored or not.
func (r *run) writeCut(ctx context.Context, dice *rand.Rand, n int) error {
	number, b := r.book.open(n, false)
	c := r.Fresh.In([...]wire.Format{wire.XML, wire.JSON}[dice.IntN(2)])
	body := wire.AppendRecords(nil, c.Format(), r.content.records(number, n))
	short, cancel := context.WithTimeout(ctx, time.Duration(dice.IntN(8000))*time.Microsecond)
	defer cancel()
	began := time.Now()
	err := c.WriteOnce(short, body)
	if err != nil && !refused(err) {
		b.unknown = true
		return nil
	}
	return r.settle(ctx, number, b, began, err)
}

// writeReused sends a batch with the key of another, which must be refused.
func (r *run) writeReused(ctx context.Context, dice *rand.Rand, n int) error {
	number, b := r.book.open(n, false)
	c := r.on(dice)
	began := time.Now()
	err := c.Write(ctx, wire.AppendRecords(nil, c.Format(), r.content.records(number, n)), r.key(number))
	if serr := r.settle(ctx, number, b, began, err); serr != nil || err != nil {
		return serr
	}
	other, _ := r.book.open(n, true)
	c = r.on(dice)
	err = c.Write(ctx, wire.AppendRecords(nil, c.Format(), r.content.records(other, n)), r.key(number))
	r.mustRefuse(ctx, other, "a body with the key of another", err)
	return nil
}

// writeBad sends a batch in which something is wrong.
func (r *run) writeBad(ctx context.Context, dice *rand.Rand, n int) error {
	number, _ := r.book.open(n, true)
	c := r.on(dice)
	recs := r.content.records(number, n)
	at, what := dice.IntN(n), ""
	damage := func(body []byte) []byte { return body }
	switch dice.IntN(5) {
	case 0:
		what, recs[at].Who = "a record without Who", ""
	case 1:
		what, recs[at].Where = "a record whose Where is too long", string(bytes.Repeat([]byte("x"), 256))
	case 2:
		what, recs[at].Plan.Name = "a record of an unknown plan", "hammer-no-such-plan-"+r.Run
	case 3:
		what, damage = "a body without its end", func(body []byte) []byte { return body[:len(body)-2] }
	case 4:
		what, damage = "a body with something behind it", func(body []byte) []byte { return append(body, "<x/>"...) }
	}
	r.mustRefuse(ctx, number, what, c.WriteOnce(ctx, damage(wire.AppendRecords(nil, c.Format(), recs))))
	return nil
}

// mustRefuse judges the answer to a request that must be answered 400.
func (r *run) mustRefuse(ctx context.Context, number uint32, what string, err error) {
	var answer *client.Refused
	switch {
	case err == nil:
		r.found.add(Answer, "batch %d, %s, was acknowledged", number, what)
	case errors.As(err, &answer) && answer.Status == http.StatusBadRequest:
		r.bad.Add(1)
	case refused(err):
		r.found.add(Answer, "batch %d, %s, was answered: %v", number, what, err)
	case ctx.Err() == nil:
		r.write.failed.Add(1)
	}
}

// settle notes what became of a good batch. It returns an error only when there
// is no use in going on.
func (r *run) settle(ctx context.Context, number uint32, b *batch, began time.Time, err error) error {
	switch {
	case err == nil:
		b.known(r.now())
		r.acked.Add(int64(b.n))
		r.write.add(time.Since(began), int(b.n))
	case refused(err):
		r.found.add(Answer, "batch %d was answered: %v", number, err)
		var answer *client.Refused
		if errors.As(err, &answer) && answer.Status == http.StatusUnauthorized {
			return fmt.Errorf("write: %w", err)
		}
	default:
		b.unknown = true
		if ctx.Err() == nil {
			r.write.failed.Add(1)
		}
	}
	return nil
}

// refused says whether an error is an answer that settles the matter: anything
// but the promise that the batch was stored never or once.
func refused(err error) bool {
	var answer *client.Refused
	return errors.As(err, &answer) && answer.Status < http.StatusInternalServerError
}

func (r *run) key(number uint32) string {
	return "hammer-" + r.Run + "-" + strconv.FormatUint(uint64(number), 10)
}

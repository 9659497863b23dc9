package hammer

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"docket/shared/client"
	"docket/shared/wire"
)

// shelf keeps a few walks as they were at some mark, for others to resume.
type shelf struct {
	mu    sync.Mutex
	walks []*walk
}

// shelfSize is how many: each takes 4 bytes a batch.
const shelfSize = 8

func (s *shelf) put(dice *rand.Rand, w *walk) {
	kept := w.clone()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.walks) < shelfSize {
		s.walks = append(s.walks, kept)
		return
	}
	s.walks[dice.IntN(shelfSize)] = kept
}

func (s *shelf) get(dice *rand.Rand) *walk {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.walks) == 0 {
		return nil
	}
	return s.walks[dice.IntN(len(s.walks))].clone()
}

// follower is one walk for the whole run: it polls, as a client that forwards
// records does.
func (r *run) follower(ctx context.Context, dice *rand.Rand) error {
	w := &walk{mark: r.origin}
	judged := time.Now()
	for ctx.Err() == nil {
		n, asked, err := r.step(ctx, dice, w)
		switch {
		case err != nil:
			return err
		case n > 0:
			continue
		case time.Since(judged) > time.Second:
			r.ended(w, r.book.all(), asked)
			r.walks.Add(1)
			r.marks.put(dice, w)
			judged = time.Now()
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return nil
		}
	}
	return nil
}

// reader walks from the beginning, and resumes walks that others have left.
func (r *run) reader(ctx context.Context, dice *rand.Rand) error {
	for ctx.Err() == nil {
		w := r.marks.get(dice)
		if w == nil || dice.IntN(4) == 0 {
			w = &walk{mark: r.origin}
		}
		if err := r.finish(ctx, dice, w); err != nil {
			return err
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return nil
		}
	}
	return nil
}

// finish goes on with a walk to its end, and judges it.
func (r *run) finish(ctx context.Context, dice *rand.Rand, w *walk) error {
	for {
		n, asked, err := r.step(ctx, dice, w)
		if err != nil {
			return err
		}
		if n == 0 {
			if w.mark != "" && ctx.Err() == nil {
				r.ended(w, r.book.all(), asked)
				r.walks.Add(1)
			}
			return nil
		}
		if dice.IntN(20) == 0 {
			r.marks.put(dice, w)
		}
	}
}

// step reads a walk's next page, now and then twice, and returns how many records
// it had and when it was asked for. A request that fails for good is counted, and
// the walk stays where it is.
func (r *run) step(ctx context.Context, dice *rand.Rand, w *walk) (n int, asked int64, err error) {
	for {
		asked = r.now()
		page, err := r.page(ctx, dice, w.mark)
		if err != nil {
			if err = r.passing(ctx, &r.enum, err); err != nil {
				return 0, asked, err
			}
			continue
		}
		if dice.IntN(16) == 0 && len(page.Records) > 0 {
			r.repeat(ctx, dice, w, len(page.Records))
		}
		r.take(w, page.Records, r.now())
		w.mark = page.Mark
		return len(page.Records), asked, nil
	}
}

// page asks in either format for a page of some size.
func (r *run) page(ctx context.Context, dice *rand.Rand, mark string) (client.Page, error) {
	counts := [...]int{0, 1000, 1000, 5000, 5000, 313, 17}
	began := time.Now()
	page, err := r.on(dice).Enum(ctx, mark, counts[dice.IntN(len(counts))])
	if err == nil {
		r.enum.add(time.Since(began), len(page.Records))
	}
	return page, err
}

// repeat asks again for the page after a walk's mark, of n records before. What
// has come since may stand between them, in another shard; but every batch must
// go on where the walk has left it, with the same RIDs. Some go on from there.
func (r *run) repeat(ctx context.Context, dice *rand.Rand, w *walk, n int) {
	page, err := r.page(ctx, dice, w.mark)
	if err != nil {
		return // the walk itself will meet what is wrong
	}
	r.repeats.Add(1)
	if len(page.Records) == 0 {
		r.found.add(Unstable, "enum: a mark that gave %d records gave none when asked again", n)
		return
	}
	fork := w.clone()
	r.take(fork, page.Records, r.now())
	fork.mark = page.Mark
	if dice.IntN(4) == 0 {
		r.marks.put(dice, fork)
	}
}

// passing counts a request that failed, and says with nil that it may be made
// again.
func (r *run) passing(ctx context.Context, m *meter, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var answer *client.Refused
	if errors.As(err, &answer) && answer.Status < http.StatusInternalServerError {
		r.found.add(Answer, "a page was answered: %v", err)
		return fmt.Errorf("read: %w", err)
	}
	m.failed.Add(1)
	return pause(ctx, 100*time.Millisecond)
}

// final walks once more when all is quiet, in each format. Batches of which
// nobody has heard have by now been stored, or never will be.
func (r *run) final(ctx context.Context) error {
	for _, f := range []wire.Format{wire.JSON, wire.XML} {
		w := &walk{mark: r.origin}
		for {
			asked := r.now()
			page, err := r.Client.In(f).Enum(ctx, w.mark, 5000)
			if err != nil {
				return err
			}
			r.take(w, page.Records, r.now())
			w.mark = page.Mark
			if len(page.Records) == 0 {
				r.ended(w, r.book.all(), asked)
				r.walks.Add(1)
				break
			}
		}
	}
	return nil
}

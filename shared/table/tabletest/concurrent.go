package tabletest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"

	"docket/shared/table"
)

// testIncrements has writers add one to a counter by compare-and-swap: none may
// be lost and none applied twice.
func testIncrements(s *suite) {
	const writers, each = 8, 25
	k := key("increments", "counter")
	s.must(putIf(item(k, 0, ""), table.Absent, 0))
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for done := 0; done < each; {
				ok, err := s.increment(k)
				if err != nil {
					s.Error(err)
					return
				}
				if ok {
					done++
				}
			}
		})
	}
	wg.Wait()
	if got := s.get(k); len(got) != 1 || got[0].Version != writers*each {
		s.Errorf("counter is %s, want version %d", shown(got), writers*each)
	}
}

// increment tries once to add one to the version of the item under k.
func (s *suite) increment(k table.Key) (bool, error) {
	items, err := s.tbl.Get(s.ctx, k)
	if err != nil || len(items) != 1 {
		return false, fmt.Errorf("get counter: %d items, %w", len(items), err)
	}
	was := items[0].Version
	err = s.write(putIf(item(k, was+1, ""), table.VersionIs, was))
	var ce *table.ConditionError
	if !errors.As(err, &ce) {
		return err == nil, err
	}
	if now := ce.Failed[0].Existing; now == nil || now.Version <= was {
		return false, fmt.Errorf("counter at %d: condition failed, yet there is %+v", was, now)
	}
	return false, nil
}

// testOneWinner has writers put the same key if absent: one wins, and the
// others are told what it wrote.
func testOneWinner(s *suite) {
	const rounds, writers = 25, 8
	for round := range rounds {
		k := key("one winner", fmt.Sprint(round))
		errs := make([]error, writers)
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				errs[w] = s.write(putIf(item(k, uint64(w), fmt.Sprint("writer ", w)), table.Absent, 0))
			})
		}
		wg.Wait()
		winner := -1
		for w, err := range errs {
			if err == nil && winner >= 0 {
				s.Fatalf("round %d: writers %d and %d won", round, winner, w)
			}
			if err == nil {
				winner = w
			}
		}
		if winner < 0 {
			s.Fatalf("round %d: no writer won: %v", round, errs)
		}
		want := item(k, uint64(winner), fmt.Sprint("writer ", winner))
		for w, err := range errs {
			if w != winner {
				s.failed(err, map[int][]table.Item{0: {want}})
			}
		}
		s.holds([]table.Key{k}, want)
	}
}

// testTransfers moves amounts between accounts in transactions: their sum must
// stay the same, which it does only if each applies as a whole.
func testTransfers(s *suite) {
	const accounts, start, writers, each = 6, 1000, 4, 25
	keys := make([]table.Key, accounts)
	for i := range keys {
		keys[i] = key(fmt.Sprint("transfers ", i%2), fmt.Sprint(i))
		s.must(put(item(keys[i], 0, amount(start))))
	}
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(1, uint64(w)))
			for done := 0; done < each; {
				from, to := rnd.IntN(accounts), rnd.IntN(accounts)
				if from == to {
					continue
				}
				ok, err := s.transfer(keys[from], keys[to], 1+rnd.IntN(50))
				if err != nil {
					s.Error(err)
					return
				}
				if ok {
					done++
				}
			}
		})
	}
	wg.Wait()
	sum, moves := 0, uint64(0)
	for _, it := range s.get(keys...) {
		sum += amountOf(it)
		moves += it.Version
	}
	if sum != accounts*start || moves != 2*writers*each {
		s.Errorf("sum %d after %d moves, want %d after %d", sum, moves, accounts*start, 2*writers*each)
	}
}

func (s *suite) transfer(from, to table.Key, n int) (bool, error) {
	items, err := s.tbl.Get(s.ctx, from, to)
	if err != nil || len(items) != 2 {
		return false, fmt.Errorf("get accounts: %d items, %w", len(items), err)
	}
	a, b := items[0], items[1]
	err = s.write(
		putIf(item(from, a.Version+1, amount(amountOf(a)-n)), table.VersionIs, a.Version),
		putIf(item(to, b.Version+1, amount(amountOf(b)+n)), table.VersionIs, b.Version),
	)
	if ce := (*table.ConditionError)(nil); errors.As(err, &ce) {
		return false, nil
	}
	return err == nil, err
}

func amount(n int) string { return string(binary.BigEndian.AppendUint64(nil, uint64(n))) }

func amountOf(it table.Item) int { return int(int64(binary.BigEndian.Uint64(it.Value))) }

// testReadersAndWriters appends to logs while others read them: what a writer
// was told is durable must be in every read that begins afterwards, in full.
func testReadersAndWriters(s *suite) {
	const writers, each = 4, 40
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			p := fmt.Sprint("log ", w)
			for i := range each {
				a, b := item(key(p, fmt.Sprintf("%04d a", i)), uint64(i), p), item(key(p, fmt.Sprintf("%04d b", i)), uint64(i), p)
				if err := s.write(putIf(a, table.Absent, 0), putIf(b, table.Absent, 0)); err != nil {
					s.Errorf("append %d to %s: %v", i, p, err)
					return
				}
				page, err := s.tbl.Query(s.ctx, table.Query{Partition: p})
				if err != nil || len(page.Items) != 2*(i+1) {
					s.Errorf("%s after %d appends: %d items, %v", p, i+1, len(page.Items), err)
					return
				}
				other := fmt.Sprint("log ", (w+1)%writers)
				page, err = s.tbl.Query(s.ctx, table.Query{Partition: other, Reverse: true, Limit: 2})
				if err != nil || len(page.Items) > 2 {
					s.Errorf("tail of %s: %d items, %v", other, len(page.Items), err)
					return
				}
			}
		})
	}
	wg.Wait()
}

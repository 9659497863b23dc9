package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"

	"docket/shared/access"
	"docket/shared/activity"
	"docket/shared/ledger"
	"docket/shared/wire"
)

// write stores a batch: all of it, durably, or nothing.
func (h *Handler) write(ctx context.Context, c *call, out *answer, r *http.Request, body []byte) error {
	key, err := idempotencyKey(r.Header.Values("Idempotency-Key"), c, body)
	if err != nil {
		return err
	}
	// The parsed records take about as much again as the body they point into.
	if err := c.share.grow(ctx, c.share.held+int64(len(body))); err != nil {
		return err
	}
	records, err := wire.ReadRecords(c.params.format, body)
	if err != nil {
		return err
	}
	if err := resolvePlans(c.params.format, records, c.snapshot); err != nil {
		return err
	}
	_, err = h.Writer.Append(ctx, ledger.Batch{
		Records:   records,
		Principal: c.caller.Account,
		RequestID: c.id,
		Key:       key,
	})
	if err != nil {
		return err
	}
	c.records = len(records)
	out.written()
	return nil
}

// idempotencyKey reads the header of that name: 1 to 200 visible ASCII
// characters that belong to the account (contract, section 8). Without it there
// may be a key all the same: see repeatKey.
func idempotencyKey(values []string, c *call, body []byte) (*ledger.Key, error) {
	if len(values) == 0 {
		return repeatKey(c, body), nil
	}
	if len(values) > 1 || !validKey(values[0]) {
		return nil, invalidInput("Idempotency-Key must be given once and have 1 to 200 visible ASCII characters.")
	}
	return &ledger.Key{Owner: c.caller.Account, Text: values[0], Life: keyLife, Body: bodyHash(c, body)}, nil
}

// repeatKey stands in for the header where the account recognises repeated
// bodies: the body is its own key, for a while. The space keeps it apart from
// every key of the header.
func repeatKey(c *call, body []byte) *ledger.Key {
	account, ok := c.snapshot.Account(c.caller.Account)
	if !ok || !account.RecogniseRepeats {
		return nil
	}
	hash := bodyHash(c, body)
	return &ledger.Key{
		Owner: c.caller.Account, Text: "body " + hex.EncodeToString(hash[:]), Life: keyLife, Body: hash, Window: repeatWindow,
	}
}

// bodyHash is of the body, expanded, and its format.
func bodyHash(c *call, body []byte) (sum [sha256.Size]byte) {
	hash := sha256.New()
	hash.Write([]byte{byte(c.params.format)})
	hash.Write(body)
	hash.Sum(sum[:0])
	return sum
}

func validKey(s string) bool {
	if s == "" || len(s) > maxKey {
		return false
	}
	for i := 0; i < len(s); i++ {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// resolvePlans replaces the plan that each record names by the plan itself,
// once and for ever: the ID decides who may read the record. A plan that does
// not exist or is not enabled for API data is refused, with one text for both.
func resolvePlans(f wire.Format, records []activity.Record, s *access.Snapshot) error {
	var problems []wire.Error
	known := map[activity.Plan]activity.Plan{}
	for i := range records {
		given := records[i].Plan
		if given == (activity.Plan{}) {
			continue
		}
		plan, ok := known[given]
		if !ok {
			plan = lookupPlan(s, given)
			known[given] = plan
		}
		if plan.ID == "" {
			if len(problems) < maxProblems {
				problems = append(problems, unknownPlan(f, i))
			}
			continue
		}
		records[i].Plan = plan
	}
	if problems != nil {
		return &wire.Invalid{Errors: problems}
	}
	return nil
}

// maxProblems bounds the errors of one answer.
const maxProblems = 100

// lookupPlan returns the plan for a name, an ID, or both if they agree; the
// zero Plan if it cannot be written to.
func lookupPlan(s *access.Snapshot, given activity.Plan) activity.Plan {
	plan, ok := s.Plan(given.Name, given.ID)
	if !ok || !plan.Enabled {
		return activity.Plan{}
	}
	return activity.Plan{ID: plan.ID, Name: plan.Name}
}

func unknownPlan(f wire.Format, i int) wire.Error {
	return wire.Error{
		Category:    wire.InputError,
		Description: "The monitoring plan does not exist or does not accept data through the API.",
		Location:    wire.RecordLocation(f, i) + "/MonitoringPlan",
	}
}

var _ http.Handler = (*Handler)(nil)

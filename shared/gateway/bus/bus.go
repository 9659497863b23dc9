package bus

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Rule sends the events that match to a target.
type Rule struct {
	Name    string
	Pattern Pattern
	// ManagementReads says that the rule gets events of CloudTrail that only read,
	// which other rules do not (state ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS).
	ManagementReads bool
	Target          func(event []byte) error
}

// Config is what a Bus is made of.
type Config struct {
	Account, Region string
	Rules           []Rule
	Rand            io.Reader // of ids
}

// Bus is the default bus, and as an http.Handler its action PutEvents. It is safe
// for concurrent use.
type Bus struct {
	Config
	mu sync.Mutex // of Rand
}

// New makes a bus.
func New(c Config) *Bus { return &Bus{Config: c} }

// ErrEvent says that something is no event.
var ErrEvent = errors.New("no event of EventBridge")

// maxEvent is the quota of an entry of PutEvents, in bytes.
const maxEvent = 256 << 10

// Put sends an event, JSON with its envelope, to the targets of all rules that
// match, byte for byte. It returns how many there were.
func (b *Bus) Put(event []byte) (int, error) {
	var fields map[string]any
	if err := json.Unmarshal(event, &fields); err != nil {
		return 0, fmt.Errorf("%w: %w", ErrEvent, err)
	}
	for _, name := range []string{"id", "detail-type", "source", "account", "time", "region"} {
		if s, ok := fields[name].(string); !ok || s == "" {
			return 0, fmt.Errorf("%w: it has no %s", ErrEvent, name)
		}
	}
	matched := 0
	for _, r := range b.Rules {
		if !r.Pattern(fields) || readOnly(fields) && !r.ManagementReads {
			continue
		}
		matched++
		if err := r.Target(event); err != nil {
			return matched, fmt.Errorf("rule %s: %w", r.Name, err)
		}
	}
	return matched, nil
}

// readOnly says whether an event is one of those of CloudTrail that EventBridge
// keeps from rules which do not ask for them.
func readOnly(event map[string]any) bool {
	detail, _ := event["detail"].(map[string]any)
	via, _ := event["detail-type"].(string)
	return strings.HasSuffix(via, "via CloudTrail") && detail["readOnly"] == true && detail["managementEvent"] == true
}

// Target is the header X-Amz-Target of PutEvents.
const Target = "AWSEvents.PutEvents"

type entry struct {
	Source, DetailType, Detail string
	Resources                  []string
	Time                       float64
}

type result struct {
	EventID      string `json:"EventId,omitempty"`
	ErrorCode    string `json:",omitempty"`
	ErrorMessage string `json:",omitempty"`
}

// ServeHTTP answers PutEvents.
func (b *Bus) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	var in struct{ Entries []entry }
	err := json.NewDecoder(io.LimitReader(r.Body, 16*maxEvent)).Decode(&in)
	if r.Header.Get("X-Amz-Target") != Target || err != nil || len(in.Entries) == 0 || len(in.Entries) > 10 {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"__type":"ValidationException","message":"PutEvents takes 1 to 10 entries; other actions are not there."}`) // the client is gone
		return
	}
	var out struct {
		Entries          []result
		FailedEntryCount int
	}
	for _, e := range in.Entries {
		res := b.put(e)
		if res.ErrorCode != "" {
			out.FailedEntryCount++
		}
		out.Entries = append(out.Entries, res)
	}
	_ = json.NewEncoder(w).Encode(out) // an error means that the client is gone
}

// put makes an event of an entry.
func (b *Bus) put(e entry) result {
	var detail map[string]any
	switch {
	case e.Source == "" || e.DetailType == "" || e.Detail == "":
		return result{ErrorCode: "InvalidArgument", ErrorMessage: "Source, DetailType and Detail are required."}
	case strings.HasPrefix(e.Source, "aws."):
		return result{ErrorCode: "NotAuthorizedForSourceException", ErrorMessage: "Not authorized for the source."}
	case json.Unmarshal([]byte(e.Detail), &detail) != nil:
		return result{ErrorCode: "MalformedDetail", ErrorMessage: "Detail is malformed."}
	case len(e.Source)+len(e.DetailType)+len(e.Detail) > maxEvent:
		return result{ErrorCode: "InvalidArgument", ErrorMessage: "The entry is larger than 256 KB."}
	}
	var id [16]byte
	b.mu.Lock()
	_, err := io.ReadFull(b.Rand, id[:])
	b.mu.Unlock()
	h := hex.EncodeToString(id[:])
	made := h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
	when := time.Now()
	if e.Time > 0 {
		when = time.UnixMilli(int64(e.Time * 1000))
	}
	event, err2 := json.Marshal(map[string]any{
		"version": "0", "id": made, "detail-type": e.DetailType, "source": e.Source, "account": b.Account, "region": b.Region,
		"time": when.UTC().Format(time.RFC3339), "resources": append([]string{}, e.Resources...), "detail": json.RawMessage(e.Detail),
	})
	if err := errors.Join(err, err2); err != nil {
		return result{ErrorCode: "InternalFailure", ErrorMessage: err.Error()}
	}
	if _, err := b.Put(event); err != nil {
		return result{ErrorCode: "InternalFailure", ErrorMessage: err.Error()}
	}
	return result{EventID: made}
}

package source

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"docket/shared/activity"
)

// DataSource is the data source of records made from events of CloudTrail.
const DataSource = "Amazon Web Services"

// MaxWhat bounds What in bytes. What is longer is in the details as well.
const MaxWhat = 2 << 10

// Mapper turns events into records. It is for one goroutine.
type Mapper struct {
	mapping *Mapping
	parser  *parser
	cleaner *cleaner
	used    []*node
}

// NewMapper makes one. Any number may share a mapping.
func NewMapper(m *Mapping) *Mapper {
	return &Mapper{mapping: m, parser: newParser(), cleaner: newCleaner(&m.secrets)}
}

// Event maps one event of CloudTrail, a JSON object. An error says, without
// quoting the event, why it cannot be a record.
func (m *Mapper) Event(data []byte) (activity.Record, error) {
	root, err := m.parser.parse(data)
	if err != nil {
		return activity.Record{}, err
	}
	return m.event(root, nil)
}

// isEvent says whether a value is meant as an event of CloudTrail, also one that
// lacks something: an activity record has none of these fields.
func isEvent(n *node) bool {
	return n.get("eventSource") != nil || n.get("eventName") != nil || n.get("eventVersion") != nil
}

// event maps an event. extra are details from around it.
func (m *Mapper) event(event *node, extra []activity.Detail) (activity.Record, error) {
	r := activity.Record{DataSource: DataSource}
	source, name, err := checkEvent(event, &r.When)
	if err != nil {
		return r, err
	}
	m.cleaner.clean(event, source)
	m.used = m.used[:0]
	m.frame(event, &r)
	d := detailer{list: make([]activity.Detail, 0, 40)}
	if rule := m.mapping.rule(source, baseEvent(name)); rule != nil {
		m.byRule(rule, event, &r, &d)
	} else {
		m.byName(source, baseEvent(name), event, &r)
	}
	for _, n := range m.used {
		n.used = true
	}
	for _, e := range extra {
		d.add(e)
	}
	d.rest(event)
	r.Details = d.end()
	if problems := r.Check(nil, ""); len(problems) > 0 {
		return r, errors.New(problems[0].Text)
	}
	return r, nil
}

// checkEvent refuses what lacks the fields without which there is no record.
func checkEvent(event *node, when *int64) (source, name string, err error) {
	source, name = event.get("eventSource").str(), event.get("eventName").str()
	switch {
	case event.kind != '{':
		return "", "", errors.New("this is not a JSON object")
	case strings.TrimSpace(source) == "":
		return "", "", errors.New("eventSource is missing or not a text")
	case strings.TrimSpace(name) == "":
		return "", "", errors.New("eventName is missing or not a text")
	case source == "aws:s3":
		return "", "", errors.New("this is a notification of S3, not an event of CloudTrail")
	case event.get("eventTime") == nil:
		return "", "", errors.New("eventTime is missing")
	}
	var ok bool
	if *when, ok = activity.ParseWhen(event.get("eventTime").str()); !ok {
		return "", "", errors.New("eventTime is not a time of the form YYYY-MM-DDTHH:MM:SSZ")
	}
	return source, name, nil
}

// frame fills the fields that all events have.
func (m *Mapper) frame(event *node, r *activity.Record) {
	whole := func(text, name string) {
		if n := event.get(name); n != nil && n.str() != "" && strings.Contains(text, n.str()) {
			m.used = append(m.used, n)
		}
	}
	if when := event.get("eventTime"); len(when.str()) == len("2006-01-02T15:04:05Z") {
		m.used = append(m.used, when)
	}
	r.Who, _ = cutRunes(actor(event), activity.MaxName)
	where, account := place(event)
	r.Where, _ = cutRunes(where, activity.MaxName)
	whole(r.Where, "awsRegion")
	whole(r.Where, "recipientAccountId")
	r.Workstation, _ = cutBytes(event.get("sourceIPAddress").str(), maxValue)
	whole(r.Workstation, "sourceIPAddress")
	if account != "" {
		account, _ = cutRunes(account, activity.MaxName)
		r.Item = account + " (AWS Account)"
	}
}

// byRule fills Action, ObjectType, What and the details of a rule.
func (m *Mapper) byRule(rule *rule, event *node, r *activity.Record, d *detailer) {
	r.Action = rule.action
	if rule.unlessPath != nil && len(find(nil, event, rule.unlessPath)) == 0 {
		r.Action = rule.unless
	}
	failed := hasFailed(event)
	if rule.failedPath != nil {
		for _, n := range find(nil, event, rule.failedPath) {
			failed = failed || n.str() == rule.failedIs
		}
	}
	if failed {
		r.Action = m.failedForm(r.Action)
		if rule.failed != activity.NoAction {
			r.Action = rule.failed
		}
	}
	r.ObjectType, _ = cutRunes(rule.object, activity.MaxName)
	m.setWhat(event, r, rule.what)
	if r.What == "" {
		r.What = event.get("eventName").str()
	}
	for i := range rule.details {
		m.byDetail(&rule.details[i], event, d)
	}
}

func (m *Mapper) byDetail(rule *detailRule, event *node, d *detailer) {
	detail := activity.Detail{PropertyName: rule.name}
	before, used, hasBefore := rule.before.eval(event, m.used)
	after, used, hasAfter := rule.after.eval(event, used)
	if !hasBefore && !hasAfter || rule.both && !(hasBefore && hasAfter) {
		return
	}
	detail.Before, detail.After = before, after
	if d.add(detail) {
		m.used = used
	}
}

// setWhat takes the first text that applies.
func (m *Mapper) setWhat(event *node, r *activity.Record, templates []template) {
	for _, t := range templates {
		text, used, ok := t.eval(event, m.used)
		if !ok || strings.TrimSpace(text) == "" {
			continue
		}
		var cut bool
		if r.What, cut = cutBytes(text, MaxWhat); !cut {
			m.used = used
		}
		return
	}
}

// byName fills the same by the verb and noun of the event's name.
func (m *Mapper) byName(source, name string, event *node, r *activity.Record) {
	readOnly := event.get("readOnly")
	action, noun := m.mapping.action(name, readOnly != nil && readOnly.kind == 't')
	r.Action = action
	if hasFailed(event) {
		r.Action = m.failedForm(action)
	}
	r.ObjectType, _ = cutRunes(m.mapping.object(source, noun), activity.MaxName)
	m.setWhat(event, r, m.mapping.what)
	if r.What == "" {
		m.whatByNoun(event, noun, r)
	}
	if strings.TrimSpace(r.What) == "" {
		r.What, _ = cutBytes(event.get("eventName").str(), MaxWhat)
	}
}

func (m *Mapper) whatByNoun(event *node, noun []string, r *activity.Record) {
	found := called(event, noun)
	if len(found) == 0 {
		found = find(nil, event, []step{{"resources", true}, {"ARN", false}})
	}
	if len(found) == 0 {
		if n := anyName(event.get("requestParameters")); n != nil {
			found = []*node{n}
		}
	}
	var b strings.Builder
	if !joined(&b, found) {
		return
	}
	var cut bool
	if r.What, cut = cutBytes(b.String(), MaxWhat); !cut && len(found) == 1 {
		m.used = append(m.used, found[0])
	}
}

func hasFailed(event *node) bool {
	code := event.get("errorCode")
	return code != nil && code.kind != 'n' && code.text != ""
}

// failedForm is the form of an action for a failure, if it has one.
func (m *Mapper) failedForm(a activity.Action) activity.Action {
	if f, ok := m.mapping.failed[a]; ok {
		return f
	}
	return a
}

// cutRunes keeps the first code points of a text and says whether it had more.
func cutRunes(s string, most int) (string, bool) {
	if len(s) <= most || utf8.RuneCountInString(s) <= most {
		return s, false
	}
	n := 0
	for i := range s {
		if n == most-1 {
			return s[:i] + "…", true
		}
		n++
	}
	return s, false
}

// cutBytes keeps the first bytes of a text, whole code points, and says in it how
// much more there was.
func cutBytes(s string, most int) (string, bool) {
	if len(s) <= most {
		return s, false
	}
	at := most
	for at > 0 && !utf8.RuneStart(s[at]) {
		at--
	}
	return fmt.Sprintf("%s… (%d more bytes)", s[:at], len(s)-at), true
}

package wire

import (
	"docket/shared/activity"
)

// draft is a record as its body has it: texts, not yet understood.
type draft struct {
	text        [numTexts]string
	archiveOnly bool
	details     []activity.Detail
	nameless    int // details without a PropertyName
	seen        set // fields that were given
	bad         set // fields that a problem has been reported for
}

func (d *draft) reset() {
	*d = draft{details: d.details[:0]}
}

// addDetail keeps a detail. When more details have no name than problems are
// listed, the rest of them is dropped: a long list of nothing must not take
// twenty times its memory.
func (d *draft) addDetail(detail activity.Detail, page bool) {
	if detail.PropertyName == "" && !page {
		if d.nameless++; d.nameless > maxErrors+1 {
			return
		}
	}
	d.details = append(d.details, detail)
}

// stand-ins replace values that a problem has been reported for, so that one
// mistake is one error. They never leave this package: a body with problems has
// no records.
const (
	badText   = "?"
	badAction = activity.Added
)

// collector turns drafts into records and finds what is wrong with them.
type collector struct {
	problems
	at *place

	page    bool // answers of the API, not records to be written
	records []activity.Record
	stored  []activity.Stored
	details []activity.Detail // unused end of the newest block

	lastItem, lastIntegration string
}

// add takes the draft of the record at c.at.
func (c *collector) add(d *draft) error {
	c.at.group, c.at.detail, c.at.field = "", 0, ""
	var r activity.Record
	r.Who, r.Where = d.text[fieldWho], d.text[fieldWhere]
	r.ObjectType, r.What = d.text[fieldObjectType], d.text[fieldWhat]
	r.Workstation = d.text[fieldWorkstation]
	r.Plan = activity.Plan{ID: d.text[fieldPlanID], Name: d.text[fieldPlanName]}
	r.ArchiveOnly = d.archiveOnly
	if err := c.parse(&r, d); err != nil {
		return err
	}
	if c.page {
		return c.addStored(&r, d)
	}
	r.DataSource = activity.APIDataSource
	r.Item = c.integrationItem(d.text[fieldItemName])
	r.Details = d.details
	if list := r.Check(nil, ""); list != nil {
		c.at.field = ""
		if err := c.addAll(r.Check(nil, c.at.String())); err != nil {
			return err
		}
	}
	if len(c.list) > 0 {
		return nil // the records will not be used: their memory is better not taken
	}
	r.Details = c.keepDetails(d.details)
	c.records = append(c.records, r)
	return nil
}

// parse reads the two fields that are not text. A blank one is left to
// activity.Record.Check as far as that can see it.
func (c *collector) parse(r *activity.Record, d *draft) error {
	if text := d.text[fieldAction]; d.bad.has(uint8(fieldAction)) {
		r.Action = badAction
	} else if action, ok := activity.ParseAction(text); ok {
		r.Action = action
	} else if c.page || !blank(text) {
		r.Action = badAction
		if err := c.wrong(fieldAction, "There is no action %s.", quote(text)); err != nil {
			return err
		}
	}
	text := d.text[fieldWhen]
	when, ok := activity.ParseWhen(text)
	r.When = when
	switch {
	case ok || d.bad.has(uint8(fieldWhen)):
		return nil
	case blank(text):
		return c.wrong(fieldWhen, "When is required and must not be blank.")
	}
	return c.wrong(fieldWhen, "When must be YYYY-MM-DDTHH:MM:SS with Z or an offset, between the years 0001 and 9999, not %s.", quote(text))
}

// wrong reports a problem with a field of the record at hand.
func (c *collector) wrong(f field, format string, args ...any) error {
	c.at.field = f.String()
	return c.problems.add(InputError, c.at.String(), format, args...)
}

// addStored takes a record that came from the API. It was checked when it was
// written; only what this side must understand is checked again.
func (c *collector) addStored(r *activity.Record, d *draft) error {
	r.DataSource, r.Item = d.text[fieldDataSource], d.text[fieldItemName]
	s := activity.Stored{Record: *r}
	if rid := d.text[fieldRID]; len(rid) == activity.RIDLen {
		copy(s.RID[:], rid)
	} else if !d.bad.has(uint8(fieldRID)) {
		if err := c.wrong(fieldRID, "RID must have %d characters, not %s.", activity.RIDLen, quote(rid)); err != nil {
			return err
		}
	}
	if len(c.list) > 0 {
		return nil
	}
	s.Details = c.keepDetails(d.details)
	c.stored = append(c.stored, s)
	return nil
}

// integrationItem remembers the last item: a batch usually has one.
func (c *collector) integrationItem(name string) string {
	if name == "" {
		return ""
	}
	if name != c.lastItem {
		c.lastItem, c.lastIntegration = name, activity.IntegrationItem(name)
	}
	return c.lastIntegration
}

// detailBlock is how many details are allocated at a time: 16 KiB of them.
const detailBlock = 256

// keepDetails copies a record's details out of the draft, many records to one
// allocation.
func (c *collector) keepDetails(list []activity.Detail) []activity.Detail {
	if len(list) == 0 {
		return nil
	}
	if cap(c.details)-len(c.details) < len(list) {
		c.details = make([]activity.Detail, 0, max(detailBlock, len(list)))
	}
	n := len(c.details)
	c.details = append(c.details, list...)
	return c.details[n:len(c.details):len(c.details)]
}

// blank says whether s has nothing but XML white space. activity knows the
// white space of Unicode; here it only decides which of two messages is given.
func blank(s string) bool { return trim(s) == "" }

// trim removes XML white space from both ends.
func trim(s string) string {
	for s != "" && isSpace(s[0]) {
		s = s[1:]
	}
	for s != "" && isSpace(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// setDetail sets one text of a detail. Message is output only: what is written
// has none.
func setDetail(d *activity.Detail, f field, text string, page bool) {
	switch f {
	case fieldPropertyName:
		d.PropertyName = text
	case fieldBefore:
		d.Before = text
	case fieldAfter:
		d.After = text
	case fieldMessage:
		if page {
			d.Message = text
		}
	}
}

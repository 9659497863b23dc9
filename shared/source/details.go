package source

import (
	"fmt"
	"strings"

	"docket/shared/activity"
)

// Bounds of what an event may put into a record. CloudTrail's own limit of an
// event is 256 KB, and its largest real texts are policies of 20 KB.
const (
	maxValue   = 32 << 10  // bytes of one side of a detail
	maxDetails = 400       // of a record
	maxRecord  = 128 << 10 // bytes of all details of a record
)

// detailer collects the details of one record within the bounds.
type detailer struct {
	list  []activity.Detail
	bytes int
	left  int // out: how many were
}

// add takes a detail. False means that it is not there whole.
func (d *detailer) add(detail activity.Detail) bool {
	var cutName, cutBefore, cutAfter bool
	detail.PropertyName, cutName = cutRunes(detail.PropertyName, activity.MaxName)
	detail.Before, cutBefore = cutBytes(detail.Before, maxValue)
	detail.After, cutAfter = cutBytes(detail.After, maxValue)
	size := len(detail.PropertyName) + len(detail.Before) + len(detail.After)
	if len(d.list) == maxDetails || d.bytes+size > maxRecord {
		d.left++
		return false
	}
	d.bytes += size
	d.list = append(d.list, detail)
	return !cutName && !cutBefore && !cutAfter
}

// end closes the list.
func (d *detailer) end() []activity.Detail {
	if d.left > 0 {
		d.list = append(d.list, activity.Detail{PropertyName: "Left out", After: fmt.Sprintf("%d more properties", d.left)})
	}
	return d.list
}

// firstRest are the properties that people look for first.
var firstRest = []string{"eventName", "eventSource", "errorCode", "errorMessage", "eventID", "requestID"}

// rest adds everything of an event that is not used yet.
func (d *detailer) rest(event *node) {
	for _, name := range firstRest {
		if n := event.get(name); n != nil && !n.used && n.kind != 'n' {
			d.spread(n, name)
			n.used = true
		}
	}
	for i := range event.kids {
		if n := &event.kids[i]; n.kind != 'n' {
			d.spread(n, n.name)
		}
	}
}

// spread adds n under its path, an object's members each.
func (d *detailer) spread(n *node, path string) {
	switch {
	case n.used:
	case n.kind == '{' && len(n.kids) > 0:
		for i := range n.kids {
			d.spread(&n.kids[i], path+"."+n.kids[i].name)
		}
	default:
		if strings.TrimSpace(path) == "" {
			path = "(" + path + ")"
		}
		d.add(activity.Detail{PropertyName: path, After: n.content()})
	}
}

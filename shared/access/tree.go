package access

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sort"
)

// Sizes of leaves in bytes of JSON. Entries that come to more than leafTarget
// are cut into leaves of equal size; a leaf that an edit leaves with less than
// leafLeast is joined with the next. A single entry may be larger than a leaf.
const (
	leafTarget = 64 << 10
	leafLeast  = 8 << 10
)

// leaf is a run of entries in the order of their keys. It is immutable.
type leaf struct {
	name    string // of the item that holds it
	from    string // the least key that belongs here
	entries []keyed
}

type keyed struct {
	key string
	*entry
}

// tree is the leaves of one version in order; the first one's from is empty.
type tree []*leaf

// content is a leaf that is yet to be written.
type content struct {
	leaf  *leaf
	value []byte
}

// edit replaces the entries under the keys of old and new by those of new. It
// returns the next tree, the leaves in it that are new, and the leaves of t that
// are in it no more. name makes the names of new leaves.
func (t tree) edit(old, new entries, name func(i int) string) (next tree, fresh []content, gone []*leaf, err error) {
	touched := slices.Collect(maps.Keys(old))
	for key := range new {
		if old[key] == nil {
			touched = append(touched, key)
		}
	}
	slices.Sort(touched)
	var w leafWriter
	for i, l := range t {
		n := len(touched)
		if i+1 < len(t) {
			n = sort.SearchStrings(touched, t[i+1].from)
		}
		mine := touched[:n]
		touched = touched[n:]
		if len(mine) == 0 && !w.wants() {
			w.keep(l)
			continue
		}
		gone = append(gone, l)
		if err := w.merge(l.entries, mine, new); err != nil {
			return nil, nil, nil, err
		}
	}
	if len(t) == 0 {
		if err := w.merge(nil, touched, new); err != nil {
			return nil, nil, nil, err
		}
	}
	w.flush()
	for i, c := range w.fresh {
		c.leaf.name = name(i)
	}
	return w.tree, w.fresh, gone, nil
}

// leafWriter packs entries into leaves.
type leafWriter struct {
	tree  tree
	fresh []content
	run   []encoded // entries not yet in a leaf
	size  int       // their bytes
}

type encoded struct {
	keyed
	raw []byte
}

// wants says whether the run is too small to be a leaf.
func (w *leafWriter) wants() bool { return len(w.run) > 0 && w.size < leafLeast }

// keep adds a leaf as it is.
func (w *leafWriter) keep(l *leaf) {
	w.flush()
	if len(w.tree) == 0 && l.from != "" { // what was before it is gone
		l = &leaf{name: l.name, entries: l.entries}
	}
	w.tree = append(w.tree, l)
}

// merge adds entries that stay and the new ones among the touched keys, both in
// order.
func (w *leafWriter) merge(stay []keyed, touched []string, new entries) error {
	for len(stay) > 0 || len(touched) > 0 {
		var k keyed
		if len(touched) == 0 || len(stay) > 0 && stay[0].key < touched[0] {
			k, stay = stay[0], stay[1:]
		} else {
			k = keyed{touched[0], new[touched[0]]}
			if len(stay) > 0 && stay[0].key == k.key {
				stay = stay[1:]
			}
			touched = touched[1:]
		}
		if k.entry == nil {
			continue
		}
		raw, err := k.encode(k.key)
		if err != nil {
			return err
		}
		w.run = append(w.run, encoded{k, raw})
		w.size += len(raw)
	}
	return nil
}

// flush makes leaves of the run.
func (w *leafWriter) flush() {
	if len(w.run) == 0 {
		return
	}
	share := w.size / ((w.size + leafTarget - 1) / leafTarget)
	for len(w.run) > 0 {
		n, size := 0, 0
		for n < len(w.run) && size < share {
			size += len(w.run[n].raw)
			n++
		}
		w.cut(w.run[:n])
		w.run = w.run[n:]
	}
	w.run, w.size = nil, 0
}

func (w *leafWriter) cut(run []encoded) {
	l := &leaf{from: run[0].key, entries: make([]keyed, len(run))}
	if len(w.tree) == 0 {
		l.from = ""
	}
	value := []byte{'['}
	for i, e := range run {
		if i > 0 {
			value = append(value, ",\n"...)
		}
		l.entries[i] = e.keyed
		value = append(value, e.raw...)
	}
	w.tree = append(w.tree, l)
	w.fresh = append(w.fresh, content{l, append(value, ']')})
}

// parseLeaf reads what a leafWriter wrote.
func parseLeaf(name, from string, value []byte) (*leaf, error) {
	var list []*entry
	if err := json.Unmarshal(value, &list); err != nil {
		return nil, fmt.Errorf("%w: leaf %s: not the JSON of one", ErrDamaged, name)
	}
	l := &leaf{name: name, from: from, entries: make([]keyed, 0, len(list))}
	last := ""
	for i, e := range list {
		if e == nil {
			return nil, fmt.Errorf("%w: leaf %s: entry %d is null", ErrDamaged, name, i)
		}
		key, err := e.key()
		if err != nil {
			return nil, fmt.Errorf("leaf %s: entry %d: %w", name, i, err)
		}
		if key < from || key <= last && i > 0 {
			return nil, fmt.Errorf("%w: leaf %s: entry %d is out of order", ErrDamaged, name, i)
		}
		l.entries = append(l.entries, keyed{key, e})
		last = key
	}
	return l, nil
}

// state gathers what the leaves hold.
func (t tree) state() *state {
	s := newState()
	for _, l := range t {
		for _, e := range l.entries {
			e.load(s)
		}
	}
	for _, g := range s.groups {
		if len(g.Members)+len(g.Groups) > membersPerPart { // it came in parts
			g.Members, g.Groups = sortNames(g.Members), sortNames(g.Groups)
		}
	}
	return s
}

// indexEntry is a leaf's line in the index.
type indexEntry struct {
	From string `json:"from"`
	Leaf string `json:"leaf"`
}

func (t tree) marshalIndex() ([]byte, error) {
	lines := make([]indexEntry, len(t))
	for i, l := range t {
		lines[i] = indexEntry{l.from, l.name}
	}
	return json.Marshal(lines)
}

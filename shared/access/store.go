package access

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"docket/shared/table"
)

// The places of the directory in its table; see the package comment.
const (
	rootPartition    = "root"
	headSort         = "head"
	contentPartition = "content"
	logPartition     = "log"
)

// format is the number of the layout. A head with a greater one was written by
// a later release.
const format = 1

// maxLoads bounds how often a load begins again because edits overtook it.
const maxLoads = 20

// leavesPerGet bounds what one Get returns, to about a megabyte.
const leavesPerGet = 16

// head is the value of the head item. The item's Version is the directory's.
type head struct {
	Format int    `json:"format"`
	Token  string `json:"token"`

	version uint64
}

// version is one version of the directory in memory.
type version struct {
	head
	tree     tree
	snapshot *Snapshot
}

func headKey() table.Key                  { return table.Key{Partition: rootPartition, Sort: headSort} }
func contentKey(name string) table.Key    { return table.Key{Partition: contentPartition, Sort: name} }
func indexName(token string) string       { return token + ".index" }
func leafName(token string, i int) string { return fmt.Sprintf("%s.%04x", token, i) }

// readHead reads the head; the zero head if nothing was ever written.
func readHead(ctx context.Context, tbl table.Table) (head, error) {
	items, err := tbl.Get(ctx, headKey())
	if err != nil {
		return head{}, fmt.Errorf("read directory head: %w", err)
	}
	if len(items) == 0 {
		return head{}, nil
	}
	return parseHead(&items[0])
}

func parseHead(it *table.Item) (head, error) {
	h := head{version: it.Version}
	if err := json.Unmarshal(it.Value, &h); err != nil || h.Token == "" || h.Format < 1 {
		return head{}, fmt.Errorf("%w: head at version %d", ErrDamaged, it.Version)
	}
	if h.Format > format {
		return head{}, fmt.Errorf("%w: it has format %d and this program knows %d: use the newer release", ErrDamaged, h.Format, format)
	}
	return h, nil
}

// errMoved says that an edit removed what was being read.
var errMoved = errors.New("the directory has moved on")

// load reads the version that h names, taking over the leaves of was that are
// in it still. Edits remove what they replace: if something is missing, the head
// is read again.
func load(ctx context.Context, tbl table.Table, was *version, h head) (*version, error) {
	for range maxLoads {
		v, err := loadVersion(ctx, tbl, was, h)
		if !errors.Is(err, errMoved) {
			return v, err
		}
		again, err := readHead(ctx, tbl)
		if err != nil {
			return nil, err
		}
		if again == h {
			return nil, fmt.Errorf("%w: parts of version %d are missing", ErrDamaged, h.version)
		}
		h = again
	}
	return nil, fmt.Errorf("read directory: %w: it changed %d times meanwhile", table.ErrBusy, maxLoads)
}

func loadVersion(ctx context.Context, tbl table.Table, was *version, h head) (*version, error) {
	if h.version == 0 {
		return &version{snapshot: newSnapshot(0, newState())}, nil
	}
	index, err := loadIndex(ctx, tbl, h)
	if err != nil {
		return nil, err
	}
	have := map[string]*leaf{}
	if was != nil {
		for _, l := range was.tree {
			have[l.name] = l
		}
	}
	v := &version{head: h, tree: make(tree, len(index))}
	var missing []int
	for i, line := range index {
		if l := have[line.Leaf]; l != nil && l.from == line.From {
			v.tree[i] = l
		} else {
			missing = append(missing, i)
		}
	}
	for len(missing) > 0 {
		n := min(len(missing), leavesPerGet)
		if err := loadLeaves(ctx, tbl, index, missing[:n], v.tree); err != nil {
			return nil, err
		}
		missing = missing[n:]
	}
	v.snapshot = newSnapshot(h.version, v.tree.state())
	return v, nil
}

func loadIndex(ctx context.Context, tbl table.Table, h head) ([]indexEntry, error) {
	items, err := tbl.Get(ctx, contentKey(indexName(h.Token)))
	if err != nil {
		return nil, fmt.Errorf("read directory index: %w", err)
	}
	if len(items) == 0 {
		return nil, errMoved
	}
	var index []indexEntry
	if err := json.Unmarshal(items[0].Value, &index); err != nil {
		return nil, fmt.Errorf("%w: index of version %d", ErrDamaged, h.version)
	}
	for i, line := range index {
		if line.Leaf == "" || (i == 0) != (line.From == "") || i > 0 && line.From <= index[i-1].From {
			return nil, fmt.Errorf("%w: index of version %d, line %d", ErrDamaged, h.version, i)
		}
	}
	return index, nil
}

// loadLeaves reads the leaves of some lines of the index into t.
func loadLeaves(ctx context.Context, tbl table.Table, index []indexEntry, lines []int, t tree) error {
	keys := make([]table.Key, len(lines))
	for i, line := range lines {
		keys[i] = contentKey(index[line].Leaf)
	}
	items, err := tbl.Get(ctx, keys...)
	if err != nil {
		return fmt.Errorf("read directory leaves: %w", err)
	}
	if len(items) < len(keys) {
		return errMoved
	}
	for i, line := range lines {
		if t[line], err = parseLeaf(index[line].Leaf, index[line].From, items[i].Value); err != nil {
			return err
		}
	}
	return nil
}

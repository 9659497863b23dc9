package access

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// maxEdits bounds how often an edit begins again because others came first.
const maxEdits = 100

// Editor changes a directory in somebody's name.
type Editor struct {
	directory *Directory
	by        string
	rand      io.Reader
}

// Edit returns an Editor. by is who is answerable, for the change log; rand
// makes tokens and the IDs of plans.
func (d *Directory) Edit(by string, rand io.Reader) *Editor {
	return &Editor{directory: d, by: by, rand: rand}
}

// Result is what an edit did.
type Result struct {
	Version uint64   // of the directory after it
	Changes []Change // empty if there was nothing to do
}

// Update runs change on a draft of the directory as it is and commits the draft
// if it is whole. It runs change again, on a new draft, when another edit came
// first. An error of change is returned as it is and nothing is changed. Other
// errors: ErrInvalid (the directory would be over a limit), ErrTooMuch,
// ErrConflict, those of the table with nothing changed, and ErrUnknown with a
// lost answer of the table's: look whether it was done.
func (e *Editor) Update(ctx context.Context, change func(*Draft) error) (Result, error) {
	d := e.directory
	if err := d.editing.take(ctx); err != nil {
		return Result{}, fmt.Errorf("wait for another edit: %w", err)
	}
	defer d.editing.give()
	for range maxEdits {
		base, next, list, err := e.draft(ctx, change)
		if err != nil {
			return Result{}, err
		}
		if len(list) == 0 {
			return Result{Version: base.version}, nil
		}
		c, err := newCommit(d, base, next, e.rand, e.by, list)
		if err != nil {
			return Result{}, err
		}
		err = c.run(ctx)
		if err == nil {
			d.latest.Store(c.next)
			return Result{c.next.version, list}, nil
		}
		if !errors.Is(err, errBehind) {
			return Result{}, err
		}
	}
	return Result{}, &refusal{ErrConflict, fmt.Sprintf("other edits came first, %d times: try again", maxEdits)}
}

// Preview is Update without the commit.
func (e *Editor) Preview(ctx context.Context, change func(*Draft) error) (Result, error) {
	base, _, list, err := e.draft(ctx, change)
	if err != nil {
		return Result{}, err
	}
	return Result{base.version, list}, nil
}

// draft runs change on a copy of the newest version.
func (e *Editor) draft(ctx context.Context, change func(*Draft) error) (*version, *state, []Change, error) {
	base, err := e.directory.current(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	draft := &Draft{state: base.snapshot.state.clone(), now: e.directory.now().Unix(), rand: e.rand}
	if err := change(draft); err != nil {
		return nil, nil, nil, err
	}
	if err := draft.state.check(); err != nil {
		return nil, nil, nil, err
	}
	return base, draft.state, changes(base.snapshot.state, draft.state), nil
}

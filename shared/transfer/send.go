package transfer

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"docket/shared/client"
	"docket/shared/wire"
)

// send writes a batch, or as much of it as the server takes.
func (j *job) send(ctx context.Context, b *batch) error {
	for i := range b.bad {
		j.im.report(Refusal{File: j.name, Line: b.bad[i].Line, Reason: b.bad[i].Reason}, 1)
	}
	refused := len(b.bad) > 0
	if refused && j.im.OnError == Stop {
		return ErrRefused
	}
	left := [][]int{upTo(len(b.starts))}
	for len(left) > 0 {
		part := left[len(left)-1]
		left = left[:len(left)-1]
		if len(part) == 0 {
			continue
		}
		again, err := j.sendPart(ctx, b, part)
		if err != nil {
			return err
		}
		slices.Reverse(again) // the first part is sent next: order is kept
		left = append(left, again...)
	}
	return j.place.acknowledge(b.first)
}

func upTo(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

// sendPart writes some records of a batch in one request and returns what is
// left to do about them, in order.
func (j *job) sendPart(ctx context.Context, b *batch, part []int) (again [][]int, err error) {
	doc := b.doc
	if len(part) < len(b.starts) {
		doc = j.document(b, part)
	}
	err = j.im.Writer(j.reader.Format()).Write(ctx, doc, j.key(b.first, doc))
	var refused *client.Refused
	switch {
	case err == nil:
		done := Result{Stored: int64(len(part))}
		if b.span.doubtful {
			done.Doubtful = done.Stored
		}
		j.im.add(done)
		return nil, nil
	case !errors.As(err, &refused):
		return nil, fmt.Errorf("%s, lines %d to %d: %w", j.name, b.lines[part[0]], b.lines[part[len(part)-1]], err)
	case refused.TooLarge() && len(part) > 1:
		return halves(part), nil
	case !refused.TooLarge() && !refused.Invalid():
		return nil, fmt.Errorf("%s, lines %d to %d: %w", j.name, b.lines[part[0]], b.lines[part[len(part)-1]], err)
	}
	return j.sortOut(b, part, refused)
}

// sortOut reports the records that the server refused and returns the others.
func (j *job) sortOut(b *batch, part []int, refused *client.Refused) ([][]int, error) {
	blame := blamed(refused.Errors, len(part))
	if len(blame) == 0 && len(part) == 1 {
		blame = map[int][]string{0: {refused.Error()}}
	}
	for at, i := range part {
		if reasons := blame[at]; reasons != nil {
			j.im.report(Refusal{File: j.name, Line: b.lines[i], Reason: strings.Join(reasons, "; ")}, 1)
		}
	}
	if j.im.OnError == Stop {
		if len(blame) == 0 {
			j.im.report(Refusal{File: j.name, Line: b.lines[part[0]], Through: b.lines[part[len(part)-1]], Reason: refused.Error()}, int64(len(part)))
		}
		return nil, ErrRefused
	}
	if len(blame) == 0 {
		return halves(part), nil
	}
	var rest []int
	for at, i := range part {
		if blame[at] == nil {
			rest = append(rest, i)
		}
	}
	return [][]int{rest}, nil
}

func halves(part []int) [][]int {
	middle := len(part) / 2
	return [][]int{part[:middle:middle], part[middle:]}
}

var recordInPath = regexp.MustCompile(`ActivityRecord(?:\[(\d+)\])?(?:/|$)`)

// blamed sorts errors by the record, from 0, that their location names. One
// that names no record of the request makes it unknown who else is to blame only
// if there is no other.
func blamed(errs []wire.Error, records int) map[int][]string {
	blame := map[int][]string{}
	for _, e := range errs {
		m := recordInPath.FindStringSubmatch(e.Location)
		if m == nil {
			continue
		}
		n := 1
		if m[1] != "" {
			var err error
			if n, err = strconv.Atoi(m[1]); err != nil {
				continue
			}
		}
		if n >= 1 && n <= records {
			blame[n-1] = append(blame[n-1], e.Description)
		}
	}
	return blame
}

func (j *job) document(b *batch, part []int) []byte {
	doc := j.reader.Begin(nil)
	for n, i := range part {
		_, doc = j.reader.Join(doc, n, b.doc[b.starts[i]:b.ends[i]])
	}
	return j.reader.End(doc)
}

// key names a write by what is in it and where that stands in which file of
// which import, so that sending it again gives the same key, and nothing else
// does.
func (j *job) key(first int64, doc []byte) string {
	h := sha256.New()
	var n [8]byte
	binary.LittleEndian.PutUint64(n[:], uint64(len(j.place.run)))
	h.Write(n[:])
	h.Write([]byte(j.place.run))
	binary.LittleEndian.PutUint64(n[:], uint64(first))
	h.Write(n[:])
	h.Write(doc)
	return hex.EncodeToString(h.Sum(nil)[:24])
}

package api

import (
	"context"
	"net/http"

	"docket/shared/filter"
	"docket/shared/search"
	"docket/shared/wire"
)

// read answers enum and search.
func (h *Handler) read(ctx context.Context, c *call, out *answer, r *http.Request, body []byte) error {
	out.open(c.params.format)
	defer out.close()
	q := search.Request{
		Count:    c.params.count,
		Scope:    c.rights.Scope,
		MaxBytes: h.Limits.Page,
		Size:     out.add,
		Group: func(name string) (filter.Members, bool) {
			members, ok := c.snapshot.Group(name)
			return members, ok
		},
	}
	// A page is at most this large, and one record more.
	if err := c.share.grow(ctx, c.share.held+pageCharge(q)); err != nil {
		return err
	}
	page, err := h.page(ctx, c, r, q, body)
	if err != nil {
		return err
	}
	c.records = len(page.Records)
	out.page(len(page.Records), page.Mark)
	return nil
}

func (h *Handler) page(ctx context.Context, c *call, r *http.Request, q search.Request, body []byte) (search.Page, error) {
	format := c.params.format
	if c.endpoint == Search {
		s, err := wire.ReadSearch(format, body)
		if err != nil {
			return search.Page{}, err
		}
		q.Mark, q.Entries, q.HasEntries = s.Mark, s.Entries, true
		return h.Reader.Search(ctx, q)
	}
	if r.Method == http.MethodPost {
		mark, err := wire.ReadMark(format, body)
		if err != nil {
			return search.Page{}, err
		}
		q.Mark = mark
	}
	return h.Reader.Enum(ctx, q)
}

// usual is a generous size of one record in an answer, to charge small pages
// less than large ones.
const usual = 4 << 10

func pageCharge(q search.Request) int64 {
	return int64(min(q.MaxBytes, q.Count*usual))
}

package search

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync"

	"docket/shared/filter"
	"docket/shared/mark"
	"docket/shared/table"

	"github.com/klauspost/compress/flate"
)

const (
	filterPartition = "search/filters"

	// maxInflated bounds what a carried filter expands to: MaxBytes of text and
	// some bytes for each of MaxEntries entries.
	maxInflated = filter.MaxBytes + 16*filter.MaxEntries + 16
)

// carry puts a filter into a mark, for POST enum alone: a search request brings
// its own. A long one is stored, once and for ever, and the mark has its hash.
func (e *Engine) carry(ctx context.Context, m *mark.Mark, entries []filter.Entry) error {
	plain := filter.Marshal(entries)
	deflated, err := deflate(plain)
	if err != nil {
		return fmt.Errorf("carry filter: %w", err)
	}
	m.Filter, m.FilterHash = nil, nil
	if len(deflated) <= mark.MaxFilter {
		m.Filter = deflated
		return nil
	}
	hash := sha256.Sum256(plain)
	m.FilterHash = &hash
	key := filterKey(hash)
	known, err := e.State.Get(ctx, key)
	if err != nil {
		return fmt.Errorf("look for filter: %w", err)
	}
	if len(known) > 0 {
		return nil
	}
	// The content follows from the key, so whoever stored it is as good.
	if err := e.State.Write(ctx, table.Op{Item: table.Item{Key: key, Value: deflated}}); err != nil {
		return fmt.Errorf("store filter: %w", err)
	}
	return nil
}

// carried reads the filter of a mark.
func (e *Engine) carried(ctx context.Context, m mark.Mark) ([]filter.Entry, error) {
	deflated := m.Filter
	if m.FilterHash != nil {
		items, err := e.State.Get(ctx, filterKey(*m.FilterHash))
		if err != nil {
			return nil, fmt.Errorf("read the filter of a mark: %w", err)
		}
		if len(items) == 0 {
			return nil, errors.New("the filter of a mark is missing")
		}
		deflated = items[0].Value
	}
	plain, err := inflate(deflated)
	if err != nil {
		return nil, fmt.Errorf("read the filter of a mark: %w", err)
	}
	if m.FilterHash != nil && sha256.Sum256(plain) != *m.FilterHash {
		return nil, errors.New("the filter of a mark is damaged")
	}
	entries, err := filter.Unmarshal(plain)
	if err != nil {
		return nil, fmt.Errorf("read the filter of a mark: %w", err)
	}
	return entries, nil
}

func filterKey(hash [sha256.Size]byte) table.Key {
	return table.Key{Partition: filterPartition, Sort: hex.EncodeToString(hash[:])}
}

// deflaters keep the tables of a compressor, half a megabyte, for the next mark.
var deflaters sync.Pool

func deflate(plain []byte) ([]byte, error) {
	var buf bytes.Buffer
	w, ok := deflaters.Get().(*flate.Writer)
	if !ok {
		var err error
		if w, err = flate.NewWriter(&buf, flate.DefaultCompression); err != nil {
			return nil, err
		}
	}
	defer deflaters.Put(w)
	w.Reset(&buf)
	if _, err := w.Write(plain); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

func inflate(deflated []byte) ([]byte, error) {
	plain, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(deflated)), maxInflated+1))
	if err != nil {
		return nil, fmt.Errorf("inflate: %w", err)
	}
	if len(plain) > maxInflated {
		return nil, errors.New("inflate: longer than any filter")
	}
	return plain, nil
}

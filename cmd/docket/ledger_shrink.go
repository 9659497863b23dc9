package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"docket/shared/table/bolt"
)

// shrink writes the database file anew and returns its sizes before and after.
func (a *admin) shrink(ctx context.Context) ([2]int64, error) {
	if a.aws.on {
		return [2]int64{}, &exitError{exitUsage, errors.New("--shrink is for a data directory: DynamoDB has no file")}
	}
	if err := ctx.Err(); err != nil {
		return [2]int64{}, err
	}
	before, after, err := bolt.Shrink(filepath.Join(a.data, databaseFile), bolt.Options{Now: time.Now})
	if errors.Is(err, bolt.ErrLocked) {
		return [2]int64{}, errors.New("a server has this data directory open: stop it before --shrink")
	}
	if err != nil {
		return [2]int64{}, fmt.Errorf("shrink: %w", err)
	}
	return [2]int64{before, after}, nil
}

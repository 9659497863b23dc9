// Package ledger keeps the logs of records: shards, positions, append and scan.
package ledger

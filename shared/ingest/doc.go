// Package ingest brings files into the ledger on one machine: each record once,
// however often a file is given, under whatever name, and wherever an earlier
// attempt ended.
//
// # Identity
//
// A file is its content: the SHA-256 of its bytes as they lie there. Its entries
// (see package source) are cut into batches that depend on these bytes alone: at
// most batchEntries entries and batchBytes bytes, an entry over loneBytes always
// alone. The key of a batch in the ledger is the hash of the file and the number
// of the batch's first entry, so a batch that is there already is not stored again,
// and an ingestion that was cut off goes on where it was. Equal records in different
// files are both kept: they are different facts.
//
// These bounds are part of the identity: with others, files that were ingested
// before would be stored again. They are chosen so that a batch of several entries
// always fits a transaction, and every entry up to loneBytes an item.
//
// A batch that was stored while some of its entries were refused is done. If they
// would be taken later (a plan exists now, the mapping was extended), this is
// reported, because the ledger does not know which they were: they have to come in a
// file of their own.
//
// # Watching
//
// A Watcher takes files from a folder, those that are complete, one by one in the
// order of their names, and moves them to done/ or failed/. A file is moved after
// all of it is in the ledger. A crash in between means that it is read again and
// nothing of it stored twice.
package ingest

// Package ingest brings texts – files and whatever else arrives without an HTTP
// client – into the ledger: each record once, however often a text is given, and
// wherever an earlier attempt ended.
//
// # Identity
//
// A text is known by its name. That of a file on one machine is its content: the
// SHA-256 of its bytes as they lie there. Others come with one (Origin): the version
// of an object, the ID of a message or an event.
//
// The entries of a text (see package source) are cut into batches that depend on its
// bytes alone: at most batchEntries entries and batchBytes bytes, an entry over
// loneBytes always alone. The key of a batch in the ledger is the name of the text
// and the number of the batch's first entry, so a batch that is there already is not
// stored again, and an ingestion that was cut off goes on where it was. Equal records
// in different texts are all kept: they are different facts.
//
// These bounds are part of the identity: with others, texts that were ingested
// before would be stored again. They are chosen so that a batch of several entries
// always fits a transaction, and every entry up to loneBytes an item.
//
// A batch that was stored while some of its entries were refused is done. So what
// is refused must depend on the text alone. The one thing that does not, whether a
// plan exists that records name, has a key for each plan: its records are refused
// and later stored all together, and nobody else's with them. An entry that only a
// newer version of this package takes is reported, because the ledger does not know
// which it was: it has to come in a text of its own.
//
// # Long texts
//
// A Stream ends between two batches when its time is over, and says where. Another
// one goes on from there: it reads the text again from its beginning, which for
// packed ones is the only way, and passes what is done without looking into it.
//
// # Watching
//
// A Watcher takes files from a folder, those that are complete, one by one in the
// order of their names, and moves them to done/ or failed/. A file is moved after
// all of it is in the ledger. A crash in between means that it is read again and
// nothing of it stored twice.
package ingest

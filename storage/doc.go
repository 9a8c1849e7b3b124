// Package storage keeps everything that Muster knows of members in one bbolt file.
//
// [Open] gives a [Store]. What an engine reads is a [Data]: a [Snapshot] of a store, or a [Memory] built call by call for
// tests of rules. Rows come in by a bulk import ([Store.BeginBulk]); clock, rule set, ntile cuts, lists and manual tags
// are small changes, each one transaction.
//
// # What the file holds
//
// Members have dense numbers and lie in blocks of 65,536. An attribute is a packed column per block; the events of a type
// are, per block, a count for each member, a column of times and a column for each field, ordered by member, then time,
// then arrival, so that a fold over the history of all members is one walk. These, lists, tables and a few documents are
// objects: bytes cut into values of about 64 KiB under big-endian keys (kind, entity, block, generation, part, chunk). One
// root names the current generation of the documents, one of which, the manifest, names that of every other object. A
// change writes new generations beside the old ones, then the manifest and the root, then deletes what they replaced.
//
// # A live engine
//
// While an engine runs, what it accepts is appended to a journal, one value a group of inputs ([Store.AppendJournal]), and
// what it reports to a bucket of crossings, and what it answers to submissions that count once to a bucket of receipts
// ([Receipt]), which are kept for some weeks. A checkpoint is a bulk import beside it ([Bulk.Replace], [Bulk.Checkpoint])
// that gives the members that have changed their present state; the transaction that publishes it also notes in the root
// up to which entry the columns contain the journal. Entries up to there do not count any more. No other import is
// published while the journal holds entries that do.
//
// # The outbox
//
// What a journal entry sends ([JournalEntry].Messages) is put into the outbox in the transaction of the entry, and stays
// there until somebody says that it was handed over, or that it cannot be and is a dead letter ([Store.Acknowledge]).
//
// # Identity
//
// Of every member that became part of another there is a [Merge], from which that can be undone: by block, objects like
// the columns. What a record that would have merged members who cannot be one was decided to be is a [Conflict], in a
// bucket of their own that nothing is taken out of; the root counts them. Attributes have hidden companions that tell
// when they were set ([SetName], [SetSuffix]), events a hidden field that tells who brought them ([OfField]).
//
// # Damage
//
// A value starts with a CRC-32C of its key and its bytes. bbolt's own pages have no checksums, so opening a store walks
// the tree of pages first, and reading goes through a guard that turns faults into errors. Because everything hangs on
// the root, neither a value that is gone nor one that is out of date can pass for the truth: either a reader gets what
// was written, or a [CorruptError] that names what is damaged. [Store.Verify] looks at everything.
//
// # A failing disk
//
// A write or a sync that fails leaves open what of a transaction has come about. The store finds that out by itself: an
// error says that nothing has changed ([WriteError]), but for an [ErrUnsure], after which the change is shown and nothing
// else is taken until it is known to be safe. Package storagetest fails every operation in tests.
//
// # Transactions
//
// Readers copy out of bbolt and hold no transaction: a snapshot works from what it has read and reads more while the
// generations that it names are there ([ErrStale] after that). There is one writer at a time, in one process.
package storage

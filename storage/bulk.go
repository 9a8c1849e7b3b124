package storage

import (
	"context"
)

// BulkOptions are the conditions of a bulk import. The zero value works.
type BulkOptions struct {
	TempDir     string // for what does not fit in memory; "" is next to the store
	MemoryLimit int64  // bytes of staged rows kept in memory; 0 is 512 MiB
}

// Bulk is a bulk import under way: rows are staged beside the store and take effect together when [Bulk.Commit]
// succeeds, or not at all. Its methods are for one goroutine, but for row encoders and [IDs.Lookup] (which must not
// run beside [IDs.Put]). A store has one bulk import at a time.
type Bulk struct {
}

// BulkResult tells what a bulk import did.
type BulkResult struct {
	Events  map[string]EventCount // by event type
	Members uint32                // created
}

// EventCount counts the events of a type that a bulk import took, and those it left out because the member already had
// one with the same key.
type EventCount struct{ Accepted, Duplicates int64 }

// Import is the record of an input file that was taken.
type Import struct {
	Name   string // as the user gave it
	Source string // the source declaration that read it
	Size   int64  // of the content as read, in bytes
	Hash   string // of the content as read
	When   int64  // microseconds since 1970
	// Counts of rows. With one import of an event source in a bulk, Commit fills in Accepted and Duplicates of Event.
	Event                                string
	Read, Accepted, Duplicates, Rejected int64
}

// BeginBulk starts a bulk import.
func (s *Store) BeginBulk(opt BulkOptions) (*Bulk, error) { return nil, nil }

// Members is how many members there are, those created by this import included.
func (b *Bulk) Members() uint32 { return 0 }

// NewMember creates a member and returns its number.
func (b *Bulk) NewMember() uint32 { return 0 }

// IDs returns the index of an id attribute: every stored id and those put since.
func (b *Bulk) IDs(id IDSchema) (*IDs, error) { return nil, nil }

// IDs maps the normalised texts of an id attribute to members.
type IDs struct{}

// Lookup returns the member that has an id.
func (ids *IDs) Lookup(text []byte) (member uint32, ok bool) { return 0, false }

// Put gives a member an id: in the index, and as the value of the id attribute (beside those that it has if a member
// can have many, else instead). An id that another member has changes hands in the index only.
func (ids *IDs) Put(text []byte, member uint32) error { return nil }

// Events prepares events of a type. Rows follow the fields as given here, which need not be all that are stored.
func (b *Bulk) Events(e EventSchema) (*BulkEvents, error) { return nil, nil }

// BulkEvents stages events of one type.
type BulkEvents struct{}

// Encoder returns an encoder for rows of this type.
func (e *BulkEvents) Encoder() *RowEncoder { return nil }

// Append stages an event, in order of arrival; row is copied. An error (a full disk) ends the import.
func (e *BulkEvents) Append(member uint32, at int64, row []byte) error { return nil }

// Attributes prepares rows of member attributes that are no ids.
func (b *Bulk) Attributes(fields []FieldSchema) (*BulkAttributes, error) { return nil, nil }

// BulkAttributes stages values of member attributes.
type BulkAttributes struct{}

// Encoder returns an encoder for rows of these attributes.
func (a *BulkAttributes) Encoder() *RowEncoder { return nil }

// Append stages a row of a member; row is copied. Of an attribute the row appended last wins.
func (a *BulkAttributes) Append(member uint32, row []byte) error { return nil }

// ReplaceTable puts a table in the place of what was stored under its name.
func (b *Bulk) ReplaceTable(t *Table, schema TableSchema) error { return nil }

// RecordImport notes an input file as taken, should the import be committed.
func (b *Bulk) RecordImport(i Import) {}

// Commit merges what was staged into the store and makes it take effect in one step. If it fails the store is as it
// was. progress, which may be nil, is told how much of the work is done, from one goroutine.
func (b *Bulk) Commit(ctx context.Context, progress func(done, total int64)) (*BulkResult, error) {
	return nil, nil
}

// Abort drops what was staged. It does nothing after Commit.
func (b *Bulk) Abort() {}

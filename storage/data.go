package storage

import (
	"github.com/RoaringBitmap/roaring/v2"

	"github.com/muster-engine/muster/storage/column"
)

// Data is what an engine reads: an immutable state of members, their attributes and their history, by block of
// [column.Block] members. [Snapshot] is the one backed by a store file, [Memory] the one built in memory for tests of
// rules. Everything returned is shared and must not be changed. Methods are safe for concurrent use.
type Data interface {
	// Members is how many member numbers have been given; numbers are 0 … Members-1. Blocks are 0 … (Members-1)/65536.
	Members() uint32
	// Live returns the members of a block that are neither merged away nor forgotten, as low 16 bits.
	Live(block int) (*roaring.Bitmap, error)
	// Attribute returns the values of an attribute (ids and manual tags included) over the members of a block, or nil if
	// the store has none. The column may be shorter than the block's members: rows beyond its end are unknown.
	Attribute(name string, block int) (*column.Column, error)
	// History returns the events of one type of the members of a block, or nil if there are none.
	History(event string, block int) (History, error)
	// List returns the members on a list; nil means that nobody is.
	List(name string) (*roaring.Bitmap, error)
	// Table returns a table, or nil if it was never imported.
	Table(name string) (*Table, error)
}

// History is the events of one type in one block, ordered by member, then by time, then by arrival.
type History interface {
	// Starts has one entry per member of the block and one more: the events of member i (low 16 bits) are the rows
	// Starts[i] … Starts[i+1]-1. It may be shorter than the block: members beyond it have no events.
	Starts() []uint32
	// At returns the times in microseconds, all known.
	At() (*column.Column, error)
	// Field returns a stored field (the key included), or nil if the store has none of that name.
	Field(name string) (*column.Column, error)
}

// Table is the content of a lookup table.
type Table struct {
	Name string
	// Keys are the keys in file order, each once.
	Keys []string
	// Columns by name, each with a row per key; the key column is not among them.
	Columns map[string]*column.Column
}

// Manual tags are stored as three attributes: the value, when it was set (time) and by whom (text).
const (
	ManualPrefix   = "tag:" // tag:NAME is the value
	ManualAtSuffix = "@at"  // tag:NAME@at, microseconds
	ManualBySuffix = "@by"  // tag:NAME@by
)

package storage

import (
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/muster-engine/muster/storage/column"
)

// BulkOptions are the conditions of a bulk import. The zero value works.
type BulkOptions struct {
	TempDir     string // for what does not fit in memory; "" is next to the store
	MemoryLimit int64  // bytes of staged rows kept in memory; 0 is 512 MiB
	// TxBytes is about how much is written in one transaction; 0 is 16 MiB. Beside a live engine it is small: nothing can
	// be journalled while a transaction is written.
	TxBytes int
	// Rest is called between pieces of the work and may wait, so that work beside a live engine leaves it the processors;
	// blocks are merged one at a time then. Nil means that there is no need to.
	Rest func()
	// Wrote is called after each transaction but the last, with how long it took, and may wait. Nil means that there is no
	// need to.
	Wrote func(time.Duration)
}

const defaultMemoryLimit = 512 << 20

// Bulk is a bulk import under way: rows are staged beside the store and take effect together when [Bulk.Commit]
// succeeds, or not at all. Its methods are for one goroutine, but for row encoders and [IDs.Lookup] (which must not
// run beside [IDs.Put]). A store has one bulk import at a time, and takes no other change meanwhile. An import that is
// killed, or fails, leaves the store as it was.
type Bulk struct {
	store *Store
	next  *state // what the store becomes, as far as it is known
	spool *spool

	attributes *stage
	events     []*stage // by number in the schema
	plain      map[int]bool
	ids        map[string]*IDs
	tables     []stagedTable
	imports    []Import
	conflicts  []Conflict
	journal    []byte // nil: no entry
	txBytes    int
	rest       func()
	wrote      func(time.Duration)
	live       liveChanges
	over       bool

	replaced map[objectID]entry // what a published import has made void
}

type stagedTable struct {
	number int
	parts  [][]byte
}

// BulkResult tells what a bulk import did.
type BulkResult struct {
	Events  map[string]EventCount // by event type
	Members uint32                // created
}

// EventCount counts the events of a type that a bulk import took, and those it left out because the member already had
// one with the same key.
type EventCount struct{ Accepted, Duplicates int64 }

// BeginBulk starts a bulk import, which must be ended by [Bulk.Commit] or [Bulk.Abort].
func (s *Store) BeginBulk(opt BulkOptions) (*Bulk, error) {
	s.change.Lock()
	defer s.change.Unlock()
	switch {
	case s.readOnly:
		return nil, ErrReadOnly
	case s.bulk:
		return nil, ErrBusy
	}
	s.bulk = true
	if opt.TempDir == "" {
		opt.TempDir = filepath.Dir(s.path)
	}
	if opt.MemoryLimit <= 0 {
		opt.MemoryLimit = defaultMemoryLimit
	}
	dropFiles(opt.TempDir)
	b := &Bulk{
		store: s, next: s.now.Load().draft(),
		spool: &spool{dir: opt.TempDir, temp: s.temp, limit: opt.MemoryLimit},
		plain: map[int]bool{}, ids: map[string]*IDs{}, txBytes: transactionBytes,
	}
	b.rest, b.wrote = opt.Rest, opt.Wrote
	if opt.TxBytes > 0 {
		b.txBytes = opt.TxBytes
	}
	b.attributes = b.spool.newStage(false)
	return b, nil
}

// Members is how many members there are, those created by this import included.
func (b *Bulk) Members() uint32 { return b.next.Members }

// NewMember creates a member and returns its number.
func (b *Bulk) NewMember() uint32 {
	b.next.Members++
	return b.next.Members - 1
}

// Events prepares events of a type. Rows follow the fields as given here, which need not be all that are stored.
func (b *Bulk) Events(e EventSchema) (*BulkEvents, error) {
	number, places, err := b.next.schema.mergeEvent(e)
	if err != nil {
		return nil, err
	}
	for number >= len(b.events) {
		b.events = append(b.events, nil)
	}
	if b.events[number] == nil {
		b.events[number] = b.spool.newStage(true)
	}
	out := &BulkEvents{bulk: b, stage: b.events[number], places: places, kinds: kindsOf(e.Fields)}
	out.words = out.stage.dictionaries(places, out.kinds, b.next.schema.Events[number].Key)
	return out, nil
}

// BulkEvents stages events of one type.
type BulkEvents struct {
	bulk   *Bulk
	stage  *stage
	places []int
	kinds  []column.Kind
	words  []*dictionary
}

// Encoder returns an encoder for rows of this type.
func (e *BulkEvents) Encoder() *RowEncoder { return newRowEncoder(e.places, e.kinds, e.words) }

// Append stages an event (at is microseconds since 1970), in order of arrival; row is copied. An error, such as that of
// a full disk, ends the import.
func (e *BulkEvents) Append(member uint32, at int64, row []byte) error {
	if member >= e.bulk.next.Members {
		return fmt.Errorf("there is no member %d", member)
	}
	return e.stage.add(member, at, row)
}

// Attributes prepares rows of member attributes that are no ids.
func (b *Bulk) Attributes(fields []FieldSchema) (*BulkAttributes, error) {
	a := &BulkAttributes{bulk: b, kinds: kindsOf(fields)}
	for _, f := range fields {
		place, err := b.next.schema.mergeAttribute(f)
		if err != nil {
			return nil, err
		}
		a.places = append(a.places, place)
	}
	a.words = b.attributes.dictionaries(a.places, a.kinds, -1)
	return a, nil
}

// BulkAttributes stages values of member attributes.
type BulkAttributes struct {
	bulk   *Bulk
	places []int
	kinds  []column.Kind
	words  []*dictionary
}

// Encoder returns an encoder for rows of these attributes.
func (a *BulkAttributes) Encoder() *RowEncoder { return newRowEncoder(a.places, a.kinds, a.words) }

// Append stages a row of a member; row is copied. Of an attribute the row appended last wins.
func (a *BulkAttributes) Append(member uint32, row []byte) error {
	if member >= a.bulk.next.Members {
		return fmt.Errorf("there is no member %d", member)
	}
	if len(row) == 0 {
		return nil
	}
	return a.bulk.attributes.add(member, 0, row)
}

func kindsOf(fields []FieldSchema) []column.Kind {
	kinds := make([]column.Kind, len(fields))
	for i, f := range fields {
		kinds[i] = f.Kind
	}
	return kinds
}

// ReplaceTable puts a table in the place of what was stored under its name. Columns of the schema that the table lacks
// are unknown throughout.
func (b *Bulk) ReplaceTable(t *Table, schema TableSchema) error {
	keys := column.NewBuilder(column.Texts, len(t.Keys))
	for _, k := range t.Keys {
		keys.AppendText(k)
	}
	parts := [][]byte{column.Encode(nil, keys.Column())}
	for _, f := range schema.Columns {
		c := t.Columns[f.Name]
		switch {
		case c == nil:
			parts = append(parts, nil)
			continue
		case c.Kind != f.Kind || c.Len != len(t.Keys):
			return fmt.Errorf("column %q of table %q holds %d %v where %d %v belong", f.Name, t.Name, c.Len, c.Kind, len(t.Keys), f.Kind)
		}
		parts = append(parts, column.Encode(nil, c))
	}
	number := b.next.schema.mergeTable(schema)
	b.tables = slices.DeleteFunc(b.tables, func(t stagedTable) bool { return t.number == number })
	b.tables = append(b.tables, stagedTable{number, parts})
	return nil
}

// RecordImport notes an input file as taken, should the import be committed.
func (b *Bulk) RecordImport(i Import) { b.imports = append(b.imports, i) }

// Abort drops what was staged. It does nothing after Commit; after Publish it ends the import without cleaning up.
func (b *Bulk) Abort() {
	if b.over {
		return
	}
	b.over = true
	b.spool.close()
	b.store.change.Lock()
	defer b.store.change.Unlock()
	b.store.bulk = false
}

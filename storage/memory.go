package storage

import (
	"maps"
	"slices"
	"sort"
	"sync"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/muster-engine/muster/storage/column"
)

// Memory is a [Data] that is built call by call, for tests of rules and as a plain model of a store. Use [NewMemory].
// Reading packs a block when it is first asked for; a change drops what was packed of it. It is safe for concurrent
// use, but what a reader holds does not change under it.
type Memory struct {
	mu      sync.Mutex
	members uint32
	gone    *roaring.Bitmap
	attrs   map[string]*memoryAttribute
	events  map[string]*memoryEvents
	lists   map[string]*roaring.Bitmap
	tables  map[string]*Table
}

type memoryAttribute struct {
	kind   column.Kind
	values map[uint32]column.Value
	packed map[int]*column.Column
}

type memoryEvents struct {
	fields map[string]column.Kind
	blocks map[int]map[uint16][]memoryEvent
	packed map[int]*PackedHistory
}

type memoryEvent struct {
	at     int64
	fields map[string]column.Value
}

// NewMemory returns a state without members.
func NewMemory() *Memory {
	return &Memory{
		gone:   roaring.New(),
		attrs:  map[string]*memoryAttribute{},
		events: map[string]*memoryEvents{},
		lists:  map[string]*roaring.Bitmap{},
		tables: map[string]*Table{},
	}
}

// SetLive takes a member out of those that are live, or back.
func (m *Memory) SetLive(member uint32, live bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if live {
		m.gone.Remove(member)
	} else {
		m.gone.Add(member)
	}
}

// NewMember gives the next member number.
func (m *Memory) NewMember() uint32 {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.members++
	return m.members - 1
}

// Set gives a member's attribute a value; an unknown value clears it. All values of an attribute are of one kind.
func (m *Memory) Set(attr string, member uint32, v column.Value) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a := m.attrs[attr]
	if a == nil {
		if v.Kind == 0 {
			return
		}
		a = &memoryAttribute{kind: v.Kind, values: map[uint32]column.Value{}, packed: map[int]*column.Column{}}
		m.attrs[attr] = a
	}
	if v.Kind == 0 {
		delete(a.values, member)
	} else {
		a.values[member] = v
	}
	delete(a.packed, int(member>>16))
}

// AddEvent appends an event to a member's history; fields that are absent or of kind 0 are unknown. Events with equal
// times keep the order of these calls. Keys that come twice are the caller's affair.
func (m *Memory) AddEvent(event string, member uint32, at int64, fields map[string]column.Value) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.events[event]
	if e == nil {
		e = &memoryEvents{
			fields: map[string]column.Kind{},
			blocks: map[int]map[uint16][]memoryEvent{},
			packed: map[int]*PackedHistory{},
		}
		m.events[event] = e
	}
	kept := make(map[string]column.Value, len(fields))
	for name, v := range fields {
		if v.Kind != 0 {
			kept[name] = v
			if _, seen := e.fields[name]; !seen {
				e.fields[name] = v.Kind
				clear(e.packed)
			}
		}
	}
	block := int(member >> 16)
	if e.blocks[block] == nil {
		e.blocks[block] = map[uint16][]memoryEvent{}
	}
	low := uint16(member)
	history := e.blocks[block][low]
	place := sort.Search(len(history), func(i int) bool { return history[i].at > at })
	history = append(history, memoryEvent{})
	copy(history[place+1:], history[place:])
	history[place] = memoryEvent{at, kept}
	e.blocks[block][low] = history
	delete(e.packed, block)
}

// AddToList puts a member on a list.
func (m *Memory) AddToList(list string, member uint32) {
	m.mu.Lock()
	defer m.mu.Unlock()
	next := roaring.New()
	if old := m.lists[list]; old != nil {
		next = old.Clone()
	}
	next.Add(member)
	m.lists[list] = next
}

// PutTable replaces a table.
func (m *Memory) PutTable(t *Table) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tables[t.Name] = t
}

// Members implements [Data].
func (m *Memory) Members() uint32 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.members
}

// Live implements [Data].
func (m *Memory) Live(block int) (*roaring.Bitmap, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	live := everyone(m.members, block)
	live.AndNot(lowBits(m.gone, block))
	return live, nil
}

// Attribute implements [Data].
func (m *Memory) Attribute(name string, block int) (*column.Column, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a := m.attrs[name]
	if a == nil {
		return nil, nil
	}
	if c := a.packed[block]; c != nil {
		return c, nil
	}
	rows := membersOfBlock(m.members, block)
	b := column.NewBuilder(a.kind, rows)
	for i := range rows {
		b.Append(a.values[uint32(block)<<16|uint32(i)])
	}
	a.packed[block] = b.Column()
	return a.packed[block], nil
}

// History implements [Data].
func (m *Memory) History(event string, block int) (History, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.events[event]
	if e == nil || len(e.blocks[block]) == 0 {
		return nil, nil
	}
	if h := e.packed[block]; h != nil {
		return h, nil
	}
	var at []int64
	h := &PackedHistory{Offsets: []uint32{0}, Fields: map[string]*column.Column{}}
	builders := map[string]*column.Builder{}
	for name, kind := range e.fields {
		builders[name] = column.NewBuilder(kind, 0)
	}
	for i := range membersOfBlock(m.members, block) {
		for _, ev := range e.blocks[block][uint16(i)] {
			at = append(at, ev.at)
			for name, b := range builders {
				b.Append(ev.fields[name])
			}
		}
		h.Offsets = append(h.Offsets, uint32(len(at)))
	}
	h.Times = column.PackInts(at, nil)
	for name, b := range builders {
		h.Fields[name] = b.Column()
	}
	e.packed[block] = h
	return h, nil
}

// List implements [Data].
func (m *Memory) List(name string) (*roaring.Bitmap, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.lists[name], nil
}

// Table implements [Data].
func (m *Memory) Table(name string) (*Table, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.tables[name], nil
}

// PackedHistory is a [History] whose columns are all in memory.
type PackedHistory struct {
	Offsets []uint32
	Times   *column.Column
	Fields  map[string]*column.Column
}

// Starts implements [History].
func (h *PackedHistory) Starts() []uint32 { return h.Offsets }

// At implements [History].
func (h *PackedHistory) At() (*column.Column, error) { return h.Times, nil }

// Field implements [History].
func (h *PackedHistory) Field(name string) (*column.Column, error) { return h.Fields[name], nil }

// membersOfBlock is how many members of a state of the given size a block holds.
func membersOfBlock(members uint32, block int) int {
	return int(max(0, min(column.Block, int64(members)-int64(block)*column.Block)))
}

// everyone is the set of all members of a block, as low 16 bits.
func everyone(members uint32, block int) *roaring.Bitmap {
	all := roaring.New()
	all.AddRange(0, uint64(membersOfBlock(members, block)))
	return all
}

// Schema returns what the state holds, in the order of names.
func (m *Memory) Schema() Schema {
	m.mu.Lock()
	defer m.mu.Unlock()
	var s Schema
	for _, name := range slices.Sorted(maps.Keys(m.attrs)) {
		s.Attributes = append(s.Attributes, FieldSchema{Name: name, Kind: m.attrs[name].kind})
	}
	for _, name := range slices.Sorted(maps.Keys(m.events)) {
		e := EventSchema{Name: name, Key: -1}
		for _, f := range slices.Sorted(maps.Keys(m.events[name].fields)) {
			e.Fields = append(e.Fields, FieldSchema{Name: f, Kind: m.events[name].fields[f]})
		}
		s.Events = append(s.Events, e)
	}
	s.Lists = slices.Sorted(maps.Keys(m.lists))
	for _, name := range slices.Sorted(maps.Keys(m.tables)) {
		t := TableSchema{Name: name}
		for _, f := range slices.Sorted(maps.Keys(m.tables[name].Columns)) {
			t.Columns = append(t.Columns, FieldSchema{Name: f, Kind: m.tables[name].Columns[f].Kind})
		}
		s.Tables = append(s.Tables, t)
	}
	return s
}

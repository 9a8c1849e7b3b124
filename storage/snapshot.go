package storage

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/RoaringBitmap/roaring/v2"
	bolt "go.etcd.io/bbolt"

	"github.com/muster-engine/muster/storage/column"
)

// Snapshot is the [Data] of a store as it was when the snapshot was taken. It reads and checks a column when it is first
// asked for and keeps it; [Snapshot.Release] lets go of a block. Once a later change has replaced something that was
// not read yet, asking for it gives [ErrStale].
type Snapshot struct {
	store *Store
	state *state

	attributes map[string]uint32
	events     map[string]uint32

	mu     sync.Mutex
	loaded map[partID]*loading
	bare   map[partID]*loading // of texts without a dictionary
}

// partID is a part of an object.
type partID struct {
	objectID
	part int
}

// loading is a part on its way into memory, or there.
type loading struct {
	once  sync.Once
	value any
	err   error
}

// Snapshot returns the state of the store as of now.
func (s *Store) Snapshot() *Snapshot {
	sn := &Snapshot{
		store: s, state: s.now.Load(),
		attributes: map[string]uint32{}, events: map[string]uint32{},
		loaded: map[partID]*loading{}, bare: map[partID]*loading{},
	}
	for i, a := range sn.state.schema.Attributes {
		sn.attributes[a.Name] = uint32(i)
	}
	for i, e := range sn.state.schema.Events {
		sn.events[e.Name] = uint32(i)
	}
	return sn
}

// Schema returns what the snapshot holds.
func (sn *Snapshot) Schema() Schema { return sn.state.schema.clone() }

// DataVersion is that of the store when the snapshot was taken.
func (sn *Snapshot) DataVersion() uint64 { return sn.state.DataVersion }

// Members implements [Data].
func (sn *Snapshot) Members() uint32 { return sn.state.Members }

// Live implements [Data].
func (sn *Snapshot) Live(block int) (*roaring.Bitmap, error) {
	all := everyone(sn.state.Members, block)
	gone, err := sn.gone()
	if err != nil {
		return nil, err
	}
	if gone != nil {
		all.AndNot(lowBits(gone, block))
	}
	return all, nil
}

// gone returns the members that are not live, nil if there are none.
func (sn *Snapshot) gone() (*roaring.Bitmap, error) {
	return load(sn, partID{objectID{kind: goneObject}, 0}, decodeBitmap)
}

// lowBits returns those of some members that are in a block, as low 16 bits.
func lowBits(members *roaring.Bitmap, block int) *roaring.Bitmap {
	out := roaring.New()
	it := members.Iterator()
	it.AdvanceIfNeeded(uint32(block) << 16)
	for it.HasNext() {
		m := it.Next()
		if int(m>>16) != block {
			break
		}
		out.Add(m & 0xffff)
	}
	return out
}

// Renew returns the state of the store as of now, with everything that this snapshot has read and that is still so.
func (sn *Snapshot) Renew() *Snapshot {
	out := sn.store.Snapshot()
	sn.mu.Lock()
	defer sn.mu.Unlock()
	for _, kept := range []struct{ from, to map[partID]*loading }{{sn.loaded, out.loaded}, {sn.bare, out.bare}} {
		for id, l := range kept.from {
			was, now := sn.state.manifest[id.objectID], out.state.manifest[id.objectID]
			if len(now.sizes) > 0 && was.generation == now.generation {
				kept.to[id] = l
			}
		}
	}
	return out
}

// Attribute implements [Data].
func (sn *Snapshot) Attribute(name string, block int) (*column.Column, error) {
	number, ok := sn.attributes[name]
	if !ok {
		return nil, nil
	}
	kind := sn.state.schema.Attributes[number].Kind
	return sn.column(objectID{attributeObject, number, uint32(block)}, 0, kind)
}

// History implements [Data].
func (sn *Snapshot) History(event string, block int) (History, error) {
	number, ok := sn.events[event]
	if !ok {
		return nil, nil
	}
	id := objectID{eventObject, number, uint32(block)}
	if _, ok := sn.state.manifest[id]; !ok {
		return nil, nil
	}
	starts, err := load(sn, partID{id, countsPart}, func(b []byte) ([]uint32, error) { return decodeCounts(b) })
	if err != nil {
		return nil, err
	}
	return &storedHistory{sn, id, starts}, nil
}

// AttributeTexts returns an attribute of texts as [Snapshot.Attribute] does, without a dictionary: to read single members
// where nearly all differ, as ids do.
func (sn *Snapshot) AttributeTexts(name string, block int) (*column.Strings, error) {
	number, ok := sn.attributes[name]
	if !ok {
		return nil, nil
	}
	return loadInto(sn, sn.bare, partID{objectID{attributeObject, number, uint32(block)}, 0}, column.DecodeStrings)
}

// KeyTexts returns the keys of the events of one type in a block as [History] does, without a dictionary.
func (sn *Snapshot) KeyTexts(event string, block int) (*column.Strings, error) {
	number, ok := sn.events[event]
	if !ok || sn.state.schema.Events[number].Key < 0 {
		return nil, nil
	}
	id := objectID{eventObject, number, uint32(block)}
	return loadInto(sn, sn.bare, partID{id, fieldPart + sn.state.schema.Events[number].Key}, column.DecodeStrings)
}

// List implements [Data].
func (sn *Snapshot) List(name string) (*roaring.Bitmap, error) {
	number := slices.Index(sn.state.schema.Lists, name)
	if number < 0 {
		return nil, nil
	}
	return load(sn, partID{objectID{listObject, uint32(number), 0}, 0}, decodeBitmap)
}

// Table implements [Data].
func (sn *Snapshot) Table(name string) (*Table, error) {
	number := slices.IndexFunc(sn.state.schema.Tables, func(t TableSchema) bool { return t.Name == name })
	if number < 0 {
		return nil, nil
	}
	schema := sn.state.schema.Tables[number]
	id := objectID{tableObject, uint32(number), 0}
	keys, err := sn.column(id, 0, column.Texts)
	if keys == nil || err != nil {
		return nil, err
	}
	t := &Table{Name: name, Keys: make([]string, keys.Len), Columns: map[string]*column.Column{}}
	for i := range t.Keys {
		t.Keys[i] = keys.Text(i)
	}
	for i, f := range schema.Columns {
		c, err := sn.column(id, i+1, f.Kind)
		if err != nil {
			return nil, err
		}
		if c != nil && c.Len != keys.Len {
			return nil, sn.corrupt(partID{id, i + 1}, "it has another number of rows")
		}
		t.Columns[f.Name] = c
	}
	return t, nil
}

// Release lets go of everything read of a block, for passes over more blocks than memory holds.
func (sn *Snapshot) Release(block int) {
	sn.mu.Lock()
	defer sn.mu.Unlock()
	for _, loaded := range []map[partID]*loading{sn.loaded, sn.bare} {
		for id := range loaded {
			if id.block == uint32(block) && (id.kind == attributeObject || id.kind == eventObject) {
				delete(loaded, id)
			}
		}
	}
}

// column reads a column, nil if it was never written.
func (sn *Snapshot) column(id objectID, part int, kind column.Kind) (*column.Column, error) {
	return load(sn, partID{id, part}, func(b []byte) (*column.Column, error) {
		c, err := column.Decode(b)
		if err == nil && c.Kind != kind {
			err = fmt.Errorf("it holds %v, not %v", c.Kind, kind)
		}
		return c, err
	})
}

// load returns a part decoded, reading it if nobody has yet; the zero value if the store does not have it.
func load[T any](sn *Snapshot, id partID, decode func([]byte) (T, error)) (T, error) {
	return loadInto(sn, sn.loaded, id, decode)
}

func loadInto[T any](sn *Snapshot, loaded map[partID]*loading, id partID, decode func([]byte) (T, error)) (T, error) {
	var none T
	e, ok := sn.state.manifest[id.objectID]
	if !ok || id.part >= len(e.sizes) || e.sizes[id.part] == 0 {
		return none, nil
	}
	sn.mu.Lock()
	l := loaded[id]
	if l == nil {
		l = new(loading)
		loaded[id] = l
	}
	sn.mu.Unlock()
	l.once.Do(func() {
		raw, err := sn.read(id, e)
		if err == nil {
			v, decodeErr := decode(raw)
			if decodeErr != nil {
				err = sn.corrupt(id, decodeErr.Error())
			}
			l.value = v
		}
		l.err = err
	})
	if l.err != nil {
		return none, l.err
	}
	return l.value.(T), nil
}

// read copies a part out of the file.
func (sn *Snapshot) read(id partID, e entry) ([]byte, error) {
	var raw []byte
	err := sn.store.view(sn.state.describe(id.objectID, id.part), func(tx *bolt.Tx) error {
		var fault string
		raw, fault = readPart(tx.Bucket(objectBucket), id.objectID, e.generation, id.part, e.sizes[id.part])
		if fault != "" {
			return sn.corrupt(id, fault)
		}
		return nil
	})
	if err == nil {
		return raw, nil
	}
	if now := sn.store.now.Load(); errors.Is(err, ErrCorrupt) && now != sn.state && !now.refers(id.objectID, e.generation) {
		return nil, ErrStale
	}
	return nil, err
}

func (sn *Snapshot) corrupt(id partID, detail string) error {
	return &CorruptError{sn.store.path, sn.state.describe(id.objectID, id.part), detail}
}

// storedHistory is a [History] in a store.
type storedHistory struct {
	sn     *Snapshot
	id     objectID
	starts []uint32
}

func (h *storedHistory) Starts() []uint32 { return h.starts }

func (h *storedHistory) At() (*column.Column, error) {
	c, err := h.sized(timesPart, column.Ints)
	if err == nil && (c == nil || c.Known != nil) {
		return nil, h.sn.corrupt(partID{h.id, timesPart}, "not all are known")
	}
	return c, err
}

func (h *storedHistory) Field(name string) (*column.Column, error) {
	schema := h.sn.state.schema.Events[h.id.entity]
	place := slices.IndexFunc(schema.Fields, func(f FieldSchema) bool { return f.Name == name })
	if place < 0 {
		return nil, nil
	}
	return h.sized(fieldPart+place, schema.Fields[place].Kind)
}

// sized reads a column that has a row for each event.
func (h *storedHistory) sized(part int, kind column.Kind) (*column.Column, error) {
	c, err := h.sn.column(h.id, part, kind)
	if err == nil && c != nil && c.Len != int(h.starts[len(h.starts)-1]) {
		return nil, h.sn.corrupt(partID{h.id, part}, "it has another number of rows than there are events")
	}
	return c, err
}

// eventCounts is the starts of a history as how many events each member has, which is how they are stored; in the memory of out
// if it has as many.
func eventCounts(out []int64, starts []uint32) []int64 {
	out = zeroed(out, len(starts)-1)
	for i := range out {
		out[i] = int64(starts[i+1] - starts[i])
	}
	return out
}

func decodeCounts(b []byte) ([]uint32, error) {
	c, err := column.Decode(b)
	if err != nil {
		return nil, err
	}
	if c.Kind != column.Ints || c.Known != nil || c.Len > column.Block {
		return nil, errors.New("they are no counts of events")
	}
	starts := make([]uint32, c.Len+1)
	var sum int64
	for i := range c.Len {
		n := c.Int(i)
		if n < 0 || n > 1<<32-1 {
			return nil, errors.New("a count of events is out of range")
		}
		if sum += n; sum > 1<<32-1 {
			return nil, errors.New("there are too many events")
		}
		starts[i+1] = uint32(sum)
	}
	return starts, nil
}

func encodeBitmap(m *roaring.Bitmap) ([]byte, error) {
	own := m.Clone()
	own.RunOptimize()
	return own.ToBytes()
}

func decodeBitmap(b []byte) (*roaring.Bitmap, error) {
	m := roaring.New()
	if err := m.UnmarshalBinary(b); err != nil {
		return nil, err
	}
	if err := m.Validate(); err != nil {
		return nil, err
	}
	return m, nil
}

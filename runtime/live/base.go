package live

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"weak"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/muster-engine/muster/runtime"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// base is the store's state below the overlay, as data whose state a checkpoint exchanges. States that follow each other
// differ only in members that the overlay has when they are exchanged, so that whoever lays the overlay over them may
// read from one and then from the other.
type base struct {
	now atomic.Pointer[stored]
}

// stored is one state.
type stored struct {
	data   *storage.Snapshot
	schema storage.Schema
	recent recent

	readers []atomic.Pointer[blockReader] // by block
}

// recent are members that were read of a state a moment ago: whoever looks at a member often changes it next. Those read
// lately are in members, those before in older.
type recent struct {
	mu             sync.Mutex
	members, older map[uint32]*member
}

// maxRecent is how many members are kept at least, once so many were read.
const maxRecent = 8192

func (r *recent) get(number uint32) *member {
	r.mu.Lock()
	defer r.mu.Unlock()
	if m := r.members[number]; m != nil {
		return m
	}
	return r.older[number]
}

func (r *recent) put(m *member) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.members == nil || len(r.members) >= maxRecent {
		r.members, r.older = make(map[uint32]*member), r.members
	}
	r.members[m.number] = m
}

// drop gives up members that have changed.
func (r *recent) drop(changed []resting) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range changed {
		delete(r.members, changed[i].number)
		delete(r.older, changed[i].number)
	}
}

// member returns a member as the state has it; it is shared and must not be changed.
func (b *stored) member(number uint32) (*member, error) {
	if m := b.recent.get(number); m != nil {
		return m, nil
	}
	m, err := b.load(number)
	if err == nil {
		b.recent.put(m)
	}
	return m, err
}

func newBase(s *storage.Store) *base {
	b := new(base)
	data := s.Snapshot()
	b.now.Store(newStored(data))
	return b
}

func newStored(data *storage.Snapshot) *stored {
	blocks := (int(data.Members()) + column.Block - 1) / column.Block
	return &stored{data: data, schema: data.Schema(), readers: make([]atomic.Pointer[blockReader], blocks)}
}

// renew goes over to the store's present state. What was read and is still so is kept; what members of some blocks are read
// from is read before, so that whoever asks for one does not wait for that. rest is called between.
func (b *base) renew(blocks []int, rest func()) {
	data := b.now.Load().data.Renew()
	next := newStored(data)
	for _, block := range blocks {
		next.open(block, rest)
	}
	b.now.Store(next)
}

// warm reads what the members of all blocks are read from.
func (b *base) warm(ctx context.Context) {
	now := b.now.Load()
	_ = eachBlock(ctx, now.data.Members(), func() func(int) error { // who asks for what could not be read is told
		return func(block int) error {
			now.open(block, func() {})
			return nil
		}
	})
}

// open reads what the members of a block are read from. What cannot be read is told to whoever asks for it.
func (b *stored) open(block int, rest func()) {
	if block < len(b.readers) {
		if r, err := b.newReader(block, rest); err == nil {
			b.readers[block].Store(r)
		}
	}
}

// read runs f on the present state, and once more if that was exchanged while f read it.
func read[T any](b *base, f func(*stored) (T, error)) (T, error) {
	for {
		s := b.now.Load()
		v, err := f(s)
		if !errors.Is(err, storage.ErrStale) || b.now.Load() == s {
			return v, err
		}
	}
}

// Members implements storage.Data.
func (b *base) Members() uint32 { return b.now.Load().data.Members() }

// Live implements storage.Data.
func (b *base) Live(block int) (*roaring.Bitmap, error) {
	return read(b, func(s *stored) (*roaring.Bitmap, error) { return s.data.Live(block) })
}

// Attribute implements storage.Data.
func (b *base) Attribute(name string, block int) (*column.Column, error) {
	return read(b, func(s *stored) (*column.Column, error) { return s.data.Attribute(name, block) })
}

// History implements storage.Data.
func (b *base) History(event string, block int) (storage.History, error) {
	return read(b, func(s *stored) (storage.History, error) { return s.data.History(event, block) })
}

// KeyTexts are the keys of the events of a type in a block, and the name of their field; nil if they have none.
func (b *base) KeyTexts(event string, block int) (keys *column.Strings, field string, err error) {
	keys, err = read(b, func(s *stored) (*column.Strings, error) {
		if e := s.schema.Event(event); e != nil && e.Key >= 0 {
			field = e.Fields[e.Key].Name
		}
		return s.data.KeyTexts(event, block)
	})
	return keys, field, err
}

// List implements storage.Data.
func (b *base) List(name string) (*roaring.Bitmap, error) {
	return read(b, func(s *stored) (*roaring.Bitmap, error) { return s.data.List(name) })
}

// Table implements storage.Data.
func (b *base) Table(name string) (*storage.Table, error) {
	return read(b, func(s *stored) (*storage.Table, error) { return s.data.Table(name) })
}

// watched are the views that lay the overlay over the base.
type watched struct {
	mu    sync.Mutex
	views []weak.Pointer[runtime.View]
}

func (w *watched) add(v *runtime.View) *runtime.View {
	w.mu.Lock()
	defer w.mu.Unlock()
	kept := w.views[:0]
	for _, p := range w.views {
		if p.Value() != nil {
			kept = append(kept, p)
		}
	}
	w.views = append(kept, weak.Make(v))
	return v
}

// quiesce returns when everything that the views had begun to compute is done.
func (w *watched) quiesce() {
	w.mu.Lock()
	views := append([]weak.Pointer[runtime.View](nil), w.views...)
	w.mu.Unlock()
	for _, p := range views {
		if v := p.Value(); v != nil {
			v.Quiesce()
		}
	}
}

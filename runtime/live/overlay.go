package live

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// load returns a member as the store has it, not to be changed; a number that the store has not is a new member.
func (b *base) load(number uint32) (*member, error) {
	return read(b, func(s *stored) (*member, error) { return s.member(number) })
}

func (b *stored) load(number uint32) (*member, error) {
	m := newMember(number)
	if number >= b.data.Members() {
		return m, nil
	}
	r, err := b.reader(int(number / column.Block))
	if err != nil {
		return nil, err
	}
	low := int(number % column.Block)
	m.live = r.live != nil && r.live.Contains(uint32(low))
	if !m.live {
		if m.merge, err = b.data.Merge(number); err != nil {
			return nil, err
		}
	}
	m.attributes = r.attributes.fields(low)
	for _, name := range b.schema.Lists {
		list, err := b.data.List(name)
		if err != nil {
			return nil, err
		}
		if list != nil && list.Contains(number) {
			if m.lists == nil {
				m.lists = make(map[string]bool)
			}
			m.lists[name] = true
		}
	}
	for i := range r.events {
		r.events[i].read(m, low)
	}
	return m, nil
}

// rows is the state of some members as data: what the engine evaluates of a group, or lays over a block.
type rows struct {
	members []*member // by number
	numbers []uint32
	tables  func(string) (*storage.Table, error)
	kinds   *kinds
}

// kinds is how attributes and fields are stored, by name.
type kinds struct {
	attributes map[string]column.Kind
	fields     map[string]map[string]column.Kind
	// logical are the types of fields in the language's words, as they were declared last, under EVENT.FIELD.
	logical map[string]string
}

func newKinds(s storage.Schema) *kinds {
	k := &kinds{attributes: map[string]column.Kind{}, fields: map[string]map[string]column.Kind{}, logical: map[string]string{}}
	for _, a := range s.Attributes {
		k.attributes[a.Name] = a.Kind
	}
	for _, e := range s.Events {
		k.fields[e.Name] = map[string]column.Kind{}
		for _, f := range e.Fields {
			k.fields[e.Name][f.Name] = f.Kind
			k.logical[e.Name+"."+f.Name] = f.Logical
		}
	}
	return k
}

// with returns the kinds of both; a name of which they differ is an error.
func (k *kinds) with(more *kinds) (*kinds, error) {
	out := &kinds{attributes: maps.Clone(k.attributes), fields: maps.Clone(k.fields), logical: maps.Clone(k.logical)}
	maps.Copy(out.logical, more.logical)
	for name, kind := range more.attributes {
		if old, ok := out.attributes[name]; ok && old != kind {
			return nil, otherwiseStored(name)
		}
		out.attributes[name] = kind
	}
	for event, fields := range more.fields {
		both := maps.Clone(out.fields[event])
		if both == nil {
			both = make(map[string]column.Kind)
		}
		for name, kind := range fields {
			if old, ok := both[name]; ok && old != kind {
				return nil, otherwiseStored(event + "." + name)
			}
			both[name] = kind
		}
		out.fields[event] = both
	}
	return out, nil
}

func otherwiseStored(name string) error {
	return fmt.Errorf("%s would be stored in another way: end the server, and start it with these rules", name)
}

func newRows(members []*member, tables func(string) (*storage.Table, error), k *kinds) *rows {
	slices.SortFunc(members, func(a, b *member) int { return cmp.Compare(a.number, b.number) })
	r := &rows{members: members, tables: tables, kinds: k, numbers: make([]uint32, len(members))}
	for i, m := range members {
		r.numbers[i] = m.number
	}
	return r
}

// Numbers implements runtime.Rows.
func (r *rows) Numbers() []uint32 { return r.numbers }

// Members implements storage.Data.
func (r *rows) Members() uint32 { return uint32(len(r.members)) }

// Live implements storage.Data.
func (r *rows) Live(int) (*roaring.Bitmap, error) {
	out := roaring.New()
	for i, m := range r.members {
		if m.live {
			out.Add(uint32(i))
		}
	}
	return out, nil
}

// Attribute implements storage.Data.
func (r *rows) Attribute(name string, _ int) (*column.Column, error) {
	kind, ok := r.kinds.attributes[name]
	if !ok {
		return nil, nil
	}
	return built(kind, func(b *column.Builder) {
		from := fieldReader{name: name, kind: kind}
		for _, m := range r.members {
			from.append(b, m.attributes)
		}
	}), nil
}

// List implements storage.Data.
func (r *rows) List(name string) (*roaring.Bitmap, error) {
	out := roaring.New()
	for i, m := range r.members {
		if m.lists[name] {
			out.Add(uint32(i))
		}
	}
	return out, nil
}

// Table implements storage.Data.
func (r *rows) Table(name string) (*storage.Table, error) { return r.tables(name) }

// History implements storage.Data.
func (r *rows) History(kind string, _ int) (storage.History, error) {
	h := &history{kind: kind, rows: r, starts: make([]uint32, len(r.members)+1), events: make([][]event, len(r.members))}
	n := 0
	for i, m := range r.members {
		h.starts[i], h.events[i] = uint32(n), m.events.of(kind)
		n += len(h.events[i])
	}
	h.starts[len(r.members)] = uint32(n)
	if n == 0 {
		return nil, nil
	}
	return h, nil
}

type history struct {
	*rows
	kind   string
	starts []uint32
	events [][]event // by member
}

// Starts implements storage.History.
func (h *history) Starts() []uint32 { return h.starts }

// At implements storage.History.
func (h *history) At() (*column.Column, error) {
	return built(column.Ints, func(b *column.Builder) {
		for _, events := range h.events {
			for i := range events {
				b.AppendInt(events[i].at)
			}
		}
	}), nil
}

// Field implements storage.History.
func (h *history) Field(name string) (*column.Column, error) {
	kind, ok := h.kinds.fields[h.kind][name]
	if !ok {
		return nil, nil
	}
	return built(kind, func(b *column.Builder) {
		from := fieldReader{name: name, kind: kind}
		for _, events := range h.events {
			for i := range events {
				from.append(b, events[i].fields)
			}
		}
	}), nil
}

// built is a column of what f appends.
func built(kind column.Kind, f func(b *column.Builder)) *column.Column {
	pool := &builders[kind]
	b, ok := pool.Get().(*column.Builder)
	if !ok {
		b = column.NewBuilder(kind, 0)
	}
	f(b)
	out := b.Column()
	b.Reset()
	pool.Put(b)
	return out
}

// builders are used again, by kind.
var builders [column.Sets + 1]sync.Pool

package live

import (
	"encoding/binary"
	"math"
	"sync/atomic"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/muster-engine/muster/storage/column"
)

// blockReader is what the members of a block are read from, found once.
type blockReader struct {
	live       *roaring.Bitmap // by place in the block
	attributes *rowReader
	events     []eventReader // of the types of which the block has any
}

// eventReader reads the events of a type.
type eventReader struct {
	kind   string
	starts []uint32 // by member, where its events begin
	at     *column.Column
	fields *rowReader
}

// rowReader packs rows of columns as fields. Columns of which nothing is known are not among them.
type rowReader struct {
	names  []string
	cells  []cells
	key    int                           // the place of the key; -1 if there is none
	shapes atomic.Pointer[[]maskedShape] // of rows that came by
}

// cells are a column, or texts that nearly all differ.
type cells struct {
	col   *column.Column
	texts *column.Strings
}

// maskedShape is the shape of rows of which some columns are known: those whose bits the mask has.
type maskedShape struct {
	mask uint64
	of   *shape
}

// mostMasked is how many columns a mask tells apart, and mostShapes how many shapes are looked through one after the
// other. Rows of more find their shape by names.
const (
	mostMasked      = 64
	mostMaskedShape = 32
)

func (r *rowReader) append(name string, c cells, key bool) {
	if c.col == nil && c.texts == nil {
		return
	}
	if key {
		r.key = len(r.cells)
	}
	r.names, r.cells = append(r.names, name), append(r.cells, c)
}

// row appends a row to what is packed. key is which of the fields is the key; -1 if none is.
func (r *rowReader) row(p *packer, row int) (of *shape, from, to, key int) {
	mask, wide := uint64(0), len(r.cells) > mostMasked
	key = -1
	for i := range r.cells {
		slot, known := r.cells[i].add(p, row)
		if !known {
			continue
		}
		if i == r.key {
			key = len(p.slots)
		}
		p.slots = append(p.slots, slot)
		mask |= 1 << uint(i)
		if wide {
			p.names, p.kinds = append(p.names, r.names[i]), append(p.kinds, r.cells[i].kind())
		}
	}
	if wide {
		of, from, to = p.write()
		return of, from, to, key
	}
	of = r.shape(mask)
	from, to = p.lay()
	return of, from, to, key
}

// shape is that of the rows of a mask.
func (r *rowReader) shape(mask uint64) *shape {
	old := r.shapes.Load()
	var all []maskedShape
	if old != nil {
		all = *old
	}
	for i := range all {
		if all[i].mask == mask {
			return all[i].of
		}
	}
	var names []string
	var kinds []column.Kind
	for i := range r.cells {
		if mask>>uint(i)&1 != 0 {
			names, kinds = append(names, r.names[i]), append(kinds, r.cells[i].kind())
		}
	}
	of := shapeOf(names, kinds)
	if len(all) < mostMaskedShape {
		all = append(all[:len(all):len(all)], maskedShape{mask, of})
		r.shapes.CompareAndSwap(old, &all)
	}
	return of
}

func (c *cells) kind() column.Kind {
	if c.texts != nil {
		return column.Texts
	}
	return c.col.Kind
}

// add puts what does not fit into a slot of a row to the rest of what is packed, and returns the slot.
func (c *cells) add(p *packer, row int) (slot uint64, known bool) {
	from := len(p.rest)
	if c.texts != nil {
		if p.rest, known = c.texts.AppendTo(p.rest, row); !known {
			return 0, false
		}
		return place(from, len(p.rest)), true
	}
	col := c.col
	if row >= col.Len || !col.IsKnown(row) {
		return 0, false
	}
	switch col.Kind {
	case column.Ints:
		return uint64(col.Int(row)), true
	case column.Floats:
		return math.Float64bits(col.F64[row]), true
	case column.Texts:
		p.rest = append(p.rest, col.Text(row)...)
	default:
		for _, code := range col.Codes[col.Starts[row]:col.Starts[row+1]] {
			text := col.Dict[code]
			p.rest = append(binary.AppendUvarint(p.rest, uint64(len(text))), text...)
		}
	}
	return place(from, len(p.rest)), true
}

// fields are those of a row, by themselves.
func (r *rowReader) fields(row int) fields {
	p := packers.Get().(*packer)
	of, from, to, _ := r.row(p, row)
	out := fields{of, string(p.out[from:to])}
	p.out = p.out[:0]
	packers.Put(p)
	return out
}

// read puts the events of a member of the block into its history. Their fields lie in one text.
func (r *eventReader) read(m *member, low int) {
	if low+1 >= len(r.starts) {
		return
	}
	first, last := int(r.starts[low]), int(r.starts[low+1])
	if first == last {
		return
	}
	p := packers.Get().(*packer)
	events := make([]event, last-first)
	for i := range events {
		of, from, to, key := r.fields.row(p, first+i)
		events[i].at, events[i].fields.of = r.at.Int(first+i), of
		p.several = append(p.several, stretch{from, to, key})
	}
	all := string(p.out)
	for i, s := range p.several {
		e := &events[i]
		if e.fields.packed = all[s.from:s.to]; s.key >= 0 {
			e.key = e.fields.rest(e.fields.slot(s.key))
		}
	}
	p.out, p.several = p.out[:0], p.several[:0]
	packers.Put(p)
	m.events.set(r.kind, events)
}

// reader returns what the members of a block are read from.
func (b *stored) reader(block int) (*blockReader, error) {
	if r := b.readers[block].Load(); r != nil {
		return r, nil
	}
	r, err := b.newReader(block, func() {})
	if err == nil {
		b.readers[block].Store(r)
	}
	return r, err
}

// newReader reads what the members of a block are read from. rest is called between.
func (b *stored) newReader(block int, rest func()) (r *blockReader, err error) {
	r = new(blockReader)
	if r.live, err = b.data.Live(block); err != nil {
		return nil, err
	}
	r.attributes = &rowReader{key: -1}
	for _, a := range b.schema.Attributes {
		rest()
		var c cells
		if a.Kind == column.Texts && a.Logical == "id" {
			c.texts, err = b.data.AttributeTexts(a.Name, block)
		} else {
			c.col, err = b.data.Attribute(a.Name, block)
		}
		if err != nil {
			return nil, err
		}
		r.attributes.append(a.Name, c, false)
	}
	for _, e := range b.schema.Events {
		rest()
		h, err := b.data.History(e.Name, block)
		if err != nil {
			return nil, err
		}
		if h == nil {
			continue
		}
		one := eventReader{kind: e.Name, starts: h.Starts(), fields: &rowReader{key: -1}}
		if one.at, err = h.At(); err != nil {
			return nil, err
		}
		for place, f := range e.Fields {
			rest()
			var c cells
			if place == e.Key {
				c.texts, err = b.data.KeyTexts(e.Name, block)
			} else {
				c.col, err = h.Field(f.Name)
			}
			if err != nil {
				return nil, err
			}
			one.fields.append(f.Name, c, place == e.Key)
		}
		r.events = append(r.events, one)
	}
	return r, nil
}

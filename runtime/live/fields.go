package live

import (
	"encoding/binary"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/muster-engine/muster/storage/column"
)

// fields are the known fields of an event, in any order, the key among them. They are shared and never changed: whoever
// needs others makes a copy.
//
// Members that have changed are kept by the ten thousand, with all their events, so the values lie packed in one text,
// which costs little room and is nothing to a collection of garbage: eight bytes for each, in order, then what does not fit
// into eight bytes. A text is its place and its length there, a set the same of its elements.
type fields struct {
	of     *shape
	packed string
}

// shape is the names and kinds of the fields of an event: most events of a type share one.
type shape struct {
	names []string
	kinds []column.Kind
}

const slot = 8 // bytes

// packer makes fields, one event after another.
type packer struct {
	names []string
	kinds []column.Kind
	slots []uint64
	rest  []byte
	last  *shape
	out   []byte

	several []stretch // of events that are packed together
	order   []string  // of the names of values, while they are added
}

// stretch is where the fields of an event lie among those of several, and which of them is its key.
type stretch struct{ from, to, key int }

// add adds a known value to the fields of the event in hand.
func (p *packer) add(name string, v column.Value) {
	var bits uint64
	from := len(p.rest)
	switch v.Kind {
	case column.Floats:
		bits = math.Float64bits(v.Float)
	case column.Texts:
		p.rest = append(p.rest, v.Text...)
		bits = place(from, len(p.rest))
	case column.Sets:
		for _, s := range v.Set {
			p.rest = append(binary.AppendUvarint(p.rest, uint64(len(s))), s...)
		}
		bits = place(from, len(p.rest))
	default:
		bits = uint64(v.Int)
	}
	p.names, p.kinds, p.slots = append(p.names, name), append(p.kinds, v.Kind), append(p.slots, bits)
}

// addBut adds fields to those of the event in hand, but for one.
func (p *packer) addBut(fs fields, but string) {
	for name, v := range fs.all() {
		if name != but {
			p.add(name, v)
		}
	}
}

// place is a stretch of the rest as a slot has it.
func place(from, to int) uint64 { return uint64(from)<<32 | uint64(uint32(to-from)) }

// write appends the fields of the event in hand to what is packed, and returns their shape and where they lie.
func (p *packer) write() (of *shape, from, to int) {
	if p.last == nil || !slices.Equal(p.names, p.last.names) || !slices.Equal(p.kinds, p.last.kinds) {
		p.last = shapeOf(p.names, p.kinds)
	}
	from, to = p.lay()
	return p.last, from, to
}

// lay appends the slots of the event in hand, and what does not fit into them, to what is packed.
func (p *packer) lay() (from, to int) {
	from = len(p.out)
	for _, bits := range p.slots {
		p.out = binary.LittleEndian.AppendUint64(p.out, bits)
	}
	p.out = append(p.out, p.rest...)
	p.names, p.kinds, p.slots, p.rest = p.names[:0], p.kinds[:0], p.slots[:0], p.rest[:0]
	return from, len(p.out)
}

// fields are those of the event in hand, by themselves.
func (p *packer) fields() fields {
	of, from, to := p.write()
	out := fields{of, string(p.out[from:to])}
	p.out = p.out[:0]
	return out
}

// packers are used again.
var packers = sync.Pool{New: func() any { return new(packer) }}

// packed returns the fields that f adds.
func packed(f func(p *packer)) fields {
	p := packers.Get().(*packer)
	f(p)
	out := p.fields()
	packers.Put(p) // not one that f has left half filled
	return out
}

// shapes are those in use, by their names and kinds. There may be any number where fields come and go at random: the table
// is begun anew when there are many, and shapes are told apart by what is in them alone.
var shapes = struct {
	sync.Mutex
	of map[string]*shape
}{of: map[string]*shape{}}

const mostShapes = 4096

func shapeOf(names []string, kinds []column.Kind) *shape {
	var key []byte
	for i, name := range names {
		key = append(binary.AppendUvarint(append(key, byte(kinds[i])), uint64(len(name))), name...)
	}
	shapes.Lock()
	defer shapes.Unlock()
	s := shapes.of[string(key)]
	if s == nil {
		s = &shape{names: make([]string, len(names)), kinds: slices.Clone(kinds)}
		for i, name := range names {
			s.names[i] = strings.Clone(name)
		}
		if len(shapes.of) >= mostShapes {
			clear(shapes.of)
		}
		shapes.of[string(key)] = s
	}
	return s
}

// fieldsOf are those of an event that comes with values by name, in the order of the names.
func fieldsOf(values map[string]column.Value) fields {
	return packed(func(p *packer) {
		p.order = slices.AppendSeq(p.order[:0], maps.Keys(values))
		slices.Sort(p.order)
		for _, name := range p.order {
			if v := values[name]; v.Kind != 0 {
				p.add(name, v)
			}
		}
		clear(p.order)
	})
}

// len is how many fields there are.
func (fs fields) len() int {
	if fs.of == nil {
		return 0
	}
	return len(fs.of.names)
}

// all are the fields in their order.
func (fs fields) all() iter.Seq2[string, column.Value] {
	return func(yield func(string, column.Value) bool) {
		for i := range fs.len() {
			if !yield(fs.of.names[i], fs.value(i)) {
				return
			}
		}
	}
}

// value is the i-th field.
func (fs fields) value(i int) column.Value {
	bits := fs.slot(i)
	switch fs.of.kinds[i] {
	case column.Floats:
		return column.Float(math.Float64frombits(bits))
	case column.Texts:
		return column.Value{Kind: column.Texts, Text: fs.rest(bits)}
	case column.Sets:
		set := []string{}
		for r := (recordReader{in: fs.rest(bits)}); r.in != ""; {
			set = append(set, r.text())
		}
		return column.Value{Kind: column.Sets, Set: set}
	}
	return column.Value{Kind: fs.of.kinds[i], Int: int64(bits)}
}

func (fs fields) slot(i int) uint64 {
	s := fs.packed[i*slot : i*slot+slot]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// rest is the part of what follows the slots that one of them tells of.
func (fs fields) rest(bits uint64) string {
	from := len(fs.of.names)*slot + int(bits>>32)
	return fs.packed[from : from+int(uint32(bits))]
}

// placeOf is where a text is among the fields, or -1.
func (fs fields) placeOf(text string) int {
	for i := range fs.len() {
		if fs.of.kinds[i] == column.Texts && fs.rest(fs.slot(i)) == text {
			return i
		}
	}
	return -1
}

// shared is a text, as it is among the fields if it is there: then it costs no room of its own.
func (fs fields) shared(text string) string {
	if i := fs.placeOf(text); i >= 0 {
		return fs.rest(fs.slot(i))
	}
	return text
}

// values are the fields by name.
func (fs fields) values() map[string]column.Value {
	out := make(map[string]column.Value, fs.len())
	for name, v := range fs.all() {
		out[name] = v
	}
	return out
}

// get returns a field; one that is not known has no kind.
func (fs fields) get(name string) column.Value {
	var place int
	return fs.next(name, &place)
}

// next is [fields.get] for many events of a type, one after another: place is where the field was of the last, and mostly is
// of this one.
func (fs fields) next(name string, place *int) column.Value {
	if fs.of == nil {
		return column.Value{}
	}
	if p := *place; p < len(fs.of.names) && fs.of.names[p] == name {
		return fs.value(p)
	}
	if i := slices.Index(fs.of.names, name); i >= 0 {
		*place = i
		return fs.value(i)
	}
	return column.Value{}
}

// fieldReader reads a field of many fields, most of which share a shape.
type fieldReader struct {
	name  string
	kind  column.Kind
	of    *shape
	place int // among those of the shape; -1 if it has none such
}

// append appends the field to a column of its kind.
func (r *fieldReader) append(b *column.Builder, fs fields) {
	if fs.of == nil {
		b.AppendUnknown()
		return
	}
	if fs.of != r.of {
		r.of, r.place = fs.of, slices.Index(fs.of.names, r.name)
	}
	switch {
	case r.place < 0:
		b.AppendUnknown()
	case fs.of.kinds[r.place] != r.kind:
		b.Append(fs.value(r.place))
	case r.kind == column.Ints:
		b.AppendInt(int64(fs.slot(r.place)))
	case r.kind == column.Texts:
		b.AppendText(fs.rest(fs.slot(r.place)))
	default:
		b.Append(fs.value(r.place))
	}
}

// with returns the fields with one more, or another value of one.
func (fs fields) with(name string, v column.Value) fields {
	return packed(func(p *packer) {
		p.addBut(fs, name)
		p.add(name, v)
	})
}

// without returns the fields but for one.
func (fs fields) without(name string) fields {
	return packed(func(p *packer) { p.addBut(fs, name) })
}

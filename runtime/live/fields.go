package live

import (
	"maps"
	"math"
	"slices"

	"github.com/muster-engine/muster/storage/column"
)

// fields are the known fields of an event, in any order, the key among them. They are shared and never changed: whoever
// needs others makes a copy.
type fields []field

// field is the value of one field, in half the room of a [column.Value]: members that have changed are kept by the
// ten thousand, with all their events.
type field struct {
	name string
	kind column.Kind
	bits int64 // an integer, or those of a float
	text string
	set  *[]string
}

func fieldOf(name string, v column.Value) field {
	f := field{name: name, kind: v.Kind, bits: v.Int, text: v.Text}
	switch v.Kind {
	case column.Floats:
		f.bits = int64(math.Float64bits(v.Float))
	case column.Sets:
		f.set = &v.Set
	}
	return f
}

func (f *field) value() column.Value {
	switch f.kind {
	case column.Floats:
		return column.Float(math.Float64frombits(uint64(f.bits)))
	case column.Sets:
		return column.Value{Kind: column.Sets, Set: *f.set}
	}
	return column.Value{Kind: f.kind, Int: f.bits, Text: f.text}
}

// fieldsOf are those of an event that comes with values by name, in the order of the names.
func fieldsOf(values map[string]column.Value) fields {
	out := make(fields, 0, len(values))
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if v := values[name]; v.Kind != 0 {
			out = append(out, fieldOf(name, v))
		}
	}
	return out
}

// values are the fields by name.
func (fs fields) values() map[string]column.Value {
	out := make(map[string]column.Value, len(fs))
	for i := range fs {
		out[fs[i].name] = fs[i].value()
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
	if p := *place; p < len(fs) && fs[p].name == name {
		return fs[p].value()
	}
	for i := range fs {
		if fs[i].name == name {
			*place = i
			return fs[i].value()
		}
	}
	return column.Value{}
}

// with returns the fields with one more, or another value of one.
func (fs fields) with(name string, v column.Value) fields {
	out := make(fields, 0, len(fs)+1)
	for _, f := range fs {
		if f.name != name {
			out = append(out, f)
		}
	}
	return append(out, fieldOf(name, v))
}

// without returns the fields but for one.
func (fs fields) without(name string) fields {
	return slices.DeleteFunc(slices.Clone(fs), func(f field) bool { return f.name == name })
}

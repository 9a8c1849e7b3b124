package live

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"slices"
	"sync"

	"github.com/klauspost/compress/s2"

	"github.com/muster-engine/muster/storage/column"
)

// A record of the journal is an entry in bytes, compressed. What nearly every input and outcome has is written as it is:
// numbers as varints, texts with their lengths, and names, which come again and again, as places in a list that grows as
// they come. What is rare goes beside it as JSON.

// recordFormat is the first byte of a record.
const recordFormat = 1

var errRecord = errors.New("it is cut short or means nothing")

// encodeEntry makes the record of an entry.
func encodeEntry(en entry) ([]byte, error) {
	room := records.Get().(*[]byte)
	w := recordWriter{names: map[string]uint64{}, out: (*room)[:0]}
	defer func() {
		*room = w.out
		records.Put(room)
	}()
	w.out = append(w.out, recordFormat)
	w.varint(en.Clock)
	w.varint(en.Stamp)
	if err := w.json(en.Cuts, en.Cuts != nil); err != nil {
		return nil, err
	}
	w.uvarint(uint64(len(en.Inputs)))
	for i := range en.Inputs {
		if err := w.input(&en.Inputs[i]); err != nil {
			return nil, err
		}
	}
	w.uvarint(uint64(len(en.Outcomes)))
	for i := range en.Outcomes {
		w.outcome(&en.Outcomes[i])
	}
	return squeezed(w.out), nil
}

// records are what entries are written into before they are compressed.
var records = sync.Pool{New: func() any { return new([]byte) }}

// squeezed is a record compressed, in memory of its own and of its length.
func squeezed(record []byte) []byte {
	room := records.Get().(*[]byte)
	defer records.Put(room)
	*room = s2.Encode((*room)[:cap(*room)], record)
	return bytes.Clone(*room)
}

// decodeEntry reads a record.
func decodeEntry(record []byte) (en entry, err error) {
	raw, err := s2.Decode(nil, record)
	if err != nil {
		return en, err
	}
	r := recordReader{in: string(raw)}
	defer func() {
		if failed := recover(); failed != nil {
			if failed != any(errRecord) {
				panic(failed)
			}
			err = errRecord
		}
	}()
	if r.byte() != recordFormat {
		return en, errRecord
	}
	en.Clock, en.Stamp = r.varint(), r.varint()
	if err := r.json(&en.Cuts); err != nil {
		return en, err
	}
	if n := r.count(); n > 0 {
		en.Inputs = make([]Input, n)
		for i := range en.Inputs {
			if err := r.input(&en.Inputs[i]); err != nil {
				return en, err
			}
		}
	}
	if n := r.count(); n > 0 {
		en.Outcomes = make([]outcome, n)
		for i := range en.Outcomes {
			r.outcome(&en.Outcomes[i])
		}
	}
	if len(r.in) > 0 {
		return en, errRecord
	}
	return en, nil
}

// What an input has of what is written as it is.
const (
	hasKey = 1 << iota
	hasAt
	hasValues
	hasStamp
	hasRest
)

func (w *recordWriter) input(in *Input) error {
	rest := *in
	rest.Kind, rest.IDs, rest.Type, rest.Key, rest.HasAt, rest.At, rest.Values, rest.Stamp = 0, nil, "", "", false, 0, nil, 0
	var has byte
	for _, x := range []struct {
		bit  byte
		have bool
	}{
		{hasKey, in.Key != ""}, {hasAt, in.HasAt}, {hasValues, in.Values != nil}, {hasStamp, in.Stamp != 0},
		{hasRest, !reflect.ValueOf(&rest).Elem().IsZero()},
	} {
		if x.have {
			has |= x.bit
		}
	}
	w.out = append(w.out, byte(in.Kind), has)
	w.name(in.Type)
	w.uvarint(uint64(len(in.IDs)))
	for _, id := range in.IDs {
		w.name(id.Attribute)
		w.text(id.Text)
	}
	if has&hasKey != 0 {
		w.text(in.Key)
	}
	w.varint(in.At)
	if has&hasValues != 0 {
		w.values(in.Values)
	}
	if has&hasStamp != 0 {
		w.varint(in.Stamp)
	}
	if has&hasRest != 0 {
		return w.json(rest, true)
	}
	return nil
}

func (r *recordReader) input(in *Input) error {
	kind, has := Kind(r.byte()), r.byte()
	name, ids := r.name(), []ID(nil)
	for n := r.count(); n > 0; n-- {
		ids = append(ids, ID{r.name(), r.text()})
	}
	key := ""
	if has&hasKey != 0 {
		key = r.text()
	}
	at := r.varint()
	var values map[string]column.Value
	if has&hasValues != 0 {
		values = r.values()
	}
	stamp := int64(0)
	if has&hasStamp != 0 {
		stamp = r.varint()
	}
	if has&hasRest != 0 {
		if err := r.json(in); err != nil {
			return err
		}
	}
	in.Kind, in.IDs, in.Type, in.Key, in.HasAt, in.At, in.Values, in.Stamp = kind, ids, name, key, has&hasAt != 0, at, values, stamp
	return nil
}

func (w *recordWriter) outcome(o *outcome) {
	w.uvarint(uint64(o.Input))
	w.uvarint(uint64(o.Member))
	w.uvarint(uint64(len(o.Facts)))
	for _, f := range o.Facts {
		w.name(f.Type)
		w.varint(f.At)
		w.fields(f.Fields)
	}
	w.uvarint(uint64(len(o.Lists)))
	for _, l := range o.Lists {
		w.name(l.List)
		w.bool(l.On)
	}
}

func (r *recordReader) outcome(o *outcome) {
	o.Input, o.Member = int(r.uvarint()), uint32(r.uvarint())
	for n := r.count(); n > 0; n-- {
		o.Facts = append(o.Facts, fact{Type: r.name(), At: r.varint(), Fields: r.fields()})
	}
	for n := r.count(); n > 0; n-- {
		o.Lists = append(o.Lists, listing{r.name(), r.byte() != 0})
	}
}

// recordWriter appends to a record.
type recordWriter struct {
	out   []byte
	names map[string]uint64
	keys  []string // of a map, in order
}

func (w *recordWriter) varint(v int64)   { w.out = binary.AppendVarint(w.out, v) }
func (w *recordWriter) uvarint(v uint64) { w.out = binary.AppendUvarint(w.out, v) }

func (w *recordWriter) bool(v bool) {
	if v {
		w.out = append(w.out, 1)
	} else {
		w.out = append(w.out, 0)
	}
}

func (w *recordWriter) text(s string) {
	w.uvarint(uint64(len(s)))
	w.out = append(w.out, s...)
}

// name writes a text that comes again: its place among the names, and itself where it is the first time.
func (w *recordWriter) name(s string) {
	place, known := w.names[s]
	if !known {
		place = uint64(len(w.names))
		w.names[s] = place
	}
	w.uvarint(place)
	if !known {
		w.text(s)
	}
}

// values writes values in the order of their names, so that equal entries are equal records.
func (w *recordWriter) values(values map[string]column.Value) {
	w.keys = w.keys[:0]
	for name := range values {
		w.keys = append(w.keys, name)
	}
	slices.Sort(w.keys)
	w.uvarint(uint64(len(w.keys)))
	for _, name := range w.keys {
		w.value(name, values[name])
	}
}

func (w *recordWriter) fields(fs fields) {
	w.uvarint(uint64(fs.len()))
	for name, v := range fs.all() {
		w.value(name, v)
	}
}

func (w *recordWriter) value(name string, v column.Value) {
	w.name(name)
	w.out = append(w.out, byte(v.Kind))
	switch v.Kind {
	case column.Ints:
		w.varint(v.Int)
	case column.Floats:
		w.out = binary.LittleEndian.AppendUint64(w.out, math.Float64bits(v.Float))
	case column.Texts:
		w.text(v.Text)
	case column.Sets:
		w.uvarint(uint64(len(v.Set)))
		for _, s := range v.Set {
			w.text(s)
		}
	}
}

// json writes a value as JSON, and nothing but a length of 0 where there is none.
func (w *recordWriter) json(v any, have bool) error {
	var raw []byte
	if have {
		var err error
		if raw, err = json.Marshal(v); err != nil {
			return err
		}
	}
	w.uvarint(uint64(len(raw)))
	w.out = append(w.out, raw...)
	return nil
}

// recordReader reads a record. What is wrong with it is a panic with errRecord, which decodeEntry catches. Texts share the
// memory of the record.
type recordReader struct {
	in    string
	names []string
}

func (r *recordReader) take(n uint64) string {
	if n > uint64(len(r.in)) {
		panic(errRecord)
	}
	s := r.in[:n]
	r.in = r.in[n:]
	return s
}

func (r *recordReader) byte() byte { return r.take(1)[0] }

func (r *recordReader) uvarint() (v uint64) {
	for shift := 0; shift < 64; shift += 7 {
		b := r.byte()
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v
		}
	}
	panic(errRecord)
}

func (r *recordReader) varint() int64 {
	u := r.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

// count is how many of something follow, each of at least a byte.
func (r *recordReader) count() int {
	n := r.uvarint()
	if n > uint64(len(r.in)) {
		panic(errRecord)
	}
	return int(n)
}

func (r *recordReader) text() string { return r.take(r.uvarint()) }

func (r *recordReader) name() string {
	place := r.uvarint()
	switch {
	case place < uint64(len(r.names)):
	case place == uint64(len(r.names)):
		r.names = append(r.names, r.text())
	default:
		panic(errRecord)
	}
	return r.names[place]
}

func (r *recordReader) values() map[string]column.Value {
	n := r.count()
	out := make(map[string]column.Value, n)
	for ; n > 0; n-- {
		name := r.name()
		out[name] = r.value()
	}
	return out
}

func (r *recordReader) fields() fields {
	return packed(func(p *packer) {
		for n := r.count(); n > 0; n-- {
			name := r.name()
			v := r.value()
			if v.Kind == 0 {
				panic(errRecord)
			}
			p.add(name, v)
		}
	})
}

func (r *recordReader) value() column.Value {
	v := column.Value{Kind: column.Kind(r.byte())}
	switch v.Kind {
	case 0:
	case column.Ints:
		v.Int = r.varint()
	case column.Floats:
		v.Float = math.Float64frombits(binary.LittleEndian.Uint64([]byte(r.take(8))))
	case column.Texts:
		v.Text = r.text()
	case column.Sets:
		v.Set = make([]string, 0, min(16, len(r.in)))
		for k := r.count(); k > 0; k-- {
			v.Set = append(v.Set, r.text())
		}
	default:
		panic(errRecord)
	}
	return v
}

// json reads what was written as JSON into v, and leaves it where there is nothing.
func (r *recordReader) json(v any) error {
	raw := r.text()
	if raw == "" {
		return nil
	}
	return json.Unmarshal([]byte(raw), v)
}

package storage

import (
	"encoding/binary"
	"maps"
	"math"
	"sync"

	"github.com/muster-engine/muster/storage/column"
)

// RowEncoder writes one staged row: fields set in any order, by their index in the schema given; fields not set are
// unknown in an event and stay as they are in an attribute row. A field set twice has the later value. Each goroutine
// needs its own.
//
// A row is a sequence of tagged values: as a varint the field's place in the stored schema times four plus what is done
// to it; then a zigzag varint, eight bytes of a float, a counted text, or a count and counted texts; nothing for a
// clear, a counted text for an addition to a set, a varint for a text of the field's dictionary.
type RowEncoder struct {
	buf    []byte
	places []int // of the caller's fields in the stored schema
	kinds  []column.Kind
	words  []*words // by field; nil for what is written out
}

func newRowEncoder(places []int, kinds []column.Kind, shared []*dictionary) *RowEncoder {
	e := &RowEncoder{places: places, kinds: kinds, words: make([]*words, len(kinds))}
	for i, d := range shared {
		if d != nil {
			e.words[i] = &words{shared: d, codes: map[string]uint32{}}
		}
	}
	return e
}

// dictionary numbers the texts that a field has often, so that staged rows hold a small number instead. It is shared by
// all encoders of the field; the first texts that come are taken, and beyond dictionarySize texts are written out.
type dictionary struct {
	mu    sync.Mutex
	codes map[string]uint32
	texts []string
}

const (
	dictionarySize = 1 << 12
	dictionaryText = 1 << 8 // bytes of a text that is taken
)

// words is what one encoder knows of a dictionary.
type words struct {
	shared *dictionary
	codes  map[string]uint32
	all    bool // the dictionary is full and known to the last text
}

// code returns the number of a text, if it has one.
func (w *words) code(text []byte) (uint32, bool) {
	if code, ok := w.codes[string(text)]; ok || w.all || len(text) > dictionaryText {
		return code, ok
	}
	d := w.shared
	d.mu.Lock()
	defer d.mu.Unlock()
	code, ok := d.codes[string(text)]
	if !ok && len(d.texts) < dictionarySize {
		if d.codes == nil {
			d.codes = map[string]uint32{}
		}
		code, ok = uint32(len(d.texts)), true
		d.texts = append(d.texts, string(text))
		d.codes[d.texts[code]] = code
	}
	if ok {
		w.codes[d.texts[code]] = code
	} else {
		maps.Copy(w.codes, d.codes)
		w.all = true
	}
	return code, ok
}

// known returns the texts by number.
func (d *dictionary) known() []string {
	if d == nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.texts[:len(d.texts):len(d.texts)]
}

// What is done to a field.
const (
	setValue = iota
	clearValue
	addToSet
	setCode

	tagShift = 2
	tagMask  = 1<<tagShift - 1
)

// Reset starts a new row.
func (e *RowEncoder) Reset() { e.buf = e.buf[:0] }

// Int sets a field of Ints.
func (e *RowEncoder) Int(field int, v int64) {
	e.tag(field, column.Ints)
	e.buf = binary.AppendVarint(e.buf, v)
}

// Float sets a field of Floats.
func (e *RowEncoder) Float(field int, v float64) {
	e.tag(field, column.Floats)
	e.buf = binary.LittleEndian.AppendUint64(e.buf, math.Float64bits(v))
}

// Text sets a field of Texts; the bytes are copied.
func (e *RowEncoder) Text(field int, v []byte) {
	if w := e.words[field]; w != nil {
		if code, ok := w.code(v); ok {
			e.buf = binary.AppendUvarint(e.buf, uint64(e.places[field])<<tagShift|setCode)
			e.buf = binary.AppendUvarint(e.buf, uint64(code))
			return
		}
	}
	e.tag(field, column.Texts)
	e.buf = binary.AppendUvarint(e.buf, uint64(len(v)))
	e.buf = append(e.buf, v...)
}

// Set sets a field of Sets to texts in any order; the bytes are copied.
func (e *RowEncoder) Set(field int, texts [][]byte) {
	e.tag(field, column.Sets)
	e.buf = binary.AppendUvarint(e.buf, uint64(len(texts)))
	for _, v := range texts {
		e.buf = binary.AppendUvarint(e.buf, uint64(len(v)))
		e.buf = append(e.buf, v...)
	}
}

// Clear makes a member attribute unknown, or an event field that was set before.
func (e *RowEncoder) Clear(field int) {
	e.buf = binary.AppendUvarint(e.buf, uint64(e.places[field])<<tagShift|clearValue)
}

// Empty reports whether nothing was set.
func (e *RowEncoder) Empty() bool { return len(e.buf) == 0 }

// Bytes returns the row, which is overwritten by the next one: copy it to keep it.
func (e *RowEncoder) Bytes() []byte { return e.buf }

func (e *RowEncoder) tag(field int, kind column.Kind) {
	if e.kinds[field] != kind {
		panic("storage: a field of " + e.kinds[field].String() + " was given " + kind.String())
	}
	e.buf = binary.AppendUvarint(e.buf, uint64(e.places[field])<<tagShift) // setValue is 0
}

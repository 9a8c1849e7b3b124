package storage

import (
	"encoding/binary"
	"math"

	"github.com/muster-engine/muster/storage/column"
)

// RowEncoder writes one staged row: fields set in any order, by their index in the schema given; fields not set are
// unknown in an event and stay as they are in an attribute row. A field set twice has the later value. Each goroutine
// needs its own.
//
// A row is a sequence of tagged values: as a varint the field's place in the stored schema times four plus what is done
// to it; then a zigzag varint, eight bytes of a float, a counted text, or a count and counted texts; nothing for a
// clear, a counted text for an addition to a set.
type RowEncoder struct {
	buf    []byte
	places []int // of the caller's fields in the stored schema
	kinds  []column.Kind
}

// What is done to a field.
const (
	setValue = iota
	clearValue
	addToSet

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
	e.buf = binary.AppendUvarint(e.buf, uint64(e.places[field])<<tagShift|setValue)
}

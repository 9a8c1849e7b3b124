package runtime

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/vector"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// Chance is the fraction that a salt gives a member: the first 53 bits of SHA-256(salt, 0x00, number as 8 big-endian
// bytes), divided by 2^53.
func Chance(salt string, member uint64) float64 {
	text := make([]byte, 0, len(salt)+9)
	text = append(append(text, salt...), 0)
	text = binary.BigEndian.AppendUint64(text, member)
	sum := sha256.Sum256(text)
	return float64(binary.BigEndian.Uint64(sum[:8])>>11) / (1 << 53)
}

// manual reads a manual tag as it holds at the clock: a value whose span has run out is unknown.
func (b *block) manual(tag *ir.Tag) *resident {
	r := b.attribute(storage.ManualPrefix+tag.Name, tag.Type)
	if tag.For == nil || r.col == nil {
		return r
	}
	at, err := b.view.data.Attribute(storage.ManualPrefix+tag.Name+storage.ManualAtSuffix, b.no)
	vector.Fail(err)
	lapsed := *r.col
	lapsed.Known = make([]uint64, vector.Words(lapsed.Len))
	for i := range lapsed.Len {
		if !r.col.IsKnown(i) {
			continue
		}
		holds := true
		if at != nil && i < at.Len && at.IsKnown(i) {
			holds = b.at.clock.Now < b.view.prog.Zone.Lapse(at.Int(i), tag.For.N, tag.For.Unit)
		}
		if holds {
			lapsed.Known[i>>6] |= 1 << (uint(i) & 63)
		}
	}
	return &resident{col: &lapsed}
}

// lookup makes a table ready for look-ups, once; nil if the store has none.
func (e *Engine) lookup(t *ir.Table) *vector.Rows {
	e.tables.mu.Lock()
	defer e.tables.mu.Unlock()
	if rows, ok := e.tables.ready[t]; ok {
		return rows
	}
	stored, err := e.data.Table(t.Name)
	vector.Fail(err)
	var rows *vector.Rows
	if stored != nil {
		rows = &vector.Rows{ByKey: make(map[string]int, len(stored.Keys)), Cells: make([][]ir.Value, len(t.Columns))}
		for i, k := range stored.Keys {
			rows.ByKey[k] = i
		}
		for c, col := range t.Columns {
			rows.Cells[c] = make([]ir.Value, len(stored.Keys))
			for i := range stored.Keys {
				if c == t.Key {
					rows.Cells[c][i] = ir.StringValue(stored.Keys[i])
				} else {
					rows.Cells[c][i] = Stored(stored.Columns[col.Name], i, col.Type)
				}
			}
		}
	}
	e.tables.ready[t] = rows
	return rows
}

// Stored returns row i of a stored column as a value of a declared type. It is unknown where the column is nil, shorter,
// of another kind, or holds a text that the type's enum has not.
func Stored(c *column.Column, i int, t ir.Type) ir.Value { return FromStored(c.Value(i), t) }

// FromStored is [Stored] of one value.
func FromStored(v column.Value, t ir.Type) ir.Value {
	switch {
	case v.Kind == column.Ints && t.Kind != ir.Number && t.Kind != ir.String && t.Kind != ir.Row && t.Kind != ir.Set:
		return ir.IntLike(t.Kind, v.Int)
	case v.Kind == column.Floats && t.Kind == ir.Number:
		return ir.NumberValue(v.Float)
	case v.Kind == column.Texts && t.Kind == ir.Enum:
		if o := t.Enum.Ordinal(v.Text); o >= 0 {
			return ir.IntLike(ir.Enum, int64(o))
		}
	case v.Kind == column.Texts && (t.Kind == ir.String || t.Kind == ir.Row):
		return ir.Value{Known: true, Kind: t.Kind, S: v.Text}
	case v.Kind == column.Sets && t.Kind == ir.Set:
		return ir.Value{Known: true, Kind: ir.Set, Set: v.Set}
	}
	return ir.Unknown(t.Kind)
}

package runtime

import (
	"slices"

	"github.com/muster-engine/muster/compiler/decimal"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/vector"
	"github.com/muster-engine/muster/storage/column"
)

// patch writes lanes of src into the members' rows of a resident column. Indexes over it are dropped: they come back
// when the column is asked again and again without a change.
func (r *resident) patch(src *resident, kind ir.Kind, lanes laneMap) {
	r.values, r.slices, r.tried, r.asked = nil, nil, false, 0
	if r.exact != nil || src.exact != nil {
		r.patchExact(src, lanes)
		return
	}
	if src.col == nil && r.col == nil {
		return
	}
	if r.col == nil {
		r.col = &column.Column{Kind: src.col.Kind, Scale: 1}
		r.owned = true
	}
	r.own()
	switch r.col.Kind {
	case column.Ints:
		r.patchInts(src, lanes)
	case column.Floats:
		for lane := lanes.from; lane < lanes.to; lane++ {
			m := int(lanes.numbers[lane] % column.Block)
			v := src.col.Value(lane)
			if r.setKnown(m, v.Kind != 0) {
				r.col.F64[m] = v.Float
			}
		}
	case column.Texts:
		r.patchTexts(src, lanes)
	case column.Sets:
		r.patchSets(src, lanes)
	}
}

// own makes the column the view's own, as long as a block, before its first change.
func (r *resident) own() {
	c := r.col
	if r.owned && c.Len == column.Block {
		return
	}
	n := *c
	n.Len = column.Block
	if c.Known != nil || c.Len < n.Len {
		n.Known = make([]uint64, vector.Words(n.Len))
		for w := 0; w*64 < c.Len; w++ {
			n.Known[w] = c.KnownWord(w)
		}
	}
	n.U8, n.U16 = lengthened(c.U8, c.Width == 1), lengthened(c.U16, c.Width == 2)
	n.U32, n.U64 = lengthened(c.U32, c.Width == 4), lengthened(c.U64, c.Width == 8)
	n.F64 = lengthened(c.F64, c.Kind == column.Floats)
	if c.Kind == column.Sets && len(c.Starts) <= n.Len {
		n.Starts = append(make([]uint32, 0, n.Len+1), c.Starts...)
		for len(n.Starts) <= n.Len {
			n.Starts = append(n.Starts, uint32(len(c.Codes)))
		}
	}
	r.col, r.owned = &n, true
}

func lengthened[T any](x []T, used bool) []T {
	if !used {
		return nil
	}
	if len(x) == column.Block {
		return slices.Clone(x)
	}
	out := make([]T, column.Block)
	copy(out, x)
	return out
}

// setKnown writes a row's known bit and returns it. A column all of whose rows are known has no bits until one is not.
func (r *resident) setKnown(m int, known bool) bool {
	switch c := r.col; {
	case !known:
		r.spellOutKnown()
		c.Known[m>>6] &^= 1 << (uint(m) & 63)
	case c.Known != nil:
		c.Known[m>>6] |= 1 << (uint(m) & 63)
	}
	return known
}

// patchInts writes integers in place where they fit the packing, and packs anew where one does not.
func (r *resident) patchInts(src *resident, lanes laneMap) {
	var late map[int]int64
	from := src.col
	for lane := lanes.from; lane < lanes.to; lane++ {
		m := int(lanes.numbers[lane] % column.Block)
		if from == nil || lane >= from.Len || !from.IsKnown(lane) {
			r.setKnown(m, false)
			continue
		}
		v := from.Int(lane)
		r.setKnown(m, true)
		if r.setInt(m, v) {
			continue
		}
		if late == nil {
			late = make(map[int]int64)
		}
		late[m] = v
	}
	if late == nil {
		return
	}
	vals := make([]int64, r.col.Len)
	r.col.ReadInts(vals, 0)
	for m, v := range late {
		vals[m] = v
	}
	r.col = column.PackInts(vals, r.col.Known)
	if r.col.Width == 0 { // room for the next change
		r.col.Width, r.col.U8 = 1, make([]uint8, r.col.Len)
	}
}

// setInt writes a packed element; false if the value does not fit the packing.
func (r *resident) setInt(m int, v int64) bool {
	c := r.col
	if v < c.Base {
		return false
	}
	u := uint64(v) - uint64(c.Base)
	if c.Scale > 1 {
		whole := u / uint64(c.Scale)
		if whole*uint64(c.Scale) != u {
			return false
		}
		u = whole
	}
	switch c.Width {
	case 1:
		if u > 0xff {
			return false
		}
		c.U8[m] = uint8(u)
	case 2:
		if u > 0xffff {
			return false
		}
		c.U16[m] = uint16(u)
	case 4:
		if u > 0xffffffff {
			return false
		}
		c.U32[m] = uint32(u)
	case 8:
		c.U64[m] = u
	default:
		return u == 0
	}
	return true
}

// patchExact is patch for exact money.
func (r *resident) patchExact(src *resident, lanes laneMap) {
	for lane := lanes.from; lane < lanes.to; lane++ {
		m := int(lanes.numbers[lane] % column.Block)
		known := src.exact != nil && src.col.IsKnown(lane)
		if r.exact == nil {
			if !known {
				continue
			}
			r.exact = append(r.exact, src.exact[:0]...)
			r.col = &column.Column{Kind: column.Ints, Scale: 1}
		}
		r.own()
		for len(r.exact) < column.Block {
			r.exact = append(r.exact, make([]decimal.Decimal, column.Block-len(r.exact))...)
		}
		if r.setKnown(m, known) {
			r.exact[m] = src.exact[lane]
		}
	}
}

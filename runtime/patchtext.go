package runtime

import (
	"slices"

	"github.com/muster-engine/muster/runtime/vector"
	"github.com/muster-engine/muster/storage/column"
)

// patchTexts writes codes in place, in wider elements where the dictionary outgrows them.
func (r *resident) patchTexts(src *resident, lanes laneMap) {
	from := src.col
	last, code := ^uint64(0), uint32(0) // members that come together often have the same text
	for lane := lanes.from; lane < lanes.to; lane++ {
		m := int(lanes.numbers[lane] % column.Block)
		if from == nil || lane >= from.Len || !from.IsKnown(lane) {
			r.setKnown(m, false)
			continue
		}
		r.setKnown(m, true)
		if raw := from.Raw(lane); raw != last {
			last, code = raw, r.code(from.Dict[raw])
			r.widenCodes()
		}
		r.setInt(m, int64(code))
	}
}

// code returns the number of a text in the column's dictionary, which it joins if it is new.
func (r *resident) code(text string) uint32 {
	c := r.col
	if r.codes == nil {
		r.codes = make(map[string]uint32, len(c.Dict))
		for i, s := range c.Dict {
			r.codes[s] = uint32(i)
		}
		c.Dict = c.Dict[:len(c.Dict):len(c.Dict)]
	}
	code, ok := r.codes[text]
	if !ok {
		code = uint32(len(c.Dict))
		c.Dict = append(c.Dict, text)
		r.codes[text] = code
	}
	return code
}

// widenCodes makes the codes of texts as wide as the dictionary asks for.
func (r *resident) widenCodes() {
	c := r.col
	switch n := len(c.Dict); {
	case n > 1<<16 && c.Width < 4:
		c.U32, c.Width = widened(c, c.U32), 4
	case n > 1<<8 && c.Width < 2:
		c.U16, c.Width = widened(c, c.U16), 2
	case n > 1 && c.Width < 1:
		c.U8, c.Width = widened(c, c.U8), 1
	}
}

func widened[T uint8 | uint16 | uint32](c *column.Column, _ []T) []T {
	out := make([]T, c.Len)
	for i := range out {
		out[i] = T(c.Raw(i))
	}
	c.U8, c.U16, c.U32 = nil, nil, nil
	return out
}

// patchSets puts the lanes' sets between those that stay as they are.
func (r *resident) patchSets(src *resident, lanes laneMap) {
	c := r.col
	rows := max(0, len(c.Starts)-1)
	var starts, codes []uint32
	next := 0 // the first row that is not written yet
	keep := func(to int) {
		if next < min(to, rows) {
			from := c.Starts[next]
			moved := uint32(len(codes)) - from
			codes = append(codes, c.Codes[from:c.Starts[min(to, rows)]]...)
			for ; next < min(to, rows); next++ {
				starts = append(starts, c.Starts[next]+moved)
			}
		}
		for ; next < to; next++ {
			starts = append(starts, uint32(len(codes)))
		}
	}
	for lane := lanes.from; lane < lanes.to; lane++ {
		m := int(lanes.numbers[lane] % column.Block)
		v := src.col.Value(lane)
		if m < rows && r.holds(m, v) {
			continue
		}
		if starts == nil {
			starts, codes = make([]uint32, 0, column.Block+1), make([]uint32, 0, len(c.Codes)+len(v.Set))
		}
		keep(m)
		r.setKnown(m, v.Kind != 0)
		starts = append(starts, uint32(len(codes)))
		for _, text := range v.Set {
			codes = append(codes, r.code(text))
		}
		next = m + 1
	}
	if starts == nil && rows == column.Block {
		return
	}
	keep(column.Block)
	c.Starts, c.Codes = append(starts, uint32(len(codes))), codes
}

// holds reports whether row m of sets is v.
func (r *resident) holds(m int, v column.Value) bool {
	if v.Kind == 0 || !r.col.IsKnown(m) {
		return v.Kind == 0 && !r.col.IsKnown(m)
	}
	return slices.Equal(r.col.Value(m).Set, v.Set)
}

// spellOutKnown makes room for known bits where all rows of the column are known.
func (r *resident) spellOutKnown() {
	if r.col.Known == nil {
		r.col.Known = make([]uint64, vector.Words(r.col.Len))
		vector.FillOnes(r.col.Known, r.col.Len)
	}
}

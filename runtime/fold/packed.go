package fold

import (
	"math"
	"math/bits"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/storage/column"
)

// packed folds what can be folded without unpacking a column: sum, min, max, first and last of a stored field, and
// first and last of the time. It returns false where the aggregate is anything else.
func (f *folder) packed() bool {
	v := f.agg.Value
	if v == nil || f.rowCount() == 0 {
		return false
	}
	var col *column.Column
	var src *field
	switch v.Op {
	case ir.OpAt:
		col = f.at
	case ir.OpField:
		src = f.field(v)
		col = src.col
	}
	if col == nil {
		return false
	}
	switch f.agg.Fn {
	case ir.AggSum:
		if col.Kind != column.Ints || !sumFits(col) {
			return false
		}
		f.pick = both(f.pick, col.Known)
		f.packedSum(col)
	case ir.AggMin, ir.AggMax:
		if col.Kind != column.Ints {
			return false
		}
		f.pick = both(f.pick, col.Known)
		f.packedExtreme(col)
	case ir.AggFirst, ir.AggLast:
		if col.Kind == column.Sets || col.Kind == column.Floats {
			return false
		}
		f.pick = both(f.pick, knownRows(col, src))
		f.edge(func(at []uint32) { f.gatherPacked(col, src, at) })
	default:
		return false
	}
	return true
}

// knownRows is the column's known bits, less the texts that an enum has not.
func knownRows(col *column.Column, src *field) []uint64 {
	if src == nil || src.ordinals == nil {
		return col.Known
	}
	foreign := false
	for _, o := range src.ordinals {
		foreign = foreign || o < 0
	}
	if !foreign {
		return col.Known
	}
	out := make([]uint64, (col.Len+63)/64)
	for i := range col.Len {
		if col.IsKnown(i) && src.ordinals[col.Raw(i)] >= 0 {
			out[i>>6] |= 1 << (uint(i) & 63)
		}
	}
	return out
}

// sumFits reports whether no sum over the column's rows can leave 64 bits, nor any sum of its packed elements.
func sumFits(c *column.Column) bool {
	span := uint64(0)
	if c.Width > 0 {
		if c.Width == 8 {
			return false
		}
		span = 1<<(8*uint(c.Width)) - 1
	}
	hi, reach := bits.Mul64(span, uint64(max(c.Scale, 1)))
	if hi != 0 || reach > math.MaxInt64/2 || c.Base > math.MaxInt64/2 || c.Base < math.MinInt64/2 {
		return false
	}
	top := reach + uint64(max(c.Base, -c.Base))
	hi, all := bits.Mul64(top, uint64(c.Len))
	return hi == 0 && all <= math.MaxInt64
}

func (f *folder) packedSum(c *column.Column) {
	out := f.ints()
	for _, s := range f.spans {
		switch c.Width {
		case 1:
			sumPacked(c.U8, c, f.pick, s, out)
		case 2:
			sumPacked(c.U16, c, f.pick, s, out)
		case 4:
			sumPacked(c.U32, c, f.pick, s, out)
		default:
			sumPacked([]uint8(nil), c, f.pick, s, out)
		}
	}
}

// sumPacked adds base·n + scale·Σu to each member; without elements every u is 0.
func sumPacked[T unsigned](u []T, c *column.Column, pick []uint64, s span, out []int64) {
	for m := range out {
		lo, hi := s.lo[m], s.hi[m]
		if lo == hi {
			continue
		}
		var n, sum uint64
		switch {
		case pick == nil:
			n = uint64(hi - lo)
			if u != nil {
				for _, x := range u[lo:hi] {
					sum += uint64(x)
				}
			}
		default:
			for r := lo; r < hi; r++ {
				bit := pick[r>>6] >> (r & 63) & 1
				n += bit
				if u != nil {
					sum += uint64(u[r]) & -bit
				}
			}
		}
		out[m] += c.Base*int64(n) + c.Scale*int64(sum)
	}
}

func (f *folder) packedExtreme(c *column.Column) {
	f.maybe()
	out := f.ints()
	for _, s := range f.spans {
		switch c.Width {
		case 1:
			extremePacked(f, c.U8, c, s, out)
		case 2:
			extremePacked(f, c.U16, c, s, out)
		case 4:
			extremePacked(f, c.U32, c, s, out)
		case 8:
			extremePacked(f, c.U64, c, s, out)
		default:
			extremePacked(f, make([]uint8, c.Len), c, s, out)
		}
	}
}

func extremePacked[T unsigned](f *folder, u []T, c *column.Column, s span, out []int64) {
	isMin := f.agg.Fn == ir.AggMin
	for m := range out {
		lo, hi := s.lo[m], s.hi[m]
		var best T
		found := false
		for r := lo; r < hi; r++ {
			if f.pick != nil && !picked(f.pick, r) {
				continue
			}
			if x := u[r]; !found || isMin && x < best || !isMin && x > best {
				best, found = x, true
			}
		}
		if !found {
			continue
		}
		v := c.Base + c.Scale*int64(best)
		if f.out.IsKnown(m) && (isMin && out[m] < v || !isMin && out[m] > v) {
			continue
		}
		out[m] = v
		f.known(m)
	}
}

// gatherPacked takes each known member's value from its chosen row of a stored column.
func (f *folder) gatherPacked(c *column.Column, src *field, at []uint32) {
	out := f.out
	switch out.Kind {
	case ir.String, ir.Row:
		out.T, out.Dict = make([]uint32, f.Members), c.Dict
		if len(out.Dict) == 0 {
			out.Dict = []string{""}
		}
		for m, r := range at {
			if out.IsKnown(m) {
				out.T[m] = uint32(c.Raw(int(r)))
			}
		}
		return
	}
	var vals []int64
	if out.Kind != ir.Bool {
		vals = f.ints()
	} else {
		out.B = make([]uint64, (f.Members+63)/64)
	}
	for m, r := range at {
		switch {
		case !out.IsKnown(m):
		case out.Kind == ir.Bool:
			out.B[m>>6] |= uint64(c.Int(int(r))&1) << (uint(m) & 63)
		case out.Kind == ir.Enum:
			vals[m] = src.ordinals[c.Raw(int(r))]
		default:
			vals[m] = c.Int(int(r))
		}
	}
}

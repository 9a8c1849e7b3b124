package fold

import (
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/vector"
	"github.com/muster-engine/muster/storage/column"
)

// Read returns the batch's lanes of a stored column, from row first on, as a vector of the given type. Rows beyond the
// column are unknown. Texts of an enum are translated by ordinals; a text that the enum has not is unknown.
func Read(batch *vector.Batch, c *column.Column, t ir.Type, ordinals []int64, first int) *vector.Vec {
	n := max(0, min(batch.N, c.Len-first))
	out := batch.New(t.Kind)
	out.Known = readKnown(batch, c, first, n)
	kind := t.Kind
	if kind == ir.Enum && c.Kind == column.Ints {
		kind = ir.Int // resident columns hold ordinals
	}
	if n == 0 || kind == ir.Enum && len(ordinals) == 0 { // of texts without a dictionary none is known
		return batch.Full(batch.Uniform(ir.Unknown(t.Kind)))
	}
	switch kind {
	case ir.Number:
		copy(out.F, c.F64[first:])
		clear(out.F[n:])
	case ir.Bool:
		clear(out.B)
		for i := range n {
			if c.Int(first+i) != 0 {
				out.B[i>>6] |= 1 << (uint(i) & 63)
			}
		}
	case ir.Enum:
		for i := range n {
			o := ordinals[c.Raw(first+i)]
			if out.I[i] = max(o, 0); o < 0 {
				unknown(batch, out, i)
			}
		}
		clear(out.I[n:])
	case ir.String, ir.Row:
		out.Dict = c.Dict
		c.ReadCodes(out.T[:n], first)
		clear(out.T[n:])
		if len(out.Dict) == 0 {
			out.Dict = []string{""}
		}
	case ir.Set:
		for i := range n {
			out.S[i] = setOf(c, first+i)
		}
		clear(out.S[n:])
	default:
		c.ReadInts(out.I[:n], first)
		clear(out.I[n:])
	}
	return out
}

func setOf(c *column.Column, row int) []string {
	codes := c.Codes[c.Starts[row]:c.Starts[row+1]]
	out := make([]string, len(codes))
	for i, code := range codes {
		out[i] = c.Dict[code]
	}
	return out
}

// readKnown returns the known bits of rows [first, first+n) as lanes; nil if the whole batch is known.
func readKnown(batch *vector.Batch, c *column.Column, first, n int) []uint64 {
	if c.Known == nil && n == batch.N {
		return nil
	}
	known := batch.Bits()
	switch {
	case c.Known == nil:
		vector.FillOnes(known, n)
	case first%64 == 0:
		clear(known)
		copy(known, c.Known[min(first/64, len(c.Known)):min(vector.Words(first+n), len(c.Known))])
	default:
		clear(known)
		for i := range n {
			if c.IsKnown(first + i) {
				known[i>>6] |= 1 << (uint(i) & 63)
			}
		}
	}
	if tail := uint(n) & 63; tail != 0 {
		known[n/64] &= 1<<tail - 1
	}
	return known
}

func unknown(batch *vector.Batch, v *vector.Vec, lane int) {
	if v.Known == nil {
		v.Known = batch.Bits()
		vector.FillOnes(v.Known, batch.N)
	}
	v.Known[lane>>6] &^= 1 << (uint(lane) & 63)
}

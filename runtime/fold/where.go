package fold

import (
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/index"
	"github.com/muster-engine/muster/runtime/vector"
	"github.com/muster-engine/muster/storage/column"
)

// where returns the rows for which a condition holds, as bits; nil for no condition. The bits are not to be changed.
func (b *Block) where(n *ir.Node) []uint64 {
	if n == nil {
		return nil
	}
	if w, ok := b.wheres[n.Key]; ok {
		return w
	}
	out := b.bits.get(vector.Words(b.rowCount()))
	if !b.packedWhere(n, out) {
		b.bring(n)
		b.batches(func(from int) { copy(out[from/64:], b.batch.Cond(n)) })
	}
	b.wheres[n.Key] = out
	return out
}

// packedWhere evaluates and, or, not and comparisons of stored fields with constants on the packed columns; it returns
// false where the condition is anything else.
func (b *Block) packedWhere(n *ir.Node, out []uint64) bool {
	switch n.Op {
	case ir.OpAnd, ir.OpOr:
		for _, a := range n.Args {
			if !packable(a) {
				return false
			}
		}
		copy(out, b.where(n.Args[0]))
		for _, a := range n.Args[1:] {
			w := b.where(a)
			if n.Op == ir.OpAnd {
				for i := range out {
					out[i] &= w[i]
				}
			} else {
				for i := range out {
					out[i] |= w[i]
				}
			}
		}
		return true
	case ir.OpNot:
		if !packable(n.Args[0]) {
			return false
		}
		vector.FillOnes(out, b.rowCount())
		for i, w := range b.where(n.Args[0]) {
			out[i] &^= w
		}
		return true
	}
	if !packable(n) {
		return false
	}
	return b.packedComparison(n, out)
}

// packable reports whether a condition consists of comparisons of stored fields with constants.
func packable(n *ir.Node) bool {
	switch n.Op {
	case ir.OpAnd, ir.OpOr, ir.OpNot:
		for _, a := range n.Args {
			if !packable(a) {
				return false
			}
		}
		return true
	case ir.OpEq, ir.OpNe, ir.OpLt, ir.OpLe, ir.OpGt, ir.OpGe:
		x, c := n.Args[0], n.Args[1]
		if x.Op == ir.OpConst && c.Op == ir.OpField && (n.Op == ir.OpEq || n.Op == ir.OpNe) {
			x, c = c, x
		}
		if x.Op != ir.OpField || c.Op != ir.OpConst {
			return false
		}
		switch x.Type.Kind {
		case ir.Int, ir.Money, ir.Date, ir.Time, ir.String, ir.Row:
			return true
		case ir.Enum:
			return n.Op == ir.OpEq || n.Op == ir.OpNe
		}
	case ir.OpTruth:
		return n.Args[0].Op == ir.OpField
	}
	return false
}

func (b *Block) packedComparison(n *ir.Node, out []uint64) bool {
	x, op, c := n.Args[0], ir.OpEq, ir.BoolValue(true)
	if n.Op != ir.OpTruth {
		op = n.Op
		other := n.Args[1]
		if x.Op == ir.OpConst {
			x, other = other, x
		}
		c = other.Const
	}
	f := b.field(x)
	if f.col == nil || !c.Known || b.rowCount() == 0 {
		clear(out)
		return true
	}
	lo, hi, some := uint64(0), uint64(0), false
	switch f.col.Kind {
	case column.Texts:
		text := c.S
		if x.Type.Kind == ir.Enum {
			text = x.Type.Enum.Values[c.I]
		}
		for code, s := range f.col.Dict {
			if s == text {
				lo, hi, some = uint64(code), uint64(code), true
				break
			}
		}
	case column.Ints:
		low, high := op.Range(c.I)
		if low <= high {
			lo, hi, some = index.Packed(f.col, low, high)
		}
	default:
		return false
	}
	if some {
		index.ScanWords(f.col, lo, hi, out)
	} else {
		clear(out)
	}
	if op == ir.OpNe {
		for i := range out {
			out[i] = ^out[i]
		}
	}
	for i := range out {
		out[i] &= f.col.KnownWord(i)
	}
	return true
}

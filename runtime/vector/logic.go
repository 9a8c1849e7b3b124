package vector

import (
	"cmp"

	"github.com/muster-engine/muster/compiler/ir"
)

// logic evaluates and, or, not, truth and is known.
func (b *Batch) logic(n *ir.Node) *Vec {
	out := b.New(ir.Bool)
	switch n.Op {
	case ir.OpNot:
		FillOnes(out.B, b.N)
		for i, w := range b.Cond(n.Args[0]) {
			out.B[i] &^= w
		}
	case ir.OpTruth:
		copy(out.B, b.Cond(n.Args[0]))
	case ir.OpKnown:
		v := b.Eval(n.Args[0])
		switch {
		case v.Known == nil:
			FillOnes(out.B, b.N)
		case v.Uniform:
			clear(out.B)
			if v.Known[0]&1 != 0 {
				FillOnes(out.B, b.N)
			}
		default:
			copy(out.B, v.Known)
		}
	default:
		copy(out.B, b.Cond(n.Args[0]))
		for _, a := range n.Args[1:] {
			w := b.Cond(a)
			if n.Op == ir.OpAnd {
				for i := range out.B {
					out.B[i] &= w[i]
				}
			} else {
				for i := range out.B {
					out.B[i] |= w[i]
				}
			}
		}
	}
	return out
}

// compare evaluates the six comparisons: false where either side is unknown.
func (b *Batch) compare(n *ir.Node) *Vec {
	x, y := b.Eval(n.Args[0]), b.Eval(n.Args[1])
	op := n.Op
	if x.Uniform && !y.Uniform {
		x, y, op = y, x, op.Mirror()
	}
	x = b.Full(x)
	out := b.New(ir.Bool)
	switch x.Kind {
	case ir.Number:
		compareLanes(op, x.F, y.F, y.Uniform, out.B)
	case ir.Exact:
		y = b.Full(y)
		for i := range x.D {
			setBit(out.B, i, op.Holds(x.D[i].Cmp(y.D[i])))
		}
	case ir.String, ir.Row:
		b.compareTexts(op, x, y, out.B)
	case ir.Bool:
		y = b.Full(y)
		for i := range out.B {
			out.B[i] = x.B[i] ^ y.B[i]
			if op == ir.OpEq {
				out.B[i] = ^out.B[i]
			}
		}
	default:
		compareLanes(op, x.I, y.I, y.Uniform, out.B)
	}
	b.maskKnown(out.B, x, y)
	return out
}

// maskKnown clears the lanes in which an operand is unknown, and those beyond the batch.
func (b *Batch) maskKnown(bits []uint64, vs ...*Vec) {
	if known := b.knownAnd(vs...); known != nil {
		for i := range bits {
			bits[i] &= known[i]
		}
	}
	if tail := uint(b.N) & 63; tail != 0 {
		bits[len(bits)-1] &= 1<<tail - 1
	}
}

// setBit writes bit i; lanes are written in ascending order, so a word is cleared with its first bit.
func setBit(w []uint64, i int, on bool) {
	if i&63 == 0 {
		w[i>>6] = 0
	}
	if on {
		w[i>>6] |= 1 << (uint(i) & 63)
	}
}

func compareLanes[T cmp.Ordered](op ir.Op, x, y []T, uniform bool, out []uint64) {
	switch op {
	case ir.OpEq, ir.OpNe:
		if uniform {
			eqConst(x, y[0], out)
		} else {
			eqLanes(x, y, out)
		}
		if op == ir.OpNe {
			for i := range out {
				out[i] = ^out[i]
			}
		}
	case ir.OpLt, ir.OpGe:
		if uniform {
			ltConst(x, y[0], out)
		} else {
			ltLanes(x, y, out)
		}
		if op == ir.OpGe {
			for i := range out {
				out[i] = ^out[i]
			}
		}
	case ir.OpGt, ir.OpLe:
		if uniform {
			gtConst(x, y[0], out)
		} else {
			ltLanes(y, x, out)
		}
		if op == ir.OpLe {
			for i := range out {
				out[i] = ^out[i]
			}
		}
	}
}

func eqConst[T cmp.Ordered](x []T, c T, out []uint64) {
	for w := range out {
		part := x[w*64 : min(w*64+64, len(x))]
		var word uint64
		for j, v := range part {
			var bit uint64
			if v == c {
				bit = 1
			}
			word |= bit << (uint(j) & 63)
		}
		out[w] = word
	}
}

func ltConst[T cmp.Ordered](x []T, c T, out []uint64) {
	for w := range out {
		part := x[w*64 : min(w*64+64, len(x))]
		var word uint64
		for j, v := range part {
			var bit uint64
			if v < c {
				bit = 1
			}
			word |= bit << (uint(j) & 63)
		}
		out[w] = word
	}
}

func gtConst[T cmp.Ordered](x []T, c T, out []uint64) {
	for w := range out {
		part := x[w*64 : min(w*64+64, len(x))]
		var word uint64
		for j, v := range part {
			var bit uint64
			if v > c {
				bit = 1
			}
			word |= bit << (uint(j) & 63)
		}
		out[w] = word
	}
}

func eqLanes[T cmp.Ordered](x, y []T, out []uint64) {
	for w := range out {
		end := min(w*64+64, len(x))
		px, py := x[w*64:end], y[w*64:end]
		var word uint64
		for j, v := range px {
			var bit uint64
			if v == py[j] {
				bit = 1
			}
			word |= bit << (uint(j) & 63)
		}
		out[w] = word
	}
}

func ltLanes[T cmp.Ordered](x, y []T, out []uint64) {
	for w := range out {
		end := min(w*64+64, len(x))
		px, py := x[w*64:end], y[w*64:end]
		var word uint64
		for j, v := range px {
			var bit uint64
			if v < py[j] {
				bit = 1
			}
			word |= bit << (uint(j) & 63)
		}
		out[w] = word
	}
}

// in evaluates membership in a list of constants.
func (b *Batch) in(n *ir.Node) *Vec {
	x := b.Full(b.Eval(n.Args[0]))
	out := b.New(ir.Bool)
	switch x.Kind {
	case ir.String, ir.Row:
		want := make(map[string]bool, len(n.Consts))
		for _, c := range n.Consts {
			want[c.S] = true
		}
		memo := make(map[uint32]bool)
		for i, code := range x.T {
			hit, seen := memo[code]
			if !seen {
				hit = want[x.Dict[code]]
				memo[code] = hit
			}
			setBit(out.B, i, hit)
		}
	default:
		clear(out.B)
		part := b.Bits()
		for _, c := range n.Consts {
			switch x.Kind {
			case ir.Number:
				eqConst(x.F, c.F, part)
			case ir.Exact:
				for i := range x.D {
					setBit(part, i, x.D[i].Cmp(c.D) == 0)
				}
			case ir.Bool:
				for i := range part {
					part[i] = x.B[i]
					if c.I == 0 {
						part[i] = ^part[i]
					}
				}
			default:
				eqConst(x.I, c.I, part)
			}
			for i := range part {
				out.B[i] |= part[i]
			}
		}
	}
	b.maskKnown(out.B, x)
	return out
}

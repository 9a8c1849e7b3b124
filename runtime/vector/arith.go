package vector

import (
	"math"
	"math/bits"

	"github.com/muster-engine/muster/compiler/decimal"
	"github.com/muster-engine/muster/compiler/ir"
)

// arithmetic evaluates + - * / and their unary and many-armed kin. Overflow and division by zero yield unknown.
func (b *Batch) arithmetic(n *ir.Node) *Vec {
	switch n.Op {
	case ir.OpLeast, ir.OpGreatest:
		return b.extreme(n)
	case ir.OpNeg, ir.OpAbs:
		return b.sign(n)
	}
	x, y := b.Full(b.Eval(n.Args[0])), b.Full(b.Eval(n.Args[1]))
	out := b.New(n.Type.Kind)
	out.Known = b.knownAnd(x, y)
	switch {
	case x.Kind == ir.Exact && n.Type.Kind == ir.Number:
		for i := range out.F {
			f, ok := 0.0, false
			if x.IsKnown(i) && y.IsKnown(i) {
				f, ok = x.D[i].Ratio(y.D[i])
			}
			out.F[i] = f
			if !ok {
				b.unknownWhere(out, i)
			}
		}
	case x.Kind == ir.Exact:
		b.exactOp(n.Op, x.D, y.D, out)
	case n.Type.Kind == ir.Number:
		b.floatOp(n.Op, x.F, y.F, out)
	default:
		b.intOp(n.Op, x.I, y.I, out)
	}
	return out
}

func (b *Batch) intOp(op ir.Op, x, y []int64, out *Vec) {
	var overflow uint64
	switch op {
	case ir.OpAdd:
		for i, v := range x {
			s := v + y[i]
			out.I[i] = s
			overflow |= uint64((v ^ s) & (y[i] ^ s))
		}
	case ir.OpSub:
		for i, v := range x {
			s := v - y[i]
			out.I[i] = s
			overflow |= uint64((v ^ y[i]) & (v ^ s))
		}
	default:
		overflow = 1 << 63
	}
	if overflow>>63 == 0 {
		return
	}
	for i, v := range x {
		s, ok := checkedInt(op, v, y[i])
		out.I[i] = s
		if !ok {
			b.unknownWhere(out, i)
		}
	}
}

// checkedInt adds, subtracts or multiplies; ok is false on overflow.
func checkedInt(op ir.Op, x, y int64) (int64, bool) {
	switch op {
	case ir.OpAdd:
		s := x + y
		return s, (x^s)&(y^s) >= 0
	case ir.OpSub:
		s := x - y
		return s, (x^y)&(x^s) >= 0
	case ir.OpMul:
		neg := (x < 0) != (y < 0)
		hi, lo := bits.Mul64(magnitude(x), magnitude(y))
		if hi != 0 || lo > 1<<63 || (lo == 1<<63 && !neg) {
			return 0, false
		}
		if neg {
			return -int64(lo), true
		}
		return int64(lo), true
	}
	return 0, false
}

func magnitude(x int64) uint64 {
	if x < 0 {
		return -uint64(x)
	}
	return uint64(x)
}

func (b *Batch) floatOp(op ir.Op, x, y []float64, out *Vec) {
	switch op {
	case ir.OpAdd:
		for i, v := range x {
			out.F[i] = v + y[i]
		}
	case ir.OpSub:
		for i, v := range x {
			out.F[i] = v - y[i]
		}
	case ir.OpMul:
		for i, v := range x {
			out.F[i] = v * y[i]
		}
	case ir.OpDiv:
		for i, v := range x {
			out.F[i] = v / y[i]
		}
	}
	for i, v := range out.F {
		if v-v != 0 { // NaN or infinite
			b.unknownWhere(out, i)
			out.F[i] = 0
		}
	}
}

func (b *Batch) exactOp(op ir.Op, x, y []decimal.Decimal, out *Vec) {
	for i := range out.D {
		if !out.IsKnown(i) {
			out.D[i] = decimal.Decimal{}
			continue
		}
		var ok bool
		switch op {
		case ir.OpAdd:
			out.D[i], ok = x[i].Add(y[i])
		case ir.OpSub:
			out.D[i], ok = x[i].Sub(y[i])
		case ir.OpMul:
			out.D[i], ok = x[i].Mul(y[i], b.Env.Digits)
		case ir.OpDiv:
			out.D[i], ok = x[i].Div(y[i], b.Env.Digits)
		}
		if !ok {
			b.unknownWhere(out, i)
		}
	}
}

// sign evaluates unary minus and abs.
func (b *Batch) sign(n *ir.Node) *Vec {
	x := b.Full(b.Eval(n.Args[0]))
	out := b.New(n.Type.Kind)
	out.Known = b.knownAnd(x)
	for i := range b.N {
		switch {
		case out.F != nil:
			if out.F[i] = -x.F[i]; n.Op == ir.OpAbs {
				out.F[i] = math.Abs(x.F[i])
			}
		case out.D != nil:
			out.D[i] = x.D[i]
			if n.Op == ir.OpNeg || x.D[i].Cmp(decimal.Decimal{}) < 0 {
				var ok bool
				if out.D[i], ok = x.D[i].Neg(); !ok {
					b.unknownWhere(out, i)
				}
			}
		default:
			v := x.I[i]
			if n.Op == ir.OpNeg || v < 0 {
				if v == math.MinInt64 {
					b.unknownWhere(out, i)
				}
				v = -v
			}
			out.I[i] = v
		}
	}
	return out
}

// extreme evaluates least and greatest: unknown if any operand is.
func (b *Batch) extreme(n *ir.Node) *Vec {
	vs := make([]*Vec, len(n.Args))
	for i, a := range n.Args {
		vs[i] = b.Full(b.Eval(a))
	}
	out := b.New(n.Type.Kind)
	out.Known = b.knownAnd(vs...)
	want := 1
	if n.Op == ir.OpLeast {
		want = -1
	}
	for i := range b.N {
		best := vs[0]
		for _, v := range vs[1:] {
			if out.IsKnown(i) && Compare(v.Value(i), best.Value(i))*want > 0 {
				best = v
			}
		}
		switch {
		case out.F != nil:
			out.F[i] = best.F[i]
		case out.D != nil:
			out.D[i] = best.D[i]
		default:
			out.I[i] = best.I[i]
		}
	}
	return out
}

// round evaluates floor, ceil, round of a number or of exact money, to an int.
func (b *Batch) round(n *ir.Node) *Vec {
	x := b.Full(b.Eval(n.Args[0]))
	out := b.New(ir.Int)
	out.Known = b.knownAnd(x)
	for i := range out.I {
		out.I[i] = 0
		if !x.IsKnown(i) {
			continue
		}
		var ok bool
		if x.Kind == ir.Exact {
			switch n.Op {
			case ir.OpFloor:
				out.I[i], ok = x.D[i].Floor(b.Env.Digits)
			case ir.OpCeil:
				out.I[i], ok = x.D[i].Ceil(b.Env.Digits)
			default:
				out.I[i], ok = x.D[i].Round(b.Env.Digits)
			}
		} else {
			out.I[i], ok = roundFloat(n.Op, x.F[i])
		}
		if !ok {
			b.unknownWhere(out, i)
		}
	}
	return out
}

func roundFloat(op ir.Op, f float64) (int64, bool) {
	switch op {
	case ir.OpFloor:
		f = math.Floor(f)
	case ir.OpCeil:
		f = math.Ceil(f)
	default:
		f = math.Round(f)
	}
	if f < -(1<<63) || f >= 1<<63 {
		return 0, false
	}
	return int64(f), true
}

// convert evaluates the conversions between int, number, money and exact money.
func (b *Batch) convert(n *ir.Node) *Vec {
	x := b.Full(b.Eval(n.Args[0]))
	out := b.New(n.Type.Kind)
	out.Known = b.knownAnd(x)
	unit := int64(1)
	for range b.Env.Digits {
		unit *= 10
	}
	for i := range b.N {
		if !x.IsKnown(i) {
			continue
		}
		ok := true
		switch n.Op {
		case ir.OpIntToNumber:
			out.F[i] = float64(x.I[i])
		case ir.OpIntToMoney:
			out.I[i], ok = checkedInt(ir.OpMul, x.I[i], unit)
		case ir.OpMoneyToExact:
			out.D[i] = decimal.FromMinor(x.I[i])
		case ir.OpNumberToExact:
			out.D[i], ok = decimal.FromFloat(x.F[i], b.Env.Digits)
		case ir.OpExactToMoney:
			out.I[i], ok = x.D[i].Minor()
		case ir.OpFactor:
			if x.Kind == ir.Int {
				out.D[i], ok = decimal.FromInt(x.I[i], b.Env.Digits)
			} else {
				out.D[i], ok = decimal.FromFloat(x.F[i], b.Env.Digits)
			}
		}
		if !ok {
			b.unknownWhere(out, i)
		}
	}
	return out
}

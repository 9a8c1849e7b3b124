package compiler

import (
	"math/big"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
)

// arithmetic types + - * / of two operands.
func (l *lowering) arithmetic(e *dsl.Binary, x, y operand) operand {
	at := e.Span()
	if x.isLit() && y.isLit() {
		return l.foldLiterals(e, x, y)
	}
	if e.Op == dsl.OpSub && isTemporal(x.kind()) && isTemporal(y.kind()) {
		return l.subtractDates(e, x, y)
	}
	for _, o := range []operand{x, y} {
		if !isNumeric(o.kind()) {
			return l.notNumeric(e, x, y)
		}
	}
	if e.Op == dsl.OpDiv && y.isLit() && y.lit.Sign() == 0 {
		return l.divisionByZero(y)
	}
	if exactly(x, y) {
		return l.plainArithmetic(e, x, y)
	}
	switch e.Op {
	case dsl.OpAdd:
		return l.done(l.sum(ir.OpAdd, x, y, at), at)
	case dsl.OpSub:
		return l.done(l.sum(ir.OpSub, x, y, at), at)
	case dsl.OpMul:
		return l.done(l.multiply(e, x, y), at)
	}
	return l.done(l.divide(e, x, y), at)
}

// exactly tells operands that are computed with exactly though no money is among them: at least one is an exact plain
// number, and the other is one too, an int or a literal.
func exactly(x, y operand) bool {
	fits := func(o operand) bool { return o.plain != nil || o.isLit() || o.kind() == ir.Int }
	return (x.plain != nil || y.plain != nil) && fits(x) && fits(y)
}

var plainOps = map[dsl.BinaryOp]ir.Op{dsl.OpAdd: ir.OpAdd, dsl.OpSub: ir.OpSub, dsl.OpMul: ir.OpMul, dsl.OpDiv: ir.OpDiv}

func (l *lowering) plainArithmetic(e *dsl.Binary, x, y operand) operand {
	a, b := l.toFactor(x), l.toFactor(y)
	if a == nil || b == nil {
		return brokenAt(e.Span())
	}
	return l.plainOperand(l.b.op(plainOps[e.Op], exactType, e.Span(), a, b), e.Span())
}

// notNumeric reports an operand that has no arithmetic.
func (l *lowering) notNumeric(e *dsl.Binary, x, y operand) operand {
	bad := x
	if isNumeric(x.kind()) || (isTemporal(x.kind()) && !isTemporal(y.kind()) && !isNumeric(y.kind())) {
		bad = y
	}
	hint := ""
	switch {
	case isTemporal(bad.kind()) && e.Op == dsl.OpAdd, isTemporal(bad.kind()) && e.Op == dsl.OpSub:
		hint = "a span stands on the right: `… + 30 days`"
	case bad.kind() == ir.Bool:
		hint = "write `(when … then 1 else 0)`"
	case bad.kind() == ir.Set:
		hint = "a set takes `contains` and `is known` only; `distinct` counts values"
	}
	return l.fail("M0303", bad.at, hint, "%s has no `%s`", bad.what(), e.Op)
}

// sum is x + y or x - y, of numbers or of money.
func (l *lowering) sum(op ir.Op, x, y operand, at diag.Span) *ir.Node {
	t, ok := l.meet(x, y, at)
	if !ok {
		return nil
	}
	a, b := l.as(t, x), l.as(t, y)
	if a == nil || b == nil {
		return nil
	}
	return l.b.op(op, t, at, a, b)
}

// meet is the kind in which two numeric operands meet beside + - ?? and in comparisons; not ok, and reported, where a
// number stands beside money.
func (l *lowering) meet(x, y operand, at diag.Span) (ir.Type, bool) {
	switch {
	case x.isMoney() || y.isMoney():
		for _, o := range []operand{x, y} {
			if o.kind() == ir.Number && !o.isLit() {
				l.error("M0304", o.at, "a number and money only multiply or divide; `floor(…)` and `round(…)` make an int, which counts as major units",
					"a number does not meet money here")
				return ir.Type{}, false
			}
		}
		if x.kind() == ir.Exact || y.kind() == ir.Exact {
			return exactType, true
		}
		return moneyType, true
	case x.kind() == ir.Number || y.kind() == ir.Number:
		return numberType, true
	}
	return intType, true
}

// as brings a numeric operand to a kind in which it meets another; nil if it does not fit, which is reported.
func (l *lowering) as(t ir.Type, o operand) *ir.Node {
	switch t.Kind {
	case ir.Int:
		if o.isLit() {
			return l.litInt(o)
		}
		return o.node
	case ir.Number:
		return l.toNumber(o)
	case ir.Money:
		return l.settle(l.toMoney(o))
	case ir.Exact:
		return l.exact(l.toMoney(o))
	}
	return o.node
}

// multiply is x * y. Money takes one plain factor.
func (l *lowering) multiply(e *dsl.Binary, x, y operand) *ir.Node {
	at := e.Span()
	switch {
	case x.isMoney() && y.isMoney():
		l.error("M0308", at, "multiply money with a plain number", "money cannot be multiplied with money")
		return nil
	case x.isMoney() || y.isMoney():
		if y.isMoney() {
			x, y = y, x
		}
		f := l.toFactor(y)
		if f == nil {
			return nil
		}
		return l.b.op(ir.OpMul, exactType, at, l.exact(x.node), f)
	}
	return l.sum(ir.OpMul, x, y, at)
}

// divide is x / y: a number, but money if a plain number divides money.
func (l *lowering) divide(e *dsl.Binary, x, y operand) *ir.Node {
	at := e.Span()
	switch {
	case x.isMoney() && y.isMoney():
		return l.b.op(ir.OpDiv, numberType, at, l.exact(x.node), l.exact(y.node))
	case x.isMoney():
		f := l.toFactor(y)
		if f == nil {
			return nil
		}
		return l.b.op(ir.OpDiv, exactType, at, l.exact(x.node), f)
	case y.isMoney():
		l.error("M0308", at, "divide money by a number, or money by money", "a number cannot be divided by money")
		return nil
	}
	a, b := l.toNumber(x), l.toNumber(y)
	if a == nil || b == nil {
		return nil
	}
	return l.b.op(ir.OpDiv, numberType, at, a, b)
}

func (l *lowering) negate(e *dsl.Unary, x operand) operand {
	at := e.Span()
	switch {
	case !l.ready(x):
		return brokenAt(at)
	case x.isLit():
		return l.fits(operand{at: at, lit: new(big.Rat).Neg(x.lit), isInt: x.isInt})
	case !isNumeric(x.kind()):
		return l.fail("M0303", x.at, "", "%s has no `-`", x.what())
	}
	return l.done(l.b.op(ir.OpNeg, x.typ(), at, x.node), at)
}

// coalesce is x ?? y.
func (l *lowering) coalesce(e *dsl.Binary, x, y operand) operand {
	at := e.Span()
	nodes, t, ok := l.unify("??", at, x, y)
	if !ok {
		return brokenAt(at)
	}
	if t.Kind == ir.Set {
		return l.fail("M0312", at, "", "a set takes `contains` and `is known` only")
	}
	l.judgeCoalesce(e, x)
	return l.done(l.b.op(ir.OpCoalesce, t, at, nodes...), at)
}

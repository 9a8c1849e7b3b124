package compiler

import (
	"math"
	"math/big"

	"github.com/muster-engine/muster/compiler/decimal"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
)

var (
	boolType   = ir.Type{Kind: ir.Bool}
	intType    = ir.Type{Kind: ir.Int}
	numberType = ir.Type{Kind: ir.Number}
	moneyType  = ir.Type{Kind: ir.Money}
	exactType  = ir.Type{Kind: ir.Exact}
	stringType = ir.Type{Kind: ir.String}
	dateType   = ir.Type{Kind: ir.Date}
	timeType   = ir.Type{Kind: ir.Time}
)

// operand is a lowered expression. It is one of: broken (already reported, or about something that was); a numeric
// literal, which has no type yet; a span; a node.
type operand struct {
	at     diag.Span
	broken bool

	lit   *big.Rat // the exact value of a constant expression of numeric literals
	isInt bool     // of a lit: made of integers without a division

	span *dsl.SpanLit

	node *ir.Node
	// plain is the same plain number as an exact one, at the scale of exact money: a property of tiers and what is computed
	// from it. The node is the nearest number.
	plain *ir.Node
	text  *string // the node is a string literal, which may yet become an enum value or a key
}

func brokenAt(at diag.Span) operand                { return operand{at: at, broken: true} }
func nodeOperand(n *ir.Node, at diag.Span) operand { return operand{at: at, node: n} }

func (o operand) isLit() bool { return o.lit != nil }

// kind is the kind of value; a literal is an Int or a Number until something stands beside it.
func (o operand) kind() ir.Kind {
	switch {
	case o.node != nil:
		return o.node.Type.Kind
	case o.lit == nil:
		return ir.Invalid
	case o.isInt:
		return ir.Int
	}
	return ir.Number
}

func (o operand) typ() ir.Type {
	if o.node != nil {
		return o.node.Type
	}
	return ir.Type{Kind: o.kind()}
}

func (o operand) isMoney() bool { return isMoney(o.kind()) }

func isMoney(k ir.Kind) bool { return k == ir.Money || k == ir.Exact }

// isPlain tells kinds that count as plain numbers.
func isPlain(k ir.Kind) bool { return k == ir.Int || k == ir.Number }

func isNumeric(k ir.Kind) bool { return isPlain(k) || isMoney(k) }

func isOrdered(k ir.Kind) bool {
	return isNumeric(k) || k == ir.Enum || k == ir.Date || k == ir.Time
}

// what is the operand's type in the language's words, with its article.
func (o operand) what() string {
	switch {
	case o.span != nil:
		return "a span of time"
	case o.text != nil:
		return "a string"
	}
	return aType(o.typ())
}

func aType(t ir.Type) string {
	switch t.Kind {
	case ir.Int:
		return "an int"
	case ir.Enum:
		return "an enum"
	case ir.Money, ir.Exact:
		return "money"
	}
	return "a " + t.String()
}

// value makes a node of an operand that nothing gives a type to: literals are an int or a number.
func (l *lowering) value(o operand) *ir.Node {
	switch {
	case o.node != nil:
		return o.node
	case o.lit == nil:
		return nil
	case o.isInt:
		return l.litInt(o)
	}
	return l.litNumber(o)
}

// litInt is a literal as an int constant.
func (l *lowering) litInt(o operand) *ir.Node {
	if !o.lit.IsInt() || !o.lit.Num().IsInt64() {
		l.error("M0306", o.at, "", "this is beyond what an int of 64 bits can hold")
		return nil
	}
	return l.b.int(o.lit.Num().Int64(), o.at)
}

// litNumber is a literal as the nearest number.
func (l *lowering) litNumber(o operand) *ir.Node {
	f, _ := o.lit.Float64()
	if math.IsInf(f, 0) {
		l.error("M0306", o.at, "", "this is beyond what a number can hold")
		return nil
	}
	if f == 0 {
		f = 0 // no negative zero
	}
	return l.b.constant(numberType, ir.NumberValue(f), o.at)
}

// litMoney is a literal as an amount of money: in major units, and whole in minor ones.
func (l *lowering) litMoney(o operand) *ir.Node {
	l.c.useMoney(o.at)
	minor := new(big.Rat).Mul(o.lit, new(big.Rat).SetInt(pow10(l.b.digits)))
	switch {
	case !minor.IsInt():
		hint := "round it to the minor unit"
		if l.b.digits == 0 {
			hint = "the currency has no minor unit: write a whole amount"
		}
		l.error("M0305", o.at, hint, "`%s` is finer than the currency's minor unit (%s)", o.at.Text(), decimals(l.b.digits))
		return nil
	case !minor.Num().IsInt64():
		l.error("M0306", o.at, "", "this is beyond the largest amount of money")
		return nil
	}
	return l.b.constant(moneyType, ir.IntLike(ir.Money, minor.Num().Int64()), o.at)
}

// litFactor is a literal as the plain factor of an amount of money, at the scale of exact money.
func (l *lowering) litFactor(o operand) *ir.Node {
	d, _, ok := decimal.FromText(o.lit.FloatString(l.b.digits+decimal.Beyond), l.b.digits)
	if !ok {
		l.error("M0306", o.at, "", "this is beyond what money can be multiplied with")
		return nil
	}
	return l.b.constant(exactType, ir.Value{Known: true, Kind: ir.Exact, D: d}, o.at)
}

func pow10(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

func decimals(digits int) string {
	switch digits {
	case 0:
		return "no decimals"
	case 1:
		return "1 decimal"
	}
	return itoa(digits) + " decimals"
}

// exact makes money unrounded.
func (l *lowering) exact(n *ir.Node) *ir.Node {
	if n == nil || n.Type.Kind == ir.Exact {
		return n
	}
	return l.b.op(ir.OpMoneyToExact, exactType, n.Source, n)
}

// settle rounds money where it ends up.
func (l *lowering) settle(n *ir.Node) *ir.Node {
	if n == nil || n.Type.Kind != ir.Exact {
		return n
	}
	return l.b.op(ir.OpExactToMoney, moneyType, n.Source, n)
}

// toNumber widens an int or a literal to a number.
func (l *lowering) toNumber(o operand) *ir.Node {
	switch {
	case o.isLit():
		return l.litNumber(o)
	case o.kind() == ir.Int:
		return l.b.op(ir.OpIntToNumber, numberType, o.at, o.node)
	}
	return o.node
}

// toMoney takes an int or a literal beside money as major units.
func (l *lowering) toMoney(o operand) *ir.Node {
	switch {
	case o.isLit():
		return l.litMoney(o)
	case o.kind() == ir.Int:
		return l.b.op(ir.OpIntToMoney, moneyType, o.at, o.node)
	}
	return o.node
}

// one is the number 1, at the scale of exact money.
func (c *compilation) one() decimal.Decimal {
	d, _ := decimal.FromInt(1, c.b.digits)
	return d
}

// plainOperand is an exact plain number.
func (l *lowering) plainOperand(exact *ir.Node, at diag.Span) operand {
	if exact == nil {
		return brokenAt(at)
	}
	unit := l.b.constant(exactType, ir.Value{Known: true, Kind: ir.Exact, D: l.c.one()}, at)
	o := l.done(l.b.op(ir.OpDiv, numberType, at, exact, unit), at)
	o.plain = exact
	return o
}

// toFactor takes a plain number that money is multiplied with or divided by.
func (l *lowering) toFactor(o operand) *ir.Node {
	if o.plain != nil {
		return o.plain
	}
	if o.isLit() {
		return l.litFactor(o)
	}
	return l.b.op(ir.OpFactor, exactType, o.at, o.node)
}

// toDate takes a time as its local date.
func (l *lowering) toDate(n *ir.Node) *ir.Node {
	if n.Type.Kind == ir.Date {
		return n
	}
	return l.b.op(ir.OpTimeToDate, dateType, n.Source, n)
}

// asText takes an enum or a row as its text.
func (l *lowering) asText(n *ir.Node) *ir.Node {
	if n.Type.Kind == ir.String {
		return n
	}
	return l.b.op(ir.OpText, stringType, n.Source, n)
}

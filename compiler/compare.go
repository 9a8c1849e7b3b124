package compiler

import (
	"strings"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
)

var comparisonOps = map[dsl.BinaryOp]ir.Op{
	dsl.OpEq: ir.OpEq, dsl.OpNe: ir.OpNe, dsl.OpLt: ir.OpLt, dsl.OpLe: ir.OpLe, dsl.OpGt: ir.OpGt, dsl.OpGe: ir.OpGe,
}

func isEquality(op ir.Op) bool { return op == ir.OpEq || op == ir.OpNe }

// compare types one comparison; nil if it is none, which is reported. opAt is where the operator stands.
func (l *lowering) compare(op ir.Op, x, y operand, at, opAt diag.Span) *ir.Node {
	n := l.compareTyped(op, x, y, at, opAt)
	if n != nil {
		l.judgeComparison(n, at)
	}
	return n
}

func (l *lowering) compareTyped(op ir.Op, x, y operand, at, opAt diag.Span) *ir.Node {
	xk, yk := x.kind(), y.kind()
	switch {
	case x.isLit() && y.isLit():
		return l.b.bool(op.Holds(x.lit.Cmp(y.lit)), at)
	case xk == ir.Set || yk == ir.Set:
		return l.setCompared(x, y, at)
	case isNumeric(xk) && isNumeric(yk):
		t, ok := l.meet(x, y, at)
		if !ok {
			return nil
		}
		a, b := l.settle(l.as(t, x)), l.settle(l.as(t, y))
		if a == nil || b == nil {
			return nil
		}
		return l.b.op(op, boolType, at, a, b)
	case isTemporal(xk) && isTemporal(yk):
		a, b := x.node, y.node
		if xk != yk {
			a, b = l.toDate(a), l.toDate(b)
		}
		return l.b.op(op, boolType, at, a, b)
	case xk == ir.Enum || yk == ir.Enum:
		return l.compareEnum(op, x, y, at, opAt)
	case xk == ir.Row || yk == ir.Row:
		return l.compareRow(op, x, y, at, opAt)
	case xk != yk:
		return l.incomparable(x, y, at)
	case !isEquality(op):
		l.error("M0316", opAt, unorderedHint(xk), "%s has no order: it compares with `=` and `!=` only", x.what())
		return nil
	}
	return l.b.op(op, boolType, at, x.node, y.node)
}

func unorderedHint(k ir.Kind) string {
	if k == ir.String {
		return "an enum is ordered as it is written"
	}
	return ""
}

func (l *lowering) setCompared(x, y operand, at diag.Span) *ir.Node {
	set := x
	if x.kind() != ir.Set {
		set = y
	}
	l.error("M0312", set.at, "write `"+sketch(set)+" contains …`", "a set does not compare: it takes `contains` and `is known` only")
	return nil
}

func sketch(o operand) string {
	text := o.at.Text()
	if len(text) == 0 || len(text) > 40 || strings.ContainsAny(text, "\r\n") {
		return "…"
	}
	return text
}

func (l *lowering) incomparable(x, y operand, at diag.Span) *ir.Node {
	hint := ""
	switch {
	case x.kind() == ir.Bool || y.kind() == ir.Bool:
		hint = "a bool stands as a condition by itself"
	case (isTemporal(x.kind()) || isTemporal(y.kind())) && (x.text != nil || y.text != nil):
		hint = "write a date without quotes: `2026-06-01`"
	case (isNumeric(x.kind()) || isNumeric(y.kind())) && (x.text != nil || y.text != nil):
		hint = "write a number without quotes"
	case isTemporal(x.kind()) && isNumeric(y.kind()), isTemporal(y.kind()) && isNumeric(x.kind()):
		hint = "`days since …` is an int of days"
	}
	l.error("M0309", at, hint, "%s and %s do not compare", x.what(), y.what())
	return nil
}

// compareEnum compares enums of one list by their order, an enum with a literal of its list, and an enum with a string
// by text.
func (l *lowering) compareEnum(op ir.Op, x, y operand, at, opAt diag.Span) *ir.Node {
	if x.kind() != ir.Enum {
		x, y, op = y, x, op.Mirror()
	}
	switch {
	case y.text != nil:
		lit := l.enumLiteral(x.typ().Enum, y)
		if lit == nil {
			return nil
		}
		return l.b.op(op, boolType, at, x.node, lit)
	case y.kind() == ir.Enum && x.typ().Same(y.typ()):
		return l.b.op(op, boolType, at, x.node, y.node)
	case y.kind() == ir.Enum:
		l.error("M0311", at, "", "two enums with different values do not compare")
		return nil
	case y.kind() != ir.String:
		return l.incomparable(x, y, at)
	case !isEquality(op):
		l.error("M0316", opAt, "", "an enum and a string compare with `=` and `!=` only")
		return nil
	}
	return l.b.op(op, boolType, at, l.asText(x.node), y.node)
}

// enumLiteral is a string literal as a value of an enum; nil, and reported, if the enum lacks it.
func (l *lowering) enumLiteral(e *ir.EnumType, o operand) *ir.Node {
	ordinal := l.b.ordinal(e, *o.text)
	if ordinal < 0 {
		l.error("M0314", o.at, l.c.enumHint(*o.text, e), "%q is no value of this enum", *o.text)
		return nil
	}
	return l.b.enumConst(e, ordinal, o.at)
}

// enumHint offers a near value, or shows the values if they are few.
func (c *compilation) enumHint(text string, e *ir.EnumType) string {
	if hint := c.nearText(text, e.Values); hint != "" {
		return hint
	}
	if len(e.Values) > 0 && len(e.Values) <= 8 {
		return `its values are "` + strings.Join(e.Values, `" "`) + `"`
	}
	return ""
}

// compareRow compares rows of one table, or a row with a string, which is its key.
func (l *lowering) compareRow(op ir.Op, x, y operand, at, opAt diag.Span) *ir.Node {
	if x.kind() != ir.Row {
		x, y, op = y, x, op.Mirror()
	}
	var other *ir.Node
	row := x.node
	switch {
	case y.text != nil:
		other = l.b.rowConst(x.typ(), *y.text, y.at)
	case y.kind() == ir.String:
		row, other = l.asText(row), y.node
	case y.kind() == ir.Row && x.typ().Same(y.typ()):
		other = y.node
	case y.kind() == ir.Row:
		l.error("M0309", at, "", "rows of different tables (`%s` and `%s`) do not compare", x.typ().Table.Name, y.typ().Table.Name)
		return nil
	default:
		return l.incomparable(x, y, at)
	}
	if !isEquality(op) {
		l.error("M0316", opAt, "compare one of its columns", "rows have no order: they compare with `=` and `!=` only")
		return nil
	}
	return l.b.op(op, boolType, at, row, other)
}

// lowerBetween is x between a and b, both included.
func (l *lowering) lowerBetween(e *dsl.Between) operand {
	x, low, high := l.lower(e.X), l.lower(e.Low), l.lower(e.High)
	if !l.ready(x, low, high) {
		return brokenAt(e.At)
	}
	a := l.compareTyped(ir.OpGe, x, low, e.At, e.At)
	if a == nil {
		return brokenAt(e.At)
	}
	b := l.compareTyped(ir.OpLe, x, high, e.At, e.At)
	if b == nil {
		return brokenAt(e.At)
	}
	l.judgeRange(e.At, a, b)
	return l.done(l.b.and(e.At, a, b), e.At)
}

// lowerIn is x [not] in (constants).
func (l *lowering) lowerIn(e *dsl.In) operand {
	x := l.lower(e.X)
	items := make([]operand, len(e.List))
	for i, item := range e.List {
		items[i] = l.lower(item)
		if o := items[i]; !o.broken && o.span == nil && !o.isLit() && !isConst(o.node) {
			items[i] = l.fail("M0317", o.at, "write `x = a or x = b`", "`in` takes constants, and this is none")
		}
	}
	if !l.ready(append(items, x)...) {
		return brokenAt(e.At)
	}
	cond := l.membership(e, x, items)
	if cond == nil {
		return brokenAt(e.At)
	}
	l.judgeComparison(cond, e.At)
	if e.Not {
		n := l.value(x)
		cond = l.b.and(e.At, l.b.known(e.At, n), l.b.not(e.At, cond))
	}
	return l.done(cond, e.At)
}

// membership builds one OpIn for each type that x takes beside the constants: a time beside dates is a date.
func (l *lowering) membership(e *dsl.In, x operand, items []operand) *ir.Node {
	var conds []*ir.Node
	var operands []*ir.Node
	values := map[*ir.Node][]ir.Value{}
	ok := true
	for _, item := range items {
		eq := l.compareTyped(ir.OpEq, x, item, item.at, item.at)
		switch {
		case eq == nil:
			ok = false
		case isConst(eq):
			conds = append(conds, eq)
		case eq.Op != ir.OpEq || !isConst(eq.Args[1]):
			conds = append(conds, eq)
		default:
			n := eq.Args[0]
			if values[n] == nil {
				operands = append(operands, n)
			}
			values[n] = append(values[n], eq.Args[1].Const)
		}
	}
	if !ok {
		return nil
	}
	for _, n := range operands {
		conds = append(conds, l.b.in(e.At, n, values[n]))
	}
	return l.b.or(e.At, conds...)
}

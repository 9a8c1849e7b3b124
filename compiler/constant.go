package compiler

import (
	"slices"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
)

// constantOf reads literals as a value of a declared type: one literal, or any number of them for a set.
func (l *lowering) constantOf(exprs []dsl.Expr, at diag.Span, t ir.Type) (ir.Value, bool) {
	if t.Kind == ir.Invalid {
		return ir.Value{}, false
	}
	if t.Kind == ir.Set {
		return l.setConstant(exprs, t)
	}
	if len(exprs) != 1 {
		l.error("M0320", at, "", "one value is asked here, of type %s", t)
		return ir.Value{}, false
	}
	o := l.lower(exprs[0])
	if !l.ready(o) {
		return ir.Value{}, false
	}
	if t.Kind == ir.Time && o.kind() == ir.Date && isConst(o.node) {
		return ir.IntLike(ir.Time, l.c.program.Zone.Midnight(o.node.Const.I)), true
	}
	n := l.settle(l.fit(o, t))
	if n == nil || !isConst(n) {
		return ir.Value{}, false
	}
	return n.Const, true
}

// setConstant reads a set: its texts in order, each once.
func (l *lowering) setConstant(exprs []dsl.Expr, t ir.Type) (ir.Value, bool) {
	elem := ir.Type{Kind: t.Elem, Enum: t.Enum, Table: t.Table}
	v := ir.Value{Known: true, Kind: ir.Set, Set: []string{}}
	for _, e := range exprs {
		x, ok := l.constantOf([]dsl.Expr{e}, e.Span(), elem)
		if !ok {
			return v, false
		}
		text := x.S
		if t.Elem == ir.Enum {
			text = t.Enum.Values[x.I]
		}
		v.Set = append(v.Set, text)
	}
	slices.Sort(v.Set)
	v.Set = slices.Compact(v.Set)
	return v, true
}

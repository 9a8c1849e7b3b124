package compiler

import (
	"fmt"

	"github.com/muster-engine/muster/compiler/ir"
)

// lowerRules lowers every tag and segment, each after what it depends on.
func (c *compilation) lowerRules() {
	for _, i := range c.arrange(c.ruleGraph()) {
		if i < len(c.tags) {
			c.lowerTag(c.tags[i], c.program.Tags[i])
			c.program.Order = append(c.program.Order, ir.Ref{Index: i})
			continue
		}
		i -= len(c.tags)
		c.lowerSegment(c.segments[i], c.program.Segments[i])
		c.program.Order = append(c.program.Order, ir.Ref{Segment: true, Index: i})
	}
}

func (c *compilation) lowerTag(info *ruleInfo, tag *ir.Tag) {
	if tag.Manual {
		return
	}
	l := c.memberScope(info.sym.String())
	o := l.lower(info.expr)
	if l.ready(o) {
		if n := l.settle(l.value(o)); n != nil {
			tag.Type, tag.Expr = n.Type, n
			c.roots = append(c.roots, root{reading: l.reading, expr: info.expr, notes: l.notes})
		}
	}
	info.sym.broken = info.sym.broken || tag.Expr == nil
}

func (c *compilation) lowerSegment(info *ruleInfo, seg *ir.Segment) {
	l := c.memberScope(info.sym.String())
	if n := l.condition(info.expr); n != nil {
		seg.Expr = n
		c.roots = append(c.roots, root{reading: l.reading, expr: info.expr, notes: l.notes})
	}
	info.sym.broken = info.sym.broken || seg.Expr == nil
}

// lowerComputed lowers the computed fields of every event, each after those it uses.
func (c *compilation) lowerComputed() {
	for _, e := range c.events {
		g, fields := e.fieldGraph()
		for _, i := range c.arrange(g) {
			c.lowerField(e, fields[i])
		}
	}
}

// lowerField lowers a computed field to its declared type.
func (c *compilation) lowerField(e *eventInfo, f *fieldInfo) {
	field := c.program.Events[e.sym.index].Computed[f.index]
	l := c.memberScope(fmt.Sprintf("field %s.%s", e.sym.name, f.name)).inEvent(e)
	l.computed = true
	o := l.lower(f.decl.Expr)
	if l.ready(o) && !f.broken && !f.sym.broken {
		field.Expr = l.fit(o, f.typ)
	}
	if field.Expr != nil {
		c.roots = append(c.roots, root{reading: l.reading, expr: f.decl.Expr})
	}
}

// fit brings an operand to a declared type; nil, and reported, if it does not fit.
func (l *lowering) fit(o operand, t ir.Type) *ir.Node {
	k := o.kind()
	switch {
	case t.Kind == ir.Money && isMoney(k), t.Kind == ir.Money && (k == ir.Int || o.isLit()):
		return l.as(moneyType, o)
	case t.Kind == ir.Number && isPlain(k):
		return l.toNumber(o)
	case t.Kind == ir.Int && k == ir.Int:
		return l.value(o)
	case t.Kind == ir.Enum && o.text != nil:
		return l.enumLiteral(t.Enum, o)
	case t.Kind == ir.Row && o.text != nil:
		return l.b.rowConst(t, *o.text, o.at)
	case t.Kind == ir.Enum && k == ir.Enum:
		for _, v := range o.typ().Enum.Values {
			if l.b.ordinal(t.Enum, v) < 0 {
				l.error("M0314", o.at, l.c.enumHint(v, t.Enum), "%q, which this can be, is no value of the declared enum", v)
				return nil
			}
		}
		return l.intoEnum(o, t)
	case t.Kind == ir.String && (k == ir.Enum || k == ir.Row):
		return l.asText(o.node)
	case o.node != nil && o.typ().Same(t):
		return o.node
	}
	l.error("M0320", o.at, fitHint(k, t), "this is %s, and the declared type is %s", o.what(), aType(t))
	return nil
}

func fitHint(k ir.Kind, t ir.Type) string {
	switch {
	case t.Kind == ir.Date && k == ir.Time:
		return "`date(…)` is the local date of a time"
	case t.Kind == ir.Int && (k == ir.Number || isMoney(k)):
		return "`floor`, `ceil` and `round` make an int"
	case t.Kind == ir.Money && k == ir.Number:
		return "declare the field as number, or multiply money with it"
	case t.Kind == ir.Number && isMoney(k):
		return "declare the field as money, or divide by money"
	}
	return ""
}

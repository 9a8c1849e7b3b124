package compiler

import (
	"fmt"
	"strings"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl/diag"
)

// lowerRules lowers every tag and segment, each after what it depends on.
func (c *compilation) lowerRules() {
	for i := range c.tags {
		c.lowerTag(i, diag.Span{})
	}
	for i := range c.segments {
		c.lowerSegment(i, diag.Span{})
	}
}

// lowerComputed lowers the computed fields that nothing has asked for.
func (c *compilation) lowerComputed() {
	for _, e := range c.events {
		for _, f := range e.decl.Fields {
			if info := e.fields[f.Name.Text]; info != nil && info.decl == f && info.computed {
				c.resolveComputed(e, info, f.Name.At)
			}
		}
	}
}

// resolveTag returns a tag with its type; not ok if it is broken.
func (c *compilation) resolveTag(sym *symbol, at diag.Span) (*ir.Tag, bool) {
	if sym.index < len(c.tags) {
		c.lowerTag(sym.index, at)
	}
	tag := c.program.Tags[sym.index]
	return tag, !sym.broken && (tag.Manual || tag.Expr != nil)
}

func (c *compilation) resolveSegment(sym *symbol, at diag.Span) bool {
	if sym.index < len(c.segments) {
		c.lowerSegment(sym.index, at)
	}
	return !sym.broken && c.program.Segments[sym.index].Expr != nil
}

func (c *compilation) lowerTag(i int, at diag.Span) {
	info, tag := c.tags[i], c.program.Tags[i]
	if info.state == done && tag.Manual {
		c.order(info, ir.Ref{Index: i})
		return
	}
	if !c.enter(info, at) {
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
	c.leave(info)
	info.sym.broken = info.sym.broken || tag.Expr == nil
	c.order(info, ir.Ref{Index: i})
}

func (c *compilation) lowerSegment(i int, at diag.Span) {
	info, seg := c.segments[i], c.program.Segments[i]
	if !c.enter(info, at) {
		return
	}
	l := c.memberScope(info.sym.String())
	if n := l.condition(info.expr); n != nil {
		seg.Expr = n
		c.roots = append(c.roots, root{reading: l.reading, expr: info.expr, notes: l.notes})
	}
	c.leave(info)
	info.sym.broken = info.sym.broken || seg.Expr == nil
	c.order(info, ir.Ref{Segment: true, Index: i})
}

// order appends a rule to the order of dependence, once.
func (c *compilation) order(info *ruleInfo, ref ir.Ref) {
	if !info.ordered {
		info.ordered = true
		c.program.Order = append(c.program.Order, ref)
	}
}

// enter begins the lowering of a rule. It is false if there is nothing to do: it is done, or being done, which is a
// circle and reported.
func (c *compilation) enter(info *ruleInfo, at diag.Span) bool {
	switch info.state {
	case done:
		return false
	case inWork:
		c.circle(info.sym, at)
		return false
	}
	info.state = inWork
	c.stack = append(c.stack, step{info.sym, at})
	return true
}

func (c *compilation) leave(info *ruleInfo) {
	info.state = done
	c.stack = c.stack[:len(c.stack)-1]
}

// step is a declaration in work and where the one before it speaks of it.
type step struct {
	sym *symbol
	at  diag.Span
}

// circle reports that sym, which is in work, is asked for again at a position, and breaks all that take part.
func (c *compilation) circle(sym *symbol, at diag.Span) {
	first := 0
	for i, s := range c.stack {
		if s.sym == sym {
			first = i
		}
	}
	round := c.stack[first:]
	shown := ""
	var related []diag.Related
	var members []string
	for i, s := range round {
		s.sym.broken = true
		members = append(members, fmt.Sprintf("%p", s.sym))
		shown += s.sym.name + " → "
		if i > 0 {
			related = append(related, diag.Related{Span: s.at, Message: fmt.Sprintf("`%s` uses `%s` here", round[i-1].sym.name, s.sym.name)})
		}
	}
	id := strings.Join(sorted(members), " ")
	if c.circles[id] {
		return
	}
	c.circles[id] = true
	last := round[len(round)-1].sym
	related = append(related, diag.Related{Span: at, Message: fmt.Sprintf("`%s` uses `%s` here", last.name, sym.name)})
	message := fmt.Sprintf("`%s` depends on itself: %s%s", sym.name, shown, sym.name)
	c.report("M0204", sym.at, reading(sym.word, sym.name), "", message, related...)
}

// resolveComputed returns the expression of a computed field at its declared type; nil if it is broken.
func (c *compilation) resolveComputed(e *eventInfo, f *fieldInfo, at diag.Span) *ir.Node {
	field := c.program.Events[e.sym.index].Computed[f.index]
	switch f.state {
	case inWork:
		c.circle(f.symbol(), at)
		f.broken = true
		return nil
	case done:
		return field.Expr
	}
	f.state = inWork
	c.stack = append(c.stack, step{f.symbol(), at})
	l := c.memberScope(fmt.Sprintf("field %s.%s", e.sym.name, f.name)).inEvent(e)
	l.computed = true
	o := l.lower(f.decl.Expr)
	if l.ready(o) && !f.broken && !f.symbol().broken && f.typ.Kind != ir.Invalid {
		field.Expr = l.fit(o, f.typ)
	}
	if field.Expr != nil {
		c.roots = append(c.roots, root{reading: l.reading, expr: f.decl.Expr, notes: l.notes})
	}
	c.stack = c.stack[:len(c.stack)-1]
	f.state = done
	return field.Expr
}

// symbol is the field as a step of a circle.
func (f *fieldInfo) symbol() *symbol {
	if f.sym == nil {
		f.sym = &symbol{word: "field", name: f.name, at: f.at}
	}
	return f.sym
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
			if t.Enum.Ordinal(v) < 0 {
				l.error("M0314", o.at, enumHint(v, t.Enum), "%q, which this can be, is no value of the declared enum", v)
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

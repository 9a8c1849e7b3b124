package compiler

import (
	"fmt"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
)

// An earn, a boost and the parts of an event campaign are about a member and an event in hand: a bare name is a field of
// the event or a name of members. Fields are nodes that stand below no aggregate.

// handScope is the scope of a member with an event in hand, which may be nil.
func (c *compilation) handScope(reading string, e *eventInfo) *lowering {
	l := c.memberScope(reading)
	l.hand = e
	return l
}

// handName resolves a bare name that is a field of the event in hand; not ok if it is none.
func (l *lowering) handName(name dsl.Name) (operand, bool) {
	e := l.hand
	inner := *l
	inner.event = e
	_, isField := e.fields[name.Text]
	switch {
	case !isField && (name.Text == "at" || name.Text == "day"):
		return inner.eventName(name), true
	case !isField:
		return operand{}, false
	}
	if sym, ok := l.c.names[name.Text]; ok && valued[sym.word] {
		return l.fail("M0707", name.At, fmt.Sprintf("write `%s.%s` or `member.%s`", e.sym.name, name.Text, name.Text),
			"`%s` could be the field of `%s` or the %s", name.Text, e.sym.name, sym.word), true
	}
	return inner.eventName(name), true
}

// valued are the words of names that stand for a value of members.
var valued = map[string]bool{"attribute": true, "tag": true, "segment": true, "list": true, "tiers": true, "coupon": true, "case": true}

// inHand is EVENT.NAME of the event in hand.
func (l *lowering) inHand(e *dsl.Select) operand {
	inner := *l
	inner.event = l.hand
	x := inner.eventName(e.Name)
	x.at = e.Span()
	return x
}

// clauseCondition lowers the condition of a clause; nil if there is none or it is at fault, which not ok says.
func (l *lowering) clauseCondition(e dsl.Expr) (n *ir.Node, ok bool) {
	if e == nil {
		return nil, true
	}
	if n = l.condition(e); n == nil {
		return nil, false
	}
	l.c.roots = append(l.c.roots, root{reading: l.reading, expr: e, notes: l.notes})
	if isConst(n) && n.Const.True() {
		return nil, true
	}
	return n, true
}

// eventOf resolves the name of an event type; nil, and reported unless it is an echo, if there is none.
func (c *compilation) eventOf(reading string, name dsl.Name) *eventInfo {
	return c.memberScope(reading).eventNamed(name)
}

// eventNamed is eventCalled where no aggregate asks.
func (l *lowering) eventNamed(name dsl.Name) *eventInfo {
	if sym, ok := l.c.names[name.Text]; ok && sym.word != "event" && sym.index >= 0 && !sym.broken {
		l.error("M0712", name.At, l.c.near(name.Text, l.c.namesOf(l.c.names, "event")), "`%s` is %s, and an event is asked here", name.Text, withArticle(sym.word))
		return nil
	}
	return l.eventCalled(name)
}

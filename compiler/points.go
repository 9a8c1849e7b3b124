package compiler

import (
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
)

func (c *compilation) lowerPoints(info *pointsInfo, p *ir.Points) {
	d, owner := info.decl, info.sym.String()
	if d.Start == nil {
		c.missing(info.sym, "write `start 2026-01-01`: events before that date earn nothing", "points need the date from which on they are earned")
	} else {
		p.Start = day(d.Start)
	}
	if d.Expire == nil {
		c.missing(info.sym, "write `expire never`, `expire after 12 months` or `expire end of next year`", "points need to say when they expire")
	} else if limit := c.limit(owner, d.Expire); limit != nil {
		p.Expire = *limit
	}
	if d.Pending != nil && c.days(owner, d.Pending) {
		p.Pending = d.Pending
	}
	seen := map[string]diag.Span{}
	for _, e := range d.Earns {
		if c.onceEach(owner, seen, "earn", e.Name) {
			if earn := c.lowerEarn(info, e); earn != nil {
				p.Earns = append(p.Earns, earn)
			}
		}
	}
	for _, b := range d.Boosts {
		if c.onceEach(owner, seen, "boost", b.Name) {
			if boost := c.lowerBoost(info, b); boost != nil {
				p.Boosts = append(p.Boosts, boost)
			}
		}
	}
	reversed := map[[2]string]diag.Span{}
	for _, r := range d.Reverses {
		if out := c.lowerReverse(owner, r, reversed); out != nil {
			p.Reverses = append(p.Reverses, out)
		}
	}
	c.judgeBoosts(p, d)
}

func (c *compilation) lowerEarn(info *pointsInfo, d *dsl.Earn) *ir.Earn {
	reading := info.sym.String() + ", earn " + d.Name.Text
	event := c.eventOf(reading, d.Event)
	if event == nil {
		return nil
	}
	out := &ir.Earn{Name: d.Name.Text, Event: event.sym.index, Caps: c.caps(reading, d.Caps, true)}
	if d.Give == nil {
		c.report("M0701", d.Name.At, reading, "write `give floor(amount)`", "this earns nothing: `give` is missing")
		return nil
	}
	l := c.handScope(reading, event)
	out.Give = l.given(d.Give)
	when, ok := c.handScope(reading, event).clauseCondition(d.When)
	if out.Give == nil || !ok {
		return nil
	}
	out.When = when
	return out
}

// given lowers how many points are given: an int, a number or an exact number that is rounded down when it is given.
func (l *lowering) given(e dsl.Expr) *ir.Node {
	o := l.lower(e)
	if !l.ready(o) {
		return nil
	}
	var n *ir.Node
	switch {
	case o.plain != nil:
		n = o.plain
	case isPlain(o.kind()):
		n = l.value(o)
	case isMoney(o.kind()):
		l.error("M0708", o.at, "write `floor(…)`: points for whole major units", "points are given by a number, and this is money")
		return nil
	default:
		l.error("M0708", o.at, "", "points are given by a number, and this is %s", o.what())
		return nil
	}
	if n != nil {
		l.c.roots = append(l.c.roots, root{reading: l.reading, expr: e, notes: l.notes})
	}
	return n
}

func (c *compilation) lowerBoost(info *pointsInfo, d *dsl.Boost) *ir.Boost {
	reading := info.sym.String() + ", boost " + d.Name.Text
	event := c.eventOf(reading, d.Event)
	if event == nil {
		return nil
	}
	if d.Factor == nil {
		c.report("M0701", d.Name.At, reading, "write `factor 2`", "this boosts nothing: `factor` is missing")
		return nil
	}
	out := &ir.Boost{Name: d.Name.Text, Event: event.sym.index, During: dates(d.During)}
	var ok bool
	if out.Factor, ok = c.plainNumber(reading, d.Factor); !ok {
		return nil
	}
	if out.Factor.Sign() <= 0 {
		c.report("M0709", d.Factor.Span(), reading, "", "a factor above 0 is asked here")
		return nil
	}
	if out.When, ok = c.handScope(reading, event).clauseCondition(d.When); !ok {
		return nil
	}
	return out
}

// judgeBoosts warns of boosts of events that earn nothing.
func (c *compilation) judgeBoosts(p *ir.Points, d *dsl.Points) {
	if len(p.Earns) < len(d.Earns) {
		return
	}
	earning := map[int]bool{}
	for _, e := range p.Earns {
		earning[e.Event] = true
	}
	for _, b := range d.Boosts {
		if sym := c.names[b.Event.Text]; sym != nil && sym.word == "event" && sym.index >= 0 && !earning[sym.index] {
			c.warning("M0820", b.Event.At, reading("points", p.Name), "", "no `earn` is on `"+b.Event.Text+"`, so this boosts nothing")
		}
	}
}

func (c *compilation) lowerReverse(owner string, d *dsl.Reverse, seen map[[2]string]diag.Span) *ir.Reverse {
	event, on := c.eventOf(owner, d.Event), c.eventOf(owner, d.On)
	if event == nil || on == nil {
		return nil
	}
	pair := [2]string{event.sym.name, on.sym.name}
	if first, ok := seen[pair]; ok {
		c.report("M0704", d.At, owner, "", "`"+pair[0]+"` is taken back on `"+pair[1]+"` twice", diag.Related{Span: first, Message: "the first is here"})
		return nil
	}
	seen[pair] = d.At
	if event == on {
		c.report("M0704", d.On.At, owner, "", "an event cannot take back events of its own type")
		return nil
	}
	out := &ir.Reverse{Event: event.sym.index, On: on.sym.index, By: -1, OnBy: -1}
	if out.Matching, out.OnMatch = c.twoFields(owner, d.Matching, event, on, isText, "text that both events have"); out.Matching < 0 {
		return nil
	}
	if d.By != nil {
		amount := func(t ir.Type) bool { return isNumeric(t.Kind) }
		if out.By, out.OnBy = c.twoFields(owner, *d.By, event, on, amount, "a number or money"); out.By < 0 {
			return nil
		}
	}
	return out
}

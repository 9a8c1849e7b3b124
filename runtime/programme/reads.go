package programme

import (
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
)

// reads is what a value of a member depends on.
type reads struct {
	events map[int]bool // types, those of facts included
	// member says that attributes, lists, manual tags, tables or cuts are read.
	member bool
	// clock says that time alone may change the value, and rises that it may make it larger.
	clock, rises bool
}

// readsOf walks an expression and what it mentions.
func readsOf(p *ir.Program, n *ir.Node) reads {
	r := reads{events: map[int]bool{}}
	seen := map[*ir.Node]bool{}
	var walk func(n *ir.Node)
	walk = func(n *ir.Node) {
		if n == nil || seen[n] {
			return
		}
		seen[n] = true
		switch n.Op {
		case ir.OpAttr, ir.OpList, ir.OpColumn:
			r.member = true
		case ir.OpNow, ir.OpToday, ir.OpHoursSince, ir.OpHoursUntil, ir.OpAge, ir.OpAnniversary:
			r.clock = true
		case ir.OpTag:
			tag := p.Tags[n.Index]
			r.member = r.member || tag.Manual
			r.clock = r.clock || tag.For != nil
			walk(tag.Expr)
		case ir.OpSegment:
			walk(p.Segments[n.Index].Expr)
		case ir.OpNtile:
			r.member = true
			walk(n.Ntile.Expr)
		case ir.OpSlot:
			r.events[n.Agg.Event] = true
			r.clock = r.clock || n.Agg.Window.Kind != ""
			walk(n.Agg.Value)
			walk(n.Agg.Where)
			walk(n.Agg.By)
		}
		for _, x := range n.Args {
			walk(x)
		}
	}
	walk(n)
	r.rises = r.clock && !sinks(p, n)
	return r
}

// sinks reports that time alone only ever lowers a value: what has been earned, or how many events there were, within a
// window that moves on or a calendar period that begins anew.
func sinks(p *ir.Program, n *ir.Node) bool {
	switch {
	case n.Op == ir.OpTag && !p.Tags[n.Index].Manual:
		return sinks(p, p.Tags[n.Index].Expr)
	case n.Op != ir.OpSlot:
		return false
	case p.Events[n.Agg.Event].Facts == ir.PointsFacts:
		return n.Agg.Where == nil || !looksBack(n.Agg.Where)
	}
	moving := n.Agg.Window.Kind == dsl.InLast || n.Agg.Window.Kind == dsl.InThis
	return (n.Agg.Fn == ir.AggCount || n.Agg.Fn == ir.AggDistinct) && n.Agg.Where == nil && moving
}

// looksBack reports that a condition on when a fact counts has an upper end, as that of a previous period: what is earned
// in this one comes into it.
func looksBack(n *ir.Node) bool {
	if n.Op == ir.OpLt || n.Op == ir.OpLe {
		return true
	}
	for _, x := range n.Args {
		if looksBack(x) {
			return true
		}
	}
	return false
}

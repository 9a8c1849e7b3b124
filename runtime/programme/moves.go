package programme

import (
	"sort"

	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
)

// Moves say when segments may change within a day without anything happening, for who goes through the time of members one
// by one.
type Moves []move

// move is one such reason: an event leaves a window of hours or minutes, or, where event is -1, something counts hours.
type move struct {
	event  int
	length int64 // of the window, in microseconds
}

// MovesOf finds what of segments moves within a day.
func MovesOf(p *ir.Program, segments []int) (out Moves) {
	seen := map[*ir.Node]bool{}
	hourly := false
	var walk func(n *ir.Node)
	walk = func(n *ir.Node) {
		if n == nil || seen[n] {
			return
		}
		seen[n] = true
		switch n.Op {
		case ir.OpNow, ir.OpHoursSince, ir.OpHoursUntil:
			hourly = true
		case ir.OpTag:
			walk(p.Tags[n.Index].Expr)
			if span := p.Tags[n.Index].For; span != nil && elapsing(span.Unit) > 0 {
				hourly = true
			}
		case ir.OpSegment:
			walk(p.Segments[n.Index].Expr)
		case ir.OpNtile:
			walk(n.Ntile.Expr)
		case ir.OpSlot:
			if w := n.Agg.Window; w.Kind == dsl.InLast && elapsing(w.Unit) > 0 {
				out = append(out, move{n.Agg.Event, w.N * elapsing(w.Unit)})
			}
			walk(n.Agg.Value)
			walk(n.Agg.Where)
			walk(n.Agg.By)
		}
		for _, x := range n.Args {
			walk(x)
		}
	}
	for _, i := range segments {
		walk(p.Segments[i].Expr)
	}
	if hourly {
		out = append(out, move{event: -1})
	}
	return out
}

// elapsing is the length of a unit that elapses; 0 of the others.
func elapsing(u dsl.Unit) int64 {
	switch u {
	case dsl.Minute:
		return calendar.Minute
	case dsl.Hour:
		return calendar.Hour
	}
	return 0
}

// Next is the next instant, after an instant, at which a segment may move for a member with such events; false if there is
// none.
func (m Moves) Next(now int64, events func(event int) []exprplan.Event) (at int64, ok bool) {
	sooner := func(x int64) {
		if !ok || x < at {
			at, ok = x, true
		}
	}
	for _, x := range m {
		if x.event < 0 {
			sooner(now - now%calendar.Hour + calendar.Hour)
			continue
		}
		list := events(x.event)
		if i := sort.Search(len(list), func(i int) bool { return list[i].At+x.length > now }); i < len(list) {
			sooner(list[i].At + x.length)
		}
	}
	return at, ok
}

// Clocked reports whether a condition may change with the local date alone.
func Clocked(p *ir.Program, n *ir.Node) bool { return readsOf(p, n).clock }

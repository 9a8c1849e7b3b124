package testrun

import (
	"sort"

	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
)

// moving is what may change within a day without anything happening: that an event leaves a window of hours or minutes, or,
// where event is -1, something that counts hours.
type moving struct {
	event  int
	length int64 // of the window, in microseconds
}

// movingOf finds what of segments moves within a day.
func movingOf(p *ir.Program, segments []int) (out []moving) {
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
			if span := p.Tags[n.Index].For; span != nil && unitOf(span.Unit) > 0 {
				hourly = true
			}
		case ir.OpSegment:
			walk(p.Segments[n.Index].Expr)
		case ir.OpNtile:
			walk(n.Ntile.Expr)
		case ir.OpSlot:
			if w := n.Agg.Window; w.Kind == dsl.InLast && unitOf(w.Unit) > 0 {
				out = append(out, moving{n.Agg.Event, w.N * unitOf(w.Unit)})
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
		out = append(out, moving{event: -1})
	}
	return out
}

// unitOf is the length of a unit that elapses; 0 of the others.
func unitOf(u dsl.Unit) int64 {
	switch u {
	case dsl.Minute:
		return calendar.Minute
	case dsl.Hour:
		return calendar.Hour
	}
	return 0
}

// nextMove is the next instant at which a followed segment may move within the day.
func (s *state) nextMove(m *member) int64 {
	next := int64(never)
	for _, x := range s.moves {
		if x.event < 0 {
			next = min(next, s.clock-s.clock%calendar.Hour+calendar.Hour)
			continue
		}
		events := m.events[x.event]
		if i := sort.Search(len(events), func(i int) bool { return events[i].At+x.length > s.clock }); i < len(events) {
			next = min(next, events[i].At+x.length)
		}
	}
	return next
}

package runtime

import (
	"slices"
	"sync/atomic"

	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
)

// clockwork is what of a program moves with the clock within a local day. What depends on the date alone moves when the
// date changes, for everybody.
type clockwork struct {
	zone   *calendar.Zone
	digits int             // of the minor unit
	events map[int]bool    // types whose events can lie after now
	spans  map[int][]int64 // by event type: lengths of windows of hours and minutes, in microseconds
	hours  []*ir.Node      // hours since and until a time of the member
	meets  []meeting
	manual []*ir.Tag  // tags that lapse after hours
	steps  []*ir.Node // the largest expressions that read the clock and are the same for everybody
	direct *ir.Node   // the clock read in a way that nobody can follow, if there is one

	ramps atomic.Pointer[ramps]
}

// meeting is a comparison of the clock, perhaps shifted, with a time of the member.
type meeting struct {
	op          ir.Op
	clock, time *ir.Node
}

// ramps are the clocks of meetings over a stretch of time.
type ramps struct {
	from, until int64
	of          []calendar.Ramp // nil where the clock cannot be shifted so far
}

// MovesWithin returns an expression of the program that reads the clock in a way that a standing view cannot follow
// within a day, because it is another one at every moment, as is a tag that is now itself. Nil if there is none.
func MovesWithin(p *ir.Program) *ir.Node { return clockworkOf(p).direct }

func clockworkOf(p *ir.Program) *clockwork {
	c := &clockwork{zone: p.Zone, digits: p.Digits, events: map[int]bool{}, spans: map[int][]int64{}}
	seen := make(map[*ir.Node]bool)
	for _, t := range p.Tags {
		if t.Manual && t.For != nil && elapsed(t.For.Unit) > 0 {
			c.manual = append(c.manual, t)
		}
		if t.Expr != nil {
			c.read(t.Expr, seen)
		}
	}
	for _, s := range p.Segments {
		c.read(s.Expr, seen)
	}
	for _, a := range p.Slots {
		c.events[a.Event] = true
		if w := elapsed(a.Window.Unit); w > 0 && a.Window.Kind == dsl.InLast {
			c.spans[a.Event] = append(c.spans[a.Event], a.Window.N*w)
		}
		for _, n := range []*ir.Node{a.Value, a.Where, a.By} {
			if n != nil {
				c.read(n, seen)
			}
		}
	}
	return c
}

// elapsed is the length of a unit that is counted by the clock and not by the calendar, in microseconds; else 0.
func elapsed(u dsl.Unit) int64 {
	switch u {
	case dsl.Minute:
		return calendar.Minute
	case dsl.Hour:
		return calendar.Hour
	}
	return 0
}

// read notes what of an expression moves.
func (c *clockwork) read(n *ir.Node, seen map[*ir.Node]bool) {
	if seen[n] {
		return
	}
	seen[n] = true
	if isClock(n) {
		c.direct = n
		return
	}
	if ticks, common := readsClock(n); common {
		if ticks {
			c.steps = append(c.steps, n)
			c.check(n)
		}
		return
	}
	if m, ok := meetingOf(n); ok {
		c.meets = append(c.meets, m)
		c.read(m.time, seen)
		return
	}
	if n.Op == ir.OpHoursSince || n.Op == ir.OpHoursUntil {
		c.hours = append(c.hours, n)
	}
	for _, a := range n.Args {
		c.read(a, seen)
	}
}

// isClock reports whether a node is the clock, perhaps shifted: another instant at every moment.
func isClock(n *ir.Node) bool {
	return n.Op == ir.OpNow || n.Op == ir.OpAddSpan && isClock(n.Args[0])
}

// readsClock reports whether an expression depends on the time of day, and whether it is the same for everybody.
func readsClock(n *ir.Node) (ticks, common bool) {
	switch n.Op {
	case ir.OpAttr, ir.OpTag, ir.OpSegment, ir.OpList, ir.OpSlot, ir.OpChance, ir.OpField, ir.OpAt, ir.OpMember, ir.OpColumn, ir.OpNtile:
		return false, false
	}
	ticks, common = n.Op == ir.OpNow || n.Op == ir.OpHoursSince || n.Op == ir.OpHoursUntil, true
	for _, a := range n.Args {
		t, c := readsClock(a)
		ticks, common = ticks || t, common && c
	}
	return ticks, common
}

// meetingOf takes a node as the comparison of the clock with something else.
func meetingOf(n *ir.Node) (meeting, bool) {
	switch n.Op {
	case ir.OpEq, ir.OpNe, ir.OpLt, ir.OpLe, ir.OpGt, ir.OpGe:
		x, y := n.Args[0], n.Args[1]
		switch {
		case isClock(x) && !isClock(y):
			return meeting{n.Op, x, y}, true
		case isClock(y) && !isClock(x):
			return meeting{n.Op.Mirror(), y, x}, true
		}
	}
	return meeting{}, false
}

// check refuses an expression that is the same for everybody and of which it is not known when it changes.
func (c *clockwork) check(n *ir.Node) {
	ofClock := slices.ContainsFunc(n.Args, isClock)
	for _, a := range n.Args {
		ticks, _ := readsClock(a)
		switch {
		case isClock(a):
			if !stepsWithClock(n.Op) {
				c.direct = a
			}
		case ticks && (ofClock || n.Op == ir.OpHoursSince || n.Op == ir.OpHoursUntil):
			c.direct = a
		default:
			c.check(a)
		}
	}
}

// stepsWithClock reports whether an operation on the clock has a result that stays the same from step to step.
func stepsWithClock(op ir.Op) bool {
	switch op {
	case ir.OpEq, ir.OpNe, ir.OpLt, ir.OpLe, ir.OpGt, ir.OpGe, ir.OpIn, ir.OpBucket, ir.OpTimeToDate, ir.OpHour, ir.OpKnown:
		return true
	}
	return false
}

// neglects reports whether an aggregate can change at instants that are not among the flips: one that is only asked for.
func (c *clockwork) neglects(a *ir.Aggregate) bool {
	w := elapsed(a.Window.Unit)
	return !c.events[a.Event] || a.Window.Kind == dsl.InLast && w > 0 && !slices.Contains(c.spans[a.Event], a.Window.N*w)
}

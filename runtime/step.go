package runtime

import (
	"cmp"
	"slices"

	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/vector"
)

// Steps returns the instants in (from, until] at which something of a program changes for everybody at once though the
// date does not, such as hour(now) >= 9. until is at most the next change of the date after from.
func Steps(p *ir.Program, from, until int64) []int64 {
	c := clockworkOf(p)
	var out []int64
	for _, n := range c.steps {
		was := c.common(n, from)
		for _, t := range c.candidates(n, from, until) {
			if is := c.common(n, t); !alike(is, was) {
				out = append(out, t)
				was = is
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// common evaluates an expression that is the same for everybody.
func (c *clockwork) common(n *ir.Node, now int64) ir.Value {
	env := &vector.Env{Zone: c.zone, Digits: c.digits, Now: now, Today: c.zone.DateOf(now)}
	batch := vector.NewBatch(env, new(vector.Scratch), nil, 1)
	return batch.Full(batch.Eval(n)).Value(0)
}

func alike(a, b ir.Value) bool {
	if !a.Known || !b.Known {
		return a.Known == b.Known
	}
	return a.I == b.I && a.F == b.F && a.D == b.D && a.S == b.S && slices.Equal(a.Set, b.Set)
}

// candidates are instants in (from, until], ascending, between which an expression that is the same for everybody does
// not change.
func (c *clockwork) candidates(n *ir.Node, from, until int64) []int64 {
	var out []int64
	for _, a := range n.Args {
		if !isClock(a) {
			out = append(out, c.candidates(a, from, until)...)
		}
	}
	switch n.Op {
	case ir.OpTimeToDate, ir.OpHour:
		if isClock(n.Args[0]) {
			out = append(out, c.zone.Ticks(c.ramp(n.Args[0], from, until), from, until)...)
		}
	case ir.OpIn, ir.OpBucket:
		if isClock(n.Args[0]) {
			clock := c.ramp(n.Args[0], from, until)
			for _, v := range n.Consts {
				out = append(out, clock.Meetings(standing(v, from), from, until)...)
			}
		}
	case ir.OpEq, ir.OpNe, ir.OpLt, ir.OpLe, ir.OpGt, ir.OpGe:
		if slices.ContainsFunc(n.Args, isClock) {
			x, y := c.ramp(n.Args[0], from, until), c.ramp(n.Args[1], from, until)
			out = append(out, x.Meetings(y, from, until)...)
		}
	case ir.OpHoursSince, ir.OpHoursUntil:
		if v := c.common(n.Args[0], from); v.Known {
			for t := nextHour(n.Op, v.I, from); t <= until; t = nextHour(n.Op, v.I, t) {
				out = append(out, t)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// ramp is a time that is the same for everybody, over [from, until]; nil where it is unknown.
func (c *clockwork) ramp(n *ir.Node, from, until int64) calendar.Ramp {
	switch {
	case n.Op == ir.OpNow:
		return calendar.Clock(from)
	case !isClock(n):
		return standing(c.common(n, from), from)
	}
	r, ok := c.zone.Shift(c.ramp(n.Args[0], from, until), n.N, n.Unit, until)
	if !ok {
		return nil
	}
	return r
}

// standing is a time that does not move; nil if it is unknown.
func standing(v ir.Value, from int64) calendar.Ramp {
	if !v.Known {
		return nil
	}
	return calendar.Ramp{{From: from, Value: v.I, Flat: true}}
}

// clocks are the clocks of the meetings, from an instant that is not after now up to until.
func (c *clockwork) clocks(now, until int64) []calendar.Ramp {
	if len(c.meets) == 0 {
		return nil
	}
	if r := c.ramps.Load(); r != nil && r.from <= now && r.until == until {
		return r.of
	}
	r := &ramps{from: now, until: until, of: make([]calendar.Ramp, len(c.meets))}
	for i, m := range c.meets {
		r.of[i] = c.ramp(m.clock, now, until)
	}
	c.ramps.Store(r)
	return r.of
}

// next is the first instant in (now, until] at which the comparison with a time changes; Never if there is none.
func (m meeting) next(clock calendar.Ramp, x, now, until int64) int64 {
	holds := func(t int64) bool { return m.op.Holds(cmp.Compare(clock.At(t), x)) }
	for t := now; ; {
		if t = clock.NextMeeting(x, t, until); t == calendar.Latest || holds(t) != holds(now) {
			return t
		}
	}
}

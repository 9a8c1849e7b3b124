package vector

import (
	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/compiler/ir"
)

const hour = 3600 * 1_000_000

// temporal evaluates the operations on dates and times.
func (b *Batch) temporal(n *ir.Node) *Vec {
	x := b.Full(b.Eval(n.Args[0]))
	out := b.New(n.Type.Kind)
	switch n.Op {
	case ir.OpTimeToDate:
		out.Known = x.Known
		b.Env.Zone.DatesOf(out.I, x.I)
		return out
	case ir.OpDaysBetween:
		y := b.Full(b.Eval(n.Args[1]))
		out.Known = b.knownAnd(x, y)
		b.intOp(ir.OpSub, x.I, y.I, out)
		return out
	}
	out.Known = b.knownAnd(x)
	part := b.part(n)
	for i, v := range x.I {
		if !x.IsKnown(i) {
			continue
		}
		p, ok := part(v)
		out.I[i] = p
		if !ok {
			b.unknownWhere(out, i)
		}
	}
	return out
}

// part returns the function of one date or time that a node stands for; its second result is false for unknown.
func (b *Batch) part(n *ir.Node) func(int64) (int64, bool) {
	zone, now, today := b.Env.Zone, b.Env.Now, b.Env.Today
	date := func(v int64) int64 { return v }
	if n.Args[0].Type.Kind == ir.Time {
		date = zone.DateOf
	}
	switch n.Op {
	case ir.OpAddSpan:
		if n.Args[0].Type.Kind == ir.Time {
			return func(v int64) (int64, bool) { return zone.AddSpanToTime(v, n.N, n.Unit) }
		}
		return func(v int64) (int64, bool) { return calendar.AddSpanToDate(v, n.N, n.Unit) }
	case ir.OpHoursSince:
		return func(v int64) (int64, bool) {
			d, ok := checkedInt(ir.OpSub, now, v)
			return floorDiv(d, hour), ok
		}
	case ir.OpHoursUntil:
		return func(v int64) (int64, bool) {
			d, ok := checkedInt(ir.OpSub, v, now)
			return floorDiv(d, hour), ok
		}
	case ir.OpYear:
		return func(v int64) (int64, bool) { y, _, _ := calendar.Civil(date(v)); return int64(y), true }
	case ir.OpQuarter:
		return func(v int64) (int64, bool) { _, m, _ := calendar.Civil(date(v)); return int64(m+2) / 3, true }
	case ir.OpMonth:
		return func(v int64) (int64, bool) { _, m, _ := calendar.Civil(date(v)); return int64(m), true }
	case ir.OpDay:
		return func(v int64) (int64, bool) { _, _, d := calendar.Civil(date(v)); return int64(d), true }
	case ir.OpWeekday:
		return func(v int64) (int64, bool) { return int64(calendar.Weekday(date(v))), true }
	case ir.OpHour:
		return func(v int64) (int64, bool) { h, _, _ := zone.Clock(v); return int64(h), true }
	case ir.OpAge:
		return func(v int64) (int64, bool) { return calendar.Age(v, today), true }
	case ir.OpPeriodStart:
		return func(v int64) (int64, bool) { return calendar.PeriodStart(v, n.Unit, int(n.N)), true }
	default: // OpAnniversary
		return func(v int64) (int64, bool) { return calendar.Anniversary(v, today), true }
	}
}

func floorDiv(x, y int64) int64 {
	q := x / y
	if x%y != 0 && (x < 0) != (y < 0) {
		q--
	}
	return q
}

package compiler

import (
	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
)

func isTemporal(k ir.Kind) bool { return k == ir.Date || k == ir.Time }

// addSpan is date ± SPAN or time ± SPAN.
func (l *lowering) addSpan(e *dsl.Binary, x, y operand) operand {
	at := e.Span()
	switch {
	case x.broken:
		return brokenAt(at)
	case x.span != nil || !isTemporal(x.kind()):
		return l.fail("M0413", x.at, "a span is added to a date or a time, as in `today - 30 days`", "%s has no `%s` with a span of time", x.what(), e.Op)
	case x.kind() == ir.Date && (y.span.Unit == dsl.Hour || y.span.Unit == dsl.Minute):
		return l.fail("M0413", y.at, "write days or longer", "a date has no hours to add to")
	case tooLong(y.span.N, y.span.Unit):
		return l.fail("M0408", y.at, "", "a span of more than 1000 years")
	}
	n := y.span.N
	if e.Op == dsl.OpSub {
		n = -n
	}
	if n == 0 {
		x.at = at
		return x
	}
	return l.done(l.b.shiftSpan(x.node, n, y.span.Unit, at), at)
}

// tooLong tells a span of more than 1000 years.
func tooLong(n int64, unit dsl.Unit) bool {
	perYear := map[dsl.Unit]int64{dsl.Minute: 366 * 24 * 60, dsl.Hour: 366 * 24, dsl.Day: 366, dsl.Week: 53, dsl.Month: 12, dsl.Quarter: 4, dsl.Year: 1}
	return n > 1000*perYear[unit] || n < -1000*perYear[unit]
}

// subtractDates is date - date, an int of days.
func (l *lowering) subtractDates(e *dsl.Binary, x, y operand) operand {
	at := e.Span()
	for _, o := range []operand{x, y} {
		if o.kind() == ir.Time {
			return l.fail("M0414", o.at, "`date(…)` is the local date of a time; `hours since` counts hours", "only a date is subtracted from a date, and this is a time")
		}
	}
	return l.done(l.b.op(ir.OpDaysBetween, intType, at, x.node, y.node), at)
}

// lowerSince is days since, days until, hours since, hours until.
func (l *lowering) lowerSince(e *dsl.Unary) operand {
	at := e.Span()
	if l.event != nil {
		l.lower(e.X)
		return l.clockInEvent(e.OpAt, string(e.Op))
	}
	x := l.lower(e.X)
	if !l.ready(x) {
		return brokenAt(at)
	}
	hours := e.Op == dsl.OpHoursSince || e.Op == dsl.OpHoursUntil
	switch {
	case !isTemporal(x.kind()):
		hint := ""
		if c, ok := unparen(e.X).(*dsl.Call); ok && (c.Name.Text == "count" || c.Name.Text == "has") {
			hint = "`last(EVENT)` is the time of the last one"
		}
		return l.fail("M0412", x.at, hint, "`%s` needs a date or a time, and this is %s", e.Op, x.what())
	case hours && x.kind() == ir.Date:
		return l.fail("M0412", x.at, "write `days since` or `days until`", "`%s` needs a time: a date has no hours", e.Op)
	}
	switch e.Op {
	case dsl.OpHoursSince:
		return l.done(l.b.op(ir.OpHoursSince, intType, at, x.node), at)
	case dsl.OpHoursUntil:
		return l.done(l.b.op(ir.OpHoursUntil, intType, at, x.node), at)
	}
	today, day := l.b.op(ir.OpToday, dateType, e.OpAt), l.toDate(x.node)
	if e.Op == dsl.OpDaysUntil {
		today, day = day, today
	}
	return l.done(l.b.op(ir.OpDaysBetween, intType, at, today, day), at)
}

// clockInEvent reports what depends on the clock where events are looked at.
func (l *lowering) clockInEvent(at diag.Span, what string) operand {
	place, hint := "the `where` of an aggregate", "use a window, such as `in last 30 days`, or make a tag of it and write `member.TAG`"
	if l.computed {
		place, hint = "a computed field", "compute it in a tag"
	}
	return l.fail("M0410", at, hint, "`%s` depends on the clock, and %s does not", what, place)
}

// window types what follows an aggregate.
func (l *lowering) window(w *dsl.Window) (ir.Window, bool) {
	if w == nil {
		return ir.Window{}, true
	}
	out := ir.Window{Kind: w.Kind, N: w.N, Unit: w.Unit}
	clock := w.Unit == dsl.Hour || w.Unit == dsl.Minute
	switch w.Kind {
	case dsl.InNext:
		return out, l.fault("M0406", w, "write `in last …`", "events to come are not known: `in next` is for expiring points only")
	case dsl.InThis, dsl.InPrevious:
		if clock {
			return out, l.fault("M0407", w, "`in last` counts hours and minutes", "`%s` takes calendar periods: day, week, month, quarter, year", w.Kind)
		}
		if w.Kind == dsl.InThis {
			out.N = 1
		}
	case dsl.Since, dsl.Before, dsl.FromTo:
		return l.boundedWindow(w)
	}
	if tooLong(w.N, w.Unit) {
		return out, l.fault("M0408", w, "", "a window of more than 1000 years")
	}
	return out, true
}

func (l *lowering) fault(code string, w *dsl.Window, hint, format string, args ...any) bool {
	l.error(code, w.At, hint, format, args...)
	return false
}

func (l *lowering) boundedWindow(w *dsl.Window) (ir.Window, bool) {
	out := ir.Window{Kind: w.Kind}
	ok := true
	if w.Kind != dsl.Before {
		out.From, ok = l.bound(w.From)
	}
	if w.Kind != dsl.Since {
		to, toOK := l.bound(w.To)
		out.To, ok = to, ok && toOK
	}
	if ok && w.Kind == dsl.FromTo && l.reversed(out.From, out.To) {
		return out, l.fault("M0409", w, "put the earlier one first", "this window ends before it begins")
	}
	return out, ok
}

// reversed tells bounds of which the second is surely before the first.
func (l *lowering) reversed(from, to ir.Bound) bool {
	zone := l.c.program.Zone
	switch {
	case from.Kind == ir.DateBound && to.Kind == ir.DateBound, from.Kind == ir.TimeBound && to.Kind == ir.TimeBound:
		return to.Value < from.Value
	case from.Kind == ir.DateBound && to.Kind == ir.TimeBound:
		return zone.DateOf(to.Value) < from.Value
	case from.Kind == ir.TimeBound && to.Kind == ir.DateBound:
		return to.Value < zone.DateOf(from.Value)
	}
	return false
}

func (l *lowering) bound(e dsl.Expr) (ir.Bound, bool) {
	switch e := unparen(e).(type) {
	case *dsl.DateLit:
		return ir.Bound{Kind: ir.DateBound, Value: calendar.FromCivil(e.Year, e.Month, e.Day)}, true
	case *dsl.TimeLit:
		return ir.Bound{Kind: ir.TimeBound, Value: l.c.instant(e)}, true
	case *dsl.Ident:
		switch {
		case e.Name.Text == "today":
			return ir.Bound{Kind: ir.TodayBound}, true
		case e.Name.Text == "start" && l.inRun:
			return ir.Bound{Kind: ir.StartBound}, true
		case e.Name.Text == "start":
			l.error("M0411", e.Span(), "write a date, a local time, or `today`", "`start` is the start of a campaign's run, and this is not in a campaign")
			return ir.Bound{}, false
		}
	}
	if e == nil {
		return ir.Bound{}, false
	}
	l.error("M0126", e.Span(), "write a date (`2026-06-01`), a local time (`2026-06-01T10:30`), or `today`", "a window is bounded by a date, a local time, or `today`")
	return ir.Bound{}, false
}

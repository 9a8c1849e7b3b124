package reference

import "github.com/muster-engine/muster/dsl"

// within reports whether an event that has happened by now lies in the window.
func (at *Instant) within(w *dsl.Window, t instant) bool {
	if w == nil {
		return true
	}
	d := dayOf(t, at.model.zone)
	switch w.Kind {
	case dsl.InLast:
		if w.Unit == dsl.Minute || w.Unit == dsl.Hour {
			return t > at.now-instant(elapsed(w.N, w.Unit))
		}
		return d > at.today.add(-w.N, w.Unit) && d <= at.today
	case dsl.InThis:
		start := periodStart(at.today, w.Unit, at.model.weekStart)
		return d >= start && d < start.add(1, w.Unit)
	case dsl.InPrevious:
		end := periodStart(at.today, w.Unit, at.model.weekStart)
		return d >= end.add(-w.N, w.Unit) && d < end
	case dsl.Since:
		return at.notBefore(t, w.From)
	case dsl.Before:
		return !at.notBefore(t, w.To)
	case dsl.FromTo:
		return at.notBefore(t, w.From) && at.notAfter(t, w.To)
	}
	panic(faultf("a window cannot be %q", w.Kind))
}

// notBefore compares local dates if the bound is a date, else instants.
func (at *Instant) notBefore(t instant, bound dsl.Expr) bool {
	switch b := at.bound(bound).(type) {
	case day:
		return dayOf(t, at.model.zone) >= b
	case instant:
		return t >= b
	}
	panic(faultf("%s bounds no window", bound))
}

func (at *Instant) notAfter(t instant, bound dsl.Expr) bool {
	switch b := at.bound(bound).(type) {
	case day:
		return dayOf(t, at.model.zone) <= b
	case instant:
		return t <= b
	}
	panic(faultf("%s bounds no window", bound))
}

func (at *Instant) bound(e dsl.Expr) operand {
	return scope{at: at}.eval(e)
}

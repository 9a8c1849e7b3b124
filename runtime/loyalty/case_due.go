package loyalty

import (
	"slices"

	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
)

// Overdue is a case whose deadline has just passed while it was open: its overdue actions are to run, with the opening
// event in hand.
type Overdue struct {
	Case    int // of Program.Cases
	Episode Episode
	Event   exprplan.Event // the opening event; without fields if it is in the history no more
}

// DueCases records the cases whose deadline has passed by now while they are open, and returns those that it has recorded,
// each once. It is called at the instants of [Account.NextCases], and after an event, which may come when the deadline of
// the case that it opens has passed already: then Episode.Due is far behind now.
func (a *Account) DueCases() (out []Overdue) {
	for i, decl := range a.k.prog.Cases {
		for _, e := range a.Episodes(i) {
			if !e.Open() || e.Overdue || e.Due > a.world.Now {
				continue
			}
			e.Overdue = true
			a.mark(i, mark{whatOverdue, e.Due}, e, Cause{Kind: "time"})
			o := Overdue{Case: i, Episode: e}
			opening := a.matching(decl.Open, decl.OpenMatch, e.Ticket)
			if j := slices.IndexFunc(opening, func(x exprplan.Event) bool { return x.At == e.Opened }); j >= 0 {
				o.Event = opening[j]
			}
			out = append(out, o)
		}
	}
	return out
}

// NextCases is the next instant at which [Account.DueCases] has something to do; false if there is none.
func (a *Account) NextCases() (at int64, ok bool) {
	at = never
	for i := range a.k.prog.Cases {
		for _, e := range a.Episodes(i) {
			if e.Open() && !e.Overdue {
				at = min(at, e.Due)
			}
		}
	}
	return at, at != never && at < calendar.Latest
}

// deadline is when a case is due that is opened at an instant: the same local time a span of days or longer later, hours
// and minutes later, or so many workdays later.
func (k *Keeper) deadline(c *ir.Case, opened int64) int64 {
	if c.Due == nil {
		return k.afterWorkdays(opened, c.Workdays)
	}
	due, ok := k.prog.Zone.AddSpanToTime(opened, c.Due.N, c.Due.Unit)
	if !ok {
		return calendar.Latest
	}
	return due
}

// afterWorkdays is the instant n workdays after another: from a workday, the same local time of the n-th workday after it;
// from another day, as from the midnight at which that day's stretch ends, so the midnight that ends the n-th workday.
func (k *Keeper) afterWorkdays(t, n int64) int64 {
	zone := k.prog.Zone
	day := zone.DateOf(t)
	if !k.workday(day) {
		day, n = k.nextWorkday(day), n-1
		for ; n > 0; n-- {
			day = k.nextWorkday(day)
		}
		return zone.Midnight(day + 1)
	}
	hour, minute, second := zone.Clock(t)
	within := t - zone.Instant(day, hour, minute, second)
	for ; n > 0; n-- {
		day = k.nextWorkday(day)
	}
	return zone.Instant(day, hour, minute, second) + within%calendar.Second
}

// nextWorkday is the first workday after a date; the date itself moved by a year where the holidays leave none.
func (k *Keeper) nextWorkday(day int64) int64 {
	for d := day + 1; d <= day+366; d++ {
		if k.workday(d) {
			return d
		}
	}
	return day + 366
}

// workday reports whether people work on a date: Monday to Friday but for holidays, and the days that make up for them.
func (k *Keeper) workday(day int64) bool {
	switch {
	case slices.Contains(k.prog.Workdays, day):
		return true
	case slices.Contains(k.prog.Holidays, day):
		return false
	}
	return calendar.Weekday(day) <= 5
}

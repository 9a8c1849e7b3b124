package exprplan

import (
	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/dsl"
)

func (e *Evaluator) zone() *calendar.Zone { return e.plans.program.Zone }

func dateOf(e *Evaluator, t int64) (int64, bool) { return e.zone().DateOf(t), true }

func hourOf(e *Evaluator, t int64) (int64, bool) {
	hour, _, _ := e.zone().Clock(t)
	return int64(hour), true
}

func hoursSince(e *Evaluator, t int64) (int64, bool) { return calendar.HoursBetween(t, e.now) }
func hoursUntil(e *Evaluator, t int64) (int64, bool) { return calendar.HoursBetween(e.now, t) }

func addSpanToDate(d, n int64, unit string) (int64, bool) {
	return calendar.AddSpanToDate(d, n, dsl.Unit(unit))
}

func periodStart(d int64, unit string, weekStart int64) (int64, bool) {
	return calendar.PeriodStart(d, dsl.Unit(unit), int(weekStart)), true
}

func addSpanToTime(e *Evaluator, t, n int64, unit string) (int64, bool) {
	return e.zone().AddSpanToTime(t, n, dsl.Unit(unit))
}

func year(d int64) (int64, bool)    { y, _, _ := calendar.Civil(d); return int64(y), true }
func month(d int64) (int64, bool)   { _, m, _ := calendar.Civil(d); return int64(m), true }
func day(d int64) (int64, bool)     { _, _, dd := calendar.Civil(d); return int64(dd), true }
func quarter(d int64) (int64, bool) { return int64(calendar.Quarter(d)), true }
func weekday(d int64) (int64, bool) { return int64(calendar.Weekday(d)), true }

// ofLocalDate is a part of a date, taken of the local date of a time.
func ofLocalDate(part func(int64) (int64, bool)) func(*Evaluator, int64) (int64, bool) {
	return func(e *Evaluator, t int64) (int64, bool) { return part(e.zone().DateOf(t)) }
}

func ageOf(e *Evaluator, birth int64) (int64, bool) { return calendar.Age(birth, e.today), true }

func anniversaryOf(e *Evaluator, d int64) (int64, bool) {
	return calendar.Anniversary(d, e.today), true
}

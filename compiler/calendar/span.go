package calendar

import (
	"math"
	"math/bits"

	"github.com/muster-engine/muster/dsl"
)

// AddSpanToDate is the date n units after d; n may be negative. Months, quarters and years are clamped to the last day
// of the month. Not ok beyond [MinDate, MaxDate], and for hours and minutes, which a date has not.
func AddSpanToDate(d, n int64, unit dsl.Unit) (int64, bool) {
	if !inRange(d) {
		return 0, false
	}
	switch unit {
	case dsl.Day, dsl.Week:
		days, ok := multiply(n, daysIn(unit))
		if !ok || days > 2*MaxDate || days < 2*MinDate {
			return 0, false
		}
		return d + days, inRange(d + days)
	case dsl.Month, dsl.Quarter, dsl.Year:
		months, ok := multiply(n, monthsIn(unit))
		if !ok || months > 12*1_000_000 || months < -12*1_000_000 {
			return 0, false
		}
		r := AddMonths(d, int(months))
		return r, r > MinDate && r < MaxDate
	}
	return 0, false
}

// AddSpanToTime is the instant n units after t; n may be negative. Hours and minutes are elapsed; longer units keep
// the local clock time, and a local time that a clock change skips or repeats is the first instant at or after it. A
// span of 0 is t itself. Not ok where the result is out of range.
func (z *Zone) AddSpanToTime(t, n int64, unit dsl.Unit) (int64, bool) {
	switch {
	case n == 0:
		return t, true
	case unit == dsl.Hour || unit == dsl.Minute:
		return addElapsed(t, n, unit)
	}
	local := z.local(t)
	d, ok := AddSpanToDate(floorDiv(local, Day), n, unit)
	if !ok {
		return 0, false
	}
	return z.instant(d*Day + floorMod(local, Day)), true
}

func addElapsed(t, n int64, unit dsl.Unit) (int64, bool) {
	length := int64(Hour)
	if unit == dsl.Minute {
		length = Minute
	}
	elapsed, ok := multiply(n, length)
	if !ok {
		return 0, false
	}
	sum := t + elapsed
	return sum, (sum > t) == (elapsed > 0)
}

// Lapse is the instant at which something ends that was granted at t for a span: a span of days or longer holds
// through the local date of t plus the span and ends at the midnight after it, hours and minutes are elapsed. Latest
// where that is out of range.
func (z *Zone) Lapse(t, n int64, unit dsl.Unit) int64 {
	if unit == dsl.Hour || unit == dsl.Minute {
		if end, ok := addElapsed(t, n, unit); ok {
			return end
		}
		return Latest
	}
	d, ok := AddSpanToDate(z.DateOf(t), n, unit)
	if !ok {
		return Latest
	}
	return z.Midnight(d + 1)
}

// HoursBetween is the full hours from a to b, rounded down; not ok where b - a overflows.
func HoursBetween(a, b int64) (int64, bool) {
	diff := b - a
	if (b >= a) != (diff >= 0) {
		return 0, false
	}
	return floorDiv(diff, Hour), true
}

func daysIn(unit dsl.Unit) int64 {
	if unit == dsl.Week {
		return 7
	}
	return 1
}

func monthsIn(unit dsl.Unit) int64 {
	switch unit {
	case dsl.Quarter:
		return 3
	case dsl.Year:
		return 12
	}
	return 1
}

// multiply is n·by for positive by.
func multiply(n, by int64) (int64, bool) {
	u := uint64(n)
	if n < 0 {
		u = -u
	}
	hi, lo := bits.Mul64(u, uint64(by))
	if hi != 0 || lo > math.MaxInt64 {
		return 0, false
	}
	if n < 0 {
		return -int64(lo), true
	}
	return int64(lo), true
}

// PeriodStart is the first date of the calendar period (day, week, month, quarter, year) that holds d; weeks start on
// weekday weekStart, 1 Monday to 7 Sunday.
func PeriodStart(d int64, unit dsl.Unit, weekStart int) int64 {
	year, month, _ := Civil(d)
	switch unit {
	case dsl.Week:
		return d - floorMod(int64(Weekday(d)-weekStart), 7)
	case dsl.Month:
		return FromCivil(year, month, 1)
	case dsl.Quarter:
		return FromCivil(year, (month-1)/3*3+1, 1)
	case dsl.Year:
		return FromCivil(year, 1, 1)
	}
	return d
}

// addSaturating is AddSpanToDate, with the bound in place of what lies beyond it.
func addSaturating(d, n int64, unit dsl.Unit) int64 {
	if r, ok := AddSpanToDate(d, n, unit); ok {
		return r
	}
	if n < 0 {
		return MinDate
	}
	return MaxDate
}

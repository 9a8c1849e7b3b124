package reference

import (
	"fmt"
	"time"

	"github.com/muster-engine/muster/dsl"
)

const (
	second = int64(1_000_000)
	minute = 60 * second
	hour   = 60 * minute
)

// newDay is the day of a date of the Gregorian calendar; months beyond the year run into its neighbours.
func newDay(y int, m time.Month, d int) day {
	return day(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

func (d day) date() (int, time.Month, int) { return time.Unix(int64(d)*86400, 0).UTC().Date() }

func (d day) weekday() time.Weekday { return time.Unix(int64(d)*86400, 0).UTC().Weekday() }

func showDay(d day) string {
	y, m, dd := d.date()
	return fmt.Sprintf("%04d-%02d-%02d", y, m, dd)
}

// dayOf is the local date of an instant.
func dayOf(t instant, zone *time.Location) day {
	return newDay(time.UnixMicro(int64(t)).In(zone).Date())
}

// clockOf is the local time of day of an instant, in microseconds as a clock shows it.
func clockOf(t instant, zone *time.Location) int64 {
	l := time.UnixMicro(int64(t)).In(zone)
	return int64(l.Hour())*hour + int64(l.Minute())*minute + int64(l.Second())*second + int64(l.Nanosecond()/1000)
}

// instantOf is the first instant at which a local clock shows the given date and time of day, or, where a clock change
// skips that, the first one after. It looks for clock changes hour by hour: [time.Time.ZoneBounds] ends distant
// leap years a day early.
func instantOf(d day, clock int64, zone *time.Location) instant {
	local := int64(d)*24*hour + clock // the local time read as if it were UTC
	for from := local - 48*hour; ; from += hour {
		to := from + hour
		offset, next := offsetAt(from, zone), offsetAt(to, zone)
		change := to
		if offset != next {
			change = changeBetween(from, to, zone)
		}
		if t := max(from, local-offset); t < change {
			return instant(t)
		}
		if t := max(change, local-next); t < to {
			return instant(t)
		}
	}
}

// offsetAt is how far local clocks are ahead of UTC at an instant, in microseconds.
func offsetAt(t int64, zone *time.Location) int64 {
	_, offset := time.UnixMicro(t).In(zone).Zone()
	return int64(offset) * second
}

// changeBetween is the first instant with the offset that to has but from has not.
func changeBetween(from, to int64, zone *time.Location) int64 {
	before := offsetAt(from, zone)
	for to-from > 1 {
		if middle := from + (to-from)/2; offsetAt(middle, zone) == before {
			from = middle
		} else {
			to = middle
		}
	}
	return to
}

// addMonths goes n months on; the day of month is clamped to the length of the month.
func (d day) addMonths(n int64) day {
	y, m, dd := d.date()
	first := newDay(y, m+time.Month(n), 1)
	y, m, _ = first.date()
	length := int(newDay(y, m+1, 1) - first)
	return first + day(min(dd, length)-1)
}

// beyond is farther than any calendar goes, and still far from overflow.
const beyond = 1_000_000

// add goes a span of days or longer units on.
func (d day) add(n int64, unit dsl.Unit) day {
	n = max(-beyond, min(n, beyond))
	switch unit {
	case dsl.Day:
		return d + day(n)
	case dsl.Week:
		return d + day(7*n)
	case dsl.Month:
		return d.addMonths(n)
	case dsl.Quarter:
		return d.addMonths(3 * n)
	case dsl.Year:
		return d.addMonths(12 * n)
	}
	panic(faultf("a date has no %ss", unit))
}

// add goes a span on: minutes and hours elapsed, longer units on the calendar with the local clock time kept. No span at
// all leads nowhere else, not even from an hour that clocks repeat.
func (t instant) add(n int64, unit dsl.Unit, zone *time.Location) instant {
	switch {
	case n == 0:
		return t
	case unit == dsl.Minute || unit == dsl.Hour:
		return t + instant(elapsed(n, unit))
	}
	return instantOf(dayOf(t, zone).add(n, unit), clockOf(t, zone), zone)
}

// elapsed is a span of minutes or hours in microseconds.
func elapsed(n int64, unit dsl.Unit) int64 {
	n = max(-24*366*beyond, min(n, 24*366*beyond))
	if unit == dsl.Minute {
		return n * minute
	}
	return n * hour
}

// periodStart is the first day of the calendar period that holds d.
func periodStart(d day, unit dsl.Unit, weekStart time.Weekday) day {
	y, m, _ := d.date()
	switch unit {
	case dsl.Day:
		return d
	case dsl.Week:
		return d - day((d.weekday()-weekStart+7)%7)
	case dsl.Month:
		return newDay(y, m, 1)
	case dsl.Quarter:
		return newDay(y, m-(m-1)%3, 1)
	case dsl.Year:
		return newDay(y, time.January, 1)
	}
	panic(faultf("there is no calendar %s", unit))
}

// anniversaryIn is the day in year y on which the anniversary of a date falls: 28 February for 29 February, if need be.
func anniversaryIn(y int, of day) day {
	_, m, d := of.date()
	return newDay(y, m, 1) + day(min(d, int(newDay(y, m+1, 1)-newDay(y, m, 1)))-1)
}

// age is the full years from a date to today.
func age(of, today day) int64 {
	born, _, _ := of.date()
	y, _, _ := today.date()
	if today < anniversaryIn(y, of) {
		y--
	}
	return int64(y - born)
}

// anniversary is the next anniversary of a date that is not before today and after the date itself.
func anniversary(of, today day) day {
	y, _, _ := of.date()
	now, _, _ := today.date()
	for y = max(y, now-1); ; y++ {
		if next := anniversaryIn(y, of); next >= today && next > of {
			return next
		}
	}
}

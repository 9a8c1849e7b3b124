package campaign

import (
	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/compiler/ir"
)

// quiet reports whether an instant lies in quiet hours, and when those end. They last from the first instant at or after
// one local time to that at or after the other, so that a clock change within them does no harm.
func quiet(zone *calendar.Zone, c *ir.Clocks, now int64) (until int64, ok bool) {
	if c == nil || c.From == c.To {
		return 0, false
	}
	today := zone.DateOf(now)
	for _, day := range []int64{today - 1, today} {
		end := day
		if c.From > c.To {
			end++
		}
		if from, to := clock(zone, day, c.From), clock(zone, end, c.To); from <= now && now < to {
			return to, true
		}
	}
	return 0, false
}

// clock is the first instant of a date at or after a local time, in minutes since midnight.
func clock(zone *calendar.Zone, day int64, minutes int) int64 {
	return zone.Instant(day, minutes/60, minutes%60, 0)
}

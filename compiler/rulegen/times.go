package rulegen

import "time"

// clock is an instant with something odd near by: a clock change, a leap day, the end of a month, midnight.
func (g *generator) clock() int64 {
	year := 1995 + g.IntN(40)
	var t time.Time
	switch g.IntN(6) {
	case 0, 1:
		t = time.Date(year, time.Month(1+g.IntN(12)), 1+g.IntN(28), 0, 0, 0, 0, time.UTC)
		if _, change := t.In(g.zone).ZoneBounds(); !change.IsZero() {
			t = change.Add(pick(g, 0, -time.Microsecond, time.Second, time.Hour, -time.Hour, 30*time.Minute, 24*time.Hour, 90*24*time.Hour))
		}
	case 2:
		t = time.Date(year-year%4, time.February, pick(g, 28, 29, 30), g.IntN(24), g.IntN(60), 0, 0, g.zone)
	case 3:
		t = time.Date(year, time.Month(1+g.IntN(12)), pick(g, 0, 1, 30, 31), 0, 0, 0, 0, g.zone)
	case 4:
		t = time.Date(year, time.Month(1+g.IntN(12)), 1+g.IntN(31), 0, 0, 0, 0, g.zone).Add(pick(g, 0, -time.Microsecond, time.Microsecond))
	default:
		t = time.Date(year, time.Month(1+g.IntN(12)), 1+g.IntN(31), g.IntN(24), g.IntN(60), g.IntN(60), g.IntN(1000)*1_000_000, g.zone)
	}
	return t.UnixMicro()
}

// cutsAt is the clock itself, or some time before.
func (g *generator) cutsAt() int64 {
	if g.one(2) {
		return g.now
	}
	return g.now - g.Int64N(int64(100*24*time.Hour/time.Microsecond))
}

// instantNear is a time at which an event may happen: mostly on the edge of something.
func (g *generator) instantNear() int64 {
	edge := func(t time.Time) int64 {
		return t.UnixMicro() + pick[int64](g, 0, 0, -1, 1, -1_000_000, 3_600_000_000, -3_600_000_000)
	}
	midnight := func(day time.Time) time.Time {
		return time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, g.zone)
	}
	now := time.UnixMicro(g.now)
	switch g.IntN(14) {
	case 0:
		return edge(now)
	case 1, 2:
		return edge(midnight(g.today.AddDate(0, 0, 1-pick(g, counts...))))
	case 3:
		return edge(midnight(g.today.AddDate(0, -pick(g, counts...), pick(g, 0, 0, 1, -1))))
	case 4:
		return edge(midnight(time.Date(g.today.Year(), g.today.Month()-time.Month(g.IntN(14)), pick(g, 0, 1), 0, 0, 0, 0, time.UTC)))
	case 5, 12:
		return edge(now.Add(-time.Duration(pick(g, counts...)) * pick(g, time.Hour, time.Minute)))
	case 6, 13:
		if start, _ := now.In(g.zone).ZoneBounds(); !start.IsZero() && now.Sub(start) < 4*365*24*time.Hour {
			return edge(start)
		}
		return edge(now)
	case 7:
		return g.now + g.Int64N(int64(40*24*time.Hour/time.Microsecond)) // after the clock
	case 8:
		return edge(midnight(time.Date(g.today.Year()-g.IntN(5), time.February, pick(g, 28, 29), 0, 0, 0, 0, time.UTC)))
	}
	return g.now - g.Int64N(int64(400*24*time.Hour/time.Microsecond))
}

// birthdays are the ages that the dates of birth cluster around.
var birthdays = []int{0, 1, 4, 18, 40}

// dateNear is a date: around the clock, or a birthday.
func (g *generator) dateNear() time.Time {
	switch g.IntN(6) {
	case 0:
		return g.today.AddDate(0, 0, g.IntN(5)-2)
	case 1:
		return g.today.AddDate(-pick(g, birthdays...), 0, g.IntN(3)-1)
	case 2:
		return time.Date(1940+4*g.IntN(25), time.February, 29, 0, 0, 0, 0, time.UTC)
	case 3:
		return g.today.AddDate(0, -pick(g, counts...), 0)
	case 4:
		return g.today.AddDate(0, 0, -pick(g, counts...))
	}
	return g.today.AddDate(0, 0, g.IntN(1000)-700)
}

func (g *generator) dateText() string { return g.dateNear().Format("2006-01-02") }

func (g *generator) timeText() string {
	t := time.UnixMicro(g.instantNear()).In(g.zone)
	if g.one(2) {
		// A local time that may be skipped, rather than one that was on a clock.
		t = time.Date(t.Year(), t.Month(), t.Day(), g.IntN(4), pick(g, 0, 15, 30, 59), 0, 0, time.UTC)
	}
	return t.Format(pick(g, "2006-01-02T15:04", "2006-01-02T15:04:05"))
}

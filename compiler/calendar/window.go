package calendar

import (
	"math"

	"github.com/muster-engine/muster/dsl"
)

// Interval is the instants from Lo up to, but without, Hi.
type Interval struct{ Lo, Hi int64 }

// Holds reports whether t is in the interval.
func (i Interval) Holds(t int64) bool { return t >= i.Lo && t < i.Hi }

// BoundKind tells what a Bound is.
type BoundKind uint8

const (
	NoBound    BoundKind = iota
	DateBound            // Value is a date, compared with local dates
	TimeBound            // Value is an instant
	TodayBound           // the local date of now
)

// Bound is an end of a window.
type Bound struct {
	Kind  BoundKind
	Value int64
}

// Window is the instants that an aggregate's window selects at now: disjoint, ascending, none after now. An empty kind
// is no window. Weeks start on weekday weekStart. From is the bound of since and from … to, to that of before and from …
// to. There is nothing in a window "in next", since nothing after now counts, nor in calendar periods of hours or
// minutes, which the language has not.
func (z *Zone) Window(kind dsl.WindowKind, n int64, unit dsl.Unit, from, to Bound, now int64, weekStart int) []Interval {
	return z.cutAt(z.window(kind, n, unit, from, to, now, weekStart), now)
}

func (z *Zone) window(kind dsl.WindowKind, n int64, unit dsl.Unit, from, to Bound, now int64, weekStart int) []Interval {
	today := z.DateOf(now)
	elapsed := unit == dsl.Hour || unit == dsl.Minute
	switch kind {
	case "":
		return []Interval{{Earliest, Latest}}
	case dsl.InLast:
		if !elapsed {
			return z.DateRange(addSaturating(today, -n, unit)+1, today)
		}
		start, ok := addElapsed(now, -n, unit)
		if !ok {
			start = Earliest
		}
		return []Interval{{saturatingAdd(start, 1), Latest}}
	case dsl.InThis:
		if elapsed {
			return nil
		}
		// Clocks that went back over midnight leave events before now that are dated tomorrow.
		this := PeriodStart(today, unit, weekStart)
		return z.DateRange(this, addSaturating(this, 1, unit)-1)
	case dsl.InPrevious:
		if elapsed {
			return nil
		}
		this := PeriodStart(today, unit, weekStart)
		return z.DateRange(addSaturating(this, -n, unit), this-1)
	case dsl.Since:
		return z.from(from, today)
	case dsl.Before:
		return z.before(to, today)
	case dsl.FromTo:
		return intersect(z.from(from, today), z.through(to, today))
	}
	return nil
}

func (z *Zone) from(b Bound, today int64) []Interval {
	switch b.Kind {
	case DateBound:
		return z.sinceDate(b.Value)
	case TodayBound:
		return z.sinceDate(today)
	case TimeBound:
		return []Interval{{b.Value, Latest}}
	}
	return []Interval{{Earliest, Latest}}
}

func (z *Zone) before(b Bound, today int64) []Interval {
	switch b.Kind {
	case DateBound:
		return complement(z.sinceDate(b.Value))
	case TodayBound:
		return complement(z.sinceDate(today))
	case TimeBound:
		return []Interval{{Earliest, b.Value}}
	}
	return []Interval{{Earliest, Latest}}
}

func (z *Zone) through(b Bound, today int64) []Interval {
	switch b.Kind {
	case DateBound:
		return complement(z.sinceDate(saturatingAdd(b.Value, 1)))
	case TodayBound:
		return complement(z.sinceDate(today + 1))
	case TimeBound:
		return []Interval{{Earliest, saturatingAdd(b.Value, 1)}}
	}
	return []Interval{{Earliest, Latest}}
}

// cutAt leaves out what is after now, and what is empty.
func (z *Zone) cutAt(in []Interval, now int64) []Interval {
	var out []Interval
	end := saturatingAdd(now, 1)
	for _, i := range in {
		if i.Hi = min(i.Hi, end); i.Lo < i.Hi {
			out = append(out, i)
		}
	}
	return out
}

// DateRange is the instants whose local date is from first through last: one interval, but for dates that come twice
// because clocks went back over midnight, and none for a date that clocks skipped.
func (z *Zone) DateRange(first, last int64) []Interval {
	if first > last {
		return nil
	}
	return intersect(z.sinceDate(first), complement(z.sinceDate(saturatingAdd(last, 1))))
}

// sinceDate is the instants whose local date is d or later. The last interval has no end.
func (z *Zone) sinceDate(d int64) []Interval {
	start := startOf(d)
	if start == math.MinInt64 {
		return []Interval{{Earliest, Latest}}
	}
	var out []Interval
	at := z.Midnight(d)
	// Local time is past d for good once it is a whole day further than any clock goes back.
	settled := saturatingAdd(at, 3*Day)
	for at < settled {
		i, moved := z.stretch(at)
		end := saturatingAdd(z.end(i), moved)
		from := max(at, saturatingAdd(start, -z.offsets[i]))
		if from < end {
			if n := len(out); n > 0 && out[n-1].Hi == from {
				out[n-1].Hi = end
			} else {
				out = append(out, Interval{from, end})
			}
		}
		at = end
	}
	if len(out) > 0 {
		out[len(out)-1].Hi = Latest
	}
	return out
}

// complement is all other instants.
func complement(in []Interval) []Interval {
	var out []Interval
	lo := int64(Earliest)
	for _, i := range in {
		if lo < i.Lo {
			out = append(out, Interval{lo, i.Lo})
		}
		lo = i.Hi
	}
	if lo < Latest {
		out = append(out, Interval{lo, Latest})
	}
	return out
}

func intersect(a, b []Interval) []Interval {
	var out []Interval
	for i, j := 0, 0; i < len(a) && j < len(b); {
		lo, hi := max(a[i].Lo, b[j].Lo), min(a[i].Hi, b[j].Hi)
		if lo < hi {
			out = append(out, Interval{lo, hi})
		}
		if a[i].Hi < b[j].Hi {
			i++
		} else {
			j++
		}
	}
	return out
}

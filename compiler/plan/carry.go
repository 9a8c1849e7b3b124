package plan

import (
	"math"

	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/compiler/ir"
)

const (
	openLow  = math.MinInt64
	openHigh = math.MaxInt64
	hour     = 3600 * 1_000_000
)

// carry moves a range of x down through monotone operations to a column: x is in [low, high] if and only if the column
// is in the range returned. ok is false where that cannot be said of all values.
func carry(x *ir.Node, low, high int64, at Clock) (on *ir.Node, lo, hi int64, ok bool) {
	if isColumn(x) {
		return x, low, high, true
	}
	switch x.Op {
	case ir.OpDaysBetween:
		if d, known := constant(x.Args[0], at); known && d.Known {
			return carry(x.Args[1], from(d.I, high), from(d.I, low), at)
		}
		if d, known := constant(x.Args[1], at); known && d.Known {
			return carry(x.Args[0], plus(d.I, low), plus(d.I, high), at)
		}
	case ir.OpTimeToDate:
		return carryDate(x.Args[0], low, high, at)
	case ir.OpHoursSince:
		// floor((now - t) / h) >= low  ⟺  t <= now - low·h;  <= high  ⟺  t > now - (high+1)·h
		first, last := int64(openLow), int64(openHigh)
		if high != openHigh {
			if high < -limit || high > limit {
				return nil, 0, 0, false
			}
			first = at.Now - (high+1)*hour + 1
		}
		if low != openLow {
			if low < -limit || low > limit {
				return nil, 0, 0, false
			}
			last = at.Now - low*hour
		}
		return carry(x.Args[0], first, last, at)
	case ir.OpAge:
		return carryAge(x.Args[0], low, high, at)
	}
	return nil, 0, 0, false
}

// limit keeps hours within what microseconds can hold.
const limit = int64(1) << 30

// plus is d + end, where the end may be open.
func plus(d, end int64) int64 {
	if end == openLow || end == openHigh {
		return end
	}
	return saturate(d, end)
}

// from is d - end, where the end may be open.
func from(d, end int64) int64 {
	switch end {
	case openLow:
		return openHigh
	case openHigh:
		return openLow
	}
	return saturate(d, -end)
}

func saturate(a, b int64) int64 {
	s := a + b
	if (a > 0) == (b > 0) && (s > 0) != (a > 0) && a != 0 && b != 0 {
		if a > 0 {
			return openHigh
		}
		return openLow
	}
	return s
}

// carryDate turns a range of local dates into one of instants, where they are one interval.
func carryDate(t *ir.Node, low, high int64, at Clock) (*ir.Node, int64, int64, bool) {
	if low > high {
		return carry(t, 1, 0, at)
	}
	in := at.Zone.DateRange(max(low, calendar.MinDate), min(high, calendar.MaxDate))
	if len(in) != 1 {
		return nil, 0, 0, false
	}
	first, last := in[0].Lo, in[0].Hi-1
	if low <= calendar.MinDate {
		first = openLow
	}
	if high >= calendar.MaxDate {
		last = openHigh
	}
	return carry(t, first, last, at)
}

// carryAge turns a range of ages into one of birthdays: age falls as the birthday rises.
func carryAge(birthday *ir.Node, low, high int64, at Clock) (*ir.Node, int64, int64, bool) {
	first, last := int64(openLow), int64(openHigh)
	if high != openHigh {
		first = leastDate(func(d int64) bool { return calendar.Age(d, at.Today) <= high })
	}
	if low != openLow {
		last = leastDate(func(d int64) bool { return calendar.Age(d, at.Today) < low }) - 1
	}
	return carry(birthday, first, last, at)
}

// leastDate returns the first date for which a property holds that, once it holds, holds for all later dates.
func leastDate(holds func(int64) bool) int64 {
	lo, hi := int64(calendar.MinDate), int64(calendar.MaxDate)+1
	for lo < hi {
		mid := lo + (hi-lo)/2
		if holds(mid) {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}

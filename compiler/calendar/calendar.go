// Package calendar is civil time for rules: local dates in a timezone with clock changes, clamped months, periods, and
// the windows of aggregates as intervals of instants.
//
// Instants are microseconds since 1970-01-01T00:00:00Z, dates are days since 1970-01-01; both are int64. A [Zone] is a
// timezone with its clock changes; it is immutable and safe for concurrent use.
//
// The clock of a zone is a table of stretches with one offset each, so a lookup is a few comparisons and
// [Zone.DatesOf] and its sisters run over event times at memory speed. Where clocks go forward some local times never
// come, where they go back some come twice; in all of this package such a local time is the first instant at which the
// local clock shows it or a later one ([Zone.Instant]). Clocks that go back over midnight make a local date come
// twice: then the instants of the date are two intervals, and [Zone.DateRange] gives both.
//
// Arithmetic that leaves the range of dates or instants is not ok, or saturates where a function says so.
package calendar

import (
	"fmt"
	"math"
	"sort"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // the same zones on every machine
)

// Units of instants.
const (
	Second = 1_000_000
	Minute = 60 * Second
	Hour   = 60 * Minute
	Day    = 24 * Hour
)

// Earliest and Latest are the instants that stand for no bound.
const (
	Earliest = math.MinInt64
	Latest   = math.MaxInt64
)

// Zone is a timezone of the IANA database.
type Zone struct {
	loc *time.Location
	// Stretch i has offset offsets[i] from starts[i] up to starts[i+1]; starts[0] is Earliest. The table ends at
	// tableEnd; from cycleStart on it repeats every 400 years, as the calendar and the rules for clock changes do.
	starts  []int64
	offsets []int64
	// first[k] is the stretch that holds the instant tableStart + k·slotLength.
	first []uint16
	// period is whether clocks still change at cycleStart; if not, the last offset holds for ever.
	period bool
}

const (
	cycle      = 146_097 * Day           // 400 years
	cycleStart = 4_102_444_800 * Second  // 2100-01-01
	tableEnd   = cycleStart + cycle      // 2500-01-01
	tableStart = -5_364_662_400 * Second // 1800-01-01
	slotLength = 1 << 42                 // about 51 days
)

// Load returns the zone of an IANA name such as Asia/Shanghai.
func Load(name string) (*Zone, error) {
	if name == "" || strings.EqualFold(name, "local") {
		return nil, fmt.Errorf("no timezone is called %q", name)
	}
	if z, ok := loaded.Load(name); ok {
		return z.(*Zone), nil
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("no timezone is called %q", name)
	}
	z, _ := loaded.LoadOrStore(name, newZone(loc))
	return z.(*Zone), nil
}

// loaded keeps zones by name: rule sets are compiled again and again, and a table takes milliseconds to make.
var loaded sync.Map

// UTC is the zone without clock changes.
func UTC() *Zone { return newZone(time.UTC) }

func newZone(loc *time.Location) *Zone {
	z := &Zone{loc: loc}
	at := time.Unix(-62_135_596_800, 0).In(loc)
	start := int64(Earliest)
	for {
		_, seconds := at.Zone()
		offset := int64(seconds) * Second
		if n := len(z.offsets); n == 0 || z.offsets[n-1] != offset {
			z.starts = append(z.starts, start)
			z.offsets = append(z.offsets, offset)
		}
		_, end := at.ZoneBounds()
		if !end.IsZero() && !end.After(at) {
			end = probe(at)
		}
		if end.IsZero() || end.Unix() >= tableEnd/Second {
			break
		}
		at, start = end, end.Unix()*Second
	}
	z.period = z.starts[len(z.starts)-1] > cycleStart
	z.first = make([]uint16, (tableEnd-tableStart)/slotLength+1)
	for k := range z.first {
		z.first[k] = uint16(z.search(tableStart + int64(k)*slotLength))
	}
	return z
}

// probe finds the next change of the offset after t by looking, where package time says that the stretch of t ends
// before t: it does so between the last tabled change and the first by rule. The zero Time means none within 400 days.
func probe(t time.Time) time.Time {
	_, offset := t.Zone()
	differs := func(u time.Time) bool {
		_, o := u.Zone()
		return o != offset
	}
	for day := range 400 {
		from := t.Add(time.Duration(day) * 24 * time.Hour)
		if differs(from.Add(24 * time.Hour)) {
			after := sort.Search(86_400, func(s int) bool { return differs(from.Add(time.Duration(s+1) * time.Second)) })
			return from.Add(time.Duration(after+1) * time.Second)
		}
	}
	return time.Time{}
}

// search is the stretch that holds t, by bisection.
func (z *Zone) search(t int64) int {
	return sort.Search(len(z.starts), func(i int) bool { return z.starts[i] > t }) - 1
}

// Name is the IANA name.
func (z *Zone) Name() string { return z.loc.String() }

// Location is the zone for package time, to format times for people.
func (z *Zone) Location() *time.Location { return z.loc }

// stretch is the index of the stretch that holds t, and by how much t must be moved back to lie in the table.
func (z *Zone) stretch(t int64) (index int, moved int64) {
	if t >= tableEnd {
		if !z.period {
			return len(z.starts) - 1, 0
		}
		moved = (t - cycleStart) / cycle * cycle
		t -= moved
	}
	i := 0
	if t >= tableStart {
		i = int(z.first[(t-tableStart)/slotLength])
	}
	for i+1 < len(z.starts) && z.starts[i+1] <= t {
		i++
	}
	return i, moved
}

// end is where stretch i of the table ends. The last one ends with the table where clocks go on changing.
func (z *Zone) end(i int) int64 {
	switch {
	case i+1 < len(z.starts):
		return z.starts[i+1]
	case z.period:
		return tableEnd
	default:
		return Latest
	}
}

// Offset is how far local time is ahead of UTC at t, in microseconds.
func (z *Zone) Offset(t int64) int64 {
	i, _ := z.stretch(t)
	return z.offsets[i]
}

// local is the local time at t as microseconds since 1970-01-01T00:00 local, saturated.
func (z *Zone) local(t int64) int64 { return saturatingAdd(t, z.Offset(t)) }

// DateOf is the local date at t.
func (z *Zone) DateOf(t int64) int64 { return floorDiv(z.local(t), Day) }

// Clock is the local clock time at t.
func (z *Zone) Clock(t int64) (hour, minute, second int) {
	s := int(floorMod(z.local(t), Day) / Second)
	return s / 3600, s / 60 % 60, s % 60
}

// Instant is the first instant at which the local clock shows that time of date d, or a later one.
func (z *Zone) Instant(d int64, hour, minute, second int) int64 {
	return z.instant(saturatingAdd(startOf(d), int64(hour)*Hour+int64(minute)*Minute+int64(second)*Second))
}

// startOf is the local time at which date d starts, saturated.
func startOf(d int64) int64 { return saturatingMul(d, Day) }

// instant is the first instant at which local time is at least local.
func (z *Zone) instant(local int64) int64 {
	var moved int64
	if z.period && local >= tableEnd {
		moved = (local - cycleStart) / cycle * cycle
		local -= moved
	}
	// Offsets are less than 26 hours, so the answer lies in a stretch that meets local ± 26 h.
	i, _ := z.stretch(saturatingAdd(local, -26*Hour))
	for ; ; i++ {
		t := max(saturatingAdd(local, -z.offsets[i]), z.starts[i])
		if t < z.end(i) || i+1 == len(z.starts) {
			return saturatingAdd(t, moved)
		}
	}
}

// Midnight is the first instant of local date d: where clocks skip midnight, or the whole date, the first instant after.
func (z *Zone) Midnight(d int64) int64 { return z.instant(startOf(d)) }

// NextMidnight is the first [Zone.Midnight] of any date that is after t; Latest where there is none in range.
func (z *Zone) NextMidnight(t int64) int64 {
	today := z.DateOf(t)
	for d := today; d <= today+3; d++ {
		if m := z.Midnight(d); m > t {
			return m
		}
	}
	return Latest
}

// NextDateChange is the first instant after t at which the local date is another than just before: a midnight, or a
// clock change that sets the date back. Latest where there is none in range.
func (z *Zone) NextDateChange(t int64) int64 {
	today := z.DateOf(t)
	for at := t; ; {
		i, moved := z.stretch(at)
		midnight := saturatingAdd(startOf(today+1), -z.offsets[i])
		end := saturatingAdd(z.end(i), moved)
		if max(midnight, end) <= at {
			return Latest
		}
		if midnight < end || end == Latest {
			return midnight
		}
		if z.DateOf(end) != today {
			return end
		}
		at = end
	}
}

func saturatingAdd(a, b int64) int64 {
	s := a + b
	switch {
	case a > 0 && b > 0 && s < 0:
		return math.MaxInt64
	case a < 0 && b < 0 && s >= 0:
		return math.MinInt64
	}
	return s
}

// saturatingMul is a·b for positive b.
func saturatingMul(a, b int64) int64 {
	switch {
	case a > math.MaxInt64/b:
		return math.MaxInt64
	case a < math.MinInt64/b:
		return math.MinInt64
	}
	return a * b
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func floorMod(a, b int64) int64 {
	if m := a % b; m < 0 {
		return m + b
	} else {
		return m
	}
}

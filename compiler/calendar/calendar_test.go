package calendar

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/muster-engine/muster/dsl"
)

var zones = []string{
	"UTC", "Asia/Shanghai", "Europe/London", "America/New_York", "America/St_Johns", "America/Sao_Paulo",
	"Asia/Kathmandu", "Pacific/Apia", "Africa/Cairo", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Manila",
	"America/Juneau", "Pacific/Kwajalein", "Asia/Amman", "Antarctica/Troll",
}

func load(t testing.TB, name string) *Zone {
	t.Helper()
	z, err := Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func at(z *Zone, text string) int64 {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t.UnixMicro()
}

func date(text string) int64 {
	t, err := time.Parse("2006-01-02", text)
	if err != nil {
		panic(err)
	}
	return t.Unix() / 86400
}

// goDate is the local date as package time has it.
func goDate(z *Zone, t int64) int64 {
	y, m, d := time.UnixMicro(t).In(z.loc).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400
}

func drawZone(t *rapid.T, zs map[string]*Zone) *Zone {
	return zs[rapid.SampledFrom(zones).Draw(t, "zone")]
}

func loadAll(t testing.TB) map[string]*Zone {
	zs := map[string]*Zone{}
	for _, name := range zones {
		zs[name] = load(t, name)
	}
	return zs
}

// drawInstant prefers instants near clock changes.
func drawInstant(t *rapid.T, z *Zone) int64 {
	if i := rapid.IntRange(0, len(z.starts)-1).Draw(t, "change"); i > 0 && rapid.Bool().Draw(t, "near") {
		return z.starts[i] + rapid.Int64Range(-2*Day, 2*Day).Draw(t, "from change")
	}
	return rapid.Int64Range(-9_000_000_000*Second, 30_000_000_000*Second).Draw(t, "instant")
}

func TestLookupsAgreeWithPackageTime(t *testing.T) {
	zs := loadAll(t)
	rapid.Check(t, func(t *rapid.T) {
		z := drawZone(t, zs)
		u := drawInstant(t, z)
		local := time.UnixMicro(u).In(z.loc)
		if got, want := z.DateOf(u), goDate(z, u); got != want {
			t.Fatalf("%s: date of %v is %d, want %d", z.Name(), local, got, want)
		}
		h, m, s := z.Clock(u)
		if wh, wm, ws := local.Clock(); h != wh || m != wm || s != ws {
			t.Fatalf("%s: clock of %v is %d:%d:%d", z.Name(), local, h, m, s)
		}
		if got, want := Weekday(z.DateOf(u)), (int(local.Weekday())+6)%7+1; got != want {
			t.Fatalf("weekday of %v is %d", local, got)
		}
		y, mo, d := Civil(z.DateOf(u))
		if wy, wm, wd := local.Date(); y != wy || mo != int(wm) || d != wd {
			t.Fatalf("civil of %v is %d-%d-%d", local, y, mo, d)
		}
		if FromCivil(y, mo, d) != z.DateOf(u) {
			t.Fatalf("%v: FromCivil does not undo Civil", local)
		}
	})
}

func TestBatchesAgreeWithSingleLookups(t *testing.T) {
	zs := loadAll(t)
	rapid.Check(t, func(t *rapid.T) {
		z := drawZone(t, zs)
		ts := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) int64 {
			if rapid.IntRange(0, 9).Draw(t, "absurd") == 0 {
				return rapid.Int64().Draw(t, "any")
			}
			return drawInstant(t, z)
		}), 0, 20).Draw(t, "ts")
		dates, hours, weekdays := make([]int64, len(ts)), make([]int64, len(ts)), make([]int64, len(ts))
		z.DatesOf(dates, ts)
		z.HoursOf(hours, ts)
		z.WeekdaysOf(weekdays, ts)
		for i, u := range ts {
			h, _, _ := z.Clock(u)
			if dates[i] != z.DateOf(u) || hours[i] != int64(h) || weekdays[i] != int64(Weekday(z.DateOf(u))) {
				t.Fatalf("%s at %d: %d %d %d, want %d %d", z.Name(), u, dates[i], hours[i], weekdays[i], z.DateOf(u), h)
			}
		}
	})
}

// firstAtOrAfter walks second by second: the first instant with local time of at least local.
func firstAtOrAfter(z *Zone, local int64) int64 {
	for u := local - 26*Hour; ; u += Minute {
		_, seconds := time.UnixMicro(u).In(z.loc).Zone()
		if u+int64(seconds)*Second < local {
			continue
		}
		for v := u - Minute; ; v += Second {
			_, seconds := time.UnixMicro(v).In(z.loc).Zone()
			if v+int64(seconds)*Second >= local {
				return v
			}
		}
	}
}

func TestInstantIsTheFirstAtOrAfterTheLocalTime(t *testing.T) {
	for name, years := range map[string][]int{
		"America/St_Johns": {2007, 2010, 2011}, "America/Sao_Paulo": {2018}, "Pacific/Apia": {2011},
		"Europe/London": {2026}, "Africa/Cairo": {2024}, "Australia/Lord_Howe": {2026}, "America/Juneau": {1867},
		"Pacific/Kwajalein": {1993},
	} {
		z := load(t, name)
		for _, year := range years {
			for i := range z.starts {
				if y, _, _ := Civil(floorDiv(z.starts[i], Day)); i == 0 || y != year {
					continue
				}
				around := floorDiv(z.starts[i], Day)
				for d := around - 2; d <= around+2; d++ {
					for _, clock := range [][3]int{{0, 0, 0}, {0, 0, 30}, {0, 1, 0}, {0, 30, 0}, {1, 0, 0}, {1, 30, 0}, {2, 30, 1}, {23, 1, 0}, {23, 30, 0}} {
						want := firstAtOrAfter(z, d*Day+int64(clock[0])*Hour+int64(clock[1])*Minute+int64(clock[2])*Second)
						if got := z.Instant(d, clock[0], clock[1], clock[2]); got != want {
							t.Errorf("%s, day %d at %v: %v, want %v", name, d, clock, time.UnixMicro(got).In(z.loc), time.UnixMicro(want).In(z.loc))
						}
					}
				}
			}
		}
	}
}

func TestInstantByHand(t *testing.T) {
	for _, c := range []struct {
		zone, date   string
		hour, minute int
		want         string
	}{
		{"Asia/Shanghai", "2026-06-01", 0, 0, "2026-05-31T16:00:00Z"},
		{"Europe/London", "2026-03-29", 1, 30, "2026-03-29T01:00:00Z"},    // skipped: the moment of the change
		{"Europe/London", "2026-10-25", 1, 30, "2026-10-25T00:30:00Z"},    // repeated: the first
		{"America/Sao_Paulo", "2018-11-04", 0, 0, "2018-11-04T03:00:00Z"}, // midnight skipped
		{"America/St_Johns", "2010-11-07", 0, 0, "2010-11-07T02:30:00Z"},  // midnight comes twice
		{"Pacific/Apia", "2011-12-30", 12, 0, "2011-12-30T10:00:00Z"},     // the whole day skipped
		{"Asia/Kathmandu", "2500-07-01", 0, 0, "2500-06-30T18:15:00Z"},
		{"Europe/London", "9999-07-01", 0, 0, "9999-06-30T23:00:00Z"},
	} {
		z := load(t, c.zone)
		if got := z.Instant(date(c.date), c.hour, c.minute, 0); got != at(z, c.want) {
			t.Errorf("%s %s %d:%d: %v, want %s", c.zone, c.date, c.hour, c.minute, time.UnixMicro(got).UTC(), c.want)
		}
	}
}

func TestMidnights(t *testing.T) {
	zs := loadAll(t)
	rapid.Check(t, func(t *rapid.T) {
		z := drawZone(t, zs)
		u := drawInstant(t, z)
		next := z.NextMidnight(u)
		if next <= u || next > u+60*Hour {
			t.Fatalf("%s: next midnight after %d is %d", z.Name(), u, next)
		}
		d := z.DateOf(next)
		if z.Midnight(d) != next {
			t.Fatalf("%s: %d is no midnight", z.Name(), next)
		}
		for e := d - 4; e < d; e++ {
			if m := z.Midnight(e); m > u && m < next {
				t.Fatalf("%s: midnight %d was left out", z.Name(), m)
			}
		}
		change := z.NextDateChange(u)
		if change <= u || z.DateOf(change) == z.DateOf(change-1) {
			t.Fatalf("%s: the date does not change at %d", z.Name(), change)
		}
		for v := u; v < change; v += 17 * Minute {
			if z.DateOf(v) != z.DateOf(u) {
				t.Fatalf("%s: the date changed before %d, at %d", z.Name(), change, v)
			}
		}
	})
}

func TestApiaSkipsADay(t *testing.T) {
	z := load(t, "Pacific/Apia")
	skipped := date("2011-12-30")
	if got := z.DateRange(skipped, skipped); got != nil {
		t.Errorf("the skipped day has instants: %v", got)
	}
	if z.Midnight(skipped) != z.Midnight(skipped+1) {
		t.Error("the skipped day does not start with the next")
	}
	if got := z.NextMidnight(z.Midnight(skipped) - 1); got != z.Midnight(skipped+1) {
		t.Errorf("midnight after the 29th is %d", got)
	}
}

func TestStJohnsDateComesTwice(t *testing.T) {
	z := load(t, "America/St_Johns")
	d := date("2010-11-07") // at 00:01 clocks went back to 23:01 of the 6th
	got := z.DateRange(d, d)
	want := []Interval{
		{at(z, "2010-11-07T02:30:00Z"), at(z, "2010-11-07T02:31:00Z")},
		{at(z, "2010-11-07T03:30:00Z"), at(z, "2010-11-08T03:30:00Z")},
	}
	if !slices.Equal(got, want) {
		t.Errorf("instants of the 7th: %v, want %v", got, want)
	}
	if got := z.DateRange(d-1, d); len(got) != 1 {
		t.Errorf("both days together: %v", got)
	}
}

func holds(in []Interval, t int64) bool {
	return slices.ContainsFunc(in, func(i Interval) bool { return i.Holds(t) })
}

// TestWindows checks instants one by one against what the language says of each window.
func TestWindows(t *testing.T) {
	zs := loadAll(t)
	units := []dsl.Unit{dsl.Minute, dsl.Hour, dsl.Day, dsl.Week, dsl.Month, dsl.Quarter, dsl.Year}
	rapid.Check(t, func(t *rapid.T) {
		z := drawZone(t, zs)
		now := drawInstant(t, z)
		today := goDate(z, now)
		kind := rapid.SampledFrom([]dsl.WindowKind{"", dsl.InLast, dsl.InThis, dsl.InPrevious, dsl.InNext, dsl.Since, dsl.Before, dsl.FromTo}).Draw(t, "kind")
		n := rapid.Int64Range(1, 5).Draw(t, "n")
		unit := rapid.SampledFrom(units).Draw(t, "unit")
		bound := rapid.Custom(func(t *rapid.T) Bound {
			switch rapid.IntRange(0, 2).Draw(t, "bound") {
			case 0:
				return Bound{DateBound, today + rapid.Int64Range(-3, 2).Draw(t, "days")}
			case 1:
				return Bound{TimeBound, now + rapid.Int64Range(-60*Hour, 30*Hour).Draw(t, "from now")}
			}
			return Bound{Kind: TodayBound}
		})
		from, to := bound.Draw(t, "from"), bound.Draw(t, "to")
		weekStart := rapid.SampledFrom([]int{1, 7}).Draw(t, "week")
		w := z.Window(kind, n, unit, from, to, now, weekStart)
		for i, in := range w {
			if in.Lo >= in.Hi || in.Hi > now+1 || i > 0 && w[i-1].Hi >= in.Lo {
				t.Fatalf("intervals %v at %d", w, now)
			}
		}
		reach := rapid.SampledFrom([]int64{Hour, 4 * Day, 40 * Day, 2000 * Day}).Draw(t, "reach")
		probe := func(u int64) {
			if want := u <= now && selects(z, kind, n, unit, from, to, now, u, weekStart); holds(w, u) != want {
				t.Fatalf("%s %q %d %q %v %v week %d at %v: holds(%v) = %v, want %v; %v", z.Name(), kind, n, unit, from, to, weekStart,
					time.UnixMicro(now).In(z.loc), time.UnixMicro(u).In(z.loc), !want, want, w)
			}
		}
		for range 20 {
			probe(now - rapid.Int64Range(-reach/10, reach).Draw(t, "before now"))
		}
		for _, in := range w {
			for _, u := range []int64{in.Lo - 1, in.Lo, in.Hi - 1, in.Hi} {
				if u > math.MinInt64+Day && u < math.MaxInt64-Day {
					probe(u)
				}
			}
		}
	})
}

// selects is the window table of the language, for one instant.
func selects(z *Zone, kind dsl.WindowKind, n int64, unit dsl.Unit, from, to Bound, now, u int64, weekStart int) bool {
	elapsed := map[dsl.Unit]time.Duration{dsl.Minute: time.Minute, dsl.Hour: time.Hour}[unit]
	today, day := goDate(z, now), goDate(z, u)
	back := func(d, n int64) int64 {
		switch unit {
		case dsl.Day:
			return d - n
		case dsl.Week:
			return d - 7*n
		}
		months := n * map[dsl.Unit]int64{dsl.Month: 1, dsl.Quarter: 3, dsl.Year: 12}[unit]
		y, m, dd := time.Unix(d*86400, 0).UTC().Date()
		first := time.Date(y, m-time.Month(months), 1, 0, 0, 0, 0, time.UTC)
		last := first.AddDate(0, 1, -1).Day()
		return first.AddDate(0, 0, min(dd, last)-1).Unix() / 86400
	}
	startOf := func(d int64) int64 {
		t := time.Unix(d*86400, 0).UTC()
		switch unit {
		case dsl.Week:
			for int(t.Weekday()+6)%7+1 != weekStart {
				t = t.AddDate(0, 0, -1)
			}
		case dsl.Month:
			t = t.AddDate(0, 0, 1-t.Day())
		case dsl.Quarter:
			for t.Day() != 1 || (t.Month()-1)%3 != 0 {
				t = t.AddDate(0, 0, -1)
			}
		case dsl.Year:
			t = t.AddDate(0, 0, 1-t.YearDay())
		}
		return t.Unix() / 86400
	}
	compare := func(b Bound) int64 {
		switch b.Kind {
		case DateBound:
			return day - b.Value
		case TodayBound:
			return day - today
		}
		return u - b.Value
	}
	switch kind {
	case dsl.InLast:
		if elapsed > 0 {
			return u > now-n*elapsed.Microseconds()
		}
		return day > back(today, n) && day <= today
	case dsl.InThis:
		return elapsed == 0 && startOf(day) == startOf(today)
	case dsl.InPrevious:
		return elapsed == 0 && day >= back(startOf(today), n) && day < startOf(today)
	case dsl.InNext:
		return false
	case dsl.Since:
		return compare(from) >= 0
	case dsl.Before:
		return compare(to) < 0
	case dsl.FromTo:
		return compare(from) >= 0 && compare(to) <= 0
	}
	return true
}

func TestAddSpan(t *testing.T) {
	for _, c := range []struct {
		date string
		n    int64
		unit dsl.Unit
		want string
	}{
		{"2026-05-31", -3, dsl.Month, "2026-02-28"},
		{"2024-05-31", -3, dsl.Month, "2024-02-29"},
		{"2026-01-31", 1, dsl.Month, "2026-02-28"},
		{"2026-11-30", 1, dsl.Quarter, "2027-02-28"},
		{"2024-02-29", 1, dsl.Year, "2025-02-28"},
		{"2024-02-29", -4, dsl.Year, "2020-02-29"},
		{"2026-01-15", -25, dsl.Month, "2023-12-15"},
		{"2026-12-31", 1, dsl.Day, "2027-01-01"},
		{"2026-01-03", -1, dsl.Week, "2025-12-27"},
	} {
		got, ok := AddSpanToDate(date(c.date), c.n, c.unit)
		if !ok || got != date(c.want) {
			y, m, d := Civil(got)
			t.Errorf("%s %+d %s: %d-%d-%d, want %s", c.date, c.n, c.unit, y, m, d, c.want)
		}
	}
	for _, c := range []struct {
		zone, from string
		n          int64
		unit       dsl.Unit
		want       string
	}{
		{"Europe/London", "2026-03-28T12:34:56.789Z", 1, dsl.Day, "2026-03-29T11:34:56.789Z"},
		{"Europe/London", "2026-03-28T12:34:56Z", 24, dsl.Hour, "2026-03-29T12:34:56Z"},
		{"Europe/London", "2026-03-28T01:30:00Z", 1, dsl.Day, "2026-03-29T01:00:00Z"},
		{"Europe/London", "2026-10-25T01:30:00Z", 0, dsl.Day, "2026-10-25T01:30:00Z"},
		{"Asia/Shanghai", "2026-01-30T18:00:00Z", 1, dsl.Month, "2026-02-27T18:00:00Z"},
		{"UTC", "2026-01-01T00:00:00Z", -90, dsl.Minute, "2025-12-31T22:30:00Z"},
	} {
		z := load(t, c.zone)
		if got, ok := z.AddSpanToTime(at(z, c.from), c.n, c.unit); !ok || got != at(z, c.want) {
			t.Errorf("%s %s %+d %s: %v, want %s", c.zone, c.from, c.n, c.unit, time.UnixMicro(got).UTC(), c.want)
		}
	}
}

func TestLapse(t *testing.T) {
	z := load(t, "Asia/Shanghai")
	set := at(z, "2026-01-31T10:00:00Z")
	for _, c := range []struct {
		n    int64
		unit dsl.Unit
		want string
	}{
		{1, dsl.Month, "2026-02-28T16:00:00Z"}, // holds through 28 February
		{30, dsl.Day, "2026-03-02T16:00:00Z"},
		{6, dsl.Hour, "2026-01-31T16:00:00Z"},
	} {
		if got := z.Lapse(set, c.n, c.unit); got != at(z, c.want) {
			t.Errorf("%d %s: %v", c.n, c.unit, time.UnixMicro(got).UTC())
		}
	}
	if z.Lapse(set, math.MaxInt64, dsl.Year) != Latest {
		t.Error("a lapse beyond all time is not Latest")
	}
}

func TestAgeAndAnniversary(t *testing.T) {
	for _, c := range []struct {
		of, today   string
		age         int64
		anniversary string
	}{
		{"1990-06-15", "2026-06-14", 35, "2026-06-15"},
		{"1990-06-15", "2026-06-15", 36, "2026-06-15"},
		{"1990-06-15", "2026-06-16", 36, "2027-06-15"},
		{"2000-02-29", "2026-02-27", 25, "2026-02-28"},
		{"2000-02-29", "2026-02-28", 26, "2026-02-28"},
		{"2000-02-29", "2028-02-28", 27, "2028-02-29"},
		{"2000-02-29", "2028-02-29", 28, "2028-02-29"},
		{"2026-06-15", "2026-06-15", 0, "2027-06-15"},
		{"2026-08-15", "2026-06-15", -1, "2027-08-15"},
	} {
		if got := Age(date(c.of), date(c.today)); got != c.age {
			t.Errorf("age of %s on %s: %d, want %d", c.of, c.today, got, c.age)
		}
		if got := Anniversary(date(c.of), date(c.today)); got != date(c.anniversary) {
			y, m, d := Civil(got)
			t.Errorf("anniversary of %s on %s: %d-%d-%d, want %s", c.of, c.today, y, m, d, c.anniversary)
		}
	}
}

func TestHoursBetween(t *testing.T) {
	for _, c := range []struct{ a, b, want int64 }{{0, Hour - 1, 0}, {0, Hour, 1}, {1, 0, -1}, {Hour, 0, -1}, {Hour + 1, 0, -2}} {
		if got, ok := HoursBetween(c.a, c.b); !ok || got != c.want {
			t.Errorf("from %d to %d: %d, want %d", c.a, c.b, got, c.want)
		}
	}
	if _, ok := HoursBetween(math.MinInt64, math.MaxInt64); ok {
		t.Error("a difference out of range is ok")
	}
}

func TestAbsurdInputsDoNotPanic(t *testing.T) {
	zs := loadAll(t)
	extreme := rapid.OneOf(rapid.Int64(), rapid.SampledFrom([]int64{math.MinInt64, math.MinInt64 + 1, math.MaxInt64 - 1, math.MaxInt64, 0}))
	rapid.Check(t, func(t *rapid.T) {
		z := drawZone(t, zs)
		a, n := extreme.Draw(t, "a"), extreme.Draw(t, "n")
		unit := rapid.SampledFrom([]dsl.Unit{dsl.Minute, dsl.Hour, dsl.Day, dsl.Week, dsl.Month, dsl.Quarter, dsl.Year}).Draw(t, "unit")
		kind := rapid.SampledFrom([]dsl.WindowKind{"", dsl.InLast, dsl.InThis, dsl.InPrevious, dsl.Since, dsl.Before, dsl.FromTo}).Draw(t, "kind")
		z.DateOf(a)
		z.Clock(a)
		z.Midnight(a)
		z.Instant(a, 23, 59, 59)
		if m := z.NextMidnight(a); m <= a && m != Latest {
			t.Fatalf("midnight %d after %d", m, a)
		}
		z.NextDateChange(a)
		AddMonths(a, int(n))
		Age(a, n)
		Anniversary(a, n)
		FromCivil(int(a), int(n), int(a))
		z.Lapse(a, n, unit)
		if d, ok := AddSpanToDate(a, n, unit); ok && !inRange(d) {
			t.Fatalf("date %d", d)
		}
		if r, ok := z.AddSpanToTime(a, n, unit); ok && n != 0 && (r > a) != (n > 0) && unit == dsl.Hour {
			t.Fatalf("%d + %d hours = %d", a, n, r)
		}
		z.Window(kind, max(n, 0), unit, Bound{DateBound, a}, Bound{TimeBound, n}, a, 1)
	})
}

func TestUnknownZonesAreErrors(t *testing.T) {
	for _, name := range []string{"", "Local", "local", "Asia/Shanghi", "../etc/passwd", "CST-8"} {
		if _, err := Load(name); err == nil {
			t.Errorf("%q was loaded", name)
		}
	}
}

func TestZonesAreNamedAndShared(t *testing.T) {
	z := load(t, "Europe/London")
	if z.Name() != "Europe/London" || z.Location().String() != z.Name() || load(t, "Europe/London") != z {
		t.Errorf("zone %s", z.Name())
	}
	if UTC().DateOf(-1) != -1 || UTC().Midnight(20000) != 20000*Day {
		t.Error("UTC is not UTC")
	}
}

func TestPartsOfDates(t *testing.T) {
	for _, c := range []struct {
		y, m, d int
		valid   bool
	}{{2024, 2, 29, true}, {2026, 2, 29, false}, {1900, 2, 29, false}, {2000, 2, 29, true}, {2026, 4, 31, false}, {2026, 12, 31, true}, {2026, 13, 1, false}, {2026, 0, 1, false}, {2026, 1, 0, false}} {
		if Valid(c.y, c.m, c.d) != c.valid {
			t.Errorf("%v: valid is %v", c, !c.valid)
		}
	}
	for month, quarter := range []int{1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4} {
		if got := Quarter(FromCivil(2026, month+1, 28)); got != quarter {
			t.Errorf("quarter of month %d is %d", month+1, got)
		}
	}
	if FromCivil(2026, 14, 1) != FromCivil(2027, 2, 1) || FromCivil(2026, 0, 1) != FromCivil(2025, 12, 1) || FromCivil(2026, 3, 0) != FromCivil(2026, 2, 28) {
		t.Error("months and days do not carry over")
	}
}

func BenchmarkDatesOf(b *testing.B) {
	for _, name := range []string{"Asia/Shanghai", "Europe/London"} {
		z := load(b, name)
		ts := make([]int64, 1<<16)
		for i := range ts {
			ts[i] = at(z, "2023-01-01T00:00:00Z") + int64(i)*7919*Minute%(1000*Day)
		}
		dst := make([]int64, len(ts))
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				z.DatesOf(dst, ts)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(ts)), "ns/lookup")
		})
	}
}

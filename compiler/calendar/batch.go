package calendar

// DatesOf sets dst[i] to the local date at ts[i]. dst may be ts; it must be at least as long.
func (z *Zone) DatesOf(dst, ts []int64) {
	dst = dst[:len(ts)]
	var s run
	for i, t := range ts {
		if t < s.from || t >= s.to {
			if s = z.runOf(t); s.from == s.to {
				dst[i] = z.DateOf(t)
				continue
			}
		}
		dst[i] = int64((uint64(t)+s.shift)/Day) - lift
	}
}

// HoursOf sets dst[i] to the local hour, 0 to 23, at ts[i]. dst may be ts; it must be at least as long.
func (z *Zone) HoursOf(dst, ts []int64) {
	dst = dst[:len(ts)]
	var s run
	for i, t := range ts {
		if t < s.from || t >= s.to {
			if s = z.runOf(t); s.from == s.to {
				hour, _, _ := z.Clock(t)
				dst[i] = int64(hour)
				continue
			}
		}
		dst[i] = int64((uint64(t) + s.shift) % Day / Hour)
	}
}

// WeekdaysOf sets dst[i] to the weekday, 1 Monday to 7 Sunday, at ts[i]. dst may be ts; it must be at least as long.
func (z *Zone) WeekdaysOf(dst, ts []int64) {
	z.DatesOf(dst, ts)
	for i, d := range dst[:len(ts)] {
		dst[i] = int64(Weekday(d))
	}
}

// run is instants with one offset; shift makes their local times positive, so that unsigned division does. The zero run
// is empty.
type run struct {
	from, to int64
	shift    uint64
}

const (
	// lift is a whole number of days, more than any instant of a run is below 0.
	lift = 54_000_000
	// reach is how far from 1970 runs go: 146,000 years.
	reach = 1 << 62
)

// runOf is the run that holds t, empty for instants out of reach.
func (z *Zone) runOf(t int64) run {
	if t < -reach || t >= reach {
		return run{}
	}
	i, moved := z.stretch(t)
	r := run{from: -reach, to: min(saturatingAdd(z.end(i), moved), reach), shift: lift*Day + uint64(z.offsets[i])}
	if i > 0 {
		r.from = z.starts[i]
	}
	if moved > 0 {
		r.from = max(r.from, cycleStart) + moved
	}
	return r
}

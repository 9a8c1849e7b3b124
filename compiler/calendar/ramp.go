package calendar

import (
	"sort"

	"github.com/muster-engine/muster/dsl"
)

// Ramp is an instant as a function of the clock over some stretch of time, such as the clock itself, or the clock less
// 30 days. It consists of pieces; within a piece it runs with the clock or stands still, and between two it may jump
// either way. The pieces ascend by From.
type Ramp []Piece

// Piece is a part of a ramp, up to the next one's From: Value at From, and then either Value all along or running on
// with the clock.
type Piece struct {
	From, Value int64
	Flat        bool
}

// Clock is the ramp of the clock itself, from an instant on.
func Clock(from int64) Ramp { return Ramp{{From: from, Value: from}} }

// piece is the index of the piece that holds t, which is not before the ramp.
func (r Ramp) piece(t int64) int {
	return sort.Search(len(r), func(i int) bool { return r[i].From > t }) - 1
}

// end is the first instant after piece i, at most the one after until.
func (r Ramp) end(i int, until int64) int64 {
	end := saturatingAdd(until, 1)
	if i+1 < len(r) {
		end = min(end, r[i+1].From)
	}
	return end
}

// At is the ramp's value at t, which is not before the ramp.
func (r Ramp) At(t int64) int64 { return r[r.piece(t)].at(t) }

func (p Piece) at(t int64) int64 {
	if p.Flat {
		return p.Value
	}
	return p.Value + (t - p.From)
}

// Shift is the ramp n units later, up to until: what [Zone.AddSpanToTime] makes of each of its instants. Not ok where
// that is out of range somewhere.
func (z *Zone) Shift(r Ramp, n int64, unit dsl.Unit, until int64) (Ramp, bool) {
	var out Ramp
	for i, p := range r {
		end := r.end(i, until)
		if end <= p.From {
			break
		}
		last := p.at(end - 1)
		for v := p.Value; ; {
			shifted, ok := z.AddSpanToTime(v, n, unit)
			if !ok {
				return nil, false
			}
			to := last
			if !p.Flat && n != 0 && unit != dsl.Hour && unit != dsl.Minute {
				to = min(last, z.steady(v, n, unit)-1)
			}
			final, ok := z.AddSpanToTime(to, n, unit)
			if !ok {
				return nil, false
			}
			out = append(out, Piece{From: p.From + (v - p.Value), Value: shifted, Flat: p.Flat || final == shifted && to > v})
			if to == last {
				break
			}
			v = to + 1
		}
	}
	return out, true
}

// steady is the first instant after v at which a shift by days or longer may do anything else than run on with the
// clock, or stand still, as it does at v.
func (z *Zone) steady(v, n int64, unit dsl.Unit) int64 {
	i, moved := z.stretch(v)
	next := min(z.NextDateChange(v), saturatingAdd(z.end(i), moved))
	local := v + z.offsets[i]
	d, ok := AddSpanToDate(floorDiv(local, Day), n, unit)
	if !ok {
		return next
	}
	// The shifted local time runs with v. What instant it is changes its course where a stretch begins or ends.
	target := d*Day + floorMod(local, Day)
	near, moved := z.stretch(saturatingAdd(target, -26*Hour))
	for ; near < len(z.offsets); near++ {
		start := saturatingAdd(saturatingAdd(z.starts[near], moved), z.offsets[near])
		end := saturatingAdd(saturatingAdd(z.end(near), moved), z.offsets[near])
		for _, edge := range [2]int64{start, end} {
			if edge > target {
				next = min(next, saturatingAdd(v, saturatingAdd(edge, -target)))
			}
		}
		if start > saturatingAdd(target, 3*Day) {
			break
		}
	}
	return next
}

// NextMeeting is the first instant in (now, until] at which the sign of the ramp less x is another than just before;
// Latest if there is none. The ramp begins at now or before.
func (r Ramp) NextMeeting(x, now, until int64) int64 {
	for i := r.piece(now); i < len(r) && r[i].From <= until; i++ {
		p, end := r[i], r.end(i, until)
		if p.From > now && sign(r[i-1].at(p.From-1), x) != sign(p.Value, x) {
			return p.From
		}
		if p.Flat || x < p.Value || x > p.at(end-1) {
			continue
		}
		meets := p.From + (x - p.Value)
		switch {
		case meets > now && meets > p.From:
			return meets
		case meets >= now && meets+1 < end:
			return meets + 1
		}
	}
	return Latest
}

func sign(x, y int64) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

// Meetings is every instant in (now, until] at which the sign of one ramp less another may be another than just before.
// Both begin at now or before.
// There are none where one of them is nil.
func (r Ramp) Meetings(s Ramp, now, until int64) []int64 {
	if r == nil || s == nil {
		return nil
	}
	edges := []int64{now}
	for _, one := range []Ramp{r, s} {
		for _, p := range one {
			if p.From > now && p.From <= until {
				edges = append(edges, p.From)
			}
		}
	}
	edges = ascending(edges)
	var out []int64
	for i, from := range edges {
		to := until
		if i+1 < len(edges) {
			to = edges[i+1] - 1
		}
		if from > now {
			out = append(out, from)
		}
		x, y := r[r.piece(from)], s[s.piece(from)]
		if x.Flat == y.Flat {
			continue // they keep their distance
		}
		apart := x.at(from) - y.at(from)
		if x.Flat {
			apart = -apart
		}
		// now apart grows with the clock
		for _, t := range [2]int64{saturatingAdd(from, -apart), saturatingAdd(from, saturatingAdd(1, -apart))} {
			if t > from && t <= to {
				out = append(out, t)
			}
		}
	}
	return ascending(out)
}

// Ticks is every instant in (now, until] at which the local date or hour of the ramp may be another than just before.
func (z *Zone) Ticks(r Ramp, now, until int64) []int64 {
	var out []int64
	if r == nil {
		return nil
	}
	for i := r.piece(now); i < len(r) && r[i].From <= until; i++ {
		p, end := r[i], r.end(i, until)
		if p.From > now {
			out = append(out, p.From)
		}
		if p.Flat {
			continue
		}
		from := max(p.From, now)
		for v := p.at(from); ; {
			k, moved := z.stretch(v)
			hours := floorDiv(v+z.offsets[k], Hour) + 1
			v = min(hours*Hour-z.offsets[k], saturatingAdd(z.end(k), moved))
			t := p.From + (v - p.Value)
			if t >= end {
				break
			}
			out = append(out, t)
		}
	}
	return ascending(out)
}

func ascending(x []int64) []int64 {
	sort.Slice(x, func(i, j int) bool { return x[i] < x[j] })
	out := x[:0]
	for i, t := range x {
		if i == 0 || t != x[i-1] {
			out = append(out, t)
		}
	}
	return out
}

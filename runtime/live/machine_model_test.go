package live

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// model is what the state machine knows by itself: every fact that was accepted, in the order of acceptance, and from
// that alone, built from nothing again and again, what everybody is and every crossing that there was.
type model struct {
	rules  *ruleSet
	prog   *ir.Program
	people []*person
	byID   map[ID]uint32
	tables []*storage.Table

	clock int64
	cuts  map[string][]ir.Cut // as taken at the last change of the local date
	in    []*roaring.Bitmap   // who is in each segment at the clock
	log   []Crossing

	data *storage.Memory // built from the above; nil after a change
}

type person struct {
	attributes map[string]column.Value
	events     map[string][]event // in order of acceptance
	lists      map[string]bool
}

func (m *model) change() { m.data = nil }

// resolve finds the member that ids name; of two members is no answer.
func (m *model) resolve(ids []ID) (number uint32, found, conflict bool) {
	for _, id := range ids {
		if n, ok := m.byID[id]; ok {
			conflict = conflict || found && n != number
			number, found = n, true
		}
	}
	return number, found, conflict
}

// born returns the member that ids name, created if there is none.
func (m *model) born(ids []ID) (uint32, *person) {
	n, found, _ := m.resolve(ids)
	if !found {
		n = uint32(len(m.people))
		m.people = append(m.people, &person{attributes: map[string]column.Value{}, events: map[string][]event{}, lists: map[string]bool{}})
	}
	p := m.people[n]
	for _, id := range ids {
		if _, ok := m.byID[id]; ok {
			continue
		}
		m.byID[id] = n
		for _, a := range m.prog.Attributes {
			if a.Name == id.Attribute && a.ID.Many {
				p.attributes[a.Name] = column.Set(append(slices.Clone(p.attributes[a.Name].Set), id.Text)...)
			} else if a.Name == id.Attribute {
				p.attributes[a.Name] = column.Text(id.Text)
			}
		}
	}
	return n, p
}

func (p *person) put(name string, v column.Value) {
	if v.Kind == 0 {
		delete(p.attributes, name)
	} else {
		p.attributes[name] = v
	}
}

// take takes an input at an instant and tells how it ends.
func (m *model) take(in Input, now int64) Outcome {
	n, found, conflict := m.resolve(in.IDs)
	if in.Kind != List && (conflict || len(in.IDs) == 0) || (in.Kind == Manual || in.Kind == Retract) && !found {
		return Outcome{Status: Rejected}
	}
	switch in.Kind {
	case Event:
		if in.Key != "" && found && m.people[n].has(in.Type, in.Key) >= 0 {
			return Outcome{Status: Duplicate, Member: n}
		}
		if !in.HasAt {
			in.At = now
		}
		var p *person
		n, p = m.born(in.IDs)
		p.events[in.Type] = append(p.events[in.Type], event{in.At, in.Key, in.Values})
	case Attributes:
		var p *person
		n, p = m.born(in.IDs)
		for name, v := range in.Values {
			p.put(name, v)
		}
	case Manual:
		name := storage.ManualPrefix + in.Tag
		at := column.Int(in.At)
		if in.At == 0 {
			at = column.Int(now)
		}
		if in.Value.Kind == 0 {
			at = column.Value{}
		}
		m.people[n].put(name, in.Value)
		m.people[n].put(name+storage.ManualAtSuffix, at)
	case List:
		n = 0
		for _, p := range m.people {
			if in.Mode == Replace {
				delete(p.lists, in.Name)
			}
		}
		for _, id := range in.IDs {
			if on, ok := m.byID[id]; ok {
				if m.people[on].lists[in.Name] = true; in.Mode == Remove {
					delete(m.people[on].lists, in.Name)
				}
			}
		}
	case Retract:
		i := m.people[n].has(in.Type, in.Key)
		if in.Key == "" || i < 0 {
			return Outcome{Status: Rejected}
		}
		m.people[n].events[in.Type] = slices.Delete(m.people[n].events[in.Type], i, i+1)
	}
	m.change()
	return Outcome{Status: Accepted, Member: n}
}

func (p *person) has(kind, key string) int {
	return slices.IndexFunc(p.events[kind], func(e event) bool { return e.key == key })
}

// built is the state as data, built from nothing.
func (m *model) built() *storage.Memory {
	if m.data != nil {
		return m.data
	}
	m.data = storage.NewMemory()
	for _, t := range m.tables {
		m.data.PutTable(t)
	}
	for _, p := range m.people {
		n := m.data.NewMember()
		for name, v := range p.attributes {
			m.data.Set(name, n, v)
		}
		for name := range p.lists {
			m.data.AddToList(name, n)
		}
		for kind, events := range p.events {
			for _, e := range events {
				m.data.AddEvent(kind, n, e.at, e.fields)
			}
		}
	}
	return m.data
}

// view is the rebuilt state at an instant, with the cuts in force.
func (m *model) view(at int64) *runtime.View {
	return runtime.New(m.prog, m.built(), runtime.Options{Workers: 1, Cuts: func(n *ir.Ntile, now int64) ([]ir.Cut, int64, bool) {
		cuts, ok := m.cuts[n.Key]
		return cuts, now, ok
	}}).At(at)
}

// takeCuts takes the cuts of all ntiles at an instant.
func (m *model) takeCuts(at int64) error {
	m.cuts = map[string][]ir.Cut{}
	v := runtime.New(m.prog, m.built(), runtime.Options{Workers: 1}).AsOf(at)
	for _, n := range m.prog.Ntiles {
		cuts, err := v.Cuts(context.Background(), n)
		if err != nil {
			return err
		}
		m.cuts[n.Key] = cuts
	}
	return nil
}

// look finds who is in the segments at an instant and reports who was not, or no longer is.
func (m *model) look(at int64, cause string) error {
	now, err := m.view(at).Segments(context.Background())
	if err != nil {
		return err
	}
	for n := range uint32(len(m.people)) {
		for i, s := range m.prog.Segments {
			if is := now[i].Contains(n); is != (m.in != nil && m.in[i].Contains(n)) {
				m.log = append(m.log, Crossing{uint64(len(m.log)) + 1, s.Name, n, is, at, cause})
			}
		}
	}
	m.in, m.clock = now, at
	return nil
}

// pass lets time pass, looking at every instant at which anything can change.
func (m *model) pass(to int64) error { return m.passBy(to, "time") }

func (m *model) passBy(to int64, cause string) error {
	dates := dateChanges(m.prog.Zone.Location(), m.clock, to)
	for _, t := range m.instants(m.clock, to) {
		if _, midnight := slices.BinarySearch(dates, t); midnight {
			if err := m.takeCuts(t); err != nil {
				return err
			}
		}
		if err := m.look(t, cause); err != nil {
			return err
		}
	}
	m.clock = max(m.clock, to)
	return nil
}

// due reports whether time must write anything on its way to an instant.
func (m *model) due(to int64) (bool, error) {
	if len(dateChanges(m.prog.Zone.Location(), m.clock, to)) > 0 {
		return true, nil
	}
	try := *m
	err := try.pass(to)
	return len(try.log) > len(m.log), err
}

// instants are those in (from, to] at which anything can change, in order.
func (m *model) instants(from, to int64) []int64 {
	const minute, hour = int64(time.Minute / time.Microsecond), int64(time.Hour / time.Microsecond)
	all := map[int64]bool{}
	add := func(t int64) {
		if t > from && t <= to {
			all[t] = true
		}
	}
	for _, t := range dateChanges(m.prog.Zone.Location(), from, to) {
		add(t)
	}
	if every := m.rules.ticks * minute; every > 0 {
		for t := from - from%every; t <= to; t += every {
			add(t)
		}
		add(1774745970_000000) // 2026-03-29T00:59:30 in London
		add(1774745970_000001)
	}
	for _, anchor := range m.anchors() {
		add(anchor)
		for _, span := range m.rules.spans {
			for change := int64(-60); change <= 60; change += 60 { // by which clocks go forward or back meanwhile
				t := anchor + (span+change)*minute
				add(t)
				add(t + 1)
			}
		}
		for _, span := range m.rules.minutes {
			add(anchor + span*minute)
		}
		for _, shift := range append([]int64{0}, m.rules.shifts...) {
			x := anchor + shift*minute
			first, last := max(-m.rules.hours, (from-x)/hour-1), min(m.rules.hours, (to-x)/hour+1)
			for k := first; k <= last; k++ {
				add(x + k*hour)
				add(x + k*hour + 1)
			}
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// anchors are all instants that are known of anybody.
func (m *model) anchors() []int64 {
	var out []int64
	for _, p := range m.people {
		for _, events := range p.events {
			for _, e := range events {
				out = append(out, e.at)
				for _, v := range e.fields {
					if v.Kind == column.Ints && v.Int > 1e14 {
						out = append(out, v.Int)
					}
				}
			}
		}
		for _, v := range p.attributes {
			if v.Kind == column.Ints && v.Int > 1e14 { // a time, and no sum of money
				out = append(out, v.Int)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// dateChanges are the instants in (from, to] at which the local date is another than just before, by package time.
func dateChanges(zone *time.Location, from, to int64) []int64 {
	const second = int64(time.Second / time.Microsecond)
	all := map[int64]bool{}
	date := func(t int64) string { return time.UnixMicro(t).In(zone).Format(time.DateOnly) }
	add := func(t int64) {
		if t > from && t <= to && date(t) != date(t-1) {
			all[t] = true
		}
	}
	for t := from; ; {
		_, offset := time.UnixMicro(t).In(zone).Zone()
		_, end := time.UnixMicro(t).In(zone).ZoneBounds()
		last := to
		if !end.IsZero() {
			last = min(to, end.UnixMicro())
			add(end.UnixMicro())
		}
		local := t + int64(offset)*second
		for local -= local % (86400 * second); local-int64(offset)*second <= last; local += 86400 * second {
			add(local - int64(offset)*second)
		}
		if last == to {
			return slices.Sorted(maps.Keys(all))
		}
		t = last
	}
}

func (c Crossing) String() string {
	what := "leaves"
	if c.Entered {
		what = "enters"
	}
	return fmt.Sprintf("%d: member %d %s %s at %s by %s", c.Seq, c.Member, what, c.Segment, utc(c.At), c.Cause)
}

func utc(t int64) string { return time.UnixMicro(t).UTC().Format("2006-01-02T15:04:05.999999Z") }

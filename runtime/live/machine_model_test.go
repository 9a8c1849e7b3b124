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

	becomes   string // why the next crossings are, if not of the input itself
	conflicts []storage.Conflict
	serial    int // of what was set

	data *storage.Memory // built from the above; nil after a change
}

func newModel(rules *ruleSet, prog *ir.Program) *model {
	return &model{rules: rules, prog: prog, byID: map[ID]uint32{}}
}

// born makes a member.
func (m *model) born() *person {
	p := &person{
		number: uint32(len(m.people)), set: map[string]setting{}, ids: map[ID]bool{}, events: map[string][]happened{},
		own: map[string]bool{}, lists: map[string]bool{},
	}
	m.people = append(m.people, p)
	return p
}

func (m *model) change() { m.data = nil }

// take takes an input at an instant and tells how it ends.
func (m *model) take(in Input, now int64) Outcome {
	var out Outcome
	switch in.Kind {
	case Event, Attributes:
		out = m.record(in, now)
	case List:
		out = m.list(in)
	case Change:
		out = m.rename(in)
	case Split:
		out = m.split(in)
	case Forget:
		out = m.forget(in)
	default:
		out = m.ofKnown(in, now)
	}
	if out.Status == Accepted {
		m.change()
	}
	return out
}

var refused = Outcome{Status: Rejected}

// ofKnown takes an input that makes and merges nobody.
func (m *model) ofKnown(in Input, now int64) Outcome {
	of := m.owners(in.IDs)
	if len(of) != 1 {
		return refused
	}
	p := m.people[of[0]]
	if in.Kind == Manual {
		s := setting{value: in.Value, at: in.At}
		if in.At == 0 {
			s.at = now
		}
		m.set(p, storage.ManualPrefix+in.Tag, s)
		return Outcome{Status: Accepted, Member: p.number}
	}
	i := p.has(in.Type, in.Key)
	if in.Key == "" || i < 0 {
		return refused
	}
	p.events[in.Type] = slices.Delete(p.events[in.Type], i, i+1)
	for _, a := range p.everybody()[1:] {
		a.doubles = slices.DeleteFunc(a.doubles, func(d double) bool { return d.kind == in.Type && d.key == in.Key })
	}
	return Outcome{Status: Accepted, Member: p.number}
}

func (m *model) list(in Input) Outcome {
	for _, p := range m.people {
		if in.Mode == Replace && p.into == nil && !slices.Contains(m.owners(in.IDs), p.number) {
			delete(p.lists, in.Name)
			delete(p.own, in.Name)
		}
	}
	for _, n := range m.owners(in.IDs) {
		p := m.people[n]
		p.lists[in.Name], p.own[in.Name] = true, true
		if in.Mode == Remove {
			delete(p.lists, in.Name)
			delete(p.own, in.Name)
		}
	}
	return Outcome{Status: Accepted}
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
		m.data.SetLive(n, p.live())
		if !p.live() {
			continue
		}
		for name, v := range m.attributes(p) {
			m.data.Set(name, n, v)
		}
		for name := range p.lists {
			m.data.AddToList(name, n)
		}
		for kind, events := range p.events {
			for _, e := range events {
				m.data.AddEvent(kind, n, e.at, e.fields.values())
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
	if m.becomes != "" {
		cause = m.becomes
	}
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
	m.becomes = ""
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
				for _, v := range e.fields.values() {
					if v.Kind == column.Ints && v.Int > 1e14 {
						out = append(out, v.Int)
					}
				}
			}
		}
		for _, v := range m.attributes(p) {
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

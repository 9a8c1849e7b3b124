package testrun

import (
	"fmt"
	"slices"
	"sort"

	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/rules/cover"
	"github.com/muster-engine/muster/runtime/programme"
)

// state is the store of one test while it runs.
type state struct {
	program   *ir.Program
	evaluator *exprplan.Evaluator
	test      *ir.Test
	members   []*member
	clock     int64
	// cutAt is the midnight, or the start, at which cuts were taken last.
	cutAt int64
	cuts  map[*ir.Ntile][]ir.Cut
	made  int // how many keys were made up

	// Of a program with loyalty or campaigns.
	conductor *programme.Conductor
	cover     *cover.Coverage // may be nil
	follows   []int           // segments whose crossings start campaigns
	moves     programme.Moves // what of them moves within a day
	stamps    int64
	issued    map[int]int64 // pieces of stock that are taken, by coupon
}

// member is one member of a test.
type member struct {
	exprplan.Member
	name       string
	attributes map[int]ir.Value
	manual     map[int]ir.Value
	lists      map[int]bool
	// events by type: those that came, by time, then by arrival.
	events map[int][]exprplan.Event
	keys   map[int]map[string]bool
	// coming are the declared events that are still ahead, by time.
	coming []*ir.TestEvent

	inside map[int]bool // the followed segments that the member is in
	// due is the next instant at which something is due; known is false after a change.
	due   int64
	known bool
}

// begin sets up the members and runs the clock to today.
func begin(p *ir.Program, k kit, test *ir.Test) (*state, error) {
	s := &state{program: p, evaluator: k.evaluator, conductor: k.conductor, cover: k.cover, test: test, cuts: map[*ir.Ntile][]ir.Cut{}, issued: map[int]int64{}}
	today := p.Zone.Midnight(test.Today)
	start := today
	for i, declared := range test.Members {
		m := s.newMember(uint32(i), declared, today)
		if len(m.coming) > 0 {
			start = min(start, m.coming[0].At)
		}
		s.members = append(s.members, m)
	}
	s.clock, s.cutAt = start, start
	if !k.conductor.Idle() {
		if err := s.beginProgramme(); err != nil {
			return nil, err
		}
		return s, s.live(today)
	}
	if err := s.arrive(); err != nil {
		return nil, err
	}
	if err := s.takeCuts(start, p.Ntiles); err != nil {
		return nil, err
	}
	return s, s.advance(today)
}

func (s *state) newMember(number uint32, declared *ir.TestMember, today int64) *member {
	m := &member{
		name: declared.Name, attributes: map[int]ir.Value{}, manual: map[int]ir.Value{}, lists: map[int]bool{},
		events: map[int][]exprplan.Event{}, keys: map[int]map[string]bool{}, coming: slices.Clone(declared.Events),
	}
	for _, v := range declared.Values {
		if v.Value.Kind == ir.Set {
			v.Value.Set = slices.Compact(slices.Sorted(slices.Values(v.Value.Set)))
		}
		if v.Tag {
			m.manual[v.Index] = v.Value
		} else {
			m.attributes[v.Index] = v.Value
		}
	}
	for _, list := range declared.Lists {
		m.lists[list] = true
	}
	s.makeUpID(m)
	sort.SliceStable(m.coming, func(i, j int) bool { return m.coming[i].At < m.coming[j].At })
	m.Member = exprplan.Member{
		Number:    number,
		Attribute: func(i int) ir.Value { return m.attributes[i] },
		Manual:    func(i int) (ir.Value, int64) { return m.manual[i], today },
		OnList:    func(i int) bool { return m.lists[i] },
		Events:    func(i int) []exprplan.Event { return m.events[i] },
	}
	return m
}

// makeUpID gives a member without any id a value of the first id that has one value, else of the first id.
func (s *state) makeUpID(m *member) {
	first := -1
	for i, a := range s.program.Attributes {
		if a.ID == nil {
			continue
		}
		if m.attributes[i].Known {
			return
		}
		if first < 0 || s.program.Attributes[first].ID.Many && !a.ID.Many {
			first = i
		}
	}
	if first < 0 {
		return
	}
	text := "made up for " + m.name
	m.attributes[first] = ir.StringValue(text)
	if s.program.Attributes[first].ID.Many {
		m.attributes[first] = ir.Value{Known: true, Kind: ir.Set, Set: []string{text}}
	}
}

// advance runs the clock to a time. Without loyalty and campaigns, only the last midnight on the way leaves anything behind.
func (s *state) advance(to int64) error {
	if !s.conductor.Idle() {
		return s.live(to)
	}
	midnight := s.lastMidnight(to)
	if midnight > s.cutAt {
		s.clock = midnight
		if err := s.arrive(); err != nil {
			return err
		}
		if err := s.takeCuts(midnight, s.program.Ntiles); err != nil {
			return err
		}
		s.cutAt = midnight
	}
	s.clock = to
	return s.arrive()
}

// lastMidnight is the last first instant of a local date that is not after t.
func (s *state) lastMidnight(t int64) int64 {
	d := s.program.Zone.DateOf(t) + 1
	for s.program.Zone.Midnight(d) > t {
		d--
	}
	return s.program.Zone.Midnight(d)
}

// arrive takes in what has come by the clock.
func (s *state) arrive() error {
	for _, m := range s.members {
		for len(m.coming) > 0 && m.coming[0].At <= s.clock {
			e := m.coming[0]
			m.coming = m.coming[1:]
			if err := s.receive(m, e, e.At); err != nil {
				return err
			}
		}
	}
	return nil
}

// send takes in an event at the clock.
func (s *state) send(m *member, e *ir.TestEvent) error {
	at := s.clock
	if e.HasAt {
		at = e.At
	}
	return s.receive(m, e, at)
}

// receive takes in an event, with all that follows from it.
func (s *state) receive(m *member, e *ir.TestEvent, at int64) error {
	event, taken := s.take(m, e, at)
	if !taken || s.conductor.Idle() {
		return nil
	}
	return s.happened(m, e.Event, event)
}

// take puts an event into the history of a member, after those of the same time; nothing happens if the member has one
// with its key, and false is returned.
func (s *state) take(m *member, e *ir.TestEvent, at int64) (exprplan.Event, bool) {
	event := exprplan.Event{At: at, Fields: slices.Clone(e.Fields)}
	if k := s.program.Events[e.Event].Key; k >= 0 {
		key := event.Fields[k]
		if !key.Known {
			s.made++
			key = ir.StringValue(fmt.Sprintf("made up %d", s.made))
			event.Fields[k] = key
		}
		if m.keys[e.Event] == nil {
			m.keys[e.Event] = map[string]bool{}
		}
		if m.keys[e.Event][key.S] {
			return event, false
		}
		m.keys[e.Event][key.S] = true
	}
	s.insert(m, e.Event, event)
	return event, true
}

// insert puts an event into the history of a member, after those of the same time.
func (s *state) insert(m *member, kind int, e exprplan.Event) {
	history := m.events[kind]
	after := sort.Search(len(history), func(i int) bool { return history[i].At > e.At })
	m.events[kind] = slices.Insert(history, after, e)
	m.known = false
	s.evaluator.Reset()
}

// world is what all members share at a time.
func (s *state) world(now int64) *exprplan.World {
	return &exprplan.World{Program: s.program, Now: now, Cuts: func(n *ir.Ntile) []ir.Cut { return s.cuts[n] }}
}

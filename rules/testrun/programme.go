package testrun

import (
	"fmt"

	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/runtime/loyalty"
	"github.com/muster-engine/muster/runtime/programme"
)

// beginProgramme finds out where the members are before anything happens, lets campaigns that include existing members
// begin, and takes in what comes at the first instant.
func (s *state) beginProgramme() error {
	for i := range s.program.Segments {
		if s.conductor.Follows(i) {
			s.follows = append(s.follows, i)
		}
	}
	s.moves = programme.MovesOf(s.program, s.follows)
	if err := s.takeCuts(s.clock, s.program.Ntiles); err != nil {
		return err
	}
	for _, m := range s.members {
		m.inside = map[int]bool{}
		t := s.turn(m, programme.Input{})
		if err := t.Settle(); err != nil {
			return err
		}
		if _, err := s.cross(m, t); err != nil {
			return err
		}
		existing, err := s.existing(m, t)
		if err != nil {
			return err
		}
		if len(existing) > 0 {
			if _, err := t.Existing(existing); err != nil {
				return err
			}
		}
		if err := s.finish(m, t, 0); err != nil {
			return err
		}
	}
	if err := s.scheduled(); err != nil {
		return err
	}
	if err := s.arrive(); err != nil {
		return err
	}
	return s.takeCuts(s.clock, s.program.Ntiles)
}

// existing are the campaigns that include a member who is there when the test begins.
func (s *state) existing(m *member, t *programme.Turn) (campaigns []int, err error) {
	for _, i := range s.conductor.Including() {
		in := false
		switch g := s.program.Campaigns[i].Trigger; g.Kind {
		case dsl.OnReach:
			in = t.Account(loyalty.Cause{}).Standing(g.Index).Tier == g.Tier
		default:
			if in, err = s.holds(t.Member(), s.program.Segments[g.Index].Expr); err != nil {
				return nil, err
			}
			in = in == (g.Kind != dsl.OnLeave)
		}
		if in {
			campaigns = append(campaigns, i)
		}
	}
	return campaigns, nil
}

func (s *state) turn(m *member, in programme.Input) *programme.Turn {
	return s.conductor.Begin(s.world(s.clock), &m.Member, programme.Hands{
		Stamp: func() int64 { s.stamps++; return s.stamps }, Everybody: true, Supply: loyalty.Supply{Take: s.takeOne, Give: s.giveOne, Code: s.code},
	}, in)
}

// takeOne takes a piece of a coupon's stock, if there is one.
func (s *state) takeOne(coupon int) bool {
	stock := s.program.Coupons[coupon].Stock
	if stock != nil && s.issued[coupon] >= *stock {
		return false
	}
	s.issued[coupon]++
	return true
}

func (s *state) giveOne(coupon int) { s.issued[coupon]-- }

// code makes a code up.
func (s *state) code() (string, error) {
	s.made++
	return fmt.Sprintf("made up %d", s.made), nil
}

func (s *state) holds(m *exprplan.Member, n *ir.Node) (bool, error) {
	v, err := s.evaluator.Value(s.world(s.clock), m, n)
	return v.True(), err
}

// happened lets everything follow from an event that has come into a member's history.
func (s *state) happened(m *member, kind int, e exprplan.Event) error {
	if err := s.boosted(m, kind, e); err != nil {
		return err
	}
	t := s.turn(m, programme.Input{At: e.At})
	if err := t.Happened(kind, e); err != nil {
		return err
	}
	if err := t.Settle(); err != nil {
		return err
	}
	return s.finish(m, t, 0)
}

// boosted tells the coverage which boosts hold for an event.
func (s *state) boosted(m *member, kind int, e exprplan.Event) error {
	if s.cover == nil || e.At > s.clock {
		return nil
	}
	day := s.program.Zone.DateOf(e.At)
	for _, p := range s.program.Points {
		for _, b := range p.Boosts {
			if b.Event != kind || b.During != nil && (day < b.During.From || day > b.During.To) {
				continue
			}
			holds := true
			if b.When != nil {
				v, err := s.evaluator.InHand(s.world(s.clock), &m.Member, &e, b.When)
				if err != nil {
					return err
				}
				holds = v.True()
			}
			if holds {
				s.cover.Boosted(b)
			}
		}
	}
	return nil
}

// finish lets campaigns act on what a member crosses until nothing more follows, and keeps what has followed, but for the
// first facts, which were kept before.
func (s *state) finish(m *member, t *programme.Turn, kept int) error {
	for more := true; more; {
		crossings, err := s.cross(m, t)
		if err != nil {
			return err
		}
		if more, err = t.Crossed(crossings); err != nil {
			return err
		}
	}
	out := t.Outcome()
	s.keep(m, out.Facts[kept:])
	for _, c := range out.Lists {
		m.lists[c.List] = c.On
	}
	m.known = false
	s.evaluator.Reset()
	return nil
}

// keep puts facts into a member's history.
func (s *state) keep(m *member, facts []loyalty.Fact) {
	for _, f := range facts {
		s.insert(m, f.Type, f.Event)
	}
}

// cross compares where a member is with where it was.
func (s *state) cross(m *member, t *programme.Turn) (crossings []programme.Crossing, err error) {
	s.evaluator.Reset()
	w, now := s.world(s.clock), t.Member()
	for _, i := range s.follows {
		v, err := s.evaluator.Value(w, now, s.program.Segments[i].Expr)
		if err != nil {
			return nil, err
		}
		if in := v.True(); in != m.inside[i] {
			m.inside[i] = in
			if s.cover != nil {
				if err := s.cover.SawSegment(w, now, i); err != nil {
					return nil, err
				}
			}
			crossings = append(crossings, programme.Crossing{Segment: i, Entered: in})
		}
	}
	return crossings, nil
}

// live runs the clock to a time through every instant at which something happens.
func (s *state) live(to int64) error {
	for {
		next := s.program.Zone.NextDateChange(s.clock)
		if at, ok := s.conductor.NextSchedule(s.clock); ok {
			next = min(next, at)
		}
		for _, m := range s.members {
			next = min(next, s.nextOf(m))
		}
		if next > to {
			s.clock = to
			return nil
		}
		s.clock = next
		if err := s.instant(); err != nil {
			return err
		}
	}
}

// nextOf is the next instant at which something happens to a member.
func (s *state) nextOf(m *member) int64 {
	if !m.known || m.due <= s.clock {
		m.due, m.known = never, true
		if at, ok := s.conductor.Next(s.world(s.clock), &m.Member); ok {
			m.due = at
		}
		if at, ok := s.moves.Next(s.clock, m.Events); ok {
			m.due = min(m.due, at)
		}
	}
	if len(m.coming) > 0 {
		return min(m.due, m.coming[0].At)
	}
	return m.due
}

// never is later than all instants.
const never = 1<<63 - 1

// instant does what is due at the clock, then takes in what comes.
func (s *state) instant() error {
	turns, kept := make([]*programme.Turn, len(s.members)), make([]int, len(s.members))
	for i, m := range s.members {
		turns[i] = s.turn(m, programme.Input{})
		if err := turns[i].Due(); err != nil {
			return err
		}
		facts := turns[i].Facts()
		s.keep(m, facts) // for the cuts
		kept[i] = len(facts)
	}
	if zone := s.program.Zone; zone.DateOf(s.clock) != zone.DateOf(s.clock-1) {
		if err := s.takeCuts(s.clock, s.program.Ntiles); err != nil {
			return err
		}
		s.cutAt = s.clock
	}
	for i, m := range s.members {
		if err := turns[i].Settle(); err != nil {
			return err
		}
		if err := s.finish(m, turns[i], kept[i]); err != nil {
			return err
		}
	}
	if err := s.scheduled(); err != nil {
		return err
	}
	return s.arrive()
}

// scheduled runs the campaigns that are scheduled for now, for the members who are in their segments.
func (s *state) scheduled() error {
	campaigns := s.conductor.Scheduled(s.clock)
	for _, m := range s.members {
		var of []int
		for _, i := range campaigns {
			in, err := s.holds(&m.Member, s.program.Segments[s.program.Campaigns[i].Trigger.Index].Expr)
			if err != nil {
				return err
			}
			if in {
				of = append(of, i)
			}
		}
		if len(of) == 0 {
			continue
		}
		t := s.turn(m, programme.Input{})
		if _, err := t.Scheduled(of); err != nil {
			return err
		}
		if err := s.finish(m, t, 0); err != nil {
			return err
		}
	}
	return nil
}

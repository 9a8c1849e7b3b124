package campaign

import (
	"slices"

	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/loyalty"
)

// goals records what of a happening is the goal of a run, going on or ended: an event counts for every run whose window
// holds it. What is taken back counts no more.
func (s *Scene) goals(h Happening) error {
	if len(h.Events) == 0 && len(h.Used) == 0 {
		return nil
	}
	for _, i := range s.p.order {
		for _, r := range s.of(i) {
			v := s.p.version(i, r.Version)
			if v == nil || v.decl.Goal == nil {
				continue
			}
			if err := s.goal(v, r, h); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Scene) goal(v *version, r *Run, h Happening) error {
	g := v.decl.Goal
	index := g.Index
	if v.view != nil {
		var there bool
		if index, there = v.view.goal(g); !there {
			return nil
		}
	}
	end, ok := s.p.prog.Zone.AddSpanToTime(r.Start, g.Within.N, g.Within.Unit)
	within := func(at int64) bool { return at > r.Start && (!ok || at <= end) }
	if g.Used {
		for _, u := range h.Used {
			if u.Coupon != index {
				continue
			}
			cause := loyalty.Cause{Kind: s.p.prog.Coupons[index].Name, Key: u.Code}
			if u.Gone {
				s.unreach(r, cause, 0)
			} else if within(s.now()) {
				s.reach(r, cause, s.now(), u.Amount)
			}
		}
		return nil
	}
	for _, e := range h.Events {
		if e.Type != index {
			continue
		}
		cause := s.p.keeper.CauseOf(e.Type, e.Event)
		if e.Gone {
			s.unreach(r, cause, e.At)
			continue
		}
		if !within(e.At) || e.At == r.EventAt && cause == r.Cause {
			continue
		}
		if g.Where != nil {
			f := s.frame(v, r, nil)
			if f.hand = &e.Event; v.view != nil {
				f.hand = v.view.event(g.Index, e.Event)
			}
			if ok, err := f.holds(g.Where); err != nil {
				return err
			} else if !ok {
				continue
			}
		}
		s.reach(r, cause, e.At, s.p.worth(e.Type, e.Event))
	}
	return nil
}

func (s *Scene) reach(r *Run, cause loyalty.Cause, at, revenue int64) {
	if s.standing(r, cause, at) != nil {
		return
	}
	r.Goals++
	s.count(r, cause, at, 1, revenue)
}

// unreach takes a goal back. at is 0 where the cause alone names it.
func (s *Scene) unreach(r *Run, cause loyalty.Cause, at int64) {
	e := s.standing(r, cause, at)
	if e == nil {
		return
	}
	facts := s.p.prog.Campaigns[r.Campaign].Facts
	r.Goals--
	s.count(r, cause, s.p.keeper.Field(facts, *e, ir.FactEventAt).I, -1, -s.p.keeper.Field(facts, *e, ir.FactRevenue).I)
}

func (s *Scene) count(r *Run, cause loyalty.Cause, at int64, n, revenue int64) {
	s.account.Record(s.p.prog.Campaigns[r.Campaign].Facts, whatGoal, cause, loyalty.Text(ir.FactRun, r.ID), loyalty.Time(ir.FactEventAt, at),
		loyalty.Number(ir.FactConverted, n), loyalty.Number(ir.FactRevenue, revenue))
	s.acted = true
}

// standing is the fact that an event was the goal of a run, if that stands.
func (s *Scene) standing(r *Run, cause loyalty.Cause, at int64) *exprplan.Event {
	k, facts := s.p.keeper, s.p.prog.Campaigns[r.Campaign].Facts
	var found []exprplan.Event
	for _, e := range s.account.Facts(facts) {
		if k.Field(facts, e, ir.FactWhat).S != whatGoal || k.Field(facts, e, ir.FactRun).S != r.ID ||
			k.Field(facts, e, ir.FactCause).S != cause.Kind || k.Field(facts, e, ir.FactCauseKey).S != cause.Key ||
			at != 0 && k.Field(facts, e, ir.FactEventAt).I != at {
			continue
		}
		if k.Field(facts, e, ir.FactConverted).I > 0 {
			found = append(found, e)
		} else if len(found) > 0 {
			found = slices.Delete(found, len(found)-1, len(found))
		}
	}
	if len(found) == 0 {
		return nil
	}
	return &found[len(found)-1]
}

// worth is the amount of an event: its first field of money, in minor units; 0 if there is none or it is unknown.
func (p *Player) worth(event int, e exprplan.Event) int64 {
	for i, f := range p.prog.Events[event].Fields {
		if f.Type.Kind == ir.Money {
			if e.Fields[i].Known {
				return e.Fields[i].I
			}
			return 0
		}
	}
	return 0
}

package campaign

import (
	"slices"
	"strconv"

	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/runtime/loyalty"
)

// trigger is one thing that begins a run.
type trigger struct {
	cause loyalty.Cause
	hand  *exprplan.Event // of an event campaign
	day   int64           // the local date that the campaign's dates are held to
}

// triggers are what of a happening begins runs of a campaign.
func (s *Scene) triggers(campaign int, h Happening) (out []trigger) {
	p := s.p.prog
	t := p.Campaigns[campaign].Trigger
	if slices.Contains(h.Existing, campaign) {
		out = append(out, trigger{cause: loyalty.Cause{Kind: "existing"}, day: s.today()})
	}
	if h.Quiet {
		return out
	}
	add := func(kind dsl.TriggerKind, key string) {
		out = append(out, trigger{cause: loyalty.Cause{Kind: string(kind), Key: key}, day: s.today()})
	}
	switch t.Kind {
	case dsl.OnEvent:
		for i := range h.Events {
			if e := &h.Events[i]; e.Type == t.Index && !e.Gone {
				out = append(out, trigger{cause: s.p.keeper.CauseOf(e.Type, e.Event), hand: &e.Event, day: p.Zone.DateOf(e.At)})
			}
		}
	case dsl.OnEnter:
		if slices.Contains(h.Entered, t.Index) {
			add(t.Kind, p.Segments[t.Index].Name)
		}
	case dsl.OnLeave:
		if slices.Contains(h.Left, t.Index) {
			add(t.Kind, p.Segments[t.Index].Name)
		}
	case dsl.OnReach:
		if slices.Contains(h.Reached, Reached{t.Index, t.Tier}) {
			add(t.Kind, p.Tiers[t.Index].Tiers[t.Tier].Name)
		}
	case dsl.OnUsed:
		for _, u := range h.Used {
			if u.Coupon == t.Index && !u.Gone {
				add(t.Kind, u.Code)
			}
		}
	}
	return out
}

// start begins a run of a campaign, if its conditions hold and nothing stands against it.
func (s *Scene) start(campaign int, t trigger) error {
	v := s.p.now[campaign]
	c := v.decl
	if c.During != nil && (t.day < c.During.From || t.day > c.During.To) {
		return nil
	}
	r := &Run{Campaign: campaign, Version: c.Hash, Start: s.now(), Cause: t.cause}
	if t.hand != nil {
		r.EventAt = t.hand.At
	}
	f := s.frame(v, r, t.hand)
	for _, condition := range []*ir.Node{c.Trigger.Where, c.When} {
		if ok, err := f.holds(condition); !ok || err != nil {
			return err
		}
	}
	why, again := s.against(c, r)
	switch {
	case again:
		return nil
	case why != "":
		s.account.Record(c.Facts, whatDrop, t.cause, loyalty.Text(ir.FactWhy, why), s.eventAt(r))
		return nil
	}
	r.ID = strconv.FormatInt(s.hands.Stamp(), 10)
	r.Holdout = !s.hands.Everybody && v.holdout > 0 && exprplan.Chance("holdout "+c.Name, s.member.Number) < v.holdout
	how := ir.FactReached
	if r.Holdout {
		how = ir.FactHoldout
	}
	s.keep(campaign, append(s.of(campaign), r))
	s.record(r, whatStart, loyalty.Number(how, 1), loyalty.Text(ir.FactVersion, c.Hash), s.eventAt(r))
	return f.advance()
}

// eventAt is the field that says which event a run is about.
func (s *Scene) eventAt(r *Run) loyalty.Field {
	if r.EventAt == 0 {
		return loyalty.Field{Name: ir.FactEventAt}
	}
	return loyalty.Time(ir.FactEventAt, r.EventAt)
}

// against is why a run cannot begin; again says that its event has had one.
func (s *Scene) against(c *ir.Campaign, r *Run) (why string, again bool) {
	runs := s.of(r.Campaign)
	if c.Trigger.Kind == dsl.OnEvent {
		if s.ofEvent(r) >= len(s.events(c.Trigger.Index, r)) {
			return "", true
		}
	} else {
		for _, other := range runs {
			if !other.Ended {
				return whyRunning, false
			}
		}
	}
	for _, limit := range c.Caps {
		from, to := s.p.keeper.Span(limit, r.Start)
		var n int64
		for _, other := range runs {
			if from <= other.Start && other.Start <= to {
				n++
			}
		}
		if n >= limit.N {
			return whyCap, false
		}
	}
	return "", false
}

// resume goes on with the runs of a campaign whose waits are over.
func (s *Scene) resume(campaign int) error {
	for _, r := range s.of(campaign) {
		if r.Ended || r.Until > s.now() {
			continue
		}
		v := s.p.version(campaign, r.Version)
		if v == nil {
			s.end(r, whyVersion)
			continue
		}
		hand, there := s.hand(v, r)
		if !there {
			s.end(r, whyGone)
			continue
		}
		if err := s.frame(v, r, hand).advance(); err != nil {
			return err
		}
	}
	return nil
}

// hand finds the event that a run of an event campaign is about in the member's history.
func (s *Scene) hand(v *version, r *Run) (e *exprplan.Event, there bool) {
	if v.decl.Trigger.Kind != dsl.OnEvent {
		return nil, true
	}
	event := v.decl.Trigger.Index
	if v.view != nil {
		if event, there = v.view.eventNow(event); !there {
			return nil, false
		}
	}
	list, nth := s.events(event, r), 0
	for _, other := range s.of(r.Campaign) {
		if other == r {
			break
		}
		if other.Cause == r.Cause && other.EventAt == r.EventAt {
			nth++
		}
	}
	if nth >= len(list) {
		return nil, false
	}
	return &list[nth], true
}

// events are the member's events that a run may be about: one where events have keys, else all of the type at that instant.
func (s *Scene) events(event int, r *Run) (out []exprplan.Event) {
	for _, e := range s.account.Facts(event) {
		if e.At == r.EventAt && s.p.keeper.CauseOf(event, e) == r.Cause {
			out = append(out, e)
		}
	}
	return out
}

// ofEvent is how many runs there have been of the event that a run is about, or of those that are not told from it.
func (s *Scene) ofEvent(r *Run) (n int) {
	for _, other := range s.of(r.Campaign) {
		if other.Cause == r.Cause && other.EventAt == r.EventAt {
			n++
		}
	}
	return n
}

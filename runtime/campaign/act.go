package campaign

import (
	"fmt"
	"strconv"

	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/runtime/loyalty"
)

// frame is a run while it acts: its version of the campaign, the event in hand, and the world in which `start` is known.
type frame struct {
	s     *Scene
	v     *version
	run   *Run
	hand  *exprplan.Event // in the version's terms
	world *exprplan.World
}

func (s *Scene) frame(v *version, r *Run, hand *exprplan.Event) *frame {
	w := *s.account.World()
	w.Start = r.Start
	f := &frame{s: s, v: v, run: r, hand: hand, world: &w}
	if v.view != nil {
		f.world = v.view.world(&w)
		if hand != nil {
			f.hand = v.view.event(v.decl.Trigger.Index, *hand)
		}
	}
	return f
}

// value evaluates an expression of the campaign.
func (f *frame) value(n *ir.Node) (ir.Value, error) {
	m := f.s.account.Member()
	if f.v.view != nil {
		m = f.v.view.member(m)
	}
	return f.v.eval.InHand(f.world, m, f.hand, n)
}

// holds evaluates a condition; none always holds.
func (f *frame) holds(n *ir.Node) (bool, error) {
	if n == nil {
		return true, nil
	}
	v, err := f.value(n)
	return v.True(), err
}

// advance does the steps of a run until it waits or ends.
func (f *frame) advance() error {
	s, r, do := f.s, f.run, f.v.decl.Do
	for ; r.Step < len(do); r.Step++ {
		a := do[r.Step]
		if ok, err := f.holds(a.When); err != nil {
			return err
		} else if !ok {
			continue
		}
		switch a.Kind {
		case dsl.Stop:
			s.end(r, whyStopped)
			return nil
		case dsl.Wait:
			until, ok := s.p.prog.Zone.AddSpanToTime(s.now(), a.Wait.N, a.Wait.Unit)
			if !ok {
				until = calendar.Latest
			}
			r.Step++
			s.wait(r, whatWait, until)
			return nil
		case dsl.SendTo:
			if until, ok := f.quiet(a); ok {
				s.wait(r, whatHold, until)
				return nil
			}
		}
		if r.Holdout {
			continue
		}
		d := deed{
			frame: f, action: a, step: r.Step, index: f.v.target(a),
			name: f.v.decl.Name, cause: loyalty.Cause{Kind: "campaign", Key: fmt.Sprintf("%s/%s/%d", f.v.decl.Name, r.ID, r.Step)},
		}
		d.key = fmt.Sprintf("%s:%s:%d:%d", f.v.decl.Name, r.ID, r.Step, s.member.Number)
		did, why, err := d.do()
		switch {
		case err != nil:
			return err
		case why != "":
			s.end(r, why)
			return nil
		}
		s.record(r, whatAct, append(did, loyalty.Number(ir.FactStep, int64(r.Step)), loyalty.Text(ir.FactRule, f.v.said(a)))...)
	}
	s.end(r, whyDone)
	return nil
}

// quiet is when the quiet hours of the campaign, or else of the sink, end in which a message would be sent.
func (f *frame) quiet(a *ir.Action) (until int64, ok bool) {
	zone := f.s.p.prog.Zone
	if until, ok = quiet(zone, f.v.decl.Quiet, f.s.now()); ok {
		return until, true
	}
	if i := f.v.target(a); i >= 0 {
		return quiet(zone, f.s.p.prog.Sinks[i].Quiet, f.s.now())
	}
	return 0, false
}

func (s *Scene) wait(r *Run, what string, until int64) {
	r.Until, r.Held = until, what == whatHold
	s.record(r, what, loyalty.Number(ir.FactStep, int64(r.Step)), loyalty.Time(ir.FactUntil, until))
}

func (s *Scene) end(r *Run, why string) {
	r.Ended, r.Why = true, why
	s.record(r, whatEnd, loyalty.Text(ir.FactWhy, why), loyalty.Number(ir.FactStep, int64(r.Step)))
}

// deed is one action on its way, of a run or of an overdue case.
type deed struct {
	frame  *frame
	action *ir.Action
	step   int
	index  int    // of what the action is about, in the program in force; -1 where that has it no more
	name   string // of the campaign or case
	key    string // of its message
	cause  loyalty.Cause
}

// do does an action that is neither a wait nor a stop. It returns what a fact says of it, or why it cannot be done.
func (d deed) do() (did []loyalty.Field, why string, err error) {
	s, a := d.frame.s, d.action
	if d.index < 0 {
		return nil, "the rules do not have any more what it is about", nil
	}
	switch a.Kind {
	case dsl.Issue:
		code, why, err := s.hands.Issue(d.index, d.cause)
		return []loyalty.Field{loyalty.Text(ir.FactCode, code)}, why, err
	case dsl.Give:
		v, err := d.frame.value(a.Amount)
		if err != nil {
			return nil, "", err
		}
		n := s.p.keeper.Whole(v)
		if !s.account.Give(d.index, n, d.cause, d.name) {
			return nil, "", nil
		}
		s.acted = true
		return []loyalty.Field{loyalty.Number(ir.FactGiven, n)}, "", s.hands.Settle()
	case dsl.SendTo:
		return d.send()
	case dsl.AddTo, dsl.RemoveFrom:
		s.hands.SetList(d.index, a.Kind == dsl.AddTo)
		s.acted = true
	}
	return nil, "", nil
}

// target is what an action is about in the program in force; -1 where that has none of that name.
func (v *version) target(a *ir.Action) int {
	if v.view == nil {
		return a.Index
	}
	return v.view.target(a)
}

// said is an action for people: its words and what it is about.
func (v *version) said(a *ir.Action) string {
	text := string(a.Kind)
	switch a.Kind {
	case dsl.Issue:
		text += " " + v.prog.Coupons[a.Index].Name
	case dsl.Give:
		text += " " + v.prog.Points[a.Index].Name
	case dsl.SendTo:
		text += " " + v.prog.Sinks[a.Index].Name + " " + strconv.Quote(a.Template)
	case dsl.AddTo, dsl.RemoveFrom:
		text += " " + v.prog.Lists[a.Index].Name
	}
	return text
}

package compiler

import (
	"fmt"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
)

func (c *compilation) lowerCampaign(info *campaignInfo, p *ir.Campaign) {
	d, owner := info.decl, info.sym.String()
	var hand *eventInfo
	if d.Trigger == nil {
		c.missing(info.sym, "write `on EVENT`, `on enter SEGMENT`, `daily at 10:00 for SEGMENT`, …", "nothing starts this campaign")
	} else {
		p.Trigger, hand = c.trigger(owner, d.Trigger)
	}
	if len(d.Do) == 0 {
		c.missing(info.sym, "write `do { … }`", "this campaign does nothing")
	}
	p.When, _ = c.runScope(owner, hand).clauseCondition(d.When)
	p.During, p.Quiet = dates(d.During), clocks(d.Quiet)
	p.Caps = c.caps(owner, d.Caps, false)
	if d.Holdout != nil {
		p.Holdout, _ = c.fraction(owner, d.Holdout)
	}
	if d.Target != nil {
		p.Target, _ = c.fraction(owner, d.Target)
		if d.Goal == nil {
			c.report("M0711", d.Target.At, owner, "write `goal EVENT within 14 days`", "a target is the rate at which a goal is reached, and there is no goal")
		}
	}
	if d.Existing != nil {
		p.Existing = true
		if d.Trigger != nil && d.Trigger.Kind != dsl.OnEnter && d.Trigger.Kind != dsl.OnLeave && d.Trigger.Kind != dsl.OnReach {
			c.report("M0711", d.Existing.At, owner, "leave it out", "`include existing` is for members who are in a segment or tier already")
		}
	}
	p.Do = c.actions(owner, d.Do, hand, true)
	if d.Goal != nil {
		p.Goal = c.goal(owner, d.Goal)
	}
}

// runScope is the scope of what a run of a campaign reads.
func (c *compilation) runScope(reading string, hand *eventInfo) *lowering {
	l := c.handScope(reading, hand)
	l.inRun = true
	return l
}

// trigger resolves what starts a campaign, and the event in hand if one does.
func (c *compilation) trigger(reading string, d *dsl.Trigger) (out ir.Trigger, hand *eventInfo) {
	out = ir.Trigger{Kind: d.Kind, Index: -1}
	find := func(word string) *symbol {
		sym := c.called(reading, c.names, word, d.Name)
		if sym != nil {
			out.Index = sym.index
		}
		return sym
	}
	switch d.Kind {
	case dsl.OnEvent:
		if hand = c.eventOf(reading, d.Name); hand == nil {
			return out, nil
		}
		out.Index = hand.sym.index
		if d.Where != nil {
			out.Where, _ = c.memberScope(reading).inEvent(hand).clauseCondition(d.Where)
		}
	case dsl.OnUsed:
		find("coupon")
	case dsl.OnReach:
		if sym := find("tiers"); sym != nil {
			ladder := c.program.Tiers[sym.index].Enum
			if out.Tier = c.b.ordinal(ladder, d.Tier.Value); out.Tier < 0 {
				c.report("M0705", d.Tier.At, reading, c.nearText(d.Tier.Value, ladder.Values), fmt.Sprintf("the tiers `%s` have no %q", d.Name.Text, d.Tier.Value))
			}
		}
	case dsl.Daily:
		find("segment")
		out.Daily = minutes(d.Daily)
	case dsl.AtTime:
		find("segment")
		switch t := d.Time.(type) {
		case *dsl.DateLit:
			out.At = c.program.Zone.Midnight(day(t))
		case *dsl.TimeLit:
			out.At = c.instant(t)
		}
	default:
		find("segment")
	}
	return out, hand
}

func (c *compilation) goal(reading string, d *dsl.Goal) *ir.Goal {
	out := &ir.Goal{Used: d.Used, Index: -1, Within: *d.Within}
	c.elapsing(reading, d.Within)
	if d.Used {
		if sym := c.called(reading, c.names, "coupon", d.Name); sym != nil {
			out.Index = sym.index
		}
		return out
	}
	event := c.eventOf(reading, d.Name)
	if event == nil {
		return out
	}
	out.Index = event.sym.index
	if d.Where != nil {
		out.Where, _ = c.memberScope(reading).inEvent(event).clauseCondition(d.Where)
	}
	return out
}

// actions lowers the steps of do, or of overdue: there is no run then, so no waiting and no stopping.
func (c *compilation) actions(reading string, list []*dsl.Action, hand *eventInfo, run bool) (out []*ir.Action) {
	for i, d := range list {
		if !run && (d.Kind == dsl.Wait || d.Kind == dsl.Stop) {
			c.report("M0711", d.At, reading, "make a campaign of it", fmt.Sprintf("`%s` belongs to a campaign", d.Kind))
			continue
		}
		if d.Kind == dsl.Stop && d.When == nil && i < len(list)-1 {
			c.warning("M0822", list[i+1].At, reading, "write `stop when …`", "the campaign has stopped before this", diag.Related{Span: d.At, Message: "it stops here"})
		}
		scope := func() *lowering {
			if run {
				return c.runScope(reading, hand)
			}
			return c.handScope(reading, hand)
		}
		a := &ir.Action{Kind: d.Kind, Index: -1, Source: d.At}
		c.actionTarget(reading, d, a)
		if d.Kind == dsl.Give {
			a.Amount = scope().given(d.Amount)
		}
		if d.Kind == dsl.Wait && d.Wait != nil {
			c.elapsing(reading, d.Wait)
			a.Wait = *d.Wait
		}
		if d.Template != nil {
			a.Template = d.Template.Value
		}
		seen := map[string]diag.Span{}
		for _, e := range d.With {
			if c.onceEach(reading, seen, "entry", e.Key) {
				a.With = append(a.With, ir.Entry{Key: e.Key.Text, Value: scope().entry(e.Value)})
			}
		}
		a.When, _ = scope().clauseCondition(d.When)
		out = append(out, a)
	}
	return out
}

// actionWords are the words of what actions are about.
var actionWords = map[dsl.ActionKind]string{
	dsl.Issue: "coupon", dsl.Give: "points", dsl.SendTo: "sink", dsl.AddTo: "list", dsl.RemoveFrom: "list",
}

func (c *compilation) actionTarget(reading string, d *dsl.Action, a *ir.Action) {
	if word := actionWords[d.Kind]; word != "" {
		if sym := c.called(reading, c.names, word, d.Name); sym != nil {
			a.Index = sym.index
		}
	}
}

// entry lowers one value of a message: any value but a span.
func (l *lowering) entry(e dsl.Expr) *ir.Node {
	o := l.lower(e)
	if !l.ready(o) {
		return nil
	}
	n := l.settle(l.value(o))
	if n != nil {
		l.c.roots = append(l.c.roots, root{reading: l.reading, expr: e, notes: l.notes})
	}
	return n
}

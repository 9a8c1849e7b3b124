package live

import (
	"slices"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/loyalty"
)

// points spends, returns or adjusts points of a member.
func (g *group) points(in Input) (Outcome, error) {
	if in.Ask == nil || in.Ask.Key == "" {
		return rejected("a key is needed, by which the request is known again")
	}
	ask := *in.Ask
	which := slices.IndexFunc(g.engine.prog.Points, func(p *ir.Points) bool { return p.Name == ask.Of })
	if which < 0 && !g.replaying {
		return rejected("there are no points called %q", ask.Of)
	}
	switch in.Kind {
	case Spend:
		return g.asked(in, loyalty.Cause{Kind: "spend", Key: ask.Key}, func(a *loyalty.Account) error { return a.Spend(which, ask.Points, ask.Key) })
	case Return:
		return g.asked(in, loyalty.Cause{Kind: "return", Key: ask.Key}, func(a *loyalty.Account) error {
			return a.Return(which, ask.Points, ask.Spent, ask.Key)
		})
	}
	return g.asked(in, loyalty.Cause{Kind: "adjust", Key: ask.Key}, func(a *loyalty.Account) error {
		return a.Adjust(which, ask.Points, ask.Until, ask.Key)
	})
}

// tier gives a member a tier by hand.
func (g *group) tier(in Input) (Outcome, error) {
	if in.Ask == nil {
		return rejected("it is not said which tier")
	}
	ask := *in.Ask
	which := slices.IndexFunc(g.engine.prog.Tiers, func(t *ir.Tiers) bool { return t.Name == ask.Of })
	at := -1
	if which >= 0 {
		at = slices.IndexFunc(g.engine.prog.Tiers[which].Tiers, func(t ir.Tier) bool { return t.Name == ask.Tier })
	}
	switch {
	case g.replaying:
	case which < 0:
		return rejected("there are no tiers called %q", ask.Of)
	case at < 0:
		return rejected("%s has no tier %q", ask.Of, ask.Tier)
	case ask.Until != nil && *ask.Until < g.engine.prog.Zone.DateOf(g.now):
		return rejected("the last date is past")
	}
	return g.asked(in, loyalty.Cause{Kind: "manual", Key: ask.Key}, func(a *loyalty.Account) error {
		a.SetTier(which, at, ask.Until, ask.By)
		return nil
	})
}

package loyalty

import (
	"slices"

	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
)

// whatJoin is what a step on a ladder is called that a member keeps from one of those who have become it.
const whatJoin = "join"

// Joined says that the member is several who have become one; its history is theirs together. The higher of their tiers
// holds, for as long as it was kept; and points of one pay off what another owes. before are they as they were, the one that
// they have become first: a tier that is of another goes with that one if they part.
func (a *Account) Joined(before ...*exprplan.Member) {
	for i, t := range a.k.prog.Tiers {
		best := Standing{Keep: -never, Floor: -1}
		var of, floorOf *uint32
		for j, m := range before {
			var whose *uint32
			if j > 0 {
				whose = &m.Number
			}
			s := a.k.Open(a.world, m, nil).Standing(i)
			if s.Tier > best.Tier || s.Tier == best.Tier && s.Keep > best.Keep {
				best.Tier, best.Keep, of = s.Tier, s.Keep, whose
			}
			if s.Floor > best.Floor || s.Floor == best.Floor && s.FloorUntil > best.FloorUntil {
				best.Floor, best.FloorUntil, floorOf = s.Floor, s.FloorUntil, whose
			}
		}
		now := a.Standing(i)
		if best.Floor >= 0 && (now.Floor != best.Floor || now.FloorUntil != best.FloorUntil) {
			a.addOf(floorOf, a.joining(t, whatManual, best.Floor, best.FloorUntil))
			now = a.Standing(i)
		}
		if now.Tier != best.Tier || now.Keep != best.Keep {
			a.addOf(of, a.joining(t, whatJoin, best.Tier, best.Keep))
		}
	}
	for i := range a.k.prog.Points {
		lots := a.Lots(i)
		slices.SortFunc(lots, byExpiry)
		for _, l := range lots {
			if l.ID != debt && l.Active > 0 {
				a.payOff(i, l.ID)
			}
		}
	}
}

// Parted says that the member was one with another and is so no more; its history is its own again. What its points paid of
// what the other owed comes back to them: the other owes it again.
func (a *Account) Parted() {
	for i := range a.k.prog.Points {
		a.levelDebt(i)
	}
}

// addOf adds a fact that is of somebody.
func (a *Account) addOf(of *uint32, f *fact) {
	a.add(f)
	a.added[len(a.added)-1].Of = of
}

func (a *Account) joining(t *ir.Tiers, what string, tier int, keep int64) *fact {
	f := a.fact(t.Facts, what).time(ir.FactDated, a.world.Now).text(ir.FactCause, whatJoin).
		text(ir.FactRule, t.Tiers[tier].Name).set(ir.FactTier, ir.IntLike(ir.Enum, int64(tier)))
	if keep > -never && keep < never {
		f.date(ir.FactKeep, keep)
	}
	return f
}

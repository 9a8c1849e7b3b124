package loyalty

import (
	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
)

// What a step on a ladder does.
const (
	whatRise    = "rise"
	whatFall    = "fall"
	whatConfirm = "confirm"
	whatManual  = "manual"
)

// Standing is where a member stands on a ladder.
type Standing struct {
	Tier int // ordinal
	// Keep is the last date for which it is kept, whatever is measured; before any date where nothing keeps it.
	Keep int64
	// Floor is the tier that somebody gave by hand, which holds at least as long as FloorUntil; -1 for none.
	Floor      int
	FloorUntil int64
}

// Standing returns where the member stands on a ladder.
func (a *Account) Standing(tiers int) Standing {
	t, k := a.k.prog.Tiers[tiers], a.k
	s := Standing{Keep: -never, Floor: -1}
	for _, e := range a.of(t.Facts) {
		tier, keep := int(k.field(t.Facts, e, ir.FactTier).I), k.field(t.Facts, e, ir.FactKeep)
		s.Tier = tier
		if k.field(t.Facts, e, ir.FactWhat).S == whatManual {
			s.Floor, s.FloorUntil = tier, never
			if keep.Known {
				s.FloorUntil = keep.I
			}
			continue
		}
		s.Keep = -never
		if keep.Known {
			s.Keep = keep.I
		}
	}
	if s.Floor >= 0 && s.FloorUntil < a.today() {
		s.Floor = -1
	}
	return s
}

// Measure brings the tier of a ladder up to what is measured now: a rise at once, a fall when nothing keeps the tier any
// more. before is the member as it was before what has happened, nil where only time has passed: a measure that what has
// happened brings below the tier's own bound is a fall at once.
func (a *Account) Measure(tiers int, before *exprplan.Member, cause Cause) error {
	t := a.k.prog.Tiers[tiers]
	v, err := a.k.eval.Value(a.world, a.member(), t.By)
	if err != nil {
		return err
	}
	target, at := reached(t, v), a.Standing(tiers).Tier
	below := false
	if before != nil && target < at {
		was, err := a.k.eval.Value(a.world, before, t.By)
		if err != nil {
			return err
		}
		below = reached(t, was) >= at
	}
	a.step(tiers, t, target, below, cause)
	return nil
}

// Target is the tier that the measure of a ladder reaches now, whatever keeps the present one.
func (a *Account) Target(tiers int) (int, error) {
	t := a.k.prog.Tiers[tiers]
	v, err := a.k.eval.Value(a.world, a.member(), t.By)
	return reached(t, v), err
}

// reached is the highest tier whose bound a value reaches; an unknown one reaches the lowest.
func reached(t *ir.Tiers, v ir.Value) int {
	for i := len(t.Tiers) - 1; i > 0; i-- {
		if from := t.Tiers[i].From; v.Known && !less(v, from) {
			return i
		}
	}
	return 0
}

func less(a, b ir.Value) bool {
	if a.Kind == ir.Number {
		return a.F < b.F
	}
	return a.I < b.I
}

func (a *Account) step(tiers int, t *ir.Tiers, target int, below bool, cause Cause) {
	s, today := a.Standing(tiers), a.today()
	if s.Floor > target {
		target = s.Floor
	}
	switch {
	case target > s.Tier:
		a.stand(t, whatRise, target, cause)
	case target == s.Tier:
		if t.Keep != nil && s.Tier > 0 && s.Keep < today && s.Floor < s.Tier {
			a.stand(t, whatConfirm, target, cause)
		}
	case !below && s.Keep >= today:
	default:
		if t.DropOne {
			target = max(target, s.Tier-1)
		}
		a.stand(t, whatFall, target, cause)
	}
}

// stand records a tier, kept as long as the ladder says.
func (a *Account) stand(t *ir.Tiers, what string, tier int, cause Cause) {
	f := a.fact(t.Facts, what).time(ir.FactDated, a.world.Now).text(ir.FactCause, cause.Kind).text(ir.FactCauseKey, cause.Key).
		text(ir.FactRule, t.Tiers[tier].Name).set(ir.FactTier, ir.IntLike(ir.Enum, int64(tier)))
	if t.Keep != nil && tier > 0 {
		if last := a.k.lastDay(*t.Keep, a.today()); last != never {
			f.date(ir.FactKeep, last)
		}
	}
	a.add(f)
}

// SetTier gives a tier by hand: a floor until a date, included, or for ever.
func (a *Account) SetTier(tiers, tier int, until *int64, by string) {
	t := a.k.prog.Tiers[tiers]
	f := a.fact(t.Facts, whatManual).time(ir.FactDated, a.world.Now).text(ir.FactCause, whatManual).text(ir.FactCauseKey, by).
		text(ir.FactRule, t.Tiers[tier].Name).set(ir.FactTier, ir.IntLike(ir.Enum, int64(max(tier, a.Standing(tiers).Tier))))
	if until != nil {
		f.date(ir.FactKeep, *until)
	}
	a.add(f)
}

// NextMeasure is the next local date on which a tier may fall or be confirmed without anything else happening; false if
// there is none. Ladders that keep nothing are measured at every midnight.
func (a *Account) NextMeasure() (date int64, ok bool) {
	date = never
	for i, t := range a.k.prog.Tiers {
		s := a.Standing(i)
		switch {
		case s.Tier == 0 && t.Keep != nil:
		case t.Keep == nil:
			date = min(date, a.today()+1)
		default:
			date = min(date, max(s.Keep+1, a.today()+1))
		}
		if s.Floor >= 0 && s.FloorUntil != never {
			date = min(date, s.FloorUntil+1)
		}
	}
	return date, date != never
}

// Progress is how far a member is on a ladder: what is measured, what the next tier asks for (unknown on the highest), and
// what keeps the present one (unknown on the lowest).
type Progress struct{ Measure, Next, Keep ir.Value }

// Progress returns how far the member is on a ladder.
func (a *Account) Progress(tiers int) (Progress, error) {
	t := a.k.prog.Tiers[tiers]
	v, err := a.k.eval.Value(a.world, a.member(), t.By)
	if err != nil {
		return Progress{}, err
	}
	out, at := Progress{Measure: v}, a.Standing(tiers).Tier
	if at+1 < len(t.Tiers) {
		out.Next = t.Tiers[at+1].From
	}
	if at > 0 {
		out.Keep = t.Tiers[at].From
	}
	return out, nil
}

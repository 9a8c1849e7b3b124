package loyalty

import (
	"cmp"
	"slices"

	"github.com/muster-engine/muster/compiler/ir"
)

// never is the last date of a lot that does not expire.
const never = 1<<62 - 1

// debt is the lot on which a balance goes below zero.
const debt = 0

// Lot is points that were earned together.
type Lot struct {
	ID              int64
	Active, Pending int64 // what is left
	Expires         int64 // the last date on which they hold, or never
	Due             int64 // the first date on which what is pending is active
	Dated           int64 // the instant that they count for
	Cause           Cause
	Rule            string
	// Granted is what it began with, Taken what reversals have taken of it (from it or below zero for it).
	Granted, Taken int64
	// Void says that the event that earned it was taken back itself.
	Void bool
}

// Lapses reports whether the lot ever expires.
func (l Lot) Lapses() bool { return l.Expires != never }

// What an entry of the ledger does.
const (
	whatEarn     = "earn"
	whatGive     = "give" // by a campaign
	whatActivate = "activate"
	whatPayOff   = "pay off" // of the debt, by a lot
	whatSpend    = "spend"
	whatReturn   = "return"
	whatExpire   = "expire"
	whatReverse  = "reverse"
	whatRetract  = "retract"
	whatAdjust   = "adjust"
	whatTakeOff  = "take off" // an adjustment below 0
)

// Lots returns the lots of a points declaration as they are now, the debt included if there is one, by number.
func (a *Account) Lots(points int) []Lot {
	p, k := a.k.prog.Points[points], a.k
	byID := map[int64]*Lot{}
	var order []int64
	for _, e := range a.of(p.Facts) {
		number := func(name string) int64 { return k.field(p.Facts, e, name).I }
		id := number(ir.FactLot)
		l := byID[id]
		if l == nil {
			l = &Lot{ID: id, Expires: never}
			byID[id] = l
			order = append(order, id)
		}
		what := k.field(p.Facts, e, ir.FactWhat).S
		l.Active += number(ir.FactActive)
		l.Pending += number(ir.FactPending)
		switch what {
		case whatReverse, whatRetract:
			l.Taken -= number(ir.FactActive) + number(ir.FactPending)
			if other := byID[number(ir.FactFor)]; id == debt && other != nil {
				other.Taken -= number(ir.FactActive)
				l = other
			}
			l.Void = l.Void || what == whatRetract
		case whatEarn, whatGive, whatAdjust:
			l.Granted += number(ir.FactActive) + number(ir.FactPending)
			l.Dated = number(ir.FactDated)
			l.Cause = Cause{k.field(p.Facts, e, ir.FactCause).S, k.field(p.Facts, e, ir.FactCauseKey).S}
			l.Rule = k.field(p.Facts, e, ir.FactRule).S
			if v := k.field(p.Facts, e, ir.FactExpires); v.Known {
				l.Expires = v.I
			}
			l.Due = number(ir.FactDue)
		}
	}
	out := make([]Lot, 0, len(order))
	for _, id := range order {
		out = append(out, *byID[id])
	}
	slices.SortFunc(out, func(x, y Lot) int { return cmp.Compare(x.ID, y.ID) })
	return out
}

// byExpiry orders lots as spending takes them: what expires first, then what was earned first.
func byExpiry(x, y Lot) int {
	return cmp.Or(cmp.Compare(x.Expires, y.Expires), cmp.Compare(x.ID, y.ID))
}

// Balance returns the active points, below zero if there is a debt, and the pending ones.
func (a *Account) Balance(points int) (active, pending int64) {
	for _, l := range a.Lots(points) {
		active += l.Active
		pending += l.Pending
	}
	return active, pending
}

package loyalty

import (
	"cmp"
	"math/big"
	"slices"

	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
)

// causeOf names an event: by its key, or by the text that what takes it back matches.
func (k *Keeper) causeOf(points, event int, e exprplan.Event) Cause {
	decl := k.prog.Events[event]
	if decl.Key >= 0 {
		return Cause{decl.Name, e.Fields[decl.Key].S}
	}
	for _, r := range k.prog.Points[points].Reverses {
		if r.Event == event {
			return Cause{decl.Name, k.textOf(event, r.Matching, e)}
		}
	}
	return Cause{Kind: decl.Name}
}

// textOf is a field as text; "" where it is unknown.
func (k *Keeper) textOf(event, field int, e exprplan.Event) string {
	v, t := e.Fields[field], k.prog.Events[event].Fields[field].Type
	switch {
	case !v.Known:
		return ""
	case t.Kind == ir.Enum:
		return t.Enum.Values[v.I]
	}
	return v.S
}

// settleReversals brings what was taken back for an event up to what should be, after it or what takes it back arrived.
func (a *Account) settleReversals(points, event int, e exprplan.Event) error {
	for i, r := range a.k.prog.Points[points].Reverses {
		switch event {
		case r.On:
			a.settleReversal(points, i, a.k.textOf(event, r.OnMatch, e), a.k.causeOf(points, event, e))
		case r.Event:
			if len(a.of(r.On)) == 0 {
				continue // as nearly always: nothing to take back
			}
			a.settleReversal(points, i, a.k.textOf(event, r.Matching, e), a.k.causeOf(points, event, e))
		}
	}
	return nil
}

// settleReversal takes back, or gives back, the difference between what a reversal should have taken from the events with
// a text and what it has.
func (a *Account) settleReversal(points, reverse int, text string, cause Cause) {
	if text == "" {
		return
	}
	r := a.k.prog.Points[points].Reverses[reverse]
	causes := map[Cause]bool{}
	share := a.share(points, r, text, causes)
	var lots []Lot
	var granted, taken int64
	for _, l := range a.ledger(points).lots {
		if l.ID != debt && !l.Void && causes[l.Cause] {
			lots = append(lots, l)
			granted += l.Granted
			taken += l.Taken
		}
	}
	if len(lots) == 0 {
		return
	}
	want := shareOf(share, granted)
	switch {
	case want > taken:
		a.takeBack(points, whatReverse, lots, want-taken, cause)
	case want < taken:
		a.giveBack(points, lots, taken-want, cause)
	}
}

// shareOf is a share of points, rounded down.
func shareOf(share *big.Rat, granted int64) int64 {
	should := new(big.Rat).Mul(share, new(big.Rat).SetInt64(granted))
	return new(big.Int).Quo(should.Num(), should.Denom()).Int64()
}

// share is how much of what events with a text earned is to be taken back, from 0 to 1, and their causes.
func (a *Account) share(points int, r *ir.Reverse, text string, causes map[Cause]bool) *big.Rat {
	one, whole, back := big.NewRat(1, 1), new(big.Rat), new(big.Rat)
	any := false
	for _, e := range a.until(r.Event) {
		if a.k.textOf(r.Event, r.Matching, e) == text {
			causes[a.k.causeOf(points, r.Event, e)] = true
			if r.By >= 0 {
				whole.Add(whole, amountOf(e.Fields[r.By]))
			}
		}
	}
	for _, e := range a.until(r.On) {
		if a.k.textOf(r.On, r.OnMatch, e) == text && a.k.prog.Zone.DateOf(e.At) >= a.k.prog.Points[points].Start {
			any = true
			if r.OnBy >= 0 {
				back.Add(back, amountOf(e.Fields[r.OnBy]))
			}
		}
	}
	switch {
	case !any:
		return new(big.Rat)
	case r.By < 0 || whole.Sign() <= 0:
		return one
	case back.Sign() <= 0:
		return new(big.Rat)
	}
	if back.Quo(back, whole); back.Cmp(one) > 0 {
		return one
	}
	return back
}

// until returns the events of a type up to now.
func (a *Account) until(event int) []exprplan.Event {
	all := a.of(event)
	n, _ := slices.BinarySearchFunc(all, a.world.Now+1, func(e exprplan.Event, t int64) int { return cmp.Compare(e.At, t) })
	return all[:n]
}

// amountOf is a number or an amount, exactly; 0 where it is unknown.
func amountOf(v ir.Value) *big.Rat {
	switch {
	case !v.Known:
		return new(big.Rat)
	case v.Kind == ir.Number:
		return new(big.Rat).SetFloat64(v.F)
	}
	return new(big.Rat).SetInt64(v.I)
}

// takeBack takes points from lots: pending, then active, then below zero.
func (a *Account) takeBack(points int, what string, lots []Lot, n int64, cause Cause) {
	for _, l := range lots {
		if k := min(n, l.Pending); k > 0 {
			a.add(a.again(points, what, l, cause).number(ir.FactPending, -k))
			n -= k
		}
	}
	for _, l := range lots {
		if k := min(n, l.Active); k > 0 {
			a.add(a.again(points, what, l, cause).number(ir.FactActive, -k).number(ir.FactEarned, -k))
			n -= k
		}
	}
	for _, l := range lots {
		now, _ := a.lot(points, l.ID)
		if k := min(n, now.Granted-now.Taken); k > 0 {
			a.add(a.entry(points, what, debt, l.Dated, cause, l.Rule).number(ir.FactActive, -k).number(ir.FactEarned, -k).number(ir.FactFor, l.ID))
			n -= k
		}
	}
}

// giveBack undoes what a reversal took too much: first what went below zero, then what was taken from the lots.
func (a *Account) giveBack(points int, lots []Lot, n int64, cause Cause) {
	for _, l := range lots {
		if k := min(n, a.charged(points, l.ID)); k > 0 {
			a.add(a.entry(points, whatReverse, debt, l.Dated, cause, l.Rule).number(ir.FactActive, k).number(ir.FactEarned, k).number(ir.FactFor, l.ID))
			n -= k
		}
	}
	for _, l := range lots {
		now, _ := a.lot(points, l.ID)
		k := min(n, now.Taken)
		if k <= 0 {
			continue
		}
		n -= k
		if l.Due > a.today() {
			a.add(a.again(points, whatReverse, l, cause).number(ir.FactPending, k))
			continue
		}
		a.add(a.again(points, whatReverse, l, cause).number(ir.FactActive, k).number(ir.FactEarned, k))
		a.payOff(points, l.ID)
		if l.Expires < a.today() {
			a.expireLot(points, l.ID)
		}
	}
	a.levelDebt(points)
}

// charged is how much of what was taken back for a lot went below zero.
func (a *Account) charged(points int, lot int64) (n int64) {
	p, k := a.k.prog.Points[points], a.k
	for _, e := range a.of(p.Facts) {
		if k.field(p.Facts, e, ir.FactWhat).S == whatReverse && k.field(p.Facts, e, ir.FactLot).I == debt && k.field(p.Facts, e, ir.FactFor).I == lot {
			n -= k.field(p.Facts, e, ir.FactActive).I
		}
	}
	return n
}

// Retracted tells the account that an event was taken back: it is in the history no more.
func (a *Account) Retracted(event int, e exprplan.Event) error {
	for i, p := range a.k.prog.Points {
		cause := a.k.causeOf(i, event, e)
		taken := Cause{"retract", cause.Kind + " " + cause.Key}
		var lots []Lot
		var n int64
		for _, l := range a.ledger(i).lots {
			if l.ID != debt && !l.Void && l.Cause == cause && cause.Key != "" {
				lots = append(lots, l)
				n += l.Granted - l.Taken
			}
		}
		a.takeBack(i, whatRetract, lots, n, taken)
		for _, l := range lots { // also where there was nothing left to take
			a.add(a.again(i, whatRetract, l, taken))
		}
		for j, r := range p.Reverses {
			if r.On == event {
				a.settleReversal(i, j, a.k.textOf(event, r.OnMatch, e), taken)
			}
		}
	}
	a.settleCases(event, e)
	return nil
}

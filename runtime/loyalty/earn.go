package loyalty

import (
	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/compiler/decimal"
	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
)

// Happened tells the account of an event of the member that counts from now on: it earns and takes back, and opens and
// closes cases. All rules of all points read balances and tiers as they were before it.
func (a *Account) Happened(event int, e exprplan.Event) error {
	before := a.member()
	for i := range a.k.prog.Points {
		if err := a.earn(i, event, e, before); err != nil {
			return err
		}
		if err := a.settleReversals(i, event, e); err != nil {
			return err
		}
	}
	a.settleCases(event, e)
	return nil
}

// grant is what one rule gives for an event.
type grant struct {
	rule   *ir.Earn
	wanted int64
}

// earn gives what the rules of points give for an event to a member as it was before it.
func (a *Account) earn(points, event int, e exprplan.Event, before *exprplan.Member) error {
	p := a.k.prog.Points[points]
	day := a.k.prog.Zone.DateOf(e.At)
	if day < p.Start {
		return nil
	}
	var grants []grant
	for _, rule := range p.Earns {
		if rule.Event != event {
			continue
		}
		wanted, err := a.wanted(p, rule, e, before)
		if err != nil {
			return err
		}
		if wanted > 0 {
			grants = append(grants, grant{rule, wanted})
		}
	}
	for _, g := range grants {
		allowed := a.allowed(points, g, e.At)
		cause := a.k.causeOf(points, event, e)
		if allowed == 0 {
			a.add(a.entry(points, "capped", debt, e.At, cause, g.rule.Name).number(ir.FactWanted, g.wanted))
			continue
		}
		a.newLot(points, whatEarn, allowed, e.At, cause, g.rule.Name, g.wanted, a.k.lastDay(p.Expire, day))
	}
	return nil
}

// wanted is what a rule gives for an event before its caps: its value times the largest boost, rounded down once.
func (a *Account) wanted(p *ir.Points, rule *ir.Earn, e exprplan.Event, before *exprplan.Member) (int64, error) {
	if ok, err := a.holds(rule.When, &e, before); !ok || err != nil {
		return 0, err
	}
	v, err := a.k.eval.InHand(a.world, before, &e, rule.Give)
	if err != nil || !v.Known {
		return 0, err
	}
	digits := a.k.prog.Digits
	worth, ok := exactly(v, digits)
	if !ok {
		return 0, nil
	}
	factor, boosted, err := a.boost(p, rule.Event, e, before)
	if err != nil {
		return 0, err
	}
	if boosted {
		if worth, ok = worth.Mul(factor, digits); !ok {
			return 0, nil
		}
	}
	n, ok := worth.Floor(digits)
	if !ok || n < 0 {
		return 0, nil
	}
	return n, nil
}

// exactly is a known number as an exact one; not ok where it is too large.
func exactly(v ir.Value, digits int) (decimal.Decimal, bool) {
	switch v.Kind {
	case ir.Int:
		return decimal.FromInt(v.I, digits)
	case ir.Number:
		return decimal.FromFloat(v.F, digits)
	}
	return v.D, true
}

// boost is the largest factor that holds for an event.
func (a *Account) boost(p *ir.Points, event int, e exprplan.Event, before *exprplan.Member) (factor decimal.Decimal, found bool, err error) {
	day := a.k.prog.Zone.DateOf(e.At)
	for _, b := range p.Boosts {
		if b.Event != event || b.During != nil && (day < b.During.From || day > b.During.To) {
			continue
		}
		ok, err := a.holds(b.When, &e, before)
		if err != nil {
			return factor, false, err
		}
		if ok && (!found || b.Factor.Cmp(factor) > 0) {
			factor, found = b.Factor, true
		}
	}
	return factor, found, nil
}

// holds evaluates a condition of a member with an event in hand; none always holds.
func (a *Account) holds(n *ir.Node, e *exprplan.Event, m *exprplan.Member) (bool, error) {
	if n == nil {
		return true, nil
	}
	v, err := a.k.eval.InHand(a.world, m, e, n)
	return v.True(), err
}

// allowed is what the caps of a rule leave of a grant: points cut, times refuse.
func (a *Account) allowed(points int, g grant, at int64) int64 {
	left := g.wanted
	if len(g.rule.Caps) == 0 {
		return left
	}
	lots := a.ledger(points).lots
	for _, c := range g.rule.Caps {
		var used, times int64
		in := a.k.period(c, at)
		for _, l := range lots {
			if net := l.Granted - l.Taken; l.Rule == g.rule.Name && net > 0 && in.has(l.Dated) {
				used += net
				times++
			}
		}
		if c.Points {
			left = min(left, max(0, c.N-used))
		} else if times >= c.N {
			return 0
		}
	}
	return left
}

// interval is instants from lo to hi, both included.
type interval struct{ lo, hi int64 }

func (i interval) has(t int64) bool { return t >= i.lo && t <= i.hi }

// period is the instants that a cap counts together with one: those of its calendar period, of the span that ends with
// it, or all.
func (k *Keeper) period(c ir.Cap, at int64) interval {
	zone := k.prog.Zone
	day := zone.DateOf(at)
	switch {
	case c.Span != nil:
		var out interval
		for i, in := range zone.Window("in last", c.Span.N, c.Span.Unit, calendar.Bound{}, calendar.Bound{}, at, k.prog.WeekStart) {
			if i == 0 {
				out.lo = in.Lo
			}
			out.hi = in.Hi - 1
		}
		return out
	case c.Unit != "":
		first := calendar.PeriodStart(day, c.Unit, k.prog.WeekStart)
		next, _ := calendar.AddSpanToDate(first, 1, c.Unit)
		return interval{zone.Midnight(first), zone.Midnight(next) - 1}
	}
	return interval{calendar.Earliest, calendar.Latest}
}

// lastDay is the last date on which something holds that was granted on a day.
func (k *Keeper) lastDay(l ir.Limit, day int64) int64 {
	switch {
	case l.Never:
		return never
	case l.Span != nil:
		last, ok := calendar.AddSpanToDate(day, l.Span.N, l.Span.Unit)
		if !ok {
			return never
		}
		return last
	}
	periods := int64(1)
	if l.Next {
		periods = 2
	}
	end, ok := calendar.AddSpanToDate(calendar.PeriodStart(day, l.Unit, k.prog.WeekStart), periods, l.Unit)
	if !ok {
		return never
	}
	return end - 1
}

// newLot makes a lot, pending or active.
func (a *Account) newLot(points int, what string, n, dated int64, cause Cause, rule string, wanted, expires int64) {
	p := a.k.prog.Points[points]
	day := a.k.prog.Zone.DateOf(dated)
	f := a.entry(points, what, a.stamp(), dated, cause, rule).number(ir.FactWanted, wanted)
	lot := f.fields[a.k.layouts[p.Facts][ir.FactLot]].I
	if expires != never {
		f.date(ir.FactExpires, expires)
	}
	if what == whatEarn && p.Pending != nil {
		if last, ok := calendar.AddSpanToDate(day, p.Pending.N, p.Pending.Unit); ok && last+1 > a.today() {
			a.add(f.number(ir.FactPending, n).date(ir.FactDue, last+1))
			return
		}
	}
	earned := n
	if what == whatAdjust {
		earned = 0
	}
	a.add(f.number(ir.FactActive, n).number(ir.FactEarned, earned))
	a.payOff(points, lot)
	if expires < a.today() {
		a.expireLot(points, lot)
	}
}

func (a *Account) today() int64 { return a.k.prog.Zone.DateOf(a.world.Now) }

// entry is an entry about a lot in the making.
func (a *Account) entry(points int, what string, lot, dated int64, cause Cause, rule string) *fact {
	p := a.k.prog.Points[points]
	return a.fact(p.Facts, what).number(ir.FactLot, lot).time(ir.FactDated, dated).text(ir.FactCause, cause.Kind).
		text(ir.FactCauseKey, cause.Key).text(ir.FactRule, rule)
}

// again is an entry about a lot that is there. It keeps the lot's date of expiry, by which what expires is summed.
func (a *Account) again(points int, what string, l Lot, cause Cause) *fact {
	f := a.entry(points, what, l.ID, l.Dated, cause, l.Rule)
	if l.ID != debt && l.Lapses() {
		f.date(ir.FactExpires, l.Expires)
	}
	return f
}

func (a *Account) lot(points int, id int64) (Lot, bool) {
	l := a.ledger(points)
	if i, ok := l.find(id); ok {
		return l.lots[i], true
	}
	return Lot{}, false
}

// payOff uses the active points of a lot to pay the debt off.
func (a *Account) payOff(points int, id int64) {
	owed, ok := a.lot(points, debt)
	if !ok || owed.Active >= 0 {
		return
	}
	l, _ := a.lot(points, id)
	n := min(l.Active, -owed.Active)
	if n <= 0 {
		return
	}
	a.add(a.again(points, whatPayOff, l, l.Cause).number(ir.FactActive, -n))
	a.add(a.entry(points, whatPayOff, debt, l.Dated, l.Cause, l.Rule).number(ir.FactActive, n).number(ir.FactFor, id))
}

// expireLot drops what is left of a lot.
func (a *Account) expireLot(points int, id int64) {
	l, ok := a.lot(points, id)
	if !ok || l.Active <= 0 && l.Pending <= 0 {
		return
	}
	a.add(a.again(points, whatExpire, l, l.Cause).number(ir.FactActive, -max(0, l.Active)).number(ir.FactPending, -max(0, l.Pending)))
}

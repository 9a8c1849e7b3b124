package loyalty

import (
	"slices"

	"github.com/muster-engine/muster/compiler/ir"
)

// Midnight does what is due on the local date of now: pending points become active, then lots whose last date is past
// expire, then codes of coupons.
func (a *Account) Midnight() {
	today := a.today()
	for i := range a.k.prog.Points {
		lots := a.Lots(i)
		slices.SortFunc(lots, byExpiry)
		for _, l := range lots {
			if l.ID == debt || l.Pending <= 0 || l.Due > today {
				continue
			}
			a.add(a.again(i, whatActivate, l, l.Cause).number(ir.FactPending, -l.Pending).number(ir.FactActive, l.Pending).
				number(ir.FactEarned, l.Pending))
			a.payOff(i, l.ID)
		}
		for _, l := range lots {
			if l.ID != debt && l.Expires < today {
				a.expireLot(i, l.ID)
			}
		}
	}
	a.DueCoupons()
}

// NextMidnight is the next local date on which [Account.Midnight] has something to do with points; false if there is none.
// For codes and cases see [Account.NextCoupons] and [Account.NextCases].
func (a *Account) NextMidnight() (date int64, ok bool) {
	date = never
	for i := range a.k.prog.Points {
		for _, l := range a.ledger(i).lots {
			if l.ID == debt {
				continue
			}
			if l.Pending > 0 {
				date = min(date, l.Due)
			}
			if (l.Active > 0 || l.Pending > 0) && l.Lapses() {
				date = min(date, l.Expires+1)
			}
		}
	}
	return date, date != never
}

// levelDebt gives back to the lots that paid the debt off what is more than was owed, the last that paid first.
func (a *Account) levelDebt(points int) {
	p, k := a.k.prog.Points[points], a.k
	owed, ok := a.lot(points, debt)
	if !ok || owed.Active <= 0 {
		return
	}
	more := owed.Active
	var paid []taking
	for _, e := range a.of(p.Facts) {
		if k.field(p.Facts, e, ir.FactWhat).S != whatPayOff || k.field(p.Facts, e, ir.FactLot).I != debt {
			continue
		}
		lot := k.field(p.Facts, e, ir.FactFor).I
		i := slices.IndexFunc(paid, func(t taking) bool { return t.lot == lot })
		if i < 0 {
			paid = append(paid, taking{lot: lot})
			i = len(paid) - 1
		}
		paid[i].n += k.field(p.Facts, e, ir.FactActive).I
	}
	for i := len(paid) - 1; i >= 0 && more > 0; i-- {
		n := min(more, paid[i].n)
		l, ok := a.lot(points, paid[i].lot)
		if n <= 0 || !ok {
			continue
		}
		a.add(a.entry(points, whatPayOff, debt, l.Dated, l.Cause, l.Rule).number(ir.FactActive, -n).number(ir.FactFor, l.ID))
		a.add(a.again(points, whatPayOff, l, l.Cause).number(ir.FactActive, n))
		if l.Expires < a.today() {
			a.expireLot(points, l.ID)
		}
		more -= n
	}
}

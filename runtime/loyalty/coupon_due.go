package loyalty

import "github.com/muster-engine/muster/compiler/ir"

// DueCoupons does what is due with the member's codes now: reservations lapse at their instants, and at midnights codes
// whose first day has come become usable and those whose last day has passed expire. [Account.Midnight] calls it; at the
// other instants of [Account.NextCoupons] it is called by itself.
func (a *Account) DueCoupons() {
	for i := range a.k.prog.Coupons {
		a.dueCodes(i)
	}
}

func (a *Account) dueCodes(coupon int) {
	today := a.today()
	for _, c := range a.Codes(coupon) {
		if c.State == CodeReserved && c.Until <= a.world.Now {
			a.add(a.about(c, whatLapse, Cause{whatReserve, c.Reservation}).number(ir.FactHeld, 1))
			c.State = CodeUsable
		}
		if c.State == CodeWaiting && c.Terms.From != nil && *c.Terms.From <= today {
			a.add(a.about(c, whatBegin, c.Cause).number(ir.FactHeld, 1))
			c.State = CodeUsable
		}
		if c.State == CodeUsable && c.Expires < today {
			a.add(a.about(c, whatExpire, c.Cause).number(ir.FactHeld, -1))
		}
	}
}

// NextCoupons is the next instant at which [Account.DueCoupons] has something to do; false if there is none.
func (a *Account) NextCoupons() (at int64, ok bool) {
	at = never
	zone := a.k.prog.Zone
	for i := range a.k.prog.Coupons {
		for _, c := range a.Codes(i) {
			switch {
			case c.State == CodeReserved:
				at = min(at, c.Until)
			case c.State == CodeWaiting && c.Terms.From != nil:
				at = min(at, zone.Midnight(*c.Terms.From))
			case c.State == CodeUsable && c.Lapses():
				at = min(at, zone.Midnight(c.Expires+1))
			}
		}
	}
	return at, at != never
}

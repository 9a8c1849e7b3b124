package loyalty

import (
	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/compiler/ir"
)

// Purchase is what a code is used for.
type Purchase struct {
	// Amount is what is to be paid before anything is taken off, in minor units; nil if that is not known.
	Amount *int64
	// Reservation is the key under which the code was reserved for this purchase; "" if it was not.
	Reservation string
}

// Check reports what a code would take off a purchase now, or the [Refusal] that says why it cannot be used.
func (a *Account) Check(coupon int, code string, p Purchase) (Answer, error) {
	c, err := a.present(coupon, code)
	if err != nil {
		return Answer{}, err
	}
	worth, err := a.k.worth(c, p)
	if err != nil {
		return Answer{}, err
	}
	return Answer{Coupon: a.k.prog.Coupons[coupon].Name, Code: code, Done: "check", At: a.world.Now, Terms: c.Terms, Expires: c.Expires, Amount: p.amount(), Worth: worth}, nil
}

func (p Purchase) amount() int64 {
	if p.Amount == nil {
		return 0
	}
	return *p.Amount
}

// worth is what a code takes off a purchase.
func (k *Keeper) worth(c Code, p Purchase) (int64, error) {
	if r := k.unusable(c, p.Reservation); r != nil {
		return 0, r
	}
	switch {
	case p.Amount == nil && c.Terms.asksAmount():
		return 0, refuse(WhyNoAmount, "say how much the purchase is: this code depends on it")
	case p.Amount != nil && *p.Amount < c.Terms.MinSpend:
		return 0, refuse(WhyMinSpend, "the purchase must be at least %s, and is %s", k.amountText(c.Terms.MinSpend), k.amountText(*p.Amount))
	}
	return c.Terms.Worth(p.amount()), nil
}

// unusable says why a code can be used no more or not yet; nil if it can be, by whoever has the reservation if there is one.
func (k *Keeper) unusable(c Code, reservation string) error {
	switch c.State {
	case CodeWaiting:
		return refuse(WhyTooEarly, "this code can be used from %s on", dateText(*c.Terms.From))
	case CodeUsed:
		return refuse(WhyUsed, "this code was used on %s", k.instantText(c.Used))
	case CodeVoid:
		return refuse(WhyVoid, "this code was taken back")
	case CodeExpired:
		return refuse(WhyExpired, "this code could be used up to %s", dateText(c.Expires))
	case CodeReserved:
		if reservation == "" || c.Reservation != reservation {
			return refuse(WhyReserved, "this code is reserved for another purchase until %s", k.instantText(c.Until))
		}
	}
	return nil
}

// present is a code of the member as it is now, after what is due.
func (a *Account) present(coupon int, code string) (Code, error) {
	a.dueCodes(coupon)
	c, ok := a.find(coupon, code)
	if !ok {
		return c, refuse(WhyNoCode, "the member has no such code of `%s`", a.k.prog.Coupons[coupon].Name)
	}
	return c, nil
}

// Use uses a code for a purchase. A reserved one is used by whoever names its reservation.
func (a *Account) Use(coupon int, code string, p Purchase, cause Cause) (Answer, error) {
	if answer, ok := a.answered(coupon, code, whatUse, cause); ok {
		if answer.Amount != p.amount() {
			return Answer{}, refuse(WhyOtherKey, "with this key the code was used for a purchase of %s, not %s", a.k.amountText(answer.Amount), a.k.amountText(p.amount()))
		}
		return answer, nil
	}
	c, err := a.present(coupon, code)
	if err != nil {
		return Answer{}, err
	}
	worth, err := a.k.worth(c, p)
	if err != nil {
		return Answer{}, err
	}
	f := a.about(c, whatUse, cause).number(ir.FactUsed, 1).number(ir.FactAmount, p.amount()).number(ir.FactWorth, worth)
	if c.State == CodeUsable {
		f.number(ir.FactHeld, -1)
	}
	a.add(f)
	return a.k.answer(coupon, c, a.added[len(a.added)-1].Event), nil
}

// ReturnCode takes a use back: the code is usable again, unless its last day has passed meanwhile. The price that was paid
// for the code stays paid; see [Account.Void].
func (a *Account) ReturnCode(coupon int, code string, cause Cause) (Answer, error) {
	if answer, ok := a.answered(coupon, code, whatReturn, cause); ok {
		return answer, nil
	}
	c, err := a.present(coupon, code)
	if err != nil {
		return Answer{}, err
	}
	if c.State != CodeUsed {
		return Answer{}, refuse(WhyNotUsed, "this code is %s: there is no use to take back", c.State)
	}
	a.add(a.about(c, whatReturn, cause).time(ir.FactDated, c.Used).number(ir.FactUsed, -1).number(ir.FactHeld, 1).
		number(ir.FactAmount, -c.Amount).number(ir.FactWorth, -c.Worth))
	done := a.added[len(a.added)-1].Event
	a.dueCodes(coupon)
	return a.k.answer(coupon, c, done), nil
}

// Reserve keeps a code for a purchase for a time, in microseconds: until then nobody uses it but who names the
// reservation, which is the key of the cause. It ends by itself, at the latest when the code expires.
func (a *Account) Reserve(coupon int, code string, span int64, cause Cause) (Answer, error) {
	if answer, ok := a.answered(coupon, code, whatReserve, cause); ok {
		return answer, nil
	}
	if span <= 0 || cause.Key == "" {
		return Answer{}, refuse(WhySpan, "a reservation needs a key and a time for which it holds")
	}
	c, err := a.present(coupon, code)
	if err != nil {
		return Answer{}, err
	}
	if err := a.k.unusable(c, ""); err != nil {
		return Answer{}, err
	}
	until := int64(calendar.Latest)
	if span < calendar.Latest-a.world.Now {
		until = a.world.Now + span
	}
	if c.Lapses() {
		until = min(until, a.k.prog.Zone.Midnight(c.Expires+1))
	}
	a.add(a.about(c, whatReserve, cause).number(ir.FactHeld, -1).time(ir.FactUntil, until))
	return a.k.answer(coupon, c, a.added[len(a.added)-1].Event), nil
}

// Release gives a reservation up before it ends.
func (a *Account) Release(coupon int, code, reservation string, cause Cause) (Answer, error) {
	if answer, ok := a.answered(coupon, code, whatRelease, cause); ok {
		return answer, nil
	}
	c, err := a.present(coupon, code)
	if err != nil {
		return Answer{}, err
	}
	switch {
	case c.State != CodeReserved:
		return Answer{}, refuse(WhyNotReserved, "this code is %s: there is no reservation to give up", c.State)
	case c.Reservation != reservation:
		return Answer{}, a.k.unusable(c, reservation)
	}
	a.add(a.about(c, whatRelease, cause).number(ir.FactHeld, 1))
	return a.k.answer(coupon, c, a.added[len(a.added)-1].Event), nil
}

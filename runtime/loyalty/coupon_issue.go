package loyalty

import (
	"errors"
	"fmt"

	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
)

// Supply is what coupons need from beyond the member.
type Supply struct {
	// Take takes a piece of a coupon's stock, and returns false if none is left; Give gives one back. They are called for
	// every code that is issued or made void, whether or not the rules limit the stock: the stock in use is the number of
	// codes that are issued and not void. Nil stands for no end of it.
	Take func(coupon int) bool
	Give func(coupon int)
	// Code makes a code that nobody has, as [NewCode] does.
	Code func() (string, error)
}

func (s Supply) take(coupon int) bool { return s.Take == nil || s.Take(coupon) }

func (s Supply) give(coupon int) {
	if s.Give != nil {
		s.Give(coupon)
	}
}

// Answer is what was done with a code. The same request gets the same answer again, however often it is made.
type Answer struct {
	Coupon string // its name
	Code   string
	Done   string // issue, use, return, void, reserve or release
	At     int64
	Terms  Terms // of the code
	// Expires is the last local date on which the code can be used.
	Expires int64
	// Of a use and its return: the purchase and what is taken off it.
	Amount, Worth int64
	// Of a reservation: when it ends.
	Until int64
	// Again says that this is the answer to a request that was carried out before; nothing was done now.
	Again bool
}

// Lapses reports whether the code ever expires.
func (a Answer) Lapses() bool { return a.Expires != never }

// Issue gives the member a code of a coupon. The cause names the request: one with the same cause gets the same code.
func (a *Account) Issue(coupon int, cause Cause, s Supply) (Answer, error) {
	c := a.k.prog.Coupons[coupon]
	if answer, ok := a.answered(coupon, "", whatIssue, cause); ok {
		return answer, nil
	}
	if err := a.CheckIssue(coupon); err != nil {
		return Answer{}, err
	}
	if !s.take(coupon) {
		return Answer{}, refuse(WhySoldOut, "there are none of `%s` left", c.Name)
	}
	text, err := s.Code()
	if err != nil {
		s.give(coupon)
		return Answer{}, err
	}
	if c.PriceIn >= 0 {
		if err := a.Spend(c.PriceIn, c.Price, priceKey(text)); err != nil {
			s.give(coupon)
			return Answer{}, fmt.Errorf("paying for a code of `%s`: %w", c.Name, err)
		}
	}
	terms, today := TermsOf(a.k.prog, c), a.today()
	f := a.fact(c.Facts, whatIssue).time(ir.FactDated, a.world.Now).text(ir.FactCause, cause.Kind).text(ir.FactCauseKey, cause.Key).
		text(ir.FactRule, c.Name).text(ir.FactCode, text).text(ir.FactTerms, terms.text()).number(ir.FactIssued, 1)
	if last := a.k.lastUse(c, today); last != never {
		f.date(ir.FactExpires, last)
	}
	if terms.From == nil || *terms.From <= today {
		f.number(ir.FactHeld, 1)
	}
	a.add(f)
	return a.k.answer(coupon, Code{Code: text, Terms: terms}, a.added[len(a.added)-1].Event), nil
}

// priceKey names the spending that pays for a code.
func priceKey(code string) string { return "coupon " + code }

// lastUse is the last date on which a code that is issued on a day can be used.
func (k *Keeper) lastUse(c *ir.Coupon, day int64) int64 {
	if c.Dates != nil {
		return c.Dates.To
	}
	return k.lastDay(c.Valid, day)
}

// CheckIssue reports what stands against giving the member a code of a coupon, but for the stock: a [Refusal], or nil.
func (a *Account) CheckIssue(coupon int) error {
	c, now := a.k.prog.Coupons[coupon], a.world.Now
	if last := a.k.lastUse(c, a.today()); last < a.today() {
		return refuse(WhyEnded, "`%s` could be used up to %s", c.Name, dateText(last))
	}
	if ok, err := a.eligible(c); err != nil {
		return err
	} else if !ok {
		return refuse(WhyNotFor, "`%s` is not for this member: what its `when` asks does not hold", c.Name)
	}
	var codes []Code
	if len(c.Caps) > 0 {
		codes = a.Codes(coupon)
	}
	for _, limit := range c.Caps {
		var had int64
		in := a.k.period(limit, now)
		for _, code := range codes {
			if code.State != CodeVoid && in.has(code.Issued) {
				had++
			}
		}
		if had >= limit.N {
			return refuse(WhyAtMost, "a member gets at most %d of `%s`%s, and this one has had %d", limit.N, c.Name, perText(limit), had)
		}
	}
	if c.PriceIn >= 0 {
		if there, _ := a.Balance(c.PriceIn); there < c.Price {
			return refuse(WhyPoints, "`%s` costs %d %s, and there are %d", c.Name, c.Price, a.k.prog.Points[c.PriceIn].Name, max(0, there))
		}
	}
	return nil
}

func (a *Account) eligible(c *ir.Coupon) (bool, error) {
	if c.When == nil {
		return true, nil
	}
	v, err := a.k.eval.Value(a.world, a.member(), c.When)
	return v.True(), err
}

// perText is the period of a cap in the words of the language.
func perText(c ir.Cap) string {
	switch {
	case c.Span != nil && c.Span.N != 1:
		return fmt.Sprintf(" per %d %ss", c.Span.N, c.Span.Unit)
	case c.Span != nil:
		return fmt.Sprintf(" per 1 %s", c.Span.Unit)
	case c.Unit != "":
		return " per " + string(c.Unit)
	}
	return ""
}

// Void takes a code back that has not been used: it counts as issued no more, neither for limits nor for the stock, and
// the price that was paid for it is returned.
func (a *Account) Void(coupon int, code string, cause Cause, s Supply) (Answer, error) {
	if answer, ok := a.answered(coupon, code, whatVoid, cause); ok {
		return answer, nil
	}
	c, err := a.present(coupon, code)
	if err != nil {
		return Answer{}, err
	}
	switch c.State {
	case CodeVoid:
		return Answer{}, a.k.unusable(c, "")
	case CodeUsed:
		return Answer{}, refuse(WhyUsed, "this code was used on %s: return it first", a.k.instantText(c.Used))
	case CodeExpired:
		return Answer{}, a.k.unusable(c, "")
	}
	f := a.about(c, whatVoid, cause).time(ir.FactDated, c.Issued).number(ir.FactIssued, -1)
	if c.State == CodeUsable {
		f.number(ir.FactHeld, -1)
	}
	a.add(f)
	done := a.added[len(a.added)-1].Event
	s.give(coupon)
	for i, p := range a.k.prog.Points {
		if p.Name == c.Terms.Points && c.Terms.Price > 0 {
			if err := a.Return(i, c.Terms.Price, priceKey(code), ""); err != nil && !errors.Is(err, ErrUnspent) {
				return Answer{}, err
			}
		}
	}
	return a.k.answer(coupon, c, done), nil
}

// answered finds the answer to a request that was carried out before: what was done with a code, or with any ("").
func (a *Account) answered(coupon int, code, what string, cause Cause) (Answer, bool) {
	if cause.Key == "" {
		return Answer{}, false
	}
	facts, k := a.k.prog.Coupons[coupon].Facts, a.k
	for _, e := range a.of(facts) {
		text := func(name string) string { return k.field(facts, e, name).S }
		if text(ir.FactWhat) == what && text(ir.FactCauseKey) == cause.Key && text(ir.FactCause) == cause.Kind && (code == "" || text(ir.FactCode) == code) {
			c, _ := a.find(coupon, text(ir.FactCode))
			answer := k.answer(coupon, c, e)
			answer.Again = true
			return answer, true
		}
	}
	return Answer{}, false
}

// answer is what a fact says that was done.
func (k *Keeper) answer(coupon int, c Code, e exprplan.Event) Answer {
	facts := k.prog.Coupons[coupon].Facts
	out := Answer{
		Coupon: k.prog.Coupons[coupon].Name, Code: c.Code, Terms: c.Terms, Expires: never, At: e.At, Done: k.field(facts, e, ir.FactWhat).S,
		Amount: k.field(facts, e, ir.FactAmount).I, Worth: k.field(facts, e, ir.FactWorth).I, Until: k.field(facts, e, ir.FactUntil).I,
	}
	if v := k.field(facts, e, ir.FactExpires); v.Known {
		out.Expires = v.I
	}
	if out.Done == whatReturn {
		out.Amount, out.Worth = -out.Amount, -out.Worth
	}
	return out
}

// about is a fact about a code that there is. It keeps the date of expiry.
func (a *Account) about(c Code, what string, cause Cause) *fact {
	coupon := a.k.prog.Coupons[c.Coupon]
	f := a.fact(coupon.Facts, what).time(ir.FactDated, a.world.Now).text(ir.FactCause, cause.Kind).text(ir.FactCauseKey, cause.Key).
		text(ir.FactRule, coupon.Name).text(ir.FactCode, c.Code)
	if c.Lapses() {
		f.date(ir.FactExpires, c.Expires)
	}
	return f
}

package live

import (
	"errors"
	"fmt"
	"slices"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/loyalty"
)

// What is asked of coupons.
const (
	IssueCode   = "issue"
	CheckCode   = "check" // what using it would be answered; it changes nothing
	UseCode     = "use"
	ReturnCode  = "return"
	VoidCode    = "void"
	ReserveCode = "reserve"
	ReleaseCode = "release"
)

// CouponRequest is something that is asked of a coupon.
type CouponRequest struct {
	Do string
	// Coupon is the name of the coupon of which a code is issued; Code, as [loyalty.ReadCode] reads it, is what else is about.
	Coupon string `json:",omitempty"`
	Code   string `json:",omitempty"`
	// Key is the sender's own: the same request with it gets the same answer again.
	Key string `json:",omitempty"`
	// Amount is the purchase, in minor units, and Reservation the key under which the code was reserved for it, or which is
	// given up.
	Amount      *int64 `json:",omitempty"`
	Reservation string `json:",omitempty"`
	// Span is for how long a code is reserved, in microseconds.
	Span int64 `json:",omitempty"`
}

func (r *CouponRequest) cause() loyalty.Cause { return loyalty.Cause{Kind: "request", Key: r.Key} }

// of asks it of a member's account.
func (r *CouponRequest) of(a *loyalty.Account, coupon int, s loyalty.Supply) (loyalty.Answer, error) {
	purchase := loyalty.Purchase{Amount: r.Amount, Reservation: r.Reservation}
	switch r.Do {
	case IssueCode:
		return a.Issue(coupon, r.cause(), s)
	case CheckCode:
		return a.Check(coupon, r.Code, purchase)
	case UseCode:
		return a.Use(coupon, r.Code, purchase, r.cause())
	case ReturnCode:
		return a.ReturnCode(coupon, r.Code, r.cause())
	case VoidCode:
		return a.Void(coupon, r.Code, r.cause(), s)
	case ReserveCode:
		return a.Reserve(coupon, r.Code, r.Span, r.cause())
	case ReleaseCode:
		return a.Release(coupon, r.Code, r.Reservation, r.cause())
	}
	return loyalty.Answer{}, &loyalty.Refusal{Text: fmt.Sprintf("%q is nothing that is asked of a coupon", r.Do)}
}

// coupon carries a request out. It is tried on the side first, so that what is refused, or was done before, touches nobody.
func (g *group) coupon(in Input) (Outcome, error) {
	if g.replaying {
		return Outcome{Status: Accepted}, nil
	}
	number, reason := g.holder(in)
	if reason != nil {
		return refusal(0, reason)
	}
	if m := g.touched[number]; m != nil && m.wave >= g.ran || g.scarce(len(g.touched)) {
		if err := g.beforeOthers(); err != nil {
			return Outcome{}, err
		}
	}
	m, err := g.peek(number)
	if err != nil {
		return Outcome{}, err
	}
	var answer loyalty.Answer
	var coupon int
	err = steered(func() (err error) {
		a := g.engine.conductor.Keeper().Open(g.worldNow(), m.person(g.engine.prog, g.room()), func() int64 { return 0 })
		if coupon, err = couponIn(g.engine.prog, a, in.Coupon); err != nil {
			return err
		}
		dry := loyalty.Supply{
			Take: func(c int) bool { return g.left(g.engine.prog.Coupons[c]) },
			Code: func() (string, error) { return "", nil },
		}
		answer, err = in.Coupon.of(a, coupon, dry)
		return err
	})
	switch {
	case err != nil:
		return refusal(number, err)
	case answer.Again:
		return Outcome{Status: Duplicate, Member: number, Coupon: answer}, nil
	case in.Coupon.Do == CheckCode:
		return Outcome{Status: Answered, Member: number, Coupon: answer}, nil
	}
	if m, err = g.member(number); err != nil {
		return Outcome{}, err
	}
	t := g.turn(m, 0)
	err = steered(func() (err error) {
		answer, err = in.Coupon.of(t.Account(in.Coupon.cause()), coupon, g.supply())
		return err
	})
	if err != nil {
		return Outcome{}, err
	}
	if in.Coupon.Do == IssueCode {
		if g.dealt.codes == nil {
			g.dealt.codes = make(map[string]uint32)
		}
		g.dealt.codes[answer.Code] = number
	}
	return Outcome{Status: Accepted, Member: number, Coupon: answer}, nil
}

// refusal is the outcome of what cannot be done; an error that is none of a coupon's is a fault.
func refusal(number uint32, err error) (Outcome, error) {
	var r *loyalty.Refusal
	if !errors.As(err, &r) {
		return Outcome{}, err
	}
	return Outcome{Status: Rejected, Reason: r.Text, Refused: r.Reason, Member: number}, nil
}

// holder is the member whom a request is about.
func (g *group) holder(in Input) (uint32, error) {
	if in.Coupon.Do == IssueCode {
		number, reason := g.known(in.IDs)
		if reason != "" {
			return 0, &loyalty.Refusal{Text: reason}
		}
		return number, nil
	}
	if number, ok := g.dealt.codes[in.Coupon.Code]; ok {
		return number, nil
	}
	if number, ok := g.engine.tills.holder(in.Coupon.Code); ok {
		return g.survivor(number)
	}
	return 0, &loyalty.Refusal{Reason: loyalty.WhyNoCode, Text: "nobody has this code"}
}

// couponIn is the coupon that a request is about.
func couponIn(prog *ir.Program, a *loyalty.Account, r *CouponRequest) (int, error) {
	if r.Do != IssueCode {
		c, ok := a.Find(r.Code)
		if !ok {
			return 0, &loyalty.Refusal{Reason: loyalty.WhyNoCode, Text: "the rules have the coupon of this code no more"}
		}
		return c.Coupon, nil
	}
	i := slices.IndexFunc(prog.Coupons, func(c *ir.Coupon) bool { return c.Name == r.Coupon })
	if i < 0 {
		return 0, &loyalty.Refusal{Text: fmt.Sprintf("there is no coupon %q", r.Coupon)}
	}
	return i, nil
}

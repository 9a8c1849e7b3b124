package loyalty

import (
	"errors"
	"fmt"
)

// Reason says in one word, for programs, why something that was asked of a coupon is refused.
type Reason string

const (
	WhyNoCode      Reason = "no_code"      // the member has no such code
	WhyUsed        Reason = "used"         // it has been used
	WhyVoid        Reason = "void"         // it was taken back
	WhyExpired     Reason = "expired"      // its last day is past
	WhyTooEarly    Reason = "too_early"    // its first day has not come
	WhyReserved    Reason = "reserved"     // it is reserved for another purchase
	WhyNotUsed     Reason = "not_used"     // there is no use to take back
	WhyNotReserved Reason = "not_reserved" // there is no reservation to give up
	WhyMinSpend    Reason = "min_spend"    // the purchase is too small
	WhyNoAmount    Reason = "no_amount"    // it is not said how much the purchase is
	WhyNotFor      Reason = "not_for"      // the coupon is not for this member
	WhyAtMost      Reason = "at_most"      // the member has had as many as a member may have
	WhySoldOut     Reason = "sold_out"     // there are none left
	WhyPoints      Reason = "points"       // the member cannot pay the price
	WhyEnded       Reason = "ended"        // no code that is issued now could be used
	WhyOtherKey    Reason = "other_key"    // the key belongs to another request
	WhySpan        Reason = "span"         // a reservation of no time
)

// Refusal is the answer to what cannot be done with a coupon. It is an answer, not a fault: nothing has changed.
type Refusal struct {
	Reason Reason
	Text   string // for people
}

func (r *Refusal) Error() string { return r.Text }

// Is makes two refusals for one reason the same to errors.Is.
func (r *Refusal) Is(target error) bool {
	var other *Refusal
	return errors.As(target, &other) && other.Reason == r.Reason
}

func refuse(why Reason, format string, args ...any) *Refusal {
	return &Refusal{why, fmt.Sprintf(format, args...)}
}

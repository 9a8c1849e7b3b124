package loyalty

import (
	"encoding/json"
	"math/big"
	"slices"
	"time"

	"github.com/muster-engine/muster/compiler/decimal"
	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
)

// Terms are what a code is worth and when it may be used, fixed when it is issued: no later edit of the rules changes them.
// Amounts are in minor units.
type Terms struct {
	Off      int64  `json:"off,omitempty"`
	Percent  string `json:"percent,omitempty"` // a fraction, such as 0.125
	UpTo     *int64 `json:"up_to,omitempty"`
	Gift     string `json:"gift,omitempty"`
	MinSpend int64  `json:"min_spend,omitempty"`
	From     *int64 `json:"from,omitempty"` // the first local date, in days since 1970; nil from the issue on
	Price    int64  `json:"price,omitempty"`
	Points   string `json:"points,omitempty"` // of which the price was paid
}

// CodeState is what can be done with a code.
type CodeState string

const (
	CodeWaiting  CodeState = "waiting" // its first day has not come
	CodeUsable   CodeState = "usable"
	CodeReserved CodeState = "reserved"
	CodeUsed     CodeState = "used"
	CodeExpired  CodeState = "expired"
	CodeVoid     CodeState = "void"
)

// Code is one code of a coupon as it is now.
type Code struct {
	Coupon  int // of Program.Coupons
	Code    string
	State   CodeState
	Terms   Terms
	Issued  int64 // when
	Expires int64 // the last local date on which it can be used
	Cause   Cause // of the issue

	// Of a reservation: its key and when it ends.
	Reservation string
	Until       int64
	// Of a use: when, for what purchase, and what was taken off it.
	Used, Amount, Worth int64
}

// Lapses reports whether the code ever expires.
func (c Code) Lapses() bool { return c.Expires != never }

// What a fact about a code says.
const (
	whatIssue   = "issue"
	whatBegin   = "begin" // its first day has come
	whatReserve = "reserve"
	whatRelease = "release"
	whatLapse   = "lapse" // of a reservation
	whatUse     = "use"
	whatVoid    = "void"
	// Also whatReturn and whatExpire.
)

// Codes returns the codes of a coupon that the member has or had, in the order of their issue.
func (a *Account) Codes(coupon int) []Code {
	c, k := a.k.prog.Coupons[coupon], a.k
	byCode := map[string]int{}
	var out []Code
	for _, e := range a.of(c.Facts) {
		text := k.field(c.Facts, e, ir.FactCode).S
		i, there := byCode[text]
		if !there {
			i = len(out)
			byCode[text] = i
			out = append(out, Code{Coupon: coupon, Code: text, Expires: never})
		}
		k.apply(&out[i], c.Facts, e)
	}
	return out
}

// apply lets a fact about a code take effect.
func (k *Keeper) apply(c *Code, facts int, e exprplan.Event) {
	number := func(name string) int64 { return k.field(facts, e, name).I }
	text := func(name string) string { return k.field(facts, e, name).S }
	switch text(ir.FactWhat) {
	case whatIssue:
		c.State, c.Issued = CodeUsable, number(ir.FactDated)
		c.Terms = readTerms(text(ir.FactTerms))
		if number(ir.FactHeld) == 0 {
			c.State = CodeWaiting
		}
		if v := k.field(facts, e, ir.FactExpires); v.Known {
			c.Expires = v.I
		}
		c.Cause = Cause{text(ir.FactCause), text(ir.FactCauseKey)}
	case whatBegin, whatRelease, whatLapse:
		c.State, c.Reservation, c.Until = CodeUsable, "", 0
	case whatReserve:
		c.State, c.Reservation, c.Until = CodeReserved, text(ir.FactCauseKey), number(ir.FactUntil)
	case whatUse:
		c.State, c.Reservation, c.Until = CodeUsed, "", 0
		c.Used, c.Amount, c.Worth = number(ir.FactDated), number(ir.FactAmount), number(ir.FactWorth)
	case whatReturn:
		c.State, c.Used, c.Amount, c.Worth = CodeUsable, 0, 0, 0
	case whatExpire:
		c.State, c.Reservation, c.Until = CodeExpired, "", 0
	case whatVoid:
		c.State, c.Reservation, c.Until = CodeVoid, "", 0
	}
}

// Find returns a code of the member, of whatever coupon.
func (a *Account) Find(code string) (Code, bool) {
	for i := range a.k.prog.Coupons {
		if c, ok := a.find(i, code); ok {
			return c, true
		}
	}
	return Code{}, false
}

func (a *Account) find(coupon int, code string) (Code, bool) {
	all := a.Codes(coupon)
	i := slices.IndexFunc(all, func(c Code) bool { return c.Code == code })
	if i < 0 {
		return Code{}, false
	}
	return all[i], true
}

// TermsOf are the terms of codes that are issued now.
func TermsOf(p *ir.Program, c *ir.Coupon) Terms {
	t := Terms{Off: c.Off, UpTo: c.UpTo, Gift: c.Gift, MinSpend: c.MinSpend}
	if c.IsPercent {
		t.Percent = c.Percent.Text(p.Digits)
	}
	if c.Dates != nil {
		t.From = &c.Dates.From
	}
	if c.PriceIn >= 0 {
		t.Price, t.Points = c.Price, p.Points[c.PriceIn].Name
	}
	return t
}

// text is the terms as facts keep them.
func (t Terms) text() string {
	b, _ := json.Marshal(t)
	return string(b)
}

// readTerms reads what text has written.
func readTerms(text string) (t Terms) {
	_ = json.Unmarshal([]byte(text), &t)
	return t
}

// Worth is what a code takes off a purchase: exact, rounded to the minor unit half away from zero, and never more than the
// purchase. A gift takes nothing off.
func (t Terms) Worth(amount int64) int64 {
	off := t.Off
	if percent, ok := new(big.Rat).SetString(t.Percent); ok {
		share := percent.Mul(percent, new(big.Rat).SetInt64(max(0, amount)))
		share.Add(share, big.NewRat(1, 2)) // it is not below zero, so this and rounding down rounds half away from it
		off = new(big.Int).Quo(share.Num(), share.Denom()).Int64()
		if t.UpTo != nil {
			off = min(off, *t.UpTo)
		}
	}
	return max(0, min(off, amount))
}

// asksAmount reports whether it matters how much a purchase is.
func (t Terms) asksAmount() bool { return t.Gift == "" || t.MinSpend > 0 }

// Thread returns what the facts of a type that belong together have in common, and no others of the member do: the code of
// a coupon, the ticket of a case, "" for facts of other kinds. Whoever parts the facts of a member keeps a thread whole.
func (k *Keeper) Thread(event int, e exprplan.Event) string {
	switch k.prog.Events[event].Facts {
	case ir.CouponFacts:
		return k.field(event, e, ir.FactCode).S
	case ir.CaseFacts:
		return k.field(event, e, ir.FactTicket).S
	}
	return ""
}

// amountText is an amount for people.
func (k *Keeper) amountText(minor int64) string {
	return decimal.FromMinor(minor).Text(k.prog.Digits) + " " + k.prog.Currency
}

// instantText is an instant for people, to the minute.
func (k *Keeper) instantText(t int64) string {
	return time.UnixMicro(t).In(k.prog.Zone.Location()).Format("2006-01-02 at 15:04")
}

// dateText is a local date for people.
func dateText(d int64) string { return time.Unix(d*86_400, 0).UTC().Format(time.DateOnly) }

package loyalty_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/muster-engine/muster/runtime/loyalty"
)

const coupons = `
points stars { start 2026-01-01  expire never  earn shopping on order { give floor(amount) } }
coupon back100 { off 100  min_spend 500  valid 3 days  stock 3  at most 2 per 10 days }
coupon eighth  { off 12.5% up to 30  valid 2026-03-05 to 2026-03-08  price 100 stars }
coupon cup     { gift "a cup"  valid 1 month  when vip }
`

// The places of the coupons above.
const (
	back100 = iota
	eighth
	cup
)

const minute = int64(60_000_000)

// till is where codes and stock come from.
type till struct {
	random numbers
	left   map[int]int
	none   bool // no code can be made
}

func (s *till) supply() loyalty.Supply {
	return loyalty.Supply{
		Take: func(c int) bool {
			if n, limited := s.left[c]; limited && n == 0 {
				return false
			}
			s.left[c]--
			return true
		},
		Give: func(c int) { s.left[c]++ },
		Code: func() (string, error) {
			if s.none {
				return "", errors.New("no random numbers")
			}
			return loyalty.NewCode(&s.random)
		},
	}
}

func newTill() *till { return &till{left: map[int]int{back100: 3, eighth: 1000, cup: 1000}} }

// shopper is a person with a till.
type shopper struct {
	*person
	till *till
}

func newShopper(t *testing.T, today string) *shopper {
	return &shopper{newPerson(t, compile(t, coupons), today), newTill()}
}

func request(key string) loyalty.Cause { return loyalty.Cause{Kind: "request", Key: key} }

func (p *shopper) act(f func(a *loyalty.Account) (loyalty.Answer, error)) (out loyalty.Answer, err error) {
	_ = p.do(func(a *loyalty.Account) error { out, err = f(a); return err })
	return out, err
}

func (p *shopper) issue(coupon int, key string) (loyalty.Answer, error) {
	return p.act(func(a *loyalty.Account) (loyalty.Answer, error) {
		return a.Issue(coupon, request(key), p.till.supply())
	})
}

func (p *shopper) use(coupon int, code string, amount int64, key, reservation string) (loyalty.Answer, error) {
	return p.act(func(a *loyalty.Account) (loyalty.Answer, error) {
		return a.Use(coupon, code, loyalty.Purchase{Amount: &amount, Reservation: reservation}, request(key))
	})
}

func (p *shopper) void(coupon int, code, key string) (loyalty.Answer, error) {
	return p.act(func(a *loyalty.Account) (loyalty.Answer, error) {
		return a.Void(coupon, code, request(key), p.till.supply())
	})
}

func (p *shopper) giveBack(coupon int, code, key string) (loyalty.Answer, error) {
	return p.act(func(a *loyalty.Account) (loyalty.Answer, error) { return a.ReturnCode(coupon, code, request(key)) })
}

func (p *shopper) reserve(coupon int, code string, span int64, key string) (loyalty.Answer, error) {
	return p.act(func(a *loyalty.Account) (loyalty.Answer, error) { return a.Reserve(coupon, code, span, request(key)) })
}

func (p *shopper) release(coupon int, code, reservation, key string) (loyalty.Answer, error) {
	return p.act(func(a *loyalty.Account) (loyalty.Answer, error) {
		return a.Release(coupon, code, reservation, request(key))
	})
}

// step moves the clock through every instant at which something is due.
func (p *person) step(to int64) {
	p.t.Helper()
	for {
		next := p.prog.Zone.NextDateChange(p.now)
		a := p.open()
		for _, due := range []func() (int64, bool){a.NextCoupons, a.NextCases} {
			if at, ok := due(); ok {
				if at <= p.now {
					p.t.Fatalf("at %d something is due since %d", p.now, at)
				}
				next = min(next, at)
			}
		}
		if next > to {
			break
		}
		p.now = next
		_ = p.do(func(a *loyalty.Account) error { a.Midnight(); a.DueCases(); return nil })
	}
	p.now = to
}

func must(t *testing.T) func(loyalty.Answer, error) loyalty.Answer {
	return func(a loyalty.Answer, err error) loyalty.Answer {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
}

// refused holds an error to a reason and a text.
func refused(t *testing.T, err error, why loyalty.Reason, text string) {
	t.Helper()
	var r *loyalty.Refusal
	if !errors.As(err, &r) || r.Reason != why || r.Text != text {
		t.Errorf("got %v (%+v), want %s: %s", err, r, why, text)
	}
}

func TestLifeOfACode(t *testing.T) {
	ok := must(t)
	p := newShopper(t, "2026-03-01")
	p.expect("back100", "false", "issued(back100)", "0")
	first := ok(p.issue(back100, "I1"))
	if again := ok(p.issue(back100, "I1")); again.Code != first.Code || !again.Again || again.At != first.At {
		t.Errorf("the same request gets %+v, then %+v", first, again)
	}
	p.expect("back100", "true", "issued(back100)", "1", "used(back100)", "0")
	_, err := p.use(back100, first.Code, 49_999, "U1", "")
	refused(t, err, loyalty.WhyMinSpend, "the purchase must be at least 500.00 CNY, and is 499.99 CNY")
	_, err = p.act(func(a *loyalty.Account) (loyalty.Answer, error) {
		return a.Check(back100, first.Code, loyalty.Purchase{})
	})
	refused(t, err, loyalty.WhyNoAmount, "say how much the purchase is: this code depends on it")
	used := ok(p.use(back100, first.Code, 50_000, "U1", ""))
	if used.Worth != 10_000 || used.Amount != 50_000 {
		t.Errorf("%+v", used)
	}
	p.expect("back100", "false", "issued(back100)", "1", "used(back100)", "1")
	p.now += minute
	if again := ok(p.use(back100, first.Code, 50_000, "U1", "")); again.Worth != 10_000 || again.At != used.At || !again.Again {
		t.Errorf("%+v", again)
	}
	_, err = p.use(back100, first.Code, 60_000, "U1", "")
	refused(t, err, loyalty.WhyOtherKey, "with this key the code was used for a purchase of 500.00 CNY, not 600.00 CNY")
	_, err = p.use(back100, first.Code, 50_000, "U2", "")
	refused(t, err, loyalty.WhyUsed, "this code was used on 2026-03-01 at 00:00")
	_, err = p.void(back100, first.Code, "V1")
	refused(t, err, loyalty.WhyUsed, "this code was used on 2026-03-01 at 00:00: return it first")
	if back := ok(p.giveBack(back100, first.Code, "R1")); back.Amount != 50_000 || back.Worth != 10_000 {
		t.Errorf("%+v", back)
	}
	p.expect("back100", "true", "used(back100)", "0", "used(back100) in last 1 day", "0")
	_, err = p.giveBack(back100, first.Code, "R2")
	refused(t, err, loyalty.WhyNotUsed, "this code is usable: there is no use to take back")
	ok(p.void(back100, first.Code, "V2"))
	p.expect("back100", "false", "issued(back100)", "0")
	_, err = p.use(back100, first.Code, 50_000, "U3", "")
	refused(t, err, loyalty.WhyVoid, "this code was taken back")
	_, err = p.use(back100, "0000000000000000", 50_000, "U3", "")
	refused(t, err, loyalty.WhyNoCode, "the member has no such code of `back100`")
	if p.till.left[back100] != 3 {
		t.Errorf("%d left", p.till.left[back100])
	}
}

func TestLimitsAndStock(t *testing.T) {
	ok := must(t)
	p := newShopper(t, "2026-03-01")
	ok(p.issue(back100, "1"))
	second := ok(p.issue(back100, "2"))
	_, err := p.issue(back100, "3")
	refused(t, err, loyalty.WhyAtMost, "a member gets at most 2 of `back100` per 10 days, and this one has had 2")
	ok(p.void(back100, second.Code, "V"))
	ok(p.issue(back100, "3"))
	p.step(at(t, p.prog, "2026-03-11")) // ten days ago is no longer in the last 10 days
	ok(p.issue(back100, "4"))
	_, err = p.issue(back100, "5")
	refused(t, err, loyalty.WhySoldOut, "there are none of `back100` left")
	_, err = p.issue(cup, "6")
	refused(t, err, loyalty.WhyNotFor, "`cup` is not for this member: what its `when` asks does not hold")
	p.vip = true
	p.till.none = true
	if _, err = p.issue(cup, "6"); err == nil || p.till.left[cup] != 1000 {
		t.Errorf("%v; %d left", err, p.till.left[cup])
	}
	p.till.none = false
	gift := ok(p.issue(cup, "6"))
	p.vip = false // who is eligible matters at the issue only
	used := ok(p.act(func(a *loyalty.Account) (loyalty.Answer, error) {
		return a.Use(cup, gift.Code, loyalty.Purchase{}, request("U"))
	}))
	if used.Terms.Gift != "a cup" || used.Worth != 0 {
		t.Errorf("%+v", used)
	}
}

func TestDaysOfACode(t *testing.T) {
	ok := must(t)
	p := newShopper(t, "2026-03-01T15:00")
	code := ok(p.issue(back100, "1"))
	p.step(at(t, p.prog, "2026-03-04T23:59:59")) // valid 3 days: through the 4th
	p.expect("back100", "true")
	p.step(p.now + 1_000_000)
	p.expect("back100", "false", "issued(back100)", "1")
	_, err := p.use(back100, code.Code, 50_000, "U", "")
	refused(t, err, loyalty.WhyExpired, "this code could be used up to 2026-03-04")
	_, err = p.void(back100, code.Code, "V")
	refused(t, err, loyalty.WhyExpired, "this code could be used up to 2026-03-04")

	// A use that is returned after the last day leaves nothing to use.
	other := ok(p.issue(back100, "2"))
	ok(p.use(back100, other.Code, 50_000, "U", ""))
	p.step(at(t, p.prog, "2026-03-20"))
	ok(p.giveBack(back100, other.Code, "R"))
	p.expect("back100", "false", "used(back100)", "0", "issued(back100)", "2")
	_, err = p.use(back100, other.Code, 50_000, "U2", "")
	refused(t, err, loyalty.WhyExpired, "this code could be used up to 2026-03-08")
}

func TestBetweenDatesAndPrice(t *testing.T) {
	ok := must(t)
	p := newShopper(t, "2026-03-01")
	p.send("order", p.now, 150_00, "O1")
	code := ok(p.issue(eighth, "1"))
	p.expect("balance(stars)", "50", "eighth", "false", "issued(eighth)", "1")
	_, err := p.issue(eighth, "2")
	refused(t, err, loyalty.WhyPoints, "`eighth` costs 100 stars, and there are 50")
	_, err = p.use(eighth, code.Code, 10_000, "U", "")
	refused(t, err, loyalty.WhyTooEarly, "this code can be used from 2026-03-05 on")
	ok(p.void(eighth, code.Code, "V"))
	p.expect("balance(stars)", "150", "issued(eighth)", "0", "spent(stars)", "0")
	code = ok(p.issue(eighth, "3"))
	p.step(at(t, p.prog, "2026-03-05"))
	p.expect("eighth", "true")
	if used := ok(p.use(eighth, code.Code, 10_004, "U", "")); used.Worth != 1251 { // 12.505
		t.Errorf("%+v", used)
	}
	ok(p.giveBack(eighth, code.Code, "R"))
	p.expect("balance(stars)", "50") // the member has the code again, and has paid for it
	if used := ok(p.use(eighth, code.Code, 100_000, "U2", "")); used.Worth != 3000 {
		t.Errorf("%+v", used)
	}
	p.step(at(t, p.prog, "2026-03-09"))
	p.send("order", p.now, 150_00, "O2")
	_, err = p.issue(eighth, "4")
	refused(t, err, loyalty.WhyEnded, "`eighth` could be used up to 2026-03-08")
}

func TestReservations(t *testing.T) {
	ok := must(t)
	p := newShopper(t, "2026-03-01T12:00")
	code := ok(p.issue(back100, "1")).Code
	held := ok(p.reserve(back100, code, 15*minute, "cart 7"))
	if again := ok(p.reserve(back100, code, 15*minute, "cart 7")); again.Until != held.Until || !again.Again {
		t.Errorf("%+v, then %+v", held, again)
	}
	p.expect("back100", "false", "issued(back100)", "1", "used(back100)", "0")
	_, err := p.use(back100, code, 50_000, "U", "")
	refused(t, err, loyalty.WhyReserved, "this code is reserved for another purchase until 2026-03-01 at 12:15")
	_, err = p.reserve(back100, code, minute, "cart 8")
	refused(t, err, loyalty.WhyReserved, "this code is reserved for another purchase until 2026-03-01 at 12:15")
	_, err = p.release(back100, code, "cart 8", "L")
	refused(t, err, loyalty.WhyReserved, "this code is reserved for another purchase until 2026-03-01 at 12:15")
	ok(p.release(back100, code, "cart 7", "L"))
	p.expect("back100", "true")
	_, err = p.release(back100, code, "cart 7", "L2")
	refused(t, err, loyalty.WhyNotReserved, "this code is usable: there is no reservation to give up")

	ok(p.reserve(back100, code, 15*minute, "cart 9"))
	p.step(p.now + 15*minute - 1)
	p.expect("back100", "false")
	p.step(p.now + 1)
	p.expect("back100", "true")
	ok(p.reserve(back100, code, 15*minute, "cart 10"))
	ok(p.use(back100, code, 50_000, "U", "cart 10"))
	p.expect("back100", "false", "used(back100)", "1")
	p.step(p.now + 60*minute)
	p.expect("back100", "false", "used(back100)", "1")

	// A reservation ends with the code.
	last := ok(p.issue(back100, "2")).Code
	p.step(at(t, p.prog, "2026-03-04T23:50"))
	if held := ok(p.reserve(back100, last, 60*minute, "cart 11")); held.Until != at(t, p.prog, "2026-03-05") {
		t.Errorf("%+v", held)
	}
	p.step(at(t, p.prog, "2026-03-05"))
	p.expect("back100", "false")
	_, err = p.use(back100, last, 50_000, "U2", "cart 11")
	refused(t, err, loyalty.WhyExpired, "this code could be used up to 2026-03-04")
	_, err = p.reserve(back100, last, 0, "cart 12")
	refused(t, err, loyalty.WhySpan, "a reservation needs a key and a time for which it holds")
}

// What a code is worth and how long it holds is fixed when it is issued.
func TestTermsAreFixed(t *testing.T) {
	ok := must(t)
	p := newShopper(t, "2026-03-01")
	code := ok(p.issue(back100, "1")).Code
	edited := newShopper(t, "2026-03-02")
	edited.person = newPerson(t, compile(t, strings.Replace(coupons, "off 100  min_spend 500  valid 3 days", "off 5  min_spend 900  valid 1 day", 1)), "2026-03-01")
	edited.events = p.events
	edited.step(at(t, p.prog, "2026-03-04"))
	if used := ok(edited.use(back100, code, 50_000, "U", "")); used.Worth != 10_000 {
		t.Errorf("%+v", used)
	}
}

func TestWorth(t *testing.T) {
	limit := func(n int64) *int64 { return &n }
	for _, c := range []struct {
		terms        loyalty.Terms
		amount, want int64
	}{
		{loyalty.Terms{Off: 10_000}, 50_000, 10_000},
		{loyalty.Terms{Off: 10_000}, 9_999, 9_999},
		{loyalty.Terms{Off: 10_000}, 0, 0},
		{loyalty.Terms{Percent: "0.1"}, 5, 1},
		{loyalty.Terms{Percent: "0.1"}, 4, 0},
		{loyalty.Terms{Percent: "0.33333333"}, 3_000_000_000_000_000, 999_999_990_000_000},
		{loyalty.Terms{Percent: "1"}, 12_345, 12_345},
		{loyalty.Terms{Percent: "0.00000149"}, 335_570, 0},     // 0.4999993: rounded once
		{loyalty.Terms{Percent: "0.00000001"}, 49_999_999, 0},  // 0.49999999
		{loyalty.Terms{Percent: "0.00000001"}, 50_000_000, 1},  // 0.5
		{loyalty.Terms{Percent: "1"}, 1<<63 - 1, 1<<63 - 1},    //
		{loyalty.Terms{Percent: "0.5", UpTo: limit(7)}, 20, 7}, //
		{loyalty.Terms{Percent: "0.5", UpTo: limit(7)}, 13, 7}, // 6.5 is 7
		{loyalty.Terms{Gift: "a cup"}, 1000, 0},
	} {
		if got := c.terms.Worth(c.amount); got != c.want {
			t.Errorf("%+v of %d takes %d off, want %d", c.terms, c.amount, got, c.want)
		}
	}
}

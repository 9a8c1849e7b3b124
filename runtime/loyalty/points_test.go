package loyalty_test

import (
	"errors"
	"maps"
	"testing"

	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/runtime/loyalty"
)

const stars = `
points stars {
  start 2026-01-01
  expire end of next year
  earn shopping on order { give floor(amount) * level.factor  at most 20_000 points per month }
  earn review on review { give 50  at most 3 times per month }
  boost double11 on order { factor 2  during 2026-11-01 to 2026-11-11 }
  boost vips on order { factor 1.5  when vip }
  reverse order on refund matching order_id by amount
}
tiers level {
  by earned(stars) in last 12 months
  tier "normal"           { factor 1 }
  tier "silver" from 1000 { factor 1.15 }
  tier "gold"   from 5000 { factor 1.5 }
  keep 12 months
}
`

func TestEarnAndBoost(t *testing.T) {
	p := newPerson(t, compile(t, stars), "2026-03-01")
	p.send("order", p.now, 12345, "O1")
	p.expect("balance(stars)", "123", "earned(stars) in this month", "123", "level", "normal")
	p.send("order", at(t, p.prog, "2025-12-31"), 99999, "O0")
	p.expect("balance(stars)", "123") // before the start
	p.vip = true
	p.send("order", p.now, 10100, "O2")
	p.expect("balance(stars)", "274") // 101 x 1.5 is 151.5, rounded down once
	p.now = at(t, p.prog, "2026-11-11T23:59")
	p.send("order", p.now, 10000, "O3")
	p.expect("balance(stars)", "474", "pending(stars)", "0") // the largest boost, not their product
}

// A tier's factor is an exact number: 100 x 1.15 is 115, which floating point would make 114.
func TestFactorsAreExact(t *testing.T) {
	p := newPerson(t, compile(t, stars), "2026-03-01")
	p.send("order", p.now, 100000, "O1")
	if err := p.do(func(a *loyalty.Account) error { return a.Measure(0, nil, loyalty.Cause{}) }); err != nil {
		t.Fatal(err)
	}
	p.expect("level", "silver")
	p.send("order", p.now, 10000, "O2")
	p.expect("balance(stars)", "1115")
}

func TestCaps(t *testing.T) {
	p := newPerson(t, compile(t, stars), "2026-03-01")
	for i := range 5 {
		p.send("review", p.now, 0, "R"+itoa(int64(i)))
	}
	p.expect("balance(stars)", "150") // times refuse
	p.send("order", p.now, 1_950_000, "O1")
	p.send("order", p.now, 100_000, "O2")
	p.expect("balance(stars)", "20150") // points cut
	p.send("order", p.now, 100_000, "O3")
	p.expect("balance(stars)", "20150")
	p.send("refund", p.now, 975_000, "F1", "O1") // caps count net of reversals
	p.send("order", p.now, 100_000, "O4")
	p.expect("balance(stars)", "11400")
	p.advance(at(t, p.prog, "2026-04-01"))
	p.send("review", p.now, 0, "R9")
	p.send("order", p.now, 100, "O5")
	p.expect("earned(stars) in this month", "51")
}

func TestPartialRefunds(t *testing.T) {
	p := newPerson(t, compile(t, stars), "2026-03-01")
	p.send("order", p.now, 10000, "O1")
	p.send("refund", p.now, 3333, "F1", "O1")
	p.expect("balance(stars)", "67") // 100 x 0.3333 is 33
	p.send("refund", p.now, 3333, "F2", "O1")
	p.expect("balance(stars)", "34") // of 66.66 in all, 66
	p.send("refund", p.now, 99999, "F3", "O1")
	p.expect("balance(stars)", "0", "earned(stars)", "0")
	p.send("refund", p.now, 100, "F4", "O1")
	p.expect("balance(stars)", "0")
}

// A refund that comes before its order waits for it, and the order of arrival does not show.
func TestRefundBeforeTheOrder(t *testing.T) {
	p := newPerson(t, compile(t, stars), "2026-03-01")
	p.send("refund", p.now, 2500, "F1", "O1")
	p.expect("balance(stars)", "0")
	p.send("order", p.now, 10000, "O1")
	p.expect("balance(stars)", "75")
}

func TestSpendingAndReturning(t *testing.T) {
	p := newPerson(t, compile(t, stars), "2026-03-01")
	p.send("order", p.now, 10000, "O1") // expires at the end of 2027
	p.advance(at(t, p.prog, "2027-03-01"))
	p.send("order", p.now, 5000, "O2") // expires at the end of 2028
	spend := func(n int64, key string) error {
		return p.do(func(a *loyalty.Account) error { return a.Spend(0, n, key) })
	}
	giveBack := func(n int64, key string) error {
		return p.do(func(a *loyalty.Account) error { return a.Return(0, n, key, "") })
	}
	if err := spend(120, "S1"); err != nil {
		t.Fatal(err)
	}
	p.expect("balance(stars)", "30", "spent(stars)", "120", "expiring(stars) in next 1 year", "0")
	var short *loyalty.ShortError
	if err := spend(31, "S2"); !errors.As(err, &short) || short.There != 30 {
		t.Errorf("spent more than there is: %v", err)
	}
	if err := spend(120, "S1"); !errors.Is(err, loyalty.ErrTwice) {
		t.Errorf("spent twice: %v", err)
	}
	if refusal := (*loyalty.Refusal)(nil); !errors.As(spend(1, "S1"), &refusal) || refusal.Reason != loyalty.WhyOtherKey {
		t.Errorf("spent another number with one key: %v", spend(1, "S1"))
	}
	if err := giveBack(50, "S1"); err != nil {
		t.Fatal(err)
	}
	p.expect("balance(stars)", "80", "spent(stars)", "70", "expiring(stars) in next 1 year", "30") // the last taken first
	if err := giveBack(71, "S1"); !errors.Is(err, loyalty.ErrUnspent) {
		t.Errorf("returned more than was spent: %v", err)
	}
	p.advance(at(t, p.prog, "2028-01-01"))
	p.expect("balance(stars)", "50")
	if err := giveBack(70, "S1"); err != nil {
		t.Fatal(err)
	}
	p.expect("balance(stars)", "50", "spent(stars)", "0") // that lot has expired: forfeited
}

func TestDebt(t *testing.T) {
	p := newPerson(t, compile(t, stars), "2026-03-01")
	p.send("order", p.now, 10000, "O1")
	if err := p.do(func(a *loyalty.Account) error { return a.Spend(0, 80, "S1") }); err != nil {
		t.Fatal(err)
	}
	p.send("refund", p.now, 10000, "F1", "O1")
	p.expect("balance(stars)", "-80", "earned(stars)", "0")
	p.send("order", p.now, 5000, "O2")
	p.expect("balance(stars)", "-30", "earned(stars)", "50")
	p.send("order", p.now, 5000, "O3")
	p.expect("balance(stars)", "20")
	if err := p.do(func(a *loyalty.Account) error { return a.Return(0, 80, "S1", "") }); err != nil {
		t.Fatal(err)
	}
	p.expect("balance(stars)", "100", "spent(stars)", "0")
}

func TestPendingAndExpiry(t *testing.T) {
	p := newPerson(t, compile(t, `
points stars {
  start 2026-01-01  expire after 3 months  pending 7 days
  earn shopping on order { give floor(amount) }
  reverse order on refund matching order_id by amount
}`), "2026-03-01T10:00")
	p.send("order", p.now, 10000, "O1")
	p.expect("balance(stars)", "0", "pending(stars)", "100", "earned(stars)", "0")
	p.send("refund", p.now, 4000, "F1", "O1")
	p.expect("pending(stars)", "60")
	p.advance(at(t, p.prog, "2026-03-08T23:59"))
	p.expect("pending(stars)", "60")
	p.advance(at(t, p.prog, "2026-03-09"))
	p.expect("balance(stars)", "60", "pending(stars)", "0", "earned(stars)", "60", "earned(stars) from 2026-03-01 to 2026-03-01", "60")
	p.advance(at(t, p.prog, "2026-06-01T23:59"))
	p.expect("balance(stars)", "60", "expiring(stars) in next 1 day", "60")
	p.advance(at(t, p.prog, "2026-06-02"))
	p.expect("balance(stars)", "0", "earned(stars)", "60", "expiring(stars) in next 30 days", "0")
}

func TestRetracted(t *testing.T) {
	p := newPerson(t, compile(t, stars), "2026-03-01")
	p.send("order", p.now, 10000, "O1")
	p.send("refund", p.now, 5000, "F1", "O1")
	p.expect("balance(stars)", "50")
	kind, e := p.record("refund", p.now, 5000, "F1", "O1")
	p.events[kind] = nil
	if err := p.do(func(a *loyalty.Account) error { return a.Retracted(kind, e) }); err != nil {
		t.Fatal(err)
	}
	p.expect("balance(stars)", "100", "earned(stars)", "100")
	p.send("refund", p.now, 2000, "F1", "O1")
	p.expect("balance(stars)", "80")
	kind, e = p.record("order", p.now, 10000, "O1")
	p.events[kind] = nil
	if err := p.do(func(a *loyalty.Account) error { return a.Retracted(kind, e) }); err != nil {
		t.Fatal(err)
	}
	p.expect("balance(stars)", "0")
	p.send("order", p.now, 20000, "O1") // sent anew: a tenth is refunded
	p.expect("balance(stars)", "180", "earned(stars)", "180")
}

func TestTiers(t *testing.T) {
	p := newPerson(t, compile(t, stars), "2026-03-01")
	var before *exprplan.Member
	measure := func() {
		t.Helper()
		if err := p.do(func(a *loyalty.Account) error { return a.Measure(0, before, loyalty.Cause{Kind: "order"}) }); err != nil {
			t.Fatal(err)
		}
	}
	p.send("order", p.now, 500_000, "O1")
	measure()
	p.expect("level", "gold", "level.factor > 1.4", "true")
	history := maps.Clone(p.events)
	before = &exprplan.Member{Events: func(i int) []exprplan.Event { return history[i] }}
	p.send("refund", p.now, 100, "F1", "O1")
	measure()
	before = nil
	p.expect("level", "silver") // a reversal below the bound re-measures at once
	p.send("order", p.now, 1000, "O2")
	measure()
	p.expect("level", "gold")
	p.advance(at(t, p.prog, "2027-03-01T23:59"))
	p.expect("level", "gold", "earned(stars) in last 12 months", "0")
	p.advance(at(t, p.prog, "2027-03-02"))
	p.expect("level", "normal")
	until := p.prog.Zone.DateOf(p.now) + 10
	_ = p.do(func(a *loyalty.Account) error { a.SetTier(0, 1, &until, "lin"); return nil })
	measure()
	p.expect("level", "silver")
	p.advance(p.prog.Zone.Midnight(until))
	p.expect("level", "silver")
	p.advance(p.prog.Zone.Midnight(until + 1))
	p.expect("level", "normal")
}

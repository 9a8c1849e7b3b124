package loyalty_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/loyalty"
)

const booked = `
points stars {
  start 2026-01-01  expire end of this month  pending 2 days
  earn shopping on order { give floor(amount) }
  earn review on review { give 50 at most 60 points per month }
  reverse order on refund matching order_id by amount
}
coupon mug { gift "a mug"  valid 90 days  price 30 stars }
`

// ledger is a member to whom everything has happened that a ledger knows.
func ledger(t *testing.T) *person {
	p := newPerson(t, compile(t, booked), "2026-03-01T10:00")
	send := func(kind string, amount int64, texts ...string) { t.Helper(); p.send(kind, p.now, amount, texts...) }
	must := func(f func(*loyalty.Account) error) {
		t.Helper()
		if err := p.do(f); err != nil {
			t.Fatal(err)
		}
	}
	send("order", 200_00, "O1")
	send("review", 0, "V1")
	send("review", 0, "V2") // the cap leaves 10
	p.advance(at(t, p.prog, "2026-03-05T10:00"))
	must(func(a *loyalty.Account) error { return a.Spend(0, 150, "S1") })
	must(func(a *loyalty.Account) error { return a.Return(0, 20, "S1", "T1") })
	must(func(a *loyalty.Account) error {
		_, err := a.Issue(0, loyalty.Cause{Kind: "api", Key: "1"}, loyalty.Supply{Code: func() (string, error) { return "MUG1", nil }})
		return err
	})
	send("refund", 150_00, "R1", "O1") // more than there is left of it
	send("order", 300_00, "O2")
	p.advance(at(t, p.prog, "2026-03-10T10:00")) // O2 is active, and pays the debt off
	must(func(a *loyalty.Account) error { return a.Adjust(0, 500, nil, "opening") })
	must(func(a *loyalty.Account) error { return a.Adjust(0, -40, nil, "taken") })
	send("order", 90_00, "O3")
	p.advance(at(t, p.prog, "2026-04-02T10:00")) // all but nothing has expired
	return p
}

func (p *person) proof() []loyalty.Difference { return p.open().Proof(0) }

func (p *person) of(name string) (int, []exprplan.Event) {
	n := p.event(name)
	return n, p.events[n]
}

// change returns an entry with another number in a field.
func change(prog *ir.Program, kind int, e exprplan.Event, field string, by int64) exprplan.Event {
	e.Fields = slices.Clone(e.Fields)
	for i, f := range prog.Events[kind].Fields {
		if f.Name == field {
			e.Fields[i] = ir.IntLike(f.Type.Kind, e.Fields[i].I+by)
		}
	}
	return e
}

func field(prog *ir.Program, kind int, e exprplan.Event, name string) ir.Value {
	for i, f := range prog.Events[kind].Fields {
		if f.Name == name {
			return e.Fields[i]
		}
	}
	return ir.Value{}
}

// An error planted into any entry of the ledger is found: another amount, the entry twice, the entry gone. Each lot
// has several entries here: one that nothing else speaks of leaves no trace when it is gone.
func TestBooksFindPlantedErrors(t *testing.T) {
	p := ledger(t)
	if found := p.proof(); len(found) > 0 {
		t.Fatal(found)
	}
	kind, entries := p.of("points:stars")
	plant := func(with []exprplan.Event) []loyalty.Difference {
		p.events[kind] = with
		defer func() { p.events[kind] = entries }()
		return p.proof()
	}
	kinds := map[string]int{}
	for i, e := range entries {
		what := field(p.prog, kind, e, ir.FactWhat).S
		kinds[what]++
		name := fmt.Sprintf("entry %d, %s", i, what)
		moves := false
		for _, f := range []string{ir.FactActive, ir.FactPending} {
			if field(p.prog, kind, e, f).I == 0 {
				continue
			}
			moves = true
			for _, by := range []int64{1, -1} {
				with := slices.Clone(entries)
				with[i] = change(p.prog, kind, e, f, by)
				if len(plant(with)) == 0 {
					t.Errorf("%s: %s changed by %d is not found", name, f, by)
				}
			}
		}
		if found := plant(slices.Insert(slices.Clone(entries), i+1, e)); moves && len(found) == 0 {
			t.Errorf("%s: that it is there twice is not found", name)
		}
		if found := plant(slices.Delete(slices.Clone(entries), i, i+1)); moves && len(found) == 0 {
			t.Errorf("%s: that it is gone is not found", name)
		}
	}
	for _, what := range []string{"earn", "activate", "pay off", "spend", "return", "expire", "reverse", "adjust", "take off"} {
		if kinds[what] == 0 {
			t.Errorf("the ledger has no entry of %q", what)
		}
	}
}

// What is found says where.
func TestBooksSayWhere(t *testing.T) {
	p := ledger(t)
	kind, entries := p.of("points:stars")
	i := slices.IndexFunc(entries, func(e exprplan.Event) bool { return field(p.prog, kind, e, ir.FactWhat).S == "spend" })
	with := slices.Clone(entries)
	with[i] = change(p.prog, kind, with[i], ir.FactActive, -1000)
	p.events[kind] = with
	found := p.proof()
	if len(found) == 0 || found[0].Lot == 0 || found[0].At != entries[i].At || found[0].What != "spend" ||
		!strings.Contains(found[0].Text, "an entry of `spend` cannot be") {
		t.Errorf("found %+v", found)
	}
	if !slices.ContainsFunc(found, func(d loyalty.Difference) bool { return strings.Contains(d.Text, "after an entry of `spend` it has -") }) {
		t.Errorf("that the lot is below nothing is not found: %v", found)
	}
}

// Points that an event earned which the member does not have are found, and a code that was not paid for.
func TestBooksHoldTheLedgerToHistories(t *testing.T) {
	p := ledger(t)
	orders := p.event("order")
	kept := p.events[orders]
	p.events[orders] = slices.Delete(slices.Clone(kept), 2, 3)
	if found := p.proof(); len(found) != 1 || !strings.Contains(found[0].Text, `it was earned by order "O3", which the member does not have`) {
		t.Errorf("without an order, found %v", found)
	}
	p.events[orders] = kept
	refunds := p.event("refund")
	p.events[refunds] = nil
	if found := p.proof(); len(found) != 1 || !strings.Contains(found[0].Text, `of 200 points, 150 were taken back for "O1", and the events say 0`) {
		t.Errorf("without a refund, found %v", found)
	}
}

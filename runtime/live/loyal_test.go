package live

import (
	"context"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/muster-engine/muster/compiler"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/runtime/holdings"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// club is an engine over a programme with points and tiers, and a clock.
type club struct {
	t      *testing.T
	prog   *ir.Program
	path   string
	store  *storage.Store
	engine *Engine
	before []*ir.Program
	clock  atomic.Int64
	seen   uint64
}

const clubRules = `
settings { language 1  timezone "Asia/Shanghai"  currency CNY }
member { phone id  city string }
event order { order_id key  amount money }
event review { review_id key }
event refund { refund_id key  order_id string  amount money }
points stars {
  start 2026-01-01  expire after 30 days  pending 2 days
  earn shopping on order { give floor(amount) * level.factor  at most 3000 points per month }
  earn review on review { give 50  at most 2 times per day }
  reverse order on refund matching order_id by amount
}
points coins { start 2026-01-01  expire never  earn shopping on order { give 10 } }
tiers level {
  by earned(stars) in last 12 months
  tier "normal" { factor 1 }
  tier "silver" from 1000 { factor 1.2 }
  tier "gold" from 2000 { factor 1.5 }
  keep 1 month
}
tag stars_now = balance(stars)
tag waiting = pending(stars)
tag soon = expiring(stars) in next 3 days
segment rich = balance(stars) >= 1000
segment silver = level >= "silver"
segment hoarder = balance(coins) >= 20
`

func newClub(t *testing.T, rules, now string) *club {
	prog, _ := compileRules(t, &ruleSet{name: "rules", text: rules})
	c := &club{t: t, prog: prog, path: filepath.Join(t.TempDir(), "store")}
	c.at(now)
	c.open(true)
	t.Cleanup(func() { c.close() })
	return c
}

func (c *club) open(create bool) {
	c.t.Helper()
	var err error
	if c.store, err = storage.Open(c.path, storage.Options{Create: create}); err != nil {
		c.t.Fatal(err)
	}
	if c.engine, err = Open(context.Background(), Options{Store: c.store, Program: c.prog, Before: c.before, System: c.clock.Load, CheckpointMembers: -1}); err != nil {
		c.t.Fatal(err)
	}
}

func (c *club) close() {
	c.engine.Close()
	c.store.Close()
}

// at sets the clock to a local time.
func (c *club) at(text string) {
	c.t.Helper()
	at, err := time.ParseInLocation("2006-01-02T15:04", text, c.prog.Zone.Location())
	if err != nil {
		c.t.Fatal(err)
	}
	c.clock.Store(at.UnixMicro())
}

func (c *club) give(in ...Input) []Outcome {
	c.t.Helper()
	out, err := c.engine.Submit(context.Background(), in)
	if err != nil {
		c.t.Fatal(err)
	}
	return out
}

func (c *club) order(who, key string, yuan int64) Input {
	return Input{
		Kind: Event, IDs: []ID{{"phone", who}}, Type: "order", Key: key,
		Values: map[string]column.Value{"order_id": column.Text(key), "amount": column.Int(yuan * 100)},
	}
}

func (c *club) refund(who, key, order string, yuan int64) Input {
	return Input{
		Kind: Event, IDs: []ID{{"phone", who}}, Type: "refund", Key: key,
		Values: map[string]column.Value{"refund_id": column.Text(key), "order_id": column.Text(order), "amount": column.Int(yuan * 100)},
	}
}

// expect asks conditions of a member, of the standing view and of one built from nothing.
func (c *club) expect(who string, conditions ...string) {
	c.t.Helper()
	c.give(Input{Kind: Retract, IDs: []ID{{"phone", "nobody"}}}) // lets time pass
	n, ok := c.engine.Find("phone", who)
	if !ok {
		c.t.Fatalf("there is no %s", who)
	}
	for _, text := range conditions {
		q, found := compiler.CompileQuery(c.engine.View().Program(), diag.NewFile("ask", text), nil)
		if found.HasErrors() {
			c.t.Fatal(found)
		}
		in, err := c.engine.View().Select(context.Background(), q.Node)
		if err != nil {
			c.t.Fatal(err)
		}
		if !in.Contains(n) {
			c.t.Errorf("%s of %s does not hold", text, who)
		}
	}
}

// crossings are those since the last call.
func (c *club) crossings(want ...string) {
	c.t.Helper()
	got, err := c.engine.Crossings(c.seen, 1<<30)
	if err != nil {
		c.t.Fatal(err)
	}
	var texts []string
	for _, x := range got {
		c.seen = x.Seq
		text := fmt.Sprintf("%d -%s %s", x.Member, x.Segment, time.UnixMicro(x.At).In(c.prog.Zone.Location()).Format("01-02T15:04"))
		if x.Entered {
			text = fmt.Sprintf("%d +%s %s", x.Member, x.Segment, time.UnixMicro(x.At).In(c.prog.Zone.Location()).Format("01-02T15:04"))
		}
		texts = append(texts, text)
	}
	if fmt.Sprint(texts) != fmt.Sprint(want) {
		c.t.Errorf("crossings\n got %q\nwant %q", texts, want)
	}
}

func (c *club) reopen() {
	c.close()
	c.open(false)
}

func TestPointsLive(t *testing.T) {
	c := newClub(t, clubRules, "2026-03-01T10:00")
	c.give(c.order("lin", "O1", 1500), c.order("lin", "O2", 100), c.order("wei", "O3", 5000))
	c.expect("lin", "pending(stars) = 1600", "balance(stars) = 0", "balance(coins) = 20", `level = "normal"`)
	c.expect("wei", "pending(stars) = 3000", "balance(coins) = 10")
	c.crossings("0 +hoarder 03-01T10:00")
	c.reopen()
	c.expect("lin", "pending(stars) = 1600", "balance(coins) = 20")
	c.at("2026-03-04T09:00")
	c.expect("lin", "pending(stars) = 0", "balance(stars) = 1600", `level = "silver"`)
	c.expect("wei", "balance(stars) = 3000", `level = "gold"`)
	c.crossings("0 +rich 03-04T00:00", "0 +silver 03-04T00:00", "1 +rich 03-04T00:00", "1 +silver 03-04T00:00")
	c.give(c.order("lin", "O4", 1000), c.refund("lin", "R1", "O1", 1000))
	c.expect("lin", "pending(stars) = 1200", "balance(stars) = 600", `level = "normal"`)
	c.crossings("0 -rich 03-04T09:00", "0 -silver 03-04T09:00")
	if err := c.engine.Checkpoint(context.Background()); err != nil {
		t.Fatal(err)
	}
	c.reopen()
	c.expect("lin", "pending(stars) = 1200", "balance(stars) = 600", `level = "normal"`)
	c.at("2026-05-10T09:00")
	c.expect("lin", "pending(stars) = 0", "balance(stars) = 0", "balance(coins) = 30")
	c.expect("wei", "balance(stars) = 0", `level = "gold"`) // confirmed in April, for it was earned in the last 12 months
}

func (c *club) ask(kind Kind, who string, ask Ask) Outcome {
	c.t.Helper()
	return c.give(Input{Kind: kind, IDs: []ID{{"phone", who}}, Ask: &ask})[0]
}

func TestPointsAreSpentReturnedAndAdjusted(t *testing.T) {
	c := newClub(t, clubRules, "2026-03-01T10:00")
	c.give(Input{Kind: Attributes, IDs: []ID{{"phone", "lin"}}, Values: map[string]column.Value{"city": column.Text("上海")}})
	expect := func(out Outcome, status Status, reason string) {
		t.Helper()
		if out.Status != status || out.Reason != reason {
			t.Errorf("%+v", out)
		}
	}
	expect(c.ask(Adjust, "lin", Ask{Of: "stars", Key: "opening", Points: 1200}), Accepted, "")
	expect(c.ask(Adjust, "lin", Ask{Of: "stars", Key: "opening", Points: 1200}), Duplicate, "")
	c.crossings("0 +rich 03-01T10:00")
	expect(c.ask(Spend, "lin", Ask{Of: "stars", Key: "S1", Points: 500}), Accepted, "")
	expect(c.ask(Spend, "lin", Ask{Of: "stars", Key: "S2", Points: 701}), Rejected, "there are not enough points: 701 are asked for, and there are 700")
	expect(c.ask(Spend, "lin", Ask{Of: "stars", Points: 1}), Rejected, "a key is needed, by which the request is known again")
	expect(c.ask(Spend, "wei", Ask{Of: "stars", Key: "S1", Points: 1}), Rejected, "nobody has this id")
	c.crossings("0 -rich 03-01T10:00")
	out := c.give(
		Input{Kind: Spend, IDs: []ID{{"phone", "lin"}}, Ask: &Ask{Of: "stars", Key: "S3", Points: 700}},
		Input{Kind: Spend, IDs: []ID{{"phone", "lin"}}, Ask: &Ask{Of: "stars", Key: "S4", Points: 1}},
		Input{Kind: Return, IDs: []ID{{"phone", "lin"}}, Ask: &Ask{Of: "stars", Key: "R1", Spent: "S3", Points: 700}},
		Input{Kind: Return, IDs: []ID{{"phone", "lin"}}, Ask: &Ask{Of: "stars", Key: "R1", Spent: "S3", Points: 700}},
		Input{Kind: Return, IDs: []ID{{"phone", "lin"}}, Ask: &Ask{Of: "stars", Key: "R2", Spent: "S1", Points: 300}},
		Input{Kind: SetTier, IDs: []ID{{"phone", "lin"}}, Ask: &Ask{Of: "level", Tier: "gold", By: "shop"}},
	)
	for i, want := range []Status{Accepted, Rejected, Accepted, Duplicate, Accepted, Accepted} {
		if out[i].Status != want {
			t.Errorf("%d: %+v", i, out[i])
		}
	}
	c.crossings("0 +rich 03-01T10:00", "0 +silver 03-01T10:00")
	for range 2 {
		c.expect("lin", "balance(stars) = 1000", "spent(stars) in last 1 day = 200", `level = "gold"`)
		c.reopen()
	}
	c.at("2026-04-01T00:00")
	c.expect("lin", "balance(stars) = 0", `level = "gold"`)
	c.crossings("0 -rich 04-01T00:00")
}

func TestFactsOutliveTheirRules(t *testing.T) {
	c := newClub(t, clubRules, "2026-03-01T10:00")
	c.give(c.order("lin", "O1", 1500))
	c.expect("lin", "pending(stars) = 1500", "balance(coins) = 10")
	with := c.prog
	without, _ := compileRules(t, &ruleSet{name: "rules", text: `
settings { language 1  timezone "Asia/Shanghai"  currency CNY }
member { phone id  city string }
event order { order_id key  amount money }`})
	reload := func(prog *ir.Program) {
		t.Helper()
		if _, err := c.engine.Reload(context.Background(), prog); err != nil {
			t.Fatal(err)
		}
		c.prog = prog
	}
	reload(without)
	if err := c.engine.Checkpoint(context.Background()); err != nil {
		t.Fatal(err)
	}
	c.reopen()
	c.at("2026-03-06T10:00")
	c.give(c.order("lin", "O2", 100))
	reload(with)
	c.expect("lin", "pending(stars) = 1500", "balance(coins) = 10")
	c.at("2026-03-07T00:00")
	c.expect("lin", "pending(stars) = 0", "balance(stars) = 1500", `level = "silver"`)
}

const joinRules = `
settings { language 1  timezone "Asia/Shanghai"  currency CNY }
member { phone id  union id many }
event order { order_id key  amount money }
segment gold = level = "gold"
segment rich = balance(stars) >= 100
points stars { start 2026-01-01  expire never  earn shopping on order { give floor(amount) } }
tiers level { by earned(stars) in last 12 months  tier "plain"  tier "silver" from 100  tier "gold" from 1000  keep 12 months }
coupon back { off 10  valid 30 days }
campaign rise { on reach "gold" of level  do { issue back } }
`

func TestMembersThatBecomeOneKeepWhatBothHad(t *testing.T) {
	c := newClub(t, joinRules, "2026-03-01T10:00")
	both := c.order("lin", "O3", 10)
	both.IDs = append(both.IDs, ID{"union", "u1"})
	other := c.order("", "O2", 1200)
	other.IDs = []ID{{"union", "u1"}}
	c.give(c.order("lin", "O1", 150), other)
	c.give(both)
	for range 2 {
		c.expect("lin", "balance(stars) = 1360", `level = "gold"`, "issued(back) = 1", "back")
		c.reopen()
	}
	if out := c.ask(Spend, "lin", Ask{Of: "stars", Key: "S1", Points: 1350}); out.Status != Accepted {
		t.Fatal(out)
	}
	codes := holdingsOf(t, c, "lin").Coupons
	if len(codes) != 1 {
		t.Fatal(codes)
	}
	amount := int64(100_000)
	if out := c.coupon("", CouponRequest{Do: UseCode, Code: codes[0].Code, Amount: &amount, Key: "U1"}); out.Status != Accepted {
		t.Fatal(out)
	}
	if out := c.give(Input{Kind: Split, IDs: []ID{{"union", "u1"}}}); out[0].Status != Accepted {
		t.Fatal(out)
	}
	for range 2 {
		c.expect("lin", "balance(stars) = 10", "issued(back) = 0") // 150 and 10, of which 150 were spent
		n, ok := c.engine.Find("union", "u1")
		if !ok {
			t.Fatal("u1 is gone")
		}
		m, err := c.engine.current(n)
		if err != nil {
			t.Fatal(err)
		}
		a := c.engine.conductor.Keeper().Open(c.engine.View().World(c.engine.View().Now()), m.person(c.prog, nil), nil)
		if active, _ := a.Balance(0); active != 0 || a.Books(0) != "" {
			t.Fatal(active, a.Books(0))
		}
		if used := a.Codes(0); len(used) != 1 || used[0].State != "used" {
			t.Fatal(used)
		}
		c.reopen()
	}
}

// What one of two members owes and the other pays while they are one is owed again, and is the other's again, when they part.
func TestMembersThatPartHaveTheirOwnDebts(t *testing.T) {
	c := newClub(t, debtRules, "2026-03-01T10:00")
	other := func(in Input) Input {
		in.IDs = []ID{{"union", "u1"}}
		return in
	}
	both := c.order("lin", "O3", 10)
	both.IDs = append(both.IDs, ID{"union", "u1"})
	c.give(
		c.order("lin", "O1", 100), other(c.order("", "O2", 80)),
		other(Input{Kind: Spend, Ask: &Ask{Of: "stars", Key: "S1", Points: 70}}), other(c.refund("", "R1", "O2", 80)),
	)
	balances := func(lin, other int64) {
		t.Helper()
		for n, want := range []int64{lin, other} {
			m, err := c.engine.current(uint32(n))
			if err != nil {
				t.Fatal(err)
			}
			a := c.engine.conductor.Keeper().Open(c.engine.View().World(c.engine.View().Now()), m.person(c.prog, nil), nil)
			if active, _ := a.Balance(0); active != want || a.Books(0) != "" {
				t.Errorf("member %d has %d points, and not %d; the books: %q", n, active, want, a.Books(0))
			}
		}
	}
	balances(100, -70)
	c.give(both)
	balances(40, 0)
	c.give(Input{Kind: Split, IDs: []ID{{"union", "u1"}}})
	for range 2 {
		balances(110, -70)
		c.reopen()
	}
	if out := c.ask(Spend, "lin", Ask{Of: "stars", Key: "S2", Points: 110}); out.Status != Accepted {
		t.Error(out)
	}
	c.give(other(c.order("", "O4", 100)))
	balances(0, 30)
}

const debtRules = `
settings { language 1  timezone "Asia/Shanghai"  currency CNY }
member { phone id  union id many }
event order { order_id key  amount money }
event refund { refund_id key  order_id string  amount money }
points stars { start 2026-01-01  expire never  earn shopping on order { give floor(amount) }  reverse order on refund matching order_id by amount }
`

func holdingsOf(t *testing.T, c *club, who string) holdings.Holdings {
	t.Helper()
	n, _ := c.engine.Find("phone", who)
	p, err := c.engine.Person(c.engine.View(), n)
	if err != nil {
		t.Fatal(err)
	}
	h, err := holdings.Of(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

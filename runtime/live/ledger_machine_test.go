package live

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/holdings"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// ledgerRules are what ledgerModel has in itself.
const ledgerRules = `
settings { language 1  timezone "Europe/London"  currency GBP  late 2 days }
member { phone id many }
event order { order_id key  amount money }
event refund { refund_id key  order_id string  amount money }
event review { review_id key }
points stars {
  start 2026-01-01  expire after 5 days  pending 1 day
  earn shopping on order { give floor(amount)  at most 300 points per month }
  earn words on review { give 20  at most 2 times per day }
  reverse order on refund matching order_id by amount
}
tiers level {
  by earned(stars) in last 10 days
  tier "plain"  tier "silver" from 100  tier "gold" from 220
  keep 3 days  drop one
}
coupon cup { gift "a cup"  valid 2 days  stock 2  price 30 stars }
`

// TestLedgerMachine drives an engine with a programme and holds what members have, after each step, to a model that is
// written from the language alone; and the books are sound.
func TestLedgerMachine(t *testing.T) {
	rapidChecks(t, "5", "30", "100", "50")
	prog, _ := compileRules(t, &ruleSet{name: "rules", text: ledgerRules})
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	dir, round := t.TempDir(), 0
	rapid.Check(t, func(rt *rapid.T) {
		round++
		m := &ledgerMachine{t: rt, prog: prog, path: filepath.Join(dir, fmt.Sprint(round))}
		defer m.close()
		start, err := time.ParseInLocation(time.DateTime, rapid.SampledFrom([]string{
			"2026-01-02 09:00:13", "2026-03-27 20:00:13", "2026-06-28 09:00:13", "2026-10-24 23:30:13",
		}).Draw(rt, "start"), zone)
		m.must(err)
		m.clock.Store(start.UnixMicro())
		m.model = &ledgerModel{zone: zone, now: start.UnixMicro()}
		m.open(true)
		rt.Repeat(map[string]func(*rapid.T){
			"":           m.check,
			"events":     m.events,
			"events2":    m.events,
			"asked":      m.asked,
			"code":       m.code,
			"merge":      m.merge,
			"clock":      m.moveClock,
			"restart":    m.restart,
			"checkpoint": func(*rapid.T) { m.must(m.engine.Checkpoint(context.Background())) },
		})
	})
}

// rapidChecks sets how many checks of how many steps a test makes, in a plain run and in a long one.
func rapidChecks(t *testing.T, checks, steps, longChecks, longSteps string) {
	if os.Getenv("MUSTER_LONG") != "" {
		checks, steps = longChecks, longSteps
	}
	for name, value := range map[string]string{"rapid.checks": checks, "rapid.steps": steps, "rapid.nofailfile": "true"} {
		f := flag.Lookup(name)
		if old := f.Value.String(); old == f.DefValue {
			f.Value.Set(value)
			t.Cleanup(func() { f.Value.Set(old) })
		}
	}
}

type ledgerMachine struct {
	t      *rapid.T
	prog   *ir.Program
	path   string
	store  *storage.Store
	engine *Engine
	clock  atomic.Int64
	model  *ledgerModel
	sent   int64
	passed int64 // up to when the engine has let time pass
	story  []string
}

func (m *ledgerMachine) fatal(format string, args ...any) {
	m.t.Helper()
	m.t.Fatalf("%s: %s\n%s", utc(m.clock.Load()), fmt.Sprintf(format, args...), strings.Join(m.story, "\n"))
}

func (m *ledgerMachine) must(err error) {
	if err != nil {
		m.t.Helper()
		m.fatal("%+v", err)
	}
}

func (m *ledgerMachine) open(create bool) {
	var err error
	m.store, err = storage.Open(m.path, storage.Options{Create: create})
	m.must(err)
	m.engine, err = Open(context.Background(), Options{
		Store: m.store, Program: m.prog, System: m.clock.Load, CheckpointMembers: rapid.SampledFrom([]int{-1, 2, 0}).Draw(m.t, "checkpoint at"),
	})
	m.must(err)
}

func (m *ledgerMachine) close() {
	if m.engine != nil {
		m.engine.Close()
	}
	if m.store != nil {
		m.store.Close()
	}
	os.Remove(m.path)
}

func (m *ledgerMachine) restart(t *rapid.T) {
	m.engine.Close()
	m.must(m.store.Close())
	if rapid.Bool().Draw(t, "later") {
		m.moveClock(t)
	}
	m.open(false)
}

// moveClock never lets an event lie on a midnight: they have seconds of their own.
func (m *ledgerMachine) moveClock(t *rapid.T) {
	const minute = int64(60e6)
	now := m.clock.Load()
	switch rapid.IntRange(0, 3).Draw(t, "move") {
	case 0:
		now += int64(rapid.IntRange(1, 600).Draw(t, "minutes")) * minute
	case 1, 2:
		now = m.model.midnight(m.model.day(now) + 1)
	default:
		now += int64(rapid.IntRange(1, 9).Draw(t, "days"))*1440*minute + 13e6
	}
	m.clock.Store(now)
	m.story = append(m.story, "it is "+utc(now))
}

func drawPhone(t *rapid.T) string { return fmt.Sprint("p", rapid.IntRange(0, 2).Draw(t, "who")) }

// drawRich draws mostly of those who have points.
func (m *ledgerMachine) drawRich(t *rapid.T) string {
	var rich []string
	for _, p := range m.model.members {
		if balance, _ := p.balance(); balance > 0 {
			rich = append(rich, p.phones...)
		}
	}
	if len(rich) > 0 && rapid.IntRange(0, 7).Draw(t, "rich") > 0 {
		return rapid.SampledFrom(rich).Draw(t, "who")
	}
	return drawPhone(t)
}

// submit hands inputs over, and expects what the model says of each.
func (m *ledgerMachine) submit(in []Input, expect func(i int, out Outcome) Status) {
	out, err := m.engine.Submit(context.Background(), in)
	m.must(err)
	m.passed = m.clock.Load()
	m.model.pass(m.passed)
	for i, one := range in {
		m.story = append(m.story, fmt.Sprintf("%s %s: %d %s", utc(m.clock.Load()), ledgerTold(one), out[i].Status, out[i].Reason))
		if want := expect(i, out[i]); out[i].Status != want {
			m.fatal("%s ends with %d %s, not %d", ledgerTold(one), out[i].Status, out[i].Reason, want)
		}
	}
}

func ledgerTold(in Input) string {
	if in.Coupon != nil {
		return fmt.Sprintf("coupon %v %+v", in.IDs, *in.Coupon)
	}
	return told(in)
}

// events sends a few.
func (m *ledgerMachine) events(t *rapid.T) {
	var in []Input
	var events []ledgerEvent
	for range rapid.IntRange(1, 4).Draw(t, "events") {
		phone := drawPhone(t)
		key := func(what string) string { return fmt.Sprint(phone, "-", rapid.IntRange(0, 12).Draw(t, what)) }
		e := ledgerEvent{
			kind: rapid.SampledFrom([]string{"order", "order", "order", "refund", "refund", "review"}).Draw(t, "type"),
			key:  key("key"), at: m.clock.Load(),
		}
		one := Input{Kind: Event, Type: e.kind, IDs: []ID{{"phone", phone}}, Key: e.key, Values: map[string]column.Value{
			e.kind + "_id": column.Text(e.key),
		}}
		if e.kind == "refund" {
			e.order = key("order")
			if p := m.model.find(one.IDs[0].Text); p != nil && len(p.orders) > 0 && rapid.IntRange(0, 3).Draw(t, "known") > 0 {
				e.order = rapid.SampledFrom(slices.Sorted(maps.Keys(p.orders))).Draw(t, "of")
			}
			one.Values["order_id"] = column.Text(e.order)
		}
		if e.kind != "review" {
			e.amount = rapid.SampledFrom([]int64{0, 99, 3_333, 5_000, 9_999, 12_000, 40_000}).Draw(t, "amount")
			one.Values["amount"] = column.Int(e.amount)
		}
		if rapid.Bool().Draw(t, "timed") {
			m.sent++
			e.at += int64(rapid.IntRange(-150, 60).Draw(t, "hours"))*3600e6 + 17e6 + m.sent
			one.HasAt, one.At = true, e.at
		}
		in, events = append(in, one), append(events, e)
	}
	m.submit(in, func(i int, _ Outcome) Status {
		if m.model.event(in[i].IDs[0].Text, events[i]) {
			return Accepted
		}
		return Duplicate
	})
}

// asked spends points, or returns some.
func (m *ledgerMachine) asked(t *rapid.T) {
	phone := m.drawRich(t)
	key := func() string { return fmt.Sprint(phone, "-", rapid.IntRange(0, 5).Draw(t, "key")) }
	ask := Ask{Of: "stars", Key: key(), Points: rapid.SampledFrom([]int64{1, 15, 33, 60, 150}).Draw(t, "points")}
	kind := Spend
	if rapid.Bool().Draw(t, "return") {
		kind, ask.Spent = Return, key()
		if p := m.model.find(phone); p != nil && len(p.spent) > 0 && rapid.IntRange(0, 3).Draw(t, "known") > 0 {
			ask.Spent = rapid.SampledFrom(slices.Sorted(maps.Keys(p.spent))).Draw(t, "of")
		}
	}
	m.submit([]Input{{Kind: kind, IDs: []ID{{"phone", phone}}, Ask: &ask}}, func(int, Outcome) Status {
		if kind == Spend {
			return m.model.spend(phone, ask.Key, ask.Points)
		}
		return m.model.giveBack(phone, ask.Key, ask.Spent, ask.Points)
	})
}

// code sells a code, or does something with one.
func (m *ledgerMachine) code(t *rapid.T) {
	var all []*ledgerCode
	holders := map[*ledgerCode]*ledgerMember{}
	for _, p := range m.model.members {
		for _, c := range p.codes {
			all, holders[c] = append(all, c), p
		}
	}
	m.sent++
	if len(all) == 0 || rapid.Bool().Draw(t, "issue") {
		phone := m.drawRich(t)
		r := &CouponRequest{Do: IssueCode, Coupon: "cup", Key: fmt.Sprint(phone, "-", rapid.IntRange(0, 5).Draw(t, "key"))}
		m.submit([]Input{{Kind: Coupon, IDs: []ID{{"phone", phone}}, Coupon: r}}, func(_ int, out Outcome) Status {
			return m.model.issue(phone, r.Key, out.Coupon.Code)
		})
		return
	}
	c := rapid.SampledFrom(all).Draw(t, "code")
	amount := int64(1000)
	r := &CouponRequest{Do: rapid.SampledFrom([]string{UseCode, ReturnCode, VoidCode}).Draw(t, "do"), Code: c.code, Key: fmt.Sprint("k", m.sent), Amount: &amount}
	m.submit([]Input{{Kind: Coupon, Coupon: r}}, func(int, Outcome) Status { return m.model.do(holders[c], c, r.Do) })
}

// check compares everything after each step.
func (m *ledgerMachine) check(*rapid.T) {
	m.model.pass(m.clock.Load())
	if m.passed < m.clock.Load() {
		m.submit([]Input{{Kind: Retract, IDs: []ID{{"phone", "nobody"}}}}, func(int, Outcome) Status { return Rejected })
	}
	for _, p := range m.model.members {
		number, ok := m.engine.Find("phone", p.phones[0])
		if !ok {
			m.fatal("there is no member %s", p.phones[0])
		}
		for _, phone := range p.phones {
			if other, _ := m.engine.Find("phone", phone); other != number {
				m.fatal("%s is of member %d, and %s of %d", phone, other, p.phones[0], number)
			}
		}
		one, err := m.engine.Person(m.engine.View(), number)
		m.must(err)
		has, err := holdings.Of(context.Background(), one)
		m.must(err)
		if got, want := heldTold(has), p.told(m.model.today()); got != want {
			m.fatal("%v has\n%s\nand not\n%s", p.phones, got, want)
		}
	}
	if n := m.engine.CouponCount("cup").Issued; n != int64(m.model.issued) {
		m.fatal("%d codes are issued, and not %d", n, m.model.issued)
	}
	m.sound(nil)
}

// heldTold is what [ledgerMember.told] tells, of what the engine says.
func heldTold(h holdings.Holdings) string {
	var out strings.Builder
	p, tier := h.Points[0], h.Tiers[0]
	fmt.Fprintf(&out, "balance %d, pending %d, measure %g, tier %s", p.Balance, p.Pending, tier.Measure, tier.Tier)
	if tier.Until != "" {
		fmt.Fprintf(&out, " until %s", tier.Until)
	}
	for _, l := range p.Lots {
		if l.Pending {
			fmt.Fprintf(&out, "\n%d of %s %s, pending until %s, expires %s", l.Points, l.Rule, l.Earned, l.Active, l.Expires)
		} else {
			fmt.Fprintf(&out, "\n%d of %s %s, expires %s", l.Points, l.Rule, l.Earned, l.Expires)
		}
	}
	for _, c := range slices.SortedFunc(slices.Values(h.Coupons), func(a, b holdings.Code) int { return cmp.Compare(a.Code, b.Code) }) {
		fmt.Fprintf(&out, "\ncode %s %s, expires %s", c.Code, c.State, c.Expires)
	}
	return out.String()
}

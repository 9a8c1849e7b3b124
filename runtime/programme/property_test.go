package programme_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/loyalty"
	"github.com/muster-engine/muster/runtime/programme"
)

const whole = `
list vips
sink sms { file "out/sms.ndjson"  quiet 21:00 to 09:00  at most 2 per week }
points stars {
  start 2026-01-01  expire after 20 days  pending 3 days
  earn shopping on order { give floor(amount) * level.factor }
  boost pos on order { factor 2  when channel = "pos" }
  reverse order on refund matching order_id by amount
}
tiers level {
  by earned(stars) in last 10 days
  tier "a" { factor 1 }  tier "b" from 100 { factor 2 }  tier "c" from 400 { factor 3 }
  keep 5 days  drop one
}
coupon gift { off 1  valid 2 days  at most 3 per month }
segment big = sum(order.amount) in last 5 days >= 100
segment rich = balance(stars) >= 200
campaign b { on enter big  at most 1 per week  do { issue gift  send sms "b"  wait 30 hours  stop when has(refund) since start  send sms "b2" when gift } goal order within 3 days }
campaign a { on reach "b" of level  do { give 20 stars  add to vips } }
campaign d { on order where amount >= 50  do { wait 2 days  give floor(amount) stars } }
campaign e { on leave rich  do { remove from vips } }
`

// plain is what there should be of a member's points, as numbers.
type plain struct {
	granted map[string]int64 // by order, as the ledger says
	amount  map[string]int64
	back    map[string]int64 // of refunds
	of      map[string]string
	spent   map[string]int64
	day     map[string]int64 // of orders
}

func (m *plain) taken(order string) int64 {
	var back int64
	for key, of := range m.of {
		if of == order {
			back += m.back[key]
		}
	}
	if _, there := m.amount[order]; !there || back <= 0 {
		return 0
	}
	return m.granted[order] * min(back, m.amount[order]) / m.amount[order]
}

// factor of the tier before, by the measure that it was given by.
var factors = map[string]int64{"a": 1, "b": 2, "c": 3}

// twins are two of one member: time of one stops only where something is due, that of the other at every hour.
type twins struct {
	rt   *rapid.T
	a, b *person
}

func (w *twins) both(do func(p *person)) {
	do(w.a)
	do(w.b)
}

// same holds the twins to each other: every fact, message and list.
func (w *twins) same() {
	a, b := w.a, w.b
	for i, e := range a.prog.Events {
		if x, y := fmt.Sprint(a.events[i]), fmt.Sprint(b.events[i]); x != y {
			w.rt.Fatalf("the events of %s differ:\n%s\n%s", e.Name, x, y)
		}
	}
	if x, y := fmt.Sprint(a.messages, a.lists, a.stock), fmt.Sprint(b.messages, b.lists, b.stock); x != y {
		w.rt.Fatalf("messages, lists or stock differ:\n%s\n%s", x, y)
	}
}

// dense runs the clock through every hour, and every instant at which the member is due.
func (p *person) dense(end int64) {
	for {
		next := p.now - p.now%calendar.Hour + calendar.Hour
		if due, ok := p.c.Next(p.world(), p.member()); ok {
			next = min(next, due)
		}
		if next > end {
			break
		}
		p.now = next
		p.turn(func(t *programme.Turn) error { return t.Due() })
	}
	p.now = end
}

func (p *person) number64(text string) int64 {
	v := p.value(text)
	return v.I
}

// Whatever happens to a member in whatever order, the points are those that a plain count has, the books are sound, tiers
// are held to what is measured, and the instants at which the member says to be due are all at which anything is to do.
func TestProgramme(t *testing.T) {
	if os.Getenv("MUSTER_LONG") == "" {
		if err := flag.Set("rapid.checks", "30"); err != nil {
			t.Fatal(err)
		}
	}
	prog := compile(t, whole)
	rapid.Check(t, func(rt *rapid.T) {
		w := &twins{rt, newPerson(t, prog, "2026-03-01T10:00"), newPerson(t, prog, "2026-03-01T10:00")}
		m := &plain{map[string]int64{}, map[string]int64{}, map[string]int64{}, map[string]string{}, map[string]int64{}, map[string]int64{}}
		asks := 0
		rt.Repeat(map[string]func(*rapid.T){
			"order": func(rt *rapid.T) {
				key := rapid.SampledFrom([]string{"O1", "O2", "O3", "O4"}).Draw(rt, "order")
				if _, twice := m.amount[key]; twice {
					return
				}
				amount := rapid.Int64Range(1, 300_00).Draw(rt, "amount")
				late := rapid.Int64Range(0, 4).Draw(rt, "days late") * calendar.Day
				channel := rapid.Int64Range(0, 1).Draw(rt, "channel")
				factor := factors[w.a.tier()]
				m.amount[key], m.granted[key] = amount, amount/100*factor*(2-channel)
				w.both(func(p *person) {
					n, e := p.event("order", "", amount, key)
					e.At -= late
					m.day[key] = prog.Zone.DateOf(e.At)
					e.Fields[1] = ir.IntLike(ir.Enum, channel)
					p.insert(n, e)
					p.turn(func(t *programme.Turn) error { return t.Happened(n, e) })
				})
			},
			"refund": func(rt *rapid.T) {
				key := rapid.SampledFrom([]string{"F1", "F2", "F3"}).Draw(rt, "refund")
				if _, twice := m.of[key]; twice {
					return
				}
				m.of[key] = rapid.SampledFrom([]string{"O1", "O2", "O3", "O4"}).Draw(rt, "of")
				m.back[key] = rapid.Int64Range(0, 200_00).Draw(rt, "amount")
				w.both(func(p *person) { p.send("refund", "", m.back[key], key, m.of[key]) })
			},
			"retract": func(rt *rapid.T) {
				kind := rapid.SampledFrom([]string{"order", "refund"}).Draw(rt, "kind")
				events := w.a.events[w.a.kind(kind)]
				if len(events) == 0 {
					return
				}
				i := rapid.IntRange(0, len(events)-1).Draw(rt, "which")
				key := events[i].Fields[0].S
				w.both(func(p *person) { p.takeOut(kind, i) })
				delete(m.amount, key)
				delete(m.granted, key)
				delete(m.of, key)
				delete(m.back, key)
			},
			"spend": func(rt *rapid.T) {
				asks++
				key, n := fmt.Sprint("S", asks), rapid.Int64Range(1, 300).Draw(rt, "points")
				err := w.ask(key, func(a *loyalty.Account) error { return a.Spend(0, n, key) })
				if err == nil {
					m.spent[key] = n
				} else if !errors.Is(err, loyalty.ErrShort) {
					rt.Fatal(err)
				}
			},
			"return": func(rt *rapid.T) {
				if len(m.spent) == 0 {
					return
				}
				keys := make([]string, 0, len(m.spent))
				for key := range m.spent {
					keys = append(keys, key)
				}
				slices.Sort(keys)
				key, n := rapid.SampledFrom(keys).Draw(rt, "of"), rapid.Int64Range(1, 200).Draw(rt, "points")
				err := w.ask(key, func(a *loyalty.Account) error { return a.Return(0, n, key, "") })
				if err == nil {
					m.spent[key] -= n
				} else if !errors.Is(err, loyalty.ErrUnspent) {
					rt.Fatal(err)
				}
			},
			"time": func(rt *rapid.T) {
				end := w.a.now + rapid.Int64Range(1, 80).Draw(rt, "hours")*calendar.Hour
				w.a.sparse(end)
				w.b.dense(end)
			},
			"": func(rt *rapid.T) {
				w.rt = rt
				w.same()
				w.a.check(rt, m)
			},
		})
	})
}

// ask asks something of the accounts of both.
func (w *twins) ask(key string, what func(*loyalty.Account) error) (err error) {
	w.both(func(p *person) {
		p.turn(func(t *programme.Turn) error {
			err = what(t.Account(loyalty.Cause{Kind: "asked", Key: key}))
			return nil
		})
	})
	return err
}

// sparse runs the clock through midnights and the instants at which the member is due.
func (p *person) sparse(end int64) {
	for {
		next := p.prog.Zone.NextDateChange(p.now)
		if due, ok := p.c.Next(p.world(), p.member()); ok {
			next = min(next, due)
		}
		if next > end {
			break
		}
		p.now = next
		p.turn(func(t *programme.Turn) error { return t.Due() })
	}
	p.now = end
}

func (p *person) takeOut(kind string, i int) {
	n := p.kind(kind)
	e := p.events[n][i]
	p.events[n] = slices.Delete(slices.Clone(p.events[n]), i, i+1)
	p.turn(func(t *programme.Turn) error { return t.Retracted(n, e) })
}

func (p *person) tier() string {
	v := p.value("level")
	return p.prog.Tiers[0].Enum.Values[v.I]
}

// check holds the points and the tier to what a plain count has.
func (p *person) check(rt *rapid.T, m *plain) {
	var want, expired, given int64
	for order, points := range m.granted {
		want += points - m.taken(order)
	}
	for _, n := range m.spent {
		want -= n
	}
	facts := "points:stars"
	for _, e := range p.events[p.kind(facts)] {
		change := p.field(facts, e, ir.FactActive).I + p.field(facts, e, ir.FactPending).I
		switch p.field(facts, e, ir.FactWhat).S {
		case "expire":
			expired -= change
		case "give":
			given += change
		}
	}
	if got := p.number64("balance(stars) + pending(stars)"); got != want+given-expired {
		rt.Fatalf("there are %d points, and should be %d less %d that expired and %d that campaigns gave", got, want, expired, given)
	}
	account := p.open()
	if fault := account.Books(0); fault != "" {
		rt.Fatal(fault)
	}
	measured, tier := p.number64("earned(stars) in last 10 days"), account.Standing(0)
	froms := []int64{0, 100, 400}
	reached := 0
	for i, from := range froms {
		if measured >= from {
			reached = i
		}
	}
	today := p.prog.Zone.DateOf(p.now)
	if reached > tier.Tier {
		rt.Fatalf("%d points are measured, and the tier is %d", measured, tier.Tier)
	}
	if tier.Tier > reached && tier.Keep < today {
		rt.Fatalf("%d points are measured, and the tier %d is kept only to %d (today is %d)", measured, tier.Tier, tier.Keep, today)
	}
	codes := 0
	for _, c := range account.Codes(0) {
		if c.State == loyalty.CodeUsable {
			codes++
		}
	}
	if held := p.number64("issued(gift) - used(gift)"); int64(codes) > held {
		rt.Fatalf("%d codes are usable, and %d issued and not used", codes, held)
	}
}

func (p *person) open() *loyalty.Account {
	return p.c.Keeper().Open(p.world(), p.member(), nil)
}

// Of what the same turns are told, a turn that is opened anew says the same: when the member is due follows from the history.
func TestNextFollowsFromTheHistory(t *testing.T) {
	prog := compile(t, whole)
	p := newPerson(t, prog, "2026-03-01T22:00")
	n, e := p.event("order", "", 30_000, "O1")
	p.insert(n, e)
	turn := p.c.Begin(p.world(), p.member(), programme.Hands{Stamp: func() int64 { p.stamps++; return p.stamps }, Everybody: true, Supply: loyalty.Supply{
		Code: func() (string, error) { return "C1", nil },
	}}, programme.Input{})
	if err := errors.Join(turn.Happened(n, e), turn.Settle()); err != nil {
		t.Fatal(err)
	}
	if more, err := turn.Crossed([]programme.Crossing{{Segment: 0, Entered: true}}); err != nil || !more {
		t.Fatal(more, err)
	}
	before, _ := turn.Next()
	for _, f := range turn.Outcome().Facts {
		p.insert(f.Type, f.Event)
	}
	after, ok := p.c.Next(p.world(), p.member())
	if want := at(t, prog, "2026-03-02T09:00"); !ok || before != want || after != want {
		t.Errorf("due at %d and %d, want %d", before, after, want)
	}
}

// value evaluates an expression over the member.
func (p *person) value(text string) ir.Value {
	p.t.Helper()
	v, err := p.eval.Value(p.world(), p.member(), p.query(text))
	if err != nil {
		p.t.Fatal(err)
	}
	return v
}

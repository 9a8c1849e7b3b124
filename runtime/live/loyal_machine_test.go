package live

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/muster-engine/muster/compiler"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

const loyalRules = `
settings { language 1  timezone "Europe/London"  currency GBP  late 2 days }
member { phone id  vip bool }
event order { order_id key  amount money }
event refund { refund_id key  order_id string  amount money }
event complain { complain_id key  ticket string }
event solved { solved_id key  ticket string }
list sleepers
segment rich = balance(stars) >= 300
segment golden = level = "gold"
segment recent = has(order) in last 2 days
segment lazy = sleepers and not recent
segment holder = back
segment upset = complaint
segment heard = sent(sms) in last 3 days >= 2
points stars {
  start 2026-01-01  expire after 5 days  pending 1 day
  earn shopping on order { give floor(amount) * level.factor  at most 500 points per week }
  earn extra on order { give 20  when recent  at most 1 times per day }
  boost vip on order { factor 2  when vip }
  reverse order on refund matching order_id by amount
}
tiers level {
  by earned(stars) in last 10 days
  tier "plain" { factor 1 }  tier "silver" from 100 { factor 1.2 }  tier "gold" from 300 { factor 1.5 }
  keep 3 days  drop one
}
coupon back { off 5  min_spend 10  valid 3 days  stock 4  at most 2 per 10 days }
coupon paid { off 1  valid 2 days  price 50 stars }
sink sms { file "x"  at most 2 per day }
campaign back_again {
  on enter recent  at most 1 per 4 days
  do { send sms "hi"  wait 1 day  stop when not recent  issue back  send sms "back" with { points: balance(stars) } }
}
campaign rise { on reach "gold" of level  do { give 30 stars  issue paid } }
campaign big { on order where amount >= 100  holdout 30%  do { add to sleepers  wait 2 days  remove from sleepers }  goal order within 2 days }
campaign mornings { daily at 10:00 for lazy  at most 1 per 2 days  quiet 21:00 to 09:00  do { send sms "lazy"  wait 12 hours  send sms "night" } }
campaign midnights { daily at 00:00 for rich  at most 1 per 3 days  do { issue back } }
case complaint { open on complain  close on solved  matching ticket  due 1 day  overdue { send sms "late" } }
`

// TestLoyalMachine drives an engine with a programme and holds it, after each step, to a model that takes one input after
// another, member by member: the same facts, crossings, lists and messages.
func TestLoyalMachine(t *testing.T) {
	checks, steps := "5", "25"
	if os.Getenv("MUSTER_LONG") != "" {
		checks, steps = "150", "40"
	}
	for name, value := range map[string]string{"rapid.checks": checks, "rapid.steps": steps, "rapid.nofailfile": "true"} {
		f := flag.Lookup(name)
		if old := f.Value.String(); old == f.DefValue {
			f.Value.Set(value)
			t.Cleanup(func() { f.Value.Set(old) })
		}
	}
	prog, _ := compileRules(t, &ruleSet{name: "rules", text: loyalRules})
	dir, round := t.TempDir(), 0
	rapid.Check(t, func(rt *rapid.T) {
		round++
		m := &loyalMachine{t: rt, prog: prog, path: filepath.Join(dir, fmt.Sprint(round))}
		defer m.close()
		start, err := time.ParseInLocation("2006-01-02T15:04", rapid.SampledFrom([]string{"2026-03-27T20:00", "2026-06-10T09:00"}).Draw(rt, "start"), prog.Zone.Location())
		m.must(err)
		m.clock.Store(start.UnixMicro())
		m.model, err = newLoyalModel(prog, start.UnixMicro())
		m.must(err)
		m.open(true)
		rt.Repeat(map[string]func(*rapid.T){
			"":           m.check,
			"submit":     m.submit,
			"submit2":    m.submit,
			"clock":      m.moveClock,
			"restart":    m.restart,
			"checkpoint": func(*rapid.T) { m.must(m.engine.Checkpoint(context.Background())) },
			"fail":       m.fail,
		})
	})
}

type loyalMachine struct {
	t       *rapid.T
	prog    *ir.Program
	path    string
	store   *storage.Store
	engine  *Engine
	clock   atomic.Int64
	failing atomic.Bool
	model   *loyalModel
	story   []string
}

func (m *loyalMachine) must(err error) {
	if err != nil {
		m.t.Helper()
		m.t.Fatalf("%+v\n%s", err, strings.Join(m.story, "\n"))
	}
}

func (m *loyalMachine) open(create bool) {
	var err error
	m.store, err = storage.Open(m.path, storage.Options{Create: create})
	m.must(err)
	m.engine, err = Open(context.Background(), Options{
		Store: m.store, Program: m.prog, System: m.clock.Load, CheckpointMembers: rapid.SampledFrom([]int{-1, 2, 0}).Draw(m.t, "checkpoint at"),
		append: func(e storage.JournalEntry) error {
			if m.failing.Load() {
				return errDisk
			}
			return m.store.AppendJournal(e)
		},
	})
	m.must(err)
}

func (m *loyalMachine) close() {
	if m.engine != nil {
		m.engine.Close()
	}
	if m.store != nil {
		m.store.Close()
	}
	os.Remove(m.path)
}

func (m *loyalMachine) restart(t *rapid.T) {
	m.engine.Close()
	m.must(m.store.Close())
	if rapid.Bool().Draw(t, "later") {
		m.moveClock(t)
	}
	m.open(false)
}

func (m *loyalMachine) moveClock(t *rapid.T) {
	const minute = int64(60e6)
	now := m.clock.Load()
	switch rapid.IntRange(0, 4).Draw(t, "move") {
	case 0:
		now += int64(rapid.IntRange(1, 600).Draw(t, "minutes")) * minute
	case 1:
		now = m.prog.Zone.NextDateChange(now)
	case 2:
		now += int64(rapid.IntRange(1, 4).Draw(t, "days")) * 1440 * minute
	case 3:
		now += int64(rapid.IntRange(1, 24).Draw(t, "hours")) * 60 * minute
	default:
		if at, ok := m.model.conductor.NextSchedule(now); ok {
			now = at
		}
	}
	m.clock.Store(now)
}

// inputs draws a few, of few members.
func (m *loyalMachine) inputs(t *rapid.T) (out []Input) {
	for range rapid.IntRange(1, 6).Draw(t, "inputs") {
		out = append(out, m.input(t))
	}
	return out
}

func (m *loyalMachine) input(t *rapid.T) Input {
	who := []ID{{"phone", fmt.Sprint("p", rapid.IntRange(0, 4).Draw(t, "who"))}}
	key := func() string { return fmt.Sprint(rapid.IntRange(0, 15).Draw(t, "key")) }
	keyed := func(kind, keyField string, values map[string]column.Value) Input {
		in := Input{Kind: Event, Type: kind, IDs: who, Key: key(), Values: values}
		values[keyField] = column.Text(in.Key)
		if rapid.IntRange(0, 3).Draw(t, "timed") == 0 {
			in.HasAt, in.At = true, m.clock.Load()+int64(rapid.IntRange(-80, 20).Draw(t, "hours"))*3600e6
		}
		return in
	}
	amount := func() column.Value {
		return column.Int(rapid.SampledFrom([]int64{100, 2550, 9_999, 10_000, 40_000}).Draw(t, "amount"))
	}
	switch rapid.IntRange(0, 13).Draw(t, "kind") {
	case 0:
		return Input{Kind: Attributes, IDs: who, Values: map[string]column.Value{"vip": column.Int(int64(rapid.IntRange(0, 1).Draw(t, "vip")))}}
	case 1:
		in := Input{Kind: List, Name: "sleepers", Mode: rapid.SampledFrom([]ListMode{Append, Remove}).Draw(t, "mode"), IDs: who}
		return in
	case 2:
		return Input{Kind: Retract, Type: rapid.SampledFrom([]string{"order", "refund", "complain", "solved"}).Draw(t, "type"), IDs: who, Key: key()}
	case 3, 4:
		return keyed("refund", "refund_id", map[string]column.Value{"order_id": column.Text(key()), "amount": amount()})
	case 5:
		return keyed("complain", "complain_id", map[string]column.Value{"ticket": column.Text(fmt.Sprint("t", rapid.IntRange(0, 2).Draw(t, "ticket")))})
	case 6:
		return keyed("solved", "solved_id", map[string]column.Value{"ticket": column.Text(fmt.Sprint("t", rapid.IntRange(0, 2).Draw(t, "ticket")))})
	case 7:
		return Input{Kind: Spend, IDs: who, Ask: &Ask{Of: "stars", Key: key(), Points: int64(rapid.IntRange(1, 200).Draw(t, "points"))}}
	case 8:
		return Input{Kind: Return, IDs: who, Ask: &Ask{Of: "stars", Key: key(), Spent: key(), Points: int64(rapid.IntRange(1, 100).Draw(t, "points"))}}
	case 9:
		return Input{Kind: Adjust, IDs: who, Ask: &Ask{Of: "stars", Key: key(), Points: int64(rapid.IntRange(-100, 300).Draw(t, "points"))}}
	case 10:
		if rapid.IntRange(0, 2).Draw(t, "tier") > 0 {
			break
		}
		until := m.prog.Zone.DateOf(m.clock.Load()) + int64(rapid.IntRange(0, 3).Draw(t, "until"))
		return Input{Kind: SetTier, IDs: who, Ask: &Ask{Of: "level", Tier: rapid.SampledFrom([]string{"plain", "silver", "gold"}).Draw(t, "which"), Until: &until, By: "shop"}}
	}
	return keyed("order", "order_id", map[string]column.Value{"amount": amount()})
}

func (m *loyalMachine) submit(t *rapid.T) { m.hand(m.inputs(t)) }

func (m *loyalMachine) hand(in []Input) {
	out, err := m.engine.Submit(context.Background(), in)
	m.must(err)
	m.must(m.model.pass(m.clock.Load()))
	for i, one := range in {
		m.story = append(m.story, fmt.Sprintf("%s %s %+v", utc(m.clock.Load()), told(one), out[i]))
		status, err := m.model.take(one)
		m.must(err)
		if status != out[i].Status {
			m.t.Fatalf("%s ends with %d %s, not %d\n%s", told(one), out[i].Status, out[i].Reason, status, strings.Join(m.story, "\n"))
		}
	}
}

// told describes an input.
func told(in Input) string {
	if in.Ask == nil {
		return describe(in)
	}
	return fmt.Sprintf("%s %v %+v", map[Kind]string{Spend: "spend", Return: "return", Adjust: "adjust", SetTier: "tier"}[in.Kind], in.IDs, *in.Ask)
}

// fail lets the journal fail; then the same is handed over again.
func (m *loyalMachine) fail(t *rapid.T) {
	in := m.inputs(t)
	if rapid.Bool().Draw(t, "later") {
		m.moveClock(t)
	}
	m.failing.Store(true)
	_, err := m.engine.Submit(context.Background(), in)
	m.failing.Store(false)
	if err != nil && !errors.Is(err, errDisk) {
		m.must(err)
	}
	if err != nil {
		m.hand(in)
	}
}

// check compares everything after each step.
func (m *loyalMachine) check(*rapid.T) {
	m.must(m.model.pass(m.clock.Load()))
	_, err := m.engine.Submit(context.Background(), []Input{{Kind: Retract, IDs: []ID{{"phone", "nobody"}}}})
	m.must(err)
	m.crossings()
	for _, p := range m.model.people {
		m.person(p)
	}
	m.conditions()
	m.stock()
}

func (m *loyalMachine) crossings() {
	got, err := m.engine.Crossings(0, 1<<30)
	m.must(err)
	if fmt.Sprint(got) != fmt.Sprint(m.model.log) {
		i := 0
		for i < len(got) && i < len(m.model.log) && got[i] == m.model.log[i] {
			i++
		}
		m.t.Fatalf("crossings differ from number %d on\n got %v\nwant %v\n%s", i+1, got[i:], m.model.log[i:], strings.Join(m.story, "\n"))
	}
	sent, err := m.store.Pending("sms", 0, 1<<20)
	m.must(err)
	var texts []string
	keys := map[string]bool{}
	for _, one := range sent {
		texts = append(texts, fmt.Sprint(one.Member, " ", one.Template, " ", string(one.Values)))
		if keys[one.Key] {
			m.t.Fatalf("the key %q is of two messages", one.Key)
		}
		keys[one.Key] = true
	}
	if !slices.Equal(texts, m.model.messages) {
		m.t.Fatalf("messages\n got %q\nwant %q\n%s", texts, m.model.messages, strings.Join(m.story, "\n"))
	}
}

func (m *loyalMachine) person(p *loyalPerson) {
	got, err := m.engine.current(uint32(p.number))
	m.must(err)
	for kind, decl := range m.prog.Events {
		a, b := recorded(decl, planEvents(got.events.of(decl.Name), decl, nil)), recorded(decl, p.events[kind])
		if !slices.Equal(a, b) {
			m.t.Fatalf("%s, %s of member %d:\n got\n  %s\nwant\n  %s\n%s", utc(m.clock.Load()), decl.Name, p.number, strings.Join(a, "\n  "), strings.Join(b, "\n  "), strings.Join(m.story, "\n"))
		}
	}
	for i, l := range m.prog.Lists {
		if got.lists[l.Name] != p.lists[i] {
			m.t.Fatalf("member %d is on %s: %t", p.number, l.Name, got.lists[l.Name])
		}
	}
	m.must(steered(func() error {
		account := m.model.conductor.Keeper().Open(m.model.world(), got.person(m.prog, nil), nil)
		if fault := account.Books(0); fault != "" {
			return fmt.Errorf("the books of member %d: %s", p.number, fault)
		}
		if at, ok := m.model.conductor.Next(m.model.world(), &p.Member); ok != (p.number < len(m.engine.dues) && m.engine.dues[p.number] < 1<<62) || ok && at != m.engine.dues[p.number] {
			return fmt.Errorf("member %d is due at %s (%t), not at %v", p.number, utc(at), ok, m.engine.dues)
		}
		return nil
	}))
}

// conditions asks the standing view, and the model member by member.
func (m *loyalMachine) conditions() {
	for _, text := range []string{
		"rich", "golden", "lazy", "holder", "upset", "heard", "balance(stars) < 0", "pending(stars) > 0", "issued(back) > used(back)",
		`level >= "silver"`, "reached(back_again) >= 1", "earned(stars) in last 10 days >= 100", "spent(stars) in last 3 days > 0",
	} {
		q, found := compiler.CompileQuery(m.prog, diag.NewFile("ask", text), nil)
		if found.HasErrors() {
			m.t.Fatal(found)
		}
		got, err := m.engine.View().Select(context.Background(), q.Node)
		m.must(err)
		m.model.eval.Reset()
		for _, p := range m.model.people {
			v, err := m.model.eval.Value(m.model.world(), &p.Member, q.Node)
			m.must(err)
			if v.True() != got.Contains(uint32(p.number)) {
				m.t.Fatalf("%s: %s of member %d is %t\n%s", utc(m.clock.Load()), text, p.number, got.Contains(uint32(p.number)), strings.Join(m.story, "\n"))
			}
		}
	}
}

func (m *loyalMachine) stock() {
	for i, c := range m.prog.Coupons {
		if n := m.engine.CouponCount(c.Name).Issued; n != m.model.issued[i] || c.Stock != nil && n > *c.Stock {
			m.t.Fatalf("%d codes of %s are issued, and the model has %d", n, c.Name, m.model.issued[i])
		}
	}
}

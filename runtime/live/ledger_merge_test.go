package live

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/muster-engine/muster/runtime/holdings"
	"github.com/muster-engine/muster/runtime/report"
	"github.com/muster-engine/muster/storage/column"
)

// TestLedgerMergeMachine holds an engine to what the language says of members who become one and part: nothing is lost or
// made by a merge, a split that follows gives each what each had, and the books are sound after each step.
func TestLedgerMergeMachine(t *testing.T) {
	rapidChecks(t, "4", "25", "30", "40")
	prog, _ := compileRules(t, &ruleSet{name: "rules", text: ledgerRules})
	dir, round := t.TempDir(), 0
	rapid.Check(t, func(rt *rapid.T) {
		round++
		m := &ledgerMachine{t: rt, prog: prog, path: filepath.Join(dir, fmt.Sprint(round))}
		m.model = &ledgerModel{zone: prog.Zone.Location()}
		defer m.close()
		m.clock.Store(time.Date(2026, 3, 27, 20, 0, 13, 0, m.model.zone).UnixMicro())
		m.open(true)
		rt.Repeat(map[string]func(*rapid.T){
			"":        m.sound,
			"events":  m.ownEvents,
			"events2": m.ownEvents,
			"spend":   m.spendSome,
			"merge":   m.mergeTwo,
			"split":   m.splitOne,
			"clock":   m.moveClock,
			"restart": m.restart,
		})
	})
}

func (m *ledgerMachine) give(in ...Input) []Outcome {
	out, err := m.engine.Submit(context.Background(), in)
	m.must(err)
	m.passed = m.clock.Load()
	for i, one := range in {
		m.story = append(m.story, fmt.Sprintf("%s %s: %d %s", utc(m.clock.Load()), ledgerTold(one), out[i].Status, out[i].Reason))
	}
	return out
}

func ledgerOrder(key string, amount int64, ids ...ID) Input {
	return Input{Kind: Event, Type: "order", IDs: ids, Key: key, Values: map[string]column.Value{"order_id": column.Text(key), "amount": column.Int(amount)}}
}

// ownEvents are orders and refunds of one id, whose keys are its own.
func (m *ledgerMachine) ownEvents(t *rapid.T) {
	for range rapid.IntRange(1, 4).Draw(t, "events") {
		phone := drawPhone(t)
		key := func() string { return fmt.Sprint(phone, "-", rapid.IntRange(0, 4).Draw(t, "key")) }
		in := ledgerOrder(key(), rapid.SampledFrom([]int64{3_333, 5_000, 9_999}).Draw(t, "amount"), ID{"phone", phone})
		if rapid.Bool().Draw(t, "refund") {
			in.Type = "refund"
			in.Values["refund_id"], in.Values["order_id"] = in.Values["order_id"], column.Text(key())
		}
		m.sent++
		in.HasAt, in.At = true, m.clock.Load()-int64(rapid.IntRange(0, 72).Draw(t, "hours"))*3600e6-m.sent
		m.give(in)
	}
}

// has is what the member with an id has.
func (m *ledgerMachine) has(phone string) (number uint32, p holdings.Points, ok bool) {
	number, ok = m.engine.Find("phone", phone)
	if !ok {
		return 0, p, false
	}
	one, err := m.engine.Person(m.engine.View(), number)
	m.must(err)
	all, err := holdings.Of(context.Background(), one)
	m.must(err)
	return number, all.Points[0], true
}

// spendSome spends what a member has or a part of it, which is never refused, and all of it leaves the balance.
func (m *ledgerMachine) spendSome(t *rapid.T) {
	phone := drawPhone(t)
	if _, p, ok := m.has(phone); ok && p.Balance > 0 {
		n := rapid.Int64Range(1, p.Balance).Draw(t, "points")
		m.sent++
		out := m.give(Input{Kind: Spend, IDs: []ID{{"phone", phone}}, Ask: &Ask{Of: "stars", Key: fmt.Sprint("s", m.sent), Points: n}})
		if _, after, _ := m.has(phone); out[0].Status != Accepted || after.Balance != p.Balance-n {
			m.fatal("%s has %d points, spends %d and has %d", phone, p.Balance, n, after.Balance)
		}
	}
}

// mergeTwo makes one of two members, and sometimes two again.
func (m *ledgerMachine) mergeTwo(t *rapid.T) {
	one, two := drawPhone(t), drawPhone(t)
	a, x, ok := m.has(one)
	b, y, also := m.has(two)
	if !ok || !also || a == b {
		return
	}
	m.sent++
	m.give(ledgerOrder(fmt.Sprint("both", m.sent), 0, ID{"phone", one}, ID{"phone", two})) // earns nothing
	if _, z, _ := m.has(one); z.Balance != x.Balance+y.Balance || z.Pending != x.Pending+y.Pending {
		m.fatal("%+v and %+v have become %+v", x, y, z)
	}
	m.sound(t)
	if rapid.Bool().Draw(t, "part") {
		m.give(Input{Kind: Split, Member: max(a, b)})
		if _, x2, _ := m.has(one); x2.Balance != x.Balance || x2.Pending != x.Pending {
			m.fatal("%s had %+v, and has %+v after a merge and a split", one, x, x2)
		}
		if _, y2, _ := m.has(two); y2.Balance != y.Balance || y2.Pending != y.Pending {
			m.fatal("%s had %+v, and has %+v after a merge and a split", two, y, y2)
		}
	}
}

// splitOne gives back whom a member absorbed. What comes back to lots that have expired is forfeited; otherwise nothing is
// lost, and nothing is ever made.
func (m *ledgerMachine) splitOne(t *rapid.T) {
	before := m.all()
	m.give(Input{Kind: Split, IDs: []ID{{"phone", drawPhone(t)}}})
	if after := m.all(); after > before {
		m.fatal("a split makes %d points of %d", after, before)
	}
}

// all is what all members have together.
func (m *ledgerMachine) all() (n int64) {
	var seen []uint32
	for i := range 3 {
		number, p, ok := m.has(fmt.Sprint("p", i))
		if ok && !slices.Contains(seen, number) {
			seen = append(seen, number)
			n += p.Balance + p.Pending
		}
	}
	return n
}

// sound proves the books.
func (m *ledgerMachine) sound(*rapid.T) {
	if m.passed < m.clock.Load() {
		m.give(Input{Kind: Retract, IDs: []ID{{"phone", "nobody"}}}) // lets time pass
	}
	books, err := report.Open(m.engine.View(), report.Period{}).Books(context.Background(), "")
	m.must(err)
	if !books.Sound || books.Points[0].Found > 0 || books.Points[0].Balance != 0 {
		m.fatal("the books are not sound: %+v", books)
	}
}

package loyalty_test

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/runtime/loyalty"
)

const plainStars = `
points stars {
  start 2026-01-01  expire after 20 days  pending 3 days
  earn shopping on order { give floor(amount) * 1.5 }
  reverse order on refund matching order_id by amount
}`

const lastingStars = `
points stars {
  start 2026-01-01  expire never
  earn shopping on order { give floor(amount) * 1.5 }
  reverse order on refund matching order_id by amount
}`

// Whatever the order in which orders and their refunds arrive, the same points are left.
func TestOrderOfArrival(t *testing.T) {
	prog := compile(t, lastingStars)
	rapid.Check(t, func(rt *rapid.T) {
		type row struct {
			kind   string
			amount int64
			texts  []string
		}
		var rows []row
		want := int64(0)
		for i := range rapid.IntRange(1, 4).Draw(rt, "orders") {
			order := "O" + itoa(int64(i))
			amount := rapid.Int64Range(1, 1000_00).Draw(rt, "amount")
			rows = append(rows, row{"order", amount, []string{order}})
			back := int64(0)
			for j := range rapid.IntRange(0, 3).Draw(rt, "refunds") {
				part := rapid.Int64Range(0, 500_00).Draw(rt, "part")
				back += part
				rows = append(rows, row{"refund", part, []string{order + "F" + itoa(int64(j)), order}})
			}
			points := amount / 100 * 3 / 2
			want += points - points*min(back, amount)/amount
		}
		p := newPerson(t, prog, "2026-03-01")
		for _, r := range rapid.Permutation(rows).Draw(rt, "arrival") {
			p.send(r.kind, p.now, r.amount, r.texts...)
		}
		if got := p.ask("balance(stars)"); got != itoa(want) {
			rt.Fatalf("the balance is %s, want %d", got, want)
		}
		if fault := p.open().Books(0); fault != "" {
			rt.Fatal(fault)
		}
	})
}

// model is what a member's points are, kept as plain numbers: what each order is worth by now, and what was spent.
type model struct {
	points map[string]int64 // by order, as granted
	amount map[string]int64
	back   map[string]map[string]int64 // refunds by order and their own key
	spent  map[string]int64            // by key, less returns
	asked  map[string]int64            // by key, as they were asked for
	added  int64                       // adjustments
}

// net is all that was ever given, less all that was taken.
func (m *model) net() int64 {
	n := m.added
	for order, points := range m.points {
		n += points - m.taken(order)
	}
	for _, k := range m.spent {
		n -= k
	}
	return n
}

func (m *model) taken(order string) int64 {
	var back int64
	for _, part := range m.back[order] {
		back += part
	}
	if m.amount[order] == 0 {
		return 0
	}
	return m.points[order] * min(back, m.amount[order]) / m.amount[order]
}

// Random programmes of a member: after each step the balances are what is left of what was given, less what expired, and
// the books are sound.
func TestLedger(t *testing.T) {
	for name, rules := range map[string]string{"lasting": lastingStars, "expiring": plainStars} {
		prog := compile(t, rules)
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				p := newPerson(t, prog, "2026-03-01")
				m := &model{points: map[string]int64{}, amount: map[string]int64{}, back: map[string]map[string]int64{}, spent: map[string]int64{}, asked: map[string]int64{}}
				orders := []string{"O1", "O2", "O3"}
				rt.Repeat(map[string]func(*rapid.T){
					"order": func(rt *rapid.T) {
						key := rapid.SampledFrom(orders).Draw(rt, "order")
						if m.amount[key] != 0 {
							return
						}
						m.amount[key] = rapid.Int64Range(1, 500_00).Draw(rt, "amount")
						m.points[key] = m.amount[key] / 100 * 3 / 2
						p.send("order", p.now, m.amount[key], key)
					},
					"refund": func(rt *rapid.T) {
						order, key := rapid.SampledFrom(orders).Draw(rt, "of"), rapid.StringMatching(`F[1-3]`).Draw(rt, "key")
						if _, twice := m.back[order][key]; twice {
							return
						}
						if m.back[order] == nil {
							m.back[order] = map[string]int64{}
						}
						m.back[order][key] = rapid.Int64Range(0, 300_00).Draw(rt, "part")
						p.send("refund", p.now, m.back[order][key], order+key, order)
					},
					"retract a refund": func(rt *rapid.T) {
						order, key := rapid.SampledFrom(orders).Draw(rt, "of"), rapid.StringMatching(`F[1-3]`).Draw(rt, "key")
						part, there := m.back[order][key]
						if !there {
							return
						}
						delete(m.back[order], key)
						p.retract(rt, "refund", part, order+key, order)
					},
					"retract an order": func(rt *rapid.T) {
						key := rapid.SampledFrom(orders).Draw(rt, "order")
						if m.amount[key] == 0 {
							return
						}
						p.retract(rt, "order", m.amount[key], key)
						m.amount[key], m.points[key] = 0, 0
					},
					"spend": func(rt *rapid.T) {
						key, n := rapid.StringMatching(`S[1-4]`).Draw(rt, "key"), rapid.Int64Range(1, 300).Draw(rt, "points")
						active, _ := p.open().Balance(0)
						err := p.do(func(a *loyalty.Account) error { return a.Spend(0, n, key) })
						_, before := m.spent[key]
						switch {
						case before && m.asked[key] != n:
							if refusal := (*loyalty.Refusal)(nil); !errors.As(err, &refusal) || refusal.Reason != loyalty.WhyOtherKey {
								rt.Fatalf("another spending %s of %d after one of %d: %v", key, n, m.asked[key], err)
							}
						case before:
							if !errors.Is(err, loyalty.ErrTwice) {
								rt.Fatalf("a second spending %s: %v", key, err)
							}
						case active < n:
							if !errors.Is(err, loyalty.ErrShort) {
								rt.Fatalf("spending %d of %d: %v", n, active, err)
							}
						case err != nil:
							rt.Fatal(err)
						default:
							m.spent[key], m.asked[key] = n, n
						}
					},
					"return": func(rt *rapid.T) {
						key, n := rapid.StringMatching(`S[1-4]`).Draw(rt, "key"), rapid.Int64Range(1, 300).Draw(rt, "points")
						err := p.do(func(a *loyalty.Account) error { return a.Return(0, n, key, "") })
						if n > m.spent[key] {
							if !errors.Is(err, loyalty.ErrUnspent) {
								rt.Fatalf("returning %d of %d: %v", n, m.spent[key], err)
							}
							return
						}
						if err != nil {
							rt.Fatal(err)
						}
						m.spent[key] -= n
					},
					"adjust": func(rt *rapid.T) {
						n := rapid.Int64Range(-100, 100).Filter(func(n int64) bool { return n != 0 }).Draw(rt, "points")
						if err := p.do(func(a *loyalty.Account) error { return a.Adjust(0, n, nil, "") }); err != nil {
							rt.Fatal(err)
						}
						m.added += n
					},
					"days": func(rt *rapid.T) {
						days := rapid.Int64Range(0, 8).Draw(rt, "days")
						p.advance(p.prog.Zone.Midnight(p.prog.Zone.DateOf(p.now) + days))
					},
					"": func(rt *rapid.T) {
						active, pending := p.open().Balance(0)
						if got := p.ask("balance(stars)") + " " + p.ask("pending(stars)"); got != itoa(active)+" "+itoa(pending) {
							rt.Fatalf("the expressions say %s, the lots %d %d", got, active, pending)
						}
						if want := m.net() - p.expired(); active+pending != want {
							rt.Fatalf("there are %d active and %d pending points, want %d in all (%+v)", active, pending, want, p.open().Lots(0))
						}
						if fault := p.open().Books(0); fault != "" {
							rt.Fatal(fault)
						}
						today := p.prog.Zone.DateOf(p.now)
						for _, l := range p.open().Lots(0) {
							if l.Active > 0 && l.Expires < today || l.Pending > 0 && l.Due <= today {
								rt.Fatalf("the lot %+v is late", l)
							}
						}
					},
				})
			})
		})
	}
}

// retract takes an event out of the history and tells the account.
func (p *person) retract(rt *rapid.T, kind string, amount int64, texts ...string) {
	n, e := p.record(kind, p.now, amount, texts...)
	key := p.prog.Events[n].Key
	at := slices.IndexFunc(p.events[n], func(o exprplan.Event) bool { return o.Fields[key].S == texts[0] })
	e.At = p.events[n][at].At
	p.events[n] = slices.Delete(slices.Clone(p.events[n]), at, at+1)
	if err := p.do(func(a *loyalty.Account) error { return a.Retracted(n, e) }); err != nil {
		rt.Fatal(err)
	}
}

// expired is how many points have expired, by the entries that say so.
func (p *person) expired() (n int64) {
	facts := p.prog.Points[0].Facts
	for _, e := range p.events[facts] {
		field := func(name string) (v int64, text string) {
			for i, f := range p.prog.Events[facts].Fields {
				if f.Name == name {
					return e.Fields[i].I, e.Fields[i].S
				}
			}
			return 0, ""
		}
		if _, what := field("what"); what == "expire" {
			active, _ := field("active")
			pending, _ := field("pending")
			n -= active + pending
		}
	}
	return n
}

package live

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"pgregory.net/rapid"
)

// join makes one of two members: histories, lots, codes and what was spent are those of both, points of one pay off what
// the other owes, and the higher tier holds. It returns what makes two of them again, as long as nothing has happened since.
func (m *ledgerModel) join(a, b *ledgerMember) (part func()) {
	if slices.Index(m.members, a) > slices.Index(m.members, b) {
		a, b = b, a
	}
	one := &ledgerMember{
		phones: slices.Concat(a.phones, b.phones), there: both(a.there, b.there), orders: both(a.orders, b.orders),
		refunds: both(a.refunds, b.refunds), spent: both(a.spent, b.spent), returns: both(a.returns, b.returns),
		ahead: slices.Concat(a.ahead, b.ahead), lots: slices.Concat(a.lots, b.lots), codes: slices.Concat(a.codes, b.codes),
		debt: a.debt + b.debt, tier: a.tier, keep: a.keep,
	}
	slices.SortStableFunc(one.ahead, func(x, y ledgerEvent) int { return cmp.Compare(x.at, y.at) })
	slices.SortFunc(one.lots, func(x, y *ledgerLot) int { return cmp.Compare(x.made, y.made) })
	if b.tier > a.tier || b.tier == a.tier && b.keep > a.keep {
		one.tier, one.keep = b.tier, b.keep
	}
	left := map[*ledgerLot]int64{}
	for _, l := range one.byExpiry() {
		left[l] = l.left
		if !l.pending {
			one.payOff(l)
		}
	}
	tier, keep := one.tier, one.keep
	m.measure(one, 0)
	rose := one.tier != tier || one.keep != keep
	before := slices.Clone(m.members)
	m.members[slices.Index(m.members, a)] = one
	m.members = slices.DeleteFunc(m.members, func(p *ledgerMember) bool { return p == b })
	return func() {
		for l, n := range left {
			l.left = n
		}
		if rose { // what was reached holds as long as it is kept, like any tier
			a.tier, a.keep = one.tier, one.keep
		}
		m.members = before
	}
}

// both are the entries of two maps, whose keys are not the same: amounts of one order may have come back to both.
func both[V any](a, b map[string]V) map[string]V {
	out := maps.Clone(a)
	for key, v := range b {
		if sum, ok := any(out[key]).(int64); ok {
			v = any(sum + any(v).(int64)).(V)
		}
		out[key] = v
	}
	return out
}

// owesBeside reports whether there are points beside a debt.
func (p *ledgerMember) owesBeside() bool {
	return p.debt > 0 && slices.ContainsFunc(p.lots, func(l *ledgerLot) bool { return l.left > 0 })
}

// merge sends an event that earns nothing and has ids of two members, and sometimes makes two of them again at once.
func (m *ledgerMachine) merge(t *rapid.T) {
	one, two := drawPhone(t), drawPhone(t)
	a, b := m.model.find(one), m.model.find(two)
	if a == nil || b == nil || a == b {
		return
	}
	owes := a.owesBeside() || b.owesBeside()
	m.sent++
	absorbed, _ := m.engine.Find("phone", b.phones[0])
	if n, _ := m.engine.Find("phone", a.phones[0]); n > absorbed {
		absorbed = n
	}
	var part func()
	m.submit([]Input{ledgerOrder(fmt.Sprint("both", m.sent), 0, ID{"phone", one}, ID{"phone", two})}, func(int, Outcome) Status {
		part = m.model.join(a, b)
		return Accepted
	})
	m.check(t)
	// Who owes while there are points, for a reversal took more than was left of its lot, pays with them when members become
	// one, and does not owe it again.
	if !owes && rapid.IntRange(0, 2).Draw(t, "part") > 0 {
		m.submit([]Input{{Kind: Split, Member: absorbed}}, func(int, Outcome) Status {
			part()
			return Accepted
		})
	}
}

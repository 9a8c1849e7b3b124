package reference

import (
	"slices"

	"github.com/muster-engine/muster/dsl"
)

// ntileCall tells the ntiles of a rule set apart.
type ntileCall = *dsl.Call

// ranking is the cuts of one ntile: the values of all members with a known one, in ascending order.
type ranking struct{ values []operand }

// ntile is the group of a member's value by the cuts: that of the largest ranked value not above it, else 1. A ranked
// value with r of N members strictly below it is in group ⌊n·r/N⌋ + 1. Members are compared with each other, so money is
// rounded as on a side of a comparison.
func (s scope) ntile(e *dsl.Call) operand {
	groups := s.eval(e.Args[0]).(int64)
	x := s.at.model.settle(s.eval(e.Args[1]))
	if x == nil {
		return nil
	}
	labels := s.typeOf(e.Args[1]).labels
	taken := s.at
	if s.declared {
		taken = s.at.cuts
	}
	values := taken.ranking(e, s.declared).values
	var ranked operand
	for _, v := range values {
		if s.at.orderExactly(v, x, labels) <= 0 {
			ranked = v
		}
	}
	if ranked == nil {
		return int64(1)
	}
	below := int64(0)
	for _, v := range values {
		if s.at.orderExactly(v, ranked, labels) < 0 {
			below++
		}
	}
	return groups*below/int64(len(values)) + 1
}

// ranking takes the cuts of an ntile over all live members at this instant.
func (at *Instant) ranking(e ntileCall, declared bool) *ranking {
	if r, ok := at.ranks[e]; ok {
		return r
	}
	r := &ranking{}
	labels := at.model.typeOf(e.Args[1], nil).labels
	for _, member := range at.world.Members {
		x := at.model.settle(scope{at: at, member: member, declared: declared}.eval(e.Args[1]))
		if x != nil {
			r.values = append(r.values, x)
		}
	}
	slices.SortFunc(r.values, func(x, y operand) int { return at.orderExactly(x, y, labels) })
	at.ranks[e] = r
	return r
}

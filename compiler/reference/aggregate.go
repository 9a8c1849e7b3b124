package reference

import (
	"math/big"

	"github.com/muster-engine/muster/dsl"
)

// aggregate is AGG(EVENT[.FIELD] [by …] [where C]) [WINDOW] over the member's events.
func (s scope) aggregate(call *dsl.Call) operand {
	m := s.at.model
	event, path := m.eventPath(call.Args[0])
	var chosen []occurrence
	for _, e := range s.at.history(s.member, event.name) {
		inner := scope{at: s.at, member: s.member, event: e, fields: event, declared: s.declared}
		if !s.at.within(call.Window, instant(e.At)) {
			continue
		}
		if call.Where != nil && !inner.holds(call.Where) {
			continue
		}
		chosen = append(chosen, occurrence{inner, inner.path(path)})
	}
	if call.Name.Text == "top" {
		return s.top(chosen, call.By.(*dsl.Call))
	}
	return s.summarise(call, chosen)
}

// occurrence is an event that an aggregate runs over, and the value of the aggregate's field in it.
type occurrence struct {
	scope scope
	value operand
}

// path is FIELD.COLUMN… of the event in hand; its at if there is none.
func (s scope) path(path []string) operand {
	if len(path) == 0 {
		return s.field("at")
	}
	x, t := s.field(path[0]), s.fields.types[path[0]]
	for _, column := range path[1:] {
		x, t = s.at.column(x, t, column), s.at.model.typeOfColumn(t, column)
	}
	return x
}

// summarise is the aggregate of events in time order; those whose field is unknown are skipped.
func (s scope) summarise(call *dsl.Call, events []occurrence) operand {
	var values []operand
	for _, e := range events {
		if e.value != nil {
			values = append(values, e.value)
		}
	}
	t := s.at.model.typeOfField(call.Args[0])
	switch call.Name.Text {
	case "count":
		return int64(len(values))
	case "has":
		return len(values) > 0
	case "sum":
		return s.sum(values, t)
	case "avg":
		return average(values, t)
	case "distinct":
		return int64(len(different(values)))
	case "set":
		var texts []string
		for _, v := range values {
			texts = append(texts, v.(string))
		}
		return newSet(texts)
	}
	if len(values) == 0 {
		return nil
	}
	switch call.Name.Text {
	case "first":
		return values[0]
	case "last":
		return values[len(values)-1]
	}
	best := values[0]
	for _, v := range values[1:] {
		c := s.at.orderExactly(v, best, t.labels)
		if call.Name.Text == "min" && c < 0 || call.Name.Text == "max" && c > 0 {
			best = v
		}
	}
	return best
}

// total adds up exactly; money in minor units.
func total(values []operand) *big.Rat {
	sum := new(big.Rat)
	for _, v := range values {
		if a, ok := v.(amount); ok {
			sum.Add(sum, a.Rat)
		} else {
			sum.Add(sum, exact(v))
		}
	}
	return sum
}

// sum is the exact sum, rounded once if it is of numbers; unknown if it overflows.
func (s scope) sum(values []operand, t typ) operand {
	sum := total(values)
	switch t.shape {
	case shapeMoney:
		return inRange(amount{Rat: sum})
	case shapeInt:
		return toInt(sum.Num())
	}
	return toFloat(sum)
}

// average is the exact mean: of money with six decimals beyond the minor unit, else rounded once to a number.
func average(values []operand, t typ) operand {
	if len(values) == 0 {
		return nil
	}
	mean := total(values)
	mean.Quo(mean, new(big.Rat).SetInt64(int64(len(values))))
	if t.shape == shapeMoney {
		return amount{roundTo(mean, beyondMinor), true}
	}
	return toFloat(mean)
}

// different are the values without repetitions, by what tells them apart.
func different(values []operand) map[any]bool {
	seen := map[any]bool{}
	for _, v := range values {
		seen[identity(v)] = true
	}
	return seen
}

// identity is equal for equal values of one type.
func identity(x operand) any {
	if a, ok := x.(amount); ok {
		return a.RatString()
	}
	return x
}

// top is the value for which the measure by is greatest. A value whose measure is unknown does not compete; among equals
// the one whose latest event is last.
func (s scope) top(events []occurrence, by *dsl.Call) operand {
	groups := map[any][]occurrence{}
	for _, e := range events {
		if e.value != nil {
			groups[identity(e.value)] = append(groups[identity(e.value)], e)
		}
	}
	_, path := s.at.model.eventPath(by.Args[0])
	labels := s.at.model.typeOfField(by.Args[0]).labels

	var best, bestMeasure operand
	// From the latest event back: of equal measures, the group that is met first has the latest event.
	for i := len(events) - 1; i >= 0; i-- {
		value := events[i].value
		if value == nil {
			continue
		}
		group := groups[identity(value)]
		var measured []occurrence
		for _, e := range group {
			measured = append(measured, occurrence{e.scope, e.scope.path(path)})
		}
		measure := s.summarise(by, measured)
		if measure == nil {
			continue
		}
		if bestMeasure == nil || s.at.orderExactly(measure, bestMeasure, labels) > 0 {
			best, bestMeasure = value, measure
		}
	}
	return best
}

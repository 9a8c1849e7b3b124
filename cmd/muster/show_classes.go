package main

import (
	"slices"

	"github.com/muster-engine/muster/compiler/ir"
)

// classes sorts values into the steps of a distribution, for cross tables.
type classes struct {
	labels []string
	values []any
	of     func(v ir.Value) int
}

// classes of a tally: one per step of its distribution, and at the end one for other texts and one for unknown, where
// there are any.
func (t *tally) classes() classes {
	d := t.distribution()
	c := classes{}
	for _, s := range d.steps {
		c.labels = append(c.labels, s.label)
		c.values = append(c.values, s.jsonLabel())
	}
	other, none := -1, -1
	if d.other > 0 {
		other = len(c.labels)
		c.labels = append(c.labels, many(d.other, "other"))
		c.values = append(c.values, "other")
	}
	if d.unknown > 0 {
		none = len(c.labels)
		c.labels = append(c.labels, unknownText)
		c.values = append(c.values, nil)
	}
	known := t.step(d)
	c.of = func(v ir.Value) int {
		if v.Known && v.Kind == ir.Exact {
			minor, ok := v.D.Minor()
			v = ir.Value{Known: ok, Kind: ir.Money, I: minor}
		}
		if !v.Known {
			return none
		}
		if i := known(v); i >= 0 {
			return i
		}
		return other
	}
	return c
}

func (s step) jsonLabel() any {
	if s.value != nil {
		return s.value
	}
	return s.label
}

// step returns what finds the step of a known value, -1 if it is in none.
func (t *tally) step(d distribution) func(ir.Value) int {
	if d.bounds != nil {
		return func(v ir.Value) int {
			i, _ := slices.BinarySearchFunc(d.bounds, t.ordinate(v), func(bound, x float64) int {
				if bound <= x {
					return -1
				}
				return 1
			})
			return i
		}
	}
	index := map[string]int{}
	for i, s := range d.steps {
		index[s.label] = i
	}
	return func(v ir.Value) int {
		label := t.vs.text(v, t.kind)
		if d.label != nil {
			label = d.label(v)
		}
		if i, ok := index[label]; ok {
			return i
		}
		return -1
	}
}

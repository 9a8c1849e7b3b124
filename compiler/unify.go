package compiler

import (
	"slices"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl/diag"
)

// unify brings the alternatives of a choice (the values of when, both sides of ??, the operands of least and greatest)
// to one type. Numeric literals take the type beside them, string literals become values of an enum beside them. what
// names the construct, for messages.
func (l *lowering) unify(what string, at diag.Span, operands ...operand) ([]*ir.Node, ir.Type, bool) {
	if !l.ready(operands...) {
		return nil, ir.Type{}, false
	}
	lead := operands[0]
	for _, o := range operands {
		if lead.text != nil && o.text == nil {
			lead = o
		}
	}
	switch {
	case isNumeric(lead.kind()):
		return l.unifyNumeric(what, operands)
	case lead.kind() == ir.Enum:
		return l.unifyEnums(what, lead, operands)
	}
	nodes := make([]*ir.Node, len(operands))
	for i, o := range operands {
		if !o.typ().Same(lead.typ()) {
			return l.mixed(what, lead, o)
		}
		nodes[i] = o.node
	}
	return nodes, lead.typ(), true
}

func (l *lowering) mixed(what string, a, b operand) ([]*ir.Node, ir.Type, bool) {
	hint := ""
	if isTemporal(a.kind()) && isTemporal(b.kind()) {
		hint = "`date(…)` is the local date of a time"
	}
	l.error("M0310", b.at, hint, "%s and %s do not mix in `%s`", a.what(), b.what(), what)
	return nil, ir.Type{}, false
}

func (l *lowering) unifyNumeric(what string, operands []operand) ([]*ir.Node, ir.Type, bool) {
	lead := operands[0]
	for _, o := range operands {
		switch {
		case !isNumeric(o.kind()):
			if isNumeric(lead.kind()) {
				return l.mixed(what, lead, o)
			}
			return l.mixed(what, o, lead)
		case rank(o.kind()) > rank(lead.kind()):
			lead = o
		}
	}
	t := ir.Type{Kind: lead.kind()}
	nodes := make([]*ir.Node, len(operands))
	for i, o := range operands {
		if _, ok := l.meet(lead, o, o.at); !ok {
			return nil, t, false
		}
		if nodes[i] = l.as(t, o); nodes[i] == nil {
			return nil, t, false
		}
	}
	return nodes, t, true
}

// rank orders numeric kinds: the widest of several is the one in which they meet.
func rank(k ir.Kind) int {
	return slices.Index([]ir.Kind{ir.Int, ir.Number, ir.Money, ir.Exact}, k)
}

// unifyEnums puts new literals at the end of the enum beside them.
func (l *lowering) unifyEnums(what string, lead operand, operands []operand) ([]*ir.Node, ir.Type, bool) {
	values := slices.Clone(lead.typ().Enum.Values)
	has := textSet(values)
	for _, o := range operands {
		switch {
		case o.text != nil:
			if !has[*o.text] {
				has[*o.text] = true
				values = append(values, *o.text)
			}
		case o.kind() != ir.Enum:
			return l.mixed(what, lead, o)
		case !o.typ().Same(lead.typ()):
			if grown, ok := extension(values, o.typ().Enum.Values); ok {
				values, has = grown, textSet(grown)
				continue
			}
			l.error("M0311", o.at, "", "two enums with different values do not mix in `%s`", what)
			return nil, ir.Type{}, false
		}
	}
	t := ir.Type{Kind: ir.Enum, Enum: l.b.enum(l.reading, values)}
	nodes := make([]*ir.Node, len(operands))
	for i, o := range operands {
		nodes[i] = l.intoEnum(o, t)
	}
	return nodes, t, true
}

func textSet(values []string) map[string]bool {
	set := make(map[string]bool, len(values))
	for _, v := range values {
		set[v] = true
	}
	return set
}

// extension tells whether one list of values begins with the other, and returns the longer.
func extension(a, b []string) ([]string, bool) {
	if len(a) < len(b) {
		a, b = b, a
	}
	return a, slices.Equal(a[:len(b)], b)
}

// newEnum makes an enum of operands that are all string literals, ordered by first appearance.
func (l *lowering) newEnum(operands []operand) ([]*ir.Node, ir.Type) {
	var values []string
	has := map[string]bool{}
	for _, o := range operands {
		if !has[*o.text] {
			has[*o.text] = true
			values = append(values, *o.text)
		}
	}
	t := ir.Type{Kind: ir.Enum, Enum: l.b.enum(l.reading, values)}
	nodes := make([]*ir.Node, len(operands))
	for i, o := range operands {
		nodes[i] = l.intoEnum(o, t)
	}
	return nodes, t
}

// intoEnum brings a literal, or an enum whose values all occur in t, to t.
func (l *lowering) intoEnum(o operand, t ir.Type) *ir.Node {
	if o.text != nil {
		return l.b.enumConst(t.Enum, l.b.ordinal(t.Enum, *o.text), o.at)
	}
	from := o.typ()
	if from.Same(t) {
		return o.node
	}
	to := make([]int64, len(from.Enum.Values))
	for i, v := range from.Enum.Values {
		to[i] = int64(l.b.ordinal(t.Enum, v))
	}
	return l.b.node(ir.Node{Op: ir.OpEnumMap, Type: t, Args: []*ir.Node{o.node}, Map: to, Source: o.at}, "")
}

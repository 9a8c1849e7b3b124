// Package plan turns a condition into set algebra over indexes: the bitmap plan.
//
// A plan is a tree of and, or, not over leaves that an index can answer for a whole block of members at once: equality
// with given values, a range, being known, another segment, a list. Comparisons are carried through monotone
// operations to the stored value below them: `days since last(order) <= 90` becomes a range of `last(order)`. What no
// index answers is a [Compute] leaf, which the engine evaluates only for the members that are left. Every plan means
// exactly its condition; the engine's property tests hold it to that.
package plan

import (
	"math"
	"slices"

	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/compiler/ir"
)

// Op is what a plan node does.
type Op uint8

const (
	Nobody   Op = iota
	Everyone    // all live members
	And         // of Kids
	Or          // of Kids
	Not         // of Kids[0], against the live members
	Equal       // On is known and one of Values
	Range       // On is known and within Low … High, or Least … Most for numbers
	Known       // On is known
	Segment     // members of segment Index
	List        // members on list Index
	Compute     // Cond evaluated member by member, in vectors
)

// Node is one step of a plan. Nodes are immutable.
type Node struct {
	Op   Op
	Kids []*Node
	// Cond is the condition that the node answers; nil on steps made while planning.
	Cond *ir.Node
	// On is the attribute, tag or slot that Equal, Range and Known ask about.
	On     *ir.Node
	Values []ir.Value
	// Low and High bound kinds held as integers, both ends included; MinInt64 and MaxInt64 are open ends.
	Low, High int64
	// Least and Most bound numbers; an end is left out where its flag says so. Infinities are open ends.
	Least, Most         float64
	OpenLeast, OpenMost bool
	Index               int
	// Rewritten is set where the range was carried through operations of Cond to On.
	Rewritten bool
}

// Clock is what time-dependent comparisons are rewritten with.
type Clock struct {
	Zone       *calendar.Zone
	Now, Today int64
}

// Build plans a condition.
func Build(n *ir.Node, at Clock) *Node {
	p := build(n, at)
	if p.Cond == nil {
		p.Cond = n
	}
	return p
}

// Ticks reports whether the plan of a condition may be another one at another instant of the same local date.
func Ticks(n *ir.Node) bool {
	switch n.Op {
	case ir.OpNow, ir.OpHoursSince, ir.OpHoursUntil:
		return true
	}
	return slices.ContainsFunc(n.Args, Ticks)
}

func build(n *ir.Node, at Clock) *Node {
	switch n.Op {
	case ir.OpConst:
		if n.Const.True() {
			return &Node{Op: Everyone, Cond: n}
		}
		return &Node{Op: Nobody, Cond: n}
	case ir.OpAnd:
		return conjunction(n, at)
	case ir.OpOr:
		return join(Or, n, at)
	case ir.OpNot:
		return &Node{Op: Not, Kids: []*Node{build(n.Args[0], at)}, Cond: n}
	case ir.OpTruth:
		if isColumn(n.Args[0]) {
			return &Node{Op: Equal, On: n.Args[0], Values: []ir.Value{ir.BoolValue(true)}, Cond: n}
		}
	case ir.OpTag, ir.OpSlot, ir.OpAttr:
		return &Node{Op: Equal, On: n, Values: []ir.Value{ir.BoolValue(true)}, Cond: n}
	case ir.OpSegment:
		return &Node{Op: Segment, Index: n.Index, Cond: n}
	case ir.OpList:
		return &Node{Op: List, Index: n.Index, Cond: n}
	case ir.OpKnown:
		if isColumn(n.Args[0]) {
			return &Node{Op: Known, On: n.Args[0], Cond: n}
		}
	case ir.OpIn:
		if isColumn(n.Args[0]) && n.Args[0].Type.Kind != ir.Exact {
			return &Node{Op: Equal, On: n.Args[0], Values: n.Consts, Cond: n}
		}
	case ir.OpEq, ir.OpNe, ir.OpLt, ir.OpLe, ir.OpGt, ir.OpGe:
		if p := comparison(n, at); p != nil {
			return p
		}
	}
	return &Node{Op: Compute, Cond: n}
}

// isColumn reports whether the engine holds the node's values as a column that can be indexed.
func isColumn(n *ir.Node) bool {
	switch n.Op {
	case ir.OpAttr, ir.OpTag, ir.OpSlot:
		return n.Type.Kind != ir.Set && n.Type.Kind != ir.Exact
	}
	return false
}

func join(op Op, n *ir.Node, at Clock) *Node {
	out := &Node{Op: op, Cond: n}
	for _, a := range n.Args {
		kid := build(a, at)
		if kid.Op == op {
			out.Kids = append(out.Kids, kid.Kids...)
			continue
		}
		out.Kids = append(out.Kids, kid)
	}
	return out
}

// conjunction joins operands and merges the ranges of one operand into one.
func conjunction(n *ir.Node, at Clock) *Node {
	out := join(And, n, at)
	kept := out.Kids[:0:0]
	for _, kid := range out.Kids {
		merged := false
		for i, k := range kept {
			if k.Op == Range && kid.Op == Range && k.On == kid.On {
				kept[i] = intersect(k, kid)
				merged = true
				break
			}
		}
		if !merged {
			kept = append(kept, kid)
		}
	}
	out.Kids = kept
	if len(kept) == 1 {
		only := *kept[0]
		only.Cond = n
		return &only
	}
	return out
}

func intersect(a, b *Node) *Node {
	out := *a
	out.Cond = nil
	out.Low, out.High = max(a.Low, b.Low), min(a.High, b.High)
	if b.Least > a.Least || b.Least == a.Least && b.OpenLeast {
		out.Least, out.OpenLeast = b.Least, b.OpenLeast
	}
	if b.Most < a.Most || b.Most == a.Most && b.OpenMost {
		out.Most, out.OpenMost = b.Most, b.OpenMost
	}
	out.Rewritten = a.Rewritten || b.Rewritten
	return &out
}

// comparison plans operand op constant; nil where no index can answer it.
func comparison(n *ir.Node, at Clock) *Node {
	x, y, op := n.Args[0], n.Args[1], n.Op
	if x.Op == ir.OpConst && y.Op != ir.OpConst {
		x, y, op = y, x, op.Mirror()
	}
	c, ok := constant(y, at)
	if !ok || x.Type.Kind == ir.Exact || x.Type.Kind == ir.Set {
		return nil
	}
	if !c.Known {
		return &Node{Op: Nobody, Cond: n}
	}
	switch x.Type.Kind {
	case ir.String, ir.Row, ir.Bool:
		if !isColumn(x) {
			return nil
		}
		equal := &Node{Op: Equal, On: x, Values: []ir.Value{c}, Cond: n}
		if op == ir.OpEq {
			return equal
		}
		return unequal(n, equal)
	case ir.Number:
		if !isColumn(x) {
			return nil
		}
		return numberRange(n, x, op, c.F)
	}
	if op == ir.OpNe {
		equal := intRange(n, x, ir.OpEq, c.I, at)
		if equal == nil {
			return nil
		}
		return unequal(n, equal)
	}
	return intRange(n, x, op, c.I, at)
}

// unequal is known and not equal.
func unequal(n *ir.Node, equal *Node) *Node {
	return &Node{Op: And, Cond: n, Kids: []*Node{
		{Op: Known, On: equal.On},
		{Op: Not, Kids: []*Node{equal}},
	}}
}

// constant returns the value of a node that is the same for all members at the clock.
func constant(n *ir.Node, at Clock) (ir.Value, bool) {
	switch n.Op {
	case ir.OpConst:
		return n.Const, true
	case ir.OpToday:
		return ir.IntLike(ir.Date, at.Today), true
	case ir.OpNow:
		return ir.IntLike(ir.Time, at.Now), true
	}
	return ir.Value{}, false
}

func numberRange(n, x *ir.Node, op ir.Op, c float64) *Node {
	p := &Node{Op: Range, On: x, Cond: n, Low: math.MinInt64, High: math.MaxInt64, Least: math.Inf(-1), Most: math.Inf(1)}
	switch op {
	case ir.OpEq:
		p.Least, p.Most = c, c
	case ir.OpLt:
		p.Most, p.OpenMost = c, true
	case ir.OpLe:
		p.Most = c
	case ir.OpGt:
		p.Least, p.OpenLeast = c, true
	case ir.OpGe:
		p.Least = c
	default:
		p.Least, p.Most = c, c
		return unequal(n, p)
	}
	return p
}

func intRange(n, x *ir.Node, op ir.Op, c int64, at Clock) *Node {
	low, high := op.Range(c)
	if low > high {
		return &Node{Op: Nobody, Cond: n}
	}
	on, low, high, ok := carry(x, low, high, at)
	if !ok {
		return nil
	}
	return &Node{Op: Range, On: on, Cond: n, Low: low, High: high, Least: math.Inf(-1), Most: math.Inf(1), Rewritten: on != x}
}

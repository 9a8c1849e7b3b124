package exprplan

import (
	"slices"
	"strings"

	"github.com/muster-engine/muster/compiler/ir"
)

// Clause is a node with its value for a member, and the same of its parts: what explain shows.
type Clause struct {
	Node *ir.Node
	// Text is the source text of the node on one line; empty where the compiler made the node up.
	Text string
	// Name is what the text stands for where it is a tag, segment, list or attribute of that name.
	Name  string
	Value ir.Value
	// Holds is whether a condition holds; of a value, whether it is a known true.
	Holds    bool
	Children []*Clause
	// Events are the last of the events that counted behind an aggregate, in order; Counted is how many there are.
	Events  []Event
	Counted int
}

// shown is how many events a clause keeps.
const shown = 5

// Why is the value of a node with that of all its parts. A tag or segment is opened where it first stands. Parts that
// were not looked at, as the branches after the one that a when took, are left out, and so are constants.
func (e *Evaluator) Why(w *World, m *Member, n *ir.Node) (*Clause, error) {
	x := explainer{e, w, m, map[*ir.Node]bool{}}
	return x.clause(n)
}

type explainer struct {
	e      *Evaluator
	w      *World
	m      *Member
	opened map[*ir.Node]bool
}

func (x *explainer) clause(n *ir.Node) (*Clause, error) {
	v, err := x.e.Value(x.w, x.m, n)
	if err != nil {
		return nil, err
	}
	c := &Clause{Node: n, Text: strings.Join(strings.Fields(n.Source.Text()), " "), Value: v, Holds: v.True()}
	c.Name = x.name(n)
	if n.Op == ir.OpSlot {
		_, events, err := x.e.Slot(x.w, x.m, n.Agg)
		if err != nil {
			return nil, err
		}
		c.Counted = len(events)
		c.Events = slices.Clone(events[max(0, len(events)-shown):])
		return c, nil
	}
	parts, err := x.parts(n)
	if err != nil {
		return nil, err
	}
	for _, part := range parts {
		child, err := x.clause(part)
		if err != nil {
			return nil, err
		}
		if worthShowing(child) {
			c.Children = append(c.Children, child)
		}
	}
	return c, nil
}

func (x *explainer) name(n *ir.Node) string {
	p := x.e.plans.program
	switch n.Op {
	case ir.OpAttr:
		return p.Attributes[n.Index].Name
	case ir.OpTag:
		return p.Tags[n.Index].Name
	case ir.OpSegment:
		return p.Segments[n.Index].Name
	case ir.OpList:
		return p.Lists[n.Index].Name
	}
	return ""
}

// parts are the nodes that decided n.
func (x *explainer) parts(n *ir.Node) ([]*ir.Node, error) {
	p := x.e.plans.program
	switch n.Op {
	case ir.OpTag:
		if tag := p.Tags[n.Index]; !tag.Manual {
			return x.open(tag.Expr), nil
		}
		return nil, nil
	case ir.OpSegment:
		return x.open(p.Segments[n.Index].Expr), nil
	case ir.OpWhen:
		return x.branches(n)
	}
	return n.Args, nil
}

// open is a definition, the first time that it is met.
func (x *explainer) open(n *ir.Node) []*ir.Node {
	if x.opened[n] {
		return nil
	}
	x.opened[n] = true
	return []*ir.Node{n}
}

// branches are the conditions of a when up to the one that held, and the value taken.
func (x *explainer) branches(n *ir.Node) ([]*ir.Node, error) {
	var out []*ir.Node
	for i := 0; i+1 < len(n.Args); i += 2 {
		out = append(out, n.Args[i])
		v, err := x.e.Value(x.w, x.m, n.Args[i])
		if err != nil {
			return nil, err
		}
		if v.True() {
			return append(out, n.Args[i+1]), nil
		}
	}
	if len(n.Args)%2 == 1 {
		out = append(out, n.Args[len(n.Args)-1])
	}
	return out, nil
}

// worthShowing leaves out constants and the clock.
func worthShowing(c *Clause) bool {
	switch c.Node.Op {
	case ir.OpConst, ir.OpNow, ir.OpToday:
		return false
	case ir.OpIntToNumber, ir.OpIntToMoney, ir.OpFactor, ir.OpNumberToExact, ir.OpMoneyToExact:
		return len(c.Children) > 0 || c.Node.Args[0].Op != ir.OpConst
	}
	return true
}

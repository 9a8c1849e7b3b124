package cover

import (
	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
)

// Saw says that an expression was asked of a member, with an event in hand or none: it and what it depends on is reached,
// and its conditions have held or not.
func (c *Coverage) Saw(w *exprplan.World, m *exprplan.Member, event *exprplan.Event, n *ir.Node) error {
	look := &look{c: c, world: w, member: m, event: event, seen: map[*ir.Node]bool{}}
	c.eval.Reset()
	return look.at(n)
}

// SawSegment says that it was asked whether a member is in a segment.
func (c *Coverage) SawSegment(w *exprplan.World, m *exprplan.Member, segment int) error {
	s := c.prog.Segments[segment]
	c.reach(s)
	return c.Saw(w, m, nil, s.Expr)
}

// look is one walk over an expression.
type look struct {
	c      *Coverage
	world  *exprplan.World
	member *exprplan.Member
	event  *exprplan.Event
	seen   map[*ir.Node]bool
}

func (l *look) value(n *ir.Node) (ir.Value, error) {
	return l.c.eval.InHand(l.world, l.member, l.event, n)
}

func (l *look) at(n *ir.Node) error {
	if n == nil || n.Op == ir.OpConst || l.seen[n] {
		return nil
	}
	l.seen[n] = true
	c := l.c
	if i := c.conditions[n]; i != nil {
		v, err := l.value(n)
		if err != nil {
			return err
		}
		i.held, i.failed = i.held || v.True(), i.failed || !v.True()
	}
	if i := c.boundaries[n]; i != nil && !i.reached {
		v, err := l.value(n.Args[0])
		if err != nil {
			return err
		}
		i.reached = v.Known && exprplan.Compare(v, i.Bound) == 0
	}
	switch n.Op {
	case ir.OpTag:
		return l.tag(n)
	case ir.OpSegment:
		s := c.prog.Segments[n.Index]
		c.reach(s)
		return l.at(s.Expr)
	case ir.OpWhen:
		return l.when(n)
	case ir.OpSlot:
		return l.aggregate(n.Agg)
	case ir.OpNtile:
		return l.at(n.Ntile.Expr)
	}
	for _, x := range n.Args {
		if err := l.at(x); err != nil {
			return err
		}
	}
	return nil
}

// reach marks a rule.
func (c *Coverage) reach(key any) {
	if i := c.rules[key]; i != nil {
		i.reached = true
	}
}

// tag is reached where its value is known.
func (l *look) tag(n *ir.Node) error {
	t := l.c.prog.Tags[n.Index]
	if t.Expr == nil {
		return nil
	}
	v, err := l.value(n)
	if err != nil {
		return err
	}
	if v.Known {
		l.c.reach(t)
	}
	return l.at(t.Expr)
}

// when looks at the conditions up to the one that holds, and at the value that is taken.
func (l *look) when(n *ir.Node) error {
	for i := 0; i+1 < len(n.Args); i += 2 {
		if err := l.at(n.Args[i]); err != nil {
			return err
		}
		v, err := l.value(n.Args[i])
		if err != nil {
			return err
		}
		if v.True() {
			return l.take(n, i+1)
		}
	}
	if len(n.Args)%2 == 1 {
		return l.take(n, len(n.Args)-1)
	}
	return nil
}

func (l *look) take(n *ir.Node, place int) error {
	if i := l.c.branches[branch{n, place}]; i != nil {
		i.reached = true
	}
	return l.at(n.Args[place])
}

// aggregate looks at what is asked of each event.
func (l *look) aggregate(a *ir.Aggregate) error {
	if l.c.prog.Events[a.Event].Facts != "" || l.member.Events == nil {
		return nil
	}
	for _, e := range l.member.Events(a.Event) {
		if e.At > l.world.Now {
			break
		}
		inner := &look{c: l.c, world: l.world, member: l.member, event: &e, seen: map[*ir.Node]bool{}}
		for _, n := range []*ir.Node{a.Where, a.Value, a.By} {
			if err := inner.at(n); err != nil {
				return err
			}
		}
	}
	return nil
}

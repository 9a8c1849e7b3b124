package effect

import (
	"context"
	"errors"

	"github.com/muster-engine/muster/compiler"
	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/runtime"
)

// Side tells the rules in force from the edited ones.
type Side string

const (
	Before Side = "before"
	After  Side = "after"
)

// side is one of the two rule sets with what has been asked of it.
type side struct {
	name     Side
	view     *runtime.View
	prog     *ir.Program
	segments map[string]*ir.Segment
	tags     map[string]*ir.Tag
	people   map[uint32]*runtime.Person
}

func newSide(name Side, view *runtime.View) *side {
	s := &side{
		name: name, view: view, prog: view.Program(),
		segments: map[string]*ir.Segment{}, tags: map[string]*ir.Tag{}, people: map[uint32]*runtime.Person{},
	}
	for _, x := range s.prog.Segments {
		s.segments[x.Name] = x
	}
	for _, x := range s.prog.Tags {
		s.tags[x.Name] = x
	}
	return s
}

// node is a tag's value, unknown included; nil if there is no such tag.
func (s *side) node(tag string) (*ir.Node, error) {
	if s.tags[tag] == nil {
		return nil, nil
	}
	query, found := compiler.CompileQuery(s.prog, diag.NewFile("tag", "`"+tag+"`"), nil)
	if query == nil {
		for _, d := range found {
			return nil, errors.New(d.Message)
		}
		return nil, errors.New("it cannot be asked for")
	}
	n := query.Node
	if n.Op == ir.OpTruth {
		n = n.Args[0]
	}
	return n, nil
}

func (s *side) person(member uint32) (*runtime.Person, error) {
	if p := s.people[member]; p != nil {
		return p, nil
	}
	p, err := s.view.Person(member)
	if err == nil {
		s.people[member] = p
	}
	return p, err
}

func (s *side) valueOf(ctx context.Context, member uint32, n *ir.Node) (ir.Value, error) {
	p, err := s.person(member)
	if err != nil {
		return ir.Value{}, err
	}
	return p.Value(ctx, n)
}

func (s *side) why(ctx context.Context, member uint32, n *ir.Node) (*exprplan.Clause, error) {
	p, err := s.person(member)
	if err != nil {
		return nil, err
	}
	return p.Why(ctx, n)
}

// expr is the definition of a tag or segment; nil if it is manual or there is none.
func (s *side) expr(name string) *ir.Node {
	if x := s.segments[name]; x != nil {
		return x.Expr
	}
	if x := s.tags[name]; x != nil {
		return x.Expr
	}
	return nil
}

// asked is every node that a definition asks about a member, with those of the tags and segments that it mentions.
func (s *side) asked(n *ir.Node) map[string]*ir.Node {
	out := map[string]*ir.Node{}
	var walk func(n *ir.Node)
	walk = func(n *ir.Node) {
		if n == nil || out[n.Key] != nil {
			return
		}
		out[n.Key] = n
		switch n.Op {
		case ir.OpTag:
			walk(s.prog.Tags[n.Index].Expr)
		case ir.OpSegment:
			walk(s.prog.Segments[n.Index].Expr)
		}
		for _, a := range n.Args {
			walk(a)
		}
	}
	walk(n)
	return out
}

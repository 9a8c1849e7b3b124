package effect

import (
	"context"

	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
)

// Clause is the part of a definition that decides for a member: the first that differs between the two rule sets.
type Clause struct {
	// Side is the rule set whose definition it is read from.
	Side Side
	// In is the tag or segment that it stands in; empty for the rule itself.
	In string
	// Text is the clause on one line.
	Text  string
	Value ir.Value
	Type  ir.Type
	// Both says that the other rule set asks it too, with another answer; else only this one asks it.
	Both bool
	// Parts are what the clause compares.
	Parts []Part
}

// Part is a value that a clause looks at.
type Part struct {
	Text  string
	Value ir.Value
	Type  ir.Type
}

// whyMember returns why a member enters or leaves a segment. What kept the member out is looked at first, in the rules
// in force for one who enters, in the edited ones for one who leaves; then what takes the member in.
func (c *comparison) whyMember(member uint32, old, new *ir.Segment, enters bool) (*Clause, error) {
	out, in := c.decision(member, c.before, old.Expr), c.decision(member, c.after, new.Expr)
	if !enters {
		out, in = in, out
	}
	f := finder{c.ctx, member, map[string]bool{}}
	return f.condition(out, in, "")
}

// whyValue returns why a member's tag has another value.
func (c *comparison) whyValue(member uint32, old, new *ir.Tag) (*Clause, error) {
	if old.Expr == nil || new.Expr == nil {
		return nil, nil
	}
	f := finder{c.ctx, member, map[string]bool{}}
	return f.value(c.decision(member, c.after, new.Expr), c.decision(member, c.before, old.Expr), "")
}

// decision is a definition on one side.
type decision struct {
	*side
	member uint32
	expr   *ir.Node
	asks   map[string]*ir.Node
}

func (c *comparison) decision(member uint32, s *side, expr *ir.Node) *decision {
	return &decision{s, member, expr, s.asked(expr)}
}

// answer is what the definition's own rule set says to a node of the other; asked is false where it does not ask it.
func (d *decision) answer(ctx context.Context, key string) (v ir.Value, asked bool, err error) {
	n := d.asks[key]
	if n == nil {
		return v, false, nil
	}
	v, err = d.valueOf(ctx, d.member, n)
	return v, true, err
}

// finder looks for the clause that decides for one member. opened are the names that it has looked into.
type finder struct {
	ctx    context.Context
	member uint32
	opened map[string]bool
}

// condition finds why a condition holds on one side and not on the other.
func (f *finder) condition(no, yes *decision, in string) (*Clause, error) {
	noTree, err := no.why(f.ctx, f.member, no.expr)
	if err != nil {
		return nil, err
	}
	yesTree, err := yes.why(f.ctx, f.member, yes.expr)
	if err != nil {
		return nil, err
	}
	if out, err := f.among(grounds(noTree), no, yes, in); out != nil || err != nil {
		return out, err
	}
	if out, err := f.among(grounds(yesTree), yes, no, in); out != nil || err != nil {
		return out, err
	}
	return shown(noTree, no, in, yes.asks[noTree.Node.Key] != nil), nil
}

// among returns the first clause that the other side does not ask or answers otherwise; nil if there is none.
func (f *finder) among(clauses []*exprplan.Clause, mine, other *decision, in string) (*Clause, error) {
	for _, c := range clauses {
		v, asked, err := other.answer(f.ctx, c.Node.Key)
		switch {
		case err != nil:
			return nil, err
		case !asked:
			return shown(c, mine, in, false), nil
		case v.True() != c.Holds:
			return f.deeper(c, mine, other, in)
		}
	}
	return nil, nil
}

// deeper looks for what is behind a clause that both sides ask and answer differently: a tag or segment that it mentions
// and whose definition differs.
func (f *finder) deeper(c *exprplan.Clause, mine, other *decision, in string) (*Clause, error) {
	if out, err := f.named(c, mine, other); out != nil || err != nil {
		return out, err
	}
	return shown(c, mine, in, true), nil
}

func (f *finder) named(c *exprplan.Clause, mine, other *decision) (*Clause, error) {
	isNamed := c.Node.Op == ir.OpTag || c.Node.Op == ir.OpSegment
	if isNamed && !f.opened[c.Name] {
		v, asked, err := other.answer(f.ctx, c.Node.Key)
		if err != nil {
			return nil, err
		}
		a, b := mine.about(c.Name), other.about(c.Name)
		if asked && a != nil && b != nil && !same(v, c.Value) {
			f.opened[c.Name] = true
			if c.Node.Type.Kind == ir.Bool {
				if c.Holds {
					return f.condition(b, a, c.Name)
				}
				return f.condition(a, b, c.Name)
			}
			return f.value(a, b, c.Name)
		}
	}
	if isNamed {
		return nil, nil
	}
	for _, child := range c.Children {
		if out, err := f.named(child, mine, other); out != nil || err != nil {
			return out, err
		}
	}
	return nil, nil
}

// about is the decision about a tag or segment that this one mentions.
func (d *decision) about(name string) *decision {
	expr := d.side.expr(name)
	if expr == nil {
		return nil
	}
	return &decision{d.side, d.member, expr, d.asked(expr)}
}

// value finds why two definitions have different values, in the edited rules first. Of a choice (when), the case that was taken is looked at on
// either side, then the cases that were passed over; of anything else, the smallest part that the other side does not
// have.
func (f *finder) value(mine, other *decision, in string) (*Clause, error) {
	if mine.name == Before {
		mine, other = other, mine
	}
	tree, err := mine.why(f.ctx, f.member, mine.expr)
	if err != nil {
		return nil, err
	}
	otherTree, err := other.why(f.ctx, f.member, other.expr)
	if err != nil {
		return nil, err
	}
	a, b := casesOf(tree), casesOf(otherTree)
	for _, look := range []struct {
		clauses     []*exprplan.Clause
		mine, other *decision
	}{{a.taken, mine, other}, {b.taken, other, mine}, {a.passed, mine, other}, {b.passed, other, mine}} {
		if out, err := f.among(look.clauses, look.mine, look.other, in); out != nil || err != nil {
			return out, err
		}
	}
	for _, look := range []struct {
		tree        *exprplan.Clause
		mine, other *decision
	}{{a.value, mine, other}, {b.value, other, mine}} {
		if out, err := f.named(look.tree, look.mine, look.other); out != nil || err != nil {
			return out, err
		}
		if c := f.smallest(look.tree, look.other); c != nil {
			return shown(c, look.mine, in, false), nil
		}
	}
	return shown(tree, mine, in, other.asks[tree.Node.Key] != nil), nil
}

// smallest is the first part, from the inside, that the other side does not ask.
func (f *finder) smallest(c *exprplan.Clause, other *decision) *exprplan.Clause {
	if c.Node.Op != ir.OpTag && c.Node.Op != ir.OpSegment {
		for _, child := range c.Children {
			if found := f.smallest(child, other); found != nil {
				return found
			}
		}
	}
	if c.Text == "" || other.asks[c.Node.Key] != nil {
		return nil
	}
	return c
}

// cases are the conditions of a choice that led to its value.
type cases struct {
	taken, passed []*exprplan.Clause
	value         *exprplan.Clause
}

// casesOf takes a when apart; what is none has a value only.
func casesOf(tree *exprplan.Clause) cases {
	out := cases{value: tree}
	for len(tree.Children) == 1 && tree.Node.Op != ir.OpWhen && tree.Children[0].Text == tree.Text {
		tree = tree.Children[0]
	}
	if tree.Node.Op != ir.OpWhen {
		return out
	}
	args := tree.Node.Args
	for i := 0; i+1 < len(args); i += 2 {
		for _, child := range tree.Children {
			switch {
			case child.Node != args[i]:
			case child.Holds:
				out.taken = grounds(child)
			default:
				out.passed = append(out.passed, grounds(child)...)
			}
		}
	}
	if last := tree.Children; len(last) > 0 && last[len(last)-1].Node.Type.Kind != ir.Bool {
		out.value = last[len(last)-1]
	}
	return out
}

// grounds are the clauses that make a condition what it is: of a conjunction that fails, those that fail; of one that
// holds, all. Tags and segments are not opened.
func grounds(c *exprplan.Clause) []*exprplan.Clause {
	switch c.Node.Op {
	case ir.OpAnd, ir.OpOr:
		decides := c.Node.Op == ir.OpOr // the truth of a part that settles the whole
		var out []*exprplan.Clause
		for _, child := range c.Children {
			if child.Text == "" || child.Text == c.Text && child.Node.Op != c.Node.Op {
				return []*exprplan.Clause{c} // one clause to its reader: between, not in
			}
			if c.Holds != decides || child.Holds == decides {
				out = append(out, grounds(child)...)
			}
		}
		if len(out) > 0 {
			return out
		}
	case ir.OpNot:
		if len(c.Children) == 1 && c.Children[0].Text != "" && c.Children[0].Text != c.Text {
			return grounds(c.Children[0])
		}
	case ir.OpTruth:
		if len(c.Children) == 1 && c.Children[0].Text != "" {
			return grounds(c.Children[0])
		}
	}
	return []*exprplan.Clause{c}
}

// shown makes a clause for people of one of a definition.
func shown(c *exprplan.Clause, d *decision, in string, both bool) *Clause {
	out := &Clause{Side: d.name, In: in, Text: c.Text, Value: c.Value, Type: c.Node.Type, Both: both}
	if c.Node.Type.Kind == ir.Bool {
		out.Parts = partsOf(c, c.Text, nil)
	}
	return out
}

// maxParts is how many values of a clause are shown.
const maxParts = 3

// partsOf are the values that a condition looks at.
func partsOf(c *exprplan.Clause, text string, out []Part) []Part {
	for _, child := range c.Children {
		switch {
		case len(out) == maxParts:
		case child.Text == "" || child.Text == text:
			out = partsOf(child, text, out)
		case child.Node.Type.Kind == ir.Bool && child.Name == "":
		default:
			part := Part{child.Text, child.Value, child.Node.Type}
			if !has(out, part.Text) {
				out = append(out, part)
			}
		}
	}
	return out
}

func has(parts []Part, text string) bool {
	for _, p := range parts {
		if p.Text == text {
			return true
		}
	}
	return false
}

// same reports whether two values of one type are the same.
func same(a, b ir.Value) bool {
	if a.Known != b.Known || !a.Known {
		return a.Known == b.Known
	}
	return a.Kind == b.Kind && a.I == b.I && a.F == b.F && a.S == b.S && a.D.Cmp(b.D) == 0 && plainText(a, ir.Type{}) == plainText(b, ir.Type{})
}

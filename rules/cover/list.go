package cover

import (
	"fmt"
	"strings"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
)

// step is a step of a campaign, or of what an overdue case does.
type step struct {
	of    any // *ir.Campaign or *ir.Case
	place int
}

// rung is a tier.
type rung struct {
	tiers *ir.Tiers
	place int
}

// goal is the goal of a campaign.
type goal struct{ of *ir.Campaign }

// list makes the items of the program.
func (c *Coverage) list() {
	p := c.prog
	for _, t := range p.Tags {
		of := "tag " + t.Name
		if t.Expr == nil {
			continue
		}
		if !c.chosen(t.Expr) {
			c.rule(t, of, of, t.Source)
		}
		c.read(of, t.Expr, false)
	}
	for _, s := range p.Segments {
		of := "segment " + s.Name
		if !c.chosen(s.Expr) {
			c.rule(s, of, of, s.Source)
		}
		c.read(of, s.Expr, true)
	}
	c.listPoints()
	for _, t := range p.Tiers {
		of := "tiers " + t.Name
		for i := 1; i < len(t.Tiers); i++ {
			c.rule(rung{t, i}, of, fmt.Sprintf("tier %q", t.Tiers[i].Name), t.Source)
		}
		c.read(of, t.By, false)
	}
	issued := map[int]bool{}
	for _, x := range p.Campaigns {
		c.listCampaign(x, issued)
	}
	for _, x := range p.Cases {
		of := "case " + x.Name
		c.rule(x, of, of, x.Source)
		for i, a := range x.Overdue {
			c.rule(step{x, i}, of, "overdue "+said(p, a), a.Source)
		}
	}
	for i, x := range p.Coupons {
		if issued[i] { // others are asked for by members
			c.rule(x, "coupon "+x.Name, "coupon "+x.Name, x.Source)
			c.read("coupon "+x.Name, x.When, true)
		}
	}
}

func (c *Coverage) listPoints() {
	for _, x := range c.prog.Points {
		of := "points " + x.Name
		for _, e := range x.Earns {
			c.rule(e, of, "earn "+e.Name, x.Source)
			c.read(of, e.When, true)
			c.read(of, e.Give, false)
		}
		for _, b := range x.Boosts {
			c.rule(b, of, "boost "+b.Name, x.Source)
			c.read(of, b.When, true)
		}
		for _, r := range x.Reverses {
			c.rule(r, of, fmt.Sprintf("reverse %s on %s", c.prog.Events[r.Event].Name, c.prog.Events[r.On].Name), x.Source)
		}
	}
}

func (c *Coverage) listCampaign(x *ir.Campaign, issued map[int]bool) {
	of := "campaign " + x.Name
	c.rule(x, of, of, x.Source)
	c.read(of, x.Trigger.Where, true)
	c.read(of, x.When, true)
	for i, a := range x.Do {
		if a.Kind == dsl.Issue {
			issued[a.Index] = true
		}
		c.rule(step{x, i}, of, said(c.prog, a), a.Source)
		c.read(of, a.When, true)
		c.read(of, a.Amount, false)
		for _, e := range a.With {
			c.read(of, e.Value, false)
		}
	}
	if x.Goal != nil && !x.Goal.Used { // a coupon is used by a member
		c.rule(goal{x}, of, "goal "+c.prog.Events[x.Goal.Index].Name, x.Source)
		c.read(of, x.Goal.Where, true)
	}
}

func said(p *ir.Program, a *ir.Action) string {
	if text := oneLine(a.Source.Text()); text != "" {
		return text
	}
	return string(a.Kind)
}

func (c *Coverage) add(i *Item) *Item {
	c.Items = append(c.Items, i)
	return i
}

func (c *Coverage) rule(key any, of, text string, at diag.Span) {
	c.rules[key] = c.add(&Item{Kind: Rule, Of: of, Text: text, Span: at})
}

// read lists the branches, conditions and boundaries of an expression, of each the first time that it stands somewhere.
// asked says that the expression is a condition that is asked for.
func (c *Coverage) read(of string, n *ir.Node, asked bool) {
	if n == nil || n.Op == ir.OpConst {
		return
	}
	if asked && n.Op != ir.OpAnd && n.Op != ir.OpOr && n.Op != ir.OpNot {
		if c.conditions[n] != nil {
			return
		}
		if written(n) && !c.chosen(n) {
			c.conditions[n] = c.add(&Item{Kind: Condition, Of: of, Text: oneLine(n.Source.Text()), Span: n.Source})
		}
	}
	if bounded(n) && written(n) && c.boundaries[n] == nil && !c.chosen(n) {
		bound := n.Args[1]
		c.boundaries[n] = c.add(&Item{Kind: Boundary, Of: of, Text: oneLine(n.Source.Text()), Span: n.Source, Bound: bound.Const, Type: bound.Type})
	}
	switch n.Op {
	case ir.OpWhen:
		if !strings.HasPrefix(n.Source.Text(), "when") { // a property of tiers
			return
		}
		for i := 0; i+1 < len(n.Args); i += 2 {
			c.branch(of, n, i+1, "when "+oneLine(n.Args[i].Source.Text()))
			c.read(of, n.Args[i], false)
			c.read(of, n.Args[i+1], false)
		}
		if len(n.Args)%2 == 1 {
			c.branch(of, n, len(n.Args)-1, "else")
			c.read(of, n.Args[len(n.Args)-1], false)
		}
	case ir.OpAnd, ir.OpOr:
		for _, x := range n.Args {
			c.read(of, x, true)
		}
	case ir.OpNot, ir.OpTruth:
		c.read(of, n.Args[0], asked && n.Op == ir.OpNot)
	case ir.OpSlot:
		if c.prog.Events[n.Agg.Event].Facts == "" {
			c.read(of, n.Agg.Where, true)
			c.read(of, n.Agg.Value, false)
			c.read(of, n.Agg.By, false)
		}
	case ir.OpNtile:
		c.read(of, n.Ntile.Expr, false)
	default:
		for _, x := range n.Args {
			c.read(of, x, false)
		}
	}
}

func (c *Coverage) branch(of string, when *ir.Node, place int, text string) {
	key := branch{when, place}
	if c.branches[key] == nil && !c.chosen(when) {
		at := when.Args[place].Source
		if place%2 == 1 && place < len(when.Args)-1 || len(when.Args)%2 == 0 {
			at = when.Args[place-1].Source
		}
		c.branches[key] = c.add(&Item{Kind: Branch, Of: of, Text: text, Span: at})
	}
}

// bounded reports whether a node compares an ordered value with a constant.
func bounded(n *ir.Node) bool {
	return (n.Op == ir.OpLt || n.Op == ir.OpLe || n.Op == ir.OpGt || n.Op == ir.OpGe) && n.Args[1].Op == ir.OpConst && n.Args[0].Op != ir.OpConst
}

// written reports whether a node stands in the text of the rules.
func written(n *ir.Node) bool { return n.Source.File != nil && n.Source.Text() != "" }

// chosen reports whether an expression depends on chance or on an ntile, which no test chooses.
func (c *Coverage) chosen(n *ir.Node) bool {
	seen := map[*ir.Node]bool{}
	var walk func(n *ir.Node) bool
	walk = func(n *ir.Node) bool {
		if n == nil || seen[n] {
			return false
		}
		seen[n] = true
		switch n.Op {
		case ir.OpChance, ir.OpNtile:
			return true
		case ir.OpTag:
			return walk(c.prog.Tags[n.Index].Expr)
		case ir.OpSegment:
			// One that asks more than chance is a condition of its own.
			x := c.prog.Segments[n.Index].Expr
			return x.Op != ir.OpAnd && x.Op != ir.OpOr && walk(x)
		}
		for _, x := range n.Args {
			if walk(x) {
				return true
			}
		}
		return false
	}
	return walk(n)
}

// oneLine is a text without line ends and comments.
func oneLine(text string) string {
	var lines []string
	for _, line := range strings.Split(text, "\n") {
		if i := strings.Index(line, "//"); i >= 0 && !strings.Contains(line, `"`) {
			line = line[:i]
		}
		lines = append(lines, line)
	}
	return strings.Join(strings.Fields(strings.Join(lines, " ")), " ")
}

package compiler

import (
	"fmt"
	"strings"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
)

// hashLoyalty gives the declarations of loyalty and campaigns their semantic hashes, and returns a line for each, for that
// of the program. Names stand for what they are of; the order of clauses means nothing, that of actions does.
func (c *compilation) hashLoyalty() (lines []string) {
	p := c.program
	keep := func(word, name, title string, parts ...string) string {
		hash := digest(append([]string{word, name}, parts...)...)
		lines = append(lines, fmt.Sprintf("%s %q %q %s", word, name, title, hash))
		return hash
	}
	for _, x := range p.Points {
		x.Hash = keep("points", x.Name, x.Title, c.pointsKey(x)...)
	}
	for _, x := range p.Tiers {
		rungs := []string{c.nodeKey(x.By), limitKey(x.Keep), fmt.Sprint(x.DropOne), strings.Join(x.Props, " ")}
		for _, t := range x.Tiers {
			rungs = append(rungs, fmt.Sprintf("%q %s %v", t.Name, valueKey(t.From), t.Props))
		}
		x.Hash = keep("tiers", x.Name, x.Title, rungs...)
	}
	for _, x := range p.Coupons {
		price := ""
		if x.PriceIn >= 0 {
			price = p.Points[x.PriceIn].Name
		}
		x.Hash = keep("coupon", x.Name, x.Title, fmt.Sprint(x.Off, x.Percent, x.IsPercent, optional(x.UpTo), x.MinSpend, optional(x.Stock), x.Price),
			x.Gift, limitKey(&x.Valid), datesKey(x.Dates), capsKey(x.Caps), price, c.nodeKey(x.When))
	}
	for _, x := range p.Sinks {
		x.Hash = keep("sink", x.Name, x.Title, x.Webhook, x.Secret, x.File, clocksKey(x.Quiet), capsKey(x.Caps))
	}
	for _, x := range p.Cases {
		open, closing := p.Events[x.Open], p.Events[x.Close]
		parts := []string{open.Name, open.Fields[x.OpenMatch].Name, closing.Name, closing.Fields[x.CloseMatch].Name, spanKey(x.Due), fmt.Sprint(x.Workdays)}
		for _, f := range x.By {
			parts = append(parts, "by "+open.Fields[f].Name)
		}
		x.Hash = keep("case", x.Name, x.Title, append(parts, c.actionsKey(x.Overdue)...)...)
	}
	for _, x := range p.Syncs {
		parts := []string{p.Sinks[x.Sink].Name, fmt.Sprint(x.Daily)}
		for _, i := range x.Segments {
			parts = append(parts, "segment "+p.Segments[i].Name+p.Segments[i].Hash)
		}
		for _, i := range x.Tags {
			parts = append(parts, "tag "+p.Tags[i].Name+p.Tags[i].Hash)
		}
		x.Hash = keep("sync", x.Name, x.Title, parts...)
	}
	for _, x := range p.Campaigns {
		x.Hash = keep("campaign", x.Name, x.Title, c.campaignKey(x)...)
	}
	return lines
}

// nodeKey is the meaning of an expression, that of what it mentions included.
func (c *compilation) nodeKey(n *ir.Node) string {
	if n == nil {
		return ""
	}
	return n.Key + "\n" + dependencies(c.program, n)
}

func (c *compilation) pointsKey(x *ir.Points) []string {
	p := c.program
	parts := []string{fmt.Sprint(x.Start), limitKey(&x.Expire), spanKey(x.Pending)}
	var rules []string
	for _, e := range x.Earns {
		rules = append(rules, digest("earn", e.Name, p.Events[e.Event].Name, c.nodeKey(e.Give), c.nodeKey(e.When), capsKey(e.Caps)))
	}
	for _, b := range x.Boosts {
		rules = append(rules, digest("boost", b.Name, p.Events[b.Event].Name, fmt.Sprint(b.Factor), datesKey(b.During), c.nodeKey(b.When)))
	}
	for _, r := range x.Reverses {
		by := ""
		if r.By >= 0 {
			by = p.Events[r.Event].Fields[r.By].Name
		}
		rules = append(rules, digest("reverse", p.Events[r.Event].Name, p.Events[r.On].Name, p.Events[r.Event].Fields[r.Matching].Name, by))
	}
	return append(parts, sorted(rules)...)
}

func (c *compilation) campaignKey(x *ir.Campaign) []string {
	p, t := c.program, x.Trigger
	what := ""
	switch t.Kind {
	case dsl.OnEvent:
		what = p.Events[t.Index].Name
	case dsl.OnUsed:
		what = p.Coupons[t.Index].Name
	case dsl.OnReach:
		what = p.Tiers[t.Index].Name + " " + p.Tiers[t.Index].Tiers[t.Tier].Name
	default:
		what = p.Segments[t.Index].Name
	}
	parts := []string{
		string(t.Kind), what, c.nodeKey(t.Where), fmt.Sprint(t.Daily, t.At), c.nodeKey(x.When), datesKey(x.During), fmt.Sprint(x.Holdout),
		capsKey(x.Caps), clocksKey(x.Quiet), fmt.Sprint(x.Existing, x.Target),
	}
	if g := x.Goal; g != nil {
		of := ""
		if g.Used {
			of = "coupon " + p.Coupons[g.Index].Name
		} else {
			of = "event " + p.Events[g.Index].Name
		}
		parts = append(parts, "goal", of, c.nodeKey(g.Where), spanKey(&g.Within))
	}
	return append(parts, c.actionsKey(x.Do)...)
}

func (c *compilation) actionsKey(list []*ir.Action) (parts []string) {
	p := c.program
	for _, a := range list {
		what := ""
		switch a.Kind {
		case dsl.Issue:
			what = p.Coupons[a.Index].Name
		case dsl.Give:
			what = p.Points[a.Index].Name
		case dsl.SendTo:
			what = p.Sinks[a.Index].Name
		case dsl.AddTo, dsl.RemoveFrom:
			what = p.Lists[a.Index].Name
		}
		var with []string
		for _, e := range a.With {
			with = append(with, fmt.Sprintf("%q ", e.Key)+c.nodeKey(e.Value))
		}
		parts = append(parts, digest(string(a.Kind), what, c.nodeKey(a.Amount), a.Template, strings.Join(sorted(with), "\n"), spanKey(&a.Wait), c.nodeKey(a.When)))
	}
	return parts
}

func spanKey(s *dsl.SpanLit) string {
	if s == nil {
		return ""
	}
	return fmt.Sprint(s.N, " ", s.Unit)
}

func limitKey(l *ir.Limit) string {
	if l == nil {
		return ""
	}
	return fmt.Sprint(l.Never, " ", spanKey(l.Span), " ", l.Next, " ", l.Unit)
}

func datesKey(d *ir.Dates) string {
	if d == nil {
		return ""
	}
	return fmt.Sprint(d.From, " ", d.To)
}

func clocksKey(c *ir.Clocks) string {
	if c == nil {
		return ""
	}
	return fmt.Sprint(c.From, " ", c.To)
}

func capsKey(caps []ir.Cap) string {
	var parts []string
	for _, c := range caps {
		parts = append(parts, fmt.Sprint(c.N, " ", c.Points, " ", c.Unit, " ", spanKey(c.Span)))
	}
	return strings.Join(sorted(parts), ", ")
}

func optional(n *int64) string {
	if n == nil {
		return ""
	}
	return fmt.Sprint(*n)
}

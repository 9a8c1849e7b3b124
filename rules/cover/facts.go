package cover

import (
	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
)

// Facts takes in what a test has left behind of a member.
func (c *Coverage) Facts(of func(event int) []exprplan.Event) {
	p := c.prog
	for _, x := range p.Points {
		c.each(of, x.Facts, func(f fact) {
			switch f.text(ir.FactWhat) {
			case "earn":
				for _, e := range x.Earns {
					if e.Name == f.text(ir.FactRule) {
						c.reach(e)
					}
				}
			case "reverse":
				for _, r := range x.Reverses {
					if p.Events[r.On].Name == f.text(ir.FactCause) || p.Events[r.Event].Name == f.text(ir.FactCause) {
						c.reach(r)
					}
				}
			}
		})
	}
	for _, x := range p.Tiers {
		c.each(of, x.Facts, func(f fact) { c.reach(rung{x, int(f.number(ir.FactTier))}) })
	}
	for _, x := range p.Coupons {
		c.each(of, x.Facts, func(f fact) {
			if f.number(ir.FactIssued) > 0 {
				c.reach(x)
			}
		})
	}
	for _, x := range p.Cases {
		c.each(of, x.Facts, func(f fact) {
			c.reach(x)
			if f.number(ir.FactOverdue) > 0 {
				for i := range x.Overdue {
					c.reach(step{x, i})
				}
			}
		})
	}
	for _, x := range p.Campaigns {
		c.each(of, x.Facts, func(f fact) { c.ran(x, f) })
	}
}

// ran takes in a fact of a campaign. A wait is recorded with the step after it.
func (c *Coverage) ran(x *ir.Campaign, f fact) {
	at := int(f.number(ir.FactStep))
	switch f.text(ir.FactWhat) {
	case "start":
		c.reach(x)
	case "act":
		c.reach(step{x, at})
	case "wait":
		c.reach(step{x, at - 1})
	case "goal":
		c.reach(goal{x})
	case "end":
		if at < len(x.Do) && x.Do[at].Kind == dsl.Stop {
			c.reach(step{x, at})
		}
	}
}

// Boosted says that a boost has held for an event.
func (c *Coverage) Boosted(b *ir.Boost) { c.reach(b) }

// fact is a fact with its fields by name.
type fact struct {
	fields []*ir.Field
	values []ir.Value
}

func (f fact) value(name string) (v ir.Value) {
	for i, x := range f.fields {
		if x.Name == name {
			return f.values[i]
		}
	}
	return v
}

func (f fact) text(name string) string { return f.value(name).S }

func (f fact) number(name string) int64 { return f.value(name).I }

func (c *Coverage) each(of func(event int) []exprplan.Event, facts int, do func(fact)) {
	for _, e := range of(facts) {
		do(fact{c.prog.Events[facts].Fields, e.Fields})
	}
}

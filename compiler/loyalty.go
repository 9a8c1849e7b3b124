package compiler

import (
	"fmt"

	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/compiler/decimal"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
)

// lowerLoyalty lowers the declarations of loyalty and campaigns. Tags and segments are lowered already: what reads
// balances, tiers or coupons reads facts, so that no circle can arise but that of a ladder measured by itself.
func (c *compilation) lowerLoyalty() {
	p := c.program
	for i, x := range c.points {
		c.lowerPoints(x, p.Points[i])
	}
	for i, x := range c.tiers {
		if !x.sym.broken {
			c.lowerLadder(x, p.Tiers[i])
		}
	}
	c.refuseLadderCircles()
	for i, x := range c.coupons {
		c.lowerCoupon(x, p.Coupons[i])
	}
	for i, x := range c.sinks {
		c.lowerSink(x, p.Sinks[i])
	}
	for i, x := range c.handovers {
		c.lowerSync(x, p.Syncs[i])
	}
	for i, x := range c.cases {
		c.lowerCase(x, p.Cases[i])
	}
	for i, x := range c.campaigns {
		c.lowerCampaign(x, p.Campaigns[i])
	}
}

// refuseLadderCircles reports tiers whose measure depends on their own value.
func (c *compilation) refuseLadderCircles() {
	for i, t := range c.program.Tiers {
		reads := map[int]bool{}
		c.tiersRead(t.By, reads, map[*ir.Node]bool{})
		if reads[i] {
			c.report("M0204", c.tiers[i].sym.at, c.tiers[i].sym.String(), "", fmt.Sprintf("`%s` depends on itself: what it is measured by reads the tier", t.Name))
		}
	}
}

// tiersRead collects the ladders that an expression reads, through tags, segments and other ladders too.
func (c *compilation) tiersRead(n *ir.Node, reads map[int]bool, seen map[*ir.Node]bool) {
	p := c.program
	walkDeep(n, seen, func(n *ir.Node) {
		switch n.Op {
		case ir.OpTag:
			c.tiersRead(p.Tags[n.Index].Expr, reads, seen)
		case ir.OpSegment:
			c.tiersRead(p.Segments[n.Index].Expr, reads, seen)
		case ir.OpSlot:
			for i, t := range p.Tiers {
				if t.Facts == n.Agg.Event && !reads[i] {
					reads[i] = true
					c.tiersRead(t.By, reads, seen)
				}
			}
		}
	})
}

// limit reads how long something that is granted at a local date holds; it ends at a midnight.
func (c *compilation) limit(reading string, d *dsl.Limit) *ir.Limit {
	if d == nil {
		return nil
	}
	if d.Span != nil && !c.days(reading, d.Span) {
		return nil
	}
	return &ir.Limit{Never: d.Never, Span: d.Span, Next: d.Next, Unit: d.Unit}
}

// days checks a span that ends at a midnight.
func (c *compilation) days(reading string, s *dsl.SpanLit) bool {
	switch {
	case s.Unit == dsl.Hour || s.Unit == dsl.Minute:
		c.report("M0713", s.At, reading, "write days or longer", "what is granted on a day ends at a midnight, so not after hours or minutes")
	case s.N < 1:
		c.report("M0713", s.At, reading, "", "a span of at least one day is asked here")
	case tooLong(s.N, s.Unit):
		c.report("M0408", s.At, reading, "", "a span of more than 1000 years")
	default:
		return true
	}
	return false
}

// elapsing checks a span of any unit that is longer than nothing.
func (c *compilation) elapsing(reading string, s *dsl.SpanLit) bool {
	switch {
	case s.N < 1:
		c.report("M0713", s.At, reading, "", "a span longer than nothing is asked here")
	case tooLong(s.N, s.Unit):
		c.report("M0408", s.At, reading, "", "a span of more than 1000 years")
	default:
		return true
	}
	return false
}

// caps reads at most N [points|times] [per PERIOD]. Only an earn counts points, and has to say which it counts.
func (c *compilation) caps(reading string, list []*dsl.Cap, earn bool) (out []ir.Cap) {
	for _, d := range list {
		limit := ir.Cap{N: d.N.Value, Source: d.At}
		switch {
		case earn && d.What == nil:
			c.report("M0703", d.At, reading, fmt.Sprintf("write `at most %s points` or `at most %s times`", d.N, d.N), "say whether this cap counts points or times")
			continue
		case !earn && d.What != nil && d.What.Text == "points":
			c.report("M0703", d.What.At, reading, "leave `points` out", "only an `earn` is capped by points; here the cap counts times")
			continue
		case d.N.Value < 1:
			c.report("M0709", d.N.At, reading, "", "a cap of less than 1 allows nothing")
			continue
		}
		limit.Points = d.What != nil && d.What.Text == "points"
		if d.Per != nil {
			if limit.Unit, limit.Span = d.Per.Unit, d.Per.Span; limit.Span != nil && !c.elapsing(reading, limit.Span) {
				continue
			}
		}
		out = append(out, limit)
	}
	return out
}

func dates(d *dsl.Dates) *ir.Dates {
	if d == nil {
		return nil
	}
	return &ir.Dates{From: day(d.From), To: day(d.To)}
}

func day(d *dsl.DateLit) int64 { return calendar.FromCivil(d.Year, d.Month, d.Day) }

func minutes(c *dsl.ClockLit) int { return c.Hour*60 + c.Minute }

func clocks(d *dsl.Clocks) *ir.Clocks {
	if d == nil {
		return nil
	}
	return &ir.Clocks{From: minutes(d.From), To: minutes(d.To)}
}

// fraction reads a percentage of more than 0 and at most 100.
func (c *compilation) fraction(reading string, p *dsl.PercentLit) (decimal.Decimal, bool) {
	d, ok := c.plainNumber(reading, p)
	if !ok {
		return d, false
	}
	if d.Sign() <= 0 || d.Cmp(c.one()) > 0 {
		c.report("M0709", p.At, reading, "", "a percentage above 0% and up to 100% is asked here")
		return d, false
	}
	return d, true
}

// amount reads a literal as money of more than nothing, in minor units.
func (c *compilation) amount(reading string, e dsl.Expr) (int64, bool) {
	l := c.memberScope(reading)
	v, ok := l.constantOf([]dsl.Expr{e}, e.Span(), moneyType)
	if ok && v.I <= 0 {
		l.error("M0709", e.Span(), "", "an amount above nothing is asked here")
		return 0, false
	}
	return v.I, ok
}

// missing reports a clause that a declaration cannot do without.
func (c *compilation) missing(sym *symbol, hint, message string) {
	if !sym.broken {
		c.report("M0701", sym.at, sym.String(), hint, message)
	}
}

// twoFields resolves a field that two events have, and whose texts are to be compared; -1 where it is at fault.
func (c *compilation) twoFields(reading string, name dsl.Name, a, b *eventInfo, want func(ir.Type) bool, what string) (int, int) {
	x, y := c.storedField(reading, a, name), c.storedField(reading, b, name)
	if x == nil || y == nil {
		return -1, -1
	}
	for _, f := range []*fieldInfo{x, y} {
		if !want(f.typ) {
			c.report("M0704", name.At, reading, "", fmt.Sprintf("`%s` is %s, and %s is asked here", name.Text, aType(f.typ), what))
			return -1, -1
		}
	}
	if !x.typ.Same(y.typ) && !(isText(x.typ) && isText(y.typ)) {
		c.report("M0704", name.At, reading, "give it the same type in both", fmt.Sprintf("`%s` is %s in `%s` and %s in `%s`", name.Text, aType(x.typ), a.sym.name, aType(y.typ), b.sym.name))
		return -1, -1
	}
	return x.index, y.index
}

func isText(t ir.Type) bool { return t.Kind == ir.String || t.Kind == ir.Enum || t.Kind == ir.Row }

// storedField finds a field of an event that is not computed; nil, and reported unless it is an echo, if there is none.
func (c *compilation) storedField(reading string, e *eventInfo, name dsl.Name) *fieldInfo {
	f, ok := e.fields[name.Text]
	switch {
	case ok && f.broken:
		return nil
	case ok && f.computed:
		c.report("M0704", name.At, reading, "use a field that is sent with the event", fmt.Sprintf("`%s` of `%s` is computed", name.Text, e.sym.name))
		return nil
	case ok:
		return f
	}
	if !e.sym.broken {
		c.report("M0209", name.At, reading, c.near(name.Text, e.names()), fmt.Sprintf("event `%s` has no field `%s`", e.sym.name, name.Text))
	}
	return nil
}

// onceEach reports a name that two parts of one declaration have.
func (c *compilation) onceEach(reading string, seen map[string]diag.Span, word string, name dsl.Name) bool {
	if first, ok := seen[name.Text]; ok {
		c.report("M0201", name.At, reading, "", fmt.Sprintf("%s `%s` is declared twice", word, name.Text), diag.Related{Span: first, Message: "first declared here"})
		return false
	}
	seen[name.Text] = name.At
	return true
}

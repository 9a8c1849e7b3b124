package compiler

import (
	"fmt"

	"github.com/muster-engine/muster/compiler/decimal"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
)

// readLadder reads the titles and properties of tiers: what expressions need of them.
func (c *compilation) readLadder(info *tiersInfo, t *ir.Tiers) {
	d, owner := info.decl, info.sym.String()
	if len(d.Tiers) == 0 {
		c.report("M0705", d.Name.At, owner, "write `tier \"…\"` for each, the lowest first", "tiers without a tier")
		info.sym.broken = true
	}
	seen := map[string]diag.Span{}
	var titles []string
	for i, tier := range d.Tiers {
		if first, ok := seen[tier.Title.Value]; ok {
			c.report("M0705", tier.Title.At, owner, "", fmt.Sprintf("there are two tiers %q", tier.Title.Value), diag.Related{Span: first, Message: "the first is here"})
			info.sym.broken = true
			continue
		}
		seen[tier.Title.Value] = tier.Title.At
		titles = append(titles, tier.Title.Value)
		out := ir.Tier{Name: tier.Title.Value}
		if !c.readProperties(info, t, tier, i == 0, &out) {
			info.sym.broken = true
		}
		t.Tiers = append(t.Tiers, out)
	}
	t.Enum = c.b.enum(owner, titles)
}

// readProperties reads PROP N of a tier. All tiers have those of the first.
func (c *compilation) readProperties(info *tiersInfo, t *ir.Tiers, d *dsl.Tier, first bool, out *ir.Tier) bool {
	owner, ok := info.sym.String(), true
	values := map[string]decimal.Decimal{}
	for _, p := range d.Props {
		if _, twice := values[p.Name.Text]; twice {
			c.report("M0705", p.Name.At, owner, "", fmt.Sprintf("`%s` is given twice", p.Name.Text))
			ok = false
			continue
		}
		v, fits := c.plainNumber(owner, p.Value)
		ok = ok && fits
		values[p.Name.Text] = v
		if first {
			t.Props = append(t.Props, p.Name.Text)
		}
	}
	for _, name := range t.Props {
		v, has := values[name]
		if !has {
			c.report("M0705", d.Title.At, owner, "all tiers have the same", fmt.Sprintf("the tier %q has no `%s`", d.Title.Value, name))
			ok = false
		}
		out.Props = append(out.Props, v)
		delete(values, name)
	}
	for _, p := range d.Props {
		if _, extra := values[p.Name.Text]; extra {
			c.report("M0705", p.Name.At, owner, "all tiers have the same", fmt.Sprintf("the first tier has no `%s`", p.Name.Text))
			ok = false
			delete(values, p.Name.Text)
		}
	}
	return ok
}

// plainNumber reads a literal as an exact plain number, at the scale of exact money.
func (c *compilation) plainNumber(reading string, e dsl.Expr) (decimal.Decimal, bool) {
	l := c.memberScope(reading)
	o := l.lower(e)
	if o.broken || !o.isLit() {
		if !o.broken {
			l.error("M0709", e.Span(), "", "a number is asked here, and this is %s", o.what())
		}
		return decimal.Decimal{}, false
	}
	d, exact, ok := decimal.FromText(o.lit.FloatString(l.b.digits+decimal.Beyond), l.b.digits)
	if !ok || !exact {
		l.error("M0306", o.at, "", "this is beyond what can be computed exactly")
		return d, false
	}
	return d, true
}

// tierOf is the tier of a member: that of the last fact, or the lowest.
func (l *lowering) tierOf(sym *symbol, at diag.Span) operand {
	if sym.broken {
		return brokenAt(at)
	}
	t := l.c.program.Tiers[sym.index]
	typ := ir.Type{Kind: ir.Enum, Enum: t.Enum}
	agg := ir.Aggregate{Fn: ir.AggLast, Event: t.Facts, Value: l.factField(t.Facts, ir.FactTier, at), Type: typ, Nullable: true, Source: at}
	return l.done(l.b.op(ir.OpCoalesce, typ, at, l.b.slot(agg), l.b.enumConst(t.Enum, 0, at)), at)
}

// tierProperty is TIERS.PROP: a plain number that is computed with exactly.
func (l *lowering) tierProperty(e *dsl.Select, sym *symbol) operand {
	at := e.Span()
	if sym.broken || sym.index < 0 {
		return brokenAt(at)
	}
	t := l.c.program.Tiers[sym.index]
	for i, name := range t.Props {
		if name == e.Name.Text {
			return l.plainOperand(l.propertyNode(t, i, sym, at), at)
		}
	}
	return l.fail("M0705", e.Name.At, l.c.near(e.Name.Text, append([]string(nil), t.Props...)), "the tiers `%s` have no `%s`", t.Name, e.Name.Text)
}

func (l *lowering) propertyNode(t *ir.Tiers, prop int, sym *symbol, at diag.Span) *ir.Node {
	tier := l.tierOf(sym, at).node
	constant := func(d decimal.Decimal) *ir.Node {
		return l.b.constant(exactType, ir.Value{Known: true, Kind: ir.Exact, D: d}, at)
	}
	if len(t.Tiers) == 1 {
		return constant(t.Tiers[0].Props[prop])
	}
	var args []*ir.Node
	for i, one := range t.Tiers[:len(t.Tiers)-1] {
		args = append(args, l.b.op(ir.OpEq, boolType, at, tier, l.b.enumConst(t.Enum, i, at)), constant(one.Props[prop]))
	}
	args = append(args, constant(t.Tiers[len(t.Tiers)-1].Props[prop]))
	return l.b.op(ir.OpWhen, exactType, at, args...)
}

// lowerLadder reads what the tiers are measured by and from where on each holds.
func (c *compilation) lowerLadder(info *tiersInfo, t *ir.Tiers) {
	d, owner := info.decl, info.sym.String()
	l := c.memberScope(owner)
	if d.By == nil {
		c.report("M0701", d.Name.At, owner, "write `by earned(POINTS) in last 12 months`", "the tiers are measured by nothing")
		return
	}
	o := l.lower(d.By)
	if !l.ready(o) {
		return
	}
	if !isNumeric(o.kind()) {
		l.error("M0705", o.at, "", "tiers are measured by a number or money, and this is %s", o.what())
		return
	}
	t.By = l.settle(l.value(o))
	c.roots = append(c.roots, root{reading: owner, expr: d.By, notes: l.notes})
	if t.By == nil || len(t.Tiers) != len(d.Tiers) {
		return
	}
	for i, tier := range d.Tiers {
		c.readRung(l, t, i, tier, d)
	}
	t.Keep = c.limit(owner, d.Keep)
	t.DropOne = d.Drop != nil
}

// readRung reads from where on a tier holds.
func (c *compilation) readRung(l *lowering, t *ir.Tiers, i int, tier *dsl.Tier, d *dsl.Tiers) {
	switch {
	case tier.From == nil && i > 0:
		l.error("M0705", tier.Title.At, "write `tier \""+tier.Title.Value+"\" from N`", "only the lowest tier holds from the beginning")
		return
	case tier.From != nil && i == 0:
		l.error("M0705", tier.From.Span(), "leave out `from`, or put a tier without one before it", "the first tier is everybody's, so it has no `from`")
		return
	case tier.From == nil:
		return
	}
	v, ok := l.constantOf([]dsl.Expr{tier.From}, tier.From.Span(), t.By.Type)
	if !ok {
		return
	}
	t.Tiers[i].From = v
	if before := t.Tiers[i-1].From; before.Known && !lessValue(before, v) {
		l.error("M0705", tier.From.Span(), "", "tiers ascend, and this is not above that of %q", t.Tiers[i-1].Name)
	}
}

package dsl

import (
	"fmt"

	"github.com/muster-engine/muster/dsl/diag"
)

// clauses keeps account of the clauses of a block: most stand once at most.
type clauses struct {
	*converter
	what string // the declaration, for messages
	seen map[string]diag.Span
}

func (c *converter) clauses(what string) *clauses {
	return &clauses{converter: c, what: what, seen: map[string]diag.Span{}}
}

// once takes the word of a clause; false if it stands there twice.
func (k *clauses) once(t *tok) bool {
	at := k.spanOf(*t)
	if k.failed {
		return false
	}
	if first, ok := k.seen[t.Value]; ok {
		k.twice("`"+t.Value+"`", at, first)
		return false
	}
	k.seen[t.Value] = at
	return true
}

// alien reports a clause that belongs to another declaration.
func (k *clauses) alien(t *tok, hint string) {
	k.add("M0116", k.spanOf(*t), fmt.Sprintf("`%s` is no clause of %s", t.Value, k.what), hint)
}

// clauseExpr converts the expression of a clause and looks at what follows it.
func (c *converter) clauseExpr(g *gExpr, what string) Expr {
	c.ops = 0
	x := c.expr(g, what)
	if c.failed {
		return x
	}
	if t := c.next(); t.Kind == Word || t.Kind == Quoted || t.Kind == EndOfFile || t.Text == "}" || t.Text == "when" || t.Text == "," {
		return x
	}
	c.afterExpr("the next clause")
	return x
}

// names takes a list of names, separated by commas.
func (c *converter) names(first *tok, rest []*gNameOp, what string) []Name {
	out := []Name{c.name(first, what)}
	for _, op := range rest {
		if c.failed {
			break
		}
		c.spanOf(op.Comma)
		out = append(out, c.name(op.Name, what+" after `,`"))
	}
	return out
}

// number takes an integer, or reports that it is missing.
func (c *converter) number(t *tok, what string) *IntLit {
	if t == nil {
		c.expected("M0112", what)
		return nil
	}
	return intLit(c.file, c.take(t))
}

// cap converts at most N [points|times] [per PERIOD].
func (c *converter) cap(g *gCap) *Cap {
	d := &Cap{}
	c.spanOf(g.At)
	if g.Most == nil {
		c.expected("M0111", "`most` after `at`", "most")
		return d
	}
	c.take(g.Most)
	if d.N = c.number(g.N, "a number after `at most`"); c.failed {
		return d
	}
	if g.What != nil {
		what := c.name(g.What, "")
		d.What = &what
	}
	if g.Per != nil {
		c.take(g.Per)
		d.Per = c.period(g.By)
	}
	d.At = c.from(g.At)
	return d
}

var periodWords = []string{"day", "week", "month", "quarter", "year"}

func (c *converter) period(g *gPeriod) *Period {
	switch {
	case g == nil:
		c.expected("M0119", "a period after `per`: "+either(periodWords)+", or a span such as `30 days`", periodWords...)
		return nil
	case g.Unit != nil:
		t := c.take(g.Unit)
		return &Period{At: t.Span(c.file), Unit: unitOf(t.Text)}
	}
	span := c.spanLit(g.Span, "per")
	if span == nil {
		return nil
	}
	return &Period{At: span.At, Span: span}
}

// limit converts never, after SPAN, SPAN or end of this|next month|year, as far as the clause allows them.
func (c *converter) limit(g *gLimit, what string, start tok) *Limit {
	d := &Limit{}
	switch {
	case g == nil:
		c.expected("M0111", what, "never", "after", "end")
		return nil
	case g.Never != nil:
		c.take(g.Never)
		d.Never = true
	case g.After != nil:
		c.take(g.After)
		d.Span = c.spanLit(g.Later, "after")
	case g.Span != nil:
		d.Span = c.spanLit(g.Span, start.Value)
	default:
		c.take(g.End)
		if g.Of == nil {
			c.expected("M0111", "`of` after `end`", "of")
			return nil
		}
		c.take(g.Of)
		if g.Which == nil {
			c.expected("M0111", "`this` or `next` after `end of`", "this", "next")
			return nil
		}
		d.Next = c.take(g.Which).Text == "next"
		if g.Unit == nil {
			c.expected("M0119", "`month` or `year` after `"+g.Which.Value+"`", "month", "year")
			return nil
		}
		d.Unit = unitOf(c.take(g.Unit).Text)
	}
	if c.failed {
		return nil
	}
	d.At = diag.Span{File: c.file, Start: c.span(start.Pos.Offset + 1).Start, End: c.span(c.at - 1).End}
	return d
}

// dates converts D to D.
func (c *converter) dates(g *gDates, after string) *Dates {
	if g == nil {
		c.expected("M0111", "a date such as `2026-11-01` after `"+after+"`")
		return nil
	}
	d := &Dates{From: dateLit(c.file, c.take(&g.From))}
	if g.To == nil {
		c.expected("M0111", "`to` and the last date", "to")
		return nil
	}
	c.take(g.To)
	if g.Last == nil {
		c.expected("M0111", "the last date after `to`")
		return nil
	}
	d.To = dateLit(c.file, c.take(g.Last))
	d.At = d.From.At.To(d.To.At)
	if d.To.String() < d.From.String() {
		c.add("M0111", d.At, "the last date lies before the first", "")
	}
	return d
}

// clocks converts A to B of quiet hours.
func (c *converter) clocks(g *gClocks) *Clocks {
	if g == nil {
		c.expected("M0111", "a clock time such as `21:00` after `quiet`")
		return nil
	}
	first := literalOf(c.file, c.take(&g.From)).(*ClockLit)
	if g.To == nil || g.Last == nil {
		if g.To != nil {
			c.take(g.To)
		}
		c.expected("M0111", "`to` and a clock time such as `09:00`", "to")
		return nil
	}
	c.take(g.To)
	last := literalOf(c.file, c.take(g.Last)).(*ClockLit)
	d := &Clocks{At: first.At.To(last.At), From: first, To: last}
	if first.String() == last.String() {
		c.add("M0111", d.At, "quiet hours that begin and end at the same time", "")
	}
	return d
}

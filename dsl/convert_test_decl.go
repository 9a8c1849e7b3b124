package dsl

import (
	"fmt"

	"github.com/muster-engine/muster/dsl/diag"
)

var testWords = []string{"today", "member", "advance", "send", "expect"}

func (c *converter) testDecl(g *gTest) Decl {
	d := &Test{}
	c.spanOf(g.Word)
	c.reading = "test"
	title := c.text(g.Title, "the title of the test in quotes")
	if title == nil {
		return d
	}
	d.Title = *title
	c.reading = "test " + quoteString(clip(title.Value))
	c.declName = Name{Text: title.Value, At: title.At}
	open, ok := c.open(g.Open, "the title of the test")
	if !ok {
		return d
	}
	for _, item := range g.Items {
		if c.testItem(d, item); c.failed {
			break
		}
	}
	c.close(g.Close, open, "step of a test", testWords...)
	d.At = c.from(g.Word)
	return d
}

func (c *converter) testItem(d *Test, g *gTestItem) {
	switch {
	case g.Today != nil:
		at := c.spanOf(g.Today.Word)
		if d.Today != nil {
			c.twice("`today`", at, d.Today.At)
			return
		}
		if g.Today.Date == nil {
			c.expected("M0111", "a date such as `2026-06-01` after `today`")
			return
		}
		d.Today = dateLit(c.file, c.take(g.Today.Date))
	case g.Member != nil:
		if m := c.person(g.Member); !c.failed {
			d.Members = append(d.Members, m)
		}
	case g.Advance != nil:
		c.step(d, c.advance(g.Advance))
	case g.Send != nil:
		c.step(d, c.sendStep(g.Send))
	case g.Expect != nil:
		c.step(d, c.expectStep(g.Expect))
	}
}

func (c *converter) step(d *Test, s TestStep) {
	if !c.failed {
		d.Steps = append(d.Steps, s)
	}
}

func (c *converter) person(g *gPerson) *TestMember {
	c.spanOf(g.Word)
	m := &TestMember{Name: c.name(g.Name, "a name for this member of the test")}
	open, ok := c.open(g.Open, "the name of the member")
	if !ok {
		return m
	}
	for _, item := range g.Items {
		if c.personal(m, item); c.failed {
			return m
		}
	}
	c.close(g.Close, open, "attribute with its value, event or list")
	m.At = c.from(g.Word)
	return m
}

// personal converts one of ATTRIBUTE value, EVENT { … }, LIST.
func (c *converter) personal(m *TestMember, g *gPersonal) {
	name := c.name(&g.Name, "")
	switch {
	case g.Event != nil:
		m.Events = append(m.Events, c.facts(name, g.Event))
	case g.Set != nil || g.Value != nil:
		m.Values = append(m.Values, c.testValue(g.Name, name, g.Set, g.Value))
	default:
		if t := c.next(); t.Text == "=" || t.Text == ":" {
			c.noSign(t)
			return
		}
		m.Lists = append(m.Lists, name)
	}
}

// noSign reports `=` or `:` between a name and its value.
func (c *converter) noSign(t Token) {
	c.add("M0111", c.here(), fmt.Sprintf("a `%s` between a name and its value", t.Text), "in a test the value follows the name directly: `gender \"female\"`")
}

func (c *converter) testValue(at tok, name Name, set *gSetList, value *gSimple) *TestValue {
	v := &TestValue{Name: name}
	if set != nil {
		v.Set = true
		v.Value = c.setList(set)
	} else if x := c.simple(value, "a literal"); x != nil {
		v.Value = []Expr{x}
	}
	v.At = c.from(at)
	return v
}

func (c *converter) setList(g *gSetList) (values []Expr) {
	open := c.take(&g.Open)
	if g.First != nil {
		values = append(values, c.simple(g.First, "a literal"))
	}
	for _, item := range g.Rest {
		c.spanOf(item.Comma)
		values = append(values, c.simple(item.Value, "a literal after `,`"))
	}
	if g.Close == nil {
		if !c.failed {
			c.closing("a literal, `,` or `)`", open)
		}
		return values
	}
	c.take(g.Close)
	return values
}

// facts converts the { at D FIELD value … } of an event.
func (c *converter) facts(event Name, g *gFacts) *TestEvent {
	e := &TestEvent{Event: event}
	open := c.take(&g.Open)
	var when diag.Span
	for _, item := range g.Items {
		name := c.name(&item.Name, "")
		if item.Set == nil && item.Value == nil {
			if t := c.next(); t.Text == "=" || t.Text == ":" {
				c.noSign(t)
			} else {
				c.expected("M0112", "a literal after `"+clip(name.Text)+"`", "true", "false")
			}
			return e
		}
		v := c.testValue(item.Name, name, item.Set, item.Value)
		switch {
		case c.failed:
			return e
		case name.Text != "at" || name.Quoted:
			e.Values = append(e.Values, v)
		case e.When != nil:
			c.twice("`at`", name.At, when)
			return e
		default:
			when = name.At
			c.moment(e, v)
		}
	}
	c.close(g.Close, open, "field with its value")
	e.At = event.At.To(c.from(g.Open))
	return e
}

// moment takes the at of an event, which is a date or a local time.
func (c *converter) moment(e *TestEvent, v *TestValue) {
	if !v.Set && len(v.Value) == 1 {
		switch v.Value[0].(type) {
		case *DateLit, *TimeLit:
			e.When = v.Value[0]
			if t := c.next(); t.Kind == Clock {
				c.strayAfterExpr()
			}
			return
		}
	}
	c.add("M0111", v.At, "`at` takes a date or a local time", "such as `at 2026-06-01` or `at 2026-06-01T10:30`")
}

func (c *converter) advance(g *gAdvance) *Advance {
	s := &Advance{}
	c.spanOf(g.Word)
	switch {
	case g.To != nil:
		c.take(g.To)
		if g.D == nil {
			c.expected("M0111", "a date or a local time after `to`")
			return s
		}
		s.To = literalOf(c.file, c.take(g.D))
	case g.By != nil:
		c.take(g.By)
		s.By = c.spanLit(g.Span, "by")
	default:
		c.expected("M0111", "`to` and a date, or `by` and a span, after `advance`", "to", "by")
	}
	s.At = c.from(g.Word)
	return s
}

func (c *converter) sendStep(g *gSend) *Send {
	s := &Send{}
	c.spanOf(g.Word)
	event := c.name(g.Event, "the name of an event after `send`")
	if g.Facts == nil {
		c.open(nil, "the name of the event")
		return s
	}
	s.Event = c.facts(event, g.Facts)
	if g.To == nil {
		if !c.failed {
			c.expected("M0111", "`to` and the name of a member of the test", "to")
		}
		return s
	}
	if c.failed {
		return s
	}
	c.take(g.To)
	s.To = c.name(g.Who, "the name of a member of the test after `to`")
	s.At = c.from(g.Word)
	return s
}

func (c *converter) expectStep(g *gExpect) *Expect {
	s := &Expect{}
	c.spanOf(g.Word)
	s.Member = c.name(g.Who, "the name of a member of the test after `expect`")
	if g.Colon == nil {
		c.expected("M0111", "`:` after the name of the member")
		return s
	}
	c.take(g.Colon)
	c.ops = 0
	s.Cond = c.expr(g.X, "a condition after `:`")
	if t := c.next(); !c.failed && t.Kind != Word && t.Text != "}" && t.Kind != EndOfFile {
		c.afterExpr("the next step")
	}
	s.At = c.from(g.Word)
	return s
}

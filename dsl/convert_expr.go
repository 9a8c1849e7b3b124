package dsl

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/muster-engine/muster/dsl/diag"
)

// value reports that an operand is missing. What stands in its place may tell why.
func (c *converter) value(what string) {
	t := c.next()
	switch {
	case t.Kind == Reserved && t.Text == "when":
		c.add("M0117", c.here(), "`when` stands in the place of a value", "put it in parentheses: `(when … then … else …)`")
	case t.Kind == Reserved && t.Text == "not":
		c.add("M0112", c.here(), "expected "+what+", found `not`", "put it in parentheses: `(not …)`")
	case t.Kind == Punct && t.Text == "." && c.at+1 < len(c.tokens) && c.tokens[c.at+1].Kind == Int:
		c.add("M0105", c.here(), "a number does not start with `.`", fmt.Sprintf("write `0.%s`", c.tokens[c.at+1].Text))
	default:
		c.expected("M0112", what)
	}
}

// full converts what may be a bare when.
func (c *converter) full(g *gFull, what string) Expr {
	switch {
	case g == nil:
		c.value(what)
	case g.When != nil:
		return c.when(g.When)
	case g.X != nil:
		return c.expr(g.X, what)
	}
	return nil
}

func (c *converter) when(g *gWhen) Expr {
	w := &When{}
	for _, b := range g.Branches {
		at := c.spanOf(b.When)
		branch := Branch{Cond: c.expr(b.Cond, "a condition after `when`")}
		if b.Then == nil {
			c.afterExpr("`then`", "then")
			return nil
		}
		c.take(b.Then)
		branch.Value = c.expr(b.Value, "a value after `then`")
		branch.At = at.To(c.from(b.When))
		w.Branches = append(w.Branches, branch)
	}
	if g.Else != nil {
		c.take(g.Else)
		w.Else = c.expr(g.ElseX, "a value after `else`")
	}
	w.At = c.from(g.Branches[0].When)
	return w
}

func (c *converter) in(x Expr, g *gIn) Expr {
	if g.Not != nil {
		c.take(g.Not)
		if g.In == nil {
			c.expected("M0111", "`in` after `not`", "in")
			return nil
		}
	}
	c.take(g.In)
	if g.Open == nil {
		c.badIn(g)
		return nil
	}
	open := c.take(g.Open)
	list := c.list(g.Items, "a value in this list")
	c.closeList(g.Close, open)
	if x == nil || c.failed {
		return nil
	}
	return &In{At: x.Span().To(c.span(c.at - 1)), X: x, Not: g.Not != nil, List: list}
}

// badIn reports an `in` without its list.
func (c *converter) badIn(g *gIn) {
	switch t := c.next(); t.Text {
	case "last", "this", "previous", "next":
		c.add("M0126", c.span(g.In.Pos.Offset).To(t.Span(c.file)), fmt.Sprintf("a window `in %s …` stands directly after an aggregate", t.Text),
			"such as `count(order) in last 90 days`; for the time since an event write `days since last(order) < 90`")
	default:
		c.expected("M0111", "`(` and a list after `in`")
	}
}

func (c *converter) list(g *gList, what string) (list []Expr) {
	if g == nil {
		c.value(what)
		return nil
	}
	list = append(list, c.expr(g.First, what))
	for _, op := range g.Rest {
		c.spanOf(op.Comma)
		list = append(list, c.expr(op.X, "a value after `,`"))
	}
	return list
}

// closeList takes the parenthesis that closes a list.
func (c *converter) closeList(t *tok, open Token) {
	if t == nil {
		c.unclosed("an operator, `,` or `)`", open)
		return
	}
	c.take(t)
}

// unclosed reports what stands where a parenthesis should close, or explains it.
func (c *converter) unclosed(what string, open Token) {
	if c.strayAfterExpr() {
		return
	}
	c.closing(what, open)
}

// emptyWords are what other languages call unknown.
var emptyWords = map[string]bool{"null": true, "nil": true, "none": true, "empty": true, "missing": true, "undefined": true}

func (c *converter) is(x Expr, g *gIs) Expr {
	c.spanOf(g.Is)
	if g.Not != nil {
		at := c.spanOf(*g.Not)
		c.add("M0111", at, "`is not` is no test", "write `is known` or `is unknown`; to compare with a value write `!=`")
		return nil
	}
	if g.What == nil {
		if t := c.next(); t.Kind == Word && emptyWords[strings.ToLower(t.Text)] {
			c.add("M0111", c.here(), "expected `known` or `unknown` after `is`, found "+c.found(t), "write `is unknown`; there are no other empty values")
			return nil
		}
		c.expected("M0111", "`known` or `unknown` after `is`", "known", "unknown")
		return nil
	}
	what := c.take(g.What)
	if x == nil || c.failed {
		return nil
	}
	return &Is{At: x.Span().To(what.Span(c.file)), X: x, Known: what.Text == "known"}
}

func (c *converter) postfix(g *gPostfix) Expr {
	x := c.primary(g.X)
	for _, s := range g.Selects {
		if c.count(c.spanOf(s.Dot)); c.failed {
			return nil
		}
		if s.Name == nil {
			c.expectedName("a name after `.`")
			return nil
		}
		name := c.name(s.Name, "")
		if x == nil {
			return nil
		}
		x = &Select{X: x, Name: name}
	}
	return x
}

func (c *converter) primary(g *gPrimary) Expr {
	switch {
	case g.Paren != nil:
		return c.paren(g.Paren)
	case g.Ref != nil:
		return c.ref(g.Ref)
	}
	return c.literal(g.Lit)
}

func (c *converter) paren(g *gParen) Expr {
	open := c.take(&g.Open)
	x := c.full(g.X, "a value after `(`")
	if g.Close == nil {
		c.unclosed("an operator or `)`", open)
		return nil
	}
	c.take(g.Close)
	if x == nil {
		return nil
	}
	return &Paren{At: c.from(g.Open), X: x}
}

func (c *converter) ref(g *gRef) Expr {
	name := c.name(&g.Name, "")
	if g.Call == nil {
		return &Ident{Name: name}
	}
	call := &Call{Name: name}
	open := c.take(&g.Call.Open)
	if g.Call.Args == nil {
		c.value(fmt.Sprintf("an event or a value in the parentheses of `%s`", clip(name.Text)))
		return nil
	}
	call.Args = c.list(g.Call.Args, "")
	if g.Call.By != nil {
		c.take(g.Call.By)
		call.By = c.expr(g.Call.ByX, "an aggregate after `by`")
	}
	if g.Call.Where != nil {
		c.take(g.Call.Where)
		call.Where = c.expr(g.Call.WhereX, "a condition after `where`")
	}
	if g.Call.Close == nil {
		c.unclosed("an operator, `,`, `where` or `)`", open)
		return nil
	}
	c.take(g.Call.Close)
	if g.Call.Window != nil {
		call.Window = c.window(g.Call.Window)
	}
	call.At = c.from(g.Name)
	return call
}

func (c *converter) literal(g *gLiteral) Expr {
	if g.Span != nil {
		if g.Span.Unit != nil {
			return c.spanLit(g.Span, "")
		}
		return intLit(c.file, c.take(&g.Span.N))
	}
	return literalOf(c.file, c.take(g.Other))
}

func intLit(f *diag.File, t Token) *IntLit {
	v, _ := strconv.ParseInt(plainDigits(t.Text), 10, 64)
	return &IntLit{At: t.Span(f), Value: v}
}

// literalOf makes the literal of one token.
func literalOf(f *diag.File, t Token) Expr {
	at := t.Span(f)
	switch t.Kind {
	case Int:
		return intLit(f, t)
	case Decimal:
		return &DecimalLit{At: at, Text: plainDigits(t.Text)}
	case Percent:
		return &PercentLit{At: at, Text: plainDigits(strings.TrimSuffix(t.Text, "%"))}
	case String:
		return &StringLit{At: at, Value: stringValue(t.Text)}
	case Date:
		return dateLit(f, t)
	case Time:
		d, _ := readDate(t.Text)
		clock, _ := readTime(t.Text)
		return &TimeLit{At: at, Year: d.year, Month: d.month, Day: d.day, Hour: clock.hour, Minute: clock.minute, Second: clock.second}
	case Clock:
		hour, minute, _ := readClock(t.Text)
		return &ClockLit{At: at, Hour: hour, Minute: minute}
	}
	return &BoolLit{At: at, Value: t.Text == "true"}
}

func dateLit(f *diag.File, t Token) *DateLit {
	d, _ := readDate(t.Text)
	return &DateLit{At: t.Span(f), Year: d.year, Month: d.month, Day: d.day}
}

var unitWords = []string{"minutes", "hours", "days", "weeks", "months", "quarters", "years"}

// spanLit converts a span such as 90 days; a nil one is reported as missing.
func (c *converter) spanLit(g *gSpan, after string) *SpanLit {
	if g == nil {
		c.expected("M0119", "a span such as `30 days` after `"+after+"`")
		return nil
	}
	n := intLit(c.file, c.take(&g.N))
	if g.Unit == nil {
		c.expected("M0119", "a unit after `"+g.N.Value+"`: "+either(unitWords), unitWords...)
		return nil
	}
	unit := c.take(g.Unit)
	return &SpanLit{At: n.At.To(unit.Span(c.file)), N: n.Value, Unit: unitOf(unit.Text)}
}

func unitOf(word string) Unit { return Unit(strings.TrimSuffix(word, "s")) }

func (c *converter) window(g *gWindow) *Window {
	switch {
	case g.In != nil:
		return c.inWindow(g)
	case g.Word != nil:
		c.take(g.Word)
		w := &Window{Kind: WindowKind(g.Word.Value)}
		bound := c.bound(g.D, g.Word.Value)
		if w.Kind == Since {
			w.From = bound
		} else {
			w.To = bound
		}
		w.At = c.from(*g.Word)
		return w
	}
	c.take(g.From)
	w := &Window{Kind: FromTo, From: c.bound(g.Lo, "from")}
	if g.To == nil {
		c.expected("M0126", "`to` and the last date of the window", "to")
		return nil
	}
	c.take(g.To)
	w.To = c.bound(g.Hi, "to")
	w.At = c.from(*g.From)
	return w
}

// bound converts an end of a window: a date, a local time, today or start.
func (c *converter) bound(t *tok, after string) Expr {
	if t == nil {
		c.expected("M0126", "a date, a local time or `today` after `"+after+"`", "today", "start")
		return nil
	}
	token := c.take(t)
	if token.Kind == Word {
		return &Ident{Name: nameOf(c.file, token)}
	}
	return literalOf(c.file, token)
}

// inWindow converts in last 90 days, in this month, in previous 2 months, in next 30 days.
func (c *converter) inWindow(g *gWindow) *Window {
	c.take(g.In)
	kind := WindowKind("in " + c.take(g.Kind).Text)
	w := &Window{Kind: kind, N: 1}
	switch {
	case g.N != nil && kind == InThis:
		c.add("M0126", c.span(g.N.Pos.Offset), "`in this` takes one period, without a number",
			fmt.Sprintf("write `in this month`, or `in last %s …` for a window that ends today", g.N.Value))
		return nil
	case g.N != nil:
		n := intLit(c.file, c.take(g.N))
		w.N = n.Value
		if w.N == 0 && !c.tokens[c.at-1].Broken {
			c.add("M0126", n.At, "a window of 0 is empty", "")
			return nil
		}
	case kind == InLast || kind == InNext:
		hint := ""
		if t := c.next(); t.Kind == Word && isUnit(t.Text) {
			unit := string(unitOf(t.Text))
			hint = fmt.Sprintf("`%s 1 %s` ends today; the calendar %s is `in this %s` or `in previous 1 %s`", kind, unit, unit, unit, unit)
			if kind == InNext || unit == "hour" || unit == "minute" {
				hint = fmt.Sprintf("write `%s 1 %s`", kind, unit)
			}
		}
		c.add("M0126", c.here(), fmt.Sprintf("expected a number after `%s`, found %s", kind, c.found(c.next())), hint)
		return nil
	}
	if g.Unit == nil {
		after := string(kind)
		if g.N != nil {
			after += " " + g.N.Value
		}
		c.expected("M0119", "a unit after `"+after+"`: "+either(unitWords), unitWords...)
		return nil
	}
	w.Unit = unitOf(c.take(g.Unit).Text)
	w.At = c.from(*g.In)
	return w
}

func isUnit(word string) bool {
	for _, u := range unitWords {
		if word == u || word+"s" == u {
			return true
		}
	}
	return false
}

// operatorWords are what may follow a value.
var operatorWords = []string{"and", "or", "in", "not", "is", "between", "contains", "starts", "ends", "matches"}

// spokenOperators are operators as operators of shops say them, with what the language writes.
var spokenOperators = map[string]string{
	"大于": ">", "小于": "<", "等于": "=", "不等于": "!=", "大于等于": ">=", "小于等于": "<=", "不小于": ">=", "不大于": "<=",
	"且": "and", "并且": "and", "和": "and", "而且": "and", "或": "or", "或者": "or", "包含": "contains", "属于": "in",
}

// afterExpr reports what stands after an expression where something else is expected.
func (c *converter) afterExpr(what string, words ...string) {
	if c.strayAfterExpr() {
		return
	}
	c.expected("M0111", "an operator or "+what, append(words, operatorWords...)...)
}

// strayAfterExpr recognises what people write after a value and the language does not have.
func (c *converter) strayAfterExpr() bool {
	t := c.next()
	prev := Token{}
	if c.at > 0 {
		prev = c.tokens[c.at-1]
	}
	switch {
	case c.failed:
		return true
	case t.Kind == Clock && prev.Kind == Date:
		c.add("M0111", prev.Span(c.file).To(t.Span(c.file)), "a date and a clock time side by side", fmt.Sprintf("a local time is written `%sT%s`", prev.Text, t.Text))
	case t.Kind == Reserved && (t.Text == "since" || t.Text == "before" || t.Text == "from"):
		hint := "such as `count(order) since 2026-01-01`"
		if prev.Kind == Word && (prev.Text == "day" || prev.Text == "hour") && t.Text == "since" {
			hint = fmt.Sprintf("did you mean `%ss since`?", prev.Text)
		}
		c.add("M0126", t.Span(c.file), fmt.Sprintf("a window `%s …` stands directly after an aggregate", t.Text), hint)
	case t.Kind == Punct && t.Text == "(":
		c.add("M0111", t.Span(c.file), "a `(` stands after a value", "only a single word followed by `(` is a call; between two values an operator is missing")
	case t.Kind == Word && spokenOperators[t.Text] != "":
		c.add("M0111", t.Span(c.file), "`"+t.Text+"` is no operator of the language", "write `"+spokenOperators[t.Text]+"`")
	case t.Kind == Reserved && t.Text == "where":
		c.add("M0111", t.Span(c.file), "`where` stands outside an aggregate", "it belongs into the parentheses: `count(order where amount > 100)`")
	default:
		return false
	}
	return true
}

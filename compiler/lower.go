package compiler

import (
	"fmt"

	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
)

// lowering lowers expressions in one scope: of a member, or of one event of a member.
type lowering struct {
	c *compilation
	b *builder
	// event is the event whose fields bare names are; nil in the scope of a member.
	event *eventInfo
	// hand is the event in hand, whose fields bare names are besides those of the member; nil where there is none.
	hand *eventInfo
	// inRun says that the expression is of a campaign, whose run has a start.
	inRun bool
	// computed says that the expression belongs to a field of the event, which knows no member.
	computed bool
	// reading names the declaration, for messages.
	reading string
	notes   *notes
}

func (c *compilation) memberScope(reading string) *lowering {
	return &lowering{c: c, b: c.b, reading: reading, notes: &notes{}}
}

func (l *lowering) inEvent(e *eventInfo) *lowering {
	inner := *l
	inner.event = e
	inner.notes = nil
	return &inner
}

func (l *lowering) error(code string, at diag.Span, hint, format string, args ...any) {
	l.c.report(code, at, l.reading, hint, fmt.Sprintf(format, args...))
}

func (l *lowering) warning(code string, at diag.Span, hint, format string, args ...any) {
	l.c.warning(code, at, l.reading, hint, fmt.Sprintf(format, args...))
}

// fail reports and returns a broken operand.
func (l *lowering) fail(code string, at diag.Span, hint, format string, args ...any) operand {
	l.error(code, at, hint, format, args...)
	return brokenAt(at)
}

// done wraps a node that may be nil because of a fault that is already reported.
func (l *lowering) done(n *ir.Node, at diag.Span) operand {
	if n == nil {
		return brokenAt(at)
	}
	if l.b.size(n) > maxSize {
		return l.fail("M0313", at, "make tags of its parts", "the expression is too large, the computed fields that it uses included")
	}
	return nodeOperand(n, at)
}

// lower types an expression and builds its node.
func (l *lowering) lower(e dsl.Expr) operand {
	at := e.Span()
	switch e := e.(type) {
	case *dsl.Paren:
		x := l.lower(e.X)
		x.at = at
		return x
	case *dsl.Binary:
		return l.lowerBinary(e)
	case *dsl.Unary:
		return l.lowerUnary(e)
	case *dsl.In:
		return l.lowerIn(e)
	case *dsl.Between:
		return l.lowerBetween(e)
	case *dsl.Is:
		return l.lowerIs(e)
	case *dsl.StringTest:
		return l.lowerStringTest(e)
	case *dsl.When:
		return l.lowerWhen(e)
	case *dsl.Ident:
		return l.lowerIdent(e)
	case *dsl.Select:
		return l.lowerSelect(e)
	case *dsl.Call:
		return l.lowerCall(e)
	case *dsl.IntLit, *dsl.DecimalLit, *dsl.PercentLit:
		return l.lowerNumeral(e)
	case *dsl.StringLit:
		o := nodeOperand(l.b.string(e.Value, at), at)
		o.text = &e.Value
		return o
	case *dsl.BoolLit:
		return nodeOperand(l.b.bool(e.Value, at), at)
	case *dsl.DateLit:
		return nodeOperand(l.b.date(calendar.FromCivil(e.Year, e.Month, e.Day), at), at)
	case *dsl.TimeLit:
		return nodeOperand(l.b.time(l.c.instant(e), at), at)
	case *dsl.SpanLit:
		return operand{at: at, span: e}
	case *dsl.ClockLit:
		return l.fail("M0301", at, "compare `hour(…)` with an int", "a clock time cannot stand in an expression")
	}
	return l.fail("M0301", at, "", "this cannot stand in an expression")
}

func (c *compilation) instant(e *dsl.TimeLit) int64 {
	return c.program.Zone.Instant(calendar.FromCivil(e.Year, e.Month, e.Day), e.Hour, e.Minute, e.Second)
}

// condition lowers an expression where a condition is asked: the node is a bool that is never unknown.
func (l *lowering) condition(e dsl.Expr) *ir.Node {
	return l.asCondition(l.lower(e))
}

// asCondition takes an operand as a condition; nil if it is broken or none.
func (l *lowering) asCondition(o operand) *ir.Node {
	switch {
	case o.broken:
		return nil
	case o.kind() != ir.Bool:
		l.error("M0302", o.at, conditionHint(o), "a condition is asked here, and this is %s", o.what())
		return nil
	}
	return l.b.truth(o.node)
}

func conditionHint(o operand) string {
	switch {
	case o.span != nil:
		return ""
	case o.kind() == ir.Set:
		return "write `… contains …` or `… is known`"
	case o.kind() == ir.Invalid:
		return ""
	}
	return "compare it with something, or ask whether it is known"
}

// ready tells whether operands can be worked with: none is broken and none is a span, which is reported.
func (l *lowering) ready(operands ...operand) bool {
	ok := true
	for _, o := range operands {
		switch {
		case o.broken:
			ok = false
		case o.span != nil:
			l.error("M0301", o.at, "a span is added to a date or a time, as in `today - 30 days`", "a span of time cannot stand here")
			ok = false
		}
	}
	return ok
}

func (l *lowering) lowerBinary(e *dsl.Binary) operand {
	switch e.Op {
	case dsl.OpAnd, dsl.OpOr:
		return l.lowerJunction(e)
	}
	x, y := l.lower(e.X), l.lower(e.Y)
	if (e.Op == dsl.OpAdd || e.Op == dsl.OpSub) && y.span != nil {
		return l.addSpan(e, x, y)
	}
	if !l.ready(x, y) {
		return brokenAt(e.Span())
	}
	switch e.Op {
	case dsl.OpAdd, dsl.OpSub, dsl.OpMul, dsl.OpDiv:
		return l.arithmetic(e, x, y)
	case dsl.OpCoalesce:
		return l.coalesce(e, x, y)
	}
	return l.done(l.compare(comparisonOps[e.Op], x, y, e.Span(), e.OpAt), e.Span())
}

// lowerJunction lowers a chain of and, or of or, as one node.
func (l *lowering) lowerJunction(e *dsl.Binary) operand {
	parts := flatten(e.Op, e)
	conds := make([]*ir.Node, 0, len(parts))
	for _, p := range parts {
		if n := l.condition(p); n != nil {
			conds = append(conds, n)
		}
	}
	if len(conds) < len(parts) {
		return brokenAt(e.Span())
	}
	l.judgeJunction(e, parts, conds)
	if e.Op == dsl.OpAnd {
		return l.done(l.b.and(e.Span(), conds...), e.Span())
	}
	return l.done(l.b.or(e.Span(), conds...), e.Span())
}

// flatten lists the operands of a chain of one operator, from left to right.
func flatten(op dsl.BinaryOp, e dsl.Expr) []dsl.Expr {
	if b, ok := unparen(e).(*dsl.Binary); ok && b.Op == op {
		return append(flatten(op, b.X), flatten(op, b.Y)...)
	}
	return []dsl.Expr{e}
}

func unparen(e dsl.Expr) dsl.Expr {
	for {
		p, ok := e.(*dsl.Paren)
		if !ok {
			return e
		}
		e = p.X
	}
}

func (l *lowering) lowerUnary(e *dsl.Unary) operand {
	at := e.Span()
	switch e.Op {
	case dsl.OpNot:
		n := l.condition(e.X)
		if n == nil {
			return brokenAt(at)
		}
		return l.done(l.b.not(at, n), at)
	case dsl.OpNeg:
		return l.negate(e, l.lower(e.X))
	}
	return l.lowerSince(e)
}

func (l *lowering) lowerIs(e *dsl.Is) operand {
	x := l.lower(e.X)
	if !l.ready(x) {
		return brokenAt(e.At)
	}
	n := l.value(x)
	if n == nil {
		return brokenAt(e.At)
	}
	l.judgeKnown(e, n)
	known := l.b.known(e.At, n)
	if !e.Known {
		known = l.b.not(e.At, known)
	}
	return l.done(known, e.At)
}

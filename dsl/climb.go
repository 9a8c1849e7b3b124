package dsl

import (
	"fmt"
	"strings"

	"github.com/muster-engine/muster/dsl/diag"
)

// row walks the flat row of operands and operators of an expression.
type row struct {
	operand *gOperand
	prefix  int // signs of the operand that are taken
	tails   []*gTail
}

// op is the operator that comes next, or "".
func (r *row) op() string {
	if len(r.tails) == 0 || r.tails[0].Op == nil {
		return ""
	}
	return r.tails[0].Op.Value
}

// move goes past the next operator, to its operand.
func (r *row) move(operand *gOperand) {
	r.tails = r.tails[1:]
	r.operand, r.prefix = operand, 0
}

// sign is the sign before the operand that comes next, or nil.
func (r *row) sign() *gPrefix {
	if r.operand == nil || r.prefix == len(r.operand.Prefix) {
		return nil
	}
	return r.operand.Prefix[r.prefix]
}

// expr converts an expression; a nil one is reported as missing.
func (c *converter) expr(g *gExpr, what string) Expr {
	if g == nil {
		c.value(what)
		return nil
	}
	return c.or(&row{operand: g.First, tails: g.Rest}, what)
}

// chain joins operands of the next tighter level from the left.
func (c *converter) chain(r *row, operand func(*row, string) Expr, what string, ops ...string) Expr {
	x := operand(r, what)
	for !c.failed && among(r.op(), ops) {
		op := r.tails[0].Op
		at := c.spanOf(*op)
		r.move(r.tails[0].X)
		x = c.binary(BinaryOp(op.Value), at, x, operand(r, after(op.Value)))
	}
	return x
}

func among(op string, ops []string) bool {
	for _, o := range ops {
		if o == op {
			return true
		}
	}
	return false
}

// after says what stands after an operator.
func after(op string) string {
	switch op {
	case "and", "or", "not":
		return "a condition after `" + op + "`"
	}
	return "a value after `" + op + "`"
}

// binary joins two operands; after a fault there may be none.
func (c *converter) binary(op BinaryOp, at diag.Span, x, y Expr) Expr {
	if c.count(at); c.failed || x == nil || y == nil {
		return nil
	}
	return &Binary{Op: op, OpAt: at, X: x, Y: y}
}

// count bounds the operators of an expression: the tree of a chain is as deep as the chain is long.
func (c *converter) count(at diag.Span) {
	if c.ops++; c.ops > MaxOperators {
		c.add("M0120", at, fmt.Sprintf("more than %d operators in one expression", MaxOperators), "divide it into several tags; for many values write `in (…)`")
	}
}

func (c *converter) or(r *row, what string) Expr  { return c.chain(r, c.and, what, "or") }
func (c *converter) and(r *row, what string) Expr { return c.chain(r, c.not, what, "and") }

func (c *converter) not(r *row, what string) Expr {
	sign := r.sign()
	if sign == nil || sign.Sign == nil || sign.Sign.Value != "not" {
		return c.compare(r, what)
	}
	at := c.spanOf(*sign.Sign)
	r.prefix++
	if x := c.not(r, after("not")); x != nil {
		return &Unary{Op: OpNot, OpAt: at, X: x}
	}
	return nil
}

func (c *converter) compare(r *row, what string) Expr {
	x := c.coalesce(r, what)
	if c.failed || !r.comparison() {
		return x
	}
	first := r.tails[0]
	x = c.test(x, r)
	if !c.failed && r.comparison() {
		c.chained(first, r.tails[0])
	}
	if c.failed {
		return nil
	}
	return x
}

func (c *converter) coalesce(r *row, what string) Expr { return c.chain(r, c.sum, what, "??") }
func (c *converter) sum(r *row, what string) Expr      { return c.chain(r, c.product, what, "+", "-") }
func (c *converter) product(r *row, what string) Expr  { return c.chain(r, c.unary, what, "*", "/") }

func (c *converter) unary(r *row, what string) Expr {
	sign := r.sign()
	switch {
	case r.operand == nil:
		c.value(what)
	case sign == nil && len(r.operand.Prefix) == 0:
		return c.postfix(r.operand.X)
	case sign == nil && r.operand.After == nil:
		c.value(what)
	case sign == nil:
		return c.postfix(r.operand.After)
	case sign.Unit != nil:
		return c.since(r, sign)
	case sign.Sign.Value == "not":
		c.value(what)
	default:
		at := c.spanOf(*sign.Sign)
		r.prefix++
		if x := c.unary(r, after("-")); x != nil {
			return &Unary{Op: OpNeg, OpAt: at, X: x}
		}
	}
	return nil
}

// since converts days since and its like, which take one operand without a sign.
func (c *converter) since(r *row, sign *gPrefix) Expr {
	at := c.spanOf(*sign.Unit).To(c.spanOf(*sign.Which))
	op := UnaryOp(sign.Unit.Value + " " + sign.Which.Value)
	r.prefix++
	if r.sign() != nil || r.operand.After == nil {
		c.value(fmt.Sprintf("a date or time after `%s`: a name, a call or parentheses", op))
		return nil
	}
	if x := c.postfix(r.operand.After); x != nil {
		return &Unary{Op: op, OpAt: at, X: x}
	}
	return nil
}

// comparison reports whether a comparison comes next.
func (r *row) comparison() bool {
	if len(r.tails) == 0 {
		return false
	}
	switch r.op() {
	case "=", "!=", "<", "<=", ">", ">=", "between", "contains", "matches":
		return true
	}
	return r.tails[0].Op == nil
}

// test converts the comparison that comes next, of x.
func (c *converter) test(x Expr, r *row) Expr {
	t := r.tails[0]
	switch {
	case t.In != nil:
		r.move(nil)
		return c.in(x, t.In)
	case t.Is != nil:
		r.move(nil)
		return c.is(x, t.Is)
	case t.Text != nil:
		return c.startsWith(x, t.Text, r)
	case t.Op.Value == "between":
		return c.between(x, r)
	}
	at := c.spanOf(*t.Op)
	r.move(t.X)
	y := c.coalesce(r, after(t.Op.Value))
	if t.Op.Value == "contains" || t.Op.Value == "matches" {
		return c.stringTest(StringOp(t.Op.Value), at, x, y)
	}
	return c.binary(BinaryOp(t.Op.Value), at, x, y)
}

func (c *converter) startsWith(x Expr, g *gText, r *row) Expr {
	at := c.spanOf(g.Word)
	if g.With == nil {
		c.expected("M0111", "`with` after `"+g.Word.Value+"`", "with")
		return nil
	}
	at = at.To(c.spanOf(*g.With))
	r.move(g.X)
	op := StringOp(g.Word.Value + " with")
	return c.stringTest(op, at, x, c.coalesce(r, after(string(op))))
}

func (c *converter) stringTest(op StringOp, at diag.Span, x, y Expr) Expr {
	if c.failed || x == nil || y == nil {
		return nil
	}
	return &StringTest{Op: op, OpAt: at, X: x, Y: y}
}

func (c *converter) between(x Expr, r *row) Expr {
	t := r.tails[0]
	c.take(t.Op)
	r.move(t.X)
	low := c.coalesce(r, after("between"))
	if c.failed {
		return nil
	}
	if r.op() != "and" {
		if t := c.next(); t.Text == "to" || t.Text == "," {
			c.add("M0111", c.here(), "expected `and` of `between … and …`, found "+c.found(t), "write `between 1 and 5`")
			return nil
		}
		c.afterExpr("`and` of `between … and …`", "and")
		return nil
	}
	c.take(r.tails[0].Op)
	r.move(r.tails[0].X)
	high := c.coalesce(r, "a value after `and` of `between … and …`")
	if c.failed || x == nil {
		return nil
	}
	return &Between{At: x.Span().To(high.Span()), X: x, Low: low, High: high}
}

// first is the token with which a comparison starts.
func (t *gTail) first() tok {
	switch {
	case t.Op != nil:
		return *t.Op
	case t.In != nil && t.In.Not != nil:
		return *t.In.Not
	case t.In != nil:
		return *t.In.In
	case t.Is != nil:
		return t.Is.Is
	}
	return t.Text.Word
}

// chained reports a second comparison directly after a first.
func (c *converter) chained(first, second *gTail) {
	a, b := first.first(), second.first()
	if second.In != nil && second.In.Open == nil && second.In.Not == nil {
		c.take(&b)
		c.badIn(second.In)
		return
	}
	hint := "join two comparisons with `and`; to compare a truth value write parentheses"
	if strings.ContainsAny(a.Value, "<>") && strings.ContainsAny(b.Value, "<>") {
		hint = "write `x between a and b` for both ends included, or join two comparisons with `and`"
	}
	c.add("M0114", c.spanOf(b), "comparisons do not chain", hint,
		diag.Related{Span: c.span(a.Pos.Offset), Message: "the comparison before it"})
}

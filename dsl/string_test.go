package dsl_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/dsl/internal/treetest"
)

// TestStringParsesBack: what String prints of any tree that the grammar allows parses to an equal tree.
func TestStringParsesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := exprs{t}.full(4)
		text := e.String()
		got, diags := dsl.ParseExpr(diag.NewFile("e", text))
		if len(diags) > 0 {
			t.Fatalf("%s\n%s: %s", text, diags[0].Span, diags[0].Message)
		}
		if a, b := treetest.Shape(e), treetest.Shape(got); a != b {
			t.Fatalf("%s\ngot  %s\nwant %s", text, b, a)
		}
		if again := got.String(); again != text {
			t.Fatalf("printed %s, then %s", text, again)
		}
	})
}

// exprs draws trees as the grammar builds them, loosest operators first.
type exprs struct{ *rapid.T }

func (t exprs) pick(label string, n int) int { return rapid.IntRange(0, n-1).Draw(t.T, label) }

func (t exprs) oneOf(words ...string) string { return rapid.SampledFrom(words).Draw(t.T, "word") }

func (t exprs) full(depth int) dsl.Expr {
	if depth > 0 && t.pick("when", 6) == 0 {
		w := &dsl.When{}
		for range 1 + t.pick("branches", 3) {
			w.Branches = append(w.Branches, dsl.Branch{Cond: t.or(depth - 1), Value: t.or(depth - 1)})
		}
		if t.pick("else", 2) == 0 {
			w.Else = t.or(depth - 1)
		}
		return w
	}
	return t.or(depth)
}

// chain joins operands of the next tighter level from the left.
func (t exprs) chain(operand func(int) dsl.Expr, depth int, ops ...string) dsl.Expr {
	x := operand(depth)
	if depth <= 0 {
		return x
	}
	for range t.pick("more", 3) {
		x = &dsl.Binary{Op: dsl.BinaryOp(t.oneOf(ops...)), X: x, Y: operand(depth - 1)}
	}
	return x
}

func (t exprs) or(depth int) dsl.Expr  { return t.chain(t.and, depth, "or") }
func (t exprs) and(depth int) dsl.Expr { return t.chain(t.not, depth, "and") }

func (t exprs) not(depth int) dsl.Expr {
	if t.pick("not", 5) == 0 && depth > 0 {
		return &dsl.Unary{Op: dsl.OpNot, X: t.not(depth - 1)}
	}
	return t.compare(depth)
}

func (t exprs) compare(depth int) dsl.Expr {
	x := t.coalesce(depth)
	if depth <= 0 {
		return x
	}
	switch t.pick("comparison", 8) {
	case 0:
		return &dsl.Binary{Op: dsl.BinaryOp(t.oneOf("=", "!=", "<", "<=", ">", ">=")), X: x, Y: t.coalesce(depth - 1)}
	case 1:
		return &dsl.In{X: x, Not: t.pick("not in", 2) == 0, List: t.list(depth - 1)}
	case 2:
		return &dsl.Between{X: x, Low: t.coalesce(depth - 1), High: t.coalesce(depth - 1)}
	case 3:
		return &dsl.Is{X: x, Known: t.pick("known", 2) == 0}
	case 4:
		return &dsl.StringTest{Op: dsl.StringOp(t.oneOf("contains", "starts with", "ends with", "matches")), X: x, Y: t.coalesce(depth - 1)}
	}
	return x
}

func (t exprs) coalesce(depth int) dsl.Expr { return t.chain(t.sum, depth, "??") }
func (t exprs) sum(depth int) dsl.Expr      { return t.chain(t.product, depth, "+", "-") }
func (t exprs) product(depth int) dsl.Expr  { return t.chain(t.unary, depth, "*", "/") }

func (t exprs) unary(depth int) dsl.Expr {
	if depth > 0 {
		switch t.pick("sign", 8) {
		case 0:
			return &dsl.Unary{Op: dsl.OpNeg, X: t.unary(depth - 1)}
		case 1:
			op := dsl.UnaryOp(t.oneOf("days since", "days until", "hours since", "hours until"))
			return &dsl.Unary{Op: op, X: t.postfix(depth - 1)}
		}
	}
	return t.postfix(depth)
}

func (t exprs) postfix(depth int) dsl.Expr {
	var x dsl.Expr
	switch kind := t.pick("operand", 4); {
	case kind == 0 && depth > 0:
		x = &dsl.Paren{X: t.full(depth - 1)}
	case kind == 1 && depth > 0:
		x = t.call(depth - 1)
	case kind == 2:
		return t.literal()
	default:
		x = &dsl.Ident{Name: t.name()}
	}
	for range t.pick("selections", 3) {
		x = &dsl.Select{X: x, Name: t.name()}
	}
	return x
}

func (t exprs) name() dsl.Name {
	switch text := t.oneOf("amount", "order", "最近消费", "_x1", "tag", "last", "by", "naïve", "when", "from"); text {
	case "when", "from":
		return dsl.Name{Text: text, Quoted: true}
	case "by":
		return dsl.Name{Text: "by_day"}
	default:
		return dsl.Name{Text: text, Quoted: t.pick("quoted", 6) == 0}
	}
}

func (t exprs) list(depth int) (list []dsl.Expr) {
	for range 1 + t.pick("items", 3) {
		list = append(list, t.or(depth))
	}
	return list
}

func (t exprs) call(depth int) dsl.Expr {
	c := &dsl.Call{Name: t.name(), Args: t.list(depth)}
	if t.pick("by", 4) == 0 {
		c.By = t.or(depth)
	}
	if t.pick("where", 3) == 0 {
		c.Where = t.or(depth)
	}
	if t.pick("window", 2) == 0 {
		c.Window = t.window()
	}
	return c
}

func (t exprs) window() *dsl.Window {
	w := &dsl.Window{Kind: dsl.WindowKind(t.oneOf("in last", "in this", "in previous", "in next", "since", "before", "from")), N: 1}
	switch w.Kind {
	case dsl.Since:
		w.N, w.From = 0, t.bound()
	case dsl.Before:
		w.N, w.To = 0, t.bound()
	case dsl.FromTo:
		w.N, w.From, w.To = 0, t.bound(), t.bound()
	case dsl.InThis:
		w.Unit = t.unit()
	default:
		w.N, w.Unit = int64(1+t.pick("n", 400)), t.unit()
	}
	return w
}

func (t exprs) unit() dsl.Unit {
	return dsl.Unit(t.oneOf("minute", "hour", "day", "week", "month", "quarter", "year"))
}

func (t exprs) bound() dsl.Expr {
	switch t.pick("bound", 3) {
	case 0:
		return &dsl.Ident{Name: dsl.Name{Text: t.oneOf("today", "start")}}
	case 1:
		return t.localTime()
	}
	return &dsl.DateLit{Year: 1 + t.pick("year", 9999), Month: 1 + t.pick("month", 12), Day: 1 + t.pick("day", 28)}
}

func (t exprs) localTime() *dsl.TimeLit {
	return &dsl.TimeLit{Year: 2026, Month: 2, Day: 1 + t.pick("day", 28), Hour: t.pick("hour", 24), Minute: t.pick("minute", 60), Second: t.pick("second", 60)}
}

func (t exprs) literal() dsl.Expr {
	switch t.pick("literal", 9) {
	case 0:
		return &dsl.IntLit{Value: rapid.Int64Range(0, 1<<63-1).Draw(t.T, "int")}
	case 1:
		return &dsl.DecimalLit{Text: t.oneOf("0.5", "12.50", "1000000.000001")}
	case 2:
		return &dsl.PercentLit{Text: t.oneOf("5", "12.5", "0.1", "100")}
	case 3:
		return &dsl.BoolLit{Value: t.pick("bool", 2) == 0}
	case 4:
		return t.bound()
	case 5:
		return &dsl.ClockLit{Hour: t.pick("hour", 24), Minute: t.pick("minute", 60)}
	case 6:
		return &dsl.SpanLit{N: int64(t.pick("n", 5)), Unit: t.unit()}
	}
	return &dsl.StringLit{Value: rapid.StringOf(rapid.Rune().Filter(func(r rune) bool { return r != 0 && r != 0xfffd })).Draw(t.T, "string")}
}

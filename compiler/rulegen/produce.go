package rulegen

import (
	"fmt"
	"strings"
)

// expr is an expression of the type.
func (g *generator) expr(s *scope, t *typ, depth int) frag {
	if depth <= 0 {
		if g.one(4) {
			return g.literal(s, t)
		}
		return g.named(s, t, 0)
	}
	switch g.IntN(12) {
	case 0:
		return g.literal(s, t)
	case 1, 2:
		return g.named(s, t, depth)
	case 3:
		if t.shape != set {
			f := g.when(s, t, depth-1)
			return frag{"(" + f.text + ")", atom, t}
		}
	case 4:
		if t.shape != set && t.shape != boolean {
			right := g.expr(s, t, depth-1)
			if t.shape == money && g.one(3) {
				right = g.literal(s, &typ{shape: integer})
			}
			return g.infix(coalesce, g.named(s, t, depth-1), "??", right, t)
		}
	}
	switch t.shape {
	case boolean:
		return g.boolean(s, depth)
	case integer:
		return g.integer(s, depth)
	case number:
		return g.number(s, depth)
	case money:
		return g.money(s, depth)
	case str:
		return g.str(s, depth)
	case date:
		return g.date(s, depth)
	case instant:
		return g.instant(s, depth)
	}
	return g.named(s, t, depth)
}

func (g *generator) boolean(s *scope, depth int) frag {
	t := &typ{shape: boolean}
	switch g.IntN(3) {
	case 0:
		return g.infix(coalesce, g.named(s, t, depth-1), "??", g.literal(s, t), t)
	case 1:
		return g.named(s, t, depth)
	}
	return g.condition(s, depth)
}

// operands are two expressions of the type, one of them no literal, so that they are no constant expression.
func (g *generator) operands(s *scope, t *typ, depth int) (frag, frag) {
	x, y := g.named(s, t, depth-1), g.expr(s, t, depth-1)
	if g.one(2) {
		return y, x
	}
	return x, y
}

func (g *generator) integer(s *scope, depth int) frag {
	t := &typ{shape: integer}
	sub := func(sh shape) string { return g.expr(s, &typ{shape: sh}, depth-1).text }
	day := func() string {
		return g.named(s, &typ{shape: pick(g, date, instant)}, depth-1).text
	}
	switch g.IntN(18) {
	case 0, 1:
		x, y := g.operands(s, t, depth)
		return g.infix(sum, x, pick(g, "+", "-"), y, t)
	case 2:
		x, y := g.operands(s, t, depth)
		return g.infix(product, x, "*", y, t)
	case 3:
		return frag{"-" + g.at(g.named(s, t, depth-1), unary), unary, t}
	case 4:
		return frag{fmt.Sprintf("abs(%s)", g.named(s, t, depth-1).text), atom, t}
	case 5:
		return frag{fmt.Sprintf("%s(%s, %s)", pick(g, "least", "greatest"), sub(integer), g.named(s, t, depth-1).text), atom, t}
	case 6, 7:
		of := g.named(s, &typ{shape: pick(g, number, money, money)}, depth-1)
		if g.one(2) {
			of = g.expr(s, &typ{shape: money}, depth-1)
		}
		return frag{fmt.Sprintf("%s(%s)", pick(g, "floor", "ceil", "round"), of.text), atom, t}
	case 8:
		return frag{fmt.Sprintf("length(%s)", g.named(s, &typ{shape: str}, depth-1).text), atom, t}
	case 9:
		return frag{fmt.Sprintf("%s(%s)", pick(g, "year", "quarter", "month", "day", "weekday"), day()), atom, t}
	case 10:
		return frag{fmt.Sprintf("hour(%s)", g.named(s, &typ{shape: instant}, depth-1).text), atom, t}
	case 11:
		x, y := g.named(s, &typ{shape: date}, depth-1), g.expr(s, &typ{shape: date}, depth-1)
		return g.infix(sum, x, "-", y, t)
	}
	if !s.clock() {
		return g.named(s, t, depth)
	}
	switch g.IntN(6) {
	case 0, 1:
		return frag{pick(g, "days since ", "days until ") + g.at(g.expr(s, &typ{shape: pick(g, date, instant)}, depth-1), atom), unary, t}
	case 2:
		return frag{pick(g, "hours since ", "hours until ") + g.at(g.expr(s, &typ{shape: instant}, depth-1), atom), unary, t}
	case 3:
		return frag{fmt.Sprintf("age(%s)", day()), atom, t}
	}
	of := &typ{shape: pick(g, integer, integer, number, money, money, date, instant)}
	return frag{fmt.Sprintf("ntile(%d, %s)", 1+g.IntN(6), g.parenthesised(g.rankable(s, of, depth-1))), atom, t}
}

// rankable is what an ntile ranks: at times a choice.
func (g *generator) rankable(s *scope, t *typ, depth int) frag {
	if g.one(4) {
		return g.when(s, t, depth)
	}
	if g.one(2) {
		return g.expr(s, t, depth)
	}
	return g.named(s, t, depth)
}

func (g *generator) parenthesised(f frag) string {
	if f.level == bare {
		return "(" + f.text + ")"
	}
	return f.text
}

func (g *generator) number(s *scope, depth int) frag {
	t := &typ{shape: number}
	whole := &typ{shape: integer}
	switch g.IntN(9) {
	case 0, 1:
		x, y := g.operands(s, t, depth)
		return g.infix(sum, x, pick(g, "+", "-"), y, t)
	case 2:
		x, y := g.operands(s, t, depth)
		return g.infix(product, x, pick(g, "*", "/"), y, t)
	case 3:
		x, y := g.operands(s, whole, depth)
		return g.infix(product, x, "/", y, t)
	case 4:
		m := &typ{shape: money}
		return g.infix(product, g.expr(s, m, depth-1), "/", g.named(s, m, depth-1), t)
	case 5:
		return g.infix(product, g.named(s, whole, depth-1), "*", g.named(s, t, depth-1), t)
	case 6:
		return frag{fmt.Sprintf("%s(%s, %s)", pick(g, "least", "greatest"), g.expr(s, pick(g, whole, t), depth-1).text, g.named(s, t, depth-1).text), atom, t}
	case 7:
		if g.one(2) {
			return frag{fmt.Sprintf("abs(%s)", g.named(s, t, depth-1).text), atom, t}
		}
		return frag{"-" + g.at(g.named(s, t, depth-1), unary), unary, t}
	}
	if s.clock() && g.one(2) {
		return frag{fmt.Sprintf("chance(%q)", pick(g, "a", "b", "盐")), atom, t}
	}
	return g.named(s, t, depth)
}

func (g *generator) money(s *scope, depth int) frag {
	t := &typ{shape: money}
	plain := func() frag {
		switch g.IntN(4) {
		case 0:
			return g.literal(s, &typ{shape: integer})
		case 1:
			return frag{pick(g, "0.1", "0.333333333", "2.5", "12.5%", "100%", "0.005", "33.3333%", "(1 / 3)", "(2 * 1.5)"), atom, nil}
		case 2:
			return g.named(s, &typ{shape: integer}, depth-1)
		}
		return g.named(s, &typ{shape: number}, depth-1)
	}
	x := g.named(s, t, depth-1)
	switch g.IntN(12) {
	case 0, 1:
		x, y := g.operands(s, t, depth)
		return g.infix(sum, x, pick(g, "+", "-"), y, t)
	case 2:
		y := g.named(s, &typ{shape: integer}, depth-1)
		if g.one(2) {
			x, y = y, x
		}
		return g.infix(sum, x, pick(g, "+", "-"), y, t)
	case 3, 4, 5:
		if g.one(3) {
			return g.infix(product, plain(), "*", x, t)
		}
		return g.infix(product, g.expr(s, t, depth-1).orNamed(x), "*", plain(), t)
	case 6, 7:
		return g.infix(product, g.expr(s, t, depth-1).orNamed(x), "/", plain(), t)
	case 8:
		return frag{fmt.Sprintf("%s(%s, %s)", pick(g, "least", "greatest"), g.expr(s, t, depth-1).text, x.text), atom, t}
	case 9:
		return frag{fmt.Sprintf("abs(%s)", g.expr(s, t, depth-1).orNamed(x).text), atom, t}
	case 10:
		return frag{"-" + g.at(x, unary), unary, t}
	}
	return x
}

// orNamed is the expression, or the other where it is a literal, which would be no money.
func (f frag) orNamed(other frag) frag {
	if strings.Trim(f.text, "0123456789._()%- ") == "" {
		return other
	}
	return f
}

func (g *generator) str(s *scope, depth int) frag {
	t := &typ{shape: str}
	if g.one(2) {
		return frag{fmt.Sprintf("lower(%s)", g.named(s, t, depth-1).text), atom, t}
	}
	return g.named(s, t, depth)
}

func (g *generator) span() string {
	return fmt.Sprintf("%d %s", pick(g, 0, 1, 1, 2, 3, 7, 12, 30, 31, 48, 90, 365), pick(g, "days", "weeks", "months", "quarters", "years"))
}

func (g *generator) date(s *scope, depth int) frag {
	t := &typ{shape: date}
	switch g.IntN(6) {
	case 0, 1:
		return g.infix(sum, g.named(s, t, depth-1), pick(g, "+", "-"), frag{g.span(), atom, nil}, t)
	case 2:
		return frag{fmt.Sprintf("date(%s)", g.expr(s, &typ{shape: instant}, depth-1).text), atom, t}
	case 3:
		return frag{fmt.Sprintf("%s(%s, %s)", pick(g, "least", "greatest"), g.expr(s, t, depth-1).text, g.named(s, t, depth-1).text), atom, t}
	case 4:
		if s.clock() {
			return frag{fmt.Sprintf("anniversary(%s)", g.named(s, &typ{shape: pick(g, date, date, instant)}, depth-1).text), atom, t}
		}
	}
	return g.named(s, t, depth)
}

func (g *generator) instant(s *scope, depth int) frag {
	t := &typ{shape: instant}
	if g.one(2) {
		return g.named(s, t, depth)
	}
	span := g.span()
	if g.one(3) {
		span = fmt.Sprintf("%d %s", g.IntN(50), pick(g, "hours", "minutes"))
	}
	return g.infix(sum, g.named(s, t, depth-1), pick(g, "+", "-"), frag{span, atom, nil}, t)
}

// literal is a constant of the type; for a row, a set or a bool something known where there is none.
func (g *generator) literal(s *scope, t *typ) frag {
	switch t.shape {
	case boolean:
		return frag{pick(g, "true", "false"), atom, t}
	case integer:
		if g.one(16) {
			return frag{pick(g, "(2 + 3)", "(3 * 4 - 5)", "(-1)"), atom, t}
		}
		return g.signed(pick(g, "100", "1_000", fmt.Sprint(g.IntN(40)), fmt.Sprint(pick(g, wholes...)), fmt.Sprint(pick(g, wholes...))), t)
	case number:
		if g.one(10) {
			return frag{pick(g, "(1 / 3)", "(7 / 2)", "(0.1 + 0.2)", "(1 - 12.5%)"), atom, t}
		}
		return g.signed(pick(g, pick(g, decimals...), pick(g, decimals...), "12.5%", "0.333", fmt.Sprintf("%d.%s", g.IntN(12), pick(g, "0", "25", "5", "75"))), t)
	case money:
		// A decimal that stands for money has no more digits than the currency.
		text := fmt.Sprint(pick(g, g.IntN(50), pick(g, wholes...)))
		if g.digits > 0 && g.one(2) {
			text += "." + strings.Repeat("0", g.digits-1) + fmt.Sprint(g.IntN(10))
		}
		return g.signed(text, t)
	case str:
		return frag{fmt.Sprintf("%q", pick(g, words...)), atom, t}
	case enum:
		return frag{fmt.Sprintf("%q", pick(g, t.labels...)), atom, t}
	case row:
		if names := g.names(s, t); len(names) > 0 {
			return frag{pick(g, names...), atom, t}
		}
	}
	switch t.shape {
	case set:
		return frag{"aliases", atom, t}
	case date:
		return frag{g.dateText(), atom, t}
	case instant:
		return frag{g.timeText(), atom, t}
	}
	panic("there is no " + string(t.shape))
}

func (g *generator) signed(text string, t *typ) frag {
	if g.one(5) {
		return frag{"-" + text, unary, t}
	}
	return frag{text, atom, t}
}

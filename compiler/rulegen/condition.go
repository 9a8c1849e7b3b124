package rulegen

import (
	"fmt"
	"strings"
)

// condition is an expression that is true or false.
func (g *generator) condition(s *scope, depth int) frag {
	t := &typ{shape: boolean}
	if depth > 0 {
		switch g.IntN(9) {
		case 0, 1:
			return g.infix(andLevel, g.condition(s, depth-1), "and", g.condition(s, depth-1), t)
		case 2:
			return g.infix(orLevel, g.condition(s, depth-1), "or", g.condition(s, depth-1), t)
		case 3, 4:
			return frag{"not " + g.at(g.condition(s, depth-1), notLevel), notLevel, t}
		}
	}
	switch g.IntN(14) {
	case 0, 1, 2, 3:
		return g.compare(s, depth)
	case 12, 13:
		if s.clock() {
			return g.elapsed(s, depth)
		}
	case 4:
		return g.oneOf(s, depth)
	case 5:
		return g.between(s, depth)
	case 6:
		return frag{g.at(g.value(s, depth-1), coalesce) + pick(g, " is known", " is unknown"), comparison, t}
	case 7:
		return g.stringTest(s, depth)
	case 8:
		if s.clock() {
			return g.has(s, depth)
		}
	case 9:
		if s.clock() {
			if conditions := append(append([]string{}, g.segments...), g.lists...); len(conditions) > 0 {
				return frag{pick(g, conditions...), atom, t}
			}
		}
	case 10:
		if f, ok := g.setTest(s, depth); ok {
			return f
		}
	}
	if names := g.names(s, t); len(names) > 0 {
		return frag{pick(g, names...), atom, t}
	}
	return g.compare(s, depth)
}

var orders = []string{"=", "!=", "<", "<=", ">", ">="}

// compare is a comparison of two values that can meet.
func (g *generator) compare(s *scope, depth int) frag {
	if enums := g.enumsOf(s); len(enums) > 0 && g.one(12) {
		x, y := g.named(s, pick(g, enums...), depth-1), g.named(s, &typ{shape: str}, depth-1)
		return frag{g.at(x, coalesce) + pick(g, " = ", " != ") + g.at(y, coalesce), comparison, &typ{shape: boolean}}
	}
	t, op := g.comparable(s), pick(g, orders...)
	if t.shape == str || t.shape == row || t.shape == boolean {
		op = pick(g, "=", "!=")
	}
	x, y := g.sides(s, t, depth)
	if g.one(2) {
		x, y = y, x
	}
	return frag{g.at(x, coalesce) + " " + op + " " + g.at(y, coalesce), comparison, &typ{shape: boolean}}
}

// comparable is a type with a comparison.
func (g *generator) comparable(s *scope) *typ {
	shapes := []shape{integer, integer, integer, number, money, money, str, date, date, instant, boolean}
	if len(g.enumsOf(s)) > 0 && g.one(4) {
		return pick(g, g.enumsOf(s)...)
	}
	if of := g.tablesOf(s); len(of) > 0 && g.one(6) {
		return &typ{shape: row, table: pick(g, of...)}
	}
	return &typ{shape: pick(g, shapes...)}
}

// sides are two expressions that compare, the first of the type and no literal.
func (g *generator) sides(s *scope, t *typ, depth int) (frag, frag) {
	x := g.named(s, t, depth-1)
	if g.one(2) {
		x = g.expr(s, t, depth-1).orNamed(x).orName(x)
	}
	beside := func(of ...shape) frag { return g.expr(s, &typ{shape: pick(g, of...)}, depth-1) }
	switch {
	case t.shape == integer && g.one(4):
		return x, g.named(s, &typ{shape: number}, depth-1)
	case t.shape == number && g.one(3):
		return x, beside(integer)
	case t.shape == money && g.one(3):
		return x, beside(integer)
	case (t.shape == date || t.shape == instant) && g.one(3):
		return x, beside(date, instant)
	case t.shape == row && g.one(2):
		return x, frag{fmt.Sprintf("%q", pick(g, t.table.keys...)), atom, nil}
	case t.shape == boolean && g.one(2):
		return x, g.named(s, t, depth-1)
	case t.shape == enum || t.shape == boolean:
		return x, g.literal(s, t)
	}
	if g.one(2) {
		return x, g.literal(s, t)
	}
	return x, g.expr(s, t, depth-1)
}

// elapsed is a comparison of the time since something with a constant near the edges that data clusters around.
func (g *generator) elapsed(s *scope, depth int) frag {
	day := func() frag { return g.named(s, &typ{shape: pick(g, date, instant)}, depth-1) }
	edge := fmt.Sprint(pick(g, counts...) + pick(g, 0, 0, -1, 1))
	var x string
	switch g.IntN(8) {
	case 0, 1:
		x = "days since " + g.at(day(), atom)
	case 2:
		x, edge = "days until "+g.at(day(), atom), pick(g, "0", "1", "-1", "-30", "-90", "30")
	case 3, 7:
		x = pick(g, "hours since ", "hours until ") + g.at(g.named(s, &typ{shape: instant}, depth-1), atom)
	case 4:
		x, edge = "age("+day().text+")", fmt.Sprint(pick(g, birthdays...)+pick(g, 0, 0, 1, -1))
	case 5:
		d := &typ{shape: date}
		x = pick(g, "today - "+g.at(g.named(s, d, depth-1), product), g.at(g.named(s, d, depth-1), sum)+" - "+g.dateText())
	case 6:
		x, edge = g.at(day(), sum), g.dateText()
		if g.one(3) {
			x += pick(g, " + ", " - ") + g.span()
		}
	}
	switch g.IntN(6) {
	case 0:
		return frag{fmt.Sprintf("%s between %s and %s", x, edge, edge), comparison, &typ{shape: boolean}}
	case 1:
		return frag{fmt.Sprintf("%s %s %s", edge, pick(g, orders...), x), comparison, &typ{shape: boolean}}
	}
	return frag{fmt.Sprintf("%s %s %s", x, pick(g, orders...), edge), comparison, &typ{shape: boolean}}
}

func (g *generator) oneOf(s *scope, depth int) frag {
	t := g.comparable(s)
	if t.shape == row {
		t = &typ{shape: integer}
	}
	x := g.named(s, t, depth-1)
	var list []string
	for range 1 + g.IntN(3) {
		list = append(list, g.literal(s, t).text)
	}
	return frag{g.at(x, coalesce) + pick(g, " in (", " not in (") + strings.Join(list, ", ") + ")", comparison, &typ{shape: boolean}}
}

func (g *generator) between(s *scope, depth int) frag {
	t := &typ{shape: pick(g, integer, number, money, date, instant)}
	if len(g.enumsOf(s)) > 0 && g.one(4) {
		t = pick(g, g.enumsOf(s)...)
	}
	x, low := g.sides(s, t, depth)
	high := g.literal(s, t)
	if g.one(3) && t.shape != enum {
		high = g.expr(s, t, depth-1)
	}
	return frag{fmt.Sprintf("%s between %s and %s", g.at(x, coalesce), g.at(low, coalesce), g.at(high, coalesce)), comparison, &typ{shape: boolean}}
}

func (g *generator) stringTest(s *scope, depth int) frag {
	x := g.at(g.expr(s, &typ{shape: str}, depth-1).orName(g.named(s, &typ{shape: str}, 0)), coalesce)
	switch g.IntN(4) {
	case 0:
		pattern := pick(g, "a$", "^[a-m]", "潮|é", "(?i)BETA", "", "t.*a", "^.{5}$")
		return frag{fmt.Sprintf("%s matches %q", x, pattern), comparison, &typ{shape: boolean}}
	case 1:
		part := g.at(g.named(s, &typ{shape: str}, depth-1), coalesce)
		return frag{x + pick(g, " contains ", " starts with ", " ends with ") + part, comparison, &typ{shape: boolean}}
	}
	part := pick(g, "a", "ta", "al", "潮", "", "beta max", "É")
	return frag{fmt.Sprintf("%s%s%q", x, pick(g, " contains ", " starts with ", " ends with "), part), comparison, &typ{shape: boolean}}
}

// orName is the expression, or the other where it is a string literal.
func (f frag) orName(other frag) frag {
	if strings.HasPrefix(f.text, `"`) {
		return other
	}
	return f
}

// has is the condition that there is an event.
func (g *generator) has(s *scope, depth int) frag {
	e := pick(g, g.events...)
	return frag{fmt.Sprintf("has(%s%s)%s", e.name, g.where(e, depth), g.window()), atom, &typ{shape: boolean}}
}

func (g *generator) setTest(s *scope, depth int) (frag, bool) {
	var sets []named
	if s.clock() {
		for _, n := range append(append([]named{}, g.attributes...), g.tags...) {
			if n.typ.shape == set {
				sets = append(sets, n)
			}
		}
	}
	if len(sets) == 0 {
		return frag{}, false
	}
	n := pick(g, sets...)
	var of string
	switch n.typ.elem {
	case enum:
		of = fmt.Sprintf("%q", pick(g, n.typ.labels...))
	case row:
		of = fmt.Sprintf("%q", pick(g, n.typ.table.keys...))
		if names := g.names(s, &typ{shape: row, table: n.typ.table}); len(names) > 0 && g.one(2) {
			of = pick(g, names...)
		}
	default:
		of = g.at(g.expr(s, &typ{shape: str}, depth-1), coalesce)
	}
	return frag{n.name + " contains " + of, comparison, &typ{shape: boolean}}, true
}

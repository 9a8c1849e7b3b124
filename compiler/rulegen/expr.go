package rulegen

import (
	"fmt"
	"strings"
)

// level is how tight the outermost operator of an expression binds.
type level int

const (
	bare level = iota // a when, which stands bare only as the whole of a tag or computed field
	orLevel
	andLevel
	notLevel
	comparison
	coalesce
	sum
	product
	unary
	atom
)

// frag is an expression as text, with its type.
type frag struct {
	text  string
	level level
	typ   *typ
}

// at puts parentheses around the expression if it binds less tightly than its place asks; at times without need.
func (g *generator) at(f frag, least level) string {
	if f.level < least || g.one(12) {
		return "(" + f.text + ")"
	}
	return f.text
}

func (g *generator) infix(l level, left frag, op string, right frag, t *typ) frag {
	return frag{g.at(left, l) + " " + op + " " + g.at(right, l+1), l, t}
}

// scope is what an expression may refer to: a member, or an event in a where or a computed field.
type scope struct {
	event    *event // nil for a member
	computed bool
}

func (g *generator) memberScope() *scope { return &scope{} }

// clock reports whether the expression may ask the time and the member's history.
func (s *scope) clock() bool { return s.event == nil }

// names are what has the type and can be referred to, as text.
func (g *generator) names(s *scope, t *typ) []string {
	var found []string
	add := func(prefix string, of []named) {
		for _, n := range of {
			if n.typ.same(t) {
				found = append(found, prefix+n.name)
			}
			if n.typ.shape == row {
				for _, c := range n.typ.table.columns {
					if c.typ.same(t) {
						found = append(found, prefix+n.name+"."+c.name)
					}
					if c.typ.shape == row && c.typ.table != n.typ.table {
						for _, d := range c.typ.table.columns {
							if d.typ.same(t) {
								found = append(found, prefix+n.name+"."+c.name+"."+d.name)
							}
						}
					}
				}
			}
		}
	}
	if s.event != nil {
		add("", s.event.fields)
		if t.shape == instant {
			found = append(found, "at")
		}
		if t.shape == date {
			found = append(found, "day")
		}
		if s.computed {
			return found
		}
		add("member.", g.attributes)
		add("member.", g.tags)
		return found
	}
	add("", g.attributes)
	add("", g.tags)
	add("", g.tags) // what depends on other rules is worth more
	if t.shape == instant {
		found = append(found, "now")
	}
	if t.shape == date {
		found = append(found, "today")
	}
	return found
}

// enumsOf are the enum types that something in reach has.
func (g *generator) enumsOf(s *scope) []*typ {
	var found []*typ
	add := func(of []named) {
		for _, n := range of {
			if n.typ.shape == enum {
				found = append(found, n.typ)
			}
		}
	}
	if s.event != nil {
		add(s.event.fields)
		if s.computed {
			return found
		}
	}
	add(g.attributes)
	add(g.tags)
	if s.event == nil {
		for _, e := range g.events {
			add(e.fields)
		}
	}
	return found
}

// tablesOf are the tables that something in reach is a row of.
func (g *generator) tablesOf(s *scope) []*table {
	var found []*table
	for _, t := range g.tables {
		if len(g.names(s, &typ{shape: row, table: t})) > 0 {
			found = append(found, t)
		}
	}
	return found
}

// value is an expression of any type, as a tag may have it.
func (g *generator) value(s *scope, depth int) frag {
	switch g.IntN(16) {
	case 0:
		if s.clock() && g.one(2) {
			return g.setOf(depth)
		}
		return g.condition(s, depth)
	case 1, 2:
		return g.newEnum(s, depth)
	case 3:
		return g.bucket(s, depth)
	case 4:
		return g.when(s, g.valueType(s), depth)
	case 5:
		if len(g.enumsOf(s)) > 0 {
			t := pick(g, g.enumsOf(s)...)
			grown := &typ{shape: enum, labels: append(append([]string{}, t.labels...), "new")}
			return g.infix(coalesce, g.expr(s, t, depth-1), "??", frag{`"new"`, atom, nil}, grown)
		}
	}
	return g.expr(s, g.valueType(s), depth)
}

func (g *generator) valueType(s *scope) *typ {
	shapes := []shape{integer, integer, number, number, money, money, money, str, date, instant, boolean}
	if s.clock() {
		shapes = append(shapes, set)
	}
	if len(g.enumsOf(s)) > 0 {
		shapes = append(shapes, enum)
	}
	if len(g.tablesOf(s)) > 0 {
		shapes = append(shapes, row)
	}
	switch sh := pick(g, shapes...); sh {
	case enum:
		return pick(g, g.enumsOf(s)...)
	case row:
		return &typ{shape: row, table: pick(g, g.tablesOf(s)...)}
	case set:
		return &typ{shape: set, elem: str}
	default:
		return &typ{shape: sh}
	}
}

// setOf is the set of an enum, a row or a string.
func (g *generator) setOf(depth int) frag {
	e := pick(g, g.events...)
	of := pick(g, g.paths(e, oneOfShapes(enum, row, str))...)
	t := &typ{shape: set, elem: of.typ.shape, labels: of.typ.labels, table: of.typ.table}
	return frag{fmt.Sprintf("set(%s%s)%s", of.text, g.where(e, depth), g.window()), atom, t}
}

// newEnum is a when of string literals.
func (g *generator) newEnum(s *scope, depth int) frag {
	labels := []string{"red", "green", "blue", "红"}
	g.Shuffle(len(labels), func(i, j int) { labels[i], labels[j] = labels[j], labels[i] })
	var used []string
	use := func() string {
		l := pick(g, labels...)
		for _, u := range used {
			if u == l {
				return fmt.Sprintf("%q", l)
			}
		}
		used = append(used, l)
		return fmt.Sprintf("%q", l)
	}
	var b strings.Builder
	for range 1 + g.IntN(3) {
		fmt.Fprintf(&b, "when %s then %s ", g.condition(s, depth-1).text, use())
	}
	if g.one(2) {
		fmt.Fprintf(&b, "else %s", use())
	}
	return frag{strings.TrimSpace(b.String()), bare, &typ{shape: enum, labels: used}}
}

// when is a choice of values of one type, ints among numbers and money.
func (g *generator) when(s *scope, t *typ, depth int) frag {
	branch := func() string {
		if (t.shape == number || t.shape == money) && g.one(4) {
			return g.expr(s, &typ{shape: integer}, depth-1).text
		}
		return g.expr(s, t, depth-1).text
	}
	var b strings.Builder
	for range 1 + g.IntN(2) {
		fmt.Fprintf(&b, "when %s then %s ", g.condition(s, depth-1).text, branch())
	}
	// The last branch fixes the type.
	fmt.Fprintf(&b, "when %s then %s ", g.condition(s, depth-1).text, g.named(s, t, depth-1).text)
	if g.one(2) {
		fmt.Fprintf(&b, "else %s", branch())
	}
	return frag{strings.TrimSpace(b.String()), bare, t}
}

// bucket is a bucket of a number.
func (g *generator) bucket(s *scope, depth int) frag {
	of := &typ{shape: pick(g, integer, number, money)}
	bound := g.IntN(30) - 10
	var bounds []string
	for range 1 + g.IntN(3) {
		text := fmt.Sprint(bound)
		if of.shape != integer && g.digits == 2 && g.one(3) {
			text += ".5"
		}
		bounds = append(bounds, text)
		bound += 1 + g.IntN(40)
	}
	labels := []string{"<" + bounds[0]}
	for i := 1; i < len(bounds); i++ {
		labels = append(labels, bounds[i-1]+"-"+bounds[i])
	}
	labels = append(labels, ">="+bounds[len(bounds)-1])
	return frag{fmt.Sprintf("bucket(%s, %s)", g.named(s, of, depth-1).text, strings.Join(bounds, ", ")), atom, &typ{shape: enum, labels: labels}}
}

// named is something of the type that is no literal, so that its type is not taken from what stands beside it.
func (g *generator) named(s *scope, t *typ, depth int) frag {
	names := g.names(s, t)
	if len(names) > 0 && (depth <= 0 || g.one(2)) {
		return frag{pick(g, names...), atom, t}
	}
	if s.clock() {
		if f, ok := g.aggregateOf(t, depth); ok {
			return f
		}
	}
	if len(names) > 0 {
		return frag{pick(g, names...), atom, t}
	}
	switch t.shape {
	case integer:
		if s.event == nil {
			return frag{fmt.Sprintf("count(%s)", pick(g, g.events...).name), atom, t}
		}
		return frag{"hour(at)", atom, t}
	case number:
		return g.infix(product, g.named(s, &typ{shape: integer}, depth-1), "/", frag{"2", atom, nil}, t)
	case date:
		if s.event != nil {
			return frag{"day", atom, t}
		}
	case str:
		if s.event == nil {
			return frag{"card", atom, t}
		}
	}
	return g.literal(s, t)
}

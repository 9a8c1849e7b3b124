package rulegen

import (
	"fmt"
)

// path is EVENT.FIELD, EVENT.FIELD.COLUMN, EVENT.at or EVENT.day.
type path struct {
	event *event
	text  string
	typ   *typ
}

// paths are the fields of an event type that satisfy want.
func (g *generator) paths(e *event, want func(*typ) bool) []path {
	var found []path
	add := func(text string, t *typ) {
		if want(t) {
			found = append(found, path{e, e.name + "." + text, t})
		}
	}
	for _, f := range e.fields {
		add(f.name, f.typ)
		if f.typ.shape == row {
			for _, c := range f.typ.table.columns {
				add(f.name+"."+c.name, c.typ)
			}
		}
	}
	add("at", &typ{shape: instant})
	add("day", &typ{shape: date})
	return found
}

func oneOfShapes(shapes ...shape) func(*typ) bool {
	return func(t *typ) bool {
		for _, s := range shapes {
			if t.shape == s {
				return true
			}
		}
		return false
	}
}

// aggregateOf is an aggregate of the type, if there is any.
func (g *generator) aggregateOf(t *typ, depth int) (frag, bool) {
	for _, i := range g.Perm(len(g.events)) {
		if f, ok := g.aggregateOver(g.events[i], t, depth); ok {
			return f, true
		}
	}
	return frag{}, false
}

func (g *generator) aggregateOver(e *event, t *typ, depth int) (frag, bool) {
	call := func(name, arg string) (frag, bool) {
		return frag{fmt.Sprintf("%s(%s%s)%s", name, arg, g.where(e, depth), g.window()), atom, t}, true
	}
	of := func(names []string, want func(*typ) bool) (frag, bool) {
		found := g.paths(e, want)
		if len(found) == 0 {
			return frag{}, false
		}
		return call(pick(g, names...), pick(g, found...).text)
	}
	same := func(u *typ) bool { return u.same(t) }
	switch t.shape {
	case integer:
		switch g.IntN(4) {
		case 0:
			return call("count", e.name)
		case 1:
			return of([]string{"distinct"}, func(t *typ) bool { return t.shape != set })
		}
		return of([]string{"sum", "sum", "min", "max", "first", "last"}, same)
	case number:
		if g.one(3) {
			return of([]string{"avg"}, oneOfShapes(integer, number))
		}
		return of([]string{"sum", "sum", "min", "max", "first", "last", "avg"}, same)
	case money:
		return of([]string{"sum", "sum", "avg", "min", "max", "first", "last"}, same)
	case date:
		return of([]string{"min", "max", "first", "last"}, same)
	case instant:
		if g.one(2) {
			return call(pick(g, "first", "last"), e.name)
		}
		return of([]string{"min", "max", "first", "last"}, same)
	case set:
		elem := t.elem
		return of([]string{"set"}, func(u *typ) bool {
			return u.shape == elem && (elem != row || u.table == t.table) && elem != enum
		})
	case enum:
		if g.one(2) {
			return g.top(e, same, depth)
		}
		return of([]string{"first", "last", "min", "max"}, same)
	case str, row:
		if g.one(2) {
			return g.top(e, same, depth)
		}
		return of([]string{"first", "last"}, same)
	}
	return of([]string{"first", "last"}, same)
}

func (g *generator) top(e *event, want func(*typ) bool, depth int) (frag, bool) {
	found := g.paths(e, want)
	if len(found) == 0 {
		return frag{}, false
	}
	value := pick(g, found...)
	by := fmt.Sprintf("count(%s)", e.name)
	switch g.IntN(4) {
	case 0:
		by = fmt.Sprintf("distinct(%s)", pick(g, g.paths(e, oneOfShapes(str, integer, row, date))...).text)
	case 1, 2:
		by = fmt.Sprintf("%s(%s)", pick(g, "sum", "min", "max", "avg"), pick(g, g.paths(e, oneOfShapes(integer, number, money))...).text)
	}
	return frag{fmt.Sprintf("top(%s by %s%s)%s", value.text, by, g.where(e, depth), g.window()), atom, value.typ}, true
}

func (g *generator) where(e *event, depth int) string {
	if depth <= 0 || !g.one(3) {
		return ""
	}
	return " where " + g.condition(&scope{event: e}, depth-1).text
}

// counts are the lengths of windows; data clusters around the days that they end on.
var counts = []int{1, 1, 2, 3, 6, 7, 12, 13, 30, 90, 365}

func (g *generator) window() string {
	n := pick(g, counts...)
	switch g.IntN(12) {
	case 0, 1:
		return fmt.Sprintf(" in last %d days", n)
	case 2:
		return fmt.Sprintf(" in last %d %s", n, pick(g, "weeks", "months", "quarters", "years"))
	case 3:
		return fmt.Sprintf(" in last %d %s", n, pick(g, "hours", "minutes"))
	case 4:
		return " in this " + pick(g, "day", "week", "month", "quarter", "year")
	case 5:
		return fmt.Sprintf(" in previous %d %s", n, pick(g, "days", "weeks", "months", "quarters", "years"))
	case 6:
		return " since " + g.bound()
	case 7:
		return " before " + g.bound()
	case 8:
		from, to := g.bound(), g.bound()
		if from == "today" {
			return " since today"
		}
		if from > to {
			from, to = to, from
		}
		return " from " + from + " to " + to
	}
	return ""
}

func (g *generator) bound() string {
	switch g.IntN(4) {
	case 0:
		return "today"
	case 1:
		return g.timeText()
	}
	return g.dateText()
}

package rulegen

import (
	"maps"
	"slices"
	"strings"

	"github.com/muster-engine/muster/compiler/reference"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
)

// Shrink returns a small case for which fails still reports true, as it does for c. It drops members, events, values,
// declarations and questions one by one, and puts parts of expressions in the place of the whole, as long as the case
// keeps failing. fails must answer false for rules that do not compile, and is called at most limit times.
func (c *Case) Shrink(limit int, fails func(*Case) bool) *Case {
	s := &shrinker{best: c, left: limit, fails: fails}
	for again := true; again && s.left > 0; {
		again = false
		for _, pass := range []func() bool{s.members, s.questions, s.decls, s.events, s.lines, s.expressions, s.values} {
			if pass() {
				again = true
			}
		}
	}
	return s.best
}

type shrinker struct {
	best  *Case
	left  int
	fails func(*Case) bool
}

// try takes a smaller case if it still fails.
func (s *shrinker) try(c *Case) bool {
	if s.left <= 0 {
		return false
	}
	s.left--
	if !s.fails(c) {
		return false
	}
	s.best = c
	return true
}

// drop leaves out ever smaller runs of n things, as long as without takes them. It reports whether it took any.
func drop(n func() int, without func(from, to int) bool) bool {
	any := false
	for size := n(); size > 0; size /= 2 {
		for from := 0; from < n(); {
			if without(from, min(from+size, n())) {
				any = true
			} else {
				from += size
			}
		}
	}
	return any
}

// with returns a copy of the best case that change may change: its slices and maps of members are its own.
func (s *shrinker) with(change func(*Case)) *Case {
	c := *s.best
	w := *c.World
	w.Members = slices.Clone(w.Members)
	c.World = &w
	c.Decls = slices.Clone(c.Decls)
	c.Questions = slices.Clone(c.Questions)
	change(&c)
	return &c
}

func (s *shrinker) members() bool {
	return drop(func() int { return len(s.best.World.Members) }, func(from, to int) bool {
		return s.try(s.with(func(c *Case) {
			c.World.Members = slices.Delete(c.World.Members, from, to)
			for i, m := range c.World.Members { // numbers stay dense
				renumbered := *m
				renumbered.Number = uint32(i)
				c.World.Members[i] = &renumbered
			}
		}))
	})
}

func (s *shrinker) questions() bool {
	return drop(func() int { return len(s.best.Questions) }, func(from, to int) bool {
		return s.try(s.with(func(c *Case) { c.Questions = slices.Delete(c.Questions, from, to) }))
	})
}

func (s *shrinker) decls() bool {
	return drop(func() int { return len(s.best.Decls) }, func(from, to int) bool {
		return s.try(s.with(func(c *Case) { c.Decls = slices.Delete(c.Decls, from, to) }))
	})
}

// lines drops lines inside declarations: attributes, fields, columns.
func (s *shrinker) lines() bool {
	any := false
	for i := range s.best.Decls {
		lines := func() []string { return strings.Split(s.best.Decls[i], "\n") }
		if drop(func() int { return len(lines()) - 2 }, func(from, to int) bool {
			return s.try(s.with(func(c *Case) { c.Decls[i] = strings.Join(slices.Delete(lines(), from+1, to+1), "\n") }))
		}) {
			any = true
		}
	}
	return any
}

func (s *shrinker) events() bool {
	any := false
	for i := range s.best.World.Members {
		if drop(func() int { return len(s.best.World.Members[i].Events) }, func(from, to int) bool {
			return s.member(i, func(m *reference.Member) { m.Events = slices.Delete(slices.Clone(m.Events), from, to) })
		}) {
			any = true
		}
	}
	return any
}

func (s *shrinker) member(i int, change func(*reference.Member)) bool {
	return s.try(s.with(func(c *Case) {
		m := *c.World.Members[i]
		change(&m)
		c.World.Members[i] = &m
	}))
}

// values makes attributes and fields unknown.
func (s *shrinker) values() bool {
	any := false
	for i := range s.best.World.Members {
		for _, name := range slices.Sorted(maps.Keys(s.best.World.Members[i].Attributes)) {
			if s.member(i, func(m *reference.Member) { m.Attributes = without(m.Attributes, name) }) {
				any = true
			}
		}
		for j := range s.best.World.Members[i].Events {
			for _, name := range slices.Sorted(maps.Keys(s.best.World.Members[i].Events[j].Fields)) {
				if s.member(i, func(m *reference.Member) {
					m.Events = slices.Clone(m.Events)
					m.Events[j].Fields = without(m.Events[j].Fields, name)
				}) {
					any = true
				}
			}
		}
	}
	return any
}

func without(named map[string]reference.Value, name string) map[string]reference.Value {
	rest := maps.Clone(named)
	delete(rest, name)
	return rest
}

// expressions puts a part of an expression in the place of it.
func (s *shrinker) expressions() bool {
	any := false
	for i := range s.best.Questions {
		for s.hoist(s.best.Questions[i], questionExprs, func(c *Case, text string) { c.Questions[i] = text }) {
			any = true
		}
	}
	for i := range s.best.Decls {
		for s.hoist(s.best.Decls[i], declExprs, func(c *Case, text string) { c.Decls[i] = text }) {
			any = true
		}
	}
	return any
}

func questionExprs(f *diag.File) []dsl.Expr {
	e, _ := dsl.ParseExpr(f)
	if e == nil {
		return nil
	}
	return []dsl.Expr{e}
}

func declExprs(f *diag.File) []dsl.Expr {
	file, _ := dsl.Parse(f)
	var roots []dsl.Expr
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *dsl.Tag:
			if d.Expr != nil {
				roots = append(roots, d.Expr)
			}
		case *dsl.Segment:
			roots = append(roots, d.Expr)
		case *dsl.Event:
			for _, field := range d.Fields {
				if field.Expr != nil {
					roots = append(roots, field.Expr)
				}
			}
		}
	}
	return roots
}

// hoist tries every part of every expression in text in the place of what it is part of, the largest gain first.
func (s *shrinker) hoist(text string, roots func(*diag.File) []dsl.Expr, put func(*Case, string)) bool {
	f := diag.NewFile("shrinking", text)
	type step struct{ whole, part diag.Span }
	var steps []step
	var walk func(whole dsl.Expr)
	walk = func(whole dsl.Expr) {
		for _, part := range parts(whole) {
			for _, inner := range append(parts(part), part) {
				steps = append(steps, step{whole.Span(), inner.Span()})
			}
			walk(part)
		}
		if call, ok := whole.(*dsl.Call); ok { // an aggregate without its where, without its window
			if call.Where != nil {
				steps = append(steps, step{diag.Span{File: f, Start: whereStart(text, call), End: call.Where.Span().End}, diag.Span{File: f}})
			}
			if call.Window != nil {
				steps = append(steps, step{call.Window.At, diag.Span{File: f}})
			}
		}
	}
	for _, root := range roots(f) {
		walk(root)
	}
	slices.SortStableFunc(steps, func(a, b step) int {
		return (a.part.End - a.part.Start) - (a.whole.End - a.whole.Start) - (b.part.End - b.part.Start) + (b.whole.End - b.whole.Start)
	})
	for _, st := range steps {
		shorter := text[:st.whole.Start] + text[st.part.Start:st.part.End] + text[st.whole.End:]
		if len(shorter) < len(text) && s.try(s.with(func(c *Case) { put(c, shorter) })) {
			return true
		}
	}
	return false
}

// whereStart is the offset of the word where of an aggregate.
func whereStart(text string, call *dsl.Call) int {
	return strings.LastIndex(text[:call.Where.Span().Start], "where")
}

// parts are the expressions directly within one.
func parts(e dsl.Expr) []dsl.Expr {
	switch e := e.(type) {
	case *dsl.Paren:
		return []dsl.Expr{e.X}
	case *dsl.Binary:
		return []dsl.Expr{e.X, e.Y}
	case *dsl.Unary:
		return []dsl.Expr{e.X}
	case *dsl.In:
		return append([]dsl.Expr{e.X}, e.List...)
	case *dsl.Between:
		return []dsl.Expr{e.X, e.Low, e.High}
	case *dsl.Is:
		return []dsl.Expr{e.X}
	case *dsl.StringTest:
		return []dsl.Expr{e.X, e.Y}
	case *dsl.When:
		var all []dsl.Expr
		for _, b := range e.Branches {
			all = append(all, b.Cond, b.Value)
		}
		if e.Else != nil {
			all = append(all, e.Else)
		}
		return all
	case *dsl.Select:
		return []dsl.Expr{e.X}
	case *dsl.Call:
		all := slices.Clone(e.Args)
		if e.By != nil {
			all = append(all, e.By)
		}
		if e.Where != nil {
			all = append(all, e.Where)
		}
		return all
	}
	return nil
}

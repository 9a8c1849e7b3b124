package compiler

import (
	"fmt"

	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
)

// mention is a place where one declaration speaks of another.
type mention struct {
	of int
	at diag.Span
}

// graph is declarations that depend on each other. Its walk keeps a stack of its own: a chain of declarations may be as
// long as a file.
type graph struct {
	symbols  []*symbol
	mentions func(i int) []mention
}

// arrange orders the declarations so that each comes after those it mentions, and reports circles, whose members are
// broken from then on.
func (c *compilation) arrange(g graph) []int {
	type frame struct {
		node int
		left []mention
		at   diag.Span // where the one below mentions it
	}
	const fresh, open, closed = 0, 1, 2
	colour := make([]uint8, len(g.symbols))
	inCircle := make([]bool, len(g.symbols))
	order := make([]int, 0, len(g.symbols))
	var stack []frame
	push := func(i int, at diag.Span) {
		colour[i] = open
		stack = append(stack, frame{i, g.mentions(i), at})
	}
	for root := range g.symbols {
		if colour[root] != fresh {
			continue
		}
		push(root, diag.Span{})
		for len(stack) > 0 {
			top := &stack[len(stack)-1]
			if len(top.left) == 0 {
				colour[top.node] = closed
				order = append(order, top.node)
				stack = stack[:len(stack)-1]
				continue
			}
			m := top.left[0]
			top.left = top.left[1:]
			switch {
			case colour[m.of] == fresh:
				push(m.of, m.at)
			case colour[m.of] == open && !inCircle[m.of]:
				from := len(stack) - 1
				for stack[from].node != m.of {
					from--
				}
				round := make([]mention, 0, len(stack)-from)
				for _, f := range stack[from:] {
					inCircle[f.node] = true
					g.symbols[f.node].broken = true
					round = append(round, mention{f.node, f.at})
				}
				c.circle(g, append(round[1:], mention{m.of, m.at}))
			}
		}
	}
	return order
}

// mostSteps is how many steps of a circle are shown.
const mostSteps = 8

// circle reports declarations each of which mentions the next, and the last the first again.
func (c *compilation) circle(g graph, round []mention) {
	sym := g.symbols[round[len(round)-1].of]
	shown, related, before := sym.name, []diag.Related(nil), sym
	for i, m := range round {
		next := g.symbols[m.of]
		if i < mostSteps || i == len(round)-1 {
			shown += " → " + next.name
			related = append(related, diag.Related{Span: m.at, Message: fmt.Sprintf("`%s` uses `%s` here", before.name, next.name)})
		} else if i == mostSteps {
			shown += " → …"
		}
		before = next
	}
	c.report("M0204", sym.at, reading(sym.word, sym.name), "", fmt.Sprintf("`%s` depends on itself: %s", sym.name, shown), related...)
}

// memberMentions lists the names that an expression in the scope of a member speaks of.
func memberMentions(e dsl.Expr, visit func(name dsl.Name)) {
	switch e := e.(type) {
	case *dsl.Ident:
		visit(e.Name)
		return
	case *dsl.Select:
		if isMemberWord(e.X) {
			visit(e.Name)
			return
		}
	case *dsl.Call:
		if _, ok := aggregates[e.Name.Text]; ok {
			if e.Where != nil {
				whereMentions(e.Where, visit)
			}
			return
		}
	}
	for _, x := range operandsOf(e) {
		memberMentions(x, visit)
	}
}

// whereMentions lists the NAMEs of member.NAME in an expression in the scope of an event.
func whereMentions(e dsl.Expr, visit func(name dsl.Name)) {
	if s, ok := e.(*dsl.Select); ok && isMemberWord(s.X) {
		visit(s.Name)
		return
	}
	for _, x := range operandsOf(e) {
		whereMentions(x, visit)
	}
}

func isMemberWord(e dsl.Expr) bool {
	id, ok := e.(*dsl.Ident)
	return ok && id.Name.Text == "member" && !id.Name.Quoted
}

// fieldMentions lists the bare names of an expression in the scope of an event.
func fieldMentions(e dsl.Expr, visit func(name dsl.Name)) {
	if id, ok := e.(*dsl.Ident); ok {
		visit(id.Name)
		return
	}
	for _, x := range operandsOf(e) {
		fieldMentions(x, visit)
	}
}

// ruleGraph is all tags, then all segments.
func (c *compilation) ruleGraph() graph {
	rules := append(append([]*ruleInfo{}, c.tags...), c.segments...)
	index := map[*symbol]int{}
	g := graph{}
	for i, r := range rules {
		g.symbols = append(g.symbols, r.sym)
		index[r.sym] = i
	}
	g.mentions = func(i int) (list []mention) {
		if rules[i].expr == nil {
			return nil
		}
		memberMentions(rules[i].expr, func(name dsl.Name) {
			if sym, ok := c.names[name.Text]; ok {
				if j, ok := index[sym]; ok {
					list = append(list, mention{j, name.At})
				}
			}
		})
		return list
	}
	return g
}

// fieldGraph is the computed fields of one event.
func (e *eventInfo) fieldGraph() (graph, []*fieldInfo) {
	var fields []*fieldInfo
	g := graph{}
	for _, d := range e.decl.Fields {
		f := e.fields[d.Name.Text]
		if f == nil || f.decl != d || !f.computed {
			continue
		}
		f.place = len(fields)
		fields = append(fields, f)
		f.sym = &symbol{word: "field", name: f.name, at: f.at, broken: f.broken}
		g.symbols = append(g.symbols, f.sym)
	}
	g.mentions = func(i int) (list []mention) {
		fieldMentions(fields[i].decl.Expr, func(name dsl.Name) {
			if f := e.fields[name.Text]; f != nil && f.computed && f.sym != nil {
				list = append(list, mention{f.place, name.At})
			}
		})
		return list
	}
	return g, fields
}

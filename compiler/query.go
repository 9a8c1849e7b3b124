package compiler

import (
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
)

// CompileQuery compiles one expression, a condition or a value, against a program that is in force. lets are earlier
// queries against the same program that the expression may call by name. The program is only read, so any number of
// queries may be compiled at a time. Aggregates that the program has are shared; Slots and Ntiles of the query are the
// others. The query is nil if there is any error.
func CompileQuery(p *ir.Program, f *diag.File, lets map[string]*ir.Query) (*ir.Query, diag.List) {
	tree, diags := dsl.ParseExpr(f)
	if tree == nil || diags.HasErrors() {
		return nil, diags
	}
	c := forQuery(p)
	c.lets, c.b.asked = lets, true
	l := c.memberScope("")
	o := l.lower(tree)
	var node *ir.Node
	if l.ready(o) {
		node = l.settle(l.value(o))
	}
	q := &ir.Query{Text: f.Text, Tree: tree, File: f}
	if node != nil {
		q.Condition = node.Type.Kind == ir.Bool
		if q.Condition {
			node = l.b.truth(node)
		}
		q.Node = node
		c.roots = append(c.roots, root{expr: tree, notes: l.notes})
		c.warnRoots()
	}
	diags = append(diags, c.diags...)
	diags.Sort()
	if diags.HasErrors() || node == nil {
		return nil, diags
	}
	q.Slots, q.Ntiles = c.newToProgram(node)
	return q, diags
}

// newToProgram lists the aggregates and ntiles of an expression that the program does not have.
func (c *compilation) newToProgram(n *ir.Node) (slots []*ir.Aggregate, ntiles []*ir.Ntile) {
	all, tiles := Slots(n)
	has := map[string]bool{}
	for _, s := range c.program.Slots {
		has[s.Key] = true
	}
	for _, t := range c.program.Ntiles {
		has[t.Key] = true
	}
	for _, s := range all {
		if !has[s.Key] {
			slots = append(slots, s)
		}
	}
	for _, t := range tiles {
		if !has[t.Key] {
			ntiles = append(ntiles, t)
		}
	}
	return slots, ntiles
}

// forQuery is a compilation that stands where one of the program's declarations would.
func forQuery(p *ir.Program) *compilation {
	c := newCompilation(nil)
	c.program = p
	c.b.program, c.b.zone, c.b.digits = p, p.Zone, p.Digits
	for _, s := range p.Slots {
		c.b.slots[s.Key] = s
	}
	for _, t := range p.Ntiles {
		c.b.ntiles[t.Key] = t
	}
	know := func(t ir.Type) {
		if t.Enum != nil {
			c.b.enums[quoteAll(t.Enum.Values)] = t.Enum
		}
	}
	add := func(word, name string, index int, at diag.Span) *symbol {
		sym := &symbol{word: word, name: name, at: at, index: index}
		c.names[name] = sym
		return sym
	}
	for i, a := range p.Attributes {
		add("attribute", a.Name, i, a.Source)
		know(a.Type)
	}
	for i, l := range p.Lists {
		add("list", l.Name, i, l.Source)
	}
	for i, t := range p.Tags {
		add("tag", t.Name, i, t.Source)
		know(t.Type)
	}
	for i, s := range p.Segments {
		add("segment", s.Name, i, s.Source)
	}
	for i, t := range p.Tables {
		c.tables[t.Name] = &symbol{word: "table", name: t.Name, at: t.Source, index: i}
		for _, col := range t.Columns {
			know(col.Type)
		}
	}
	for i, e := range p.Events {
		info := &eventInfo{sym: &symbol{word: "event", name: e.Name, at: e.Source, index: i}, fields: map[string]*fieldInfo{}}
		for j, f := range e.Fields {
			info.fields[f.Name] = &fieldInfo{name: f.Name, at: e.Source, typ: f.Type, index: j, key: j == e.Key}
			know(f.Type)
		}
		for j, f := range e.Computed {
			info.fields[f.Name] = &fieldInfo{name: f.Name, at: e.Source, typ: f.Type, index: j, computed: true}
			know(f.Type)
		}
		c.events = append(c.events, info)
		if e.Facts == "" {
			c.names[e.Name] = info.sym
		}
	}
	for i, x := range p.Points {
		add("points", x.Name, i, x.Source)
	}
	for i, x := range p.Tiers {
		add("tiers", x.Name, i, x.Source)
		know(ir.Type{Kind: ir.Enum, Enum: x.Enum})
	}
	for i, x := range p.Coupons {
		add("coupon", x.Name, i, x.Source)
	}
	for i, x := range p.Cases {
		add("case", x.Name, i, x.Source)
	}
	for i, x := range p.Sinks {
		add("sink", x.Name, i, x.Source)
	}
	for i, x := range p.Campaigns {
		add("campaign", x.Name, i, x.Source)
	}
	return c
}

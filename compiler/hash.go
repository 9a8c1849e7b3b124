package compiler

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/muster-engine/muster/compiler/ir"
)

// hash gives tags, segments and the program their semantic hashes. Those of tags and segments follow the keys of their
// expressions, which know neither layout nor order nor titles, and the hashes of what they depend on; that of the
// program holds titles and mappings too, since people and imports see those, but no tests.
func (c *compilation) hash() {
	if !c.sound() {
		return
	}
	p := c.program
	env := fmt.Sprintf("zone %s digits %d week %d", p.Zone.Name(), p.Digits, p.WeekStart)
	for _, ref := range p.Order {
		if ref.Segment {
			s := p.Segments[ref.Index]
			s.Hash = digest("segment", env, s.Expr.Key, dependencies(p, s.Expr))
			continue
		}
		t := p.Tags[ref.Index]
		if t.Manual {
			span := ""
			if t.For != nil {
				span = fmt.Sprintf("%d %s", t.For.N, t.For.Unit)
			}
			t.Hash = digest("manual", t.Name, c.b.typeKey(t.Type), span)
			continue
		}
		t.Hash = digest("tag", env, c.b.typeKey(t.Type), t.Expr.Key, dependencies(p, t.Expr))
	}
	for _, n := range p.Ntiles {
		n.Hash = digest("ntile", env, n.Key, dependencies(p, n.Expr))
	}
	p.Hash = c.programHash()
}

func digest(parts ...string) string {
	h := sha256.New()
	for _, part := range parts {
		fmt.Fprintf(h, "%d:%s\n", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// dependencies is the hashes of the tags and segments that an expression mentions anywhere.
func dependencies(p *ir.Program, n *ir.Node) string {
	found := map[string]bool{}
	walkDeep(n, map[*ir.Node]bool{}, func(n *ir.Node) {
		switch n.Op {
		case ir.OpTag:
			found["tag "+p.Tags[n.Index].Name+" "+p.Tags[n.Index].Hash] = true
		case ir.OpSegment:
			found["segment "+p.Segments[n.Index].Name+" "+p.Segments[n.Index].Hash] = true
		}
	})
	lines := make([]string, 0, len(found))
	for line := range found {
		lines = append(lines, line)
	}
	return strings.Join(sorted(lines), "\n")
}

// walkDeep visits every node of an expression once, those of its aggregates too.
func walkDeep(n *ir.Node, seen map[*ir.Node]bool, visit func(*ir.Node)) {
	if n == nil || seen[n] {
		return
	}
	seen[n] = true
	visit(n)
	for _, a := range n.Args {
		walkDeep(a, seen, visit)
	}
	if a := n.Agg; a != nil {
		walkDeep(a.Value, seen, visit)
		walkDeep(a.Where, seen, visit)
		walkDeep(a.By, seen, visit)
	}
}

func (c *compilation) programHash() string {
	p := c.program
	var lines []string
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	add("settings %s %s %d %d late %d %s holidays %v workdays %v", p.Zone.Name(), p.Currency, p.Digits, p.WeekStart,
		p.LateSpan.N, p.LateSpan.Unit, sortedDays(p.Holidays), sortedDays(p.Workdays))
	ids := 0
	for _, a := range p.Attributes {
		if a.ID == nil {
			add("attribute %q %s", a.Name, c.b.typeKey(a.Type))
			continue
		}
		ids++
		add("id %q place %d %+v", a.Name, ids, *a.ID)
	}
	for _, t := range p.Tables {
		for i, col := range t.Columns {
			add("table %q column %q %s key %v", t.Name, col.Name, c.b.typeKey(col.Type), i == t.Key)
		}
	}
	for _, e := range p.Events {
		add("event %q", e.Name)
		for i, f := range e.Fields {
			add("event %q field %q %s key %v", e.Name, f.Name, c.b.typeKey(f.Type), i == e.Key)
		}
		for _, f := range e.Computed {
			add("event %q computed %q %s %s", e.Name, f.Name, c.b.typeKey(f.Type), f.Expr.Key)
		}
	}
	for _, l := range p.Lists {
		add("list %q %q", l.Name, l.Title)
	}
	for _, g := range p.Groups {
		add("group %q %q", g.Name, g.Title)
	}
	for _, s := range p.Sources {
		add("source %q %q %d %s", s.Name, s.Title, s.Target, targetName(p, s))
		for _, m := range s.Mappings {
			add("source %q %q %d from %q = %s %s format %q split %q map %s", s.Name, m.Name, m.Target, m.Column,
				m.Value.Kind, valueKey(m.Value), m.Format, m.Split, mapKey(m.Map))
		}
	}
	for _, t := range p.Tags {
		group := ""
		if t.Group >= 0 {
			group = p.Groups[t.Group].Name
		}
		add("tag %q %q in %q %s", t.Name, t.Title, group, t.Hash)
	}
	for _, s := range p.Segments {
		add("segment %q %q %s", s.Name, s.Title, s.Hash)
	}
	loyalty := c.hashLoyalty()
	p.Programme = digest(append(loyalty, lines[0])...) // with the settings
	lines = append(lines, loyalty...)
	return digest(strings.Join(sorted(lines), "\n"))
}

func targetName(p *ir.Program, s *ir.Source) string {
	switch s.Target {
	case ir.ToEvent:
		return p.Events[s.Index].Name
	case ir.ToTable:
		return p.Tables[s.Index].Name
	}
	return ""
}

func sortedDays(days []int64) []int64 {
	days = append([]int64(nil), days...)
	sort.Slice(days, func(i, j int) bool { return days[i] < days[j] })
	return days
}

func mapKey(m map[string]string) string {
	if m == nil {
		return "none"
	}
	var entries []string
	for from, to := range m {
		entries = append(entries, strconv.Quote(from)+strconv.Quote(to))
	}
	return strings.Join(sorted(entries), " ")
}

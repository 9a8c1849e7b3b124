package compiler

import (
	"fmt"
	"time"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
)

// readSources resolves the mappings of every source.
func (c *compilation) readSources() {
	i := 0
	for _, f := range c.files {
		for _, d := range f.Decls {
			if s, ok := d.(*dsl.Source); ok {
				r := &sourceReader{c: c, decl: d.(*dsl.Source), source: c.program.Sources[i], owner: reading("source", s.Name.Text)}
				r.read()
				i++
			}
		}
	}
}

// sourceReader reads one source.
type sourceReader struct {
	c      *compilation
	decl   *dsl.Source
	source *ir.Source
	owner  string
	event  *eventInfo // of an event source
	table  *ir.Table  // of a table source
}

func (r *sourceReader) read() {
	if !r.target() {
		return
	}
	seen := map[string]diag.Span{}
	complete := true
	for _, m := range r.decl.Mappings {
		if first, ok := seen[m.Field.Text]; ok {
			r.c.report("M0522", m.Field.At, r.owner, "", fmt.Sprintf("`%s` is mapped twice", m.Field.Text), diag.Related{Span: first, Message: "first mapped here"})
			continue
		}
		seen[m.Field.Text] = m.Field.At
		if out := r.mapping(m); out != nil {
			r.source.Mappings = append(r.source.Mappings, out)
		} else {
			complete = false
		}
	}
	if complete {
		r.checkIdentity()
	}
}

// target resolves what the source gives.
func (r *sourceReader) target() bool {
	name := r.decl.Target
	if name.Text == "member" && !name.Quoted {
		r.source.Target = ir.ToMember
		return !r.c.incomplete
	}
	event := r.c.names[name.Text]
	if event != nil && event.word != "event" {
		event = nil
	}
	table := r.c.tables[name.Text]
	switch {
	case event != nil && table != nil:
		r.c.report("M0215", name.At, r.owner, "give one of them another name", fmt.Sprintf("`%s` could be the event or the table of that name", name.Text))
		return false
	case event != nil:
		if event.broken {
			return false
		}
		r.source.Target, r.source.Index, r.event = ir.ToEvent, event.index, r.c.events[event.index]
		return true
	case table != nil:
		if table.broken {
			return false
		}
		r.source.Target, r.source.Index, r.table = ir.ToTable, table.index, r.c.program.Tables[table.index]
		return true
	}
	if r.c.incomplete {
		return false
	}
	candidates := append(append(r.c.namesOf(r.c.names, "event"), r.c.namesOf(r.c.tables)...), "member")
	message := fmt.Sprintf("no event and no table is called `%s`", name.Text)
	if sym, ok := r.c.names[name.Text]; ok {
		if sym.broken {
			return false
		}
		message = fmt.Sprintf("a source gives events, table rows or members, and `%s` is %s", name.Text, withArticle(sym.word))
	}
	r.c.report("M0520", name.At, r.owner, r.c.near(name.Text, sorted(candidates)), message)
	return false
}

// mapping resolves one line; nil if it is at fault.
func (r *sourceReader) mapping(d *dsl.Mapping) *ir.Mapping {
	m := &ir.Mapping{Name: d.Field.Text, Span: d.At}
	if !r.field(d, m) {
		return nil
	}
	if d.Value != nil {
		v, ok := r.c.memberScope(r.owner).constantOf([]dsl.Expr{d.Value}, d.Value.Span(), m.Type)
		m.Value = v
		if !ok {
			return nil
		}
		return m
	}
	m.Column = title(d.Column)
	ok := true
	if m.Column == "" {
		r.c.report("M0525", d.Column.At, r.owner, "", "the column has no name")
		ok = false
	}
	return r.options(d, m, ok)
}

// field finds what a mapping sets.
func (r *sourceReader) field(d *dsl.Mapping, m *ir.Mapping) bool {
	name := d.Field.Text
	attr := r.c.names[name]
	if attr != nil && attr.word != "attribute" {
		attr = nil
	}
	setAttribute := func() bool {
		if attr.broken {
			return false
		}
		m.Target, m.Index, m.Type = ir.SetAttribute, attr.index, r.c.program.Attributes[attr.index].Type
		return true
	}
	switch r.source.Target {
	case ir.ToMember:
		if attr != nil {
			return setAttribute()
		}
		return r.unknown(d, "member", r.c.namesOf(r.c.names, "attribute"))
	case ir.ToTable:
		var names []string
		for i, col := range r.table.Columns {
			if col.Name == name {
				m.Target, m.Index, m.Type = ir.SetField, i, col.Type
				return col.Type.Kind != ir.Invalid
			}
			names = append(names, col.Name)
		}
		return r.unknown(d, "table "+r.table.Name, sorted(names))
	}
	f := r.event.fields[name]
	isID := attr != nil && r.c.program.Attributes[attr.index].ID != nil
	switch {
	case f != nil && isID && !f.computed:
		r.c.report("M0215", d.Field.At, r.owner, "give the field another name", fmt.Sprintf("`%s` could be the field of the event or the id of the member", name))
		return false
	case f != nil && f.computed:
		r.c.report("M0523", d.Field.At, r.owner, "leave it out", fmt.Sprintf("`%s` is computed and cannot be mapped", name))
		return false
	case f != nil:
		m.Target, m.Index, m.Type = ir.SetField, f.index, f.typ
		return !f.broken
	case name == "at":
		m.Target, m.Type = ir.SetAt, timeType
		return true
	case isID:
		return setAttribute()
	case attr != nil:
		r.c.report("M0521", d.Field.At, r.owner, "map it in a source that gives `member`", fmt.Sprintf("`%s` is an attribute: a source of events maps fields, `at` and ids", name))
		return false
	}
	names := append(r.event.stored(), "at")
	for _, a := range r.c.program.Attributes {
		if a.ID != nil {
			names = append(names, a.Name)
		}
	}
	return r.unknown(d, "event "+r.event.sym.name, sorted(names))
}

// stored lists the fields of an event that are not computed.
func (e *eventInfo) stored() []string {
	var names []string
	for name, f := range e.fields {
		if !f.computed {
			names = append(names, name)
		}
	}
	return sorted(names)
}

func (r *sourceReader) unknown(d *dsl.Mapping, of string, candidates []string) bool {
	if r.c.incomplete {
		return false
	}
	what := map[ir.SourceTarget]string{ir.ToEvent: "field", ir.ToTable: "column", ir.ToMember: "attribute"}[r.source.Target]
	r.c.report("M0521", d.Field.At, r.owner, r.c.near(d.Field.Text, candidates), fmt.Sprintf("%s has no %s `%s`", of, what, d.Field.Text))
	return false
}

// options checks format, split and map against the type.
func (r *sourceReader) options(d *dsl.Mapping, m *ir.Mapping, ok bool) *ir.Mapping {
	report := func(code string, at diag.Span, hint, format string, args ...any) {
		r.c.report(code, at, r.owner, hint, fmt.Sprintf(format, args...))
		ok = false
	}
	if d.Format != nil {
		m.Format = d.Format.Value
		if !isTemporal(m.Type.Kind) {
			report("M0524", d.Format.At, "leave it out", "`format` is for dates and times, and `%s` is %s", m.Name, aType(m.Type))
		} else if problem := badLayout(m.Format, m.Type.Kind); problem != "" {
			report("M0524", d.Format.At, "write how 2 January 2006, 15:04:05 looks there, such as `\"2006-01-02 15:04:05\"`, or `\"unix\"`, `\"unix_ms\"`", "%s", problem)
		}
	}
	if d.Split != nil {
		m.Split = d.Split.Value
		switch {
		case m.Type.Kind != ir.Set:
			report("M0525", d.Split.At, "leave it out", "`split` is for sets, and `%s` is %s", m.Name, aType(m.Type))
		case m.Split == "":
			report("M0525", d.Split.At, "write what stands between the values: `split \",\"`", "split by nothing")
		}
	}
	if d.HasMap {
		m.Map = map[string]string{}
		seen := map[string]diag.Span{}
		for _, entry := range d.Map {
			from, to := entry.From.Value, entry.To.Value
			if first, twice := seen[from]; twice {
				r.c.report("M0526", entry.From.At, r.owner, "", fmt.Sprintf("%q is mapped twice", from), diag.Related{Span: first, Message: "the first is here"})
				ok = false
				continue
			}
			seen[from] = entry.From.At
			m.Map[from] = to
			switch {
			case m.Type.Kind == ir.Enum && r.c.b.ordinal(m.Type.Enum, to) < 0:
				report("M0314", entry.To.At, r.c.enumHint(to, m.Type.Enum), "%q is no value of the enum of `%s`", to, m.Name)
			case m.Type.Kind == ir.Bool && to != "true" && to != "false":
				report("M0526", entry.To.At, "map to `\"true\"` or `\"false\"`", "%q is no bool", to)
			}
		}
	}
	if !ok {
		return nil
	}
	return m
}

// badLayout tells what is wrong with a format, or "".
func badLayout(layout string, kind ir.Kind) string {
	if layout == "unix" || layout == "unix_ms" {
		return ""
	}
	when := time.Date(2019, 11, 23, 16, 47, 0, 0, time.UTC)
	text := when.Format(layout)
	read, err := time.Parse(layout, text)
	switch {
	case text == layout:
		return "this format holds no part of a date"
	case err != nil:
		return "nothing can be read with this format"
	case read.Year() != 2019 || read.YearDay() != when.YearDay():
		return "this format does not hold a whole date: year, month and day"
	case kind == ir.Time && (read.Hour() != 16 || read.Minute() != 47) && hasClock(layout):
		return "this format does not hold a whole time: hour and minute"
	}
	return ""
}

// hasClock tells a layout that means to hold a time of day.
func hasClock(layout string) bool {
	a := time.Date(2019, 11, 23, 1, 2, 3, 0, time.UTC)
	b := time.Date(2019, 11, 23, 16, 47, 58, 0, time.UTC)
	return a.Format(layout) != b.Format(layout)
}

// checkIdentity reports a source whose rows would all be rejected.
func (r *sourceReader) checkIdentity() {
	has := map[ir.MappingTarget]map[int]bool{ir.SetField: {}, ir.SetAttribute: {}, ir.SetAt: {}}
	for _, m := range r.source.Mappings {
		has[m.Target][m.Index] = true
	}
	key := -1
	switch r.source.Target {
	case ir.ToTable:
		key = r.table.Key
		if !has[ir.SetField][key] && r.table.Columns[key].Name != "" {
			r.c.report("M0528", r.decl.Name.At, r.owner, fmt.Sprintf("add `%s from \"…\"`", r.table.Columns[key].Name),
				fmt.Sprintf("the key `%s` is not mapped: every row would be rejected", r.table.Columns[key].Name))
		}
		return
	case ir.ToEvent:
		key = r.c.program.Events[r.source.Index].Key
		if key >= 0 && !has[ir.SetField][key] {
			name := r.c.program.Events[r.source.Index].Fields[key].Name
			r.c.report("M0528", r.decl.Name.At, r.owner, fmt.Sprintf("add `%s from \"…\"`", name), fmt.Sprintf("the key `%s` is not mapped: every row would be rejected", name))
		}
	}
	for i := range has[ir.SetAttribute] {
		if r.c.program.Attributes[i].ID != nil {
			return
		}
	}
	hint := "map one of the ids of `member`"
	ids := false
	for _, a := range r.c.program.Attributes {
		ids = ids || a.ID != nil
	}
	if !ids {
		hint = "declare one: `member { phone id phone \"CN\" … }`"
	}
	if !r.c.incomplete {
		r.c.report("M0528", r.decl.Name.At, r.owner, hint, "no id is mapped: nobody could tell whose a row is, and every row would be rejected")
	}
}

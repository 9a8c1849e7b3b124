package compiler

import (
	"fmt"
	"slices"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
)

// readTables types the columns of every table.
func (c *compilation) readTables() {
	i := 0
	for _, f := range c.files {
		for _, d := range f.Decls {
			if t, ok := d.(*dsl.Table); ok {
				c.readTable(t, c.program.Tables[i])
				i++
			}
		}
	}
}

func (c *compilation) readTable(d *dsl.Table, t *ir.Table) {
	owner := reading("table", d.Name.Text)
	seen := map[string]diag.Span{}
	var key diag.Span
	complete := true
	for _, col := range d.Columns {
		if first, ok := seen[col.Name.Text]; ok {
			c.duplicateField("column", col.Name, owner, first)
			continue
		}
		seen[col.Name.Text] = col.Name.At
		column := &ir.Column{Name: col.Name.Text}
		t.Columns = append(t.Columns, column)
		switch {
		case col.Expr != nil:
			c.report("M0513", col.Expr.Span(), owner, "compute it in a tag or in an event field", fmt.Sprintf("column `%s` cannot be computed", col.Name.Text))
		case col.Key:
			if t.Key >= 0 {
				c.report("M0512", col.At, owner, "", "a table has one key column", diag.Related{Span: key, Message: "the first is here"})
			}
			t.Key, key = len(t.Columns)-1, col.At
			column.Type = stringType
			continue
		}
		var ok bool
		column.Type, ok = c.readType(col.Type, owner)
		complete = complete && ok
	}
	if t.Key < 0 && complete { // else the key may be what could not be read
		c.report("M0512", d.Name.At, owner, "write `NAME key` for the column that identifies a row", "a table needs a key column")
	}
	if t.Key < 0 {
		t.Columns, t.Key = append(t.Columns, &ir.Column{Type: stringType}), len(t.Columns)
	}
}

func (c *compilation) duplicateField(word string, name dsl.Name, owner string, first diag.Span) {
	c.report("M0202", name.At, owner, "", fmt.Sprintf("%s `%s` is declared twice", word, name.Text),
		diag.Related{Span: first, Message: "first declared here"})
}

// readMember types the attributes.
func (c *compilation) readMember() {
	d := c.decls.member
	if d == nil {
		return
	}
	for i, a := range d.Attributes {
		attr := c.program.Attributes[i]
		if a.ID != nil {
			c.readID(a, attr)
			continue
		}
		t, ok := c.readType(a.Type, reading("attribute", a.Name.Text))
		attr.Type = t
		if sym := c.names[a.Name.Text]; !ok && sym != nil && sym.word == "attribute" && sym.index == i {
			sym.broken = true
		}
	}
}

func (c *compilation) readID(a *dsl.Attribute, attr *ir.Attribute) {
	owner := reading("attribute", a.Name.Text)
	spec := a.ID
	id := &ir.ID{Many: spec.Many, Lower: spec.Lower}
	attr.ID = id
	attr.Type = stringType
	if spec.Many {
		attr.Type = ir.Type{Kind: ir.Set, Elem: ir.String}
	}
	if spec.Phone != nil {
		if !slices.Contains(phoneRegions(), spec.Phone.Value) {
			c.report("M0514", spec.Phone.At, owner, "write the two capital letters of a country, such as `phone \"CN\"`",
				fmt.Sprintf("%q is no country whose phone numbers are known", spec.Phone.Value))
		}
		id.Phone = spec.Phone.Value
		if spec.Lower {
			c.report("M0515", spec.At, owner, "leave out `lower`", "an id is normalised as a phone number or to lower case, not both")
		}
	}
	seen := map[string]diag.Span{}
	for _, b := range spec.Block {
		if first, ok := seen[b.Value]; ok {
			c.report("M0517", b.At, owner, "", fmt.Sprintf("%q is blocked twice", b.Value), diag.Related{Span: first, Message: "the first is here"})
			continue
		}
		seen[b.Value] = b.At
		id.Block = append(id.Block, b.Value)
	}
	if spec.Hashed != nil {
		id.Hashed = spec.Hashed.Text
		if id.Hashed != "sha256" && id.Hashed != "md5" {
			c.report("M0516", spec.Hashed.At, owner, "write `hashed sha256` or `hashed md5`", fmt.Sprintf("no hash is called `%s`", id.Hashed))
		}
	}
	if spec.SaltEnv != nil {
		id.SaltEnv = spec.SaltEnv.Value
		if id.SaltEnv == "" {
			c.report("M0516", spec.SaltEnv.At, owner, "write `salt env \"NAME\"`", "the environment variable of the salt has no name")
		}
	}
}

// readEvents types the declared fields. The expressions of computed fields are lowered when they are asked for.
func (c *compilation) readEvents() {
	for i, info := range c.events {
		c.readEvent(info, c.program.Events[i])
	}
}

func (c *compilation) readEvent(info *eventInfo, e *ir.Event) {
	owner := reading("event", info.decl.Name.Text)
	var key diag.Span
	for _, f := range info.decl.Fields {
		name := f.Name.Text
		field := &fieldInfo{name: name, at: f.Name.At, decl: f, key: f.Key, computed: f.Expr != nil}
		if first, ok := info.fields[name]; ok {
			c.duplicateField("field", f.Name, owner, first.at)
			continue
		}
		if what, ok := builtIn[name]; ok {
			c.report("M0203", f.Name.At, owner, "choose another name", fmt.Sprintf("`%s` is built in (%s) and cannot be declared", name, what))
			field.broken = true
		}
		info.fields[name] = field
		if f.Key {
			if e.Key >= 0 {
				c.report("M0518", f.At, owner, "", "an event has at most one key", diag.Related{Span: key, Message: "the first is here"})
			} else {
				e.Key, key = len(e.Fields), f.At
			}
			field.typ = stringType
		} else {
			t, ok := c.readType(f.Type, owner)
			field.typ = t
			field.broken = field.broken || !ok
		}
		if field.computed {
			field.index = len(e.Computed)
			e.Computed = append(e.Computed, &ir.ComputedField{Name: name, Type: field.typ})
			continue
		}
		field.index = len(e.Fields)
		e.Fields = append(e.Fields, &ir.Field{Name: name, Type: field.typ})
	}
}

// readTagHeads resolves the groups of tags and types the manual ones.
func (c *compilation) readTagHeads() {
	i := 0
	for _, f := range c.files {
		for _, d := range f.Decls {
			if t, ok := d.(*dsl.Tag); ok {
				c.readTagHead(t, c.tags[i], c.program.Tags[i])
				i++
			}
		}
	}
}

func (c *compilation) readTagHead(d *dsl.Tag, info *ruleInfo, tag *ir.Tag) {
	owner := reading("tag", d.Name.Text)
	if d.Group != nil {
		sym, ok := c.groups[d.Group.Text]
		switch {
		case ok && sym.broken, !ok && c.incomplete:
		case ok:
			tag.Group = sym.index
			c.usedGroups[sym.index] = true
		default:
			c.report("M0206", d.Group.At, owner, c.near(d.Group.Text, c.namesOf(c.groups)), fmt.Sprintf("no group is called `%s`", d.Group.Text))
		}
	}
	if d.Expr != nil {
		return
	}
	tag.Manual = true
	t, ok := c.readType(d.Manual, owner)
	tag.Type = t
	info.sym.broken = info.sym.broken || !ok
	if d.For != nil {
		tag.For = d.For
		switch {
		case d.For.Unit == dsl.Hour || d.For.Unit == dsl.Minute:
			c.report("M0519", d.For.At, owner, "write a span of days or longer", "a manual tag lapses at a midnight, so not after hours or minutes")
		case d.For.N < 1:
			c.report("M0519", d.For.At, owner, "leave out `for`, and it holds for ever", "a manual tag holds for at least one day")
		case tooLong(d.For.N, d.For.Unit):
			c.report("M0408", d.For.At, owner, "", "a span of more than 1000 years")
		}
	}
}

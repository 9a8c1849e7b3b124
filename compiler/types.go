package compiler

import (
	"fmt"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
)

var namedTypes = map[string]ir.Kind{
	"bool": ir.Bool, "int": ir.Int, "number": ir.Number, "money": ir.Money, "string": ir.String, "date": ir.Date, "time": ir.Time,
}

// readType resolves a type as written; owner names what it is the type of, for messages.
func (c *compilation) readType(t dsl.TypeExpr, owner string) (ir.Type, bool) {
	switch t := t.(type) {
	case *dsl.NamedType:
		return c.readNamedType(t, owner)
	case *dsl.EnumType:
		return c.readEnum(t, owner)
	case *dsl.SetType:
		elem, ok := c.readType(t.Elem, owner)
		if !ok {
			return ir.Type{}, false
		}
		switch elem.Kind {
		case ir.String, ir.Enum, ir.Row:
			return ir.Type{Kind: ir.Set, Elem: elem.Kind, Enum: elem.Enum, Table: elem.Table}, true
		}
		c.report("M0510", t.Elem.Span(), owner, "", fmt.Sprintf("a set is of strings, enum values or rows, not of %s", elem))
	}
	return ir.Type{}, false
}

func (c *compilation) readNamedType(t *dsl.NamedType, owner string) (ir.Type, bool) {
	name := t.Name
	if kind, ok := namedTypes[name.Text]; ok && !name.Quoted {
		if kind == ir.Money {
			c.useMoney(name.At)
		}
		return ir.Type{Kind: kind}, true
	}
	sym, ok := c.tables[name.Text]
	switch {
	case ok && sym.broken || !ok && c.incomplete:
		return ir.Type{}, false
	case ok:
		return ir.Type{Kind: ir.Row, Table: c.program.Tables[sym.index]}, true
	}
	candidates := c.namesOf(c.tables)
	for word := range namedTypes {
		candidates = append(candidates, word)
	}
	hint := c.near(name.Text, sorted(candidates))
	if hint == "" {
		hint = "a type is `bool`, `int`, `number`, `money`, `string`, `date`, `time`, `enum …`, `set of …`, or the name of a table"
	}
	message := fmt.Sprintf("no type and no table is called `%s`", name.Text)
	if sym, ok := c.names[name.Text]; ok {
		message = fmt.Sprintf("`%s` is %s, not a type", name.Text, withArticle(sym.word))
	}
	c.report("M0509", name.At, owner, hint, message)
	return ir.Type{}, false
}

func (c *compilation) readEnum(t *dsl.EnumType, owner string) (ir.Type, bool) {
	seen := map[string]diag.Span{}
	var values []string
	ok := true
	for _, v := range t.Values {
		if first, twice := seen[v.Value]; twice {
			c.report("M0511", v.At, owner, "", fmt.Sprintf("%q is twice among the values of the enum", v.Value),
				diag.Related{Span: first, Message: "the first is here"})
			ok = false
			continue
		}
		seen[v.Value] = v.At
		values = append(values, v.Value)
	}
	return ir.Type{Kind: ir.Enum, Enum: c.b.enum(owner, values)}, ok
}

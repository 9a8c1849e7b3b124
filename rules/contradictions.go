package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// Contradictions finds where a program cannot read what a store holds: values stored as another type than the rules
// now say (M0901), and values in use that an enum no longer lists (M0902), each with how many members, events or rows
// hold what. What only one of the two knows is no contradiction. The error is of reading.
func Contradictions(p *ir.Program, schema storage.Schema, data storage.Data) (diag.List, error) {
	c := &comparison{data: data}
	for _, a := range p.Attributes {
		c.attribute("attribute", a.Name, a.Name, a.Type, a.Source, schema)
	}
	for _, t := range p.Tags {
		if t.Manual {
			c.attribute("manual tag", t.Name, storage.ManualPrefix+t.Name, t.Type, t.Source, schema)
		}
	}
	for _, e := range p.Events {
		c.event(e, schema)
	}
	for _, t := range p.Tables {
		c.table(t, schema)
	}
	c.found.Sort()
	return c.found, c.err
}

// comparison gathers what contradicts.
type comparison struct {
	data  storage.Data
	found diag.List
	err   error
}

// stored is everything that a store holds of one attribute, field or column.
type stored struct {
	what    string // "attribute `city`"
	holders string // "member"
	typ     ir.Type
	at      diag.Span
	field   *storage.FieldSchema
	columns func(func(*column.Column)) error
}

func (c *comparison) attribute(kind, name, key string, t ir.Type, at diag.Span, schema storage.Schema) {
	c.compare(stored{
		what: fmt.Sprintf("%s `%s`", kind, name), holders: "member", typ: t, at: at, field: schema.Attribute(key),
		columns: func(f func(*column.Column)) error {
			return c.blocks(func(block int) error {
				col, err := c.data.Attribute(key, block)
				if col != nil {
					f(col)
				}
				return err
			})
		},
	})
}

func (c *comparison) event(e *ir.Event, schema storage.Schema) {
	held := schema.Event(e.Name)
	if held == nil {
		return
	}
	for _, f := range e.Fields {
		c.compare(stored{
			what: fmt.Sprintf("field `%s.%s`", e.Name, f.Name), holders: "event", typ: f.Type, at: e.Source, field: held.Field(f.Name),
			columns: func(visit func(*column.Column)) error {
				return c.blocks(func(block int) error {
					history, err := c.data.History(e.Name, block)
					if history == nil || err != nil {
						return err
					}
					col, err := history.Field(f.Name)
					if col != nil {
						visit(col)
					}
					return err
				})
			},
		})
	}
}

func (c *comparison) table(t *ir.Table, schema storage.Schema) {
	i := slices.IndexFunc(schema.Tables, func(s storage.TableSchema) bool { return s.Name == t.Name })
	if i < 0 {
		return
	}
	for n, declared := range t.Columns {
		if n == t.Key {
			continue
		}
		j := slices.IndexFunc(schema.Tables[i].Columns, func(f storage.FieldSchema) bool { return f.Name == declared.Name })
		if j < 0 {
			continue
		}
		c.compare(stored{
			what: fmt.Sprintf("column `%s.%s`", t.Name, declared.Name), holders: "row", typ: declared.Type, at: t.Source,
			field: &schema.Tables[i].Columns[j],
			columns: func(visit func(*column.Column)) error {
				table, err := c.data.Table(t.Name)
				if table != nil && table.Columns[declared.Name] != nil {
					visit(table.Columns[declared.Name])
				}
				return err
			},
		})
	}
}

func (c *comparison) blocks(f func(block int) error) error {
	for block := 0; block*column.Block < int(c.data.Members()); block++ {
		if err := f(block); err != nil {
			return err
		}
	}
	return nil
}

// compare holds one stored thing to its declaration.
func (c *comparison) compare(s stored) {
	if s.field == nil || c.err != nil {
		return
	}
	switch {
	case s.field.Kind != storedKind(s.typ):
		c.otherType(s)
	case s.typ.Enum != nil:
		c.otherValues(s)
	case ofMinorUnits(s.field.Logical) != ofMinorUnits(s.typ.String()) || ofTime(s.field.Logical) != ofTime(s.typ.String()):
		c.otherType(s)
	}
}

// ofMinorUnits and ofTime tell types apart that are stored alike and mean different numbers.
func ofMinorUnits(logical string) bool { return logical == ir.Money.String() }

func ofTime(logical string) string {
	if logical == ir.Date.String() || logical == ir.Time.String() || logical == ir.Bool.String() {
		return logical
	}
	return ""
}

func (c *comparison) otherType(s stored) {
	held := 0
	c.err = s.columns(func(col *column.Column) { held += known(col) })
	if held == 0 {
		return
	}
	c.found.Add(diag.Diagnostic{
		Code: "M0901", Severity: diag.Error, Span: s.at,
		Message: fmt.Sprintf("%s is %s in these rules, and %s of the store %s it as %s", s.what, s.typ, many(held, s.holders), hold(held), s.field.Logical),
		Hint:    "declare it as it is stored, or give it another name",
	})
}

func (c *comparison) otherValues(s stored) {
	listed := map[string]bool{}
	for _, v := range s.typ.Enum.Values {
		listed[v] = true
	}
	var lost []string
	held := map[string]int{}
	c.err = s.columns(func(col *column.Column) {
		gone := make([]bool, len(col.Dict))
		for i, text := range col.Dict {
			gone[i] = !listed[text]
		}
		if !slices.Contains(gone, true) {
			return
		}
		count := func(code uint64) {
			text := col.Dict[code]
			if gone[code] {
				if held[text] == 0 {
					lost = append(lost, text)
				}
				held[text]++
			}
		}
		for row := range col.Len {
			switch {
			case !col.IsKnown(row):
			case col.Kind == column.Sets:
				for _, code := range col.Codes[col.Starts[row]:col.Starts[row+1]] {
					count(uint64(code))
				}
			default:
				count(col.Raw(row))
			}
		}
	})
	if len(lost) == 0 {
		return
	}
	slices.Sort(lost)
	var parts []string
	for _, text := range lost {
		parts = append(parts, fmt.Sprintf("%s of the store %s %q", many(held[text], s.holders), hold(held[text]), text))
	}
	c.found.Add(diag.Diagnostic{
		Code: "M0902", Severity: diag.Error, Span: s.at,
		Message: fmt.Sprintf("the enum of %s has lost values that are in use: %s", s.what, strings.Join(parts, ", ")),
		Hint:    "keep the values that are in use; they may stand anywhere in the list",
	})
}

func known(col *column.Column) (n int) {
	for row := range col.Len {
		if col.IsKnown(row) {
			n++
		}
	}
	return n
}

func many(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func hold(n int) string {
	if n == 1 {
		return "holds"
	}
	return "hold"
}

// storedKind is how values of a type are kept.
func storedKind(t ir.Type) column.Kind {
	switch t.Kind {
	case ir.Number:
		return column.Floats
	case ir.String, ir.Enum, ir.Row:
		return column.Texts
	case ir.Set:
		return column.Sets
	default:
		return column.Ints
	}
}

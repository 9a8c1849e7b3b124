package rules

import (
	"fmt"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// Contradictions says, a line each, where what a program declares cannot be read from what a store holds: an attribute,
// a field or a column whose stored values are of another kind than the rules say. What only one of the two has is none.
func Contradictions(p *ir.Program, schema storage.Schema) []string {
	var faults []string
	compare := func(what string, declared ir.Type, stored *storage.FieldSchema) {
		if stored == nil || stored.Kind == storedKind(declared) {
			return
		}
		held := stored.Logical
		if held == "" {
			held = stored.Kind.String()
		}
		faults = append(faults, fmt.Sprintf("%s is %s in the rules, and %s in the store", what, declared, held))
	}
	for _, a := range p.Attributes {
		compare("attribute "+a.Name, a.Type, schema.Attribute(a.Name))
	}
	for _, t := range p.Tags {
		if t.Manual {
			compare("manual tag "+t.Name, t.Type, schema.Attribute(storage.ManualPrefix+t.Name))
		}
	}
	for _, e := range p.Events {
		stored := schema.Event(e.Name)
		if stored == nil {
			continue
		}
		for _, f := range e.Fields {
			compare("field "+e.Name+"."+f.Name, f.Type, stored.Field(f.Name))
		}
	}
	for _, t := range p.Tables {
		for i := range schema.Tables {
			if schema.Tables[i].Name != t.Name {
				continue
			}
			for _, c := range t.Columns {
				for j := range schema.Tables[i].Columns {
					if stored := &schema.Tables[i].Columns[j]; stored.Name == c.Name {
						compare("column "+t.Name+"."+c.Name, c.Type, stored)
					}
				}
			}
		}
	}
	return faults
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

package ingest

import (
	"fmt"
	"slices"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// plan is a source made ready: which columns are wanted, and what becomes of each. It is immutable and shared by the
// goroutines that map rows.
type plan struct {
	program *ir.Program
	source  *ir.Source
	wanted  []string      // the columns read, each once; a slot is an index here
	fields  []*mapping    // in the order of the source, ids left out
	ids     []*idMapping  //
	idAttrs []*identifier // the id attributes concerned, in the order of declaration
	event   *ir.Event     // of an event source
	table   *ir.Table     // of a table source

	eventSchema storage.EventSchema
	attributes  []storage.FieldSchema // of a member source
	tableSchema storage.TableSchema
	key         *mapping // the key of an event or a table; nil if there is none
	at          *mapping // the time of an event, or nil
}

// mapping is one line of a source that is no id.
type mapping struct {
	*ir.Mapping
	slot     int // of plan.wanted, or -1 of a constant
	place    int // in the encoder of rows; -1 for a table's key and an event's time
	keep     bool
	enum     *wordSet // the values allowed, or nil
	notEnum  string   // what is said of others
	constant column.Value
}

// idMapping is one line of a source that gives an id.
type idMapping struct {
	*ir.Mapping
	slot  int
	owner int // of plan.idAttrs
}

// identifier is an id attribute that a source gives.
type identifier struct {
	*idNormaliser
	attribute *ir.Attribute
}

func newPlan(program *ir.Program, source *ir.Source, env func(string) string) (*plan, error) {
	p := &plan{program: program, source: source}
	for i, a := range program.Attributes {
		if a.ID != nil && slices.ContainsFunc(source.Mappings, func(m *ir.Mapping) bool { return m.Target == ir.SetAttribute && m.Index == i }) {
			if a.ID.SaltEnv != "" && (env == nil || env(a.ID.SaltEnv) == "") {
				return nil, fmt.Errorf("the id %s is hashed with a salt from the environment variable %s, which is not set", a.Name, a.ID.SaltEnv)
			}
			p.idAttrs = append(p.idAttrs, &identifier{newIDNormaliser(a, env), a})
		}
	}
	switch source.Target {
	case ir.ToEvent:
		p.event = program.Events[source.Index]
		p.eventSchema = storage.EventSchema{Name: p.event.Name, Key: p.event.Key}
		for _, f := range p.event.Fields {
			p.eventSchema.Fields = append(p.eventSchema.Fields, fieldSchema(f.Name, f.Type))
		}
	case ir.ToTable:
		p.table = program.Tables[source.Index]
		p.tableSchema.Name = p.table.Name
		for i, c := range p.table.Columns {
			if i != p.table.Key {
				p.tableSchema.Columns = append(p.tableSchema.Columns, fieldSchema(c.Name, c.Type))
			}
		}
	}
	for _, m := range source.Mappings {
		if err := p.add(m); err != nil {
			return nil, err
		}
	}
	return p, p.check()
}

// add makes one line of the source ready.
func (p *plan) add(m *ir.Mapping) error {
	slot := -1
	if m.Column != "" {
		if slot = slices.Index(p.wanted, m.Column); slot < 0 {
			slot = len(p.wanted)
			p.wanted = append(p.wanted, m.Column)
		}
	}
	if m.Target == ir.SetAttribute && p.program.Attributes[m.Index].ID != nil {
		if slot < 0 {
			return fmt.Errorf("source %s gives every row the same %s; an id must come from a column", p.source.Name, m.Name)
		}
		attribute := p.program.Attributes[m.Index]
		owner := slices.IndexFunc(p.idAttrs, func(a *identifier) bool { return a.attribute == attribute })
		p.ids = append(p.ids, &idMapping{m, slot, owner})
		return nil
	}
	f := &mapping{Mapping: m, slot: slot, keep: m.Type.Kind == ir.String}
	switch {
	case m.Target == ir.SetAt:
		f.place, p.at = -1, f
	case m.Target == ir.SetAttribute && p.source.Target == ir.ToMember:
		f.place = len(p.attributes)
		p.attributes = append(p.attributes, fieldSchema(p.program.Attributes[m.Index].Name, m.Type))
	case m.Target == ir.SetField && p.source.Target == ir.ToEvent:
		f.place = m.Index
		if m.Index == p.event.Key {
			f.keep, p.key = false, f
		}
	case m.Target == ir.SetField && p.source.Target == ir.ToTable:
		f.place = m.Index
		switch {
		case m.Index == p.table.Key:
			f.place, f.keep, p.key = -1, false, f
		case m.Index > p.table.Key:
			f.place--
		}
	default:
		return fmt.Errorf("source %s cannot set %s", p.source.Name, m.Name)
	}
	if e := m.Type.Enum; e != nil {
		f.enum = newWordSet(e.Values)
		f.notEnum = "is not one of " + quotedList(e.Values)
	}
	if slot < 0 {
		f.constant = storedConstant(m)
	}
	p.fields = append(p.fields, f)
	return nil
}

// check refuses a source without what every row needs.
func (p *plan) check() error {
	switch {
	case p.source.Target == ir.ToTable && p.key == nil:
		return fmt.Errorf("source %s does not give the key of table %s", p.source.Name, p.table.Name)
	case p.source.Target != ir.ToTable && len(p.ids) == 0:
		return fmt.Errorf("source %s gives no id of members", p.source.Name)
	case p.source.Target == ir.ToEvent && p.event.Key >= 0 && p.key == nil:
		return fmt.Errorf("source %s does not give %s, the key of event %s", p.source.Name, p.event.Fields[p.event.Key].Name, p.event.Name)
	}
	return nil
}

// width is how many places a row has.
func (p *plan) width() int {
	switch p.source.Target {
	case ir.ToEvent:
		return len(p.eventSchema.Fields)
	case ir.ToTable:
		return len(p.tableSchema.Columns)
	}
	return len(p.attributes)
}

func fieldSchema(name string, t ir.Type) storage.FieldSchema {
	return storage.FieldSchema{Name: name, Kind: storedKind(t.Kind), Logical: t.String()}
}

// storedKind is how values of a kind are kept.
func storedKind(k ir.Kind) column.Kind {
	switch k {
	case ir.Number:
		return column.Floats
	case ir.String, ir.Enum, ir.Row:
		return column.Texts
	case ir.Set:
		return column.Sets
	}
	return column.Ints
}

// storedConstant is the constant of a line as it is kept.
func storedConstant(m *ir.Mapping) column.Value {
	v := m.Value
	if !v.Known {
		return column.Value{}
	}
	switch m.Type.Kind {
	case ir.Number:
		if v.Kind != ir.Number {
			return column.Float(float64(v.I))
		}
		return column.Float(v.F)
	case ir.Enum:
		if v.Kind == ir.Enum {
			return column.Text(m.Type.Enum.Values[v.I])
		}
		return column.Text(v.S)
	case ir.String, ir.Row:
		return column.Text(v.S)
	case ir.Set:
		if v.Kind != ir.Set {
			return column.Set(v.S)
		}
		return column.Set(v.Set...)
	}
	return column.Int(v.I)
}

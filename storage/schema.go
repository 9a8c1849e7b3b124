package storage

import (
	"fmt"
	"slices"

	"github.com/muster-engine/muster/storage/column"
)

// FieldSchema tells how a member attribute, a field of events or a column of a table is stored.
type FieldSchema struct {
	Name string
	Kind column.Kind
	// Logical is the type in the language's words. The store keeps what the last writer gave, for whoever compares a
	// rule set with stored data; only Kind must stay what it was.
	Logical string
}

// IDSchema tells how an id attribute is stored: as Texts, or as Sets if a member can have many.
type IDSchema struct {
	Name    string
	Many    bool
	Logical string
}

// EventSchema tells how events of a type are stored. Key is the index of the key field, which must be of Texts, or -1.
type EventSchema struct {
	Name   string
	Fields []FieldSchema
	Key    int
}

// TableSchema tells how a lookup table is stored; the key is not among Columns.
type TableSchema struct {
	Name    string
	Columns []FieldSchema
}

// Schema is what a state holds, by name. Things keep their place: a schema only grows.
type Schema struct {
	Attributes []FieldSchema // ids and manual tags included
	Events     []EventSchema
	Lists      []string
	Tables     []TableSchema
}

// Attribute returns the attribute of a name, or nil.
func (s *Schema) Attribute(name string) *FieldSchema { return fieldByName(s.Attributes, name) }

// Event returns the event type of a name, or nil.
func (s *Schema) Event(name string) *EventSchema {
	i := slices.IndexFunc(s.Events, func(e EventSchema) bool { return e.Name == name })
	if i < 0 {
		return nil
	}
	return &s.Events[i]
}

// Field returns the stored field of a name, or nil.
func (e *EventSchema) Field(name string) *FieldSchema { return fieldByName(e.Fields, name) }

func fieldByName(fields []FieldSchema, name string) *FieldSchema {
	i := slices.IndexFunc(fields, func(f FieldSchema) bool { return f.Name == name })
	if i < 0 {
		return nil
	}
	return &fields[i]
}

func (s Schema) clone() Schema {
	c := Schema{
		Attributes: slices.Clone(s.Attributes),
		Events:     slices.Clone(s.Events),
		Lists:      slices.Clone(s.Lists),
		Tables:     slices.Clone(s.Tables),
	}
	for i := range c.Events {
		c.Events[i].Fields = slices.Clone(c.Events[i].Fields)
	}
	for i := range c.Tables {
		c.Tables[i].Columns = slices.Clone(c.Tables[i].Columns)
	}
	return c
}

// SchemaError says that something is stored in another way than it is now described.
type SchemaError struct {
	What          string // such as `attribute "city"` or `field "amount" of event "order"`
	Stored, Given string
}

func (e *SchemaError) Error() string {
	return fmt.Sprintf("%s is stored as %s and cannot become %s", e.What, e.Stored, e.Given)
}

// mergeField adds a field to those stored or checks that it fits, and returns its place.
func mergeField(stored *[]FieldSchema, f FieldSchema, what string) (int, error) {
	i := slices.IndexFunc(*stored, func(s FieldSchema) bool { return s.Name == f.Name })
	if i < 0 {
		*stored = append(*stored, f)
		return len(*stored) - 1, nil
	}
	old := &(*stored)[i]
	if old.Kind != f.Kind {
		return i, &SchemaError{what, old.describe(), f.describe()}
	}
	if f.Logical != "" {
		old.Logical = f.Logical
	}
	return i, nil
}

func (f FieldSchema) describe() string {
	if f.Logical != "" {
		return f.Logical
	}
	return f.Kind.String()
}

// mergeAttribute adds an attribute or checks that it fits, and returns its number.
func (s *Schema) mergeAttribute(f FieldSchema) (int, error) {
	return mergeField(&s.Attributes, f, fmt.Sprintf("attribute %q", f.Name))
}

// mergeEvent adds an event type or checks that it fits; it returns its number and the stored place of each field given.
func (s *Schema) mergeEvent(e EventSchema) (number int, fields []int, err error) {
	number = slices.IndexFunc(s.Events, func(old EventSchema) bool { return old.Name == e.Name })
	if number < 0 {
		number = len(s.Events)
		s.Events = append(s.Events, EventSchema{Name: e.Name, Key: -1})
	}
	stored := &s.Events[number]
	fresh := len(stored.Fields) == 0
	for _, f := range e.Fields {
		place, err := mergeField(&stored.Fields, f, fmt.Sprintf("field %q of event %q", f.Name, e.Name))
		if err != nil {
			return number, nil, err
		}
		fields = append(fields, place)
	}
	key := -1
	if e.Key >= 0 {
		key = fields[e.Key]
		if stored.Fields[key].Kind != column.Texts {
			return number, nil, fmt.Errorf("the key of event %q is stored as %v, not as texts", e.Name, stored.Fields[key].Kind)
		}
	}
	if !fresh && key != stored.Key {
		return number, nil, &SchemaError{fmt.Sprintf("the key of event %q", e.Name), stored.keyName(), e.keyName()}
	}
	stored.Key = key
	return number, fields, nil
}

func (e *EventSchema) keyName() string {
	if e.Key < 0 {
		return "none"
	}
	return fmt.Sprintf("%q", e.Fields[e.Key].Name)
}

func (s *Schema) mergeList(name string) int {
	if i := slices.Index(s.Lists, name); i >= 0 {
		return i
	}
	s.Lists = append(s.Lists, name)
	return len(s.Lists) - 1
}

// mergeTable adds a table or replaces how it is stored, for a table is always replaced as a whole.
func (s *Schema) mergeTable(t TableSchema) int {
	i := slices.IndexFunc(s.Tables, func(old TableSchema) bool { return old.Name == t.Name })
	if i < 0 {
		s.Tables = append(s.Tables, t)
		return len(s.Tables) - 1
	}
	s.Tables[i] = t
	return i
}

package ingest

import (
	"slices"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/runtime/ingest/ndjson"
	"github.com/muster-engine/muster/storage/column"
)

// Object is a JSON object as a source maps it, in the terms of the store.
type Object struct {
	IDs   []ObjectID
	At    int64 // microseconds since 1970, if HasAt
	HasAt bool
	Key   string // of an event with a key field
	// Values are event fields or attributes by name; one of kind 0 clears an attribute. What the object lacks is absent.
	Values map[string]column.Value
	// Slip is a key that was passed over and is near one that the object lacks, with what may have been meant: Field is empty
	// if there is none. It is looked for where keys are the names of the rules.
	Slip ObjectFault
}

// ObjectID is an id, normalised. A hashed one is the channel's digest of an id, as bytes.
type ObjectID struct {
	Attribute, Text string
	Hashed          bool
}

// ObjectFault says why an object cannot be taken. Field is the key at fault, if it is one.
type ObjectFault struct{ Field, Reason string }

// NoObject is the fault of a line that is no JSON object.
func NoObject(f ndjson.Fault, line []byte) ObjectFault {
	return ObjectFault{Reason: jsonFault(f, line).String()}
}

// ObjectMapper reads JSON objects, one at a time, exactly as [Run] reads the lines of a file.
type ObjectMapper struct {
	plan *plan
	json *ndjson.Reader
	rows *rowMapper
	sink *objectSink
	size int            // of the values of the last object
	near map[string]int // by keys that mean nothing: which of plan.wanted may have been meant, or -1
}

// NewObjectMapper returns a mapper for a source of events or members. Each goroutine needs its own.
func NewObjectMapper(program *ir.Program, source *ir.Source, env func(string) string) (*ObjectMapper, error) {
	p, err := newPlan(program, source, env)
	if err != nil {
		return nil, err
	}
	m := &ObjectMapper{plan: p, json: ndjson.NewReader(p.wanted), sink: &objectSink{}}
	for _, f := range p.eventSchema.Fields {
		m.sink.names = append(m.sink.names, f.Name)
	}
	for _, f := range p.attributes {
		m.sink.names = append(m.sink.names, f.Name)
	}
	m.rows = newRowMapper(p, m.sink, m.json)
	return m, nil
}

// Map reads one object. If it cannot be taken, ok is false and the fault says why.
func (m *ObjectMapper) Map(line []byte) (o Object, f ObjectFault, ok bool) {
	if f, ok := m.json.Read(line); !ok {
		return Object{}, NoObject(f, line), false
	}
	m.sink.values = make(map[string]column.Value, m.size)
	if !m.rows.row(m.json.Values) {
		return Object{}, ObjectFault{m.rows.fault.column, m.rows.fault.String()}, false
	}
	m.size = len(m.sink.values)
	o = Object{At: m.rows.at, HasAt: m.rows.hasAt, Key: string(m.rows.key), Values: m.sink.values}
	for _, id := range m.rows.ids {
		o.IDs = append(o.IDs, ObjectID{m.plan.idAttrs[id.owner].name, string(m.rows.idText[id.from:id.to]), id.hashed})
	}
	if m.plan.source.Span.IsZero() { // no rule declares it
		o.Slip = m.slip()
	}
	return o, ObjectFault{}, true
}

// maxNear bounds how many keys that mean nothing are remembered.
const maxNear = 1000

// slip looks for a key of the object in hand that is misspelt.
func (m *ObjectMapper) slip() ObjectFault {
	for _, key := range m.json.Unwanted {
		at, known := m.near[string(key)]
		if !known {
			name := string(key)
			near, _ := diag.Near(name, m.plan.wanted)
			if at = slices.Index(m.plan.wanted, near); name == "type" {
				at = -1
			}
			if m.near == nil || len(m.near) == maxNear {
				m.near = make(map[string]int)
			}
			m.near[name] = at
		}
		if at >= 0 && m.json.Values[at].Kind == ndjson.Absent {
			return ObjectFault{string(key), "means nothing here; did you mean " + m.plan.wanted[at] + "?"}
		}
	}
	return ObjectFault{}
}

// EventByName is the source of objects that name an event's fields, the ids of members and at as the rules do. A field
// that is called type cannot be given so, for that key says which event it is.
func EventByName(p *ir.Program, event int) *ir.Source {
	decl := p.Events[event]
	src := &ir.Source{Name: decl.Name, Target: ir.ToEvent, Index: event}
	src.Mappings = append(src.Mappings, &ir.Mapping{Target: ir.SetAt, Name: "at", Column: "at", Type: ir.Type{Kind: ir.Time}})
	for i, f := range decl.Fields {
		if f.Name != "type" {
			src.Mappings = append(src.Mappings, &ir.Mapping{Target: ir.SetField, Index: i, Name: f.Name, Column: f.Name, Type: f.Type})
		}
	}
	for i, a := range p.Attributes {
		if a.ID != nil {
			src.Mappings = append(src.Mappings, byName(i, a))
		}
	}
	return src
}

// MembersByName is the source of objects that name attributes and ids of members as the rules do.
func MembersByName(p *ir.Program) *ir.Source {
	src := &ir.Source{Name: "member", Target: ir.ToMember}
	for i, a := range p.Attributes {
		src.Mappings = append(src.Mappings, byName(i, a))
	}
	return src
}

func byName(i int, a *ir.Attribute) *ir.Mapping {
	return &ir.Mapping{Target: ir.SetAttribute, Index: i, Name: a.Name, Column: a.Name, Type: a.Type}
}

// objectSink collects the values of one object by name.
type objectSink struct {
	names  []string // by place
	values map[string]column.Value
}

func (s *objectSink) Int(place int, v int64)     { s.values[s.names[place]] = column.Int(v) }
func (s *objectSink) Float(place int, v float64) { s.values[s.names[place]] = column.Float(v) }
func (s *objectSink) Text(place int, v []byte)   { s.values[s.names[place]] = column.Text(string(v)) }
func (s *objectSink) Clear(place int)            { s.values[s.names[place]] = column.Value{} }
func (s *objectSink) Set(place int, texts [][]byte) {
	set := make([]string, len(texts))
	for i, t := range texts {
		set[i] = string(t)
	}
	s.values[s.names[place]] = column.Set(set...)
}

// ReadValue reads the value under the key "value" of a JSON object as one of a type, as [Run] reads cells. The value is of
// kind 0 if it is null, empty or not there; reason says why it cannot be read, and is empty if it can.
func ReadValue(program *ir.Program, t ir.Type, object []byte) (v column.Value, reason string) {
	p := &plan{program: program, source: &ir.Source{Target: ir.ToEvent}, event: &ir.Event{Key: -1}}
	p.eventSchema.Fields = append(p.eventSchema.Fields, fieldSchema("value", t))
	if err := p.add(&ir.Mapping{Target: ir.SetField, Name: "value", Column: "value", Type: t}); err != nil {
		return column.Value{}, err.Error()
	}
	sink := &objectSink{names: []string{"value"}, values: map[string]column.Value{}}
	m := &ObjectMapper{plan: p, json: ndjson.NewReader(p.wanted)}
	m.rows = newRowMapper(p, sink, m.json)
	if f, ok := m.json.Read(object); !ok {
		return column.Value{}, jsonFault(f, object).String()
	}
	if !m.rows.row(m.json.Values) {
		return column.Value{}, m.rows.fault.String()
	}
	return sink.values["value"], ""
}

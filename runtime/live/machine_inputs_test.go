package live

import (
	"context"
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// inputs draws a few inputs of any kind.
func (m *machine) inputs(t *rapid.T, n int) []Input {
	var out []Input
	for range n {
		if len(out) > 0 && rapid.IntRange(0, 7).Draw(t, "again") == 0 {
			out = append(out, out[len(out)-1])
			continue
		}
		out = append(out, m.input(t))
	}
	return out
}

func (m *machine) input(t *rapid.T) Input {
	if m.rules.merges && rapid.IntRange(0, 5).Draw(t, "of identity") == 0 {
		return m.identityInput(t)
	}
	switch kind := rapid.IntRange(0, 11).Draw(t, "kind"); {
	case kind >= 10 && len(m.manual()) > 0:
		tag := rapid.SampledFrom(m.manual()).Draw(t, "tag")
		in := Input{Kind: Manual, Tag: tag.Name, IDs: m.who(t), By: "shop"}
		if rapid.IntRange(0, 3).Draw(t, "set") > 0 {
			in.Value = m.value(t, tag.Type)
		}
		if rapid.IntRange(0, 2).Draw(t, "earlier") == 0 {
			in.At = m.instant(t)
		}
		return in
	case kind >= 9 && len(m.prog.Lists) > 0:
		in := Input{Kind: List, Name: rapid.SampledFrom(m.prog.Lists).Draw(t, "list").Name, Mode: ListMode(rapid.IntRange(0, 2).Draw(t, "mode"))}
		for range rapid.IntRange(0, 3).Draw(t, "members") {
			in.IDs = append(in.IDs, m.who(t)...)
		}
		return in
	case kind >= 7:
		in := Input{Kind: Attributes, IDs: m.who(t), Values: map[string]column.Value{}}
		for _, a := range m.prog.Attributes {
			if a.ID == nil && rapid.IntRange(0, 1).Draw(t, a.Name) == 0 {
				in.Values[a.Name] = column.Value{}
				if rapid.IntRange(0, 3).Draw(t, "known") > 0 {
					in.Values[a.Name] = m.value(t, a.Type)
				}
			}
		}
		return in
	case kind == 6:
		in := Input{Kind: Retract, Type: m.event(t).Name, IDs: m.who(t), Key: fmt.Sprint(rapid.IntRange(0, 12).Draw(t, "key"))}
		if of := m.model.owners(in.IDs); len(of) > 0 {
			if all := m.model.people[of[0]].events[in.Type]; len(all) > 0 {
				in.Key = rapid.SampledFrom(all).Draw(t, "event").key
			}
		}
		return in
	}
	e := m.event(t)
	in := Input{Kind: Event, Type: e.Name, IDs: m.who(t), Values: map[string]column.Value{}}
	for i, f := range e.Fields {
		if i == e.Key {
			if rapid.IntRange(0, 9).Draw(t, "keyed") > 0 {
				in.Key = fmt.Sprint(rapid.IntRange(0, 12).Draw(t, "key"))
				in.Values[f.Name] = column.Text(in.Key)
			}
		} else if rapid.IntRange(0, 5).Draw(t, f.Name) > 0 {
			in.Values[f.Name] = m.value(t, f.Type)
		}
	}
	if rapid.IntRange(0, 4).Draw(t, "timed") > 0 {
		in.HasAt, in.At = true, m.instant(t)
	}
	return in
}

func (m *machine) manual() []*ir.Tag {
	return slices.DeleteFunc(slices.Clone(m.prog.Tags), func(t *ir.Tag) bool { return !t.Manual })
}

func (m *machine) event(t *rapid.T) *ir.Event {
	return rapid.SampledFrom(m.prog.Events).Draw(t, "type")
}

// who draws a member by its phone, known or new, at times with another id of the same member.
func (m *machine) who(t *rapid.T) []ID {
	if m.rules.merges {
		return m.whoever(t)
	}
	n := rapid.IntRange(0, 6).Draw(t, "who")
	ids := []ID{{m.prog.Attributes[0].Name, fmt.Sprint("p", n)}}
	for _, a := range m.prog.Attributes {
		if a.ID != nil && a.ID.Many && rapid.IntRange(0, 3).Draw(t, "more") == 0 {
			other := ID{a.Name, []string{"a", "c"}[rapid.IntRange(0, 1).Draw(t, "which")]}
			if n > 0 {
				other.Text += fmt.Sprint(n)
			}
			ids = append(ids, other)
			if _, known := m.model.byID[other]; known && rapid.Bool().Draw(t, "alone") {
				ids = ids[1:]
			}
		}
	}
	return ids
}

// instant draws a time that matters: now, on an edge of a window, equal to that of an event, in the future.
func (m *machine) instant(t *rapid.T) int64 {
	const minute, hour, day = 60_000_000, 3600_000_000, 86400_000_000
	now := m.now()
	beside := func(x int64) int64 { return x + int64(rapid.IntRange(-1, 1).Draw(t, "beside")) }
	switch rapid.IntRange(0, 9).Draw(t, "when") {
	case 0, 1:
		return now
	case 2:
		if all := m.model.anchors(); len(all) > 0 {
			return rapid.SampledFrom(all).Draw(t, "anchor")
		}
	case 3:
		if len(m.rules.minutes) > 0 {
			return beside(now - rapid.SampledFrom(m.rules.minutes).Draw(t, "span")*minute)
		}
	case 4:
		return beside(now - int64(rapid.IntRange(0, 40).Draw(t, "hours"))*hour)
	case 5, 6:
		if days := dateChanges(m.prog.Zone.Location(), now-4*day, now+2*day); len(days) > 0 {
			return beside(rapid.SampledFrom(days).Draw(t, "midnight"))
		}
	case 7:
		return now + int64(rapid.IntRange(1, 300).Draw(t, "later"))*minute
	case 8:
		return now - int64(rapid.IntRange(1, 60).Draw(t, "earlier"))*day/2
	}
	return now - int64(rapid.IntRange(1, 500).Draw(t, "minutes"))*minute
}

func (m *machine) value(t *rapid.T, typ ir.Type) column.Value {
	text := func(of ...string) string { return rapid.SampledFrom(of).Draw(t, "text") }
	texts := func(typ ir.Type) []string {
		switch {
		case typ.Enum != nil:
			return typ.Enum.Values
		case typ.Table != nil:
			return []string{"S1", "S2", "S3", "none"}
		}
		return []string{"a", "b", "c", "潮"}
	}
	switch typ.Kind {
	case ir.Bool:
		return column.Int(int64(rapid.IntRange(0, 1).Draw(t, "bool")))
	case ir.Int:
		return column.Int(rapid.SampledFrom([]int64{0, 1, 2, 3, 3, 5, -1, 300, 70_000, 1 << 40}).Draw(t, "int"))
	case ir.Money:
		return column.Int(rapid.SampledFrom([]int64{0, 1, 999, 1000, 1001, 5000, 10_000, 10_001, 50_000, -2000, 1 << 33}).Draw(t, "money"))
	case ir.Number:
		return column.Float(rapid.SampledFrom([]float64{0, 1, 1.5, 2, 0.1, -3, 1e9}).Draw(t, "number"))
	case ir.Date:
		d := m.prog.Zone.DateOf(m.now())
		years := rapid.SampledFrom([]int{0, 1, 18, 18, 30}).Draw(t, "years")
		return column.Int(d - int64(years)*365 - int64(years)/4 + int64(rapid.IntRange(-3, 3).Draw(t, "days")))
	case ir.Time:
		return column.Int(m.instant(t))
	case ir.Set:
		var out []string
		for _, x := range texts(typ) {
			if rapid.Bool().Draw(t, x) {
				out = append(out, x)
			}
		}
		return column.Set(out...)
	}
	return column.Text(text(texts(typ)...))
}

// bulk imports tables, and some members, into the store before it is opened.
func (m *machine) bulk() {
	b, err := m.store.BeginBulk(storage.BulkOptions{})
	m.must(err)
	for _, t := range m.prog.Tables {
		m.table(b, t)
	}
	before := m.inputs(m.t, rapid.IntRange(0, 8).Draw(m.t, "imported"))
	for _, in := range before {
		if (in.Kind == Event || in.Kind == Attributes) && len(m.model.owners(in.IDs)) < 2 {
			m.model.take(in, m.now())
		}
	}
	attributes := storageSchema(m.prog)
	for n, p := range m.model.people {
		b.NewMember()
		for id, owner := range m.model.byID {
			if int(owner) == n {
				ids, err := b.IDs(storage.IDSchema{Name: id.Attribute, Many: m.idIsMany(id.Attribute), Logical: "id"})
				m.must(err)
				m.must(ids.Put([]byte(id.Text), owner))
			}
		}
		rows, err := b.Attributes(attributes)
		m.must(err)
		row := rows.Encoder()
		for i, a := range attributes {
			encode(row, i, m.model.attributes(p)[a.Name])
		}
		m.must(rows.Append(uint32(n), row.Bytes()))
		for _, e := range m.prog.Events {
			schema := storage.EventSchema{Name: e.Name, Key: e.Key}
			for _, f := range e.Fields {
				schema.Fields = append(schema.Fields, storage.FieldSchema{Name: f.Name, Kind: StoredKind(f.Type), Logical: f.Type.String()})
			}
			events, err := b.Events(schema)
			m.must(err)
			for _, one := range p.events[e.Name] {
				row := events.Encoder()
				for i, f := range schema.Fields {
					encode(row, i, one.fields.get(f.Name))
				}
				m.must(events.Append(uint32(n), one.at, row.Bytes()))
			}
		}
	}
	_, err = b.Commit(context.Background(), nil)
	m.must(err)
}

func (m *machine) idIsMany(name string) bool {
	for _, a := range m.prog.Attributes {
		if a.Name == name {
			return a.ID.Many
		}
	}
	return false
}

// storageSchema is how the plain attributes of a program are stored.
func storageSchema(p *ir.Program) []storage.FieldSchema {
	var out []storage.FieldSchema
	for _, a := range p.Attributes {
		if a.ID == nil {
			out = append(out, storage.FieldSchema{Name: a.Name, Kind: StoredKind(a.Type), Logical: a.Type.String()})
		}
	}
	return out
}

func encode(row *storage.RowEncoder, i int, v column.Value) {
	switch v.Kind {
	case column.Ints:
		row.Int(i, v.Int)
	case column.Floats:
		row.Float(i, v.Float)
	case column.Texts:
		row.Text(i, []byte(v.Text))
	case column.Sets:
		var texts [][]byte
		for _, t := range v.Set {
			texts = append(texts, []byte(t))
		}
		row.Set(i, texts)
	}
}

// table fills a table with three rows, the same in store and model.
func (m *machine) table(b *storage.Bulk, t *ir.Table) {
	out := &storage.Table{Name: t.Name, Keys: []string{"S1", "S2", "S3"}, Columns: map[string]*column.Column{}}
	schema := storage.TableSchema{Name: t.Name}
	for i, c := range t.Columns {
		if i == t.Key {
			continue
		}
		col := column.NewBuilder(StoredKind(c.Type), 3)
		for k := range 3 {
			switch {
			case c.Name == "region":
				col.AppendText([]string{"east", "west", "east"}[k])
			default:
				col.Append(m.value(m.t, c.Type))
			}
		}
		out.Columns[c.Name] = col.Column()
		schema.Columns = append(schema.Columns, storage.FieldSchema{Name: c.Name, Kind: StoredKind(c.Type), Logical: c.Type.String()})
	}
	m.must(b.ReplaceTable(out, schema))
	m.model.tables = append(m.model.tables, out)
}

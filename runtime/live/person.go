package live

import (
	"slices"

	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// person is a member as expression plans read one. What is read of its history is kept: events that come later are not
// seen. Their values lie in a room, if there is one, and last as long as they do there.
func (m *member) person(prog *ir.Program, room *ir.Room) *exprplan.Member {
	read := make([]bool, len(prog.Events))
	events := make([][]exprplan.Event, len(prog.Events))
	return &exprplan.Member{
		Number: m.number,
		Room:   room,
		Attribute: func(i int) ir.Value {
			a := prog.Attributes[i]
			return runtime.FromStored(m.attributes.get(a.Name), a.Type)
		},
		Manual: func(tag int) (ir.Value, int64) {
			t := prog.Tags[tag]
			name := storage.ManualPrefix + t.Name
			return runtime.FromStored(m.attributes.get(name), t.Type), m.attributes.get(name + storage.ManualAtSuffix).Int
		},
		OnList: func(i int) bool { return m.lists[prog.Lists[i].Name] },
		Events: func(i int) []exprplan.Event {
			if !read[i] {
				read[i], events[i] = true, planEvents(m.events.of(prog.Events[i].Name), prog.Events[i], room)
			}
			return events[i]
		},
	}
}

// later finds the first event of a type after an instant in the member's history as it is when it is asked.
func (m *member) later(prog *ir.Program) func(event int, after int64) (int64, bool) {
	return func(i int, after int64) (int64, bool) {
		list := m.events.of(prog.Events[i].Name)
		if len(list) == 0 || list[len(list)-1].at <= after {
			return 0, false
		}
		n, _ := slices.BinarySearchFunc(list, after, func(e event, at int64) int {
			if e.at <= at {
				return -1
			}
			return 1
		})
		return list[n].at, true
	}
}

// planEvents are stored events as expression plans read them.
func planEvents(list []event, of *ir.Event, room *ir.Room) []exprplan.Event {
	if len(list) == 0 {
		return nil
	}
	out := make([]exprplan.Event, len(list))
	fields := room.Take(len(list) * len(of.Fields))
	places := make([]int, len(of.Fields))
	for i, e := range list {
		out[i] = exprplan.Event{At: e.at, Fields: fields[:len(of.Fields):len(of.Fields)]}
		fields = fields[len(of.Fields):]
		for k, f := range of.Fields {
			out[i].Fields[k] = runtime.FromStored(e.fields.next(f.Name, &places[k]), f.Type)
		}
	}
	return out
}

// storedFields are the fields of an event as they are stored.
func storedFields(e exprplan.Event, of *ir.Event) fields {
	return packed(func(p *packer) {
		for i, f := range of.Fields {
			if v := e.Fields[i]; v.Known { // of a dozen fields that facts have few are known of one
				p.add(f.Name, storedValue(v, f.Type))
			}
		}
	})
}

// storedValue is a known value as it is stored.
func storedValue(v ir.Value, t ir.Type) column.Value {
	switch StoredKind(t) {
	case column.Floats:
		return column.Float(v.F)
	case column.Sets:
		return column.Set(v.Set...)
	case column.Texts:
		if t.Kind == ir.Enum {
			return column.Text(t.Enum.Values[v.I])
		}
		return column.Text(v.S)
	}
	return column.Int(v.I)
}

package campaign

import (
	"slices"

	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
)

// view shows a member of the program in force as an earlier program would have it: what has the same name and a type of the
// same kind is the same, enum values by their text; everything else is unknown there.
type view struct {
	before, now *ir.Program
	attributes  []column
	manual      []column
	lists       []int
	events      []int
	fields      [][]column // by event type of before
	ntiles      map[*ir.Ntile]*ir.Ntile
}

// column is where a value of the earlier program lies in the one in force.
type column struct {
	index  int // -1: nowhere
	kind   ir.Kind
	values []int64 // of an enum: by ordinal now, the ordinal before, or -1
}

func newView(before, now *ir.Program) *view {
	v := &view{before: before, now: now, ntiles: map[*ir.Ntile]*ir.Ntile{}}
	for _, a := range before.Attributes {
		i := slices.IndexFunc(now.Attributes, func(x *ir.Attribute) bool { return x.Name == a.Name })
		v.attributes = append(v.attributes, columnOf(i, a.Type, func() ir.Type { return now.Attributes[i].Type }))
	}
	for _, t := range before.Tags {
		i := slices.IndexFunc(now.Tags, func(x *ir.Tag) bool { return x.Name == t.Name && x.Manual && t.Manual })
		v.manual = append(v.manual, columnOf(i, t.Type, func() ir.Type { return now.Tags[i].Type }))
	}
	for _, l := range before.Lists {
		v.lists = append(v.lists, slices.IndexFunc(now.Lists, func(x *ir.List) bool { return x.Name == l.Name }))
	}
	for _, e := range before.Events {
		i := slices.IndexFunc(now.Events, func(x *ir.Event) bool { return x.Name == e.Name })
		v.events = append(v.events, i)
		var columns []column
		for _, f := range e.Fields {
			j := -1
			if i >= 0 {
				j = slices.IndexFunc(now.Events[i].Fields, func(x *ir.Field) bool { return x.Name == f.Name })
			}
			columns = append(columns, columnOf(j, f.Type, func() ir.Type { return now.Events[i].Fields[j].Type }))
		}
		v.fields = append(v.fields, columns)
	}
	for _, n := range before.Ntiles {
		for _, x := range now.Ntiles {
			if x.Hash == n.Hash {
				v.ntiles[n] = x
			}
		}
	}
	return v
}

func columnOf(index int, before ir.Type, now func() ir.Type) column {
	c := column{index: index, kind: before.Kind}
	if index < 0 {
		return c
	}
	t := now()
	if t.Kind != before.Kind {
		c.index = -1
		return c
	}
	if t.Kind == ir.Enum {
		for _, text := range t.Enum.Values {
			c.values = append(c.values, int64(slices.Index(before.Enum.Values, text)))
		}
	}
	return c
}

// of is a value as the earlier program has it.
func (c column) of(value func(i int) ir.Value) ir.Value {
	if c.index < 0 {
		return ir.Unknown(c.kind)
	}
	v := value(c.index)
	if v.Known && c.kind == ir.Enum {
		if v.I = c.values[v.I]; v.I < 0 {
			return ir.Unknown(c.kind)
		}
	}
	return v
}

// member is a member as the earlier program has it.
func (v *view) member(m *exprplan.Member) *exprplan.Member {
	out := &exprplan.Member{Number: m.Number}
	if m.Attribute != nil {
		out.Attribute = func(i int) ir.Value { return v.attributes[i].of(m.Attribute) }
	}
	if m.Manual != nil {
		out.Manual = func(i int) (value ir.Value, set int64) {
			value = v.manual[i].of(func(j int) (x ir.Value) { x, set = m.Manual(j); return x })
			return value, set
		}
	}
	if m.OnList != nil {
		out.OnList = func(i int) bool { return v.lists[i] >= 0 && m.OnList(v.lists[i]) }
	}
	if m.Events != nil {
		out.Events = func(i int) (events []exprplan.Event) {
			if v.events[i] < 0 {
				return nil
			}
			for _, e := range m.Events(v.events[i]) {
				events = append(events, *v.event(i, e))
			}
			return events
		}
	}
	return out
}

// event is an event of a type of the earlier program as that has it.
func (v *view) event(before int, e exprplan.Event) *exprplan.Event {
	out := &exprplan.Event{At: e.At}
	for _, c := range v.fields[before] {
		out.Fields = append(out.Fields, c.of(func(i int) ir.Value { return e.Fields[i] }))
	}
	return out
}

// world is an instant as the earlier program has it. Cuts of ntiles that are no more are none.
func (v *view) world(w *exprplan.World) *exprplan.World {
	out := &exprplan.World{Program: v.before, Now: w.Now, Start: w.Start}
	if w.Cell != nil {
		out.Cell = func(t *ir.Table, key string, column int) ir.Value {
			i := slices.IndexFunc(v.now.Tables, func(x *ir.Table) bool { return x.Name == t.Name })
			kind := t.Columns[column].Type
			if i < 0 {
				return ir.Unknown(kind.Kind)
			}
			j := slices.IndexFunc(v.now.Tables[i].Columns, func(x *ir.Column) bool { return x.Name == t.Columns[column].Name })
			c := columnOf(j, kind, func() ir.Type { return v.now.Tables[i].Columns[j].Type })
			return c.of(func(j int) ir.Value { return w.Cell(v.now.Tables[i], key, j) })
		}
	}
	if w.Cuts != nil {
		out.Cuts = func(n *ir.Ntile) []ir.Cut {
			if x := v.ntiles[n]; x != nil {
				return w.Cuts(x)
			}
			return nil
		}
	}
	return out
}

// eventNow is an event type of the earlier program in the one in force.
func (v *view) eventNow(before int) (event int, ok bool) {
	event = v.events[before]
	return event, event >= 0
}

// goal is what a goal is about in the program in force.
func (v *view) goal(g *ir.Goal) (index int, ok bool) {
	if !g.Used {
		return v.eventNow(g.Index)
	}
	index = slices.IndexFunc(v.now.Coupons, func(c *ir.Coupon) bool { return c.Name == v.before.Coupons[g.Index].Name })
	return index, index >= 0
}

// target is what an action is about in the program in force; -1 where that has none of that name.
func (v *view) target(a *ir.Action) int {
	before, now := v.before, v.now
	switch a.Kind {
	case dsl.Issue:
		return slices.IndexFunc(now.Coupons, func(x *ir.Coupon) bool { return x.Name == before.Coupons[a.Index].Name })
	case dsl.Give:
		return slices.IndexFunc(now.Points, func(x *ir.Points) bool { return x.Name == before.Points[a.Index].Name })
	case dsl.SendTo:
		return slices.IndexFunc(now.Sinks, func(x *ir.Sink) bool { return x.Name == before.Sinks[a.Index].Name })
	case dsl.AddTo, dsl.RemoveFrom:
		return slices.IndexFunc(now.Lists, func(x *ir.List) bool { return x.Name == before.Lists[a.Index].Name })
	}
	return -1
}

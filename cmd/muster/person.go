package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/ingest"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// person is one member as an evaluator sees them, read from the store when it is asked for. What cannot be read turns
// up as err after an evaluation.
type person struct {
	q         *asker
	number    uint32
	evaluator *exprplan.Evaluator
	world     *exprplan.World
	member    *exprplan.Member
	events    map[int][]exprplan.Event
	tables    map[*ir.Table]*rows
	err       error
}

// rows is a table with the places of its keys.
type rows struct {
	table *storage.Table
	place map[string]int
}

// find returns the number of the member with an id, or with #NUMBER.
func (q *asker) find(id string) (uint32, error) {
	if digits, ok := strings.CutPrefix(id, "#"); ok {
		if n, err := strconv.ParseUint(digits, 10, 32); err == nil && uint32(n) < q.data.Members() {
			return uint32(n), nil
		}
	}
	var names []string
	for _, a := range q.prog.Attributes {
		if a.ID == nil {
			continue
		}
		names = append(names, a.Name)
		form, ok := ingest.NormaliseID(a, id)
		if !ok {
			continue
		}
		number, found, err := q.store.FindMember(a.Name, form)
		if found || err != nil {
			return number, err
		}
	}
	return 0, fmt.Errorf("there is no member with %s %q", orList(names), id)
}

func (q *asker) person(ctx context.Context, number uint32) (*person, error) {
	evaluator, err := exprplan.New(q.prog)
	if err != nil {
		return nil, err
	}
	p := &person{q: q, number: number, evaluator: evaluator, events: map[int][]exprplan.Event{}, tables: map[*ir.Table]*rows{}}
	p.world = &exprplan.World{
		Program: q.prog,
		Now:     q.view.Now(),
		Cell:    p.cell,
		Cuts: func(n *ir.Ntile) []ir.Cut {
			cuts, err := q.view.Cuts(ctx, n)
			p.fail(err)
			return cuts
		},
	}
	p.member = &exprplan.Member{
		Number:    number,
		Attribute: func(i int) ir.Value { return p.attribute(q.prog.Attributes[i].Name, q.prog.Attributes[i].Type) },
		Manual:    p.manual,
		OnList:    p.onList,
		Events:    p.history,
	}
	return p, nil
}

func (p *person) fail(err error) {
	if p.err == nil {
		p.err = err
	}
}

// value is the value of a node for the member.
func (p *person) value(n *ir.Node) (ir.Value, error) {
	v, err := p.evaluator.Value(p.world, p.member, n)
	if p.err != nil {
		err = p.err
	}
	return v, err
}

// why is the value of a node with that of all its parts.
func (p *person) why(n *ir.Node) (*exprplan.Clause, error) {
	c, err := p.evaluator.Why(p.world, p.member, n)
	if p.err != nil {
		err = p.err
	}
	return c, err
}

func (p *person) attribute(name string, t ir.Type) ir.Value {
	c, err := p.q.data.Attribute(name, int(p.number/column.Block))
	p.fail(err)
	return cellOf(c, int(p.number%column.Block), t)
}

func (p *person) manual(tag int) (ir.Value, int64) {
	t := p.q.prog.Tags[tag]
	set := p.attribute(storage.ManualPrefix+t.Name+storage.ManualAtSuffix, ir.Type{Kind: ir.Time})
	return p.attribute(storage.ManualPrefix+t.Name, t.Type), set.I
}

// setBy is who set a manual tag.
func (p *person) setBy(tag *ir.Tag) string {
	return p.attribute(storage.ManualPrefix+tag.Name+storage.ManualBySuffix, ir.Type{Kind: ir.String}).S
}

func (p *person) onList(list int) bool {
	members, err := p.q.data.List(p.q.prog.Lists[list].Name)
	p.fail(err)
	return members != nil && members.Contains(p.number)
}

func (p *person) history(event int) []exprplan.Event {
	if events, ok := p.events[event]; ok {
		return events
	}
	events, err := p.read(p.q.prog.Events[event])
	p.fail(err)
	p.events[event] = events
	return events
}

func (p *person) read(e *ir.Event) ([]exprplan.Event, error) {
	history, err := p.q.data.History(e.Name, int(p.number/column.Block))
	if history == nil || err != nil {
		return nil, err
	}
	low, starts := int(p.number%column.Block), history.Starts()
	if low+1 >= len(starts) || starts[low] == starts[low+1] {
		return nil, nil
	}
	at, err := history.At()
	if err != nil {
		return nil, err
	}
	events := make([]exprplan.Event, starts[low+1]-starts[low])
	for i := range events {
		events[i] = exprplan.Event{At: at.Int(int(starts[low]) + i), Fields: make([]ir.Value, len(e.Fields))}
	}
	for f, field := range e.Fields {
		c, err := history.Field(field.Name)
		if err != nil {
			return nil, err
		}
		for i := range events {
			events[i].Fields[f] = cellOf(c, int(starts[low])+i, field.Type)
		}
	}
	return events, nil
}

func (p *person) cell(t *ir.Table, key string, col int) ir.Value {
	r, ok := p.tables[t]
	if !ok {
		stored, err := p.q.data.Table(t.Name)
		p.fail(err)
		r = &rows{table: stored, place: map[string]int{}}
		if stored != nil {
			for i, k := range stored.Keys {
				r.place[k] = i
			}
		}
		p.tables[t] = r
	}
	declared := t.Columns[col]
	row, ok := r.place[key]
	switch {
	case !ok:
		return ir.Unknown(declared.Type.Kind)
	case col == t.Key:
		return ir.StringValue(key)
	}
	return cellOf(r.table.Columns[declared.Name], row, declared.Type)
}

// cellOf is a stored value as one of its type; unknown where there is none.
func cellOf(c *column.Column, row int, t ir.Type) ir.Value {
	if c == nil || row >= c.Len || !c.IsKnown(row) {
		return ir.Unknown(t.Kind)
	}
	stored := c.Value(row)
	switch t.Kind {
	case ir.Number:
		return ir.NumberValue(stored.Float)
	case ir.String, ir.Row:
		return ir.Value{Known: true, Kind: t.Kind, S: stored.Text}
	case ir.Enum:
		ordinal := t.Enum.Ordinal(stored.Text)
		return ir.Value{Known: ordinal >= 0, Kind: ir.Enum, I: int64(ordinal)}
	case ir.Set:
		return ir.Value{Known: true, Kind: ir.Set, Set: stored.Set}
	default:
		return ir.IntLike(t.Kind, stored.Int)
	}
}

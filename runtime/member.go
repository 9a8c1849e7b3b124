package runtime

import (
	"context"
	"fmt"

	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/vector"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// Person is one member of a view, evaluated with expression plans. It is not safe for concurrent use.
type Person struct {
	view   *View
	ranked *View // whose members ntiles rank, where it is not view
	// numbers are those of the members of view, where they are not their places in it.
	numbers []uint32
	eval    *exprplan.Evaluator
	member  *exprplan.Member
}

// IsLive reports whether a member number stands for a member: given, not merged away, not forgotten.
func (v *View) IsLive(number uint32) (bool, error) {
	if number >= v.data.Members() {
		return false, nil
	}
	live, err := v.data.Live(int(number / column.Block))
	if err != nil || live == nil {
		return false, err
	}
	return live.Contains(number % column.Block), nil
}

// Person returns a member by number, with all that the data has of it.
func (v *View) Person(number uint32) (*Person, error) {
	if number >= v.data.Members() {
		return nil, fmt.Errorf("there is no member number %d", number)
	}
	eval, err := exprplan.New(v.prog)
	if err != nil {
		return nil, err
	}
	p := &Person{view: v, eval: eval}
	return p, p.Become(number)
}

// Become makes the person another member of the view; the plans that it has made stay.
func (p *Person) Become(number uint32) error {
	if number >= p.view.data.Members() {
		return fmt.Errorf("there is no member number %d", number)
	}
	row := &memberRow{view: p.view, block: int(number / column.Block), low: int(number % column.Block)}
	p.member = &exprplan.Member{
		Number: number, Attribute: row.attribute, Manual: row.manual, OnList: row.onList, Events: row.eventsOf,
	}
	if p.numbers != nil {
		p.member.Number = p.numbers[number]
	}
	return nil
}

// Value returns the value of a per-member expression.
func (p *Person) Value(ctx context.Context, n *ir.Node) (out ir.Value, err error) {
	err = p.with(ctx, n, func(w *exprplan.World) (err error) {
		out, err = p.eval.Value(w, p.member, n)
		return err
	})
	return out, err
}

// Why returns the value of an expression with that of all its parts and the events behind its aggregates.
func (p *Person) Why(ctx context.Context, n *ir.Node) (out *exprplan.Clause, err error) {
	err = p.with(ctx, n, func(w *exprplan.World) (err error) {
		out, err = p.eval.Why(w, p.member, n)
		return err
	})
	return out, err
}

// Attribute returns attribute i of the program.
func (p *Person) Attribute(i int) (out ir.Value, err error) {
	err = vector.Catch(func() { out = p.member.Attribute(i) })
	return out, err
}

// Events returns all events of one type, in order of time; those after the clock are among them.
func (p *Person) Events(event int) (out []exprplan.Event, err error) {
	err = vector.Catch(func() { out = p.member.Events(event) })
	return out, err
}

// OnList reports whether the member is on list i of the program.
func (p *Person) OnList(i int) (on bool, err error) {
	err = vector.Catch(func() { on = p.member.OnList(i) })
	return on, err
}

// Read runs f on the member and the instant of the view, ready to evaluate some nodes.
func (p *Person) Read(ctx context.Context, nodes []*ir.Node, f func(*exprplan.World, *exprplan.Member) error) error {
	return p.withAll(ctx, nodes, func(w *exprplan.World) error { return f(w, p.member) })
}

// Program returns the rules that the person is read by.
func (p *Person) Program() *ir.Program { return p.view.prog }

func (p *Person) with(ctx context.Context, n *ir.Node, f func(*exprplan.World) error) error {
	return p.withAll(ctx, []*ir.Node{n}, f)
}

func (p *Person) withAll(ctx context.Context, nodes []*ir.Node, f func(*exprplan.World) error) (err error) {
	if p.ranked != nil {
		if err := p.ranked.ready(ctx, nodes...); err != nil {
			return err
		}
		p.view.takeRanks(p.ranked)
	} else if err := p.view.ready(ctx, nodes...); err != nil {
		return err
	}
	failed := vector.Catch(func() { err = f(p.view.at.Load().world) })
	if failed != nil {
		return failed
	}
	return err
}

// cell is a column of a table's row; unknown if there is no such row.
func (v *View) cell(t *ir.Table, key string, col int) ir.Value {
	unknown := ir.Unknown(t.Columns[col].Type.Kind)
	rows := v.lookup(t)
	if rows == nil {
		return unknown
	}
	at, ok := rows.ByKey[key]
	if !ok {
		return unknown
	}
	return rows.Cells[col][at]
}

// memberRow reads one member's row of a block.
type memberRow struct {
	view       *View
	block, low int
	events     map[int][]exprplan.Event
}

func (m *memberRow) stored(name string) *column.Column {
	col, err := m.view.data.Attribute(name, m.block)
	vector.Fail(err)
	return col
}

func (m *memberRow) attribute(i int) ir.Value {
	a := m.view.prog.Attributes[i]
	return Stored(m.stored(a.Name), m.low, a.Type)
}

func (m *memberRow) manual(tag int) (ir.Value, int64) {
	t := m.view.prog.Tags[tag]
	at := m.stored(storage.ManualPrefix + t.Name + storage.ManualAtSuffix).Value(m.low)
	return Stored(m.stored(storage.ManualPrefix+t.Name), m.low, t.Type), at.Int
}

func (m *memberRow) onList(i int) bool {
	list, err := m.view.data.List(m.view.prog.Lists[i].Name)
	vector.Fail(err)
	return list != nil && list.Contains(uint32(m.block)*column.Block+uint32(m.low))
}

func (m *memberRow) eventsOf(event int) []exprplan.Event {
	if out, ok := m.events[event]; ok {
		return out
	}
	decl := m.view.prog.Events[event]
	h, err := m.view.data.History(decl.Name, m.block)
	vector.Fail(err)
	var out []exprplan.Event
	if h != nil && m.low+1 < len(h.Starts()) {
		first, last := int(h.Starts()[m.low]), int(h.Starts()[m.low+1])
		at, err := h.At()
		vector.Fail(err)
		cols := make([]*column.Column, len(decl.Fields))
		for i, f := range decl.Fields {
			cols[i], err = h.Field(f.Name)
			vector.Fail(err)
		}
		for r := first; r < last; r++ {
			e := exprplan.Event{At: at.Int(r), Fields: make([]ir.Value, len(cols))}
			for i, c := range cols {
				e.Fields[i] = Stored(c, r, decl.Fields[i].Type)
			}
			out = append(out, e)
		}
	}
	if m.events == nil {
		m.events = make(map[int][]exprplan.Event)
	}
	m.events[event] = out
	return out
}

package runtime_test

import (
	"context"
	"fmt"
	"sort"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/compiler/reference"
	"github.com/muster-engine/muster/compiler/rulegen"
	"github.com/muster-engine/muster/runtime"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// tree walks the tree.
type tree struct {
	at      *reference.Instant
	members []*reference.Member
}

func byTree(c *rulegen.Case, _ *ir.Program, model *reference.Model) (executor, error) {
	at := model.At(c.World, c.Now)
	if c.CutsAt != c.Now {
		at = at.WithCutsOf(model.At(c.World, c.CutsAt))
	}
	return tree{at, c.World.Members}, nil
}

func (tree) name() string { return "tree" }

func (e tree) answer(q question) ([]reference.Value, error) {
	var answers []reference.Value
	for _, m := range e.members {
		if q.condition() {
			holds, err := e.at.Holds(m, q.tree)
			if err != nil {
				return nil, err
			}
			answers = append(answers, truth(holds))
			continue
		}
		v, err := e.at.Eval(m, q.tree)
		if err != nil {
			return nil, err
		}
		answers = append(answers, v)
	}
	return answers, nil
}

func truth(b bool) reference.Value {
	if b {
		return reference.Value{Kind: reference.Bool, Int: 1}
	}
	return reference.Value{Kind: reference.Bool}
}

// answerOf is a value of a node as the reference shows it.
func answerOf(v ir.Value, n *ir.Node) reference.Value {
	if !v.Known {
		return reference.Value{}
	}
	switch n.Type.Kind {
	case ir.Bool:
		return reference.Value{Kind: reference.Bool, Int: v.I}
	case ir.Int:
		return reference.Value{Kind: reference.Int, Int: v.I}
	case ir.Number:
		return reference.Value{Kind: reference.Number, Float: v.F}
	case ir.Money:
		return reference.Value{Kind: reference.Money, Int: v.I}
	case ir.Date:
		return reference.Value{Kind: reference.Date, Int: v.I}
	case ir.Time:
		return reference.Value{Kind: reference.Time, Int: v.I}
	case ir.Enum:
		return reference.Value{Kind: reference.Text, Text: n.Type.Enum.Values[v.I]}
	case ir.Set:
		return reference.Value{Kind: reference.Set, Set: v.Set}
	}
	return reference.Value{Kind: reference.Text, Text: v.S}
}

// blocks asks the engine over a state in memory, with indexes always, never, or when they pay.
type blocks struct {
	view    *runtime.View
	members int
}

func byBlocks(c *rulegen.Case, prog *ir.Program, _ *reference.Model) (executor, error) {
	data := storage.NewMemory()
	e := blocks{members: len(c.World.Members)}
	for _, m := range c.World.Members {
		n := data.NewMember()
		if n != m.Number {
			return nil, fmt.Errorf("member %d is given number %d", m.Number, n)
		}
		put(data, m)
	}
	putTables(data, c, prog)
	e.view = runtime.New(prog, data, runtime.Options{
		Index: []runtime.IndexMode{runtime.IndexAuto, runtime.IndexAlways, runtime.IndexNever}[c.Seed%3],
		Cuts:  func(*ir.Ntile, int64) ([]ir.Cut, int64, bool) { return nil, c.CutsAt, false },
	}).At(c.Now)
	return e, nil
}

func (blocks) name() string { return "engine" }

func (e blocks) answer(q question) (answers []reference.Value, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	ctx := context.Background()
	answers = make([]reference.Value, e.members)
	if q.condition() {
		chosen, err := e.view.Select(ctx, q.node)
		if err != nil {
			return nil, err
		}
		count, err := e.view.Count(ctx, q.node)
		if err != nil {
			return nil, err
		}
		if uint64(count) != chosen.GetCardinality() {
			return nil, fmt.Errorf("%d members are counted, %d selected", count, chosen.GetCardinality())
		}
		for i := range answers {
			answers[i] = truth(chosen.Contains(uint32(i)))
		}
		return answers, nil
	}
	err = e.view.Values(ctx, nil, []*ir.Node{q.node}, func(p runtime.Part) error {
		for _, n := range p.Members {
			answers[n] = answerOf(p.Values[0].Value(int(n-p.Base)), q.node)
		}
		return nil
	})
	return answers, err
}

func put(data *storage.Memory, m *reference.Member) {
	for name, v := range m.Attributes {
		data.Set(name, m.Number, stored(v))
	}
	for name, tag := range m.Manual {
		data.Set(storage.ManualPrefix+name, m.Number, stored(tag.Value))
		data.Set(storage.ManualPrefix+name+storage.ManualAtSuffix, m.Number, column.Int(tag.SetAt))
	}
	for list, on := range m.Lists {
		if on {
			data.AddToList(list, m.Number)
		}
	}
	for _, e := range accepted(m) {
		fields := map[string]column.Value{}
		for name, v := range e.Fields {
			fields[name] = stored(v)
		}
		data.AddEvent(e.Type, m.Number, e.At, fields)
	}
}

// accepted are the events without duplicates, which a store does not take in the first place.
func accepted(m *reference.Member) []reference.Event {
	seen := map[string]bool{}
	var events []reference.Event
	for _, e := range m.Events {
		if key := e.Fields["id"]; key.Kind == reference.Text {
			if seen[e.Type+" "+key.Text] {
				continue
			}
			seen[e.Type+" "+key.Text] = true
		}
		events = append(events, e)
	}
	return events
}

func stored(v reference.Value) column.Value {
	switch v.Kind {
	case reference.Unknown:
		return column.Value{}
	case reference.Number:
		return column.Float(v.Float)
	case reference.Text:
		return column.Text(v.Text)
	case reference.Set:
		return column.Set(v.Set...)
	}
	return column.Int(v.Int)
}

func putTables(data *storage.Memory, c *rulegen.Case, prog *ir.Program) {
	for _, t := range prog.Tables {
		rows := c.World.Tables[t.Name]
		table := &storage.Table{Name: t.Name, Columns: map[string]*column.Column{}}
		for key := range rows {
			table.Keys = append(table.Keys, key)
		}
		sort.Strings(table.Keys)
		for i, col := range t.Columns {
			if i == t.Key {
				continue
			}
			b := column.NewBuilder(columnKind(col.Type), len(table.Keys))
			for _, key := range table.Keys {
				b.Append(stored(rows[key][col.Name]))
			}
			table.Columns[col.Name] = b.Column()
		}
		data.PutTable(table)
	}
}

func columnKind(t ir.Type) column.Kind {
	switch t.Kind {
	case ir.Number:
		return column.Floats
	case ir.String, ir.Enum, ir.Row:
		return column.Texts
	case ir.Set:
		return column.Sets
	}
	return column.Ints
}

package runtime_test

import (
	"context"
	"fmt"
	"sort"

	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/compiler/reference"
	"github.com/muster-engine/muster/compiler/rulegen"
)

// single evaluates one member at a time.
type single struct {
	evaluator *exprplan.Evaluator
	world     *exprplan.World
	members   []*exprplan.Member
}

func byMember(c *rulegen.Case, prog *ir.Program, _ *reference.Model) (executor, error) {
	evaluator, err := exprplan.New(prog)
	if err != nil {
		return nil, err
	}
	// The cuts are an input of the plan of one member; they come from the engine, which the tree checks.
	e, err := byBlocks(c, prog, nil)
	if err != nil {
		return nil, err
	}
	s := single{evaluator: evaluator, world: &exprplan.World{
		Program: prog,
		Now:     c.Now,
		Cell: func(t *ir.Table, key string, col int) ir.Value {
			return planned(c.World.Tables[t.Name][key][t.Columns[col].Name], t.Columns[col].Type)
		},
		Cuts: func(n *ir.Ntile) []ir.Cut {
			cuts, err := e.(blocks).view.Cuts(context.Background(), n)
			if err != nil {
				panic(err)
			}
			return cuts
		},
	}}
	for _, m := range c.World.Members {
		s.members = append(s.members, plannedMember(prog, m))
	}
	return s, nil
}

func (single) name() string { return "exprplan" }

func (e single) answer(q question) (answers []reference.Value, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	for _, m := range e.members {
		v, err := e.evaluator.Value(e.world, m, q.node)
		if err != nil {
			return nil, err
		}
		answers = append(answers, answerOf(v, q.node))
	}
	return answers, nil
}

func plannedMember(prog *ir.Program, m *reference.Member) *exprplan.Member {
	events := accepted(m)
	sort.SliceStable(events, func(i, j int) bool { return events[i].At < events[j].At })
	return &exprplan.Member{
		Number: m.Number,
		Attribute: func(i int) ir.Value {
			a := prog.Attributes[i]
			return planned(m.Attributes[a.Name], a.Type)
		},
		Manual: func(i int) (ir.Value, int64) {
			tag := prog.Tags[i]
			manual := m.Manual[tag.Name]
			return planned(manual.Value, tag.Type), manual.SetAt
		},
		OnList: func(i int) bool { return m.Lists[prog.Lists[i].Name] },
		Events: func(i int) []exprplan.Event {
			var of []exprplan.Event
			for _, e := range events {
				if e.Type != prog.Events[i].Name {
					continue
				}
				planEvent := exprplan.Event{At: e.At}
				for _, f := range prog.Events[i].Fields {
					planEvent.Fields = append(planEvent.Fields, planned(e.Fields[f.Name], f.Type))
				}
				of = append(of, planEvent)
			}
			return of
		},
	}
}

// planned is a stored value as the program has it.
func planned(v reference.Value, t ir.Type) ir.Value {
	switch {
	case v.Kind == reference.Unknown:
		return ir.Unknown(t.Kind)
	case t.Kind == ir.Number:
		return ir.NumberValue(v.Float)
	case t.Kind == ir.Enum:
		return ir.IntLike(ir.Enum, int64(t.Enum.Ordinal(v.Text)))
	case t.Kind == ir.String || t.Kind == ir.Row:
		return ir.Value{Known: true, Kind: t.Kind, S: v.Text}
	case t.Kind == ir.Set:
		return ir.Value{Known: true, Kind: ir.Set, Set: v.Set}
	}
	return ir.IntLike(t.Kind, v.Int)
}

package live

import (
	"context"
	"fmt"
	"slices"

	"github.com/muster-engine/muster/compiler"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/runtime/programme"
	"github.com/muster-engine/muster/storage/column"
)

// What an edit of the rules does to campaigns: the runs of those that are gone stop, and those that are new and include
// existing members begin with them. Runs that are going on finish the version that they began with.

// campaignIn finds a campaign of a program.
func campaignIn(prog *ir.Program, name string) int {
	return slices.IndexFunc(prog.Campaigns, func(c *ir.Campaign) bool { return c.Name == name })
}

// stopRuns ends the runs of campaigns that a new program has no more.
func (e *Engine) stopRuns(ctx context.Context, next *ir.Program) error {
	of := make(map[uint32][]int)
	for i, c := range e.prog.Campaigns {
		if campaignIn(next, c.Name) >= 0 {
			continue
		}
		members, err := e.having(e.prog.Events[c.Facts].Name)
		if err != nil {
			return err
		}
		for _, n := range members {
			of[n] = append(of[n], i)
		}
	}
	return e.onTheWay(ctx, e.clock, of, func(t *programme.Turn, campaigns []int) (bool, error) {
		t.Stop(campaigns)
		return true, nil
	})
}

// includeAtStart is includeExisting of a program that comes into force with the start of the engine: again and again, so
// that a campaign which has done anything is not new.
func (e *Engine) includeAtStart(ctx context.Context) error {
	before := new(ir.Program)
	if len(e.opt.Before) > 0 {
		*before = *e.opt.Before[0]
		before.Campaigns = slices.Clone(before.Campaigns)
	}
	for _, i := range e.conductor.Including() {
		c := e.prog.Campaigns[i]
		some, err := e.having(e.prog.Events[c.Facts].Name)
		if err != nil {
			return err
		}
		if len(some) > 0 {
			before.Campaigns = append(before.Campaigns, c)
		}
	}
	return e.includeExisting(ctx, before)
}

// includeExisting begins the campaigns that an earlier program had not and that include existing members.
func (e *Engine) includeExisting(ctx context.Context, before *ir.Program) error {
	now := e.now()
	if len(e.conductor.Including()) > 0 {
		if err := e.passTo(ctx, now); err != nil {
			return err
		}
	}
	of := make(map[uint32][]int)
	for _, i := range e.conductor.Including() {
		c := e.prog.Campaigns[i]
		if campaignIn(before, c.Name) >= 0 {
			continue
		}
		condition := ""
		switch t := c.Trigger; t.Kind {
		case dsl.OnReach:
			ladder := e.prog.Tiers[t.Index]
			condition = fmt.Sprintf("`%s` = %q", ladder.Name, ladder.Tiers[t.Tier].Name)
		case dsl.OnLeave:
			condition = fmt.Sprintf("not `%s`", e.prog.Segments[t.Index].Name)
		default:
			condition = fmt.Sprintf("`%s`", e.prog.Segments[t.Index].Name)
		}
		q, found := compiler.CompileQuery(e.prog, diag.NewFile("existing", condition), nil)
		if found.HasErrors() {
			return fmt.Errorf("%s: %s", c.Name, found[0].Message)
		}
		in, err := e.View().Select(ctx, q.Node)
		if err != nil {
			return err
		}
		for it := in.Iterator(); it.HasNext(); {
			n := it.Next()
			of[n] = append(of[n], i)
		}
	}
	return e.onTheWay(ctx, now, of, (*programme.Turn).Existing)
}

// onTheWay has members do something to campaigns, as an entry of its own.
func (e *Engine) onTheWay(ctx context.Context, at int64, of map[uint32][]int, begin func(*programme.Turn, []int) (bool, error)) error {
	if len(of) == 0 {
		return nil
	}
	g := e.newGroup(ctx, at)
	if err := g.start(ctx, of, begin); err != nil {
		g.discard()
		return err
	}
	crossings := g.reported("rules")
	if err := e.journal(g.entry(), crossings); err != nil {
		g.discard()
		return err
	}
	return e.commit(g, crossings)
}

// having are the members that have facts of a type.
func (e *Engine) having(kind string) (out []uint32, err error) {
	for block := 0; block*column.Block < int(e.base.Members()); block++ {
		h, err := e.base.History(kind, block)
		if err != nil {
			return nil, err
		}
		if h == nil {
			continue
		}
		starts := h.Starts()
		for low := 0; low+1 < len(starts); low++ {
			if n := uint32(block*column.Block + low); starts[low] < starts[low+1] && e.overlay[n] == nil {
				out = append(out, n)
			}
		}
	}
	for n, r := range e.overlay {
		if r.has(kind) {
			out = append(out, n)
		}
	}
	return out, nil
}

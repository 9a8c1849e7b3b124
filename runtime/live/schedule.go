package live

import (
	"context"
	"maps"
	"slices"

	"github.com/muster-engine/muster/runtime"
	"github.com/muster-engine/muster/runtime/programme"
)

// nextSchedule is the next instant for which campaigns are scheduled. All that is done at it shares one journal entry, so
// that a clock which shows it says that it is done.
func (e *Engine) nextSchedule() int64 {
	if at, ok := e.conductor.NextSchedule(e.clock); ok {
		return at
	}
	return runtime.Never
}

// schedule runs the campaigns that are scheduled for the group's instant, for the members that are in their segments after
// everything else that happens then.
func (g *group) schedule(ctx context.Context) error {
	if !g.loyal || g.engine.clock >= g.now {
		return nil
	}
	campaigns := g.engine.conductor.Scheduled(g.now)
	of := make(map[uint32][]int)
	for _, i := range campaigns {
		g.scheduled = true
		in, err := g.inside(ctx, g.engine.prog.Campaigns[i].Trigger.Index)
		if err != nil {
			return err
		}
		for n := range in {
			of[n] = append(of[n], i)
		}
	}
	return g.start(ctx, of, (*programme.Turn).Scheduled)
}

// start lets members begin campaigns, and works out what follows.
func (g *group) start(ctx context.Context, of map[uint32][]int, begin func(*programme.Turn, []int) (bool, error)) error {
	g.part++
	var all, more []*member
	for _, n := range slices.Sorted(maps.Keys(of)) {
		m, err := g.again(n)
		if err != nil {
			return err
		}
		all = append(all, m)
	}
	did := make([]bool, len(all))
	err := inTurn(all, func(i int, m *member) (err error) {
		did[i], err = begin(g.turn(m, 0).Turn, of[m.number])
		g.follow(m)
		return err
	})
	if err != nil {
		return err
	}
	for i, m := range all {
		if did[i] {
			more = append(more, m)
		}
	}
	if err := g.finish(ctx, more, 0); err != nil {
		return err
	}
	return g.conclude(all)
}

// again is a new version of a member that waits in no wave.
func (g *group) again(number uint32) (*member, error) {
	before, err := g.peek(number)
	if err != nil {
		return nil, err
	}
	m := before.clone()
	altered := g.touched[number] == before && before.altered
	g.place(m)
	m.altered = altered
	g.ran = len(g.waves)
	return m, nil
}

// inside are the members that are in a segment, with what the group has changed so far.
func (g *group) inside(ctx context.Context, segment int) (map[uint32]bool, error) {
	now, err := g.view.Select(ctx, g.view.Program().Segments[segment].Expr)
	if err != nil {
		return nil, err
	}
	out := make(map[uint32]bool, now.GetCardinality())
	for it := now.Iterator(); it.HasNext(); {
		out[it.Next()] = true
	}
	for _, c := range g.changes {
		c.Inside(segment, func(m uint32, in bool) {
			if in {
				out[m] = true
			} else {
				delete(out, m)
			}
		})
	}
	return out, nil
}

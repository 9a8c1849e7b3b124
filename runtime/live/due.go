package live

import (
	"context"
	"sync"

	"github.com/muster-engine/muster/runtime"
	"github.com/muster-engine/muster/runtime/programme"
	"github.com/muster-engine/muster/storage/column"
)

// Members are due at instants that follow from their history: points become active or expire, tiers are measured, an event
// happens that was sent ahead of its time. The instant of each is kept, those of the present day wait in the calendar
// queue, and those of a midnight are found when it comes.

// expect notes when a member is due.
func (e *Engine) expect(d runtime.Flip) {
	for int(d.Member) >= len(e.dues) {
		if d.At == runtime.Never {
			return
		}
		e.dues = append(e.dues, runtime.Never)
	}
	e.dues[d.Member] = d.At
	if e.flips != nil && d.At < e.nextDate() {
		e.flips.add(d)
	}
}

// isDue reports whether a member is due at an instant.
func (e *Engine) isDue(number uint32, at int64) bool {
	return int(number) < len(e.dues) && e.dues[number] <= at
}

// dueBy are the members that are due at or before an instant, and those after it and before another.
func (e *Engine) dueBy(at int64) (numbers []uint32) {
	for n, t := range e.dues {
		if t <= at {
			numbers = append(numbers, uint32(n))
		}
	}
	return numbers
}

// pass brings members into the group for whom time alone may have changed something: those that are due have a turn.
func (g *group) pass(numbers []uint32) error {
	for _, n := range numbers {
		m, err := g.engine.current(n)
		if err != nil {
			return err
		}
		m = m.clone()
		g.place(m)
		m.altered = false
		if !g.loyal || !g.engine.isDue(n, g.now) {
			continue
		}
		if err := steered(g.turn(m, 0).Due); err != nil {
			return err
		}
	}
	return nil
}

// recount works out from the histories when everybody is due.
func (e *Engine) recount(ctx context.Context, view *runtime.View) error {
	e.dues = nil
	if !e.loyal() {
		return nil
	}
	e.dues = make([]int64, e.members)
	for i := range e.dues {
		e.dues[i] = runtime.Never
	}
	blocks := (int(e.members) + column.Block - 1) / column.Block
	var wait sync.WaitGroup
	next := make(chan int)
	errs := make(chan error, blocks)
	for range 2 {
		c := e.conductor.Fork()
		wait.Go(func() {
			for block := range next {
				if err := ctx.Err(); err != nil {
					errs <- err
				} else if err := e.recountBlock(c, view, block); err != nil {
					errs <- err
				}
			}
		})
	}
	for block := range blocks {
		next <- block
	}
	close(next)
	wait.Wait()
	close(errs)
	return <-errs
}

// recountBlock is recount of one block.
func (e *Engine) recountBlock(c *programme.Conductor, view *runtime.View, block int) error {
	candidates, err := e.mayBeDue(c, view.Now(), block)
	if err != nil {
		return err
	}
	world := view.World(view.Now())
	prog := view.Program()
	for low, may := range candidates {
		if !may {
			continue
		}
		m, err := e.current(uint32(block*column.Block + low))
		if err != nil {
			return err
		}
		err = steered(func() error {
			if at, ok := c.Next(world, m.person(prog)); ok {
				e.dues[m.number] = at
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// mayBeDue finds the members of a block that have something that can make them due.
func (e *Engine) mayBeDue(c *programme.Conductor, now int64, block int) ([]bool, error) {
	out := make([]bool, min(column.Block, int(e.members)-block*column.Block))
	if c.Everybody() {
		for i := range out {
			out[i] = true
		}
		return out, nil
	}
	for kind, i := range e.types {
		matter := c.Matters(i)
		if matter == programme.Nothing {
			continue
		}
		h, err := e.base.History(kind, block)
		if err != nil {
			return nil, err
		}
		if h == nil {
			continue
		}
		at, err := h.At()
		if err != nil {
			return nil, err
		}
		starts := h.Starts()
		for low := 0; low+1 < len(starts) && low < len(out); low++ {
			first, end := int(starts[low]), int(starts[low+1])
			if first < end && (matter == programme.Any || at.Int(end-1) > now) {
				out[low] = true
			}
		}
	}
	e.mu.RLock()
	defer e.mu.RUnlock()
	for n := range e.byBlock[block] {
		out[n%column.Block] = true
	}
	return out, nil
}

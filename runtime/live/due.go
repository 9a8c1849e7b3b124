package live

import (
	"context"
	"sync"

	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
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
	var due []*member
	for _, n := range numbers {
		m, err := g.engine.current(n)
		if err != nil {
			return err
		}
		m = m.clone()
		g.place(m)
		m.altered = false
		if g.loyal && g.engine.isDue(n, g.now) {
			due = append(due, m)
		}
	}
	return inTurn(due, func(_ int, m *member) error { return g.turn(m, 0).Due() })
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
	return eachBlock(ctx, e.members, func() func(int) error {
		c := e.conductor.Fork()
		return func(block int) error { return e.recountBlock(c, view, block) }
	})
}

// eachBlock works on every block of so many members, two at once: worker is called once for each of the two. It returns one
// of the errors, if there are any; after the context has ended no more blocks are begun.
func eachBlock(ctx context.Context, members uint32, worker func() func(block int) error) error {
	blocks := (int(members) + column.Block - 1) / column.Block
	var wait sync.WaitGroup
	next := make(chan int)
	errs := make(chan error, blocks)
	for range 2 {
		work := worker()
		wait.Go(func() {
			for block := range next {
				if err := ctx.Err(); err != nil {
					errs <- err
				} else if err := work(block); err != nil {
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
	stored, err := e.historyOf(c, prog, block)
	if err != nil {
		return err
	}
	for low, may := range candidates {
		if !may {
			continue
		}
		number := uint32(block*column.Block + low)
		e.mu.RLock()
		r := e.overlay[number]
		e.mu.RUnlock()
		who := stored.member(number)
		if r != nil {
			who = r.member().person(prog, nil)
		}
		err = steered(func() error {
			if at, ok := c.Next(world, who); ok {
				e.dues[number] = at
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// blockHistory is the stored events of a block that may make its members due, read column by column.
type blockHistory struct {
	prog  *ir.Program
	kinds map[int]blockEvents // by event type
}

type blockEvents struct {
	starts []uint32
	at     *column.Column
	fields []*column.Column
	keys   *column.Strings // those of field key, of which no dictionary is made
	key    int
}

func (e *Engine) historyOf(c *programme.Conductor, prog *ir.Program, block int) (*blockHistory, error) {
	out := &blockHistory{prog: prog, kinds: make(map[int]blockEvents)}
	for i, decl := range prog.Events {
		if c.Matters(i) == programme.Nothing {
			continue
		}
		h, err := e.base.History(decl.Name, block)
		if err != nil {
			return nil, err
		}
		if h == nil {
			continue
		}
		k := blockEvents{starts: h.Starts(), fields: make([]*column.Column, len(decl.Fields))}
		if k.at, err = h.At(); err != nil {
			return nil, err
		}
		keys, key, err := e.base.KeyTexts(decl.Name, block)
		if err != nil {
			return nil, err
		}
		for f, field := range decl.Fields {
			if keys != nil && field.Name == key {
				k.keys, k.key = keys, f
				continue
			}
			if k.fields[f], err = h.Field(field.Name); err != nil {
				return nil, err
			}
		}
		out.kinds[i] = k
	}
	return out, nil
}

// member is one of the block, with those events and nothing else.
func (b *blockHistory) member(number uint32) *exprplan.Member {
	read := make(map[int][]exprplan.Event)
	return &exprplan.Member{Number: number, Events: func(i int) []exprplan.Event {
		out, ok := read[i]
		if !ok {
			out = b.events(i, int(number%column.Block))
			read[i] = out
		}
		return out
	}}
}

func (b *blockHistory) events(i, low int) []exprplan.Event {
	k, ok := b.kinds[i]
	if !ok || low+1 >= len(k.starts) {
		return nil
	}
	first, end := int(k.starts[low]), int(k.starts[low+1])
	decl := b.prog.Events[i]
	out, fields := make([]exprplan.Event, end-first), make([]ir.Value, (end-first)*len(decl.Fields))
	for r := range out {
		out[r] = exprplan.Event{At: k.at.Int(first + r), Fields: fields[:len(decl.Fields):len(decl.Fields)]}
		fields = fields[len(decl.Fields):]
		for f, field := range decl.Fields {
			v := k.fields[f].Value(first + r)
			if k.keys != nil && f == k.key {
				v = k.keys.Value(first + r)
			}
			out[r].Fields[f] = runtime.FromStored(v, field.Type)
		}
	}
	return out
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

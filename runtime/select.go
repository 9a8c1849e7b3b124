package runtime

import (
	"context"
	"sync"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/index"
	"github.com/muster-engine/muster/runtime/vector"
	"github.com/muster-engine/muster/storage/column"
)

// Of returns how many live members there are: what shares are of.
func (v *View) Of(ctx context.Context) (int, error) {
	return v.sum(ctx, func(w *worker, b *block) int { return b.count })
}

// Count returns how many live members a condition holds for.
func (v *View) Count(ctx context.Context, cond *ir.Node) (int, error) {
	if err := v.ready(ctx, cond); err != nil {
		return 0, err
	}
	p := v.at.Load().planOf(cond)
	return v.sum(ctx, func(w *worker, b *block) int {
		out := b.bits()
		defer w.give(out)
		b.run(p, b.live, out, nil)
		return out.Count()
	})
}

// sum adds up what f returns for each block.
func (v *View) sum(ctx context.Context, f func(w *worker, b *block) int) (int, error) {
	var mu sync.Mutex
	total := 0
	err := v.each(ctx, func(w *worker, b *block) error {
		n := f(w, b)
		mu.Lock()
		total += n
		mu.Unlock()
		return nil
	})
	return total, err
}

// Select returns the members for whom a condition holds, by number. The bitmap is the caller's.
func (v *View) Select(ctx context.Context, cond *ir.Node) (*roaring.Bitmap, error) {
	if err := v.ready(ctx, cond); err != nil {
		return nil, err
	}
	p := v.at.Load().planOf(cond)
	blocks := len(*v.blocks.Load())
	dense := make([]uint64, blocks*index.BlockWords)
	err := v.each(ctx, func(w *worker, b *block) error {
		out := b.bits()
		defer w.give(out)
		b.run(p, b.live, out, nil)
		if b.no < blocks { // a block that came meanwhile is of the next answer
			copy(dense[b.no*index.BlockWords:], out[:])
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return roaring.FromDense(dense, true), nil
}

// Part is the values of expressions over the members of one block that were asked for.
type Part struct {
	// Members are numbers in ascending order.
	Members []uint32
	// Values has a vector per expression, with a lane per member of the block: lane Members[i] - Base.
	Values []*vector.Vec
	Base   uint32
}

// Values evaluates expressions over the live members for whom cond holds (all of them if cond is nil) and hands each
// block's part to f, which is called from one goroutine at a time, in no particular order of blocks.
func (v *View) Values(ctx context.Context, cond *ir.Node, nodes []*ir.Node, f func(Part) error) error {
	if err := v.ready(ctx, append([]*ir.Node{cond}, nodes...)...); err != nil {
		return err
	}
	var mu sync.Mutex
	return v.each(ctx, func(w *worker, b *block) error {
		chosen := b.bits()
		defer w.give(chosen)
		copy(chosen, b.live)
		if cond != nil {
			b.run(b.at.planOf(cond), b.live, chosen, nil)
		}
		part := Part{Base: uint32(b.no) * column.Block, Members: make([]uint32, 0, chosen.Count())}
		for i := range b.members {
			if chosen[i>>6]>>(uint(i)&63)&1 != 0 {
				part.Members = append(part.Members, part.Base+uint32(i))
			}
		}
		if len(part.Members) == 0 {
			return nil
		}
		for _, n := range nodes {
			part.Values = append(part.Values, b.evaluate(n))
		}
		mu.Lock()
		defer mu.Unlock()
		return f(part)
	})
}

// Compute prepares expressions over all blocks, so that questions about them find their columns at hand.
func (v *View) Compute(ctx context.Context, nodes ...*ir.Node) error {
	if err := v.ready(ctx, nodes...); err != nil {
		return err
	}
	return v.each(ctx, func(w *worker, b *block) error {
		for _, n := range nodes {
			b.prepare(n)
		}
		return nil
	})
}

// Forget drops what the view keeps of aggregates that are not declared, so that they are folded anew when asked again.
func (v *View) Forget(slots []*ir.Aggregate) {
	for _, b := range *v.blocks.Load() {
		b.mu.Lock()
		for _, a := range slots {
			delete(b.columns, a.Key)
		}
		b.mu.Unlock()
	}
}

package live

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime"
	"github.com/muster-engine/muster/storage/column"
)

// turnover is a step of time that makes a view anew. At a local midnight this is the order: points become active and
// expire; the cuts of ntiles are taken; tiers are measured; the segments that members are in then are compared with those
// before; campaigns follow the crossings.
//
// What is due is put into the overlay before the view is computed. The standing view, which is before the midnight, does
// not see facts of the midnight, so it can be taken back again.
type turnover struct {
	*group
	before map[uint32]*resting // what lay in the overlay; nil for nothing
}

// due lets the members that are due have their turns, up to the cuts.
func (o *turnover) due() error {
	if !o.loyal {
		return nil
	}
	if err := o.pass(o.engine.dueBy(o.now)); err != nil {
		return err
	}
	for _, m := range o.touched {
		o.follow(m)
	}
	o.tryOn()
	// From here on the members may be read by others.
	for _, n := range slices.Sorted(maps.Keys(o.touched)) {
		m := o.touched[n]
		next := m.clone()
		next.turn, next.altered = m.turn, m.altered
		o.touched[n] = next
	}
	o.waves = nil
	return nil
}

// tryOn puts the changed members into the overlay.
func (o *turnover) tryOn() {
	e := o.engine
	o.before = make(map[uint32]*resting)
	laid := atRest(o.touched)
	e.mu.Lock()
	defer e.mu.Unlock()
	for i := range laid {
		n := laid[i].number
		o.before[n] = e.overlay[n]
		e.lay(n, &laid[i])
	}
}

// takeBack undoes tryOn.
func (o *turnover) takeBack() {
	e := o.engine
	e.mu.Lock()
	defer e.mu.Unlock()
	for n, r := range o.before {
		e.lay(n, r)
	}
}

// lay puts a member into the overlay, or takes it out.
func (e *Engine) lay(number uint32, r *resting) {
	block := int(number / column.Block)
	if r == nil {
		delete(e.overlay, number)
		if delete(e.byBlock[block], number); len(e.byBlock[block]) == 0 {
			delete(e.byBlock, block)
		}
		return
	}
	e.overlay[number] = r
	if e.byBlock[block] == nil {
		e.byBlock[block] = make(map[uint32]*resting)
	}
	e.byBlock[block][number] = r
}

// work computes the view and what follows from it, and returns the cuts.
func (o *turnover) work(ctx context.Context) (map[string][]ir.Cut, error) {
	before, err := o.engine.View().Segments(ctx)
	if err != nil {
		return nil, err
	}
	cuts, err := stand(ctx, o.view)
	if err != nil {
		return nil, err
	}
	if !o.loyal {
		after, err := o.view.Segments(ctx)
		if err == nil {
			o.cross(difference(before, after))
		}
		return cuts, err
	}
	o.judge = o.become
	var due []*member
	for _, n := range slices.Sorted(maps.Keys(o.touched)) {
		due = append(due, o.touched[n])
	}
	if err := o.settle(due); err != nil {
		return nil, err
	}
	if _, err := o.become(ctx, slices.Clone(due)); err != nil {
		return nil, err
	}
	after, err := o.view.Segments(ctx)
	if err != nil {
		return nil, err
	}
	o.cross(difference(before, after))
	members, err := o.followers(due)
	if err != nil {
		return nil, err
	}
	more, err := o.crossed(members, o.found)
	if err == nil {
		err = o.finish(ctx, more, 1)
	}
	if err == nil {
		err = o.conclude(members)
	}
	if err == nil {
		err = o.schedule(ctx)
	}
	return cuts, err
}

// cross notes crossings that the new view has, to the old one.
func (o *turnover) cross(found []runtime.Crossing) {
	for _, c := range found {
		o.found = append(o.found, crossing{Crossing: c})
	}
}

// become puts what members have become into the view, and returns their crossings on the way there.
func (o *turnover) become(ctx context.Context, members []*member) ([]crossing, error) {
	if len(members) == 0 {
		return nil, nil
	}
	change, err := o.engine.evaluate(ctx, o.view, members, o.now, nil)
	if err != nil {
		return nil, err
	}
	found := ordered(change.Crossings(), members)
	return found, change.Commit()
}

// followers are members, and those whose crossings campaigns follow.
func (o *turnover) followers(members []*member) ([]*member, error) {
	for _, c := range o.found {
		if !o.engine.conductor.Follows(c.Segment) || o.touched[c.Member] != nil {
			continue
		}
		m, err := o.engine.current(c.Member)
		if err != nil {
			return nil, err
		}
		m = m.clone()
		o.place(m)
		m.altered = false
		members = append(members, m)
	}
	slices.SortFunc(members, func(a, b *member) int { return cmp.Compare(a.number, b.number) })
	return members, nil
}

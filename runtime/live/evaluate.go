package live

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"github.com/muster-engine/muster/runtime"
	"github.com/muster-engine/muster/storage/column"
)

// changes is what any number of members become: the view takes them a block at a time.
type changes []change

// change is one of them.
type change struct {
	*runtime.Change
	members []*member // by number
}

// evaluate works out what members are at an instant, after earlier changes, without changing the view.
func (e *Engine) evaluate(ctx context.Context, view *runtime.View, members []*member, at int64, earlier changes) (changes, error) {
	before := make([]*runtime.Change, len(earlier))
	for i, c := range earlier {
		before[i] = c.Change
	}
	slices.SortFunc(members, func(a, b *member) int { return cmp.Compare(a.number, b.number) })
	size := column.Block
	if len(members) >= manyMembers {
		size = min(size, (len(members)+1)/2)
	}
	parts := slices.Collect(slices.Chunk(members, size))
	out, faults := make(changes, len(parts)), make([]error, len(parts))
	one := func(i int) {
		out[i].members = parts[i]
		out[i].Change, faults[i] = view.Evaluate(ctx, e.rows(parts[i]), at, before...)
	}
	for i := 0; i < len(parts); i += 2 { // two at once: the loop leaves no more to do to other processors
		var beside sync.WaitGroup
		if i+1 < len(parts) {
			beside.Go(func() { one(i + 1) })
		}
		one(i)
		beside.Wait()
	}
	if err := cmp.Or(faults...); err != nil {
		for _, c := range out {
			if c.Change != nil {
				c.Discard()
			}
		}
		return nil, err
	}
	return out, nil
}

// manyMembers are worth being evaluated in two halves at once.
const manyMembers = 256

// present drops the changes all of whose members later ones have.
func (c changes) present() changes {
	return slices.DeleteFunc(c, func(one change) bool {
		if !one.Superseded() {
			return false
		}
		one.Discard()
		return true
	})
}

// Crossings are the segments that members enter or leave, by member, then segment.
func (c changes) Crossings() (out []runtime.Crossing) {
	for _, one := range c {
		out = append(out, one.Crossings()...)
	}
	return out
}

// Flips is when members next change by themselves, before an instant.
func (c changes) Flips(until int64) (out []runtime.Flip, err error) {
	for _, one := range c {
		flips, err := one.Flips(until)
		if err != nil {
			return nil, err
		}
		out = append(out, flips...)
	}
	return out, nil
}

// Commit makes the changes part of the view.
func (c changes) Commit() error {
	all := make([]*runtime.Change, len(c))
	for i, one := range c {
		all[i] = one.Change
	}
	return runtime.Commit(all...)
}

// Discard drops the changes.
func (c changes) Discard() {
	for _, one := range c {
		one.Discard()
	}
}

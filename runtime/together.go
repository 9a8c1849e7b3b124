package runtime

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/vector"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// Read is a member as [Together] reads it.
type Read struct {
	// As is the member as each of the views reads it.
	As []*exprplan.Member
	// Set is when an attribute or a manual tag was set first, in microseconds; 0 if none was, or that is not known.
	Set int64
}

// Together calls f for each live member that is wanted, as each of some views of the same data reads it: with its
// attributes, manual tags, lists and histories, those after the clock among them. A nil wanted is everybody. Members of a
// block come one after the other, in the order of their numbers; blocks are worked on side by side, so f may be called at
// the same time for members of different blocks, by as many as there are workers, which are numbered from 0. What f is
// given holds until it returns. The cuts of all ntiles are taken before: [View.World] knows them.
func Together(ctx context.Context, views []*View, wanted func(number uint32) bool, f func(worker int, who Read) error) error {
	for _, v := range views {
		if v.upkeep != nil {
			return errors.New("members cannot be read together in a view that is kept up to date")
		}
		for _, n := range v.prog.Ntiles {
			if _, err := v.Cuts(ctx, n); err != nil {
				return err
			}
		}
	}
	blocks, parts := views[0].Blocks(), views[0].stretches()
	var next atomic.Int64
	var stop atomic.Bool
	errs := make([]error, views[0].TogetherWorkers())
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			for !stop.Load() && errs[i] == nil {
				// A block is cut into stretches, so that a small store keeps all workers busy.
				at := int(next.Add(1)) - 1
				no, part := at/parts, at%parts
				if no >= blocks {
					return
				}
				if errs[i] = ctx.Err(); errs[i] == nil {
					errs[i] = stretch(ctx, views, no, part, parts, wanted, func(who Read) error { return f(i, who) })
				}
				if errs[i] != nil {
					stop.Store(true)
				}
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// stretches is how many parts of a block are read side by side. Each reads the columns of the block for itself, so where
// there are blocks enough there is one.
func (v *View) stretches() int {
	if v.Blocks() >= 4*v.opt.Workers {
		return 1
	}
	return 16
}

// TogetherWorkers is how many workers [Together] has.
func (v *View) TogetherWorkers() int { return max(1, min(v.opt.Workers, v.Blocks()*v.stretches())) }

// stretch calls f for the wanted live members of one of the parts of a block.
func stretch(ctx context.Context, views []*View, no, part, parts int, wanted func(uint32) bool, f func(Read) error) error {
	data := views[0].data
	live, err := data.Live(no)
	if err != nil || live == nil {
		return err
	}
	size := uint32(column.Block / parts)
	readers := make([]*rowReader, len(views))
	for i, v := range views {
		readers[i] = &rowReader{historyReader: newHistoryReader(v.prog, v.data, no), columns: map[string]*column.Column{}}
	}
	as := make([]*exprplan.Member, len(views))
	for it := live.Iterator(); it.HasNext(); {
		low := it.Next()
		number := uint32(no)*column.Block + low
		if low < uint32(part)*size {
			it.AdvanceIfNeeded(uint32(part) * size)
			continue
		}
		if low >= uint32(part+1)*size {
			break
		}
		if wanted != nil && !wanted(number) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		for i, r := range readers {
			as[i] = r.whole(int(low), number)
		}
		var failed error
		if err := vector.Catch(func() { failed = f(Read{as, readers[0].stored(storage.SetName).Value(int(low)).Int}) }); err != nil {
			return err
		}
		if failed != nil {
			return failed
		}
	}
	return nil
}

// rowReader reads all there is of the members of one block.
type rowReader struct {
	*historyReader
	columns map[string]*column.Column // of attributes, by the names under which they are stored
}

func (r *rowReader) stored(name string) *column.Column {
	col, ok := r.columns[name]
	if !ok {
		var err error
		col, err = r.data.Attribute(name, r.no)
		vector.Fail(err)
		r.columns[name] = col
	}
	return col
}

// whole is a member of the block with all there is of it.
func (r *rowReader) whole(low int, number uint32) *exprplan.Member {
	m := r.member(low, number)
	m.Attribute = func(i int) ir.Value {
		a := r.prog.Attributes[i]
		return Stored(r.stored(a.Name), low, a.Type)
	}
	m.Manual = func(tag int) (ir.Value, int64) {
		t := r.prog.Tags[tag]
		at := r.stored(storage.ManualPrefix + t.Name + storage.ManualAtSuffix).Value(low)
		return Stored(r.stored(storage.ManualPrefix+t.Name), low, t.Type), at.Int
	}
	m.OnList = func(i int) bool {
		list, err := r.data.List(r.prog.Lists[i].Name)
		vector.Fail(err)
		return list != nil && list.Contains(number)
	}
	return m
}

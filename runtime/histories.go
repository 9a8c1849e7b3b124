package runtime

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/vector"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// Histories calls f for each live member that has events of a type, with the member's histories: those after the clock are
// among them. The members of a block come one after the other, in the order of their numbers; blocks are worked on side by
// side, so f may be called at the same time for members of different blocks, whose numbers are below [View.Blocks]. What f
// is given holds until it returns.
func (v *View) Histories(ctx context.Context, event int, f func(block int, m *exprplan.Member) error) error {
	blocks := v.Blocks()
	var next atomic.Int64
	var stop atomic.Bool
	errs := make([]error, min(v.opt.Workers, blocks))
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			for !stop.Load() {
				no := int(next.Add(1)) - 1
				if no >= blocks {
					return
				}
				if errs[i] = ctx.Err(); errs[i] == nil {
					errs[i] = v.blockHistories(ctx, no, event, f)
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

// Blocks is how many blocks of members there are.
func (v *View) Blocks() int { return len(*v.blocks.Load()) }

func (v *View) blockHistories(ctx context.Context, no, event int, f func(block int, m *exprplan.Member) error) error {
	var rows Rows
	if v.upkeep != nil && v.upkeep.Changed != nil {
		rows = v.upkeep.Changed(no) // before the data is read: see what a checkpoint exchanges
	}
	beside := roaring.New()
	if rows != nil {
		for _, n := range rows.Numbers() {
			beside.Add(n % column.Block)
		}
	}
	first := uint32(no) * column.Block
	if first < v.data.Members() {
		read := newHistoryReader(v.prog, v.data, no)
		err := read.each(ctx, event, func(low int) error {
			if beside.Contains(uint32(low)) {
				return nil
			}
			return f(no, read.member(low, first+uint32(low)))
		})
		if err != nil {
			return err
		}
	}
	if rows == nil {
		return nil
	}
	read := newHistoryReader(v.prog, rows, 0)
	return read.each(ctx, event, func(lane int) error { return f(no, read.member(lane, rows.Numbers()[lane])) })
}

// historyReader reads the histories of one block, whose columns it keeps.
type historyReader struct {
	prog  *ir.Program
	data  storage.Data
	no    int
	types map[int]*eventColumns
}

// eventColumns are the events of one type of a block; fields follow the declaration.
type eventColumns struct {
	starts []uint32
	at     *column.Column
	fields []*column.Column
}

func newHistoryReader(p *ir.Program, data storage.Data, no int) *historyReader {
	return &historyReader{prog: p, data: data, no: no, types: map[int]*eventColumns{}}
}

// each calls f with the place of each live member that has events of a type.
func (r *historyReader) each(ctx context.Context, event int, f func(low int) error) error {
	var events *eventColumns
	var live *roaring.Bitmap
	err := vector.Catch(func() {
		var err error
		events = r.columns(event)
		live, err = r.data.Live(r.no)
		vector.Fail(err)
	})
	if err != nil || events == nil || live == nil {
		return err
	}
	for low := 0; low+1 < len(events.starts); low++ {
		if events.starts[low] == events.starts[low+1] || !live.Contains(uint32(low)) {
			continue
		}
		var failed error
		if err := vector.Catch(func() { failed = f(low) }); err != nil {
			return err
		}
		if failed != nil {
			return failed
		}
		if low%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// columns returns the events of a type, nil if there are none.
func (r *historyReader) columns(event int) *eventColumns {
	if c, ok := r.types[event]; ok {
		return c
	}
	decl := r.prog.Events[event]
	h, err := r.data.History(decl.Name, r.no)
	vector.Fail(err)
	var c *eventColumns
	if h != nil {
		c = &eventColumns{starts: h.Starts(), fields: make([]*column.Column, len(decl.Fields))}
		c.at, err = h.At()
		vector.Fail(err)
		for i, f := range decl.Fields {
			c.fields[i], err = h.Field(f.Name)
			vector.Fail(err)
		}
	}
	r.types[event] = c
	return c
}

// member is one member of the block as expression plans read it: number, attributes and histories.
func (r *historyReader) member(low int, number uint32) *exprplan.Member {
	var kept map[int][]exprplan.Event
	return &exprplan.Member{
		Number: number,
		Attribute: func(i int) ir.Value {
			a := r.prog.Attributes[i]
			col, err := r.data.Attribute(a.Name, r.no)
			vector.Fail(err)
			return Stored(col, low, a.Type)
		},
		Events: func(event int) []exprplan.Event {
			if out, ok := kept[event]; ok {
				return out
			}
			if kept == nil {
				kept = map[int][]exprplan.Event{}
			}
			kept[event] = r.events(event, low)
			return kept[event]
		},
	}
}

// events reads the events of a type of one member.
func (r *historyReader) events(event, low int) []exprplan.Event {
	c := r.columns(event)
	if c == nil || low+1 >= len(c.starts) {
		return nil
	}
	fields, first, last := r.prog.Events[event].Fields, int(c.starts[low]), int(c.starts[low+1])
	out := make([]exprplan.Event, 0, last-first)
	values := make([]ir.Value, (last-first)*len(fields)) // of all events, which come and go together
	for row := first; row < last; row++ {
		e := exprplan.Event{At: c.at.Int(row), Fields: values[:len(fields):len(fields)]}
		values = values[len(fields):]
		for i, col := range c.fields {
			e.Fields[i] = Stored(col, row, fields[i].Type)
		}
		out = append(out, e)
	}
	return out
}

package live

import (
	"container/heap"
	"context"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime"
)

// calendarQueue holds the next flip of members, earliest first. An entry that a later change has made void costs an
// evaluation that finds nothing.
type calendarQueue []runtime.Flip

func (q calendarQueue) Len() int           { return len(q) }
func (q calendarQueue) Less(i, j int) bool { return q[i].At < q[j].At }
func (q calendarQueue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }

// Push implements heap.Interface.
func (q *calendarQueue) Push(x any) { *q = append(*q, x.(runtime.Flip)) }

// Pop implements heap.Interface.
func (q *calendarQueue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

func (q *calendarQueue) add(f runtime.Flip) { heap.Push(q, f) }

func (q *calendarQueue) first() int64 {
	if len(*q) == 0 {
		return runtime.Never
	}
	return (*q)[0].At
}

// due takes out the members whose flip is at an instant.
func (q *calendarQueue) due(at int64) []uint32 {
	seen := make(map[uint32]bool)
	var out []uint32
	for q.first() <= at {
		f := heap.Pop(q).(runtime.Flip)
		if !seen[f.Member] {
			seen[f.Member] = true
			out = append(out, f.Member)
		}
	}
	return out
}

// nextDate is the next instant at which the local date changes.
func (e *Engine) nextDate() int64 { return e.prog.Zone.NextDateChange(e.clock) }

// nextStep is the next instant of the day at which something changes for everybody.
func (e *Engine) nextStep() int64 {
	for _, t := range e.steps {
		if t > e.clock {
			return t
		}
	}
	return runtime.Never
}

// nextChange is the next instant at which something changes by itself.
func (e *Engine) nextChange() int64 {
	return min(e.nextDate(), e.nextStep(), e.flips.first(), e.nextSchedule())
}

// CatchUp lets time pass up to what the clock shows: the view then stands at the last instant at which anything changed.
func (e *Engine) CatchUp(ctx context.Context) error {
	return e.inLoop(ctx, func(ctx context.Context) error { return e.passTo(ctx, e.now()) })
}

// passTo steps through every instant up to now at which something changes by itself, in order.
func (e *Engine) passTo(ctx context.Context, now int64) error {
	for {
		if err := e.settle(); err != nil {
			return err
		}
		next := e.nextChange()
		if next > now {
			return nil
		}
		var err error
		switch next {
		case e.nextDate():
			err = e.newDay(ctx, next)
		case e.nextStep():
			err = e.step(ctx, next)
		default:
			err = e.flip(ctx, next)
		}
		if err != nil {
			return err
		}
	}
}

// flip evaluates the members whose time has come.
func (e *Engine) flip(ctx context.Context, at int64) error {
	due := e.flips.due(at)
	g := e.newGroup(ctx, at)
	err := g.pass(due)
	if err == nil {
		err = g.run()
	}
	if err == nil {
		err = g.schedule(ctx)
	}
	if err != nil {
		g.discard()
		e.putBack(due, at)
		return err
	}
	crossings := g.reported(e.timeCause())
	if g.scheduled || len(crossings) > 0 || len(g.outcomes) > 0 {
		if err := e.journal(g.entry(), crossings); err != nil {
			g.discard()
			e.putBack(due, at)
			return err
		}
	}
	return e.commit(g, crossings)
}

func (e *Engine) putBack(members []uint32, at int64) {
	for _, n := range members {
		e.flips.add(runtime.Flip{Member: n, At: at})
	}
}

// newDay makes the view of a new local date: windows and ages move for everybody, cuts of ntiles are taken, and members
// are due.
func (e *Engine) newDay(ctx context.Context, at int64) error {
	oldCuts := e.cuts
	e.setCuts(map[string][]ir.Cut{})
	err := e.turnTo(ctx, at, true)
	if err != nil && e.clock != at {
		e.setCuts(oldCuts)
	}
	return err
}

// step makes the view of an instant of the day at which something changes for everybody.
func (e *Engine) step(ctx context.Context, at int64) error { return e.turnTo(ctx, at, false) }

// turnTo puts a view of a later instant in force, on which time alone has brought the engine. At a change of the date
// members are due, and cuts are taken; else those in force stay.
func (e *Engine) turnTo(ctx context.Context, at int64, midnight bool) error {
	o := &turnover{group: e.newGroup(ctx, at)}
	o.view = e.newView(e.prog, at)
	if midnight {
		if err := o.due(); err != nil {
			return err
		}
	}
	cuts, err := o.work(ctx)
	if err != nil {
		o.takeBack()
		return err
	}
	reported := o.reported(e.timeCause())
	if midnight || o.scheduled || len(reported) > 0 || len(o.outcomes) > 0 {
		en := o.entry()
		if midnight {
			en.Cuts = runtime.EncodeCuts(cuts, at)
		}
		if err := e.journal(en, reported); err != nil {
			o.takeBack()
			return err
		}
	}
	if midnight {
		e.setCuts(cuts)
	}
	e.adopt(o.group)
	e.clock = at
	e.view.Store(o.view)
	if err := e.refillFlips(ctx, o.view); err != nil {
		return err
	}
	e.report(reported)
	return nil
}

// standing computes a view with its segments, and the cuts that it stands on.
func (e *Engine) standing(ctx context.Context, prog *ir.Program, at int64) (*runtime.View, []*roaring.Bitmap, map[string][]ir.Cut, error) {
	view := e.newView(prog, at)
	segments, cuts, err := stand(ctx, view)
	return view, segments, cuts, err
}

// stand computes the segments of a view, and the cuts that it stands on.
func stand(ctx context.Context, view *runtime.View) ([]*roaring.Bitmap, map[string][]ir.Cut, error) {
	cuts := make(map[string][]ir.Cut)
	for _, n := range view.Program().Ntiles {
		taken, err := view.Cuts(ctx, n)
		if err != nil {
			return nil, nil, err
		}
		cuts[n.Hash] = taken
	}
	segments, err := view.Segments(ctx)
	return segments, cuts, err
}

func (e *Engine) setCuts(cuts map[string][]ir.Cut) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.cuts = cuts
}

// refillFlips finds who changes by themselves before the day is over.
func (e *Engine) refillFlips(ctx context.Context, view *runtime.View) error {
	until := e.prog.Zone.NextDateChange(view.Now())
	e.steps = runtime.Steps(e.prog, view.Now(), until)
	flips, err := view.Flips(ctx, until)
	if err != nil {
		return err
	}
	q := &calendarQueue{}
	for n, at := range e.dues {
		if at < until {
			*q = append(*q, runtime.Flip{Member: uint32(n), At: at})
		}
	}
	heap.Init(q)
	for _, f := range flips {
		if e.overlay[f.Member] == nil {
			q.add(f)
		}
	}
	e.flips = q
	var members []*member
	for _, m := range e.overlay {
		members = append(members, m)
	}
	for len(members) > 0 {
		n := min(len(members), 1<<15)
		change, err := view.Evaluate(ctx, e.rows(members[:n]), view.Now())
		if err != nil {
			return err
		}
		flips, err := change.Flips(until)
		change.Discard()
		if err != nil {
			return err
		}
		for _, f := range flips {
			q.add(f)
		}
		members = members[n:]
	}
	return nil
}

// difference lists who is in one state of the segments and not in the other, by member, then segment.
func difference(before, after []*roaring.Bitmap) []runtime.Crossing {
	heads := make([]roaring.IntPeekable, len(after))
	all := roaring.New()
	for i := range after {
		x := roaring.Xor(before[i], after[i])
		heads[i] = x.Iterator()
		all.Or(x)
	}
	var out []runtime.Crossing
	for it := all.Iterator(); it.HasNext(); {
		m := it.Next()
		for i, h := range heads {
			if h.HasNext() && h.PeekNext() == m {
				h.Next()
				out = append(out, runtime.Crossing{Member: m, Segment: i, Entered: after[i].Contains(m)})
			}
		}
	}
	return out
}

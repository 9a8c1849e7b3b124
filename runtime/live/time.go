package live

import (
	"container/heap"
	"context"
	"slices"

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

// due takes out the members whose flip is at an instant, by number.
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
	slices.Sort(out)
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

// noteNext tells readers of [Engine.nextChange].
func (e *Engine) noteNext() { e.next.Store(e.nextChange()) }

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
		e.next.Store(next)
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
	var prepared *dawn
	if midnight {
		prepared = e.takeDawn(ctx, at)
	}
	if prepared != nil {
		o.view = prepared.view
	} else {
		o.view = e.newView(e.prog, at)
	}
	if midnight {
		if err := o.due(); err != nil {
			return err
		}
	}
	if prepared != nil {
		if err := o.join(ctx, prepared); err != nil {
			o.takeBack()
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
	if prepared == nil {
		err = e.refillFlips(ctx, o.view)
	} else {
		prepared.inForce.Store(true)
		err = e.takeFlips(ctx, o.view, prepared.flips, o.touched)
	}
	if err != nil {
		return err
	}
	e.report(reported)
	return nil
}

// join puts what is due at midnight into a view that was prepared for it, and takes the cuts.
func (o *turnover) join(ctx context.Context, prepared *dawn) error {
	var due []uint32
	for n, m := range o.touched {
		if m.altered {
			due = append(due, n)
		}
	}
	if err := prepared.follow(ctx, due, o.now); err != nil {
		return err
	}
	return o.view.Recut(ctx)
}

// stand computes the segments of a view, and returns the cuts that it stands on.
func stand(ctx context.Context, view *runtime.View) (map[string][]ir.Cut, error) {
	cuts := make(map[string][]ir.Cut)
	for _, n := range view.Program().Ntiles {
		taken, err := view.Cuts(ctx, n)
		if err != nil {
			return nil, err
		}
		cuts[n.Hash] = taken
	}
	return cuts, view.Stand(ctx)
}

func (e *Engine) setCuts(cuts map[string][]ir.Cut) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.cuts = cuts
}

// refillFlips finds who changes by themselves before the day is over.
func (e *Engine) refillFlips(ctx context.Context, view *runtime.View) error {
	flips, err := e.findFlips(ctx, view)
	if err != nil {
		return err
	}
	return e.takeFlips(ctx, view, flips, nil)
}

// findFlips is when members change by themselves before the date changes. It may run beside the loop; members that change
// meanwhile have to be looked at again.
func (e *Engine) findFlips(ctx context.Context, view *runtime.View) ([]runtime.Flip, error) {
	e.mu.RLock()
	changed := make([]*resting, 0, len(e.overlay))
	for _, r := range e.overlay {
		changed = append(changed, r)
	}
	e.mu.RUnlock()
	differ := roaring.New()
	for _, r := range changed {
		differ.Add(r.number)
	}
	until := view.Program().Zone.NextDateChange(view.Now())
	all, err := view.Flips(ctx, until)
	if err != nil {
		return nil, err
	}
	out := slices.DeleteFunc(all, func(f runtime.Flip) bool { return differ.Contains(f.Member) })
	for some := range slices.Chunk(changed, flipsAtOnce) {
		members := make([]*member, len(some))
		for i, r := range some {
			members[i] = r.member()
		}
		of, err := e.flipsOf(ctx, view, members, until)
		if err != nil {
			return nil, err
		}
		out = append(out, of...)
	}
	return out, nil
}

// flipsOf is when some members change by themselves before an instant.
func (e *Engine) flipsOf(ctx context.Context, view *runtime.View, members []*member, until int64) (out []runtime.Flip, err error) {
	for some := range slices.Chunk(members, flipsAtOnce) {
		flips, err := view.FlipsOf(ctx, e.rowsBeside(some), until)
		if err != nil {
			return nil, err
		}
		out = append(out, flips...)
	}
	return out, nil
}

// flipsAtOnce is how many members are looked at as one block.
const flipsAtOnce = 1 << 15

// takeFlips makes flips those of the day, with the instants at which members are due and the flips of members that have
// changed since they were found.
func (e *Engine) takeFlips(ctx context.Context, view *runtime.View, flips []runtime.Flip, changed map[uint32]*member) error {
	until := e.prog.Zone.NextDateChange(view.Now())
	e.steps = runtime.Steps(e.prog, view.Now(), until)
	var again []*member
	for _, m := range changed {
		if m.altered {
			again = append(again, m)
		}
	}
	of, err := e.flipsOf(ctx, view, again, until)
	if err != nil {
		return err
	}
	q := calendarQueue(slices.DeleteFunc(append(flips, of...), func(f runtime.Flip) bool { return f.At <= e.clock }))
	for n, at := range e.dues {
		if at < until {
			q = append(q, runtime.Flip{Member: uint32(n), At: at})
		}
	}
	heap.Init(&q)
	e.flips = &q
	e.noteNext()
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

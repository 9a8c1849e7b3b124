package live

import (
	"context"
	goruntime "runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime"
)

// ahead is a view on its way into force, computed beside the loop while the standing one answers: that of edited rules, or
// that of the next local midnight. Members that change meanwhile are noted, and brought up to date in rounds; what is left
// of them then is little work for the step of the loop that puts the view in force.
type ahead struct {
	engine *Engine
	view   *runtime.View
	cuts   map[string][]ir.Cut
	flips  []runtime.Flip // until the date changes next, those of members as they were looked at last

	// changed are the members to be looked at again; engine.mu guards it.
	changed map[uint32]bool
	// mu is held while members are looked at.
	mu sync.Mutex
}

const (
	aheadChunk  = 1 << 12 // members that are brought up to date at once
	aheadFew    = 512     // members that may be left for the loop
	aheadRounds = 16
)

// lookAhead begins to note the members that change, in the loop.
func (e *Engine) lookAhead(view *runtime.View) *ahead {
	a := &ahead{engine: e, view: view, changed: make(map[uint32]bool)}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.aheads = append(e.aheads, a)
	return a
}

// drop ends the noting, in the loop.
func (a *ahead) drop() {
	a.engine.mu.Lock()
	defer a.engine.mu.Unlock()
	a.engine.aheads = slices.DeleteFunc(a.engine.aheads, func(other *ahead) bool { return other == a })
}

// note adds to what is to be looked at again; engine.mu is held.
func (e *Engine) note(number uint32) {
	for _, a := range e.aheads {
		a.changed[number] = true
	}
}

// computeBeside is compute beside the loop, to which it leaves a processor.
func (a *ahead) computeBeside(ctx context.Context) error {
	before := a.view.SetWorkers(goruntime.GOMAXPROCS(0) - 1)
	defer a.view.SetWorkers(before)
	return a.compute(ctx)
}

// compute makes the segments of the view, its cuts and its flips.
func (a *ahead) compute(ctx context.Context) (err error) {
	began := a.engine.opt.System()
	defer a.view.Disinherit()
	if a.cuts, err = stand(ctx, a.view); err != nil {
		return err
	}
	if a.flips, err = a.engine.findFlips(ctx, a.view); err == nil {
		a.engine.viewTook.Store(a.engine.opt.System() - began)
	}
	return err
}

// take returns the members to be looked at again.
func (a *ahead) take() []uint32 {
	a.engine.mu.Lock()
	defer a.engine.mu.Unlock()
	numbers := make([]uint32, 0, len(a.changed))
	for n := range a.changed {
		numbers = append(numbers, n)
	}
	a.changed = make(map[uint32]bool)
	slices.Sort(numbers)
	return numbers
}

// follow brings members of the view up to date at an instant.
func (a *ahead) follow(ctx context.Context, numbers []uint32, at int64) error {
	until := a.view.Program().Zone.NextDateChange(at)
	for first := true; first || len(numbers) > 0; first = false {
		n := min(len(numbers), aheadChunk)
		members := make([]*member, n)
		for i, number := range numbers[:n] {
			m, err := a.engine.current(number)
			if err != nil {
				return err
			}
			members[i] = m
		}
		if err := a.become(ctx, members, at, until); err != nil {
			return err
		}
		numbers = numbers[n:]
	}
	return nil
}

func (a *ahead) become(ctx context.Context, members []*member, at, until int64) error {
	change, err := a.view.Evaluate(ctx, a.engine.rowsBeside(members), at)
	if err != nil {
		return err
	}
	flips, err := change.Flips(until)
	if err != nil {
		change.Discard()
		return err
	}
	a.flips = append(a.flips, flips...)
	return change.Commit()
}

// catchUp looks at changed members again until few are left. at is the instant to look at them, 0 for the present one of
// the loop. It gives up when over is closed.
func (a *ahead) catchUp(ctx context.Context, at int64, over <-chan struct{}) error {
	for range aheadRounds {
		var numbers []uint32
		now := at
		taken := make(chan struct{})
		round := func(context.Context) {
			a.mu.Lock()
			if numbers = a.take(); at == 0 {
				now = a.engine.clock
			}
			close(taken)
		}
		select {
		case a.engine.control <- round:
			<-taken
		case <-over:
			return nil
		case <-a.engine.stop:
			return ErrClosed
		case <-ctx.Done():
			return ctx.Err()
		}
		err := a.follow(ctx, numbers, now)
		a.mu.Unlock()
		if err != nil || len(numbers) < aheadFew {
			return err
		}
	}
	return nil
}

// dawn is the view of the next local midnight, on its way.
type dawn struct {
	*ahead
	prog     *ir.Program
	at       int64
	cancel   context.CancelFunc
	over     chan struct{} // closed when the loop has no more use for the goroutine
	computed chan struct{} // closed when the view is there, or err is set
	ended    chan struct{}
	err      error
	inForce  atomic.Bool
}

// Before a midnight its view is begun early enough to be there in time: a multiple of the time that computing a view took
// last, within bounds.
const (
	dawnFactor = 4
	dawnLeast  = 10 * calendar.Second
	dawnMost   = 20 * calendar.Minute
)

// prepareDawn starts to compute the view of the next midnight, if that is near and nobody has yet. In the loop.
func (e *Engine) prepareDawn(ctx context.Context) {
	if e.dawn != nil || e.store.Clock().Pinned {
		return
	}
	at := e.nextDate()
	lead := max(min(max(dawnFactor*e.viewTook.Load(), dawnLeast), dawnMost), e.opt.dawn)
	if left := at - e.now(); left <= 0 || left > lead {
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	d := &dawn{
		prog: e.prog, at: at, cancel: cancel,
		over: make(chan struct{}), computed: make(chan struct{}), ended: make(chan struct{}),
	}
	d.ahead = e.lookAhead(e.viewWith(e.prog, at, func(n *ir.Ntile, now int64) ([]ir.Cut, int64, bool) {
		if !d.inForce.Load() { // recorded are those of the day before
			return nil, now, false
		}
		return e.recordedCuts(n, now)
	}))
	e.dawn = d
	go d.run(ctx)
}

func (d *dawn) run(ctx context.Context) {
	defer close(d.ended)
	d.err = d.computeBeside(ctx)
	close(d.computed)
	pause := time.NewTicker(time.Second)
	defer pause.Stop()
	for d.err == nil {
		if d.err = d.catchUp(ctx, d.at, d.over); d.err != nil {
			return
		}
		select {
		case <-pause.C:
		case <-d.over:
			return
		}
	}
}

// takeDawn returns the view of a midnight, brought up to date, if it was prepared; nil if it was not. In the loop.
func (e *Engine) takeDawn(ctx context.Context, at int64) *dawn {
	d := e.dawn
	if d == nil {
		return nil
	}
	if d.at != at || d.prog != e.prog {
		e.dropDawn()
		return nil
	}
	<-d.computed
	close(d.over)
	<-d.ended
	e.dawn = nil
	d.drop()
	if d.err != nil || d.follow(ctx, d.take(), at) != nil {
		return nil
	}
	return d
}

// dropDawn gives up a view that is on its way. In the loop.
func (e *Engine) dropDawn() {
	d := e.dawn
	if d == nil {
		return
	}
	e.dawn = nil
	d.cancel()
	close(d.over)
	<-d.ended
	d.drop()
}

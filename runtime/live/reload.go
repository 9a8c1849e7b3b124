package live

import (
	"context"
	"slices"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime"
)

// Reloaded tells what a reload did.
type Reloaded struct {
	// Same is set where the new rule set means what the old one does: nothing was computed or swapped.
	Same bool
	// Crossings is how many members entered or left segments that the edit changed. Members of a segment that is new are
	// not among them, nor those of one that is gone.
	Crossings int
}

// Reload puts another rule set in force. The old one answers until the new one's segments are computed; members that
// change meanwhile are brought up to date before the swap, which is one step of the apply loop. Crossings that the edit
// causes have the cause "rules". On an error the old rule set stays.
func (e *Engine) Reload(ctx context.Context, prog *ir.Program) (Reloaded, error) {
	e.reloading.Lock()
	defer e.reloading.Unlock()
	if err := followable(prog); err != nil {
		return Reloaded{}, err
	}
	r := &reload{engine: e, prog: prog}
	var err error
	r.before = append([]*ir.Program{e.View().Program()}, e.opt.Before...)
	if r.conducting, err = conductingOf(prog, r.before); err != nil {
		return Reloaded{}, err
	}
	for r.tries = reloadTries; ; r.tries-- {
		if err := e.inLoop(ctx, r.begin); err != nil {
			return Reloaded{}, err
		}
		if r.out.Same {
			return r.out, nil
		}
		if err = r.computeBeside(ctx); err == nil {
			err = r.catchUp(ctx, 0, nil)
		}
		finish := e.inLoop(context.WithoutCancel(ctx), func(ctx context.Context) error { return r.finish(ctx, err) })
		switch {
		case finish != nil:
			return Reloaded{}, finish
		case err != nil || r.done:
			return r.out, err
		}
	}
}

// reloadTries is how often a reload is computed beside the loop while a midnight or the like comes between; then it holds
// the loop.
const reloadTries = 3

// inLoop runs f between two groups of the apply loop.
func (e *Engine) inLoop(ctx context.Context, f func(context.Context) error) error {
	done := make(chan error, 1)
	select {
	case e.control <- func(ctx context.Context) { done <- f(ctx) }:
	case <-e.stop:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-done:
		return err
	case <-e.stopped:
		return ErrClosed
	}
}

// reload is one edit of the rules on its way into force.
type reload struct {
	engine *Engine
	prog   *ir.Program
	out    Reloaded

	conducting conducting
	before     []*ir.Program

	*ahead
	at    int64       // of the view, when it was begun
	same  map[int]int // segments that mean what they meant, by the numbers of both rule sets
	tries int         // that are left
	done  bool
}

// begin starts to note which members change, in the loop.
func (r *reload) begin(ctx context.Context) error {
	e := r.engine
	if err := e.passTo(ctx, e.now()); err != nil { // cuts are taken of what is so by now
		return err
	}
	if e.prog.Hash == r.prog.Hash {
		r.out.Same = true
		return nil
	}
	if err := r.known(); err != nil {
		return err
	}
	r.at = e.clock
	r.ahead = e.lookAhead(r.begun(r.at))
	return nil
}

// known makes the engine know the attributes and fields of the new rules.
func (r *reload) known() error {
	e := r.engine
	e.mu.Lock()
	defer e.mu.Unlock()
	// New attributes and fields are stored as the new rules say; what is stored already keeps its kind.
	kinds, err := e.kinds.with(kindsOf(r.prog, e.base.now.Load().schema))
	if err != nil {
		return err
	}
	if err := e.indexIDs(r.prog); err != nil {
		return err
	}
	e.kinds = kinds
	return nil
}

// late reports whether something has changed for everybody since the view was begun.
func (r *reload) late() bool {
	e := r.engine
	zone := r.prog.Zone
	return zone.DateOf(r.at) != zone.DateOf(e.clock) || len(runtime.Steps(r.prog, r.at, e.clock)) > 0
}

// finish brings the new view up to the present and puts it in force, in the loop. failed is the error of computing it.
func (r *reload) finish(ctx context.Context, failed error) error {
	e := r.engine
	now, err := e.now(), failed
	if err == nil {
		err = e.passTo(ctx, now)
	}
	late := r.late()
	again := late && r.tries > 0
	if err == nil && !again {
		err = e.stopRuns(ctx, r.prog)
	}
	r.drop()
	switch {
	case err != nil || again:
		return err
	case late:
		r.view = r.begun(now)
		err = r.compute(ctx)
	default:
		err = r.follow(ctx, append(r.take(), r.flipped(now)...), now)
	}
	if err != nil {
		return err
	}
	crossings, err := r.crossings(ctx, now)
	if err != nil {
		return err
	}
	if err := e.journal(entry{Clock: now, Cuts: runtime.EncodeCuts(r.cuts, now)}, crossings); err != nil {
		return err
	}
	old := e.prog
	e.clock, e.prog, e.conducting, e.idOrder, e.opt.Before = now, r.prog, r.conducting, idOrder(r.prog), r.before
	e.setCuts(r.cuts)
	e.view.Store(r.view)
	if old.Programme != r.prog.Programme { // else what members have coming to them stays
		if err := e.recount(ctx, r.view); err != nil {
			return err
		}
	}
	e.dropDawn()
	r.out.Crossings, r.done = len(crossings), true
	if err := e.takeFlips(ctx, r.view, r.flips, nil); err != nil {
		return err
	}
	e.report(crossings)
	return e.includeExisting(ctx, old)
}

// begun is a view of the new rules at the instant of the present one, from which it takes over what means the same.
func (r *reload) begun(at int64) *runtime.View {
	view := r.engine.newView(r.prog, at)
	r.same = view.Inherit(r.engine.View())
	return view
}

// flipped are the members that have changed by themselves since the view was begun, up to an instant.
func (r *reload) flipped(by int64) (numbers []uint32) {
	for _, f := range r.flips {
		if f.At <= by {
			numbers = append(numbers, f.Member)
		}
	}
	return numbers
}

// crossings lists who is on other sides of segments that both rule sets have.
func (r *reload) crossings(ctx context.Context, at int64) ([]Crossing, error) {
	e := r.engine
	var now, earlier []int
	for i, s := range r.prog.Segments {
		j := slices.IndexFunc(e.prog.Segments, func(o *ir.Segment) bool { return o.Name == s.Name })
		if _, same := r.same[i]; j >= 0 && !same {
			now, earlier = append(now, i), append(earlier, j)
		}
	}
	before, err := e.View().SegmentsOf(ctx, earlier)
	if err != nil {
		return nil, err
	}
	after, err := r.view.SegmentsOf(ctx, now)
	if err != nil {
		return nil, err
	}
	crossings := difference(before, after)
	for i, c := range crossings {
		crossings[i].Segment = now[c.Segment]
	}
	return e.named(r.prog, crossings, at, "rules"), nil
}

package live

import (
	"context"
	"time"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime"
)

// loop is the only goroutine that changes the state.
func (e *Engine) loop(ctx context.Context) {
	defer close(e.stopped)
	for {
		timer := time.NewTimer(e.untilNext())
		select {
		case s := <-e.queue:
			e.group(ctx, e.gather(s))
		case <-timer.C:
			e.tick(ctx)
		case f := <-e.control:
			f(ctx)
		case f := <-e.folds:
			f()
		case <-e.stop:
			timer.Stop()
			e.drain(ctx)
			e.dropDawn()
			e.lastCheckpoint(ctx)
			return
		}
		timer.Stop()
		e.checkpointIfDue(ctx)
		e.prepareDawn(ctx)
	}
}

// untilNext is how long to sleep if nothing arrives: until the next instant at which something changes by itself.
func (e *Engine) untilNext() time.Duration {
	const most = time.Second // the clock may be set, or pinned elsewhere
	if e.ailing || e.store.Clock().Pinned {
		return most
	}
	return min(most, max(0, time.Duration(e.nextChange()-e.opt.System())*time.Microsecond))
}

// gather adds what else is waiting to a submission, up to the size of a group.
func (e *Engine) gather(first *submission) []*submission {
	out, n := []*submission{first}, len(first.inputs)
	for n < e.opt.Group {
		select {
		case s := <-e.queue:
			out = append(out, s)
			n += len(s.inputs)
		default:
			return out
		}
	}
	return out
}

// drain answers what was handed over before the stop.
func (e *Engine) drain(ctx context.Context) {
	for {
		select {
		case s := <-e.queue:
			e.group(ctx, e.gather(s))
		default:
			return
		}
	}
}

// tick lets time pass when nothing arrives.
func (e *Engine) tick(ctx context.Context) {
	err := e.passTo(ctx, e.now())
	e.feed.fault(timeFault, err)
	e.ailing = err != nil
}

// group takes submissions into the state as one journal entry and answers them.
func (e *Engine) group(ctx context.Context, subs []*submission) {
	e.groups.Add(1)
	outcomes, err := e.take(ctx, subs)
	for i, s := range subs {
		if err != nil {
			s.done <- answer{err: err}
			continue
		}
		s.done <- answer{outcomes: outcomes[i], kept: s.kept, again: s.again, err: s.refused}
	}
}

// inputsAtOnce is after how many inputs others may run.
const inputsAtOnce = 16

func (e *Engine) take(ctx context.Context, subs []*submission) ([][]Outcome, error) {
	now := e.now()
	if err := e.passTo(ctx, now); err != nil {
		return nil, err
	}
	if err := e.settle(); err != nil { // an answer may rest on what time has brought
		return nil, err
	}
	g, kept := e.newGroup(ctx, now), &receipts{engine: e, byKey: make(map[[32]byte]int)}
	outcomes := make([][]Outcome, len(subs))
	inputs := 0
	for _, s := range subs {
		inputs += len(s.inputs)
	}
	g.accepted = make([]Input, 0, inputs)
	for i, s := range subs {
		if done, err := kept.find(s); err != nil {
			g.discard()
			return nil, err
		} else if done {
			continue
		}
		outcomes[i] = make([]Outcome, 0, len(s.inputs))
		for k, in := range s.inputs {
			if k%inputsAtOnce == inputsAtOnce-1 {
				runtime.GiveWay()
			}
			out, err := g.take(in)
			if err != nil {
				g.discard()
				return nil, err
			}
			outcomes[i] = append(outcomes[i], out)
		}
		kept.give(s, outcomes[i])
	}
	if len(g.accepted) == 0 && len(kept.given) == 0 {
		g.discard()
		return outcomes, nil
	}
	runtime.GiveWay()
	if err := g.run(); err != nil {
		g.discard()
		return nil, err
	}
	crossings := g.reported("input")
	runtime.GiveWay()
	en := g.entry()
	en.receipts = kept.given
	if err := e.journal(en, crossings); err != nil {
		g.discard()
		return nil, err
	}
	if err := e.commit(g, crossings); err != nil {
		return nil, err
	}
	return outcomes, e.unsure
}

// entry is the group as the journal has it.
func (g *group) entry() entry {
	return entry{
		Clock: g.now, Inputs: g.accepted, Outcomes: g.outcomes, Stamp: g.stamps.Last, conflicts: g.conflicts, erased: g.erased, messages: g.messages,
	}
}

// discard drops a group that does not take effect.
func (g *group) discard() { g.changes.Discard() }

// settle makes sure that what the state has taken in is on the disk, and reports the crossings that waited for it.
func (e *Engine) settle() error {
	if e.unsure == nil {
		return nil
	}
	if err := e.opt.settle(); err != nil {
		return err
	}
	e.unsure = nil
	e.feed.publish(e.held)
	e.held = nil
	return nil
}

// report publishes crossings, now or when it is sure that they are on the disk.
func (e *Engine) report(crossings []Crossing) {
	if e.unsure != nil {
		e.held = append(e.held, crossings...)
		return
	}
	e.feed.publish(crossings)
}

// commit makes what is durable the present state.
func (e *Engine) commit(g *group, crossings []Crossing) error {
	flips, err := g.changes.Flips(e.nextDate())
	if err != nil {
		g.discard()
		return e.fail("what was accepted is safe, but could not be applied", err)
	}
	if len(g.changes) == 0 { // an answer was written, of no member: time goes on all the same
		still, err := g.view.Evaluate(g.ctx, e.rows(nil), g.now)
		if err != nil {
			return e.fail("what was accepted is safe, but could not be applied", err)
		}
		g.changes = changes{{Change: still}}
	}
	e.adopt(g)
	e.clock = g.now
	if err := g.changes.Commit(); err != nil {
		return e.fail("what was accepted is safe, but could not be applied", err)
	}
	for _, f := range flips {
		e.flips.add(f)
	}
	e.noteNext()
	e.report(crossings)
	return nil
}

// named numbers crossings and names their segments.
func (e *Engine) named(prog *ir.Program, in []runtime.Crossing, at int64, cause string) []Crossing {
	out := make([]Crossing, len(in))
	for i, c := range in {
		out[i] = Crossing{
			Seq: e.crossed + uint64(i) + 1, Segment: prog.Segments[c.Segment].Name, Member: c.Member,
			Entered: c.Entered, At: at, Cause: cause,
		}
	}
	return out
}

package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"sync"

	"github.com/klauspost/compress/s2"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime"
	"github.com/muster-engine/muster/storage"
)

// entry is one group commit as the journal has it: what was accepted, and the clock. Playing entries back in order
// gives the same state.
type entry struct {
	Clock  int64
	Inputs []Input
	Cuts   map[string]storage.Cuts // of ntiles, taken at Clock
	// Outcomes are what followed from the inputs, in their order. Stamp is the last that was given.
	Outcomes []outcome
	Stamp    int64

	// These are written beside it, and not played back.
	receipts  []storage.Receipt
	messages  []storage.Message
	conflicts []storage.Conflict
	erased    storage.Erasure
}

// journal writes an entry and what it reports, durably. Of an entry that is written and may not be on the disk e.unsure
// tells; the state has to follow it all the same.
func (e *Engine) journal(en entry, crossings []Crossing) error {
	record, err := encodeEntry(en)
	if err != nil {
		return err
	}
	out := storage.JournalEntry{Seq: e.seq + 1, Record: record, Receipts: en.receipts, Messages: en.messages, Conflicts: en.conflicts, Erased: en.erased}
	if len(crossings) > 0 {
		reported, err := json.Marshal(crossings)
		if err != nil {
			return err
		}
		out.Crossings, out.FirstCrossing = squeezed(reported), crossings[0].Seq
	}
	err = e.opt.append(out)
	if errors.Is(err, storage.ErrUnsure) {
		e.unsure = err
	} else if err != nil {
		return err
	}
	e.seq++
	e.journalled += len(out.Record)
	e.noted = en.Clock
	e.crossed += uint64(len(crossings))
	return nil
}

// recover plays the journal back and makes the view of the last instant that was reached.
func (e *Engine) recover(ctx context.Context) error {
	e.clock = e.store.Clock().Now(e.opt.System())
	if seq, clock := e.store.Checkpointed(); seq > 0 {
		e.seq, e.clock, e.noted = seq, clock, clock
	}
	e.stamps.Last = e.store.LastStamp()
	recorded, err := e.store.Cuts()
	if err != nil {
		return err
	}
	cuts := runtime.DecodeCuts(e.prog, recorded)
	replayed := false
	err = e.store.Journal(func(seq uint64, record []byte) error {
		en, err := decodeEntry(record)
		if err != nil {
			return fmt.Errorf("journal entry %d cannot be read: %w", seq, err)
		}
		e.seq, replayed = seq, true
		e.journalled += len(record)
		e.noted = en.Clock
		e.clock = en.Clock
		if en.Cuts != nil {
			cuts = runtime.DecodeCuts(e.prog, en.Cuts)
		}
		return e.replay(en)
	})
	if err != nil {
		return err
	}
	if err := e.lastCrossing(); err != nil {
		return err
	}
	if e.tills, err = e.countCodes(); err != nil {
		return err
	}
	e.setCuts(cuts)
	first := &ahead{engine: e, view: e.newView(e.prog, e.clock)}
	if err := first.compute(ctx); err != nil {
		return err
	}
	cuts = first.cuts
	e.setCuts(cuts)
	e.view.Store(first.view)
	if err := e.recount(ctx, first.view); err != nil {
		return err
	}
	if err := e.takeFlips(ctx, first.view, first.flips, nil); err != nil {
		return err
	}
	if !replayed { // a first entry fixes the clock and the cuts that later ones stand on
		if err := e.journal(entry{Clock: e.clock, Cuts: e.encodeCuts(cuts)}, nil); err != nil {
			return err
		}
	}
	if err := e.passTo(ctx, e.now()); err != nil {
		return err
	}
	return e.includeAtStart(ctx)
}

// replay takes an entry's inputs, and what followed from them, into the state without evaluating anyone.
func (e *Engine) replay(en entry) error {
	g := e.newGroup(context.Background(), en.Clock)
	g.replaying, g.stamps.Last = true, max(g.stamps.Last, en.Stamp)
	rest, err := g.replayOutcomes(en.Outcomes, 0)
	if err != nil {
		return err
	}
	for i, in := range en.Inputs {
		out, err := g.take(in)
		if err != nil {
			return err
		}
		if out.Status != Accepted {
			return fmt.Errorf("an input that was accepted is not when it is read back: %s", out.Reason)
		}
		if in.Kind == Event { // perhaps of rules that are not in force any more
			e.kinds.learnFields(in.Type, maps.All(in.Values))
		}
		if rest, err = g.replayOutcomes(rest, i+1); err != nil {
			return err
		}
	}
	e.adopt(g)
	return nil
}

// lastCrossing finds how many crossings have been reported.
func (e *Engine) lastCrossing() error {
	const end = 1<<63 - 2
	return e.store.Crossings(end, func(_ uint64, record []byte) (bool, error) {
		list, err := decodeCrossings(record)
		if err == nil && len(list) > 0 {
			e.crossed = list[len(list)-1].Seq
			e.feed.last = e.crossed
		}
		return true, err
	})
}

func decodeCrossings(record []byte) ([]Crossing, error) {
	raw, err := s2.Decode(nil, record)
	if err != nil {
		return nil, fmt.Errorf("a record of crossings cannot be read: %w", err)
	}
	var out []Crossing
	if err := json.Unmarshal(raw, &out); err != nil {
		return nil, fmt.Errorf("a record of crossings cannot be read: %w", err)
	}
	return out, nil
}

// Crossings returns reported crossings after a number, at most limit of them, oldest first.
func (e *Engine) Crossings(after uint64, limit int) ([]Crossing, error) {
	var out []Crossing
	last := e.feed.reported()
	err := e.store.Crossings(after, func(first uint64, record []byte) (bool, error) {
		list, err := decodeCrossings(record)
		for _, c := range list {
			if c.Seq > after && c.Seq <= last && len(out) < limit {
				out = append(out, c)
			}
		}
		return len(out) < limit && first <= last, err
	})
	return out, err
}

// Await returns when a crossing after the given number has been reported, or with the context's error.
func (e *Engine) Await(ctx context.Context, after uint64) error { return e.feed.await(ctx, after) }

func (e *Engine) encodeCuts(cuts map[string][]ir.Cut) map[string]storage.Cuts {
	return runtime.EncodeCuts(cuts, e.clock)
}

// feed wakes who waits for crossings.
type feed struct {
	mu      sync.Mutex
	last    uint64
	changed chan struct{}
	faults  [faultSources]error
}

// faultSource is what may go wrong without a submission that could be told.
type faultSource int

const (
	timeFault faultSource = iota
	checkpointFault
	faultSources
)

func newFeed() *feed { return &feed{changed: make(chan struct{})} }

func (f *feed) publish(crossings []Crossing) {
	if len(crossings) == 0 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last = crossings[len(crossings)-1].Seq
	close(f.changed)
	f.changed = make(chan struct{})
}

// reported is the number of the last crossing.
func (f *feed) reported() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last
}

// fault keeps the error of the last try of something that no submission is told of, nil if it went well.
func (f *feed) fault(source faultSource, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults[source] = err
}

func (f *feed) await(ctx context.Context, after uint64) error {
	for {
		f.mu.Lock()
		last, changed := f.last, f.changed
		f.mu.Unlock()
		if last > after {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

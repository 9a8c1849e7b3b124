package live

import (
	"context"
	"errors"

	"github.com/muster-engine/muster/storage"
)

// Amend takes inputs into a store that no engine keeps, all in one step, and with them what a journal has left: nothing is
// reported, no time passes, and nothing follows from them. It returns their outcomes when all is in the columns; what was
// erased is then out of the file as well.
func Amend(ctx context.Context, opt Options, inputs []Input) ([]Outcome, error) {
	e, err := newEngine(opt)
	if err != nil {
		return nil, err
	}
	e.stamps.Last = e.store.LastStamp()
	e.seq, e.noted = e.store.Checkpointed()
	err = e.store.Journal(func(seq uint64, record []byte) error {
		en, err := decodeEntry(record)
		if err != nil {
			return err
		}
		e.seq, e.noted = seq, en.Clock
		return e.replay(en)
	})
	if err != nil {
		return nil, err
	}
	g := e.newGroup(ctx, max(e.noted, e.store.Clock().Now(opt.System())))
	g.replaying = true
	var outcomes []Outcome
	for _, in := range inputs {
		out, err := g.take(in)
		if err != nil {
			return nil, err
		}
		outcomes = append(outcomes, out)
	}
	e.adopt(g)
	if len(e.overlay) > 0 {
		c := e.newCheckpoint()
		c.conflicts, c.erased = g.conflicts, g.erased
		if err := c.amend(ctx); err != nil {
			return nil, err
		}
	}
	if e.store.ScrubDue() {
		return outcomes, e.store.Scrub(ctx)
	}
	return outcomes, nil
}

// amend carries a checkpoint out where nothing goes on beside it.
func (c *checkpoint) amend(ctx context.Context) error {
	bulk, err := c.write(ctx)
	if err != nil && !errors.Is(err, storage.ErrUnsure) {
		return err
	}
	return errors.Join(c.engine.store.Settle(), bulk.Clean())
}

// Joined is a member that became part of another.
type Joined struct{ Absorbed, Survivor uint32 }

// MergeEntry is an entry of the journal by which members become part of others when it is read back ([Amend] does): what a
// bulk import leaves that has found members to be one. The merges are in order.
func MergeEntry(clock int64, merges []Joined) ([]byte, error) {
	en := entry{Clock: clock}
	for _, m := range merges {
		en.Inputs = append(en.Inputs, Input{Kind: Attributes, Whose: &Whose{Member: m.Survivor, Absorbed: []uint32{m.Absorbed}}})
	}
	return encodeEntry(en)
}

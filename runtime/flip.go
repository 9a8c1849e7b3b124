package runtime

import (
	"context"
	"math"
	"sync"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/vector"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// Flip is an instant at which something of a member can change by itself.
type Flip struct {
	Member uint32
	At     int64
}

// Never is the flip of a member for whom nothing changes by itself.
const Never = math.MaxInt64

// flips sets out[i] to the first instant after now at which something of row i can change, if that is earlier than what is
// there. until is at most the next change of the date.
func (b *block) flips(c *clockwork, until int64, out []int64) {
	now := b.at.clock.Now
	for event := range c.events {
		h, err := b.view.data.History(b.view.prog.Events[event].Name, b.no)
		vector.Fail(err)
		if h == nil {
			continue
		}
		at, err := h.At()
		vector.Fail(err)
		starts := h.Starts()
		longest := int64(0)
		for _, w := range c.spans[event] {
			longest = max(longest, w)
		}
		for i := 0; i+1 < len(starts) && i < len(out); i++ {
			for r := int(starts[i+1]) - 1; r >= int(starts[i]); r-- {
				t := at.Int(r)
				if t > now {
					out[i] = min(out[i], t)
					continue
				}
				if t <= now-longest {
					break
				}
				for _, w := range c.spans[event] {
					if t+w > now {
						out[i] = min(out[i], t+w)
					}
				}
			}
		}
	}
	for _, n := range c.hours {
		x := b.evaluate(n.Args[0])
		for i := range min(len(out), x.N) {
			if x.IsKnown(i) {
				out[i] = min(out[i], nextHour(n.Op, x.I[i], now))
			}
		}
	}
	clocks := c.clocks(now, until)
	for k, m := range c.meets {
		if clocks[k] == nil {
			continue
		}
		x := b.evaluate(m.time)
		for i := range min(len(out), x.N) {
			if x.IsKnown(i) {
				out[i] = min(out[i], m.next(clocks[k], x.I[i], now, until))
			}
		}
	}
	for _, t := range c.manual {
		set, err := b.view.data.Attribute(storage.ManualPrefix+t.Name+storage.ManualAtSuffix, b.no)
		vector.Fail(err)
		for i := range out {
			if v := set.Value(i); v.Kind == column.Ints {
				if end := b.at.clock.Zone.Lapse(v.Int, t.For.N, t.For.Unit); end > now {
					out[i] = min(out[i], end)
				}
			}
		}
	}
}

// nextHour is the first instant after now at which the full hours since or until x are other than at now.
func nextHour(op ir.Op, x, now int64) int64 {
	const hour = 3600 * 1_000_000
	d := now - x
	full := d / hour
	if d%hour != 0 && d < 0 {
		full--
	}
	if op == ir.OpHoursSince {
		return x + (full+1)*hour
	}
	// floor((x - now) / h) falls just after now passes x - k·h
	left := x - now
	k := left / hour
	if left%hour != 0 && left < 0 {
		k--
	}
	return x - k*hour + 1
}

// clockwork is what of the view's program moves.
func (v *View) clockwork() *clockwork {
	if v.upkeep != nil && v.upkeep.work != nil {
		return v.upkeep.work
	}
	return clockworkOf(v.prog)
}

// Flips returns the flips of the changed members up to an instant, at most the next change of the date.
func (c *Change) Flips(until int64) ([]Flip, error) {
	if c.small == nil {
		return nil, nil
	}
	var out []Flip
	err := c.small.with(func() {
		numbers := c.small.rows.Numbers()
		at := make([]int64, len(numbers))
		for i := range at {
			at[i] = Never
		}
		c.small.block.flips(c.view.clockwork(), until, at)
		for i, t := range at {
			if t <= until {
				out = append(out, Flip{numbers[i], t})
			}
		}
	})
	return out, err
}

// FlipsOf returns the flips of members whose present state rows are, up to an instant, at most the next change of the date.
func (v *View) FlipsOf(ctx context.Context, rows Rows, until int64) ([]Flip, error) {
	if len(rows.Numbers()) == 0 {
		return nil, nil
	}
	small, err := v.evaluateRows(ctx, rows, v.Now())
	if err != nil {
		return nil, err
	}
	c := &Change{view: v, small: small}
	defer c.Discard()
	return c.Flips(until)
}

// Flips returns, for every member of the engine's data, the first instant after now at which something can change by
// itself, if that is not after until, which is at most the next change of the date. Members that have changed beside the
// data are not looked at. What changes for everybody at once is not among them: see [Steps].
func (v *View) Flips(ctx context.Context, until int64) ([]Flip, error) {
	work := v.clockwork()
	var mu sync.Mutex
	var out []Flip
	err := v.each(ctx, func(_ *worker, b *block) error {
		at := make([]int64, b.members)
		for i := range at {
			at[i] = Never
		}
		b.flips(work, until, at)
		mu.Lock()
		defer mu.Unlock()
		for i, t := range at {
			if t <= until {
				out = append(out, Flip{uint32(b.number(i)), t})
			}
		}
		return nil
	})
	return out, err
}

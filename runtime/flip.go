package runtime

import (
	"context"
	"math"
	"sync"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
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

// clockwork is what of a program moves with the clock within a local day. What depends on the date alone moves when the
// date changes, for everybody.
type clockwork struct {
	events map[int]bool    // types whose events can lie after now
	spans  map[int][]int64 // by event type: lengths of windows of hours and minutes, in microseconds
	hours  []*ir.Node      // hours since and until
	manual []*ir.Tag       // tags that lapse after hours
	direct *ir.Node        // an expression that reads the clock in another way, if there is one
}

// MovesWithin returns an expression of the program that reads the clock in a way that a standing view cannot follow
// within a day: anything with now but hours since, hours until and windows. Nil if there is none.
func MovesWithin(p *ir.Program) *ir.Node { return clockworkOf(p).direct }

func clockworkOf(p *ir.Program) *clockwork {
	c := &clockwork{events: map[int]bool{}, spans: map[int][]int64{}}
	seen := make(map[*ir.Node]bool)
	for _, t := range p.Tags {
		if t.Manual && t.For != nil && elapsed(t.For.Unit) > 0 {
			c.manual = append(c.manual, t)
		}
		if t.Expr != nil {
			c.read(t.Expr, seen)
		}
	}
	for _, s := range p.Segments {
		c.read(s.Expr, seen)
	}
	for _, a := range p.Slots {
		c.events[a.Event] = true
		if w := elapsed(a.Window.Unit); w > 0 && a.Window.Kind == dsl.InLast {
			c.spans[a.Event] = append(c.spans[a.Event], a.Window.N*w)
		}
		for _, n := range []*ir.Node{a.Value, a.Where, a.By} {
			if n != nil {
				c.read(n, seen)
			}
		}
	}
	return c
}

// elapsed is the length of a unit that is counted by the clock and not by the calendar, in microseconds; else 0.
func elapsed(u dsl.Unit) int64 {
	switch u {
	case dsl.Minute:
		return 60 * 1_000_000
	case dsl.Hour:
		return 3600 * 1_000_000
	}
	return 0
}

func (c *clockwork) read(n *ir.Node, seen map[*ir.Node]bool) {
	if seen[n] {
		return
	}
	seen[n] = true
	switch n.Op {
	case ir.OpHoursSince, ir.OpHoursUntil:
		c.hours = append(c.hours, n)
	case ir.OpNow:
		c.direct = n
	}
	for _, a := range n.Args {
		c.read(a, seen)
	}
}

// flips sets out[i] to the first instant after now at which something of row i can change within the day, if that is
// earlier than what is there.
func (b *block) flips(c *clockwork, out []int64) {
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

// Flips returns the flips of the changed members up to an instant.
func (c *Change) Flips(until int64) ([]Flip, error) {
	if c.small == nil {
		return nil, nil
	}
	work := clockworkOf(c.view.prog)
	var out []Flip
	err := c.small.with(func() {
		numbers := c.small.rows.Numbers()
		at := make([]int64, len(numbers))
		for i := range at {
			at[i] = Never
		}
		c.small.block.flips(work, at)
		for i, t := range at {
			if t <= until {
				out = append(out, Flip{numbers[i], t})
			}
		}
	})
	return out, err
}

// Flips returns, for every member of the engine's data, the first instant after now at which something can change by
// itself, if that is not after until. Members that have changed beside the data are not looked at.
func (v *View) Flips(ctx context.Context, until int64) ([]Flip, error) {
	work := clockworkOf(v.prog)
	var mu sync.Mutex
	var out []Flip
	err := v.each(ctx, func(_ *worker, b *block) error {
		at := make([]int64, b.members)
		for i := range at {
			at[i] = Never
		}
		b.flips(work, at)
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

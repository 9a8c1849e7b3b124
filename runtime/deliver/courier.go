package deliver

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/storage"
)

// courier hands the messages of one sink over. All but its flights run in one goroutine.
type courier struct {
	sink   *ir.Sink
	prog   *ir.Program
	target target
	store  Store
	acks   *acks
	clock  Clock
	policy Policy
	log    *slog.Logger

	stopping chan struct{} // no more tries
	stopped  chan struct{}
	cut      context.CancelFunc // cuts off those that are under way
	kick     chan struct{}

	hand    []*letter // in order
	read    uint64    // the last that was read
	flights int
	landed  chan flight
	limit   bucket
	// failures counts those on end; pause is until when nothing is tried.
	failures int
	pause    time.Time

	mu      sync.Mutex
	retried int64
	trouble string // why the last try failed; "" after one that did not
	down    bool
	since   time.Time // since when there is trouble
}

// flight is one call of the target.
type flight struct {
	letters []*letter
	down    bool // the sink did not work when it began
	err     error
}

// run hands messages over until it is told to stop, and ends when the last try has.
func (c *courier) run() {
	defer close(c.stopped)
	ctx, cut := context.WithCancel(context.Background())
	defer cut()
	c.mu.Lock()
	c.cut = cut
	c.mu.Unlock()
	c.landed = make(chan flight)
	poll := true
	for {
		if poll && len(c.hand) < c.policy.Window/2 {
			c.fill()
		}
		wait := c.launch(ctx)
		poll = false
		select {
		case f := <-c.landed:
			if c.land(ctx, f); len(c.hand) < c.policy.Window/2 {
				poll = true
			}
		case <-c.clock.After(min(wait, c.policy.Poll)):
			poll = true
		case <-c.kick:
			poll = true
		case <-c.stopping:
			for c.flights > 0 {
				c.land(ctx, <-c.landed)
			}
			return
		}
	}
}

// fill reads messages that wait.
func (c *courier) fill() {
	some, err := c.store.Pending(c.sink.Name, c.read, c.policy.Window-len(c.hand))
	if err != nil {
		c.note("the outbox cannot be read: "+err.Error(), false)
		c.pause = c.clock.Now().Add(time.Second)
		return
	}
	for _, m := range some {
		c.read = m.Seq
		l, err := newLetter(c.prog, m)
		if err != nil {
			c.bury(context.Background(), &letter{Message: m}, "it cannot be written as JSON")
			continue
		}
		c.hand = append(c.hand, l)
	}
}

// launch begins what may be tried now, and returns how long until more may be.
func (c *courier) launch(ctx context.Context) (wait time.Duration) {
	letters, atOnce := c.target.room()
	for c.flights < atOnce {
		now := c.clock.Now()
		if d := c.pause.Sub(now); d > 0 {
			return d
		}
		down := c.failures >= c.policy.DownAfter
		if down {
			letters, atOnce = 1, 1
			if c.flights > 0 {
				return time.Hour
			}
		}
		some, wait := c.pick(now, letters, down)
		if len(some) == 0 {
			return wait
		}
		if d := c.limit.take(now); d > 0 {
			return d
		}
		if some = c.wanted(some); len(some) == 0 {
			continue
		}
		for _, l := range some {
			l.flying = true
			if l.asked++; l.asked == 1 {
				l.first = now
			}
		}
		c.flights++
		go func() {
			c.landed <- flight{some, down, c.target.hand(ctx, some)}
		}()
	}
	return time.Hour
}

// pick chooses letters that may be tried: each the earliest of its member that is in hand, unless those before are chosen
// with it. If the sink does not work that which was tried least is, so that one that is to blame holds up no others.
func (c *courier) pick(now time.Time, most int, down bool) (some []*letter, wait time.Duration) {
	wait = time.Hour
	busy := make(map[uint32]bool)
	var least *letter
	for _, l := range c.hand {
		switch {
		case busy[l.Member]:
			continue
		case l.flying:
			busy[l.Member] = true
			continue
		case l.after.After(now):
			busy[l.Member] = true
			wait = min(wait, l.after.Sub(now))
			continue
		case down:
			busy[l.Member] = true
			if least == nil || l.asked < least.asked {
				least = l
			}
			continue
		}
		if some = append(some, l); len(some) == most {
			break
		}
		if most == 1 {
			busy[l.Member] = true
		}
	}
	if least != nil {
		some = []*letter{least}
	}
	return some, wait
}

// wanted passes over letters that were dropped meanwhile.
func (c *courier) wanted(some []*letter) []*letter {
	var out []*letter
	for _, l := range some {
		if is, err := c.store.IsPending(c.sink.Name, l.Seq); err == nil && !is {
			c.forget(l)
			continue
		}
		out = append(out, l)
	}
	return out
}

// land takes in what became of a flight.
func (c *courier) land(ctx context.Context, f flight) {
	c.flights--
	now := c.clock.Now()
	for _, l := range f.letters {
		l.flying = false
	}
	if errors.Is(f.err, context.Canceled) && ctx.Err() != nil {
		return // the next process tries again
	}
	if f.err == nil {
		c.failures = 0
		c.note("", false)
		for _, l := range f.letters {
			c.forget(l)
			c.acks.put(ctx, storage.Handed{Sink: c.sink.Name, Seq: l.Seq})
		}
		return
	}
	r, _ := f.err.(*refusal)
	if r != nil && r.final {
		c.failures = 0 // somebody answers
	} else {
		c.failures++
	}
	if c.failures >= c.policy.DownAfter {
		c.pause = now.Add(backoff(c.failures-c.policy.DownAfter+1, c.policy.FirstWait, c.policy.MostProbe, c.clock.Random))
	}
	if r != nil && r.after > 0 {
		c.pause = now.Add(r.after)
	}
	c.note(f.err.Error(), c.failures >= c.policy.DownAfter)
	for _, l := range f.letters {
		if c.policy.judge(l, f.err, f.down, now) == dead {
			c.bury(ctx, l, f.err.Error())
			continue
		}
		if r == nil || r.after == 0 {
			l.after = now.Add(backoff(max(1, l.tries), c.policy.FirstWait, c.policy.MostWait, c.clock.Random))
		}
	}
}

// bury makes a letter a dead one.
func (c *courier) bury(ctx context.Context, l *letter, reason string) {
	c.forget(l)
	c.log.Warn("a message is a dead letter", "sink", c.sink.Name, "key", l.Key, "tries", l.asked, "why", reason)
	c.acks.put(ctx, storage.Handed{Sink: c.sink.Name, Seq: l.Seq, Failure: &storage.Failure{
		FailedAt: c.clock.Now().UnixMicro(), Attempts: l.asked, Reason: reason,
	}})
}

// forget takes a letter out of the hand.
func (c *courier) forget(l *letter) {
	for i, other := range c.hand {
		if other == l {
			c.hand = append(c.hand[:i], c.hand[i+1:]...)
			return
		}
	}
}

// note keeps how the last try went, for who asks.
func (c *courier) note(trouble string, down bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if trouble != "" {
		c.retried++
		if c.trouble == "" {
			c.since = c.clock.Now()
		}
	}
	if down != c.down {
		if down {
			c.log.Warn("a sink does not work", "sink", c.sink.Name, "why", trouble)
		} else {
			c.log.Info("a sink works again", "sink", c.sink.Name)
		}
	}
	c.trouble, c.down = trouble, down
}

// stop lets no more tries begin, and waits for those under way until the context ends, which cuts them off.
func (c *courier) stop(ctx context.Context) {
	close(c.stopping)
	select {
	case <-c.stopped:
		return
	case <-ctx.Done():
	}
	c.mu.Lock()
	cut := c.cut
	c.mu.Unlock()
	if cut != nil {
		cut()
	}
	<-c.stopped
}

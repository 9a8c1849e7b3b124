package deliver

import (
	"context"
	"log/slog"
	"time"

	"github.com/muster-engine/muster/storage"
)

// acks takes messages that are done with out of the outbox, many in one transaction.
type acks struct {
	store  Store
	clock  Clock
	gather time.Duration
	log    *slog.Logger
	in     chan ack
	done   chan struct{}
}

// ack is a message that is done with, or somebody who waits until all before are out.
type ack struct {
	handed storage.Handed
	wait   chan struct{}
}

const mostAcks = 1024

func newAcks(ctx context.Context, store Store, clock Clock, gather time.Duration, log *slog.Logger) *acks {
	a := &acks{store: store, clock: clock, gather: gather, log: log, in: make(chan ack, mostAcks), done: make(chan struct{})}
	go a.run(ctx)
	return a
}

// put hands a message over; it blocks while the store cannot be written, so that not too much has to be handed over anew
// should the process end. It reports whether it was taken.
func (a *acks) put(ctx context.Context, h storage.Handed) bool {
	select {
	case a.in <- ack{handed: h}:
		return true
	case <-ctx.Done():
		return false
	}
}

// flush returns when all that was put before is out of the outbox, or the context ends.
func (a *acks) flush(ctx context.Context) {
	wait := make(chan struct{})
	select {
	case a.in <- ack{wait: wait}:
	case <-ctx.Done():
		return
	}
	select {
	case <-wait:
	case <-ctx.Done():
	case <-a.done:
	}
}

// run ends when the context does; what has not been taken out then is handed over again by the next process.
func (a *acks) run(ctx context.Context) {
	defer close(a.done)
	for {
		var some []storage.Handed
		var waiting []chan struct{}
		take := func(one ack) {
			if one.wait != nil {
				waiting = append(waiting, one.wait)
			} else {
				some = append(some, one.handed)
			}
		}
		select {
		case one := <-a.in:
			take(one)
		case <-ctx.Done():
			return
		}
		timer := a.clock.After(a.gather)
		for full := false; !full && len(some) < mostAcks && len(waiting) == 0; {
			select {
			case one := <-a.in:
				take(one)
			case <-timer:
				full = true
			case <-ctx.Done():
				full = true
			}
		}
		if !a.write(ctx, some) {
			return
		}
		for _, w := range waiting {
			close(w)
		}
	}
}

// write tries until it succeeds or the context ends.
func (a *acks) write(ctx context.Context, some []storage.Handed) bool {
	for failures := 0; len(some) > 0; failures++ {
		err := a.store.Acknowledge(some)
		if err == nil {
			return true
		}
		if failures == 0 {
			a.log.Error("what sinks have cannot be noted, and may be handed over again", "error", err.Error())
		}
		select {
		case <-a.clock.After(time.Second):
		case <-ctx.Done():
			return false
		}
	}
	return true
}

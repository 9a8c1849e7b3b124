package live

import (
	"context"
	"fmt"
	"time"

	"github.com/muster-engine/muster/storage"
)

// ClockError says why a clock cannot be set as was asked, in words for people.
type ClockError struct{ Reason string }

func (e *ClockError) Error() string { return e.Reason }

// SetClock pins the store's clock to an instant or lets it follow the system's, and lets the time up to there pass: what
// changes on the way changes at its instant, and the crossings have the cause "clock". Time does not run backwards: a
// clock behind what has been applied is a [ClockError]. It returns what the clock shows.
//
// If it fails, or the process dies meanwhile, the clock is what it was and some of the time may have passed; the same
// command goes on from there.
func (e *Engine) SetClock(ctx context.Context, clock storage.Clock) (now int64, err error) {
	err = e.inLoop(ctx, func(ctx context.Context) error {
		now, err = e.setClock(ctx, clock)
		return err
	})
	return now, err
}

// AdvanceClock moves a pinned clock on by what step makes of where it stands, as [Engine.SetClock] does. A clock that
// follows the system's is a [ClockError].
func (e *Engine) AdvanceClock(ctx context.Context, step func(from int64) (to int64, err error)) (now int64, err error) {
	err = e.inLoop(ctx, func(ctx context.Context) error {
		if !e.store.Clock().Pinned {
			return &ClockError{"the clock follows the system's; pin it first, then it can be advanced"}
		}
		to, err := step(e.now())
		if err == nil {
			now, err = e.setClock(ctx, storage.Clock{Pinned: true, At: to})
		}
		return err
	})
	return now, err
}

// Pinned reports whether the store's clock stands still, at [Engine.Present], until a command moves it.
func (e *Engine) Pinned() bool { return e.store.Clock().Pinned }

// setClock is SetClock in the loop.
func (e *Engine) setClock(ctx context.Context, clock storage.Clock) (int64, error) {
	to := clock.Now(e.opt.System())
	if at := e.now(); to < at && (e.store.Clock().Pinned || clock.Pinned) {
		show := func(t int64) string {
			return time.UnixMicro(t).In(e.prog.Zone.Location()).Format("2006-01-02T15:04:05")
		}
		return 0, &ClockError{fmt.Sprintf("time does not run backwards here: it is %s, and that would be %s; ask as of another time instead", show(at), show(to))}
	}
	e.byHand = true
	defer func() { e.byHand = false }()
	if err := e.passTo(ctx, to); err != nil {
		return 0, err
	}
	if err := e.store.SetClock(clock); err != nil {
		return 0, err
	}
	return max(e.clock, to), nil
}

// timeCause is the cause of crossings that time alone makes.
func (e *Engine) timeCause() string {
	if e.byHand {
		return "clock"
	}
	return "time"
}

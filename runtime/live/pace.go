package live

import "time"

// pace keeps work beside the loop from taking more than a third of one processor: a checkpoint that nobody waits for is in
// no hurry, and events are. Nil never rests. One goroutine after another may use it, not two at once.
type pace struct {
	engine *Engine
	since  time.Time // since when there was no rest
}

const (
	paceWork = 2 * time.Millisecond  // at least, before a rest
	paceRest = 40 * time.Millisecond // at most
)

func (p *pace) begin() {
	if p != nil {
		p.since = time.Now()
	}
}

// rest waits twice as long as has been worked since the last time, if that is worth it and nothing presses.
func (p *pace) rest() {
	if p == nil {
		return
	}
	worked := time.Since(p.since)
	if worked < paceWork {
		return
	}
	if !p.engine.pressed() {
		rest := time.NewTimer(min(2*worked, paceRest))
		select {
		case <-rest.C:
		case <-p.engine.stop:
			rest.Stop()
		}
	}
	p.since = time.Now()
}

// pressed reports whether a checkpoint has to come to an end: another would be due.
func (e *Engine) pressed() bool {
	select {
	case <-e.stop:
		return true
	default:
	}
	e.mu.RLock()
	defer e.mu.RUnlock()
	return len(e.overlay) > 2*e.opt.CheckpointMembers || e.waiting.Load() > 0
}

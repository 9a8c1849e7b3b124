package live

import "time"

// pace keeps work beside the loop from taking more than a third of one processor, or half of one while somebody waits for
// the work: a checkpoint is in no hurry, and events are. While garbage is collected it rests altogether. Nil never rests. One
// goroutine after another may use it, not two at once.
type pace struct {
	engine *Engine
	since  time.Time // since when there was no rest
	groups uint64    // that had been taken then

	garbage garbage
}

const (
	paceWork = 2 * time.Millisecond  // at least, before a rest
	paceRest = 40 * time.Millisecond // at most
	paceMost = time.Second           // and where garbage is collected meanwhile
)

func (p *pace) begin() {
	if p != nil {
		p.since, p.groups = time.Now(), p.engine.groups.Load()
	}
}

// rest waits as long as is due for what has been worked since the last time, if that is worth it.
func (p *pace) rest() {
	if p == nil {
		return
	}
	if worked := time.Since(p.since); worked >= paceWork {
		p.after(worked)
	}
}

// after waits as long as is due for so much work.
func (p *pace) after(worked time.Duration) {
	if due := p.due(worked); due > 0 {
		p.sleep(min(due, paceRest))
	}
	for began := time.Now(); time.Since(began) < paceMost && !p.engine.pressed() && p.engine.waiting.Load() == 0 && p.garbage.collecting(time.Now()); {
		before := p.engine.groups.Load()
		if p.sleep(paceRest / 2); p.engine.groups.Load() == before {
			break // nobody is in the way
		}
	}
	p.begin()
}

func (p *pace) sleep(d time.Duration) {
	rest := time.NewTimer(d)
	select {
	case <-rest.C:
	case <-p.engine.stop:
		rest.Stop()
	}
}

// due is how long to rest: not at all where nothing comes that somebody who waits would wait for in vain, nor where the
// work has to come to an end.
func (p *pace) due(worked time.Duration) time.Duration {
	switch e := p.engine; {
	case e.pressed():
		return 0
	case e.waiting.Load() == 0:
		return 2 * worked
	case e.groups.Load() != p.groups:
		return worked
	}
	return 0
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
	return len(e.overlay) > 2*e.opt.CheckpointMembers
}

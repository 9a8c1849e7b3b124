package live

import (
	"testing"
	"time"
)

func TestWorkBesideTheLoopRestsUnlessSomethingPresses(t *testing.T) {
	e := &Engine{stop: make(chan struct{})}
	e.opt.CheckpointMembers = 1
	const worked = 10 * time.Millisecond
	rested := func() time.Duration {
		p := &pace{engine: e, since: time.Now().Add(-worked)}
		began := time.Now()
		p.rest()
		p.rest() // has not worked since
		return time.Since(began)
	}
	if d := rested(); d < 2*worked {
		t.Errorf("rested for %v after %v of work", d, worked)
	}
	e.waiting.Add(1)
	if d := rested(); d >= worked {
		t.Errorf("rested for %v though somebody waits and nothing comes", d)
	}
	e.groups.Add(1)
	if d := rested(); d < worked || d >= 2*worked {
		t.Errorf("rested for %v after %v of work for somebody who waits while something comes", d, worked)
	}
	e.waiting.Add(-1)
	e.overlay = map[uint32]*resting{1: nil, 2: nil, 3: nil}
	if d := rested(); d >= 2*worked {
		t.Errorf("rested for %v though the next checkpoint is due", d)
	}
	e.overlay = nil
	close(e.stop)
	if d := rested(); d >= 2*worked {
		t.Errorf("rested for %v though the engine stops", d)
	}
	var none *pace
	none.begin()
	none.rest()
}

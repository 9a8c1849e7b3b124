package live

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// As many work beside the loop as there are processors, and whoever cannot wait any longer is told so.
func TestNoMoreWorkAsideThanThereAreProcessors(t *testing.T) {
	e, most := &Engine{aside: newAside()}, int32(runtime.GOMAXPROCS(0))
	var now, peak atomic.Int32
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			err := e.Aside(context.Background(), func() {
				n := now.Add(1)
				for old := peak.Load(); n > old && !peak.CompareAndSwap(old, n); old = peak.Load() {
				}
				runtime.Gosched()
				now.Add(-1)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if peak.Load() > most {
		t.Errorf("%d worked at once, and there are %d processors", peak.Load(), most)
	}

	hold, held := make(chan struct{}), make(chan struct{})
	for range most {
		all.Go(func() {
			_ = e.Aside(context.Background(), func() { held <- struct{}{}; <-hold })
		})
		<-held
	}
	late, cancel := context.WithCancel(context.Background())
	cancel()
	if err := e.Aside(late, func() { t.Error("worked where there was no place") }); !errors.Is(err, ErrFull) {
		t.Errorf("it says %v", err)
	}
	close(hold)
	all.Wait()
	if err := e.Aside(context.Background(), func() {}); err != nil {
		t.Errorf("places were not given back: %v", err)
	}
}

// A panic gives the place back.
func TestAPlaceAsideIsGivenBackWhateverHappens(t *testing.T) {
	e := &Engine{aside: newAside()}
	for range 2 * runtime.GOMAXPROCS(0) {
		func() {
			defer func() { _ = recover() }()
			_ = e.Aside(context.Background(), func() { panic("a fault") })
		}()
	}
	if n := len(e.aside); n > 0 {
		t.Errorf("%d places are still taken", n)
	}
}

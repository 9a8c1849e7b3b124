package main

import (
	"context"
	"sync"
	"time"

	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/runtime/load"
)

// disturbances are what can happen while events arrive.
var disturbances = map[string]func(ctx context.Context, s *ownServer) error{
	"checkpoint": func(ctx context.Context, s *ownServer) error { return s.engine.Checkpoint(ctx) },
	"reload": func(ctx context.Context, s *ownServer) error {
		prog, err := s.editedRules(ctx)
		if err != nil {
			return err
		}
		_, err = s.engine.Reload(ctx, prog)
		return err
	},
	"midnight": untilItComes,
	"schedule": untilItComes,
}

// untilItComes returns when the engine has gone through the instant for which the server waits, or has found nothing to do
// at it.
func untilItComes(ctx context.Context, s *ownServer) error {
	const idle = 2 * calendar.Second
	for s.engine.Clock() < s.comes && s.clock().UnixMicro() < s.comes+idle {
		if err := sleep(ctx, time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// comesByItself reports whether a disturbance comes with time, and is not made.
func comesByItself(during string) bool { return during == "midnight" || during == "schedule" }

// disturbance is what goes on beside a run.
type disturbance struct {
	what   string
	over   chan struct{}      // closed at the end of the run
	cancel context.CancelFunc // of the questions
	action sync.WaitGroup
	beside sync.WaitGroup

	took    time.Duration
	fault   error
	asked   load.Histogram
	lag     time.Duration // of crossings by time: the latest report
	crossed int64         // by time or by an edit
}

// disturb begins, in the course of the run or at its end, what --during says, and asks questions from the beginning to the end.
func (s *ownServer) disturb(ctx context.Context, o loadOptions) *disturbance {
	d := &disturbance{what: o.during, over: make(chan struct{})}
	if comesByItself(o.during) { // in the middle of the run
		left := time.Duration(s.comes-s.clock().UnixMicro())*time.Microsecond - o.duration/2
		s.ahead.Add(max(0, int64(left)))
	}
	asking, cancel := context.WithCancel(ctx)
	d.cancel = cancel
	d.beside.Go(func() { d.ask(asking, s) })
	if o.during == "reload" || comesByItself(o.during) {
		d.beside.Go(func() { d.watch(asking, s) })
	}
	if o.during != "" {
		d.action.Go(func() {
			wait := time.NewTimer(o.begin())
			defer wait.Stop()
			select {
			case <-wait.C:
			case <-d.over:
			}
			began := s.app.now()
			d.fault = disturbances[o.during](ctx, s)
			d.took = s.app.now().Sub(began)
			if comesByItself(o.during) {
				d.took = time.Duration(s.clock().UnixMicro()-s.comes) * time.Microsecond
			}
		})
	}
	return d
}

// begin is how long after the start of a run the disturbance begins.
func (o loadOptions) begin() time.Duration {
	if comesByItself(o.during) {
		return 0
	}
	return o.duration / 4
}

// ask asks the server a question twenty times a second.
func (d *disturbance) ask(ctx context.Context, s *ownServer) {
	c := &client{base: s.target().base}
	for sleep(ctx, 50*time.Millisecond) == nil {
		began := s.app.now()
		var answer any
		question := map[string]string{"condition": "sleeping_women and spend_365d >= 1500"}
		if c.do(ctx, "POST", "/v1/query", question, &answer) == nil {
			d.asked.Add(s.app.now().Sub(began))
		}
	}
}

// watch takes the crossings that come by themselves or by an edit, and notes how late they are reported.
func (d *disturbance) watch(ctx context.Context, s *ownServer) {
	last, since := s.engine.State().Crossed, s.clock().UnixMicro()
	for s.engine.Await(ctx, last) == nil {
		at := s.clock().UnixMicro()
		page, err := s.engine.Crossings(last, 100_000)
		if err != nil || len(page) == 0 {
			return
		}
		for _, c := range page {
			if c.Cause != "input" && c.At >= since {
				d.crossed++
				d.lag = max(d.lag, time.Duration(at-c.At)*time.Microsecond)
			}
		}
		last = page[len(page)-1].Seq
	}
}

// end waits for the end of what was begun and adds it to a measurement.
func (d *disturbance) end(m *measurement) error {
	close(d.over)
	d.action.Wait()
	d.cancel()
	d.beside.Wait()
	m.Questions = answersOf(&d.asked)
	if d.what != "" {
		m.During = &duringJSON{What: d.what, MS: milliseconds(d.took), Crossings: d.crossed, LateMS: milliseconds(d.lag)}
	}
	return d.fault
}

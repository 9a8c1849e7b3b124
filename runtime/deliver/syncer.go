package deliver

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/storage"
)

// ErrNoSync says that the rules have no such sync.
var ErrNoSync = errors.New("no such sync")

// syncer runs the syncs of one program, each in a goroutine of its own and one run of each at a time.
type syncer struct {
	prog    *ir.Program
	members Members
	store   Handovers
	targets []target // by the number of the sink
	policy  Policy
	clock   Clock
	log     *slog.Logger

	ctx     context.Context // of the runs
	end     context.CancelFunc
	all     sync.WaitGroup
	mu      sync.Mutex
	running map[string]bool
}

// RunSync runs a sync of a program once and returns when it has ended, with its state. It is for where no deliverer runs.
func RunSync(ctx context.Context, prog *ir.Program, opt Options, name string, whole bool) (storage.SyncState, error) {
	opt.fill()
	targets, err := opt.targets(prog, opt.Clock)
	if err != nil {
		return storage.SyncState{}, err
	}
	s := newSyncer(ctx, prog, opt, targets)
	defer s.end()
	begun, err := s.ask(name, whole)
	if err != nil {
		return begun, err
	}
	s.all.Wait()
	if err := ctx.Err(); err != nil {
		return begun, err
	}
	states, err := s.states()
	for _, st := range states {
		if st.Sync == name {
			return st, err
		}
	}
	return begun, err
}

func newSyncer(ctx context.Context, prog *ir.Program, opt Options, targets []target) *syncer {
	s := &syncer{
		prog: prog, members: opt.Members, store: opt.Handovers, targets: targets, policy: opt.Policy, clock: opt.Clock, log: opt.Logger,
		running: map[string]bool{},
	}
	s.ctx, s.end = context.WithCancel(ctx)
	return s
}

// start begins to keep the schedules.
func (s *syncer) start() {
	s.all.Go(func() {
		for failures := 0; ; {
			if err := s.look(); err != nil {
				if failures++; failures == 1 {
					s.log.Error("syncs cannot be begun", "error", err.Error())
				}
			} else {
				failures = 0
			}
			select {
			case <-s.clock.After(time.Second):
			case <-s.ctx.Done():
				return
			}
		}
	})
}

// stop cuts off the runs that are under way; they are taken up by the next syncer.
func (s *syncer) stop() {
	s.end()
	s.all.Wait()
}

// states are those of the syncs of the program, in its order.
func (s *syncer) states() ([]storage.SyncState, error) {
	known, err := s.store.SyncStates()
	if err != nil {
		return nil, err
	}
	var out []storage.SyncState
	for _, one := range s.prog.Syncs {
		st := storage.SyncState{Sync: one.Name, Whole: true}
		if i := slices.IndexFunc(known, func(st storage.SyncState) bool { return st.Sync == one.Name }); i >= 0 {
			st = known[i]
		}
		out = append(out, st)
	}
	return out, nil
}

// look begins the runs that are due, and takes up those that were cut off. What syncs that the rules do not have any more
// have handed over is forgotten.
func (s *syncer) look() error {
	known, err := s.store.SyncStates()
	if err != nil {
		return err
	}
	for _, st := range known {
		if !slices.ContainsFunc(s.prog.Syncs, func(one *ir.Sync) bool { return one.Name == st.Sync }) {
			if err := s.store.DropSync(st.Sync); err != nil {
				return err
			}
		}
	}
	for _, one := range s.prog.Syncs {
		day := due(s.prog, one, s.members.Present())
		i := slices.IndexFunc(known, func(st storage.SyncState) bool { return st.Sync == one.Name })
		if i < 0 { // a new one waits for its time
			err = s.store.PutSync(storage.SyncState{Sync: one.Name, Day: day, Whole: true}, nil)
		} else {
			_, err = s.begin(one, day, func(st *storage.SyncState) bool { return st.Day < day || st.Running })
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ask begins a run by hand, unless one is under way.
func (s *syncer) ask(name string, whole bool) (storage.SyncState, error) {
	for _, one := range s.prog.Syncs {
		if one.Name == name {
			return s.begin(one, due(s.prog, one, s.members.Present()), func(st *storage.SyncState) bool {
				st.Whole = st.Whole || whole
				return true
			})
		}
	}
	return storage.SyncState{}, ErrNoSync
}

// begin begins a run for a day, unless one is under way or f, which may change the state, does not want it. It returns the
// state.
func (s *syncer) begin(one *ir.Sync, day int64, f func(st *storage.SyncState) bool) (storage.SyncState, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	states, err := s.states()
	if err != nil {
		return storage.SyncState{}, err
	}
	st := states[slices.Index(s.prog.Syncs, one)]
	if s.running[one.Name] || s.ctx.Err() != nil || !f(&st) {
		return st, nil
	}
	st.Run++
	st.Day = max(st.Day, day)
	st.Began, st.Ended, st.Running, st.Records, st.Failure = s.members.Present(), 0, true, 0, ""
	if err := s.store.PutSync(st, nil); err != nil {
		return st, err
	}
	s.running[one.Name] = true
	s.all.Go(func() { s.run(one, st) })
	return st, nil
}

func (s *syncer) run(one *ir.Sync, st storage.SyncState) {
	j := &job{sync: one, members: s.members, store: s.store, state: st, post: func(ctx context.Context, key string, text []byte) error {
		return s.post(ctx, s.targets[one.Sink], key, text)
	}}
	err := j.run(s.ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.running, one.Name)
	if s.ctx.Err() != nil {
		return
	}
	st = j.state
	st.Running, st.Ended, st.Whole = false, s.members.Present(), err != nil && st.Whole
	if err != nil {
		st.Failure = err.Error()
		s.log.Error("a sync has failed", "sync", one.Name, "run", st.Run, "why", st.Failure)
	} else {
		s.log.Info("a sync has handed over what has changed", "sync", one.Name, "run", st.Run, "records", st.Records)
	}
	if err := s.store.PutSync(st, nil); err != nil {
		s.log.Error("the end of a sync cannot be noted, and it will run again", "sync", one.Name, "error", err.Error())
	}
}

// post hands lines over however often it takes, unless they are refused.
func (s *syncer) post(ctx context.Context, to target, key string, text []byte) error {
	began, finals := s.clock.Now(), 0
	for tries := 1; ; tries++ {
		err := to.lines(ctx, key, text)
		if err == nil || ctx.Err() != nil {
			return errors.Join(ctx.Err())
		}
		wait := backoff(tries, s.policy.FirstWait, s.policy.MostProbe, s.clock.Random)
		if r, ok := err.(*refusal); ok {
			if r.final {
				finals++
			}
			if r.after > 0 {
				wait = r.after
			}
		}
		if finals >= s.policy.FinalTries || s.clock.Now().Sub(began) >= s.policy.Patience {
			return err
		}
		if tries == s.policy.DownAfter {
			s.log.Warn("a sync waits for its sink", "key", key, "why", err.Error())
		}
		select {
		case <-s.clock.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

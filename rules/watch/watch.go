// Package watch notices edited rules.
//
// Start watches a rule directory or file and yields every whole, settled rule set that differs from the one before:
//
//	snapshots, err := watch.Start(ctx, "rules", watch.Options{Known: set.Hash})
//	for s := range snapshots {
//		set := rules.FromSources(s.Sources)
//		…
//	}
//
// Directories are watched, never files: editors replace a file by renaming another over it, and a watch on the file
// would be gone. Whatever happens in the tree only says "look again"; what there is to yield is told by the hash of the
// texts. It looks once nothing has happened for a moment, so that a burst of writes, as a version control system makes
// them, is one change; while git holds the lock of its index it waits on. New directories are watched as they come, links
// are followed wherever they lead, and a root that goes away is awaited. Besides, it looks at the files slowly without
// being told, for file systems that tell nothing and for events that were lost.
package watch

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/muster-engine/muster/rules"
)

// Snapshot is a rule set as it stands on disk.
type Snapshot struct {
	// Sources are the files as [rules.Read] returns them.
	Sources []rules.Source
	// Hash is what [rules.Set.Hash] of them is.
	Hash string
}

// Options tunes a watch. The zero value is right for most uses.
type Options struct {
	// Quiet is how long nothing must happen before the files are read: 250 ms if it is 0.
	Quiet time.Duration
	// Ceiling is when they are read though things go on happening: 2 s if it is 0. What is read then must be the same for
	// another Quiet before it is yielded.
	Ceiling time.Duration
	// Poll is how often the files are read though nothing seems to happen: 10 s if it is 0.
	Poll time.Duration
	// LockWait is for how long a lock of git's index is respected: a minute if it is 0.
	LockWait time.Duration
	// Known is the hash of the rule set that the caller has: it is not yielded first. If it is empty, the first snapshot is
	// what is there at the start.
	Known string
	// Problem is told why the rules cannot be read, as an [Unreadable], or watched, once for each reason. It is called from
	// one goroutine. May be nil.
	Problem func(error)
	// Clock is the system's if it is nil.
	Clock Clock

	notify func() (*notifier, error) // fsnotify's if it is nil
}

// Unreadable says why the rules cannot be read. Once they can be again they are yielded, whether they have changed or not.
type Unreadable struct{ Cause error }

func (e *Unreadable) Error() string { return e.Cause.Error() }

// Unwrap returns the cause.
func (e *Unreadable) Unwrap() error { return e.Cause }

// Clock is the time that a watch goes by.
type Clock interface {
	Now() time.Time
	After(time.Duration) <-chan time.Time
}

type systemClock struct{}

func (systemClock) Now() time.Time                         { return time.Now() }
func (systemClock) After(d time.Duration) <-chan time.Time { return time.After(d) }

// Start watches the rules at a path, a directory or one file, until ctx ends; then the channel is closed. Whatever changes
// after Start has returned is noticed. A reader that is slow gets the latest rule set only. The path may not exist yet.
func Start(ctx context.Context, path string, opt Options) (<-chan Snapshot, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, d := range []struct {
		field *time.Duration
		usual time.Duration
	}{{&opt.Quiet, 250 * time.Millisecond}, {&opt.Ceiling, 2 * time.Second}, {&opt.Poll, 10 * time.Second}, {&opt.LockWait, time.Minute}} {
		if *d.field <= 0 {
			*d.field = d.usual
		}
	}
	if opt.Clock == nil {
		opt.Clock = systemClock{}
	}
	if opt.notify == nil {
		opt.notify = system
	}
	w := &watcher{
		opt: opt, path: path, absolute: absolute, out: make(chan Snapshot),
		known: opt.Known, delivered: opt.Known, notices: newNotices(),
		problems: map[string]bool{},
	}
	w.cover = newCover(w.notices)
	if n, err := opt.notify(); err != nil {
		w.problem(fmt.Errorf("%s cannot be watched and is only looked at every %s: %w", path, opt.Poll, err))
	} else {
		w.cover.notifier = n
		go w.notices.listen(n)
	}
	w.renew()
	go w.run(ctx)
	return w.out, nil
}

// watcher is one watch; all but notices belongs to the goroutine of run.
type watcher struct {
	opt            Options
	path, absolute string
	out            chan Snapshot
	notices        *notices
	cover          *cover

	known     string    // hash of what was yielded last, or waits to be
	delivered string    // hash of what the reader has
	pending   *Snapshot // what waits for the reader

	active      bool      // something happened that has not been looked at
	first, last time.Time // when it began, and when anything happened last
	candidate   string    // hash that must be found again before it is yielded
	candidateAt time.Time
	failure     string          // of the last attempt to read
	locked      time.Time       // since when a lock of git's is waited for
	leftBehind  time.Time       // when a lock was made that is waited for no more
	unreadable  string          // why they cannot be read, as reported
	problems    map[string]bool // with watching, as reported
}

func (w *watcher) run(ctx context.Context) {
	defer close(w.out)
	defer w.cover.close()
	w.touch()
	w.last = w.last.Add(-w.opt.Quiet) // the first look need not wait
	poll := w.opt.Clock.After(w.opt.Poll)
	for {
		var timer <-chan time.Time
		if w.active {
			timer = w.opt.Clock.After(w.due().Sub(w.opt.Clock.Now()))
		}
		var out chan<- Snapshot
		var next Snapshot
		if w.pending != nil {
			out, next = w.out, *w.pending
		}
		select {
		case <-ctx.Done():
			return
		case <-w.notices.signal:
			w.noticed()
		case <-timer:
			w.look()
		case <-poll:
			poll = w.opt.Clock.After(w.opt.Poll)
			w.poll()
		case out <- next:
			w.delivered, w.pending = next.Hash, nil
		}
	}
}

// touch says that something happened.
func (w *watcher) touch() {
	now := w.opt.Clock.Now()
	if !w.active {
		w.active, w.first = true, now
	}
	w.last = now
}

func (w *watcher) settle() {
	w.active, w.candidate, w.failure, w.locked = false, "", "", time.Time{}
}

// due is when to look next.
func (w *watcher) due() time.Time {
	if w.candidate != "" {
		return w.candidateAt.Add(w.opt.Quiet)
	}
	quiet, ceiling := w.last.Add(w.opt.Quiet), w.first.Add(w.opt.Ceiling)
	if ceiling.Before(quiet) {
		return ceiling
	}
	return quiet
}

func (w *watcher) noticed() {
	if w.notices.structure.Swap(false) {
		w.renew()
	}
	if err := w.notices.takeError(); err != nil {
		w.problem(fmt.Errorf("%s: watching: %w", w.path, err))
	}
	w.touch()
}

// renew watches what there is to watch now, and reports whether any of that is new.
func (w *watcher) renew() bool {
	added, err := w.cover.renew(w.absolute)
	if err != nil {
		w.problem(fmt.Errorf("%s cannot be watched in whole, and is looked at every %s besides: %w", w.path, w.opt.Poll, err))
	}
	return added
}

// poll looks though nothing was noticed.
func (w *watcher) poll() {
	if w.active {
		return
	}
	added := w.renew()
	sources, err := rules.Read(w.path)
	if err != nil {
		if w.unreadable != err.Error() {
			w.touch()
		}
		return
	}
	switch hash := rules.HashOf(sources); {
	case hash != w.known:
		w.touch()
		w.candidate, w.candidateAt = hash, w.opt.Clock.Now()
	case added:
		w.touch()
	default:
		w.unreadable = ""
	}
}

// look reads the files, and yields them if they are whole, settled and new.
func (w *watcher) look() {
	now := w.opt.Clock.Now()
	late := !now.Before(w.first.Add(w.opt.Ceiling))
	if w.renew() && !late {
		w.touch()
		return
	}
	if w.gitIsBusy(now) {
		w.again(now)
		return
	}
	happened := w.notices.count.Load()
	sources, err := rules.Read(w.path)
	if err != nil {
		if w.failure != err.Error() { // perhaps it is just being replaced
			w.failure = err.Error()
			w.again(now)
			return
		}
		w.unreadableFor(err)
		w.settle()
		return
	}
	hash := rules.HashOf(sources)
	quiet := w.candidate == "" && !now.Before(w.last.Add(w.opt.Quiet)) && w.notices.count.Load() == happened
	w.unreadable = ""
	switch {
	case hash == w.known:
		w.settle()
	case quiet, hash == w.candidate:
		w.yield(Snapshot{Sources: sources, Hash: hash})
		w.settle()
	default:
		w.candidate, w.candidateAt = hash, now
	}
}

// gitIsBusy reports whether git is changing files. A lock that stays is one that was left behind; it is ignored from then
// on.
func (w *watcher) gitIsBusy(now time.Time) bool {
	lock, made := gitLock(w.absolute)
	if lock == "" || made.Equal(w.leftBehind) {
		return false
	}
	if w.locked.IsZero() {
		w.locked = now
	}
	if now.Sub(w.locked) < w.opt.LockWait {
		return true
	}
	w.leftBehind = made
	w.report(fmt.Errorf("%s: git has held %s for %s; the rules are read all the same", w.path, lock, w.opt.LockWait))
	return false
}

// again looks once more after a quiet while.
func (w *watcher) again(now time.Time) {
	w.first, w.last, w.candidate = now, now, ""
}

func (w *watcher) yield(s Snapshot) {
	w.known = s.Hash
	w.pending = &s
	if s.Hash == w.delivered { // it went and came back before anybody took it
		w.pending = nil
	}
}

// problem reports what is wrong with watching, once.
func (w *watcher) problem(err error) {
	if !w.problems[err.Error()] {
		w.problems[err.Error()] = true
		w.report(err)
	}
}

// unreadableFor reports why the rules cannot be read, once until they can be.
func (w *watcher) unreadableFor(err error) {
	if w.unreadable != err.Error() {
		w.unreadable = err.Error()
		w.known, w.delivered = "", ""
		w.report(&Unreadable{err})
	}
}

func (w *watcher) report(err error) {
	if w.opt.Problem != nil {
		w.opt.Problem(err)
	}
}

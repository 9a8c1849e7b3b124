package watch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/muster-engine/muster/rules"
)

// clock is a clock that goes on only when a test says so.
type clock struct {
	mu      sync.Mutex
	now     time.Time
	waiting []alarm
}

type alarm struct {
	at time.Time
	c  chan time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) After(d time.Duration) <-chan time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := alarm{c.now.Add(d), make(chan time.Time, 1)}
	if d <= 0 {
		a.c <- c.now
	} else {
		c.waiting = append(c.waiting, a)
	}
	return a.c
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	c.waiting = slices.DeleteFunc(c.waiting, func(a alarm) bool {
		if a.at.After(c.now) {
			return false
		}
		a.c <- c.now
		return true
	})
}

// waits reports whether somebody waits for just the time that is d from now.
func (c *clock) waits(d time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(c.waiting, func(a alarm) bool { return a.at.Equal(c.now.Add(d)) })
}

// watched is a directory under watch. Time stands still while a test changes files, so that however slow the machine is,
// what it does between two calls of next or none is one burst.
type watched struct {
	*testing.T
	dir       string
	clock     *clock
	snapshots <-chan Snapshot
	mu        sync.Mutex
	problems  []string
	end       context.CancelFunc
}

// never is a poll that does not come.
const never = 1000 * time.Hour

// watch writes files and watches the path below the directory; it takes the first snapshot unless opt.Known is set.
func watch(t *testing.T, path string, opt Options, files ...string) *watched {
	t.Helper()
	w := &watched{T: t, dir: t.TempDir(), clock: &clock{now: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)}}
	w.write(files...)
	return w.start(path, opt)
}

func (w *watched) start(path string, opt Options) *watched {
	w.Helper()
	ctx, end := context.WithCancel(context.Background())
	w.Cleanup(end)
	w.end = end
	opt.Clock = w.clock
	if opt.Poll == 0 {
		opt.Poll = never
	}
	opt.Problem = func(err error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.problems = append(w.problems, strings.ReplaceAll(err.Error(), w.dir, "DIR"))
	}
	var err error
	if w.snapshots, err = Start(ctx, w.path(path), opt); err != nil {
		w.Fatal(err)
	}
	return w
}

func (w *watched) path(name string) string { return filepath.Join(w.dir, filepath.FromSlash(name)) }

// write writes files, each given as "NAME TEXT", and the directories that they are in.
func (w *watched) write(files ...string) {
	w.Helper()
	for _, f := range files {
		name, text, _ := strings.Cut(f, " ")
		w.must(os.MkdirAll(filepath.Dir(w.path(name)), 0o777))
		w.must(os.WriteFile(w.path(name), []byte(text), 0o666))
	}
}

func (w *watched) rename(from, to string) { w.Helper(); w.must(os.Rename(w.path(from), w.path(to))) }
func (w *watched) remove(name string)     { w.Helper(); w.must(os.RemoveAll(w.path(name))) }
func (w *watched) link(name, target string) {
	w.Helper()
	w.must(os.MkdirAll(filepath.Dir(w.path(name)), 0o777))
	w.must(os.Symlink(filepath.FromSlash(target), w.path(name)))
}

func (w *watched) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// shown is a snapshot's files in a line.
func (w *watched) shown(s Snapshot) string {
	var parts []string
	for _, src := range s.Sources {
		name := strings.TrimPrefix(strings.TrimPrefix(src.Name, filepath.ToSlash(w.dir)), "/")
		parts = append(parts, name+" "+src.Text)
	}
	if s.Hash != rules.HashOf(s.Sources) {
		w.Error("the hash is of something else")
	}
	return strings.Join(parts, ", ")
}

// next lets time pass until there is a snapshot, which must be the one given.
func (w *watched) next(want string) {
	w.Helper()
	for range 5000 {
		select {
		case s, ok := <-w.snapshots:
			if got := w.shown(s); !ok || got != want {
				w.Fatalf("got %s, want %s", got, want)
			}
			return
		case <-time.After(2 * time.Millisecond):
			w.clock.advance(50 * time.Millisecond)
		}
	}
	w.Fatalf("nothing came, want %s; problems %q", want, w.problems)
}

// none lets time pass in which nothing may be yielded.
func (w *watched) none() {
	w.Helper()
	for range 40 {
		select {
		case s := <-w.snapshots:
			w.Fatalf("got %s, want nothing", w.shown(s))
		case <-time.After(time.Millisecond):
			w.clock.advance(50 * time.Millisecond)
		}
	}
	time.Sleep(5 * time.Millisecond) // what the last step set off is over
}

// until lets time pass until something holds.
func (w *watched) until(what string, holds func() bool) {
	w.Helper()
	for range 5000 {
		if holds() {
			return
		}
		time.Sleep(2 * time.Millisecond)
		w.clock.advance(50 * time.Millisecond)
	}
	w.Fatalf("%s did not come to pass", what)
}

func (w *watched) hasProblem(text string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.ContainsFunc(w.problems, func(p string) bool { return strings.Contains(p, text) })
}

func TestFirstSnapshot(t *testing.T) {
	w := watch(t, "r", Options{}, "r/a.muster 1", "r/sub/b.muster 2", "r/notes.txt x", "r/.hidden.muster x")
	w.next("r/a.muster 1, r/sub/b.muster 2")
	w.none()
	sources, err := rules.Read(w.path("r"))
	w.must(err)
	w = w.start("r", Options{Known: rules.HashOf(sources)})
	w.none()
	w.write("r/a.muster 2")
	w.next("r/a.muster 2, r/sub/b.muster 2")
	w.end()
	w.until("the end", func() bool {
		select {
		case _, ok := <-w.snapshots:
			return !ok
		default:
			return false
		}
	})
}

func TestEditors(t *testing.T) {
	w := watch(t, "r", Options{}, "r/a.muster 1")
	w.next("r/a.muster 1")
	w.write("r/a.muster 2") // in place
	w.next("r/a.muster 2")
	w.write("r/.a.muster.tmp 3") // renamed over it
	w.rename("r/.a.muster.tmp", "r/a.muster")
	w.next("r/a.muster 3")
	w.write("r/4913 ") // moved aside and written anew
	w.remove("r/4913")
	w.rename("r/a.muster", "r/a.muster~")
	w.write("r/a.muster 4")
	w.remove("r/a.muster~")
	w.next("r/a.muster 4")
	w.remove("r/a.muster") // removed and, later, written anew
	w.none()
	w.write("r/a.muster 5")
	w.next("r/a.muster 5")
}

func TestWhatIsNoRuleChangesNothing(t *testing.T) {
	w := watch(t, "r", Options{}, "r/a.muster 1", "r/sub/b.muster 2")
	w.next("r/a.muster 1, r/sub/b.muster 2")
	w.write("r/notes.md x", "r/.a.muster.swp x", "r/#a.muster# x", "r/a.muster~ x", "r/.git/index x", "other/a.muster x", "r/new/x.txt x")
	w.link("r/.#a.muster", "nobody@nowhere")
	w.must(os.Chmod(w.path("r/a.muster"), 0o600))
	w.write("r/a.muster 1") // the same again
	w.remove("r/notes.md")
	w.none()
	if len(w.problems) > 0 {
		t.Errorf("problems %q", w.problems)
	}
}

func TestBurstIsOneChange(t *testing.T) {
	w := watch(t, "r", Options{}, "r/f000.muster 0")
	w.next("r/f000.muster 0")
	var want []string
	for i := range 400 {
		w.write(fmt.Sprintf("r/f%03d.muster 1", i))
		want = append(want, fmt.Sprintf("r/f%03d.muster 1", i))
	}
	w.next(strings.Join(want, ", "))
	w.none()
}

func TestDirectoriesComeAndGo(t *testing.T) {
	w := watch(t, "r", Options{}, "r/a.muster 1")
	w.next("r/a.muster 1")
	w.write("r/sub/deep/b.muster 2") // written before the directories can be watched
	w.next("r/a.muster 1, r/sub/deep/b.muster 2")
	w.write("r/sub/deep/b.muster 3")
	w.next("r/a.muster 1, r/sub/deep/b.muster 3")
	w.rename("r/sub", "r/other")
	w.next("r/a.muster 1, r/other/deep/b.muster 3")
	w.write("r/other/deep/b.muster 4")
	w.next("r/a.muster 1, r/other/deep/b.muster 4")
	w.rename("r/other", "away")
	w.next("r/a.muster 1")
	w.write("away/deep/b.muster 5")
	w.none()
	w.rename("away", "r/other")
	w.next("r/a.muster 1, r/other/deep/b.muster 5")
	w.remove("r/other")
	w.write("r/other/deep/c.muster 6") // another directory of the same name
	w.next("r/a.muster 1, r/other/deep/c.muster 6")
	w.write("r/other/deep/c.muster 7")
	w.next("r/a.muster 1, r/other/deep/c.muster 7")
}

func TestKubernetesSwap(t *testing.T) {
	w := &watched{T: t, dir: t.TempDir(), clock: &clock{now: time.Unix(1e9, 0)}}
	w.write("r/..v1/a.muster 1")
	w.link("r/..data", "..v1")
	w.link("r/a.muster", "..data/a.muster")
	w.start("r", Options{})
	w.next("r/a.muster 1")
	for i := 2; i < 5; i++ {
		w.write(fmt.Sprintf("r/..v%d/a.muster %d", i, i))
		w.none()
		w.link("r/..data_tmp", fmt.Sprintf("..v%d", i))
		w.rename("r/..data_tmp", "r/..data")
		w.remove(fmt.Sprintf("r/..v%d", i-1))
		w.next(fmt.Sprintf("r/a.muster %d", i))
	}
	// A single file of such a volume.
	w.end()
	w.start("r/a.muster", Options{})
	w.next("r/a.muster 4")
	w.write("r/..v9/a.muster 9")
	w.link("r/..data_tmp", "..v9")
	w.rename("r/..data_tmp", "r/..data")
	w.next("r/a.muster 9")
}

func TestRootGoesAndComes(t *testing.T) {
	w := watch(t, "x/r", Options{}, "x/r/a.muster 1")
	w.next("x/r/a.muster 1")
	w.remove("x/r")
	w.until("a word about it", func() bool { return w.hasProblem("DIR/x/r: no such file or directory") })
	w.none()
	w.write("x/r/a.muster 2")
	w.next("x/r/a.muster 2")
	w.rename("x/r", "x/old")
	w.write("x/r/a.muster 3")
	w.next("x/r/a.muster 3")
	w.write("x/old/a.muster 4")
	w.none()
	w.remove("x") // with the directory above
	w.none()
	w.write("x/r/a.muster 5")
	w.next("x/r/a.muster 5")
	w.write("x/r/a.muster 6")
	w.next("x/r/a.muster 6")
}

// Who was told that the rules cannot be read is told when they can be, though they are what they were.
func TestWhatComesBackUnchangedIsYielded(t *testing.T) {
	w := watch(t, "r", Options{}, "r/a.muster 1")
	w.next("r/a.muster 1")
	w.rename("r/a.muster", "a.old")
	w.until("a word about it", func() bool { return w.hasProblem("no .muster files") })
	w.rename("a.old", "r/a.muster")
	w.next("r/a.muster 1")
	w.none()
}

func TestRootThatIsNotThereYet(t *testing.T) {
	w := watch(t, "x/y/r", Options{})
	w.until("a word about it", func() bool { return w.hasProblem("no such file or directory") })
	w.write("x/y/z/a.muster 1")
	w.none()
	w.write("x/y/r/a.muster 1")
	w.next("x/y/r/a.muster 1")
	w.remove("x/y/r/a.muster")
	w.until("a word about it", func() bool { return w.hasProblem("no .muster files") })
}

func TestLinks(t *testing.T) {
	w := &watched{T: t, dir: t.TempDir(), clock: &clock{now: time.Unix(1e9, 0)}}
	w.write("v1/r/a.muster 1", "v2/r/a.muster 2", "outside/s.muster s1", "outside/t.muster t1")
	w.link("current", "v1")
	w.link("v1/r/s.muster", "../../outside/s.muster")
	w.link("v2/r/s.muster", w.path("outside/s.muster"))
	w.start("current/r", Options{})
	w.next("current/r/a.muster 1, current/r/s.muster s1")
	w.write("outside/s.muster s2")
	w.next("current/r/a.muster 1, current/r/s.muster s2")
	w.write("outside/t.muster t2")
	w.none()
	w.link("next", "v2")
	w.rename("next", "current") // a deployment
	w.next("current/r/a.muster 2, current/r/s.muster s2")
	w.write("v1/r/a.muster 3")
	w.none()
	w.write("v2/r/a.muster 4")
	w.next("current/r/a.muster 4, current/r/s.muster s2")
	w.remove("outside/s.muster") // a link to nothing is not the whole rule set
	w.until("a word about it", func() bool { return w.hasProblem("current/r/s.muster: no such file or directory") })
	w.write("outside/s.muster s3")
	w.next("current/r/a.muster 4, current/r/s.muster s3")
	w.link("loop", "loop")
	w.end()
	w.start("loop", Options{})
	w.until("a word about it", func() bool { return w.hasProblem("DIR/loop") })
}

func TestOneFile(t *testing.T) {
	w := watch(t, "r/rules.txt", Options{}, "r/rules.txt 1", "r/a.muster 1")
	w.next("r/rules.txt 1")
	w.write("r/a.muster 2")
	w.none()
	w.write("r/.rules.txt 2")
	w.rename("r/.rules.txt", "r/rules.txt")
	w.next("r/rules.txt 2")
	w.write("r/rules.txt 3")
	w.next("r/rules.txt 3")
}

func TestGitLockIsAwaited(t *testing.T) {
	w := watch(t, "repo/r", Options{LockWait: 10 * time.Second}, "repo/r/a.muster 1", "repo/r/b.muster 1", "repo/.git/index x")
	w.next("repo/r/a.muster 1, repo/r/b.muster 1")
	w.write("repo/.git/index.lock ", "repo/r/a.muster 2")
	w.none() // however long it takes
	w.write("repo/r/b.muster 2")
	w.rename("repo/.git/index.lock", "repo/.git/index")
	w.next("repo/r/a.muster 2, repo/r/b.muster 2")
	if len(w.problems) > 0 {
		t.Errorf("problems %q", w.problems)
	}

	w.write("repo/.git/index.lock ", "repo/r/a.muster 3")
	w.next("repo/r/a.muster 3, repo/r/b.muster 2") // it was left behind
	if !w.hasProblem("git has held DIR/repo/.git/index.lock for 10s") {
		t.Errorf("problems %q", w.problems)
	}
	at := w.clock.Now()
	w.write("repo/r/a.muster 4")
	w.next("repo/r/a.muster 4, repo/r/b.muster 2")
	if waited := w.clock.Now().Sub(at); waited > 5*time.Second {
		t.Errorf("waited %s for a lock that was left behind", waited)
	}

	// A linked working tree has its lock elsewhere.
	w = watch(t, "tree/r", Options{}, "tree/r/a.muster 1", "tree/.git gitdir: ../main/worktrees/tree", "main/worktrees/tree/index x")
	w.next("tree/r/a.muster 1")
	w.write("main/worktrees/tree/index.lock ", "tree/r/a.muster 2")
	w.none()
	w.remove("main/worktrees/tree/index.lock")
	w.next("tree/r/a.muster 2")
}

// silent is a notifier that a test speaks for.
func silent() (Options, chan fsnotify.Event, chan error) {
	events, errs := make(chan fsnotify.Event), make(chan error)
	nothing := func(string) error { return nil }
	return Options{notify: func() (*notifier, error) {
		return &notifier{add: nothing, remove: nothing, close: func() error { return nil }, events: events, errors: errs}, nil
	}}, events, errs
}

func TestOverflowMeansLookAgain(t *testing.T) {
	opt, _, errs := silent()
	w := watch(t, "r", opt, "r/a.muster 1")
	w.next("r/a.muster 1")
	w.write("r/a.muster 2", "r/new/b.muster 3")
	w.none()
	errs <- fsnotify.ErrEventOverflow
	w.next("r/a.muster 2, r/new/b.muster 3")
	if len(w.problems) > 0 {
		t.Errorf("problems %q", w.problems)
	}
	w.write("r/a.muster 4")
	errs <- errors.New("the watch broke")
	w.next("r/a.muster 4, r/new/b.muster 3")
	if !w.hasProblem("the watch broke") {
		t.Errorf("problems %q", w.problems)
	}
}

func TestPollFindsWhatNobodyTold(t *testing.T) {
	opt, _, _ := silent()
	opt.Poll = 3 * time.Second
	w := watch(t, "r", opt, "r/a.muster 1")
	w.next("r/a.muster 1")
	w.write("r/a.muster 2")
	w.next("r/a.muster 2")
	w.remove("r")
	w.until("a word about it", func() bool { return w.hasProblem("no such file or directory") })
	w.write("r/a.muster 3")
	w.next("r/a.muster 3")

	opt.notify = func() (*notifier, error) { return nil, errors.New("too many open files") }
	w = watch(t, "r", opt, "r/a.muster 1")
	w.next("r/a.muster 1")
	if !w.hasProblem("cannot be watched and is only looked at every 3s: too many open files") {
		t.Errorf("problems %q", w.problems)
	}
	w.write("r/a.muster 2")
	w.next("r/a.muster 2")

	opt.notify = func() (*notifier, error) {
		return &notifier{add: func(string) error { return errors.New("no space left on device") }, close: func() error { return nil }}, nil
	}
	w = watch(t, "r", opt, "r/a.muster 1")
	w.next("r/a.muster 1")
	w.write("r/a.muster 2")
	w.next("r/a.muster 2")
	if len(w.problems) != 1 || !w.hasProblem("cannot be watched in whole, and is looked at every 3s besides: no space left on device") {
		t.Errorf("problems %q", w.problems)
	}
}

func TestQuietAndCeiling(t *testing.T) {
	opt, events, _ := silent()
	w := watch(t, "r", opt, "r/a.muster 1")
	w.next("r/a.muster 1")
	// waits lets the watch do what it has to, until it waits for just that long.
	waits := func(d time.Duration) {
		t.Helper()
		for range 5000 {
			select {
			case s := <-w.snapshots:
				t.Fatalf("got %s, want it to wait %s", w.shown(s), d)
			case <-time.After(time.Millisecond):
				if w.clock.waits(d) {
					return
				}
			}
		}
		t.Fatalf("it does not wait %s", d)
	}
	happen := func(name string) { events <- fsnotify.Event{Name: w.path(name), Op: fsnotify.Write} }

	w.write("r/a.muster 2")
	happen("r/a.muster")
	waits(250 * time.Millisecond)
	w.clock.advance(200 * time.Millisecond)
	w.write("r/a.muster 3")
	happen("r/a.muster")
	waits(250 * time.Millisecond)
	w.clock.advance(249 * time.Millisecond)
	waits(time.Millisecond)
	w.clock.advance(time.Millisecond)
	select {
	case s := <-w.snapshots:
		if got := w.shown(s); got != "r/a.muster 3" {
			t.Fatalf("got %s", got)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("nothing came after it was quiet")
	}

	// Something else goes on and on: at the ceiling the rules are read, and once more when they have stood for a while.
	w.write("r/a.muster 4")
	for i := range 19 {
		happen("r/log.txt")
		waits(min(250*time.Millisecond, 2*time.Second-time.Duration(i)*100*time.Millisecond))
		w.clock.advance(100 * time.Millisecond)
	}
	happen("r/log.txt")
	waits(100 * time.Millisecond)
	w.write("r/a.muster 5")
	w.clock.advance(100 * time.Millisecond)
	waits(250 * time.Millisecond) // it has read 5
	w.write("r/a.muster 6")
	happen("r/a.muster")
	w.clock.advance(250 * time.Millisecond)
	waits(250 * time.Millisecond) // it has read 6, which is not 5
	happen("r/log.txt")
	w.clock.advance(250 * time.Millisecond)
	select {
	case s := <-w.snapshots:
		if got := w.shown(s); got != "r/a.muster 6" {
			t.Fatalf("got %s", got)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("nothing came though the rules stood still")
	}
}

func TestSlowReaderGetsTheLatest(t *testing.T) {
	w := watch(t, "r", Options{}, "r/a.muster 1")
	w.next("r/a.muster 1")
	pass := func() {
		for range 30 {
			time.Sleep(time.Millisecond)
			w.clock.advance(50 * time.Millisecond)
		}
	}
	w.write("r/a.muster 2")
	pass()
	w.write("r/a.muster 3")
	pass()
	w.next("r/a.muster 3")
	w.write("r/a.muster 4")
	pass()
	w.write("r/a.muster 3") // back before anybody saw
	pass()
	w.none()
}

package live

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/storagetest"
)

const (
	faultBatches    = 14
	faultCheckpoint = 6  // after this batch
	faultReload     = 9  // likewise
	faultNight      = 11 // before this batch some days pass
)

// faultRun is an engine on a disk that fails somewhere in a short run of everything that an engine writes.
type faultRun struct {
	*testing.T
	path   string
	disk   *storagetest.Disk
	store  *storage.Store
	engine *Engine
	clock  atomic.Int64
	progs  [2]*ir.Program
	prog   int

	lasting bool
	unsure  int
}

func (r *faultRun) begin(fail int, outcome storagetest.Outcome, lasting bool) {
	r.disk, r.lasting = storagetest.NewDisk(), lasting
	var err error
	if r.store, err = storage.Open(r.path, storage.Options{Create: true, CreateTemp: r.disk.CreateTemp}); err != nil {
		r.Fatal(err)
	}
	r.disk.Attach(r.store)
	r.disk.Fail(fail, outcome, lasting)
	r.clock.Store(faultClock(0))
	r.open()
}

func (r *faultRun) open() {
	r.try("opening", func() (err error) {
		r.engine, err = Open(context.Background(), Options{
			Store: r.store, Program: r.progs[r.prog], System: r.clock.Load, CheckpointMembers: -1,
		})
		return err
	})
}

func faultClock(n int) int64 {
	if n >= faultNight {
		return killClock(n) + 3*86400e6
	}
	return killClock(n)
}

// try does something that fails while the disk does and not again.
func (r *faultRun) try(what string, do func() error) {
	r.Helper()
	err := do()
	if err == nil {
		return
	}
	if !r.disk.Fired() || !strings.Contains(err.Error(), r.path) {
		r.Fatalf("%s: %v", what, err)
	}
	if errors.Is(err, storage.ErrUnsure) {
		r.unsure++
	}
	if r.engine != nil {
		if _, err := r.engine.View().Segments(context.Background()); err != nil {
			r.Fatalf("%s: reading after %v", what, err)
		}
		if _, err := r.engine.Crossings(0, 1<<30); err != nil {
			r.Fatalf("%s: reading crossings: %v", what, err)
		}
	}
	if r.lasting {
		if err := do(); err != nil && !strings.Contains(err.Error(), r.path) {
			r.Fatalf("%s, tried again: %v", what, err)
		}
	}
	r.disk.Heal()
	if err := do(); err != nil {
		r.Fatalf("%s, when the disk is well again: %v", what, err)
	}
}

// batch gives a batch and holds its answers to whether it was there.
func (r *faultRun) batch(n int) {
	r.clock.Store(faultClock(n))
	given := false
	r.try(fmt.Sprint("batch ", n), func() error {
		was := hasBatch(r, r.engine, n)
		if was && !given {
			r.Fatal("batch ", n, " is there before it was given")
		}
		in := killBatch(n)
		if was { // events without a key count each time that they are sent
			in = slices.DeleteFunc(in, func(in Input) bool { return in.Kind == Event && in.Key == "" })
		}
		out, err := r.engine.Submit(context.Background(), in)
		given = true
		is := hasBatch(r, r.engine, n)
		if unsure := errors.Is(err, storage.ErrUnsure); is != (was || err == nil || unsure) {
			r.Fatalf("batch %d is there: %t, and the answer is %v", n, is, err)
		}
		if err == nil && was != (out[0].Status == Duplicate) {
			r.Fatalf("batch %d was there: %t, and the answer is %+v", n, was, out[0])
		}
		return err
	})
}

func (r *faultRun) all() {
	for n := range faultBatches {
		r.batch(n)
		switch n {
		case faultCheckpoint:
			r.try("a checkpoint", func() error { return r.engine.Checkpoint(context.Background()) })
		case faultReload:
			r.prog = 1
			r.try("a reload", func() error {
				_, err := r.engine.Reload(context.Background(), r.progs[1])
				return err
			})
		}
	}
	backup := r.path + ".backup"
	r.try("a backup", func() error {
		_, err := r.store.Backup(context.Background(), backup, true, nil)
		return err
	})
	os.Remove(backup)
}

func (r *faultRun) end() {
	r.engine.Close()
	if err := r.store.Verify(context.Background(), nil); err != nil {
		r.Fatal(err)
	}
	if err := r.store.Close(); err != nil {
		r.Fatal(err)
	}
}

// unstamped is a snapshot without the order in which attributes were set: it is another one where inputs are given again.
type unstamped struct{ *storage.Snapshot }

// Schema implements storage.Described.
func (u unstamped) Schema() storage.Schema {
	s := u.Snapshot.Schema()
	s.Attributes = slices.DeleteFunc(s.Attributes, func(f storage.FieldSchema) bool { return strings.HasSuffix(f.Name, storage.SetSuffix) })
	return s
}

// Whatever write or sync fails while an engine journals, lets days pass, makes a checkpoint, takes an edit of the rules
// and is backed up: it says so, reads are answered, an answer tells what came of the inputs, and when the disk is well
// again it goes on by itself. In the end, and opened anew, members, segments and crossings are those of an engine whose
// disk was always well.
func TestTheDiskFailsUnderTheEngine(t *testing.T) {
	dir := t.TempDir()
	progs := [2]*ir.Program{killProgram(), compileText(strings.ReplaceAll(killRules, "spend >= 1000", "spend >= 500"))}
	want := &faultRun{T: t, path: filepath.Join(dir, "well"), progs: progs}
	want.begin(0, 0, false)
	want.all()
	total := want.disk.Count()
	crossings, err := want.engine.Crossings(0, 1<<30)
	if err != nil || len(crossings) < 10 {
		t.Fatal(len(crossings), err)
	}
	if err := want.engine.Checkpoint(context.Background()); err != nil {
		t.Fatal(err)
	}
	fired, unsure := map[string]int{}, 0
	one := func(n int, outcome storagetest.Outcome, lasting bool) {
		r := &faultRun{T: t, path: filepath.Join(dir, "failing"), progs: progs}
		r.begin(n, outcome, lasting)
		r.all()
		what := r.disk.Heal()
		unsure += r.unsure
		fired[strings.Split(what, ",")[0]]++
		fatal := func(words string, more ...any) {
			t.Helper()
			t.Fatalf("operation %d, %s, lasting %t: %s", n, what, lasting, fmt.Sprintf(words, more...))
		}
		check := func() {
			t.Helper()
			got, err := r.engine.Crossings(0, 1<<30)
			if err != nil {
				fatal("%v", err)
			}
			for i := range min(len(got), len(crossings)) {
				if got[i] != crossings[i] {
					fatal("crossing %d is %+v, not %+v", i, got[i], crossings[i])
				}
			}
			if len(got) != len(crossings) {
				fatal("%d crossings, not %d", len(got), len(crossings))
			}
		}
		check()
		r.end()
		if r.store, err = storage.Open(r.path, storage.Options{}); err != nil {
			t.Fatal(err)
		}
		r.disk.Attach(r.store)
		r.open()
		check()
		if err := r.engine.Checkpoint(context.Background()); err != nil {
			fatal("%v", err)
		}
		if d, err := storage.Diff(unstamped{r.store.Snapshot()}, unstamped{want.store.Snapshot()}); d != "" || err != nil {
			fatal("the stores differ: %s %v", d, err)
		}
		r.end()
		os.Remove(r.path)
	}
	for n := 1; n <= total; n++ {
		if os.Getenv("MUSTER_LONG") == "" {
			if n%8 == 0 {
				one(n, storagetest.Outcomes[n/8%3], n/24%2 == 1)
			}
			continue
		}
		for i, outcome := range storagetest.Outcomes {
			one(n, outcome, (n+i)%2 == 0)
		}
	}
	for n := 1; n <= total && unsure == 0; n++ { // every eighth may have met none that leaves an answer in doubt
		for _, outcome := range storagetest.Outcomes {
			one(n, outcome, true)
		}
	}
	want.end()
	t.Log(total, "operations; failed:", fired, "left in doubt:", unsure)
	if unsure == 0 || fired["write of the last page"] == 0 || fired["sync"] == 0 {
		t.Error("too little has failed")
	}
}

//go:build linux

package live

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

const fullChild = "MUSTER_TEST_LIVE_FULL"

// TestFullChild is the process in which [TestAFullDisk] lets no file grow beyond some size.
func TestFullChild(t *testing.T) {
	path := os.Getenv(fullChild)
	if path == "" {
		t.Skip("run by another test")
	}
	signal.Ignore(unix.SIGXFSZ)
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	set := func(size uint64) {
		if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: size, Max: limit.Max}); err != nil {
			t.Fatal(err)
		}
	}
	// Checkpoints go on all the time beside it, and on demand, as if there were room.
	store, e, clock := killEngine(t, path, 0, 5)
	n, refusals, checkpoints := 0, 0, 0
	for ; n < 60; n++ {
		giveBatch(t, e, clock, n)
	}
	for range 2 {
		set(uint64(store.Size()) + 16<<10)
		for failed := 0; failed < 3; {
			clock.Store(killClock(n))
			_, err := e.Submit(context.Background(), killBatch(n))
			if err == nil {
				n++
				if n > 5000 {
					t.Fatal("the disk is never full")
				}
				continue
			}
			failed++
			refusals++
			if !strings.Contains(err.Error(), "the store "+path+" cannot be written") {
				t.Fatalf("refused with %q", err)
			}
			if hasBatch(t, e, n) {
				t.Fatal("what was refused is there")
			}
			if _, err := e.View().Segments(context.Background()); err != nil {
				t.Fatalf("reading: %v", err)
			}
			if _, err := e.Crossings(0, 100); err != nil {
				t.Fatalf("reading crossings: %v", err)
			}
			if err := e.Checkpoint(context.Background()); err != nil {
				checkpoints++
				if !strings.Contains(err.Error(), "what was accepted is safe") {
					t.Fatalf("a checkpoint fails with %q", err)
				}
			}
		}
		set(limit.Cur)
		for range 20 {
			giveBatch(t, e, clock, n)
			n++
		}
		if err := e.Checkpoint(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	e.Close()
	if err := store.Verify(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	expectUndisturbed(t, path, path+".reference", n)
	fmt.Println(n, "batches,", refusals, "refusals,", checkpoints, "checkpoints failed")
}

// A disk that is full lets the engine refuse inputs in words, and read on; when there is room it goes on where it was.
func TestAFullDisk(t *testing.T) {
	child := exec.Command(os.Args[0], "-test.run=^TestFullChild$", "-test.v")
	child.Env = append(os.Environ(), fullChild+"="+filepath.Join(t.TempDir(), "store"))
	out, err := child.CombinedOutput()
	if err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	t.Logf("%s", out)
}

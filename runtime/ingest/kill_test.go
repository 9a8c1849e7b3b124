package ingest

import (
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/muster-engine/muster/storage"
)

// A killed import leaves the store as it was or with all of the file, and run again it is as if nothing had happened.
func TestKilledImports(t *testing.T) {
	p := compileRules(t, shopRules)
	if path := os.Getenv("MUSTER_IMPORT_CHILD"); path != "" {
		st, err := storage.Open(path, storage.Options{Create: true, Timeout: 5 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close()
		_, err = Run(t.Context(), Options{
			Store: st, Program: p, Source: p.Sources[0], Files: []string{os.Getenv("MUSTER_IMPORT_CHILD_FILE")},
			Now: func() int64 { return 0 }, Bulk: storage.BulkOptions{MemoryLimit: 1 << 20},
		})
		if err != nil && !errors.Is(err, ErrAlreadyTaken) {
			t.Fatal(err)
		}
		return
	}
	kills, rows := 4, 20_000
	if os.Getenv("MUSTER_LONG") != "" {
		kills, rows = 100, 200_000
	}
	file := writeFile(t, "in.csv", rowsFrom(0, rows))
	whole := newStore(t)
	importFiles(t, Options{Store: whole, Program: p, Source: p.Sources[0], Files: []string{file}, Now: func() int64 { return 0 }})

	path := filepath.Join(t.TempDir(), "killed.muster")
	child := func() *exec.Cmd {
		c := exec.Command(os.Args[0], "-test.run=^TestKilledImports$")
		c.Env = append(os.Environ(), "MUSTER_IMPORT_CHILD="+path, "MUSTER_IMPORT_CHILD_FILE="+file)
		return c
	}
	began := time.Now()
	if out, err := child().CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	takes := time.Since(began)
	for range kills {
		if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		c := child()
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(rand.Int64N(int64(takes))))
		_ = c.Process.Kill()
		_ = c.Wait()
		if out, err := child().CombinedOutput(); err != nil {
			t.Fatalf("run again: %v\n%s", err, out)
		}
		st, err := storage.Open(path, storage.Options{})
		if err != nil {
			t.Fatal(err)
		}
		diff, err := storage.Diff(whole.Snapshot(), st.Snapshot())
		if diff != "" || err != nil || len(st.Imports()) != 1 {
			t.Fatalf("%s %v, %d imports recorded", diff, err, len(st.Imports()))
		}
		if err := st.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".muster-import-*")); err != nil || len(left) > 1 {
		t.Errorf("staged rows left behind: %v %v", left, err)
	}
}

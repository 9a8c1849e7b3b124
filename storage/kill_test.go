package storage

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/muster-engine/muster/storage/column"
)

const killChild = "MUSTER_TEST_KILL_CHILD"

// killInputs are imports that take a while: several blocks, several transactions, overwriting each other.
func killInputs() []*input {
	r := rand.New(rand.NewPCG(23, 29))
	var all []*input
	for i := range 2 {
		in := &input{}
		if i == 0 {
			in.members = 3*column.Block + 5
		}
		for k := range 15_000 {
			m := uint32(r.IntN(3*column.Block + 5))
			in.events = append(in.events, inputEvent{"order", m, int64(r.IntN(100)), map[string]column.Value{
				"order_id": column.Text(fmt.Sprintf("%x-%d", r.Uint64(), k)), "amount": column.Int(r.Int64()),
			}})
			if k%4 == 0 {
				in.events = append(in.events, in.events[r.IntN(len(in.events))]) // a key once more
				in.values = append(in.values, inputValue{m, "city", column.Text(fmt.Sprint(k))})
				in.ids = append(in.ids, inputID{"phone", fmt.Sprint(r.Uint64()), m})
			}
		}
		all = append(all, in)
	}
	return all
}

// runKillInputs brings the store up to date, as an import that is run again does.
func runKillInputs(t fataler, path string, inputs []*input) {
	s, err := Open(path, Options{Create: true, Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i, in := range inputs {
		if s.Imported("file", int64(i), "") != nil {
			continue
		}
		b, err := s.BeginBulk(BulkOptions{MemoryLimit: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		stageInput(t, b, in)
		b.RecordImport(Import{Source: "file", Size: int64(i)})
		if _, err := b.Commit(context.Background(), nil); err != nil {
			t.Fatal(err)
		}
	}
}

func TestMain(m *testing.M) {
	if path := os.Getenv(killChild); path != "" {
		runKillInputs(childFails{}, path, killInputs())
		os.Exit(0)
	}
	flag.Parse()
	if os.Getenv("MUSTER_LONG") == "" {
		flag.Set("rapid.checks", "40")
	}
	os.Exit(m.Run())
}

type childFails struct{}

func (childFails) Helper()                   {}
func (childFails) Fatal(a ...any)            { fmt.Fprintln(os.Stderr, a...); os.Exit(3) }
func (childFails) Fatalf(f string, a ...any) { fmt.Fprintf(os.Stderr, f+"\n", a...); os.Exit(3) }

func TestAKilledImportRunAgainEqualsOneInOneGo(t *testing.T) {
	rounds := 3
	if os.Getenv("MUSTER_LONG") != "" {
		rounds = 100
	}
	dir := t.TempDir()
	inputs := killInputs()
	start := time.Now()
	runKillInputs(t, filepath.Join(dir, "want"), inputs)
	whole := time.Since(start)
	want, err := Open(filepath.Join(dir, "want"), Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer want.Close()
	states := []Described{NewMemory()}
	for n := 1; n <= len(inputs); n++ {
		path := filepath.Join(dir, fmt.Sprint("upto", n))
		runKillInputs(t, path, inputs[:n])
		s, err := Open(path, Options{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		states = append(states, s.Snapshot())
	}

	r := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
	killed := 0
	for round := range rounds {
		path := filepath.Join(dir, fmt.Sprint("store", round))
		for attempt := 0; ; attempt++ {
			child := exec.Command(os.Args[0])
			child.Env = append(os.Environ(), killChild+"="+path)
			child.Stderr = os.Stderr
			if err := child.Start(); err != nil {
				t.Fatal(err)
			}
			if attempt == 3 {
				if err := child.Wait(); err != nil {
					t.Fatalf("round %d: the import run again fails: %v", round, err)
				}
				break
			}
			time.Sleep(time.Duration(r.Int64N(int64(whole) * 5 / 4)))
			child.Process.Kill()
			if err := child.Wait(); err == nil {
				break
			} else if child.ProcessState.Exited() {
				t.Fatalf("round %d: %v", round, err)
			}
			killed++
			// What the kill left is one of the states between whole imports.
			s, err := Open(path, Options{ReadOnly: true, Timeout: 10 * time.Second})
			if os.IsNotExist(err) {
				continue
			}
			if err != nil {
				t.Fatalf("round %d: after a kill: %v", round, err)
			}
			if err := s.Verify(context.Background(), nil); err != nil {
				t.Fatalf("round %d: after a kill: %v", round, err)
			}
			expectSame(t, s.Snapshot(), states[len(s.Imports())])
			s.Close()
		}
		s, err := Open(path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		expectSame(t, s.Snapshot(), want.Snapshot())
		if err := s.Verify(context.Background(), nil); err != nil {
			t.Fatal(err)
		}
		if s.now.Load().Leftovers {
			t.Fatal("what the kill left was not swept")
		}
		s.Close()
		os.Remove(path)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".muster-import-*")); len(left) > 0 {
		t.Fatalf("temporary files are left: %v", left)
	}
	if killed == 0 {
		t.Log("every import ended before it was killed")
	}
}

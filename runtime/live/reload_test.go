package live_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/muster-engine/muster/runtime/live"
	"github.com/muster-engine/muster/storage"
)

// TestReload edits rules while orders arrive: what the edit changes is reported as such, what was there before goes on,
// nothing that arrives meanwhile is missing.
func TestReload(t *testing.T) {
	prog := compile(t, shop)
	store, err := storage.Open(filepath.Join(t.TempDir(), "store.db"), storage.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	c := &clock{}
	c.Store(at(prog, "2026-06-01T10:00:00"))
	e, err := live.Open(context.Background(), live.Options{Store: store, Program: prog, System: c.read})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	submit := func(in ...live.Input) {
		if _, err := e.Submit(context.Background(), in); err != nil {
			t.Error(err)
		}
	}
	submit(order("1", "A", c.Load(), 60000), order("2", "B", c.Load(), 40000))
	before := uint64(len(crossings(t, e, 0)))

	same, err := e.Reload(context.Background(), compile(t, "// a comment\n"+shop))
	if err != nil || !same.Same {
		t.Fatalf("a comment changes nothing: %+v, %v", same, err)
	}
	edited := strings.Replace(shop, "spend >= 1000", "spend >= 500", 1) + "\nsegment anyone = has(order)\n"
	out, err := e.Reload(context.Background(), compile(t, edited))
	if err != nil || out.Same || out.Crossings != 1 {
		t.Fatalf("reload: %+v, %v", out, err)
	}
	got := crossings(t, e, before)
	if want := (crossing{"big", 0, true, c.Load(), "rules"}); len(got) != 1 || got[0] != want {
		t.Fatalf("crossings of the edit: %v, want %v", got, want)
	}
	if _, err := e.Reload(context.Background(), compile(t, shop+"\ntag moment = now\n")); err == nil {
		t.Fatal("a rule set that cannot be followed was put in force")
	}

	// Edits back and forth while orders arrive.
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range 40 {
			submit(order(fmt.Sprint(i), fmt.Sprint("X", i), c.Load(), 30000))
		}
	})
	wg.Go(func() {
		for i := range 8 {
			text := shop
			if i%2 == 1 {
				text = edited
			}
			if _, err := e.Reload(context.Background(), compile(t, text)); err != nil {
				t.Error(err)
			}
		}
	})
	wg.Wait()
	segments, err := e.View().Segments(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]int{}
	for i, s := range e.View().Program().Segments {
		names[s.Name] = i
	}
	if n := segments[names["active"]].GetCardinality(); n != 40 {
		t.Errorf("%d members are active, want 40", n)
	}
	if n := segments[names["anyone"]].GetCardinality(); n != 40 {
		t.Errorf("%d members have ordered, want 40", n)
	}
	// Every member is, by the crossings, in the segments that it is in.
	inside := map[string]map[uint32]bool{}
	for _, x := range crossings(t, e, 0) {
		if inside[x.segment] == nil {
			inside[x.segment] = map[uint32]bool{}
		}
		if inside[x.segment][x.member] == x.entered {
			t.Errorf("member %d crosses into %s twice", x.member, x.segment)
		}
		inside[x.segment][x.member] = x.entered
	}
	for _, name := range []string{"active", "big", "hot"} {
		n := uint64(0)
		for _, in := range inside[name] {
			if in {
				n++
			}
		}
		if is := segments[names[name]].GetCardinality(); n != is {
			t.Errorf("by the crossings %d members are in %s, there are %d", n, name, is)
		}
	}
}

package live_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/muster-engine/muster/runtime/live"
	"github.com/muster-engine/muster/storage"
)

// TestInputsThatTouchManyBlocks puts more members than a block holds on a list at once, and lets as many leave a segment
// at one instant.
func TestInputsThatTouchManyBlocks(t *testing.T) {
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
	const many = 70_000
	inputs := make([]live.Input, 0, 2*many)
	ids := make([]live.ID, many)
	for i := range many {
		phone := fmt.Sprint(i)
		ids[i] = live.ID{Attribute: "phone", Text: phone}
		inputs = append(inputs, order(phone, "A", c.Load(), 1), order(phone, "B", c.Load(), 1))
	}
	submit := func(in ...live.Input) {
		t.Helper()
		out, err := e.Submit(context.Background(), in)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range out {
			if o.Status != live.Accepted {
				t.Fatal(o)
			}
		}
	}
	count := func(segment string, want int) {
		t.Helper()
		for _, s := range prog.Segments {
			if s.Name != segment {
				continue
			}
			if n, err := e.View().Count(context.Background(), s.Expr); err != nil || n != want {
				t.Fatalf("%s has %d members, want %d (%v)", segment, n, want, err)
			}
		}
	}
	submit(inputs...)
	count("active", many)
	count("hot", many)
	submit(live.Input{Kind: live.List, Name: "vips", IDs: ids})
	submit(live.Input{Kind: live.List, Name: "vips"})
	count("active", many)
	c.Add(7 * 3600e6)
	submit(live.Input{Kind: live.List, Name: "vips", IDs: ids[:1]})
	count("hot", 0)
	count("active", many)
}

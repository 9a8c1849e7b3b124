package live

import (
	"testing"
	"time"
)

func TestWorkRestsAroundACollection(t *testing.T) {
	const goal = 2 << 30
	began := time.Unix(1000, 0)
	g := &garbage{count: 4}
	for _, c := range []struct {
		what              string
		goal, heap, count uint64
		after             time.Duration
		want              bool
	}{
		{"half of the room is left", goal, goal / 2, 4, 0, false},
		{"nearly none is left", goal, goal - goal/100, 4, time.Second, true},
		{"a collection has ended", goal, goal / 4, 5, 2 * time.Second, true},
		{"it is swept up", goal, goal / 4, 5, 2*time.Second + sweeping/2, true},
		{"that is done", goal, goal / 4, 5, 2*time.Second + sweeping, false},
		{"a small heap is collected", largeHeap - 1, largeHeap - 2, 6, 3 * time.Second, false},
	} {
		if got := g.tell(c.goal, c.heap, c.count, began.Add(c.after)); got != c.want {
			t.Errorf("%s: %t", c.what, got)
		}
	}
	if new(garbage).collecting(time.Now()) {
		t.Error("the heap of a test is large")
	}
}

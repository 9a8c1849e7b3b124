package main

import "testing"

func TestGarbageHasRoom(t *testing.T) {
	for kept, want := range map[uint64]int{0: 400, 100 << 20: 400, 1 << 30: 200, 2 << 30: 100, 3 << 30: 66, 30 << 30: 50} {
		if got := garbagePercent(kept); got != want {
			t.Errorf("%d bytes are kept: %d %%, want %d", kept, got, want)
		}
	}
}

package main

import (
	"runtime/metrics"
	"testing"
)

func TestGarbageHasRoom(t *testing.T) {
	for kept, want := range map[uint64]int{0: 800, 100 << 20: 800, 512 << 20: 500, 1 << 30: 200, 2 << 30: 50, 3 << 30: 33, 4 << 30: 25, 30 << 30: 25} {
		if got := garbagePercent(kept); got != want {
			t.Errorf("%d bytes are kept: %d %%, want %d", kept, got, want)
		}
	}
}

func TestMemoryThatWasTouchedStays(t *testing.T) {
	free := []metrics.Sample{{Name: "/memory/classes/heap/free:bytes"}}
	const n = 200 << 20
	touch(n)
	if metrics.Read(free); free[0].Value.Uint64() < n*3/4 {
		t.Errorf("%d bytes are free and with the process", free[0].Value.Uint64())
	}
}

func TestAvailableMemoryIsRead(t *testing.T) {
	for text, want := range map[string]uint64{
		"MemTotal:       24105 kB\nMemFree:  100 kB\nMemAvailable:   23599 kB\n": 23599 << 10,
		"MemAvailable:   23599 MB\n": 0, "MemAvailable: many kB\n": 0, "": 0,
	} {
		if got := parseAvailable([]byte(text)); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

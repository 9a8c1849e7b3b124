package main

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"time"
)

// A server lets so much garbage gather that it has heapAim with what it keeps, in bytes, however much that is: memory that it
// has once is memory that need not be had from the system again. One that keeps much lets leastRoom gather, but not less than
// a quarter of what it keeps; one that keeps little eight times as much.
const (
	heapAim   = 3 << 30
	leastRoom = 1 << 30
)

// paceGarbage sets how often garbage is collected by how much memory is kept, now and every second until the context ends:
// what is kept grows with what has changed since the last checkpoint. Where $GOGC says how often, that stands.
func paceGarbage(ctx context.Context, env func(string) string) {
	if env("GOGC") != "" {
		return
	}
	for set := 0; ; {
		if percent := garbagePercent(keptMemory()); percent != set { // setting it stops everything for a moment
			debug.SetGCPercent(percent)
			set = percent
		}
		if sleep(ctx, time.Second) != nil {
			return
		}
	}
}

// keptMemory is how many bytes were kept when garbage was collected last.
func keptMemory() uint64 {
	kept := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(kept)
	return kept[0].Value.Uint64()
}

// garbagePercent is how much garbage may gather in percent of what is kept.
func garbagePercent(kept uint64) int {
	room := max(leastRoom, heapAim-min(kept, heapAim))
	return int(min(800, max(25, room*100/max(kept, 1))))
}

// leastClaim is for how many bytes it is worth to ask before they are needed.
const leastClaim = 256 << 20

// claimMemory has the system give the memory in which garbage will gather, page by page, before a server says that it is
// ready: a page that was never touched costs a microsecond or several where the machine is a virtual one, which the first
// requests would pay. Nothing is asked for where that is more than half of what the system has left, or than a limit allows.
func claimMemory(env func(string) string) {
	if env("GOGC") != "" {
		return
	}
	runtime.GC()
	kept := keptMemory()
	percent := garbagePercent(kept)
	debug.SetGCPercent(percent)
	room := kept / 100 * uint64(percent) * 9 / 10 // not all of it, or it would be collected meanwhile
	if room < leastClaim || int64(kept+room) > debug.SetMemoryLimit(-1) || room > availableMemory()/2 {
		return
	}
	touch(room)
}

// touch uses so many bytes and lets go of them: they stay with the process.
func touch(n uint64) {
	const piece = 64 << 20
	var pieces [][]byte
	for ; n > 0; n -= min(n, piece) {
		b := make([]byte, min(n, piece))
		for i := 0; i < len(b); i += os.Getpagesize() {
			b[i] = 1
		}
		pieces = append(pieces, b)
	}
	runtime.KeepAlive(pieces)
	pieces = nil
	runtime.GC()
}

// availableMemory is how many bytes the system says that programs may still take without swapping; 0 if it does not say.
func availableMemory() uint64 {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	return parseAvailable(text)
}

func parseAvailable(meminfo []byte) uint64 {
	for lines := bufio.NewScanner(bytes.NewReader(meminfo)); lines.Scan(); {
		words := bytes.Fields(lines.Bytes())
		if len(words) == 3 && string(words[0]) == "MemAvailable:" && string(words[2]) == "kB" {
			n, _ := strconv.ParseUint(string(words[1]), 10, 54)
			return n << 10
		}
	}
	return 0
}

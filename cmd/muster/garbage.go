package main

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// A server may let that much garbage gather, in bytes, and not less than half of what it keeps: collecting costs by what is
// kept, so that a server that keeps little would collect all the time, and one that keeps much must not need twice of it.
const garbageRoom = 2 << 30

// paceGarbage sets how often garbage is collected by how much memory is kept, now and every half minute until the context
// ends. Where $GOGC says how often, that stands.
func paceGarbage(ctx context.Context, env func(string) string) {
	if env("GOGC") != "" {
		return
	}
	kept := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	for {
		metrics.Read(kept)
		debug.SetGCPercent(garbagePercent(kept[0].Value.Uint64()))
		if sleep(ctx, 30*time.Second) != nil {
			return
		}
	}
}

// garbagePercent is how much garbage may gather in percent of what is kept: all of garbageRoom, but not less than half of
// it nor more than four times as much.
func garbagePercent(kept uint64) int {
	return int(min(400, max(50, garbageRoom*100/max(kept, 1))))
}

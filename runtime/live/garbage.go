package live

import (
	"runtime/metrics"
	"time"
)

// garbage tells when the Go runtime collects garbage, which it does with a quarter of the processors, and sweeps it up, with
// what they have left: together, some tenths of a second on a large heap, in which answers wait for a processor. What can rest
// does not take part in that. One goroutine at a time may use it.
type garbage struct {
	read  []metrics.Sample // nil until first asked
	count uint64           // of collections
	ended time.Time        // when the last was first seen to have ended
}

const (
	largeHeap = 512 << 20              // a smaller one is collected in no time
	sweeping  = 400 * time.Millisecond // is how long sweeping goes on after a collection, at most
)

// collecting reports whether garbage is being collected, or is about to be, or swept up.
func (g *garbage) collecting(now time.Time) bool {
	if g.read == nil {
		g.read = []metrics.Sample{
			{Name: "/gc/heap/goal:bytes"}, {Name: "/memory/classes/heap/objects:bytes"}, {Name: "/gc/cycles/total:gc-cycles"},
		}
	}
	metrics.Read(g.read)
	return g.tell(g.read[0].Value.Uint64(), g.read[1].Value.Uint64(), g.read[2].Value.Uint64(), now)
}

// tell is collecting, of a heap of so many bytes that is collected at goal, after so many collections.
func (g *garbage) tell(goal, heap, count uint64, now time.Time) bool {
	if count != g.count {
		g.count, g.ended = count, now
	}
	return goal >= largeHeap && (heap > goal-goal/64 || now.Sub(g.ended) < sweeping)
}

// Package fold computes aggregates over the history of one block of members.
//
// History lies clustered by member and in time order, so an aggregate is one pass over the rows of each member that its
// window selects: no hash table, no sorting. A [Block] reads each stored field, evaluates each where and each value, and
// finds the rows of each window once, however many aggregates share them; [Block.Slot] then folds one aggregate into a
// column with a row per member.
package fold

import (
	"sort"

	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/vector"
	"github.com/muster-engine/muster/storage"
)

// Block is the events of one type of the members of one block, with what has been computed over them. It belongs to one
// goroutine.
type Block struct {
	Env     *vector.Env
	Scratch *vector.Scratch
	Event   *ir.Event
	// Members is how many members the block has: the length of the columns that Slot returns.
	Members int
	// Window resolves a window at the clock of Env into ascending disjoint intervals of instants, none after it.
	Window func(ir.Window) []calendar.Interval
	// Member returns the block's values of a per-member expression that a where refers to.
	Member func(*ir.Node) *vector.Vec

	history storage.History
	starts  []uint32 // Members+1 entries
	at      []int64
	fields  map[int]*field
	rows    map[string]*rows
	wheres  map[string][]uint64
	spans   map[ir.Window][]span
	owner   []uint32
	members map[*ir.Node]*vector.Vec
	batch   *vector.Batch
	first   int // row of the batch's first lane
}

// span is, for each member, the rows [lo, hi) that one interval of a window selects.
type span struct{ lo, hi []uint32 }

// Open prepares a block's events. The history may be nil: then nobody has events.
func (b *Block) Open(h storage.History) {
	b.history = h
	b.fields = make(map[int]*field)
	b.rows = make(map[string]*rows)
	b.wheres = make(map[string][]uint64)
	b.spans = make(map[ir.Window][]span)
	b.members = make(map[*ir.Node]*vector.Vec)
	b.starts = make([]uint32, b.Members+1)
	if h == nil {
		return
	}
	starts := h.Starts()
	n := copy(b.starts, starts)
	for i := n; i < len(b.starts) && n > 0; i++ {
		b.starts[i] = starts[n-1]
	}
	at, err := h.At()
	vector.Fail(err)
	b.at = make([]int64, b.count())
	at.ReadInts(b.at, 0)
}

// count is how many rows the block's members have.
func (b *Block) count() int { return int(b.starts[b.Members]) }

// windowSpans returns the rows of each member that a window selects, an entry per interval.
func (b *Block) windowSpans(w ir.Window) []span {
	if s, ok := b.spans[w]; ok {
		return s
	}
	var out []span
	for _, in := range b.Window(w) {
		s := span{make([]uint32, b.Members), make([]uint32, b.Members)}
		for m := range b.Members {
			lo, hi := b.starts[m], b.starts[m+1]
			if hi-lo > 32 {
				all := b.at[lo:hi]
				s.lo[m] = lo + uint32(sort.Search(len(all), func(i int) bool { return all[i] >= in.Lo }))
				s.hi[m] = lo + uint32(sort.Search(len(all), func(i int) bool { return all[i] >= in.Hi }))
				continue
			}
			for hi > lo && b.at[hi-1] >= in.Hi {
				hi--
			}
			for lo < hi && b.at[lo] < in.Lo {
				lo++
			}
			s.lo[m], s.hi[m] = lo, hi
		}
		out = append(out, s)
	}
	b.spans[w] = out
	return out
}

// owners returns the member of each row.
func (b *Block) owners() []uint32 {
	if b.owner == nil {
		b.owner = make([]uint32, b.count())
		for m := range b.Members {
			for r := b.starts[m]; r < b.starts[m+1]; r++ {
				b.owner[r] = uint32(m)
			}
		}
	}
	return b.owner
}

// where returns the rows for which a condition holds, as bits; nil for no condition.
func (b *Block) where(n *ir.Node) []uint64 {
	if n == nil {
		return nil
	}
	if w, ok := b.wheres[n.Key]; ok {
		return w
	}
	out := make([]uint64, vector.Words(b.count()))
	b.batches(func(from, _ int) {
		copy(out[from/64:], b.batch.Cond(n))
	})
	b.wheres[n.Key] = out
	return out
}

// batches runs f over all rows, a batch at a time; from is a multiple of 64.
func (b *Block) batches(f func(from, n int)) {
	for from := 0; from < b.count(); from += vector.Lanes {
		n := min(vector.Lanes, b.count()-from)
		if b.batch == nil {
			b.batch = vector.NewBatch(b.Env, b.Scratch, b, n)
		} else {
			b.batch.Restart(n)
		}
		b.first = from
		f(from, n)
	}
}

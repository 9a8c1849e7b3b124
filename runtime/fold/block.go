// Package fold computes aggregates over the history of one block of members.
//
// History lies clustered by member and in time order, so an aggregate is one pass over the rows of each member that its
// window selects: no hash table, no sorting. A [Block] reads each stored field, evaluates each where and each value, and
// finds the rows of each window once, however many aggregates share them; [Block.Slot] then folds one aggregate into a
// vector with a lane per member. What can be answered from packed elements is: windows, comparisons of a field with a
// constant, and sums and extremes of a stored field never unpack a column.
package fold

import (
	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/index"
	"github.com/muster-engine/muster/runtime/vector"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// Block is the events of one type of the members of one block, with what has been computed over them. It belongs to one
// goroutine and may be opened again for another block, which reuses its memory.
type Block struct {
	Env   *vector.Env
	Event *ir.Event
	// Members is how many members the block has: the length of the vectors that Slot returns.
	Members int
	// Window resolves a window at the clock of Env into ascending disjoint intervals of instants, none after it.
	Window func(ir.Window) []calendar.Interval
	// Member returns the block's values of a per-member expression that a where refers to.
	Member func(*ir.Node) *vector.Vec

	history storage.History
	starts  []uint32 // Members+1 entries
	at      *column.Column
	fields  map[int]*field
	rows    map[string]*rows
	wheres  map[string][]uint64
	spans   map[ir.Window][]span
	members map[*ir.Node]*vector.Vec
	owner   []uint32
	scratch vector.Scratch
	batch   *vector.Batch
	first   int // row of the batch's first lane

	lanes words32 // reused from block to block
	bits  words64
}

// span is, for each member, the rows [lo, hi) that one interval of a window selects.
type span struct{ lo, hi []uint32 }

// Open prepares a block's events. The history may be nil: then nobody has events. What Slot returned before becomes
// invalid.
func (b *Block) Open(h storage.History) {
	b.history, b.at, b.owner, b.batch = h, nil, nil, nil
	if b.fields == nil {
		b.fields = make(map[int]*field)
		b.rows = make(map[string]*rows)
		b.wheres = make(map[string][]uint64)
		b.spans = make(map[ir.Window][]span)
		b.members = make(map[*ir.Node]*vector.Vec)
	}
	clear(b.fields)
	clear(b.rows)
	clear(b.wheres)
	clear(b.spans)
	clear(b.members)
	b.lanes.reset()
	b.bits.reset()
	b.starts = b.lanes.get(b.Members + 1)
	if h == nil {
		clear(b.starts)
		return
	}
	starts := h.Starts()
	n := copy(b.starts, starts)
	last := uint32(0)
	if n > 0 {
		last = starts[n-1]
	}
	for i := n; i < len(b.starts); i++ {
		b.starts[i] = last
	}
	at, err := h.At()
	vector.Fail(err)
	b.at = at
}

// rowCount is how many rows the block's members have.
func (b *Block) rowCount() int { return int(b.starts[b.Members]) }

// windowSpans returns the rows of each member that a window selects, an entry per interval.
func (b *Block) windowSpans(w ir.Window) []span {
	if s, ok := b.spans[w]; ok {
		return s
	}
	var out []span
	for _, in := range b.Window(w) {
		s := span{b.lanes.get(b.Members), b.lanes.get(b.Members)}
		b.selectRows(in, s)
		out = append(out, s)
	}
	b.spans[w] = out
	return out
}

// selectRows finds the rows of each member within an interval, on the packed times.
func (b *Block) selectRows(in calendar.Interval, s span) {
	lo, hi, some := uint64(0), uint64(0), false
	if b.rowCount() > 0 && in.Lo < in.Hi {
		lo, hi, some = packedRange(b.at, in)
	}
	if !some || b.at.Width == 0 && lo > 0 { // without elements, all are 0
		copy(s.lo, b.starts)
		copy(s.hi, b.starts)
		return
	}
	switch b.at.Width {
	case 1:
		selectPacked(b.at.U8, b.starts, lo, hi, s)
	case 2:
		selectPacked(b.at.U16, b.starts, lo, hi, s)
	case 4:
		selectPacked(b.at.U32, b.starts, lo, hi, s)
	case 8:
		selectPacked(b.at.U64, b.starts, lo, hi, s)
	default:
		copy(s.lo, b.starts)
		copy(s.hi, b.starts[1:])
	}
}

// packedRange translates an interval into packed elements [lo, hi], both included; some is false if no element is in it.
func packedRange(c *column.Column, in calendar.Interval) (lo, hi uint64, some bool) {
	return index.Packed(c, in.Lo, in.Hi-1)
}

type unsigned interface {
	uint8 | uint16 | uint32 | uint64
}

// selectPacked walks each member's rows from the latest back, as most windows end now; long histories are halved.
func selectPacked[T unsigned](at []T, starts []uint32, lo, hi uint64, s span) {
	top := uint64(^T(0))
	if lo > top {
		copy(s.lo, starts)
		copy(s.hi, starts)
		return
	}
	from, to := T(lo), T(min(hi, top))
	for m := range s.lo {
		l, h := starts[m], starts[m+1]
		if h-l > 64 {
			h = l + uint32(search(at[l:h], to, true))
			l += uint32(search(at[l:h], from, false))
			s.lo[m], s.hi[m] = l, h
			continue
		}
		for h > l && at[h-1] > to {
			h--
		}
		first := h
		if lo == 0 {
			first = l
		}
		for first > l && at[first-1] >= from {
			first--
		}
		s.lo[m], s.hi[m] = first, h
	}
}

// search returns the first place whose element is not below x, or with after not at or below x.
func search[T unsigned](at []T, x T, after bool) int {
	lo, hi := 0, len(at)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if at[mid] < x || after && at[mid] == x {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// owners returns the member of each row.
func (b *Block) owners() []uint32 {
	if b.owner == nil {
		b.owner = b.lanes.get(b.rowCount())
		for m := range b.Members {
			for r := b.starts[m]; r < b.starts[m+1]; r++ {
				b.owner[r] = uint32(m)
			}
		}
	}
	return b.owner
}

// batches runs f over all rows, a batch at a time; from is a multiple of 64.
func (b *Block) batches(f func(from int)) {
	for from := 0; from < b.rowCount(); from += vector.Lanes {
		n := min(vector.Lanes, b.rowCount()-from)
		if b.batch == nil {
			b.batch = vector.NewBatch(b.Env, &b.scratch, b, n)
		} else {
			b.batch.Restart(n)
		}
		b.first = from
		f(from)
	}
}

// words32 and words64 lend slices that are all taken back at once; they are not cleared.
type (
	words32 struct {
		bufs [][]uint32
		next int
	}
	words64 struct {
		bufs [][]uint64
		next int
	}
)

func (w *words32) reset() { w.next = 0 }

func (w *words32) get(n int) []uint32 {
	if w.next == len(w.bufs) {
		w.bufs = append(w.bufs, nil)
	}
	if cap(w.bufs[w.next]) < n {
		w.bufs[w.next] = make([]uint32, n+n/4)
	}
	w.next++
	return w.bufs[w.next-1][:n]
}

func (w *words64) reset() { w.next = 0 }

func (w *words64) get(n int) []uint64 {
	if w.next == len(w.bufs) {
		w.bufs = append(w.bufs, nil)
	}
	if cap(w.bufs[w.next]) < n {
		w.bufs[w.next] = make([]uint64, n+n/4)
	}
	w.next++
	return w.bufs[w.next-1][:n]
}

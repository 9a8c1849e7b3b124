package runtime

import (
	"sync"
	"sync/atomic"

	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/compiler/decimal"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/fold"
	"github.com/muster-engine/muster/runtime/index"
	"github.com/muster-engine/muster/runtime/vector"
	"github.com/muster-engine/muster/storage/column"
)

// block is what a view has of 65,536 members. One goroutine works on it at a time, under mu.
type block struct {
	view    *View
	no      int
	members int

	mu     sync.Mutex
	loaded bool
	live   index.Bits
	count  int // of live
	// columns are the attributes, tags and slots that were asked for, by the key of their node.
	columns  map[string]*resident
	segments map[int]index.Bits
	lists    map[int]index.Bits
	// pending are changes that segments and lists have and columns do not, in order. Whoever works on the block lets the
	// columns follow before anything else.
	pending []part
	behind  atomic.Int32 // how many they are

	// While a goroutine works on the block:
	worker *worker
	at     *instant
	open   map[int]bool // event types that the worker has opened for this block
	beside *change      // the members that differ from the data, once they were asked for
}

// resident is one column of a block, with the indexes over it.
type resident struct {
	node  *ir.Node          // what it is the column of
	owned bool              // the column is the view's own and may be patched
	codes map[string]uint32 // of the dictionary of texts, while patched
	col   *column.Column
	exact []decimal.Decimal // of exact money, instead of col; known is then col.Known
	// moving tells of the column of a standing view that nobody keeps right while time passes: it holds as of at.
	moving bool
	at     int64
	// asked counts the ranges asked of it.
	asked  int
	slices *index.Slices
	values *index.Values
	tried  bool // whether values were tried
}

// words is the length of the block's sets.
func (b *block) words() int { return vector.Words(b.members) }

// bits lends a set of the block's length with anything in it, until it is given back to the worker.
func (b *block) bits() index.Bits { return b.worker.bits(b.words()) }

// stale reports whether the column is that of another instant.
func (r *resident) stale(now int64) bool { return r.moving && r.at != now }

func (b *block) load() {
	if b.loaded {
		return
	}
	live, err := b.view.data.Live(b.no)
	vector.Fail(err)
	b.live = make(index.Bits, b.words())
	if live != nil {
		var dense [index.BlockWords]uint64
		live.WriteDenseTo(dense[:])
		copy(b.live, dense[:])
	}
	if small, lanes, ok := b.overlay(); ok {
		vector.Fail(small.with(func() { lanes.setBits(b.live, small.block.live) }))
	}
	b.count = b.live.Count()
	if b.columns == nil {
		b.columns = make(map[string]*resident)
	}
	b.segments = make(map[int]index.Bits)
	b.lists = make(map[int]index.Bits)
	b.inherit()
	b.loaded = true
}

// leaf is the attribute, tag or slot whose column a node reads: of a tag that is nothing but another column that one.
func (v *View) leaf(n *ir.Node) *ir.Node {
	for n.Op == ir.OpTag && !v.prog.Tags[n.Index].Manual {
		x := v.prog.Tags[n.Index].Expr
		if x.Op != ir.OpAttr && x.Op != ir.OpTag && x.Op != ir.OpSlot {
			break
		}
		n = x
	}
	return n
}

// leafKey names the column of an attribute, tag or slot.
func (v *View) leafKey(n *ir.Node) string {
	if n = v.leaf(n); n.Op == ir.OpSlot {
		return n.Agg.Key
	}
	return n.Key
}

// prepare computes every column and set that the node's leaves read.
func (b *block) prepare(n *ir.Node) {
	switch n.Op {
	case ir.OpAttr, ir.OpTag, ir.OpSlot:
		b.column(n)
	case ir.OpSegment:
		b.segment(n.Index)
	case ir.OpList:
		b.list(n.Index)
	default:
		for _, a := range n.Args {
			b.prepare(a)
		}
	}
}

// column returns the resident column of an attribute, tag or slot; its col is nil where everything is unknown.
func (b *block) column(n *ir.Node) *resident {
	n = b.view.leaf(n)
	key := b.view.leafKey(n)
	if r, ok := b.columns[key]; ok && !r.stale(b.at.clock.Now) {
		return r
	}
	var r *resident
	switch n.Op {
	case ir.OpAttr:
		r = b.attribute(b.view.prog.Attributes[n.Index].Name, n.Type)
	case ir.OpTag:
		r = b.tag(n)
	default:
		r = pack(b.fold(n.Agg.Event).Slot(n.Agg))
	}
	if n.Op != ir.OpTag || b.view.prog.Tags[n.Index].Manual {
		r = b.corrected(key, n, r) // computed tags follow from columns that are right
	}
	r.node = n
	r.moving, r.at = n.Op == ir.OpSlot && b.view.upkeep.neglects(n.Agg), b.at.clock.Now
	r.fresh(b.view.upkeep.stands())
	b.columns[key] = r
	if b.members >= longBlock {
		GiveWay() // a column of so many takes as long as others should wait for the processor
	}
	return r
}

// longBlock is how many members a block has, at least, for whose columns a goroutine gives way one by one.
const longBlock = 8192

// attribute reads a stored attribute; enum texts become ordinals.
func (b *block) attribute(name string, t ir.Type) *resident {
	col, err := b.view.data.Attribute(name, b.no)
	vector.Fail(err)
	if col == nil || t.Kind != ir.Enum {
		return &resident{col: col}
	}
	ordinals := fold.Ordinals(col.Dict, t.Enum)
	vals := make([]int64, col.Len)
	known := make([]uint64, vector.Words(col.Len))
	for i := range vals {
		if !col.IsKnown(i) {
			continue
		}
		if o := ordinals[col.Raw(i)]; o >= 0 {
			vals[i] = o
			known[i>>6] |= 1 << (uint(i) & 63)
		}
	}
	return &resident{col: column.PackInts(vals, known)}
}

// tag computes a tag over the block.
func (b *block) tag(n *ir.Node) *resident {
	tag := b.view.prog.Tags[n.Index]
	if tag.Manual {
		return b.manual(tag)
	}
	return pack(b.evaluate(tag.Expr))
}

// evaluate computes a per-member expression over the whole block, live or not.
func (b *block) evaluate(n *ir.Node) *vector.Vec {
	b.prepare(n)
	all := vector.NewCollector(n.Type.Kind, b.members)
	lanes := &lanes{block: b}
	batch := vector.NewBatch(b.at.env, &b.worker.scratch, lanes, 0)
	for from := 0; from < b.members; from += vector.Lanes {
		lanes.first = from
		batch.Restart(min(vector.Lanes, b.members-from))
		all.Add(batch.Full(batch.Eval(n)))
	}
	return all.Vec()
}

// pack turns a computed vector into a resident column.
func pack(v *vector.Vec) *resident {
	switch v.Kind {
	case ir.Bool:
		vals := make([]int64, v.N)
		for i := range vals {
			vals[i] = int64(v.B[i>>6] >> (uint(i) & 63) & 1)
		}
		return &resident{col: column.PackInts(vals, v.Known)}
	case ir.Number:
		return &resident{col: column.PackFloats(v.F, v.Known)}
	case ir.Exact:
		return &resident{col: &column.Column{Kind: column.Ints, Len: v.N, Known: v.Known}, exact: v.D}
	case ir.String, ir.Row:
		return &resident{col: column.PackCodes(v.T, v.Known, v.Dict)}
	case ir.Set:
		sets := column.NewBuilder(column.Sets, v.N)
		for i := range v.N {
			if v.IsKnown(i) {
				sets.AppendSet(v.S[i])
			} else {
				sets.AppendUnknown()
			}
		}
		return &resident{col: sets.Column()}
	}
	return &resident{col: column.PackInts(v.I, v.Known)}
}

// fold returns the events of a type, opened for folding while the block is worked on.
func (b *block) fold(event int) *fold.Block {
	v := b.view
	f := b.worker.folds[event]
	if b.open[event] {
		return f
	}
	h, err := v.data.History(v.prog.Events[event].Name, b.no)
	vector.Fail(err)
	if f == nil {
		f = new(fold.Block)
		if b.worker.folds == nil {
			b.worker.folds = make(map[int]*fold.Block)
		}
		b.worker.folds[event] = f
	}
	f.Env, f.Event, f.Members, f.Window, f.Member = b.at.env, v.prog.Events[event], b.members, b.window, b.evaluate
	f.Open(h)
	if b.open == nil {
		b.open = make(map[int]bool)
	}
	b.open[event] = true
	return f
}

// window resolves a window at the view's clock.
func (b *block) window(w ir.Window) []calendar.Interval {
	bound := func(b ir.Bound) calendar.Bound {
		return calendar.Bound{Kind: calendar.BoundKind(b.Kind), Value: b.Value}
	}
	return b.at.clock.Zone.Window(w.Kind, w.N, w.Unit, bound(w.From), bound(w.To), b.at.clock.Now, b.view.prog.WeekStart)
}

// segment returns the members of a segment, computed once.
func (b *block) segment(i int) index.Bits {
	if s, ok := b.segments[i]; ok {
		return s
	}
	s := make(index.Bits, b.words())
	b.run(b.at.segmentPlan(i, b.view.prog.Segments[i].Expr), b.live, s, nil)
	b.segments[i] = s // right, as the columns are that it was computed from
	return s
}

// list returns the members on a list.
func (b *block) list(i int) index.Bits {
	if s, ok := b.lists[i]; ok {
		return s
	}
	s := make(index.Bits, b.words())
	all, err := b.view.data.List(b.view.prog.Lists[i].Name)
	vector.Fail(err)
	if all != nil {
		it := all.Iterator()
		it.AdvanceIfNeeded(uint32(b.no) * column.Block)
		for it.HasNext() {
			m := it.Next()
			if int(m/column.Block) != b.no {
				break
			}
			s[m%column.Block>>6] |= 1 << (m & 63)
		}
	}
	if small, lanes, ok := b.overlay(); ok {
		vector.Fail(small.with(func() { lanes.setBits(s, small.block.list(i)) }))
	}
	b.lists[i] = s
	return s
}

// lanes supplies the leaves of per-member expressions from a block's columns. They must have been prepared.
type lanes struct {
	*block
	first int
}

// Leaf implements vector.Leaves.
func (l *lanes) Leaf(batch *vector.Batch, n *ir.Node) *vector.Vec {
	switch n.Op {
	case ir.OpSegment:
		return bitLanes(batch, l.segments[n.Index], l.first)
	case ir.OpList:
		return bitLanes(batch, l.lists[n.Index], l.first)
	case ir.OpChance:
		out := batch.New(ir.Number)
		for i := range out.F {
			out.F[i] = Chance(n.Text, l.number(l.first+i))
		}
		return out
	}
	r := l.columns[l.view.leafKey(n)]
	if r.col == nil {
		return batch.Uniform(ir.Unknown(n.Type.Kind))
	}
	if r.exact != nil {
		out := &vector.Vec{Kind: ir.Exact, N: batch.N, D: r.exact[l.first : l.first+batch.N]}
		if r.col.Known != nil {
			out.Known = r.col.Known[l.first/64 : (l.first+batch.N+63)/64]
		}
		return out
	}
	return fold.Read(batch, r.col, n.Type, nil, l.first)
}

// number is the member in a row of the block.
func (b *block) number(row int) uint64 {
	if few, ok := b.view.data.(Rows); ok {
		if numbers := few.Numbers(); row < len(numbers) {
			return uint64(numbers[row])
		}
	}
	return uint64(b.no)*column.Block + uint64(row)
}

func bitLanes(batch *vector.Batch, set index.Bits, first int) *vector.Vec {
	out := batch.New(ir.Bool)
	copy(out.B, set[first/64:])
	if tail := uint(batch.N) & 63; tail != 0 {
		out.B[len(out.B)-1] &= 1<<tail - 1
	}
	return out
}

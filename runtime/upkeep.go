package runtime

import (
	"cmp"
	"context"
	"slices"
	"sync/atomic"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/index"
	"github.com/muster-engine/muster/runtime/vector"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// Rows is the whole present state of a few members, as data of its own in one block: lane i is member Numbers()[i].
type Rows interface {
	storage.Data
	// Numbers are the members' numbers, ascending; at most a block of them.
	Numbers() []uint32
}

// Upkeep is what a standing view needs to stay right while members change beside the engine's data.
type Upkeep struct {
	// Changed returns the members of a block whose state differs from the data, with their state as it is now; nil if
	// there are none. It is asked while the block is worked on, when a column is first computed.
	Changed func(block int) Rows

	work *clockwork // of the program, in a view whose clock moves
}

// stands reports whether the view is kept up to date while members change.
func (u *Upkeep) stands() bool { return u != nil && u.work != nil }

// neglects reports whether an aggregate can change at instants that are not among the flips.
func (u *Upkeep) neglects(a *ir.Aggregate) bool {
	return u != nil && u.work != nil && u.work.neglects(a)
}

// Standing returns a view at the instant at which the engine's clock stands, to be kept up to date with [View.Evaluate]:
// it answers from the engine's data, corrected for the members that up says have changed. members is how many numbers
// have been given, those beside the data included.
func (e *Engine) Standing(now int64, members uint32, up *Upkeep) *View {
	v := e.At(now)
	v.upkeep = &Upkeep{Changed: up.Changed, work: clockworkOf(e.prog)}
	if members > 0 {
		v.extend(members - 1)
	}
	for _, b := range *v.blocks.Load() {
		b.members = column.Block
	}
	return v
}

// change is what the evaluation of a few members yields: a view over their state alone.
type change struct {
	rows  Rows
	block *block
	work  *worker
	open  map[int]bool // event types that the worker has opened

	behind atomic.Int32 // blocks whose columns do not follow it yet
}

// evaluateRows returns a view of some members' present state, with the cuts of v, ready to be asked for columns.
func (v *View) evaluateRows(ctx context.Context, rows Rows, now int64) (*change, error) {
	opt := Options{Workers: 1, Index: IndexNever}
	engine := New(v.prog, rows, opt)
	engine.tables = v.tables
	small := engine.asOf(now, v.at.Load().daily)
	small.cutsMu.Lock()
	v.cutsMu.Lock()
	for k, c := range v.cuts {
		small.cuts[k] = c
	}
	v.cutsMu.Unlock()
	small.cutsMu.Unlock()
	c := &change{rows: rows, block: (*small.blocks.Load())[0], work: workers.Get().(*worker)}
	c.block.columns, c.work.columns = c.work.columns, nil
	return c, ctx.Err()
}

// with runs f while the change's block is held.
func (c *change) with(f func()) error {
	c.block.mu.Lock()
	defer c.block.mu.Unlock()
	c.block.worker, c.block.open, c.block.at = c.work, c.open, c.block.view.at.Load()
	defer func() {
		c.open = c.block.open
		c.block.worker, c.block.open, c.block.at = nil, nil, nil
	}()
	return vector.Catch(func() {
		c.block.load()
		f()
	})
}

// done gives back what the change was evaluated with. Nobody looks at it any more.
func (c *change) done() {
	clear(c.block.columns)
	c.work.columns, c.block.columns = c.block.columns, nil
	workers.Put(c.work)
}

// Crossing is a member's entering or leaving of a segment.
type Crossing struct {
	Member  uint32
	Segment int
	Entered bool
}

// Evaluate works out what members whose state has changed are at now (not before the view's instant), without changing
// the view. Segments must have been computed before, by [View.Segments]. The change must be ended by [Change.Commit] or
// [Change.Discard]. earlier are changes that are not yet committed and will be before this one: members that are in one of
// them are compared with what the last such makes of them, and not with the view. Several
// goroutines may evaluate at once, each other members.
func (v *View) Evaluate(ctx context.Context, rows Rows, now int64, earlier ...*Change) (*Change, error) {
	c := &Change{view: v, now: now, lanes: len(rows.Numbers())}
	if len(rows.Numbers()) == 0 {
		return c, nil
	}
	small, err := v.evaluateRows(ctx, rows, now)
	if err != nil {
		return nil, err
	}
	c.small = small
	c.follow(earlier)
	err = small.with(func() {
		for i := range v.prog.Segments {
			small.block.segment(i)
			GiveWay() // whoever waits for the processor would wait for all of it
		}
	})
	if err != nil {
		c.Discard()
		return nil, err
	}
	c.compare()
	slices.SortFunc(c.crossings, func(a, b Crossing) int {
		return cmp.Or(cmp.Compare(a.Member, b.Member), cmp.Compare(a.Segment, b.Segment))
	})
	return c, nil
}

// Change is what some members become, worked out and not yet part of the view.
type Change struct {
	view      *View
	now       int64
	small     *change
	crossings []Crossing
	before    []place // by lane, where an earlier change has the member; nil if none has any
	lanes     int
	taken     atomic.Int32 // how many members later changes have
}

// place is a member's lane in a change; of nil for none.
type place struct {
	of   *Change
	lane uint32
}

// follow finds the members that earlier changes have.
func (c *Change) follow(earlier []*Change) {
	for lane, m := range c.small.rows.Numbers() {
		for _, e := range slices.Backward(earlier) {
			if e.small == nil {
				continue
			}
			if at, ok := slices.BinarySearch(e.small.rows.Numbers(), m); ok {
				if c.before == nil {
					c.before = make([]place, c.lanes)
				}
				c.before[lane] = place{e, uint32(at)}
				e.taken.Add(1)
				break
			}
		}
	}
}

// Superseded reports whether later changes have all members of this one, so that it need not be committed.
func (c *Change) Superseded() bool { return int(c.taken.Load()) == c.lanes }

// Crossings are the segments that members enter or leave by the change, by member, then segment.
func (c *Change) Crossings() []Crossing { return c.crossings }

// compare finds the crossings of the members, whose segments have been evaluated.
func (c *Change) compare() {
	numbers, is := c.small.rows.Numbers(), make([]index.Bits, len(c.view.prog.Segments))
	for i := range is {
		is[i] = c.small.block.segments[i]
	}
	was, blocks := make([]index.Bits, len(is)), *c.view.blocks.Load()
	for from, to := 0, 0; from < len(numbers); from = to {
		no := int(numbers[from] / column.Block)
		for to = from; to < len(numbers) && int(numbers[to]/column.Block) == no; to++ {
		}
		clear(was)
		if no < len(blocks) {
			blocks[no].mu.Lock()
			for i := range was {
				was[i] = blocks[no].segments[i]
			}
		}
		for lane := from; lane < to; lane++ {
			c.cross(lane, numbers[lane], was, is)
		}
		if no < len(blocks) {
			blocks[no].mu.Unlock()
		}
	}
}

// cross finds the crossings of the member of a lane: was are the sets of its block, nil where the view has none yet, unless
// an earlier change has the member.
func (c *Change) cross(lane int, m uint32, was, is []index.Bits) {
	var before place
	if c.before != nil {
		before = c.before[lane]
	}
	for i := range is {
		in := false
		switch {
		case before.of != nil:
			in = before.of.in(i, before.lane)
		case was[i] != nil:
			in = bit(was[i], m)
		}
		if now := bit(is[i], uint32(lane)); now != in {
			c.crossings = append(c.crossings, Crossing{Member: m, Segment: i, Entered: now})
		}
	}
}

// Inside tells of each member of the change whether it is in a segment after it.
func (c *Change) Inside(segment int, f func(member uint32, in bool)) {
	if c.small == nil {
		return
	}
	for lane, m := range c.small.rows.Numbers() {
		f(m, c.in(segment, uint32(lane)))
	}
}

// in reports whether the member of a lane is in a segment after the change.
func (c *Change) in(segment int, lane uint32) bool {
	b := c.small.block
	b.mu.Lock()
	defer b.mu.Unlock()
	return bit(b.segments[segment], lane)
}

// Discard drops the change.
func (c *Change) Discard() {
	if c.small != nil {
		c.small.done()
		c.small = nil
	}
}

// extend gives the view blocks up to a member's.
func (v *View) extend(member uint32) {
	old := *v.blocks.Load()
	need := int(member/column.Block) + 1
	if need <= len(old) {
		return
	}
	blocks := append([]*block(nil), old...)
	for no := len(old); no < need; no++ {
		blocks = append(blocks, &block{view: v, no: no, members: column.Block})
	}
	v.blocks.Store(&blocks)
}

// laneMap says which member each lane of a change is.
type laneMap struct {
	numbers  []uint32
	from, to int
}

func bit(set index.Bits, i uint32) bool { return set[i%column.Block>>6]>>(i&63)&1 != 0 }

// setBits copies the lanes' bits to the members' places.
func (l laneMap) setBits(dst, src index.Bits) {
	for lane := l.from; lane < l.to; lane++ {
		m := l.numbers[lane] % column.Block
		if bit(src, uint32(lane)) {
			dst[m>>6] |= 1 << (m & 63)
		} else {
			dst[m>>6] &^= 1 << (m & 63)
		}
	}
}

// corrected overlays what was computed from the engine's data with the members that have changed.
func (b *block) corrected(key string, n *ir.Node, r *resident) *resident {
	small, lanes, ok := b.overlay()
	if !ok {
		return r
	}
	err := small.with(func() { r.patch(small.block.column(n), n.Type.Kind, lanes) })
	vector.Fail(err)
	return r
}

// overlay returns the block's changed members, evaluated as the block's clock stands. They are asked for once while a
// goroutine works on the block: who changes meanwhile is brought up to date by the change.
func (b *block) overlay() (*change, laneMap, bool) {
	if b.view.upkeep == nil {
		return nil, laneMap{}, false
	}
	if b.beside == nil {
		rows := b.view.upkeep.Changed(b.no)
		if rows == nil || len(rows.Numbers()) == 0 {
			return nil, laneMap{}, false
		}
		small, err := b.view.evaluateRows(context.Background(), rows, b.at.clock.Now)
		vector.Fail(err)
		b.beside = small
	}
	numbers := b.beside.rows.Numbers()
	return b.beside, laneMap{numbers, 0, len(numbers)}, true
}

// leave ends a goroutine's work on the block.
func (b *block) leave() {
	if b.beside != nil {
		b.beside.done()
	}
	b.worker, b.open, b.at, b.beside = nil, nil, nil, nil
}

// Segments computes every declared segment over all members, and returns each as a bitmap.
func (v *View) Segments(ctx context.Context) ([]*roaring.Bitmap, error) {
	all := make([]int, len(v.prog.Segments))
	for i := range all {
		all[i] = i
	}
	return v.SegmentsOf(ctx, all)
}

// SegmentsOf is Segments of some of the program's.
func (v *View) SegmentsOf(ctx context.Context, which []int) ([]*roaring.Bitmap, error) {
	blocks := len(*v.blocks.Load())
	dense := make([][]uint64, len(which))
	for i := range dense {
		dense[i] = make([]uint64, blocks*index.BlockWords)
	}
	err := v.eachSegment(ctx, which, func(b *block, i int, set index.Bits) {
		if b.no < blocks {
			copy(dense[i][b.no*index.BlockWords:], set)
		}
	})
	if err != nil {
		return nil, err
	}
	out := make([]*roaring.Bitmap, len(dense))
	for i, d := range dense {
		out[i] = roaring.FromDense(d, false)
	}
	return out, nil
}

// Stand computes every declared segment over all members, so that changes can be evaluated.
func (v *View) Stand(ctx context.Context) error {
	all := make([]int, len(v.prog.Segments))
	for i := range all {
		all[i] = i
	}
	return v.eachSegment(ctx, all, func(*block, int, index.Bits) {})
}

// eachSegment gives f segments block by block: the i-th of those that are asked for, in one of several goroutines.
func (v *View) eachSegment(ctx context.Context, which []int, f func(b *block, i int, set index.Bits)) error {
	var nodes []*ir.Node
	for _, i := range which {
		nodes = append(nodes, v.prog.Segments[i].Expr)
	}
	if err := v.ready(ctx, nodes...); err != nil {
		return err
	}
	return v.each(ctx, func(_ *worker, b *block) error {
		for i, segment := range which {
			f(b, i, b.segment(segment))
		}
		return nil
	})
}

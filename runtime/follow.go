package runtime

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/muster-engine/muster/runtime/vector"
	"github.com/muster-engine/muster/storage/column"
)

// part is the lanes [from, to) of a change whose members are in a block of the view.
type part struct {
	of       *change
	block    *block
	from, to int
}

// mostPending is by how many changes the columns of a block may be behind. A group of events has a change for every time
// that the member who comes most often comes.
const mostPending = 64

// Commit makes the change part of the view: of its segments and lists at once, of its columns before anybody reads them.
func (c *Change) Commit() error { return Commit(c) }

// Commit is [Change.Commit] of several changes of a view, one after the other. Their columns begin to follow when all are
// part of it, so that nothing works on the blocks meanwhile but whoever asks.
func Commit(all ...*Change) (err error) {
	var parts []part
	for _, c := range all {
		var more []part
		if more, err = c.enter(); err != nil {
			break
		}
		parts = append(parts, more...)
	}
	if len(parts) > 0 {
		crowded := slices.ContainsFunc(parts, func(p part) bool { return p.block.behind.Load() >= mostPending/2 })
		all[0].view.follower.follow(parts, crowded)
	}
	return err
}

// enter makes the change part of the view but for the columns, and returns what these are to follow.
func (c *Change) enter() ([]part, error) {
	v, small := c.view, c.small
	if c.now != v.Now() {
		v.moveTo(c.now, v.at.Load().daily)
	}
	if small == nil {
		return nil, nil
	}
	c.small = nil
	numbers := small.rows.Numbers()
	v.extend(numbers[len(numbers)-1])
	err := small.with(func() {
		for i := range v.prog.Lists {
			small.block.list(i)
		}
	})
	if err != nil {
		return nil, err
	}
	var parts []part
	for from := 0; from < len(numbers); {
		no := int(numbers[from] / column.Block)
		to := from
		for to < len(numbers) && int(numbers[to]/column.Block) == no {
			to++
		}
		parts = append(parts, part{small, (*v.blocks.Load())[no], from, to})
		from = to
	}
	small.behind.Store(int32(len(parts)))
	for _, p := range parts {
		if err := vector.Catch(p.commit); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

// commit writes the part into the block's segments and lists, and leaves the columns for later.
func (p part) commit() {
	b, small := p.block, p.of.block
	b.mu.Lock()
	defer b.mu.Unlock()
	b.worker, b.at = workers.Get().(*worker), b.view.at.Load()
	defer func() {
		workers.Put(b.worker)
		b.leave()
	}()
	b.load()
	if len(b.pending) >= mostPending {
		b.follow()
	}
	b.pending = append(b.pending, p)
	b.behind.Store(int32(len(b.pending)))
	lanes := p.lanes()
	lanes.setBits(b.live, small.live)
	b.count = b.live.Count()
	for i, set := range b.lists {
		lanes.setBits(set, small.lists[i])
	}
	for i := range b.view.prog.Segments {
		if set, ok := b.segments[i]; ok {
			lanes.setBits(set, small.segments[i])
		} else { // a block that has just come: computed with the change in it
			b.follow()
			b.segment(i)
		}
	}
}

func (p part) lanes() laneMap { return laneMap{p.of.rows.Numbers(), p.from, p.to} }

// follow brings the columns up to the changes that wait. Those that cannot follow are dropped, to be computed anew. A column
// takes all changes at once, while it is at hand.
func (b *block) follow() {
	if len(b.pending) == 0 {
		return
	}
	now, done := b.view.Now(), false
	defer func() {
		if !done {
			clear(b.columns)
		}
		clear(b.pending)
		b.pending = b.pending[:0]
		b.behind.Store(0)
	}()
	columns := make([]*resident, 0, len(b.columns))
	for key, r := range b.columns {
		if r.stale(now) {
			delete(b.columns, key)
		} else if r.node != nil {
			columns = append(columns, r)
		}
	}
	from := make([]*resident, 0, len(b.pending)*len(columns))
	for _, p := range b.pending {
		vector.Fail(p.of.with(func() {
			for _, r := range columns {
				from = append(from, p.of.block.column(r.node))
			}
		}))
	}
	for i, r := range columns {
		for k, p := range b.pending {
			r.patch(from[k*len(columns)+i], r.node.Type.Kind, p.lanes())
		}
	}
	for _, p := range b.pending {
		if p.of.behind.Add(-1) == 0 {
			p.of.done()
		}
	}
	done = true
}

// follower lets the columns of blocks follow beside those who change members and those who ask.
type follower struct {
	mu      sync.Mutex
	behind  map[*block]bool
	running bool
	hurry   chan struct{} // the columns are to follow at once
}

// followAfter is how long columns may be behind when nobody asks for them: what changes meanwhile they take together.
const followAfter = 50 * time.Millisecond

// follow sees to it that the columns of blocks follow soon, or at once.
func (f *follower) follow(parts []part, atOnce bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.behind == nil {
		f.behind, f.hurry = make(map[*block]bool), make(chan struct{}, 1)
	}
	for _, p := range parts {
		f.behind[p.block] = true
	}
	if !f.running {
		f.running = true
		go f.run()
	}
	if atOnce {
		select {
		case f.hurry <- struct{}{}:
		default:
		}
	}
}

func (f *follower) run() {
	for {
		wait := time.NewTimer(followAfter)
		select {
		case <-wait.C:
		case <-f.hurry:
			wait.Stop()
		}
		f.mu.Lock()
		blocks := slices.Collect(maps.Keys(f.behind))
		clear(f.behind)
		if len(blocks) == 0 {
			f.running = false
			f.mu.Unlock()
			return
		}
		f.mu.Unlock()
		for _, b := range blocks {
			b.mu.Lock()
			// What fails here has dropped its columns: who asks for them next computes them, and is told why that fails.
			_ = vector.Catch(b.follow)
			b.mu.Unlock()
			GiveWay() // whoever waits for an answer goes first
		}
	}
}

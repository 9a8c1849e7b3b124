package runtime

import (
	"context"
	goruntime "runtime"
	"sync"
	"sync/atomic"

	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/compiler/plan"
	"github.com/muster-engine/muster/runtime/fold"
	"github.com/muster-engine/muster/runtime/index"
	"github.com/muster-engine/muster/runtime/vector"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// IndexMode says when bit-sliced indexes are built.
type IndexMode uint8

const (
	// IndexAuto builds slices over a column when a second condition ranges over it.
	IndexAuto IndexMode = iota
	// IndexAlways builds them at the first.
	IndexAlways
	// IndexNever compares packed columns only.
	IndexNever
)

// Options tunes an engine. The zero value is right for most uses.
type Options struct {
	// Workers is how many goroutines share the blocks; 0 is one per processor.
	Workers int
	Index   IndexMode
	// Cuts returns the recorded cuts of a declared ntile that hold at now, if there are any; otherwise the instant at
	// which to take them. Views made by [Engine.At] ask it, those by [Engine.AsOf] do not. May be nil.
	Cuts func(n *ir.Ntile, now int64) (cuts []ir.Cut, takeAt int64, recorded bool)
}

// Engine answers questions over one program and one state. It is safe for concurrent use.
type Engine struct {
	prog *ir.Program
	data storage.Data
	opt  Options

	tables *tables
}

// tables are lookup tables made ready, which engines over the same tables share.
type tables struct {
	mu    sync.Mutex
	ready map[*ir.Table]*vector.Rows
}

// New returns an engine. Neither argument is changed.
func New(prog *ir.Program, data storage.Data, opt Options) *Engine {
	if opt.Workers <= 0 {
		opt.Workers = goruntime.GOMAXPROCS(0)
	}
	return &Engine{prog: prog, data: data, opt: opt, tables: &tables{ready: make(map[*ir.Table]*vector.Rows)}}
}

// Program returns the program that the engine runs.
func (e *Engine) Program() *ir.Program { return e.prog }

// Data returns the state that the engine reads.
func (e *Engine) Data() storage.Data { return e.data }

// View is the state as the clock stands at one instant. What it computes it keeps: columns of tags and aggregates,
// indexes, segments. It is safe for concurrent use.
type View struct {
	*Engine
	at     atomic.Pointer[instant]
	blocks atomic.Pointer[[]*block]

	cutsMu sync.Mutex
	cuts   map[string][]ir.Cut

	standing bool    // the engine's clock stands here: recorded cuts hold
	upkeep   *Upkeep // of a view that is kept up to date; nil otherwise
	heir     atomic.Pointer[inheritance]
	follower follower
}

// instant is what of a view depends on the clock alone.
type instant struct {
	env   *vector.Env
	clock plan.Clock
	world *exprplan.World

	plansMu sync.Mutex
	plans   map[*ir.Node]*plan.Node
	daily   *daily
}

// daily is what is the same at all instants of a local date.
type daily struct {
	today int64
	mu    sync.Mutex
	plans map[int]*plan.Node // by segment; nil for one whose condition reads the time of day
}

// segmentPlan returns the plan of a segment's condition.
func (i *instant) segmentPlan(segment int, n *ir.Node) *plan.Node {
	i.daily.mu.Lock()
	defer i.daily.mu.Unlock()
	p, ok := i.daily.plans[segment]
	if !ok {
		if !plan.Ticks(n) {
			p = plan.Build(n, i.clock)
		}
		i.daily.plans[segment] = p
	}
	if p == nil {
		return i.planOf(n)
	}
	return p
}

// At returns the view at the instant, in microseconds, at which the engine's clock stands.
func (e *Engine) At(now int64) *View {
	v := e.AsOf(now)
	v.standing = true
	return v
}

// AsOf returns the view at any instant, as if the clock stood there: ntile cuts are taken at that instant.
func (e *Engine) AsOf(now int64) *View {
	return e.asOf(now, nil)
}

// asOf is AsOf that uses what is known of the date, if that is the one of now.
func (e *Engine) asOf(now int64, known *daily) *View {
	v := &View{Engine: e, cuts: make(map[string][]ir.Cut)}
	v.moveTo(now, known)
	members := int(e.data.Members())
	var blocks []*block
	for no := 0; no*column.Block < members; no++ {
		blocks = append(blocks, &block{view: v, no: no, members: min(column.Block, members-no*column.Block)})
	}
	v.blocks.Store(&blocks)
	return v
}

// moveTo sets the view's clock, using what is known of the date if that is the one of now.
func (v *View) moveTo(now int64, known *daily) {
	zone := v.prog.Zone
	i := &instant{plans: make(map[*ir.Node]*plan.Node)}
	i.clock = plan.Clock{Zone: zone, Now: now, Today: zone.DateOf(now)}
	if i.daily = known; known == nil || known.today != i.clock.Today {
		i.daily = &daily{today: i.clock.Today, plans: make(map[int]*plan.Node)}
	}
	i.env = &vector.Env{
		Zone: zone, Digits: v.prog.Digits, Now: now, Today: i.clock.Today,
		Lookup: v.lookup,
		Cuts: func(n *ir.Ntile) []ir.Cut {
			v.cutsMu.Lock()
			defer v.cutsMu.Unlock()
			return v.cuts[n.Key]
		},
	}
	i.world = &exprplan.World{Program: v.prog, Now: now, Cuts: i.env.Cuts, Cell: v.cell}
	v.at.Store(i)
}

// Now returns the view's instant in microseconds.
func (v *View) Now() int64 { return v.at.Load().clock.Now }

// planOf returns the plan of a condition, made once.
func (i *instant) planOf(n *ir.Node) *plan.Node {
	i.plansMu.Lock()
	defer i.plansMu.Unlock()
	p, ok := i.plans[n]
	if !ok {
		p = plan.Build(n, i.clock)
		i.plans[n] = p
	}
	return p
}

// worker is what one goroutine brings to a block: scratch memory that is used again.
type worker struct {
	scratch vector.Scratch
	pool    []index.Bits
	folds   map[int]*fold.Block  // by event type; their memory is used again for each block
	columns map[string]*resident // of the members that it has evaluated beside the view before, emptied
}

// bits lends a set of so many words with anything in it; give takes it back.
func (w *worker) bits(words int) index.Bits {
	if n := len(w.pool); n > 0 {
		b := w.pool[n-1]
		w.pool = w.pool[:n-1]
		return b[:words]
	}
	return make(index.Bits, words, index.BlockWords)
}

func (w *worker) give(b index.Bits) { w.pool = append(w.pool, b) }

// workers are reused from question to question.
var workers = sync.Pool{New: func() any { return new(worker) }}

// SetWorkers sets how many goroutines share the blocks of views of the engine, at least one, and returns how many they were.
// Nobody else may use them meanwhile.
func (v *View) SetWorkers(n int) (before int) {
	before, v.opt.Workers = v.opt.Workers, max(1, n)
	return before
}

// each runs f for every block, in parallel. The first error, or the end of ctx, stops it.
func (v *View) each(ctx context.Context, f func(w *worker, b *block) error) error {
	blocks := *v.blocks.Load()
	n := min(v.opt.Workers, len(blocks))
	if n <= 1 {
		w := workers.Get().(*worker)
		defer workers.Put(w)
		for _, b := range blocks {
			if err := v.step(ctx, w, b, f); err != nil {
				return err
			}
		}
		return ctx.Err()
	}
	var next atomic.Int64
	var stop atomic.Bool
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			w := workers.Get().(*worker)
			defer workers.Put(w)
			for !stop.Load() {
				k := int(next.Add(1)) - 1
				if k >= len(blocks) {
					return
				}
				if errs[i] = v.step(ctx, w, blocks[k], f); errs[i] != nil {
					stop.Store(true)
					return
				}
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (v *View) step(ctx context.Context, w *worker, b *block, f func(w *worker, b *block) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.worker, b.at = w, v.at.Load()
	defer b.leave()
	failed := vector.Catch(func() {
		b.load()
		b.follow()
		err = f(w, b)
	})
	if failed != nil {
		return failed
	}
	return err
}

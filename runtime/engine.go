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

	tablesMu sync.Mutex
	tables   map[*ir.Table]*vector.Rows
}

// New returns an engine. Neither argument is changed.
func New(prog *ir.Program, data storage.Data, opt Options) *Engine {
	if opt.Workers <= 0 {
		opt.Workers = goruntime.GOMAXPROCS(0)
	}
	return &Engine{prog: prog, data: data, opt: opt, tables: make(map[*ir.Table]*vector.Rows)}
}

// Program returns the program that the engine runs.
func (e *Engine) Program() *ir.Program { return e.prog }

// View is the state as the clock stands at one instant. What it computes it keeps: columns of tags and aggregates,
// indexes, segments. It is safe for concurrent use.
type View struct {
	*Engine
	env    *vector.Env
	clock  plan.Clock
	blocks []*block

	cutsMu sync.Mutex
	cuts   map[string][]ir.Cut

	plansMu sync.Mutex
	plans   map[*ir.Node]*plan.Node

	worldOnce sync.Once
	worldIs   *exprplan.World

	standing bool // the engine's clock stands here: recorded cuts hold
}

// At returns the view at the instant, in microseconds, at which the engine's clock stands.
func (e *Engine) At(now int64) *View {
	v := e.AsOf(now)
	v.standing = true
	return v
}

// AsOf returns the view at any instant, as if the clock stood there: ntile cuts are taken at that instant.
func (e *Engine) AsOf(now int64) *View {
	today := e.prog.Zone.DateOf(now)
	v := &View{Engine: e, cuts: make(map[string][]ir.Cut), plans: make(map[*ir.Node]*plan.Node)}
	v.clock = plan.Clock{Zone: e.prog.Zone, Now: now, Today: today}
	v.env = &vector.Env{
		Zone: e.prog.Zone, Digits: e.prog.Digits, Now: now, Today: today,
		Lookup: e.lookup,
		Cuts: func(n *ir.Ntile) []ir.Cut {
			v.cutsMu.Lock()
			defer v.cutsMu.Unlock()
			return v.cuts[n.Key]
		},
	}
	members := int(e.data.Members())
	for no := 0; no*column.Block < members; no++ {
		v.blocks = append(v.blocks, &block{view: v, no: no, members: min(column.Block, members-no*column.Block)})
	}
	return v
}

// Now returns the view's instant in microseconds.
func (v *View) Now() int64 { return v.clock.Now }

// planOf returns the plan of a condition, made once.
func (v *View) planOf(n *ir.Node) *plan.Node {
	v.plansMu.Lock()
	defer v.plansMu.Unlock()
	p, ok := v.plans[n]
	if !ok {
		p = plan.Build(n, v.clock)
		v.plans[n] = p
	}
	return p
}

// worker is what one goroutine brings to a block: scratch memory that is used again.
type worker struct {
	scratch vector.Scratch
	pool    []*index.Bits
	folds   map[int]*fold.Block // by event type; their memory is used again for each block
}

// bits lends a set; give takes it back.
func (w *worker) bits() *index.Bits {
	if n := len(w.pool); n > 0 {
		b := w.pool[n-1]
		w.pool = w.pool[:n-1]
		return b
	}
	return new(index.Bits)
}

func (w *worker) give(b *index.Bits) { w.pool = append(w.pool, b) }

// workers are reused from question to question.
var workers = sync.Pool{New: func() any { return new(worker) }}

// each runs f for every block, in parallel. The first error, or the end of ctx, stops it.
func (v *View) each(ctx context.Context, f func(w *worker, b *block) error) error {
	n := min(v.opt.Workers, len(v.blocks))
	if n <= 1 {
		w := workers.Get().(*worker)
		defer workers.Put(w)
		for _, b := range v.blocks {
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
				if k >= len(v.blocks) {
					return
				}
				if errs[i] = v.step(ctx, w, v.blocks[k], f); errs[i] != nil {
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
	b.worker = w
	defer func() { b.worker, b.open = nil, nil }()
	failed := vector.Catch(func() {
		b.load()
		err = f(w, b)
	})
	if failed != nil {
		return failed
	}
	return err
}

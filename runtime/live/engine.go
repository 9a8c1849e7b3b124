package live

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime"
	"github.com/muster-engine/muster/runtime/identity"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// Options are what an engine runs on.
type Options struct {
	// Store is open for writing and belongs to the engine while it runs.
	Store *storage.Store
	// Program is the rule set in force at first.
	Program *ir.Program
	// Before are rule sets that were in force earlier, the latest first: runs of campaigns finish the version that they began
	// with.
	Before []*ir.Program
	// System is what the system's clock shows, in microseconds since 1970; a pinned store stands still all the same.
	System func() int64
	// Group is the largest number of inputs that share one journal entry; 0 is 4096.
	Group int
	// Random is where the codes of coupons come from; nil is crypto/rand.
	Random io.Reader
	// CheckpointMembers and CheckpointBytes say when the journal is put into the store's columns: when so many members
	// differ from them, or when it has so many bytes. 0 is 100,000 and 64 MiB. If CheckpointMembers is less than 0 that
	// happens on demand only, not even when the engine is closed.
	CheckpointMembers, CheckpointBytes int

	// Env are the environment variables, for the salts of hashed ids; nil has none.
	Env func(string) string

	// append takes the place of the store's journal in tests.
	append func(storage.JournalEntry) error
	settle func() error
	// dawn, in tests, is how long before a midnight its view is begun, in microseconds.
	dawn int64
}

// ErrClosed says that the engine takes no more inputs; ErrFull that so many wait that the context ended before there was
// room. Nothing of what was handed over is taken.
var (
	ErrClosed = errors.New("the engine is shutting down")
	ErrFull   = errors.New("too much waits to be taken")
)

// Engine keeps one store right. Its methods are safe for concurrent use.
type Engine struct {
	opt   Options
	store *storage.Store

	queue   chan *submission
	aside   aside
	control chan func(context.Context) // what the loop does between groups
	stop    chan struct{}
	stopped chan struct{}
	once    sync.Once

	// mu guards what readers and the apply loop share; only the loop writes.
	mu      sync.RWMutex
	overlay map[uint32]*resting
	byBlock map[int]map[uint32]*resting
	ids     map[string]*storage.IDs
	hashed  map[string]*digests
	view    atomic.Pointer[runtime.View]
	next    atomic.Int64 // when something changes by itself next

	// The loop's own.
	prog       *ir.Program
	conducting // of prog
	base       *base
	kinds      *kinds
	cuts       map[string][]ir.Cut
	clock      int64
	seq        uint64
	crossed    uint64
	members    uint32
	stamps     identity.Stamps
	idOrder    []string // the id attributes, as the rules declare them
	// absorbed are the members that became part of others, by survivor, by number.
	absorbed map[uint32][]absorption
	tills    *tills
	room     ir.Room // of the turns of the group in hand
	flips    *calendarQueue
	dues     []int64    // by member: when it is due, [runtime.Never] or beyond the end if it is not
	steps    []int64    // the instants of the day at which something changes for everybody
	byHand   bool       // time passes because a command moves the clock
	ailing   bool       // time could not be let pass at the last try: the next one waits
	unsure   error      // why the last journal entry may not be on the disk; nil if it is
	held     []Crossing // that are reported when it is

	// Of checkpoints; the loop's own but for folds, waiting and watched.
	folds      chan func()   // their steps in the loop
	folding    bool          // one is under way
	waiting    atomic.Int32  // who waits for one
	groups     atomic.Uint64 // that have been taken
	wanted     []chan error
	journalled int   // bytes since the last one
	noted      int64 // the clock of the last journal entry
	failures   int   // since the last one
	respite    int   // members more until one that failed is tried again
	watched    watched

	// aheads are the views that are computed beside the loop, dawn the one of the next midnight if that has begun. viewTook
	// is how long the computing of a view took last.
	aheads    []*ahead
	dawn      *dawn
	viewTook  atomic.Int64 // microseconds
	reloading sync.Mutex   // one reload at a time

	feed *feed
}

// submission is inputs that share one journal entry. If they count once, the loop sets what is kept of their outcomes,
// whether that is from before, and why they are refused.
type submission struct {
	inputs []Input
	once   *Once
	done   chan answer

	kept    []byte
	again   bool
	refused error
}

type answer struct {
	outcomes []Outcome
	kept     []byte
	again    bool
	err      error
}

// Open brings an engine up: it reads the journal back, computes every segment as of the last instant that was reached,
// steps through what time has changed since, and starts the apply loop.
func Open(ctx context.Context, opt Options) (*Engine, error) {
	if opt.Group <= 0 {
		opt.Group = 4096
	}
	if opt.CheckpointMembers == 0 {
		opt.CheckpointMembers = checkpointMembers
	}
	if opt.CheckpointBytes <= 0 {
		opt.CheckpointBytes = checkpointBytes
	}
	if opt.Random == nil {
		opt.Random = rand.Reader
	}
	if opt.append == nil {
		opt.append = opt.Store.AppendJournal
	}
	if opt.settle == nil {
		opt.settle = opt.Store.Settle
	}
	if err := followable(opt.Program); err != nil {
		return nil, err
	}
	e, err := newEngine(opt)
	if err != nil {
		return nil, err
	}
	if err := e.recover(ctx); err != nil {
		return nil, err
	}
	if e.store.ScrubDue() { // an erasure was not carried to its end
		if err := e.store.Scrub(ctx); err != nil {
			return nil, err
		}
	}
	go e.loop(context.WithoutCancel(ctx))
	return e, nil
}

// Warm reads what members are read from, so that the first events do not wait for that: for a server, before it says that
// it is ready. It ends early when the context does. Without it, each block is read when the first of its members is asked
// for.
func (e *Engine) Warm(ctx context.Context) { e.base.warm(ctx) }

// newEngine is an engine that knows what the store's columns hold.
func newEngine(opt Options) (*Engine, error) {
	e := &Engine{
		opt: opt, store: opt.Store, prog: opt.Program,
		queue: make(chan *submission, 1024), control: make(chan func(context.Context)), stop: make(chan struct{}), stopped: make(chan struct{}),
		overlay: make(map[uint32]*resting), byBlock: make(map[int]map[uint32]*resting),
		ids: make(map[string]*storage.IDs), cuts: make(map[string][]ir.Cut),
		feed: newFeed(), folds: make(chan func()), aside: newAside(), hashed: make(map[string]*digests),
	}
	var err error
	if e.conducting, err = conductingOf(e.prog, e.opt.Before); err != nil {
		return nil, err
	}
	e.base = newBase(e.store)
	e.members = e.store.Members()
	e.kinds = kindsOf(e.prog, e.base.now.Load().schema)
	if err := e.indexIDs(e.prog); err != nil {
		return nil, err
	}
	return e, e.loadMerges()
}

// indexIDs reads the ids of a program that are not known yet.
func (e *Engine) indexIDs(prog *ir.Program) error {
	for _, a := range prog.Attributes {
		if a.ID == nil {
			continue
		}
		if e.ids[a.Name] == nil {
			index, err := e.store.Index(a.Name)
			if err != nil {
				return err
			}
			e.ids[a.Name] = index
		}
		e.indexDigests(a)
	}
	return nil
}

// loadMerges reads who became part of whom.
func (e *Engine) loadMerges() error {
	all, err := e.store.Merges()
	if err != nil {
		return err
	}
	e.absorbed = make(map[uint32][]absorption)
	for _, m := range all {
		e.absorbed[m.Survivor] = append(e.absorbed[m.Survivor], absorption{m.Absorbed, m.IDs})
	}
	e.idOrder = idOrder(e.prog)
	return nil
}

func idOrder(prog *ir.Program) (names []string) {
	for _, a := range prog.Attributes {
		if a.ID != nil {
			names = append(names, a.Name)
		}
	}
	return names
}

// followable refuses a program that reads the clock in a way that cannot be followed within a day.
func followable(p *ir.Program) error {
	n := runtime.MovesWithin(p)
	if n == nil {
		return nil
	}
	const advice = "here now is read by itself, and what depends on it changes at every moment: compare it with a time, take " +
		"its hour or its date, or use \"hours since\", \"hours until\", a window, or today"
	if n.Source.IsZero() {
		return errors.New(advice)
	}
	at := n.Source.File.Position(n.Source.Start)
	return fmt.Errorf("%s:%d:%d: %s", n.Source.File.Name, at.Line, at.Column, advice)
}

// kindsOf is how the program's attributes and fields are stored, and those that only the store still has.
func kindsOf(p *ir.Program, s storage.Schema) *kinds {
	k := newKinds(s)
	k.attributes[storage.SetName] = column.Ints
	for _, a := range p.Attributes {
		k.attributes[a.Name] = StoredKind(a.Type)
		if a.ID == nil {
			k.attributes[a.Name+storage.SetSuffix] = column.Ints
		}
	}
	for _, t := range p.Tags {
		if t.Manual {
			name := storage.ManualPrefix + t.Name
			k.attributes[name] = StoredKind(t.Type)
			k.attributes[name+storage.ManualAtSuffix] = column.Ints
			k.attributes[name+storage.ManualBySuffix] = column.Texts
			k.attributes[name+storage.SetSuffix] = column.Ints
		}
	}
	for _, e := range p.Events {
		if k.fields[e.Name] == nil {
			k.fields[e.Name] = map[string]column.Kind{}
		}
		for _, f := range e.Fields {
			k.fields[e.Name][f.Name] = StoredKind(f.Type)
			k.logical[e.Name+"."+f.Name] = f.Type.String()
		}
	}
	for _, fields := range k.fields {
		fields[storage.OfField] = column.Ints
	}
	return k
}

// StoredKind is how values of a type are stored.
func StoredKind(t ir.Type) column.Kind {
	switch t.Kind {
	case ir.Number:
		return column.Floats
	case ir.String, ir.Enum, ir.Row:
		return column.Texts
	case ir.Set:
		return column.Sets
	}
	return column.Ints
}

// View is the standing view: every tag and segment as it is now. It stays right by itself; a later call may return
// another one, after midnight or an edit of the rules.
func (e *Engine) View() *runtime.View { return e.view.Load() }

// Clock is the instant up to which time has been applied.
func (e *Engine) Clock() int64 { return e.View().Now() }

// Find returns the member that has an id, normalised.
func (e *Engine) Find(attribute, text string) (uint32, bool) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	index := e.ids[attribute]
	if index == nil {
		return 0, false
	}
	return index.Lookup([]byte(text))
}

// Submit hands inputs over and returns their outcomes, in order, when they are durable. All of them share one journal
// entry. The context bounds the wait for room in the queue only. On an error none has taken effect, but for one that is [storage.ErrUnsure]: then all have, and may yet be undone
// by a loss of power. The engine takes nothing more before it is sure of them; given again they are taken once or found to
// be there.
func (e *Engine) Submit(ctx context.Context, inputs []Input) ([]Outcome, error) {
	if len(inputs) == 0 {
		return nil, nil
	}
	if err := e.foresee(ctx, inputs); err != nil {
		return nil, err
	}
	a, err := e.hand(ctx, &submission{inputs: inputs, done: make(chan answer, 1)})
	return a.outcomes, err
}

// hand puts a submission into the queue and waits for its answer.
func (e *Engine) hand(ctx context.Context, s *submission) (answer, error) {
	select {
	case e.queue <- s:
	case <-e.stop:
		return answer{}, ErrClosed
	case <-ctx.Done():
		return answer{}, ErrFull
	}
	select {
	case a := <-s.done:
		return a, a.err
	case <-e.stopped:
		select {
		case a := <-s.done:
			return a, a.err
		default:
			return answer{}, ErrClosed
		}
	}
}

// Close takes no more inputs, finishes those that were handed over, makes a checkpoint, and returns when the loop has
// ended. The store is the caller's to close.
func (e *Engine) Close() {
	e.once.Do(func() { close(e.stop) })
	<-e.stopped
}

// now is what the store's clock shows; it never runs backwards.
func (e *Engine) now() int64 { return max(e.clock, e.store.Clock().Now(e.opt.System())) }

// newView makes a standing view at an instant. Cuts of ntiles are those in force.
func (e *Engine) newView(prog *ir.Program, at int64) *runtime.View {
	return e.viewWith(prog, at, e.recordedCuts)
}

// recordedCuts are the cuts in force, for [runtime.Options].
func (e *Engine) recordedCuts(n *ir.Ntile, now int64) ([]ir.Cut, int64, bool) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	cuts, ok := e.cuts[n.Hash]
	return cuts, now, ok
}

func (e *Engine) viewWith(prog *ir.Program, at int64, cuts func(*ir.Ntile, int64) ([]ir.Cut, int64, bool)) *runtime.View {
	e.mu.RLock()
	members := e.members
	e.mu.RUnlock()
	engine := runtime.New(prog, e.base, runtime.Options{Cuts: cuts})
	return e.watched.add(engine.Standing(at, members, &runtime.Upkeep{Changed: e.changed}))
}

// changed implements runtime.Upkeep: the members of a block that differ from the store's columns.
func (e *Engine) changed(block int) runtime.Rows {
	e.mu.RLock()
	defer e.mu.RUnlock()
	few := e.byBlock[block]
	if len(few) == 0 {
		return nil
	}
	members := make([]*member, 0, len(few))
	for _, r := range few {
		members = append(members, r.member())
	}
	return e.rows(members)
}

func (e *Engine) rows(members []*member) *rows { return newRows(members, e.base.Table, e.kinds) }

// rowsBeside is rows outside the loop.
func (e *Engine) rowsBeside(members []*member) *rows {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.rows(members)
}

// differs reports whether a member is another than the store's columns have.
func (e *Engine) differs(number uint32) bool {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.overlay[number] != nil
}

// current returns a member as it is now, for reading.
func (e *Engine) current(number uint32) (*member, error) {
	e.mu.RLock()
	r := e.overlay[number]
	e.mu.RUnlock()
	if r != nil {
		return r.member(), nil
	}
	return e.base.load(number)
}

// adopt makes what a group has changed the present state.
func (e *Engine) adopt(g *group) {
	laid := atRest(g.touched)
	e.base.now.Load().recent.drop(laid)
	e.mu.Lock()
	defer e.mu.Unlock()
	for i := range laid {
		e.lay(laid[i].number, &laid[i])
	}
	for number, m := range g.touched {
		e.note(number)
		if !m.altered {
			continue
		}
		if m.unmerged && m.live && e.tills != nil {
			e.tills.give(m)
		}
		e.members = max(e.members, number+1)
	}
	for id, number := range g.byID {
		e.point(id, number)
	}
	for survivor, of := range g.absorbed {
		if e.absorbed[survivor] = of; len(of) == 0 {
			delete(e.absorbed, survivor)
		}
	}
	e.stamps.Last = max(e.stamps.Last, g.stamps.Last)
	if !g.replaying {
		e.tills.take(g.outcomes)
	}
	for _, d := range g.dues {
		e.expect(d)
	}
}

// point gives an id to a member in the index, or takes it out.
func (e *Engine) point(id ID, member uint32) {
	if member == nobody {
		e.ids[id.Attribute].Drop([]byte(id.Text))
	} else {
		e.ids[id.Attribute].Remember([]byte(id.Text), member)
	}
	e.hashed[id.Attribute].point(id.Text, member)
}

func (e *Engine) fail(what string, err error) error { return fmt.Errorf("%s: %w", what, err) }

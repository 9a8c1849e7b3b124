package deliver

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/storage"
)

// Store is what a deliverer needs of the outbox; [storage.Store] is one.
type Store interface {
	Sinks() ([]storage.SinkState, error)
	Pending(sink string, after uint64, limit int) ([]storage.Message, error)
	IsPending(sink string, seq uint64) (bool, error)
	Acknowledge(done []storage.Handed) error
	DeadLetters
}

// DeadLetters is what somebody does with the dead letters of a sink.
type DeadLetters interface {
	DeadLetters(sink string, after uint64, limit int) ([]storage.DeadLetter, error)
	Resend(sink string, keys []string) (int, error)
	DropDead(sink string, keys []string) (int, error)
}

// Options are what a deliverer goes by.
type Options struct {
	Store Store
	// Members and Handovers are what syncs need; without them there are none.
	Members   Members
	Handovers Handovers
	Setup
	Policy
	Clock
	// Logger is told of trouble, without URLs, secrets, ids or values. nil logs nothing.
	Logger *slog.Logger
}

func (o *Options) fill() {
	o.Policy.fill()
	o.Clock.fill()
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
}

// Deliverer hands messages to sinks while it runs. Its methods are safe for concurrent use.
type Deliverer struct {
	opt  Options
	acks *acks
	end  context.CancelFunc

	using    sync.Mutex // held while the program changes
	mu       sync.Mutex
	couriers map[string]*courier // by sink
	syncer   *syncer             // nil: no syncs
}

// Start begins to hand over the messages for the sinks of a program. An error names what they lack.
func Start(prog *ir.Program, opt Options) (*Deliverer, error) {
	opt.fill()
	ctx, end := context.WithCancel(context.Background())
	d := &Deliverer{opt: opt, end: end, couriers: map[string]*courier{}}
	d.acks = newAcks(ctx, opt.Store, opt.Clock, opt.Gather, opt.Logger)
	if err := d.Use(ctx, prog); err != nil {
		end()
		return nil, err
	}
	return d, nil
}

// Use goes over to the sinks of another program. If they lack something nothing changes, and the error names it. Messages
// for sinks that the program does not have stay in the outbox. Tries under way are waited for until the context ends.
func (d *Deliverer) Use(ctx context.Context, prog *ir.Program) error {
	d.using.Lock()
	defer d.using.Unlock()
	targets, err := d.opt.targets(prog, d.opt.Clock)
	if err != nil {
		return err
	}
	wanted := map[string]bool{}
	for _, sink := range prog.Sinks {
		wanted[sink.Name] = true
	}
	d.mu.Lock()
	before := d.couriers
	d.couriers = map[string]*courier{}
	for name, c := range before {
		if !wanted[name] {
			continue
		}
		d.couriers[name] = c // shown until its successor is there
	}
	resting := d.syncer
	d.mu.Unlock()
	if resting != nil {
		resting.stop()
	}
	d.rest(ctx, before)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.opt.Members != nil {
		d.syncer = newSyncer(context.WithoutCancel(ctx), prog, d.opt, targets)
		d.syncer.start()
	}
	for i, sink := range prog.Sinks {
		c := &courier{
			sink: sink, prog: prog, target: targets[i], store: d.opt.Store, acks: d.acks, clock: d.opt.Clock, policy: d.opt.Policy,
			log: d.opt.Logger, stopping: make(chan struct{}), stopped: make(chan struct{}), kick: make(chan struct{}, 1),
		}
		if _, ok := c.target.(*webhook); ok {
			c.limit.rate = d.opt.Rate
		}
		if old := before[sink.Name]; old != nil {
			old.mu.Lock()
			c.retried, c.trouble, c.since = old.retried, old.trouble, old.since
			old.mu.Unlock()
		}
		d.couriers[sink.Name] = c
		go c.run()
	}
	return nil
}

// rest stops couriers and waits until what they have handed over is out of the outbox.
func (d *Deliverer) rest(ctx context.Context, couriers map[string]*courier) {
	var all sync.WaitGroup
	for _, c := range couriers {
		all.Go(func() { c.stop(ctx) })
	}
	all.Wait()
	d.acks.flush(ctx)
}

// Look makes the couriers look into the outbox at once.
func (d *Deliverer) Look() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.couriers {
		select {
		case c.kick <- struct{}{}:
		default:
		}
	}
}

// Stop begins no more tries, waits for those under way until the context ends, and notes what was handed over.
func (d *Deliverer) Stop(ctx context.Context) {
	d.using.Lock()
	defer d.using.Unlock()
	d.mu.Lock()
	couriers := d.couriers
	d.couriers = map[string]*courier{}
	resting := d.syncer
	d.mu.Unlock()
	if resting != nil {
		resting.stop()
	}
	d.rest(ctx, couriers)
	d.end()
	<-d.acks.done
}

// SinkState is how a sink is doing.
type SinkState struct {
	storage.SinkState
	// Kind is "webhook" or "file", or "" of a sink that is not in the rules: nothing is handed to it.
	Kind string
	// Oldest is when the message was sent that has waited longest, in microseconds since 1970; 0 if none waits.
	Oldest int64
	// Retried counts tries that failed since the start. Trouble is why the last try failed, "" if it did not, and Since when
	// it began; Down says that the sink as a whole does not work.
	Retried int64
	Trouble string
	Since   time.Time
	Down    bool
}

// States tells how the sinks are doing: those of the rules, and those that still have messages or dead letters.
func (d *Deliverer) States() ([]SinkState, error) {
	d.mu.Lock()
	var sinks []*ir.Sink
	for _, c := range d.couriers {
		sinks = append(sinks, c.sink)
	}
	d.mu.Unlock()
	all, err := States(d.opt.Store, sinks)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range all {
		if c := d.couriers[all[i].Sink]; c != nil {
			c.mu.Lock()
			all[i].Retried, all[i].Trouble, all[i].Since, all[i].Down = c.retried, c.trouble, c.since, c.down
			c.mu.Unlock()
		}
	}
	return all, nil
}

// DeadLetters returns dead letters of a sink after a number, at most limit of them, in order.
func (d *Deliverer) DeadLetters(sink string, after uint64, limit int) ([]storage.DeadLetter, error) {
	return d.opt.Store.DeadLetters(sink, after, limit)
}

// Resend sends dead letters of a sink again, all if no keys are given, and returns how many they are.
func (d *Deliverer) Resend(sink string, keys []string) (int, error) {
	defer d.Look()
	return d.opt.Store.Resend(sink, keys)
}

// DropDead gives dead letters of a sink up, all if no keys are given, and returns how many they are.
func (d *Deliverer) DropDead(sink string, keys []string) (int, error) {
	return d.opt.Store.DropDead(sink, keys)
}

// Sync begins a run of a sync, unless one is under way, and returns its state. whole hands over everything, and not what has
// changed. An [ErrNoSync] says that the rules have no such sync.
func (d *Deliverer) Sync(name string, whole bool) (storage.SyncState, error) {
	d.mu.Lock()
	s := d.syncer
	d.mu.Unlock()
	if s == nil {
		return storage.SyncState{}, ErrNoSync
	}
	return s.ask(name, whole)
}

// Syncs tells how the syncs of the rules go.
func (d *Deliverer) Syncs() ([]storage.SyncState, error) {
	d.mu.Lock()
	s := d.syncer
	d.mu.Unlock()
	if s == nil {
		return nil, nil
	}
	return s.states()
}

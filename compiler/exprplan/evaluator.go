package exprplan

import (
	"fmt"
	"sync"

	"github.com/expr-lang/expr/vm"

	"github.com/muster-engine/muster/compiler/ir"
)

// Evaluator runs nodes of one program. It is not safe for concurrent use; [Evaluator.Fork] gives another goroutine its
// own, with the compiled programs in common.
type Evaluator struct {
	plans *plans

	world  *World
	now    int64
	member *Member
	today  int64
	event  *Event // the event in hand, while a per-event program runs

	// What is already known of the member in the world, by piece and slot.
	pieces map[int]any
	slots  map[*ir.Aggregate]any

	machines []*vm.VM // one per depth of pieces within pieces
	depth    int

	// Watch, if not nil, is told of each node that Value or InHand evaluates. Forks do not have it.
	Watch func(w *World, m *Member, event *Event, n *ir.Node)
}

// plans are the compiled programs of one rule program, shared by its evaluators.
type plans struct {
	program *ir.Program

	mu     sync.RWMutex
	byNode map[*ir.Node]int
	byKey  map[string]int
	pieces []*piece
}

// piece is one compiled program.
type piece struct {
	node     *ir.Node
	text     string
	program  *vm.Program
	perEvent bool // reads the event in hand, so its value is not the member's
}

// New returns an evaluator for the nodes of a program, of its tests, and of queries compiled against it.
func New(p *ir.Program) (*Evaluator, error) {
	if p == nil || p.Zone == nil {
		return nil, fmt.Errorf("an evaluator needs a program with a timezone")
	}
	return newEvaluator(&plans{program: p, byNode: map[*ir.Node]int{}, byKey: map[string]int{}}), nil
}

func newEvaluator(ps *plans) *Evaluator {
	return &Evaluator{plans: ps, pieces: map[int]any{}, slots: map[*ir.Aggregate]any{}}
}

// Fork returns an evaluator for another goroutine.
func (e *Evaluator) Fork() *Evaluator { return newEvaluator(e.plans) }

// Reset forgets what was worked out for the last member. It is needed only where the same Member or World was changed
// in place; a new one, or a new now, is noticed.
func (e *Evaluator) Reset() {
	clear(e.pieces)
	clear(e.slots)
	e.world, e.member, e.event, e.depth = nil, nil, nil, 0
}

// begin takes up a member in a world.
func (e *Evaluator) begin(w *World, m *Member) error {
	if w.Program != nil && w.Program != e.plans.program {
		return fmt.Errorf("the world is of another program")
	}
	if e.world == w && e.now == w.Now && e.member == m {
		return nil
	}
	e.Reset()
	e.world, e.member, e.now = w, m, w.Now
	e.today = e.plans.program.Zone.DateOf(w.Now)
	return nil
}

// Value is the value of a per-member node. An error is a fault of the program or of this package, never of the data.
func (e *Evaluator) Value(w *World, m *Member, n *ir.Node) (ir.Value, error) {
	if err := e.begin(w, m); err != nil {
		return ir.Value{}, err
	}
	v, err := e.value(n)
	if err != nil {
		e.Reset()
		return ir.Value{}, err
	}
	if e.Watch != nil {
		e.Watch(w, m, nil, n)
	}
	return boxed(v, n.Type.Kind), nil
}

// InHand is [Evaluator.Value] of a node that may read the fields of an event in hand. It need not be among the member's.
func (e *Evaluator) InHand(w *World, m *Member, event *Event, n *ir.Node) (ir.Value, error) {
	if err := e.begin(w, m); err != nil {
		return ir.Value{}, err
	}
	e.event = event
	v, err := e.ofEvent(n)
	e.event = nil
	if err != nil {
		e.Reset()
		return ir.Value{}, err
	}
	if e.Watch != nil {
		e.Watch(w, m, event, n)
	}
	return boxed(v, n.Type.Kind), nil
}

// Text is what a node is compiled to, for people who want to see the plan.
func (e *Evaluator) Text(n *ir.Node) (string, error) {
	i, err := e.plans.piece(n)
	if err != nil {
		return "", err
	}
	return e.plans.at(i).text, nil
}

func (e *Evaluator) value(n *ir.Node) (any, error) {
	i, err := e.plans.piece(n)
	if err != nil {
		return nil, err
	}
	return e.run(i)
}

// run is the value of a piece: for the member, worked out once; for an event, each time.
func (e *Evaluator) run(i int) (any, error) {
	p := e.plans.at(i)
	if !p.perEvent {
		if v, ok := e.pieces[i]; ok {
			return v, nil
		}
		event := e.event
		e.event = nil
		defer func() { e.event = event }()
	}
	if e.depth == len(e.machines) {
		e.machines = append(e.machines, &vm.VM{})
	}
	machine := e.machines[e.depth]
	e.depth++
	v, err := machine.Run(p.program, env{e})
	e.depth--
	if err != nil {
		return nil, fmt.Errorf("evaluating %s: %w", p.node.Source, err)
	}
	if !p.perEvent {
		e.pieces[i] = v
	}
	return v, nil
}

func (p *plans) at(i int) *piece {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.pieces[i]
}

// piece is the number of the compiled program of a node.
func (p *plans) piece(n *ir.Node) (int, error) {
	p.mu.RLock()
	i, ok := p.find(n)
	p.mu.RUnlock()
	if ok {
		return i, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.add(n)
}

func (p *plans) find(n *ir.Node) (int, bool) {
	if i, ok := p.byNode[n]; ok {
		return i, true
	}
	if n.Key == "" {
		return 0, false
	}
	i, ok := p.byKey[n.Key]
	return i, ok
}

// add compiles a node that is not there yet; the lock is held.
func (p *plans) add(n *ir.Node) (int, error) {
	if i, ok := p.find(n); ok {
		return i, nil
	}
	w := writer{plans: p}
	text, err := w.node(n)
	if err != nil {
		return 0, err
	}
	return p.compile(n, text, &w)
}

func (p *plans) keep(n *ir.Node, made *piece) int {
	i := len(p.pieces)
	p.pieces = append(p.pieces, made)
	p.byNode[n] = i
	if n.Key != "" {
		p.byKey[n.Key] = i
	}
	return i
}

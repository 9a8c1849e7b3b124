package programme

import (
	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/loyalty"
)

// Conductor knows what the rules of a program do to members. It is not safe for concurrent use; [Conductor.Fork] gives
// another goroutine its own.
type Conductor struct {
	prog     *ir.Program
	keeper   *loyalty.Keeper
	concerns []bool // by event type
	ladders  []reads
	idle     bool
}

// New returns a conductor of a program's rules. revision is what facts say of the rule set that made them.
func New(p *ir.Program, revision string) (*Conductor, error) {
	keeper, err := loyalty.New(p, revision)
	if err != nil {
		return nil, err
	}
	c := &Conductor{prog: p, keeper: keeper, concerns: make([]bool, len(p.Events))}
	for _, x := range p.Points {
		for _, e := range x.Earns {
			c.concerns[e.Event] = true
		}
		for _, r := range x.Reverses {
			c.concerns[r.Event], c.concerns[r.On] = true, true
		}
	}
	for _, x := range p.Cases {
		c.concerns[x.Open], c.concerns[x.Close] = true, true
	}
	for _, t := range p.Tiers {
		r := readsOf(p, t.By)
		c.ladders = append(c.ladders, r)
		for event := range r.events {
			c.concerns[event] = c.concerns[event] || p.Events[event].Facts == ""
		}
	}
	c.idle = len(p.Points)+len(p.Tiers)+len(p.Coupons)+len(p.Cases)+len(p.Campaigns) == 0
	return c, nil
}

// Fork returns a conductor of the same rules for another goroutine.
func (c *Conductor) Fork() *Conductor {
	out := *c
	out.keeper = c.keeper.Fork()
	return &out
}

// Keeper knows the rules of loyalty. It is for the goroutine of the conductor.
func (c *Conductor) Keeper() *loyalty.Keeper { return c.keeper }

// Idle reports whether the program declares nothing that a turn could do anything for.
func (c *Conductor) Idle() bool { return c.idle }

// Concerns reports whether an event of a type does more than lie in the history: an input that is none needs no turn
// unless it crosses a segment that a campaign follows.
func (c *Conductor) Concerns(event int) bool { return c.concerns[event] }

// Hands give a turn what it does not have of itself.
type Hands struct {
	// Stamp yields numbers that ascend and never come twice.
	Stamp func() int64
	// Supply is where codes of coupons come from.
	Supply loyalty.Supply
}

// Input says what a turn is about, for what campaigns may make of it.
type Input struct {
	// At is the instant that the input itself gives, as an event its time; 0 for the present. What is late starts nothing.
	At int64
	// Quiet says that nothing is started: an import, an edit of rules, a clock command, a merge.
	Quiet bool
}

// Begin opens a turn of a member at the instant of a world. The member's history has the facts up to now, and is read
// while the turn lasts.
func (c *Conductor) Begin(w *exprplan.World, m *exprplan.Member, h Hands, in Input) *Turn {
	t := &Turn{c: c, world: w, in: in, base: m}
	t.account = c.keeper.Open(w, m, h.Stamp)
	return t
}

// Next is the next instant, after that of the world, at which the member is due; false if there is none.
func (c *Conductor) Next(w *exprplan.World, m *exprplan.Member) (at int64, ok bool) {
	return c.Begin(w, m, Hands{}, Input{}).Next()
}

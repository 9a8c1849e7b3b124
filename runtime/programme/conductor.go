package programme

import (
	"slices"

	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/runtime/campaign"
	"github.com/muster-engine/muster/runtime/loyalty"
)

// Conductor knows what the rules of a program do to members. It is not safe for concurrent use; [Conductor.Fork] gives
// another goroutine its own.
type Conductor struct {
	prog     *ir.Program
	keeper   *loyalty.Keeper
	player   *campaign.Player
	concerns []bool // by event type
	ladders  []reads
	idle     bool
	lists    bool // campaigns change lists
}

// New returns a conductor of a program's rules. revision is what facts say of the rule set that made them.
func New(p *ir.Program, revision string) (*Conductor, error) {
	keeper, err := loyalty.New(p, revision)
	if err != nil {
		return nil, err
	}
	c := &Conductor{prog: p, keeper: keeper, player: campaign.New(p, keeper), concerns: make([]bool, len(p.Events))}
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
	for event := range p.Events {
		c.concerns[event] = c.concerns[event] || c.player.Concerns(event)
	}
	for _, x := range p.Campaigns {
		c.lists = c.lists || changesLists(x)
	}
	c.idle = len(p.Points)+len(p.Tiers)+len(p.Coupons)+len(p.Cases)+len(p.Campaigns) == 0
	return c, nil
}

// Fork returns a conductor of the same rules for another goroutine.
func (c *Conductor) Fork() *Conductor {
	out := *c
	out.keeper = c.keeper.Fork()
	out.player = c.player.Fork(out.keeper)
	return &out
}

// Keeper knows the rules of loyalty. It is for the goroutine of the conductor.
func (c *Conductor) Keeper() *loyalty.Keeper { return c.keeper }

func changesLists(c *ir.Campaign) bool {
	return slices.ContainsFunc(c.Do, func(a *ir.Action) bool { return a.Kind == dsl.AddTo || a.Kind == dsl.RemoveFrom })
}

// Keep makes the campaigns of an earlier program known: runs finish the version that they began with. Call it for each
// program under which runs may have begun that are still going on, before the first turn and before any fork.
func (c *Conductor) Keep(before *ir.Program) error {
	if err := c.player.Keep(before); err != nil {
		return err
	}
	for event := range c.prog.Events {
		c.concerns[event] = c.concerns[event] || c.player.Concerns(event)
	}
	c.lists = c.lists || slices.ContainsFunc(before.Campaigns, changesLists)
	return nil
}

// Versions are the versions, by campaign and hash, of the runs of a member that are going on and that this conductor does
// not know: their programs are to be given to [Conductor.Keep], or the runs end.
func (c *Conductor) Versions(w *exprplan.World, m *exprplan.Member) (unknown []Version) {
	account := c.keeper.Open(w, m, nil)
	for i, x := range c.prog.Campaigns {
		for _, r := range campaign.Runs(c.keeper, account, x.Facts, i) {
			if !r.Ended && !c.player.Knows(i, r.Version) {
				unknown = append(unknown, Version{x.Name, r.Version})
			}
		}
	}
	return unknown
}

// Version is a campaign as it was under a hash, which is [ir.Campaign.Hash].
type Version struct{ Campaign, Hash string }

// Follows reports whether crossings of a segment start campaigns.
func (c *Conductor) Follows(segment int) bool { return c.player.Follows(segment) }

// NextSchedule is the first instant after one for which campaigns are scheduled; false if there is none.
func (c *Conductor) NextSchedule(after int64) (at int64, ok bool) {
	return c.player.NextSchedule(after)
}

// Scheduled are the campaigns that are scheduled for an instant, to be handed to [Turn.Scheduled] for the members that are
// in the segment of each then.
func (c *Conductor) Scheduled(at int64) (campaigns []int) { return c.player.Scheduled(at) }

// Including are the campaigns that include existing members, to be handed to [Turn.Existing] when they first load.
func (c *Conductor) Including() (campaigns []int) {
	for i, x := range c.prog.Campaigns {
		if x.Existing {
			campaigns = append(campaigns, i)
		}
	}
	return campaigns
}

// Idle reports whether the program declares nothing that a turn could do anything for.
func (c *Conductor) Idle() bool { return c.idle }

// Concerns reports whether an event of a type does more than lie in the history: an input that is none needs no turn
// unless it crosses a segment that a campaign follows.
func (c *Conductor) Concerns(event int) bool { return c.concerns[event] }

// Hands give a turn what it does not have of itself.
type Hands struct {
	// Stamp yields numbers that ascend and never come twice.
	Stamp func() int64
	// Supply is where codes of coupons come from, and their stock.
	Supply loyalty.Supply
	// Everybody says that nobody is held out.
	Everybody bool
	// Later is the instant of the member's first event of a type after one, false if there is none; nil to read all events
	// for it.
	Later func(event int, after int64) (int64, bool)
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
	t := &Turn{c: c, world: w, in: in, hands: h, base: m}
	if c.lists {
		seen := *m
		seen.OnList = t.onList
		t.base = &seen
		t.member = m
	}
	t.account = c.keeper.Open(w, t.base, h.Stamp)
	return t
}

// Next is the next instant, after that of the world, at which the member is due; false if there is none.
func (c *Conductor) Next(w *exprplan.World, m *exprplan.Member) (at int64, ok bool) {
	return c.Begin(w, m, Hands{}, Input{}).Next()
}

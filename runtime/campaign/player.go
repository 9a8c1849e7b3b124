package campaign

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/runtime/loyalty"
)

// Player knows the campaigns of a program. It is not safe for concurrent use; [Player.Fork] gives another goroutine its own.
type Player struct {
	prog     *ir.Program
	keeper   *loyalty.Keeper
	order    []int               // places of campaigns, by name
	now      []*version          // by place
	old      map[string]*version // by hash
	follows  map[int]bool        // segments
	concerns map[int]bool        // event types
}

// version is a campaign as a run began it: of the program in force, or of an earlier one.
type version struct {
	decl    *ir.Campaign
	prog    *ir.Program
	eval    *exprplan.Evaluator
	holdout float64
	view    *view // nil for the program in force
}

// New returns a player of a program's campaigns.
func New(p *ir.Program, keeper *loyalty.Keeper) *Player {
	x := &Player{prog: p, keeper: keeper, old: map[string]*version{}, follows: map[int]bool{}, concerns: map[int]bool{}}
	for i, c := range p.Campaigns {
		x.order = append(x.order, i)
		x.now = append(x.now, newVersion(c, p, keeper.Evaluator()))
		switch c.Trigger.Kind {
		case dsl.OnEnter, dsl.OnLeave:
			x.follows[c.Trigger.Index] = true
		case dsl.OnEvent:
			x.concerns[c.Trigger.Index] = true
		}
		if c.Goal != nil && !c.Goal.Used {
			x.concerns[c.Goal.Index] = true
		}
	}
	slices.SortFunc(x.order, func(a, b int) int { return cmp.Compare(p.Campaigns[a].Name, p.Campaigns[b].Name) })
	return x
}

func newVersion(c *ir.Campaign, p *ir.Program, eval *exprplan.Evaluator) *version {
	v := &version{decl: c, prog: p, eval: eval}
	// The text of a literal such as 10% reads back as the number that chance is compared with.
	v.holdout, _ = strconv.ParseFloat(c.Holdout.Text(p.Digits), 64)
	return v
}

// Fork returns a player of the same campaigns for another goroutine, over a keeper of its own.
func (p *Player) Fork(keeper *loyalty.Keeper) *Player {
	out := *p
	out.keeper = keeper
	out.now = nil
	for _, v := range p.now {
		v := *v
		v.eval = keeper.Evaluator()
		out.now = append(out.now, &v)
	}
	out.old = map[string]*version{}
	for hash, v := range p.old {
		v := *v
		v.eval = v.eval.Fork()
		out.old[hash] = &v
	}
	return &out
}

// Follows reports whether crossings of a segment start runs.
func (p *Player) Follows(segment int) bool { return p.follows[segment] }

// Concerns reports whether events of a type start runs or are a goal.
func (p *Player) Concerns(event int) bool { return p.concerns[event] }

// Keep makes the campaigns of an earlier program known, for the runs that began with them.
func (p *Player) Keep(before *ir.Program) error {
	var eval *exprplan.Evaluator
	for _, c := range before.Campaigns {
		i := slices.IndexFunc(p.prog.Campaigns, func(x *ir.Campaign) bool { return x.Name == c.Name })
		if i < 0 || p.prog.Campaigns[i].Hash == c.Hash || p.old[c.Hash] != nil {
			continue
		}
		if eval == nil {
			var err error
			if eval, err = exprplan.New(before); err != nil {
				return err
			}
		}
		v := newVersion(c, before, eval)
		v.view = newView(before, p.prog)
		p.old[c.Hash] = v
		if c.Goal != nil && !c.Goal.Used {
			if event, ok := v.view.eventNow(c.Goal.Index); ok {
				p.concerns[event] = true
			}
		}
	}
	return nil
}

// Knows reports whether a version of a campaign is known, so that its runs can go on.
func (p *Player) Knows(campaign int, hash string) bool { return p.version(campaign, hash) != nil }

// version is a campaign as it was under a hash; nil if that is not known.
func (p *Player) version(campaign int, hash string) *version {
	if p.prog.Campaigns[campaign].Hash == hash {
		return p.now[campaign]
	}
	return p.old[hash]
}

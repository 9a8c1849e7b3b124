package replay

import (
	"slices"

	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/loyalty"
	"github.com/muster-engine/muster/runtime/programme"
)

// Player goes through the time of members by the rules of one program. It is not safe for concurrent use; [Player.Fork]
// gives another goroutine its own.
type Player struct {
	prog      *ir.Program
	world     func(now int64) *exprplan.World
	conductor *programme.Conductor
	follows   []int  // segments whose crossings start campaigns
	clocked   []bool // by follows: the local date alone may change it
	moves     programme.Moves
	facts     map[int]*factPlaces // by event type
}

// New returns a player of a program's rules. world is what members share at an instant. earlier are rule sets that were in
// force before, by which runs of campaigns may be going on.
func New(prog *ir.Program, world func(now int64) *exprplan.World, earlier ...*ir.Program) (*Player, error) {
	conductor, err := programme.New(prog, loyalty.RevisionOf(prog))
	if err != nil {
		return nil, err
	}
	for _, p := range earlier {
		if err := conductor.Keep(p); err != nil {
			return nil, err
		}
	}
	p := &Player{prog: prog, world: world, conductor: conductor, facts: map[int]*factPlaces{}}
	for i, s := range prog.Segments {
		if conductor.Follows(i) {
			p.follows = append(p.follows, i)
			p.clocked = append(p.clocked, programme.Clocked(prog, s.Expr))
		}
	}
	p.moves = programme.MovesOf(prog, p.follows)
	for i, e := range prog.Events {
		if e.Facts != "" {
			p.facts[i] = placesOf(e)
		}
	}
	return p, nil
}

// Fork returns a player of the same rules for another goroutine.
func (p *Player) Fork() *Player {
	out := *p
	out.conductor = p.conductor.Fork()
	return &out
}

// Keeper knows the rules of loyalty. It is for the goroutine of the player.
func (p *Player) Keeper() *loyalty.Keeper { return p.conductor.Keeper() }

// factPlaces are where the fields of a fact type lie.
type factPlaces struct {
	kind ir.FactKind

	field map[string]int
}

func placesOf(e *ir.Event) *factPlaces {
	p := &factPlaces{kind: e.Facts, field: make(map[string]int, len(e.Fields))}
	for i, f := range e.Fields {
		p.field[f.Name] = i
	}
	return p
}

// value is a field of a fact; unknown if facts of the kind have none of the name.
func (p *factPlaces) value(e exprplan.Event, name string) ir.Value {
	if i, ok := p.field[name]; ok {
		return e.Fields[i]
	}
	return ir.Value{}
}

func (p *factPlaces) text(e exprplan.Event, name string) string  { return p.value(e, name).S }
func (p *factPlaces) number(e exprplan.Event, name string) int64 { return p.value(e, name).I }

// upTo is how many events are not after an instant.
func upTo(events []exprplan.Event, t int64) int {
	n, _ := slices.BinarySearchFunc(events, t, func(e exprplan.Event, t int64) int {
		if e.At <= t {
			return -1
		}
		return 1
	})
	return n
}

// Including are the campaigns that include existing members and that an earlier program had not: they begin with them when
// the rules come into force.
func (p *Player) Including(before *ir.Program) (out []int) {
	for _, i := range p.conductor.Including() {
		name := p.prog.Campaigns[i].Name
		if !slices.ContainsFunc(before.Campaigns, func(c *ir.Campaign) bool { return c.Name == name }) {
			out = append(out, i)
		}
	}
	return out
}

// Standing is where a member stands on a ladder at an instant, by the recorded facts.
func (p *Player) Standing(stored *exprplan.Member, now int64, tiers int) loyalty.Standing {
	return p.Keeper().Open(p.world(now), until(stored, now), nil).Standing(tiers)
}

// until is a member without the events after an instant.
func until(stored *exprplan.Member, now int64) *exprplan.Member {
	m := *stored
	m.Events = func(event int) []exprplan.Event {
		all := stored.Events(event)
		return all[:upTo(all, now)]
	}
	return &m
}

// Target is the tier that the measure of a ladder reaches for a member at an instant, whatever keeps the present one.
func (p *Player) Target(stored *exprplan.Member, now int64, tiers int) (int, error) {
	return p.Keeper().Open(p.world(now), stored, nil).Target(tiers)
}

package live

import (
	"cmp"
	"context"
	"slices"

	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/runtime"
	"github.com/muster-engine/muster/runtime/loyalty"
	"github.com/muster-engine/muster/runtime/programme"
	"github.com/muster-engine/muster/runtime/vector"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// What loyalty and campaigns do is worked out wave by wave, by a turn of package programme for each member that it
// concerns: the input is told to the turn when it is taken into the history; the facts that follow join the history; the
// wave is evaluated at once; the crossings are handed to the turns; and members for whom more has followed are evaluated
// again. The next input of a member finds all of that done.

// conducting is what a program is conducted by.
type conducting struct {
	conductor *programme.Conductor
	types     map[string]int // of events, by name
	read      []bool         // by type of event: whether tags or segments read it
	limited   []int          // coupons with a stock that campaigns issue
}

// conductingOf makes ready to conduct a program. before are those in force earlier, for the runs that go by them.
func conductingOf(prog *ir.Program, before []*ir.Program) (c conducting, err error) {
	if c.conductor, err = programme.New(prog, loyalty.RevisionOf(prog)); err != nil {
		return c, err
	}
	for _, p := range before {
		if err := c.conductor.Keep(p); err != nil {
			return c, err
		}
	}
	c.read = runtime.EventsRead(prog)
	c.types = make(map[string]int, len(prog.Events))
	for i, e := range prog.Events {
		c.types[e.Name] = i
	}
	for i, coupon := range prog.Coupons {
		issues := func(x *ir.Campaign) bool {
			return slices.ContainsFunc(x.Do, func(a *ir.Action) bool { return a.Kind == dsl.Issue && a.Index == i })
		}
		if coupon.Stock != nil && slices.ContainsFunc(prog.Campaigns, issues) {
			c.limited = append(c.limited, i)
		}
	}
	return c, nil
}

// turn is a member's turn in a wave.
type turn struct {
	*programme.Turn
	// What has followed and is in the member's state.
	facts []fact
	lists []listing
	of    column.Value // the absorbed member that the event in hand is of
}

// loyal reports whether there is anything to conduct.
func (e *Engine) loyal() bool { return !e.conductor.Idle() }

// turn returns a member's turn, opened if it has none. at is the instant that the input gives, 0 for the present.
func (g *group) turn(m *member, at int64) *turn {
	if m.turn == nil {
		hands := programme.Hands{Stamp: func() int64 { return g.stamps.Next(g.now) }, Supply: g.supply(), Later: m.later(g.engine.prog)}
		in := programme.Input{At: at, Quiet: g.quiet || m.cause != ""}
		m.turn = &turn{Turn: g.engine.conductor.Begin(g.worldNow(), m.person(g.engine.prog, g.room()), hands, in)}
	}
	return m.turn
}

// room is where the values of a group's turns lie. Groups come one after another, and nothing of their turns outlasts them.
func (g *group) room() *ir.Room { return &g.engine.room }

// worldNow is what members are conducted in.
func (g *group) worldNow() *exprplan.World {
	if g.world == nil {
		g.world = g.view.World(g.now)
	}
	return g.world
}

// turnsAtOnce is after how many steps of turns others may run: they take some ten microseconds each.
const turnsAtOnce = 16

// inTurn runs a step of the turns of members, in their order: stamps and codes are dealt out in it.
func inTurn(members []*member, step func(i int, m *member) error) error {
	return steered(func() error {
		for i, m := range members {
			if i%turnsAtOnce == turnsAtOnce-1 {
				runtime.GiveWay()
			}
			if err := step(i, m); err != nil {
				return err
			}
		}
		return nil
	})
}

// steered runs a step of a turn.
func steered(step func() error) (err error) {
	if failed := vector.Catch(func() { err = step() }); failed != nil {
		return failed
	}
	return err
}

// happened tells the programme of an event that has come into a member's history.
func (g *group) happened(m *member, kind string, e event) error {
	return g.told(m, kind, e, (*programme.Turn).Happened)
}

// retracted tells the programme of an event that was taken out.
func (g *group) retracted(m *member, kind string, e event) error {
	return g.told(m, kind, e, (*programme.Turn).Retracted)
}

func (g *group) told(m *member, kind string, e event, tell eventStep) error {
	if !g.conducts() {
		return nil
	}
	i, ok := g.engine.types[kind]
	if !ok || !g.engine.conductor.Concerns(i) {
		return nil
	}
	m.told = append(m.told, tidings{i, e, tell})
	return nil
}

// tidings are an event that the programme is told of when the wave of the member is conducted.
type tidings struct {
	kind  int
	event event
	tell  eventStep
}

// hear tells the programme of what has happened to a member.
func (g *group) hear(m *member) error {
	for _, x := range m.told {
		t := g.turn(m, m.at)
		t.of = x.event.fields.get(storage.OfField)
		one := planEvents([]event{x.event}, g.engine.prog.Events[x.kind], g.room())[0]
		if err := x.tell(t.Turn, x.kind, one); err != nil {
			return err
		}
	}
	m.told = nil
	return nil
}

// changedBeside tells the programme that something of a member besides its events is another.
func (g *group) changedBeside(m *member, cause loyalty.Cause) {
	if g.conducts() && g.engine.conductor.MeasuresMembers() {
		g.turn(m, m.at).Changed(cause)
	}
}

// eventStep tells a turn of an event.
type eventStep = func(*programme.Turn, int, exprplan.Event) error

// conducts reports whether what follows is to be worked out: it is not when it is read back.
func (g *group) conducts() bool { return g.loyal && !g.replaying }

// conduct takes a wave to its end. Members are in order of their inputs.
func (g *group) conduct(ctx context.Context, wave []*member) error {
	if len(wave) > 1 && g.scarce(len(wave)) {
		for i := range wave {
			if err := g.conduct(ctx, wave[i:i+1]); err != nil {
				return err
			}
		}
		return nil
	}
	if err := g.finish(ctx, wave, 0); err != nil {
		return err
	}
	return g.conclude(wave)
}

// scarce reports whether what campaigns issue may run out while so many members are conducted: then who comes first gets
// it, and they are conducted one by one.
func (g *group) scarce(members int) bool {
	if !g.loyal {
		return false
	}
	const each = 8 // codes that campaigns may issue to a member at once
	for _, i := range g.engine.limited {
		if c := g.engine.prog.Coupons[i]; g.engine.tills.count(c.Name).Issued+g.dealt.taken[c.Name]+int64(each*members) > *c.Stock {
			return true
		}
	}
	return false
}

// finish evaluates members for whom something has changed, and lets campaigns act on what they cross, until nothing more
// follows.
func (g *group) finish(ctx context.Context, members []*member, round int) error {
	for now := members; len(now) > 0; round++ {
		runtime.GiveWay()
		if err := g.settle(now); err != nil {
			return err
		}
		crossings, err := g.judge(ctx, slices.Clone(now))
		if err != nil {
			return err
		}
		for _, c := range crossings {
			c.round = round
			g.found = append(g.found, c)
		}
		if !g.loyal {
			return nil
		}
		if now, err = g.crossed(now, crossings); err != nil {
			return err
		}
	}
	return nil
}

// settle tells turns what has happened, brings tiers up to it, and puts the facts of turns into the histories.
func (g *group) settle(members []*member) error {
	if !g.loyal {
		return nil
	}
	return inTurn(members, func(_ int, m *member) error {
		if err := g.hear(m); err != nil || m.turn == nil {
			return err
		}
		if err := m.turn.Settle(); err != nil {
			return err
		}
		g.follow(m)
		return nil
	})
}

// follow puts what has followed for a member into its state.
func (g *group) follow(m *member) {
	out := m.turn.Outcome()
	for _, f := range out.Facts[len(m.turn.facts):] {
		one := g.fact(f)
		if f.Of != nil {
			one.Fields = one.Fields.with(storage.OfField, column.Int(int64(*f.Of)))
		} else {
			one.Fields = g.attributed(m, one)
		}
		m.add(one, g.now)
		m.turn.facts, m.altered = append(m.turn.facts, one), true
		m.judged = m.judged && !g.engine.read[f.Type]
	}
	for _, c := range out.Lists[len(m.turn.lists):] {
		one := g.listing(c)
		one.apply(m)
		m.turn.lists, m.altered, m.judged = append(m.turn.lists, one), true, false
	}
}

// crossed hands crossings, which are in order of members, to the turns of members, and returns those for whom more has
// followed.
func (g *group) crossed(members []*member, crossings []crossing) (more []*member, err error) {
	if !g.engine.conductor.Plays() {
		return nil, nil
	}
	again := make([]bool, len(members))
	err = inTurn(members, func(i int, m *member) (err error) {
		own := g.handed(m.number, crossings)
		if m.turn == nil && len(own) == 0 {
			return nil
		}
		again[i], err = g.turn(m, m.at).Crossed(own)
		g.follow(m)
		return err
	})
	for i, m := range members {
		if again[i] {
			more = append(more, m)
		}
	}
	return more, err
}

// handed are the crossings of a member that campaigns follow: none that a merge, a split or an erasure causes.
func (g *group) handed(number uint32, all []crossing) (own []programme.Crossing) {
	i, _ := slices.BinarySearchFunc(all, number, func(c crossing, n uint32) int { return cmp.Compare(c.Member, n) })
	for ; i < len(all) && all[i].Member == number; i++ {
		if all[i].cause == "" && g.engine.conductor.Follows(all[i].Segment) {
			own = append(own, programme.Crossing{Segment: all[i].Segment, Entered: all[i].Entered})
		}
	}
	return own
}

// conclude keeps the outcomes of the turns of a wave, and when the members are due next.
func (g *group) conclude(wave []*member) error {
	if !g.loyal {
		return nil
	}
	next := make([]int64, len(wave))
	err := inTurn(wave, func(i int, m *member) error {
		if m.turn != nil {
			at, due := m.turn.Next()
			if next[i] = at; !due {
				next[i] = runtime.Never
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i, m := range wave {
		if m.turn != nil {
			g.dues = append(g.dues, runtime.Flip{Member: m.number, At: next[i]})
			g.keep(m, m.turn)
			m.turn = nil
		}
	}
	return nil
}

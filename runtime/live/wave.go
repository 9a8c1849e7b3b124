package live

import (
	"cmp"
	"context"
	"slices"

	"github.com/muster-engine/muster/runtime"
)

// Inputs of a group are told apart by waves: what a member is after one of its inputs is a version of it, and the k-th
// versions of all members that the group touches make the k-th wave. A wave is evaluated at once, and each version is
// compared with the one before. So each input has the crossings that it alone causes, as if it had come by itself, and
// most groups are one wave.
//
// Where the rules have a programme, what follows from an input has to be there when the next input of the member is taken.
// Then a wave is run as soon as an input comes of a member that is in it.

// most is how many changes of waves are held until they are committed; more are evaluated again as one.
const most = 64

// crossing is one that an input of a group causes.
type crossing struct {
	input int // its place in the group
	part  int // of the input: members become one before anything else happens
	cause string
	round int // of what followed from the input
	runtime.Crossing
}

// place makes a version of a member the present one of the group, in the wave after that of the version before.
func (g *group) place(m *member) {
	m.input, m.at, m.wave, m.part, m.cause = g.taken, g.at, 0, g.part, g.cause
	if before := g.touched[m.number]; before != nil {
		m.wave = before.wave + 1
	}
	m.wave = max(m.wave, g.ran)
	g.touched[m.number] = m
	m.altered = true
	for m.wave >= len(g.waves) {
		g.waves = append(g.waves, nil)
	}
	g.waves[m.wave] = append(g.waves[m.wave], m)
}

// run takes the waves that wait to their end, in order.
func (g *group) run() error {
	if g.replaying {
		return nil
	}
	for g.ran < len(g.waves) {
		wave := g.waves[g.ran]
		g.waves[g.ran] = nil
		g.ran++
		if err := g.conduct(g.ctx, wave); err != nil {
			return err
		}
	}
	return nil
}

// beforeOthers runs what waits before an input of several members, or one that finds its member in a wave.
func (g *group) beforeOthers() error {
	if !g.loyal {
		return nil
	}
	return g.run()
}

// evaluate finds the crossings of members, and keeps what they become. Those for whom nothing has followed that tags or
// segments read are what they were; the columns of whatever else is asked for follow when the group is at its end.
func (g *group) evaluate(ctx context.Context, members []*member) ([]crossing, error) {
	members = slices.DeleteFunc(members, func(m *member) bool { return m.judged })
	if len(members) == 0 {
		return nil, nil
	}
	for _, m := range members {
		m.judged = true
	}
	change, err := g.engine.evaluate(ctx, g.view, members, g.now, g.changes)
	if err != nil {
		return nil, err
	}
	found := ordered(change.Crossings(), members)
	if g.changes = append(g.changes.present(), change...); len(g.changes) >= most {
		err = g.together(ctx)
	}
	return found, err
}

// reported are all crossings that there were, in order of inputs, and of one input as they followed, by member and segment.
// cause is why, unless something became of the member.
func (g *group) reported(cause string) []Crossing {
	slices.SortStableFunc(g.found, func(a, b crossing) int {
		return cmp.Or(cmp.Compare(a.input, b.input), cmp.Compare(a.part, b.part), cmp.Compare(a.round, b.round), cmp.Compare(a.Member, b.Member), cmp.Compare(a.Segment, b.Segment))
	})
	bare := make([]runtime.Crossing, len(g.found))
	for i, c := range g.found {
		bare[i] = c.Crossing
	}
	out := g.engine.named(g.engine.prog, bare, g.now, cause)
	for i, c := range g.found {
		if c.cause != "" {
			out[i].Cause = c.cause
		}
	}
	return out
}

// together evaluates the members of changes as the last of them leave them, and puts that in the place of the changes.
func (g *group) together(ctx context.Context) error {
	seen := make(map[uint32]bool)
	var members []*member
	for _, c := range slices.Backward(g.changes) {
		for _, m := range c.members {
			if !seen[m.number] {
				seen[m.number] = true
				members = append(members, m)
			}
		}
	}
	one, err := g.engine.evaluate(ctx, g.view, members, g.now, nil)
	if err != nil {
		return err
	}
	g.changes.Discard()
	g.changes = one
	return nil
}

// ordered tells of which input of a wave each crossing is; both are in order of members.
func ordered(in []runtime.Crossing, wave []*member) []crossing {
	out, i := make([]crossing, len(in)), 0
	for k, c := range in {
		for wave[i].number < c.Member {
			i++
		}
		out[k] = crossing{input: wave[i].input, part: wave[i].part, cause: wave[i].cause, Crossing: c}
	}
	return out
}

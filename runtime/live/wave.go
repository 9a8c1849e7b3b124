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

// most is how many changes of waves are held until they are committed; more are evaluated again as one.
const most = 64

// crossing is one that an input of a group causes.
type crossing struct {
	input int // its place in the group
	runtime.Crossing
}

// place makes a version of a member the present one of the group, in the wave after that of the version before.
func (g *group) place(m *member) {
	m.input, m.wave = g.taken, 0
	if before := g.touched[m.number]; before != nil {
		m.wave = before.wave + 1
	}
	g.touched[m.number] = m
	if m.wave == len(g.waves) {
		g.waves = append(g.waves, nil)
	}
	g.waves[m.wave] = append(g.waves[m.wave], m)
}

// run evaluates the waves in order. It returns what the members become in the end and the crossings on the way there, by
// input, member and segment.
func (g *group) run(ctx context.Context) (all changes, found []crossing, err error) {
	defer func() {
		if err != nil {
			all.Discard()
		}
	}()
	for _, wave := range g.waves {
		change, err := g.engine.evaluate(ctx, wave, g.now, all)
		if err != nil {
			return all, nil, err
		}
		found = append(found, ordered(change.Crossings(), wave)...)
		if all = append(all.present(), change...); len(all) < most {
			continue
		}
		if all, err = g.together(ctx, all); err != nil {
			return all, nil, err
		}
	}
	slices.SortFunc(found, func(a, b crossing) int {
		return cmp.Or(cmp.Compare(a.input, b.input), cmp.Compare(a.Member, b.Member), cmp.Compare(a.Segment, b.Segment))
	})
	return all, found, nil
}

// together evaluates the members of changes as the last of them leave them, and puts that in the place of the changes.
func (g *group) together(ctx context.Context, all changes) (changes, error) {
	seen := make(map[uint32]bool)
	var members []*member
	for _, c := range slices.Backward(all) {
		for _, m := range c.members {
			if !seen[m.number] {
				seen[m.number] = true
				members = append(members, m)
			}
		}
	}
	one, err := g.engine.evaluate(ctx, members, g.now, nil)
	if err != nil {
		return all, err
	}
	all.Discard()
	return one, nil
}

// ordered tells of which input of a wave each crossing is; both are in order of members.
func ordered(in []runtime.Crossing, wave []*member) []crossing {
	out, i := make([]crossing, len(in)), 0
	for k, c := range in {
		for wave[i].number < c.Member {
			i++
		}
		out[k] = crossing{wave[i].input, c}
	}
	return out
}

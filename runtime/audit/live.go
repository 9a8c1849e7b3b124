package audit

import (
	"context"
	"maps"
	"slices"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime"
)

// Live is a view that changes while it is looked at, as that of a server does.
type Live interface {
	View() *runtime.View
	// People returns what gives the i-th of some members, which ascend, as of now, for questions at the instant of a view.
	People(view *runtime.View, numbers []uint32) (func(i int) (*runtime.Person, error), error)
}

// rounds is how often a member is looked at before a difference counts: one that changed between the two looks is no
// difference the next time.
const rounds = 5

// atOnce is how many members are asked for at once: their plans are made once for all, and their rows are small.
const atOnce = 16

// RecomputeLive is [Recompute] of every sparse-th member while events arrive. It keeps what the engine says of them in
// memory, so they should be some thousands at most.
func RecomputeLive(ctx context.Context, live Live, sparse int) (*Report, error) {
	var report *Report
	chosen := func(i int, _ uint32) bool { return i%sparse == 0 }
	for round := range rounds {
		view := live.View()
		now, subjects := about(view)
		if report == nil {
			report = now
			var err error
			if report.Members, err = view.Of(ctx); err != nil {
				return nil, err
			}
		}
		said, err := sayings(ctx, view, nodesOf(subjects), chosen)
		if err != nil {
			return nil, err
		}
		if round == 0 {
			report.Recomputed = len(said)
		}
		for some := range slices.Chunk(slices.Sorted(maps.Keys(said)), atOnce) {
			people, err := live.People(view, some)
			if err != nil {
				return nil, err
			}
			for place, m := range some {
				person, err := people(place)
				if err != nil {
					return nil, err
				}
				for i, s := range subjects {
					if err := now.compare(ctx, person, m, s, said[m][i]); err != nil {
						return nil, err
					}
				}
			}
			if err := ctx.Err(); err != nil {
				return nil, err
			}
		}
		report.Differences = now.Differences
		if len(now.Differences) == 0 {
			break
		}
		doubtful := make(map[uint32]bool)
		for _, d := range now.Differences {
			doubtful[d.Member] = true
		}
		chosen = func(_ int, m uint32) bool { return doubtful[m] }
	}
	report.sort()
	return report, nil
}

// sayings is what the engine says of chosen members, by number.
func sayings(ctx context.Context, view *runtime.View, nodes []*ir.Node, chosen func(i int, m uint32) bool) (map[uint32][]ir.Value, error) {
	said := make(map[uint32][]ir.Value)
	err := view.Values(ctx, nil, nodes, func(part runtime.Part) error {
		for i, m := range part.Members {
			if !chosen(i, m) {
				continue
			}
			for k := range nodes {
				said[m] = append(said[m], part.Values[k].Value(int(m-part.Base)))
			}
		}
		return nil
	})
	return said, err
}

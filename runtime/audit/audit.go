// Package audit holds what the engine says of members to what follows from their history, member by member.
//
// The engine answers from packed columns, folds over whole blocks and bitmaps. [Recompute] takes members one at a time,
// decides every tag and segment from their raw events with the expression plan, which shares none of that with it, and
// names every difference.
package audit

import (
	"context"
	"math"
	"slices"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime"
)

// Difference is a tag or segment of which the engine says something else than the member's history.
type Difference struct {
	Member  uint32
	Kind    string // "tag" or "segment"
	Name    string
	Type    ir.Type
	Engine  ir.Value
	History ir.Value
}

// Report is what was found.
type Report struct {
	Members     int // that are live
	Recomputed  int
	Tags        int // computed ones
	Segments    int
	Differences []Difference // by member, then tags and segments as declared
}

// subject is a tag or segment.
type subject struct {
	kind, name string
	node       *ir.Node
}

// Recompute recomputes every sparse-th live member of a view, all of them if sparse is 1. progress, which may be nil, is
// told how many of the live members have been passed.
func Recompute(ctx context.Context, view *runtime.View, sparse int, progress func(done, total int64)) (*Report, error) {
	report, subjects := about(view)
	nodes := nodesOf(subjects)
	total, err := view.Of(ctx)
	if err != nil {
		return nil, err
	}
	report.Members = total
	done := int64(0)
	err = view.Values(ctx, nil, nodes, func(part runtime.Part) error {
		var person *runtime.Person
		for i, m := range part.Members {
			done++
			if i%sparse != 0 {
				continue
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			if person == nil {
				if person, err = view.Person(m); err != nil {
					return err
				}
			} else if err := person.Become(m); err != nil {
				return err
			}
			report.Recomputed++
			for k, subject := range subjects {
				engine := part.Values[k].Value(int(m - part.Base))
				if err := report.compare(ctx, person, m, subject, engine); err != nil {
					return err
				}
			}
			if progress != nil {
				progress(done, int64(total))
			}
		}
		return nil
	})
	report.sort()
	return report, err
}

// sort puts the differences in the order of the members.
func (r *Report) sort() {
	slices.SortStableFunc(r.Differences, func(a, b Difference) int { return int(int64(a.Member) - int64(b.Member)) })
}

// about begins a report on a view, with what it will be about.
func about(view *runtime.View) (*Report, []subject) {
	var subjects []subject
	report := new(Report)
	for _, t := range view.Program().Tags {
		if t.Expr != nil {
			subjects = append(subjects, subject{"tag", t.Name, t.Expr})
			report.Tags++
		}
	}
	for _, s := range view.Program().Segments {
		subjects = append(subjects, subject{"segment", s.Name, s.Expr})
		report.Segments++
	}
	return report, subjects
}

func nodesOf(subjects []subject) []*ir.Node {
	nodes := make([]*ir.Node, len(subjects))
	for i, s := range subjects {
		nodes[i] = s.node
	}
	return nodes
}

// compare adds to the report what the history of a member makes other than the engine.
func (r *Report) compare(ctx context.Context, p *runtime.Person, m uint32, s subject, engine ir.Value) error {
	history, err := p.Value(ctx, s.node)
	if err != nil {
		return err
	}
	if !same(engine, history) {
		r.Differences = append(r.Differences, Difference{m, s.kind, s.name, s.node.Type, engine, history})
	}
	return nil
}

// same compares values; floats may differ by the order in which they were added up.
func same(a, b ir.Value) bool {
	if !a.Known || !b.Known {
		return a.Known == b.Known
	}
	return a.I == b.I && a.D.Cmp(b.D) == 0 && a.S == b.S && slices.Equal(a.Set, b.Set) && near(a.F, b.F)
}

func near(a, b float64) bool {
	return a == b || math.Abs(a-b) <= 1e-9*max(math.Abs(a), math.Abs(b))
}

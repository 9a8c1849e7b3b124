package runtime

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/compiler/plan"
)

// Step is one step of an executed plan.
type Step struct {
	// Op is "and", "or", "not", "is", "range", "known", "segment", "list", "compute", "everyone", "nobody".
	Op string
	// Cond is the condition that the step answers; nil for steps made while planning.
	Cond *ir.Node
	// On is the tag, attribute or aggregate that a range, an equality or "known" asks about; nil otherwise.
	On *ir.Node
	// How tells what answered: "bit slices", "bitmap of values", "column compared", "rows probed", "computed" and so on.
	How string
	// Rewritten is set where a comparison with a moving clock became a range of what is stored.
	Rewritten bool
	// In is how many members the step was asked about, Out how many it left; Unknown how many members were left out of a
	// leaf only because the value that it asks about is unknown to them.
	In, Out, Unknown int64
	// Took is the time spent in it and below, added up over all processors.
	Took time.Duration
	// Skipped is set where no block needed the step.
	Skipped bool
	Kids    []*Step
}

// Explanation is how a condition was answered.
type Explanation struct {
	Members, Of int
	// Prepare is the time for what the condition depends on (aggregates folded from history, tags, cuts), Run the time of
	// the plan itself with that at hand.
	Prepare, Run time.Duration
	Plan         *Step
}

var opNames = map[plan.Op]string{
	plan.Nobody: "nobody", plan.Everyone: "everyone", plan.And: "and", plan.Or: "or", plan.Not: "not", plan.Equal: "is",
	plan.Range: "range", plan.Known: "known", plan.Segment: "segment", plan.List: "list", plan.Compute: "compute",
}

// Explain answers a condition and tells how: it runs the plan once to prepare what it needs and once more to measure.
func (v *View) Explain(ctx context.Context, cond *ir.Node) (*Explanation, error) {
	began := time.Now()
	if _, err := v.Count(ctx, cond); err != nil {
		return nil, err
	}
	prepared := time.Now()
	p := v.at.Load().planOf(cond)
	var mu sync.Mutex
	all := make(trace)
	out := &Explanation{}
	unknown := make(map[*plan.Node]int64)
	err := v.each(ctx, func(w *worker, b *block) error {
		tr := make(trace)
		set := b.bits()
		defer w.give(set)
		b.run(p, b.live, set, tr)
		mu.Lock()
		defer mu.Unlock()
		out.Members += set.Count()
		out.Of += b.count
		for n, s := range tr {
			if all[n] == nil {
				all[n] = &step{}
			}
			all[n].in += s.in
			all[n].out += s.out
			all[n].spent += s.spent
			all[n].how = s.how
		}
		b.countUnknown(p, unknown)
		return nil
	})
	if err != nil {
		return nil, err
	}
	out.Prepare, out.Run = prepared.Sub(began), time.Since(prepared)
	out.Plan = steps(p, all, unknown)
	return out, nil
}

// countUnknown adds, for each leaf, the live members of the block whose value is unknown.
func (b *block) countUnknown(p *plan.Node, unknown map[*plan.Node]int64) {
	if p.On != nil {
		r, ok := b.columns[b.view.leafKey(p.On)]
		if ok && r.col == nil {
			unknown[p] += int64(b.count)
		} else if ok {
			known := slices.Clone(b.live)
			maskKnown(r.col, known)
			unknown[p] += int64(b.count - known.Count())
		}
	}
	for _, k := range p.Kids {
		b.countUnknown(k, unknown)
	}
}

func steps(p *plan.Node, tr trace, unknown map[*plan.Node]int64) *Step {
	s := &Step{Op: opNames[p.Op], Cond: p.Cond, On: p.On, Rewritten: p.Rewritten, Unknown: unknown[p], Skipped: true}
	if t := tr[p]; t != nil {
		s.In, s.Out, s.Took, s.How, s.Skipped = t.in, t.out, t.spent, t.how, false
	}
	for _, k := range p.Kids {
		s.Kids = append(s.Kids, steps(k, tr, unknown))
	}
	return s
}

// String is the step in one line, for logs and tests.
func (s *Step) String() string {
	text := s.Op
	if s.Cond != nil {
		text += " " + s.Cond.Source.Text()
	}
	return fmt.Sprintf("%s: %d of %d", text, s.Out, s.In)
}

package testrun

import (
	"math/bits"
	"slices"
	"sort"

	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
)

// takeCuts ranks the members for some ntiles at a time, each after those that its expression uses.
func (s *state) takeCuts(now int64, ntiles []*ir.Ntile) error {
	taken := map[*ir.Ntile]bool{}
	for _, n := range ntiles {
		if err := s.takeCut(now, n, ntiles, taken); err != nil {
			return err
		}
	}
	s.evaluator.Reset()
	return nil
}

func (s *state) takeCut(now int64, n *ir.Ntile, ntiles []*ir.Ntile, taken map[*ir.Ntile]bool) error {
	if taken[n] {
		return nil
	}
	taken[n] = true
	for _, inner := range s.ntilesOf(n.Expr) {
		if slices.Contains(ntiles, inner) {
			if err := s.takeCut(now, inner, ntiles, taken); err != nil {
				return err
			}
		}
	}
	w := s.world(now)
	var values []ir.Value
	for _, m := range s.members {
		v, err := s.evaluator.Value(w, &m.Member, n.Expr)
		if err != nil {
			return err
		}
		if v.Known {
			values = append(values, v)
		}
	}
	s.cuts[n] = cut(n.N, values)
	return nil
}

// cut is the boundaries of n groups among values: one with r below it, of all, is in group n·r/all + 1.
func cut(n int64, values []ir.Value) []ir.Cut {
	sort.Slice(values, func(i, j int) bool { return exprplan.Compare(values[i], values[j]) < 0 })
	var cuts []ir.Cut
	for below, v := range values {
		if below > 0 && exprplan.Compare(v, values[below-1]) == 0 {
			continue
		}
		hi, lo := bits.Mul64(uint64(n), uint64(below))
		quotient, _ := bits.Div64(hi, lo, uint64(len(values)))
		if group := int64(quotient) + 1; len(cuts) == 0 || cuts[len(cuts)-1].Group != group {
			cuts = append(cuts, ir.Cut{From: v, Group: group})
		}
	}
	return cuts
}

// ntilesOf are the ntiles that a node uses, through tags and segments too.
func (s *state) ntilesOf(n *ir.Node) []*ir.Ntile {
	var found []*ir.Ntile
	seen := map[*ir.Node]bool{}
	var walk func(n *ir.Node)
	walk = func(n *ir.Node) {
		if n == nil || seen[n] {
			return
		}
		seen[n] = true
		switch n.Op {
		case ir.OpNtile:
			found = append(found, n.Ntile)
		case ir.OpTag:
			walk(s.program.Tags[n.Index].Expr)
		case ir.OpSegment:
			walk(s.program.Segments[n.Index].Expr)
		case ir.OpSlot:
			walk(n.Agg.Where)
			walk(n.Agg.Value)
			walk(n.Agg.By)
		}
		for _, a := range n.Args {
			walk(a)
		}
	}
	walk(n)
	return found
}

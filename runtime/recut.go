package runtime

import (
	"context"
	"slices"

	"github.com/muster-engine/muster/compiler/ir"
)

// Recut takes the cuts of the program's ntiles anew over the view as it is, and drops what was computed with cuts that
// are others now: it is computed again when it is asked for.
func (v *View) Recut(ctx context.Context) error {
	all := make([]*ir.Node, 0, len(v.prog.Segments)+len(v.prog.Tags))
	for _, s := range v.prog.Segments {
		all = append(all, s.Expr)
	}
	for _, t := range v.prog.Tags {
		all = append(all, t.Expr)
	}
	seen := make(map[any]bool)
	for _, n := range all {
		err := v.needs(n, seen, func(t *ir.Ntile) error { return v.recut(ctx, t) }) // inner ones first
		if err != nil {
			return err
		}
	}
	return nil
}

func (v *View) recut(ctx context.Context, t *ir.Ntile) error {
	cuts, err := v.takeCuts(ctx, t)
	if err != nil {
		return err
	}
	v.cutsMu.Lock()
	before, had := v.cuts[t.Key]
	v.cuts[t.Key] = cuts
	v.cutsMu.Unlock()
	if had && slices.EqualFunc(before, cuts, func(a, b ir.Cut) bool { return a.Group == b.Group && alike(a.From, b.From) }) {
		return nil
	}
	v.dropRanked(t)
	return nil
}

// dropRanked drops the columns and segments that depend on an ntile.
func (v *View) dropRanked(t *ir.Ntile) {
	ranked := func(n *ir.Node) bool { return v.depends(n, func(u *ir.Ntile) bool { return u.Key == t.Key }) }
	known := make(map[*ir.Node]bool)
	for _, b := range *v.blocks.Load() {
		b.mu.Lock()
		for key, r := range b.columns {
			if r.node == nil {
				continue
			}
			yes, ok := known[r.node]
			if !ok {
				yes = ranked(r.node)
				known[r.node] = yes
			}
			if yes {
				delete(b.columns, key)
			}
		}
		for i := range b.segments {
			n := v.prog.Segments[i].Expr
			yes, ok := known[n]
			if !ok {
				yes = ranked(n)
				known[n] = yes
			}
			if yes {
				delete(b.segments, i)
			}
		}
		b.mu.Unlock()
	}
}

// ranked reports whether a node depends on an ntile.
func (v *View) ranked(n *ir.Node) bool { return v.depends(n, func(*ir.Ntile) bool { return true }) }

func (v *View) depends(n *ir.Node, on func(*ir.Ntile) bool) (yes bool) {
	_ = v.needs(n, make(map[any]bool), func(t *ir.Ntile) error {
		yes = yes || on(t)
		return nil
	})
	return yes
}

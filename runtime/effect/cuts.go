package effect

import (
	"context"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime"
)

// Cuts is the [runtime.Options].Cuts for an engine with edited rules that is to be compared with a view of others: an
// ntile has the cuts that it has in that view where it, and all that it ranks by, means the same in both; the cuts of
// any other are taken at the instant asked, as they will be when the edit takes effect.
func Cuts(ctx context.Context, before *runtime.View, after *ir.Program) func(n *ir.Ntile, now int64) ([]ir.Cut, int64, bool) {
	keep := map[string]*ir.Ntile{}
	old := before.Program()
	for _, n := range old.Ntiles {
		for _, m := range after.Ntiles {
			if n.Key == m.Key && sameRanking(old, n, after, m) {
				keep[m.Key] = n
			}
		}
	}
	return func(n *ir.Ntile, now int64) ([]ir.Cut, int64, bool) {
		kept := keep[n.Key]
		if kept == nil || now != before.Now() {
			return nil, now, false
		}
		cuts, err := before.Cuts(ctx, kept)
		return cuts, now, err == nil // what cannot be read cannot be read anew either, and is reported there
	}
}

// sameRanking reports whether two ntiles of one key rank by the same: a key names tags and segments only.
func sameRanking(p *ir.Program, n *ir.Ntile, q *ir.Program, m *ir.Ntile) bool {
	if p.Zone.Name() != q.Zone.Name() || p.Digits != q.Digits || p.WeekStart != q.WeekStart {
		return false
	}
	a, b := mentions(p, n.Expr), mentions(q, m.Expr)
	for name, hash := range a {
		if b[name] != hash {
			return false
		}
	}
	return len(a) == len(b)
}

// mentions is the hash of every tag and segment that an expression mentions, by name.
func mentions(p *ir.Program, n *ir.Node) map[string]string {
	out := map[string]string{}
	seen := map[*ir.Node]bool{}
	var walk func(n *ir.Node)
	walk = func(n *ir.Node) {
		if n == nil || seen[n] {
			return
		}
		seen[n] = true
		switch n.Op {
		case ir.OpTag:
			out[p.Tags[n.Index].Name] = p.Tags[n.Index].Hash
		case ir.OpSegment:
			out[p.Segments[n.Index].Name] = p.Segments[n.Index].Hash
		}
		for _, a := range n.Args {
			walk(a)
		}
		if a := n.Agg; a != nil {
			walk(a.Value)
			walk(a.Where)
			walk(a.By)
		}
	}
	walk(n)
	return out
}

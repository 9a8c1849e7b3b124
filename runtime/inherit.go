package runtime

import (
	"maps"
	"slices"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/index"
	"github.com/muster-engine/muster/storage/column"
)

// inheritance is what a standing view takes over from one that stands by other rules: the columns and segments that mean
// the same there.
type inheritance struct {
	from     *View
	leaves   map[string]*ir.Node // of the heir, by the key of their column
	segments map[int]int         // of the heir, to those of the other
}

// Inherit makes a standing view that nothing was asked of yet take over, block by block, the columns and segments of one
// that stands by other rules at the same instant, as far as they mean the same by both. What is taken over is as the other
// view has it when the block is looked at: members that change in the meantime have to be looked at again. It ends with
// [View.Disinherit]. The segments that it takes over are returned, with those of the other view that they are.
func (v *View) Inherit(from *View) map[int]int {
	if !sameGround(v.prog, from.prog) {
		return nil
	}
	h := &inheritance{from: from, leaves: v.leaves(), segments: map[int]int{}}
	old := from.leaves()
	maps.DeleteFunc(h.leaves, func(key string, n *ir.Node) bool {
		o := old[key]
		return o == nil || v.meaning(n) == "" || v.meaning(n) != from.meaning(o)
	})
	for i, s := range v.prog.Segments {
		j := slices.IndexFunc(from.prog.Segments, func(o *ir.Segment) bool { return o.Name == s.Name && o.Hash == s.Hash })
		if j >= 0 && s.Hash != "" && !v.ranked(s.Expr) {
			h.segments[i] = j
		}
	}
	v.heir.Store(h)
	return h.segments
}

// Disinherit ends what Inherit began, and lets go of the other view.
func (v *View) Disinherit() { v.heir.Store(nil) }

// sameGround reports whether the same keys mean the same in two programs, but for the tags and segments that they name.
func sameGround(a, b *ir.Program) bool {
	return a.Zone.Name() == b.Zone.Name() && a.Currency == b.Currency && a.Digits == b.Digits && a.WeekStart == b.WeekStart &&
		slices.EqualFunc(a.Tables, b.Tables, func(a, b *ir.Table) bool {
			return a.Name == b.Name && a.Key == b.Key && slices.EqualFunc(a.Columns, b.Columns, func(a, b *ir.Column) bool {
				return a.Name == b.Name && sameType(a.Type, b.Type)
			})
		})
}

func sameType(a, b ir.Type) bool {
	return a.Kind == b.Kind && a.Elem == b.Elem && (a.Enum == nil) == (b.Enum == nil) && (a.Table == nil) == (b.Table == nil) &&
		(a.Enum == nil || slices.Equal(a.Enum.Values, b.Enum.Values)) && (a.Table == nil || a.Table.Name == b.Table.Name)
}

// leaves are the attributes, tags and slots of the program's tags and segments, by the key of their column.
func (v *View) leaves() map[string]*ir.Node {
	out, seen := map[string]*ir.Node{}, map[*ir.Node]bool{}
	var walk func(n *ir.Node)
	walk = func(n *ir.Node) {
		if n == nil || seen[n] {
			return
		}
		seen[n] = true
		switch n.Op {
		case ir.OpAttr, ir.OpTag, ir.OpSlot:
			out[v.leafKey(n)] = v.leaf(n)
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
	for _, s := range v.prog.Segments {
		walk(s.Expr)
	}
	for _, t := range v.prog.Tags {
		walk(t.Expr)
	}
	return out
}

// EventsRead are the types of events that a program's tags or segments read, by their place.
func EventsRead(p *ir.Program) []bool {
	out, seen := make([]bool, len(p.Events)), map[*ir.Node]bool{}
	var walk func(n *ir.Node)
	walk = func(n *ir.Node) {
		if n == nil || seen[n] {
			return
		}
		seen[n] = true
		for _, a := range n.Args {
			walk(a)
		}
		if a := n.Agg; a != nil {
			out[a.Event] = true
			walk(a.Value)
			walk(a.Where)
			walk(a.By)
		}
		if n.Ntile != nil {
			walk(n.Ntile.Expr)
		}
	}
	for _, s := range p.Segments {
		walk(s.Expr)
	}
	for _, t := range p.Tags {
		walk(t.Expr)
	}
	return out
}

// meaning tells what the column of a leaf holds, beyond its key; "" if that is not known from the rules alone.
func (v *View) meaning(n *ir.Node) string {
	if v.ranked(n) {
		return ""
	}
	switch n.Op {
	case ir.OpAttr:
		return n.Key
	case ir.OpTag:
		return v.prog.Tags[n.Index].Hash
	}
	out := n.Agg.Key
	var walk func(n *ir.Node)
	walk = func(n *ir.Node) {
		if n == nil {
			return
		}
		switch n.Op {
		case ir.OpTag:
			out += " " + v.prog.Tags[n.Index].Hash
		case ir.OpSegment:
			out += " " + v.prog.Segments[n.Index].Hash
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

// inherit takes over what the block of the other view has, when this one is looked at first.
func (b *block) inherit() {
	h := b.view.heir.Load()
	if h == nil {
		return
	}
	blocks := *h.from.blocks.Load()
	if b.no >= len(blocks) {
		return
	}
	of := blocks[b.no]
	for _, key := range of.caughtUp() {
		n := h.leaves[key]
		if n == nil || n.Op == ir.OpSlot && b.view.upkeep.neglects(n.Agg) {
			continue
		}
		of.mu.Lock() // for each column: whoever changes members does not wait long
		r := of.columns[key]
		if r != nil && r.node != nil && !r.moving {
			b.columns[key] = r.copy(n)
		}
		of.mu.Unlock()
	}
	of.mu.Lock()
	defer of.mu.Unlock()
	for i, j := range h.segments {
		if set, ok := of.segments[j]; ok {
			b.segments[i] = append(make(index.Bits, 0, index.BlockWords), set...)
		}
	}
}

// caughtUp brings the columns up to the changes that wait, and returns their keys.
func (b *block) caughtUp() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.follow()
	return slices.Collect(maps.Keys(b.columns))
}

// copy returns the column as that of another view's node, to be patched there.
func (r *resident) copy(n *ir.Node) *resident {
	out := &resident{
		node: n, col: r.col, exact: slices.Clone(r.exact), at: r.at, asked: r.asked, slices: r.slices, values: r.values, tried: r.tried,
	}
	if out.col != nil {
		out.own()
	}
	return out
}

// fresh makes the column of a view that stands its own when it is computed, not when the first member changes.
func (r *resident) fresh(standing bool) {
	if standing && r.col != nil && r.col.Len == column.Block {
		r.own()
	}
}

package compiler

import "github.com/muster-engine/muster/compiler/ir"

// Slots lists the aggregates and ntiles that expressions use, each once, in the order in which they are first met. What
// the tags and segments they mention use is not followed.
func Slots(exprs ...*ir.Node) ([]*ir.Aggregate, []*ir.Ntile) {
	var slots []*ir.Aggregate
	var ntiles []*ir.Ntile
	seenSlot, seenNtile := map[string]bool{}, map[string]bool{}
	seen := map[*ir.Node]bool{}
	var walk func(n *ir.Node)
	walk = func(n *ir.Node) {
		if n == nil || seen[n] {
			return
		}
		seen[n] = true
		for _, a := range n.Args {
			walk(a)
		}
		if n.Agg != nil && !seenSlot[n.Agg.Key] {
			seenSlot[n.Agg.Key] = true
			slots = append(slots, n.Agg)
		}
		if n.Ntile != nil && !seenNtile[n.Ntile.Key] {
			seenNtile[n.Ntile.Key] = true
			ntiles = append(ntiles, n.Ntile)
		}
	}
	for _, n := range exprs {
		walk(n)
	}
	return slots, ntiles
}

// collectSlots gives the program the slots and ntiles of its tags and segments.
func (c *compilation) collectSlots() {
	if !c.sound() {
		return
	}
	var exprs []*ir.Node
	for _, ref := range c.program.Order {
		if ref.Segment {
			exprs = append(exprs, c.program.Segments[ref.Index].Expr)
		} else {
			exprs = append(exprs, c.program.Tags[ref.Index].Expr)
		}
	}
	c.program.Slots, c.program.Ntiles = Slots(exprs...)
}

// adopt makes a node of another compilation against the same program part of this one: its aggregates are the
// builder's own from now on.
func (b *builder) adopt(n *ir.Node) *ir.Node {
	slots, ntiles := Slots(n)
	for _, s := range slots {
		if _, ok := b.slots[s.Key]; !ok {
			b.slots[s.Key] = s
		}
	}
	for _, t := range ntiles {
		if _, ok := b.ntiles[t.Key]; !ok {
			b.ntiles[t.Key] = t
		}
	}
	if old, ok := b.nodes[n.Key]; ok {
		return old
	}
	b.nodes[n.Key] = n
	return n
}

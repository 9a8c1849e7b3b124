package runtime

import (
	"context"
	"math"
	"math/big"
	"slices"
	"sync"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/vector"
)

// needs calls visit for every ntile that a node depends on, each after those that it depends on itself.
func (v *View) needs(n *ir.Node, seen map[any]bool, visit func(*ir.Ntile) error) error {
	if n == nil || seen[n] {
		return nil
	}
	seen[n] = true
	for _, a := range n.Args {
		if err := v.needs(a, seen, visit); err != nil {
			return err
		}
	}
	var inner []*ir.Node
	switch n.Op {
	case ir.OpTag:
		inner = []*ir.Node{v.prog.Tags[n.Index].Expr}
	case ir.OpSegment:
		inner = []*ir.Node{v.prog.Segments[n.Index].Expr}
	case ir.OpSlot:
		inner = []*ir.Node{n.Agg.Value, n.Agg.Where, n.Agg.By}
	}
	for _, x := range inner {
		if err := v.needs(x, seen, visit); err != nil {
			return err
		}
	}
	if n.Op == ir.OpNtile && !seen[n.Ntile] {
		seen[n.Ntile] = true
		return visit(n.Ntile)
	}
	return nil
}

// ready takes the cuts of every ntile that the nodes depend on, so that blocks can be evaluated one by one.
func (v *View) ready(ctx context.Context, nodes ...*ir.Node) error {
	seen := make(map[any]bool)
	for _, n := range nodes {
		err := v.needs(n, seen, func(t *ir.Ntile) error {
			_, err := v.Cuts(ctx, t)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Cuts returns the cuts of an ntile that hold in the view: recorded ones where the engine's options give them, else
// taken over the live members at the view's clock.
func (v *View) Cuts(ctx context.Context, t *ir.Ntile) ([]ir.Cut, error) {
	v.cutsMu.Lock()
	cuts, ok := v.cuts[t.Key]
	v.cutsMu.Unlock()
	if ok && (v.upkeep == nil || v.declared(t)) {
		return cuts, nil
	}
	cuts, ok = nil, false
	taker := v
	if v.standing && v.opt.Cuts != nil {
		var at int64
		if cuts, at, ok = v.opt.Cuts(t, v.Now()); !ok && at != v.Now() {
			taker = v.AsOf(at)
		}
	}
	if !ok {
		var err error
		if cuts, err = taker.takeCuts(ctx, t); err != nil {
			return nil, err
		}
	}
	v.cutsMu.Lock()
	v.cuts[t.Key] = cuts
	v.cutsMu.Unlock()
	return cuts, nil
}

// declared reports whether an ntile is one of the program's, whose cuts stand until they are taken anew; others are cut
// each time that they are asked for.
func (v *View) declared(t *ir.Ntile) bool { return slices.Contains(v.prog.Ntiles, t) }

// takeCuts ranks the known values of all live members (of money as rounded): one with r members strictly below is in group ⌊n·r/N⌋ + 1.
func (v *View) takeCuts(ctx context.Context, t *ir.Ntile) ([]ir.Cut, error) {
	if err := v.ready(ctx, t.Expr); err != nil {
		return nil, err
	}
	kind := t.Expr.Type.Kind
	var mu sync.Mutex
	var keys []uint64
	err := v.each(ctx, func(w *worker, b *block) error {
		vals := b.evaluate(t.Expr)
		part := make([]uint64, 0, b.count)
		for i := range b.members {
			if b.live[i>>6]>>(uint(i)&63)&1 != 0 && vals.IsKnown(i) {
				part = append(part, sortable(vals, i))
			}
		}
		mu.Lock()
		keys = append(keys, part...)
		mu.Unlock()
		return nil
	})
	if err != nil {
		return nil, err
	}
	radixSort(keys)
	var cuts []ir.Cut
	total := uint64(len(keys))
	for i := 0; i < len(keys); {
		group := groupOf(uint64(i), total, t.N)
		if len(cuts) == 0 || group != cuts[len(cuts)-1].Group {
			cuts = append(cuts, ir.Cut{From: unsortable(kind, keys[i]), Group: group})
		}
		next := i + 1
		for next < len(keys) && keys[next] == keys[i] {
			next++
		}
		i = next
	}
	return cuts, nil
}

// groupOf is ⌊n·below/total⌋ + 1.
func groupOf(below, total uint64, n int64) int64 {
	if below < 1<<32 && uint64(n) < 1<<31 {
		return int64(uint64(n)*below/total) + 1
	}
	x := new(big.Int).Mul(new(big.Int).SetUint64(below), big.NewInt(n))
	return x.Quo(x, new(big.Int).SetUint64(total)).Int64() + 1
}

// sortable maps lane i to a key whose order is that of the values.
func sortable(v *vector.Vec, i int) uint64 {
	if v.F != nil {
		f := v.F[i]
		if f == 0 {
			f = 0
		}
		x := math.Float64bits(f)
		if x>>63 != 0 {
			return ^x
		}
		return x | 1<<63
	}
	return uint64(v.I[i]) ^ 1<<63
}

func unsortable(kind ir.Kind, key uint64) ir.Value {
	if kind == ir.Number {
		if key>>63 != 0 {
			return ir.NumberValue(math.Float64frombits(key &^ (1 << 63)))
		}
		return ir.NumberValue(math.Float64frombits(^key))
	}
	return ir.IntLike(kind, int64(key^1<<63))
}

// radixSort sorts keys by their bytes, passing over those that all keys share.
func radixSort(keys []uint64) {
	if len(keys) < 1<<12 {
		slices.Sort(keys)
		return
	}
	var and, or uint64 = ^uint64(0), 0
	for _, k := range keys {
		and &= k
		or |= k
	}
	from, to := keys, make([]uint64, len(keys))
	for shift := 0; shift < 64; shift += 8 {
		if (and^or)>>shift&0xff == 0 {
			continue
		}
		var starts [256]int
		for _, k := range from {
			starts[k>>shift&0xff]++
		}
		sum := 0
		for i, n := range starts {
			starts[i] = sum
			sum += n
		}
		for _, k := range from {
			b := k >> shift & 0xff
			to[starts[b]] = k
			starts[b]++
		}
		from, to = to, from
	}
	if &from[0] != &keys[0] {
		copy(keys, from)
	}
}

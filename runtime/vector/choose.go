package vector

import "github.com/muster-engine/muster/compiler/ir"

// choose evaluates ?? and when … then … else.
func (b *Batch) choose(n *ir.Node) *Vec {
	out := b.New(n.Type.Kind)
	out.Known = b.Bits()
	clear(out.Known)
	if out.B != nil {
		clear(out.B)
	}
	if out.T != nil {
		clear(out.T)
	}
	var in *interner
	if out.T != nil {
		in = &interner{}
	}
	open := b.Bits() // lanes not decided yet
	FillOnes(open, b.N)
	take := b.Bits()
	if n.Op == ir.OpCoalesce {
		for _, a := range n.Args {
			v := b.Full(b.Eval(a))
			for i := range take {
				take[i] = open[i]
				if v.Known != nil {
					take[i] &= v.Known[i]
				}
				open[i] &^= take[i]
			}
			b.blend(out, v, take, in)
		}
	} else {
		for k := 0; k+1 < len(n.Args); k += 2 {
			cond := b.Cond(n.Args[k])
			v := b.Full(b.Eval(n.Args[k+1]))
			for i := range take {
				take[i] = open[i] & cond[i]
				open[i] &^= take[i]
			}
			b.blend(out, v, take, in)
		}
		if len(n.Args)%2 == 1 {
			b.blend(out, b.Full(b.Eval(n.Args[len(n.Args)-1])), open, in)
		}
	}
	if in != nil {
		if out.Dict = in.dict; len(out.Dict) == 0 {
			out.Dict = []string{""}
		}
	}
	return out
}

// blend copies the lanes of v that take selects into out, with their known bits.
func (b *Batch) blend(out, v *Vec, take []uint64, in *interner) {
	for i, w := range take {
		if v.Known != nil {
			w &= v.Known[i]
		}
		out.Known[i] |= w
	}
	if out.B != nil {
		for i, w := range take {
			out.B[i] |= v.B[i] & w
		}
		return
	}
	each(take, func(i int) {
		switch {
		case out.F != nil:
			out.F[i] = v.F[i]
		case out.D != nil:
			out.D[i] = v.D[i]
		case out.T != nil:
			if v.IsKnown(i) {
				out.T[i] = in.code(v.Dict[v.T[i]])
			}
		case out.S != nil:
			out.S[i] = v.S[i]
		default:
			out.I[i] = v.I[i]
		}
	})
}

// ntile evaluates the group of a value by the cuts.
func (b *Batch) ntile(n *ir.Node) *Vec {
	x := b.Full(b.Eval(n.Args[0]))
	cuts := b.Env.Cuts(n.Ntile)
	out := b.New(ir.Int)
	out.Known = x.Known
	for i := range out.I {
		if x.IsKnown(i) {
			out.I[i] = Group(cuts, x.Value(i))
		}
	}
	return out
}

// Group returns the group of a known value by ascending cuts: that of the last cut not above it, else 1.
func Group(cuts []ir.Cut, v ir.Value) int64 {
	lo, hi := 0, len(cuts) // cuts[:lo] are not above v, cuts[hi:] are
	for lo < hi {
		mid := (lo + hi) / 2
		if Compare(cuts[mid].From, v) <= 0 {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo == 0 {
		return 1
	}
	return cuts[lo-1].Group
}

// Compare orders two known values of one ordered kind.
func Compare(a, b ir.Value) int {
	switch a.Kind {
	case ir.Number:
		switch {
		case a.F < b.F:
			return -1
		case a.F > b.F:
			return 1
		}
		return 0
	case ir.Exact:
		return a.D.Cmp(b.D)
	case ir.String, ir.Row:
		switch {
		case a.S < b.S:
			return -1
		case a.S > b.S:
			return 1
		}
		return 0
	}
	switch {
	case a.I < b.I:
		return -1
	case a.I > b.I:
		return 1
	}
	return 0
}

// bucket counts the bounds that are not above a value.
func (b *Batch) bucket(n *ir.Node) *Vec {
	x := b.Full(b.Eval(n.Args[0]))
	out := b.New(ir.Enum)
	out.Known = x.Known
	clear(out.I)
	switch x.Kind {
	case ir.Number:
		for _, c := range n.Consts {
			for i, v := range x.F {
				if c.F <= v {
					out.I[i]++
				}
			}
		}
	case ir.Exact:
		for _, c := range n.Consts {
			for i := range x.D {
				if x.IsKnown(i) && c.D.Cmp(x.D[i]) <= 0 {
					out.I[i]++
				}
			}
		}
	default:
		for _, c := range n.Consts {
			for i, v := range x.I {
				if c.I <= v {
					out.I[i]++
				}
			}
		}
	}
	return out
}

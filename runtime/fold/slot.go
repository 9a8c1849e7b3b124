package fold

import (
	"github.com/muster-engine/muster/compiler/decimal"
	"github.com/muster-engine/muster/compiler/exactsum"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/vector"
)

// Slot folds an aggregate into a vector with a lane per member of the block. The vector is the caller's to keep.
func (b *Block) Slot(a *ir.Aggregate) *vector.Vec {
	f := &folder{Block: b, agg: a, spans: b.windowSpans(a.Window), out: &vector.Vec{Kind: a.Type.Kind, N: b.Members}}
	f.pick = b.where(a.Where)
	if f.packed() {
		return f.out
	}
	if a.Value != nil {
		f.rows = b.values(a.Value)
		f.pick = both(f.pick, f.rows.known)
	}
	switch a.Fn {
	case ir.AggCount:
		f.count()
	case ir.AggHas:
		f.has()
	case ir.AggSum, ir.AggAvg:
		if f.rows.kind == ir.Number {
			f.floatSum()
		} else {
			f.intSum()
		}
	case ir.AggMin, ir.AggMax:
		f.extreme()
	case ir.AggFirst, ir.AggLast:
		f.edge(f.gather)
	case ir.AggDistinct, ir.AggSet:
		f.different()
	case ir.AggTop:
		f.top()
	}
	return f.out
}

// both intersects two selections; nil selects everything.
func both(x, y []uint64) []uint64 {
	if x == nil {
		return y
	}
	if y == nil {
		return x
	}
	out := make([]uint64, len(x))
	for i := range x {
		out[i] = x[i] & y[i]
	}
	return out
}

// folder computes one slot.
type folder struct {
	*Block
	agg   *ir.Aggregate
	spans []span
	pick  []uint64 // rows that count; nil: all
	rows  *rows    // nil where the aggregate has no value
	out   *vector.Vec
}

func picked(pick []uint64, r uint32) bool { return pick[r>>6]>>(r&63)&1 != 0 }

// each calls f for the rows of member m that count, in order of time.
func (f *folder) each(m int, visit func(r uint32)) {
	for _, s := range f.spans {
		for r := s.lo[m]; r < s.hi[m]; r++ {
			if f.pick == nil || picked(f.pick, r) {
				visit(r)
			}
		}
	}
}

// known marks member m as having a value.
func (f *folder) known(m int) { f.out.Known[m>>6] |= 1 << (uint(m) & 63) }

func (f *folder) ints() []int64 {
	f.out.I = make([]int64, f.Members)
	return f.out.I
}

func (f *folder) maybe() { f.out.Known = make([]uint64, vector.Words(f.Members)) }

func (f *folder) count() {
	out := f.ints()
	for _, s := range f.spans {
		if f.pick == nil {
			for m := range out {
				out[m] += int64(s.hi[m] - s.lo[m])
			}
			continue
		}
		for m := range out {
			n := int64(0)
			for r := s.lo[m]; r < s.hi[m]; r++ {
				n += int64(f.pick[r>>6] >> (r & 63) & 1)
			}
			out[m] += n
		}
	}
}

func (f *folder) has() {
	f.out.B = make([]uint64, vector.Words(f.Members))
	for _, s := range f.spans {
		for m := range f.Members {
			for r := s.lo[m]; r < s.hi[m]; r++ {
				if f.pick == nil || picked(f.pick, r) {
					f.out.B[m>>6] |= 1 << (uint(m) & 63)
					break
				}
			}
		}
	}
}

// floatSum is the exact sum of numbers rounded once, or their exact mean rounded once.
func (f *folder) floatSum() {
	f.out.F = make([]float64, f.Members)
	f.maybe()
	var acc exactsum.Sum
	for m := range f.Members {
		n := int64(0)
		acc.Reset()
		f.each(m, func(r uint32) {
			acc.Add(f.rows.f[r])
			n++
		})
		var ok bool
		switch {
		case f.agg.Fn == ir.AggSum:
			f.out.F[m], ok = acc.Sum()
		case n > 0:
			f.out.F[m], ok = acc.Mean(n)
		}
		if ok {
			f.known(m)
		}
	}
}

// edge is first and last: it chooses each member's row and has its value taken.
func (f *folder) edge(take func(at []uint32)) {
	f.maybe()
	at := make([]uint32, f.Members) // the chosen row
	for m := range f.Members {
		if f.agg.Fn == ir.AggFirst {
			f.firstRow(m, at)
		} else {
			f.lastRow(m, at)
		}
	}
	take(at)
}

func (f *folder) firstRow(m int, at []uint32) {
	for _, s := range f.spans {
		for r := s.lo[m]; r < s.hi[m]; r++ {
			if f.pick == nil || picked(f.pick, r) {
				at[m] = r
				f.known(m)
				return
			}
		}
	}
}

func (f *folder) lastRow(m int, at []uint32) {
	for k := len(f.spans) - 1; k >= 0; k-- {
		s := f.spans[k]
		for r := s.hi[m]; r > s.lo[m]; r-- {
			if f.pick == nil || picked(f.pick, r-1) {
				at[m] = r - 1
				f.known(m)
				return
			}
		}
	}
}

// gather takes each known member's value from its chosen row.
func (f *folder) gather(at []uint32) {
	src, out := f.rows, f.out
	switch {
	case src.f != nil:
		out.F = make([]float64, f.Members)
	case src.d != nil:
		out.D = make([]decimal.Decimal, f.Members)
	case src.codes != nil:
		out.T, out.Dict = make([]uint32, f.Members), src.dict
	case src.sets != nil:
		out.S = make([][]string, f.Members)
	case out.Kind == ir.Bool:
		out.B = make([]uint64, vector.Words(f.Members))
	default:
		out.I = make([]int64, f.Members)
	}
	for m := range f.Members {
		if !out.IsKnown(m) {
			continue
		}
		r := at[m]
		switch {
		case out.F != nil:
			out.F[m] = src.f[r]
		case out.D != nil:
			out.D[m] = src.d[r]
		case out.T != nil:
			out.T[m] = src.codes[r]
		case out.S != nil:
			out.S[m] = src.sets[r]
		case out.B != nil:
			out.B[m>>6] |= uint64(src.i[r]) << (uint(m) & 63)
		default:
			out.I[m] = src.i[r]
		}
	}
}

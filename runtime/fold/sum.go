package fold

import (
	"math"
	"math/bits"

	"github.com/muster-engine/muster/compiler/decimal"
	"github.com/muster-engine/muster/compiler/ir"
)

// intSum is sum and avg of ints and money.
func (f *folder) intSum() {
	if f.agg.Fn == ir.AggSum && f.cannotOverflow() {
		f.plainSum()
		return
	}
	f.maybe()
	switch {
	case f.agg.Fn == ir.AggSum:
		f.out.I = make([]int64, f.Members)
	case f.out.Kind == ir.Number:
		f.out.F = make([]float64, f.Members)
	default:
		f.out.D = make([]decimal.Decimal, f.Members)
	}
	for m := range f.Members {
		var hi, n int64
		var lo uint64
		f.each(m, func(r uint32) {
			v := f.rows.i[r]
			var carry uint64
			lo, carry = bits.Add64(lo, uint64(v), 0)
			hi += v>>63 + int64(carry)
			n++
		})
		switch {
		case f.agg.Fn == ir.AggSum:
			if hi == int64(lo)>>63 {
				f.out.I[m] = int64(lo)
				f.known(m)
			}
		case n == 0:
		case f.out.Kind == ir.Number:
			f.out.F[m] = ratio(hi, lo, n)
			f.known(m)
		default:
			var ok bool
			if f.out.D[m], ok = meanMoney(hi, lo, n); ok {
				f.known(m)
			}
		}
	}
}

// cannotOverflow reports whether no sum over the block's rows can leave 64 bits.
func (f *folder) cannotOverflow() bool {
	var top uint64
	for _, v := range f.rows.i {
		if v < 0 {
			v = -v
		}
		top = max(top, uint64(v))
	}
	hi, lo := bits.Mul64(top, uint64(len(f.rows.i)))
	return hi == 0 && lo <= math.MaxInt64
}

func (f *folder) plainSum() {
	out, vals := f.ints(), f.rows.i
	for _, s := range f.spans {
		if f.pick == nil {
			for m := range out {
				sum := int64(0)
				for _, v := range vals[s.lo[m]:s.hi[m]] {
					sum += v
				}
				out[m] += sum
			}
			continue
		}
		for m := range out {
			sum := int64(0)
			for r := s.lo[m]; r < s.hi[m]; r++ {
				sum += vals[r] & -int64(f.pick[r>>6]>>(r&63)&1)
			}
			out[m] += sum
		}
	}
}

// extreme is min and max of ordered kinds.
func (f *folder) extreme() {
	f.maybe()
	at := make([]uint32, f.Members)
	isMin := f.agg.Fn == ir.AggMin
	switch {
	case f.rows.f != nil:
		extremeRows(f, f.rows.f, isMin, at)
	case f.rows.d != nil:
		for m := range f.Members {
			first := true
			f.each(m, func(r uint32) {
				c := 0
				if !first {
					c = f.rows.d[r].Cmp(f.rows.d[at[m]])
				}
				if first || (isMin && c < 0) || (!isMin && c > 0) {
					at[m], first = r, false
					f.known(m)
				}
			})
		}
	default:
		extremeRows(f, f.rows.i, isMin, at)
	}
	f.gather(at)
}

func extremeRows[T int64 | float64](f *folder, vals []T, isMin bool, at []uint32) {
	for _, s := range f.spans {
		for m := range at {
			lo, hi := s.lo[m], s.hi[m]
			if lo == hi {
				continue
			}
			best, found := at[m], f.out.IsKnown(m)
			for r := lo; r < hi; r++ {
				if f.pick != nil && !picked(f.pick, r) {
					continue
				}
				if !found || (isMin && vals[r] < vals[best]) || (!isMin && vals[r] > vals[best]) {
					best, found = r, true
				}
			}
			if found {
				at[m] = best
				f.known(m)
			}
		}
	}
}

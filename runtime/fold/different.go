package fold

import (
	"math"
	"math/big"
	"slices"
	"sort"
	"strconv"

	"github.com/muster-engine/muster/compiler/decimal"
	"github.com/muster-engine/muster/compiler/exactsum"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/vector"
)

// ratio is the 128-bit sum (hi, lo) divided by n, rounded once.
func ratio(hi int64, lo uint64, n int64) float64 {
	if hi == int64(lo)>>63 {
		if sum := int64(lo); sum > -1<<53 && sum < 1<<53 && n < 1<<53 {
			return float64(sum) / float64(n)
		}
	}
	f, _ := new(big.Rat).SetFrac(wide(hi, lo), big.NewInt(n)).Float64()
	return f
}

func wide(hi int64, lo uint64) *big.Int {
	x := new(big.Int).Lsh(big.NewInt(hi), 64)
	return x.Add(x, new(big.Int).SetUint64(lo))
}

// meanMoney is the mean of minor units to six more decimals, half away from zero.
func meanMoney(hi int64, lo uint64, n int64) (decimal.Decimal, bool) {
	if hi == int64(lo)>>63 {
		return decimal.FromMinor(int64(lo)).DivInt(n)
	}
	sum, ok := decimal.FromMinor(hi), true
	for _, word := range []uint64{lo >> 32, lo & math.MaxUint32} {
		if ok {
			sum, ok = scaleUp(sum)
		}
		if ok {
			sum, ok = sum.Add(decimal.FromMinor(int64(word)))
		}
	}
	if !ok {
		return decimal.Decimal{}, false
	}
	return sum.DivInt(n)
}

// scaleUp is d times 2^32.
func scaleUp(d decimal.Decimal) (decimal.Decimal, bool) {
	factor, _ := decimal.FromInt(1<<32, 0)
	return d.Mul(factor, 0)
}

// bitsOf returns the row's value as 64 bits that are equal if and only if the values are.
func (r *rows) bitsOf(row uint32) uint64 {
	switch {
	case r.f != nil:
		f := r.f[row]
		if f == 0 {
			f = 0 // negative zero equals zero
		}
		return math.Float64bits(f)
	case r.codes != nil:
		return uint64(r.codes[row])
	}
	return uint64(r.i[row])
}

// different is distinct and set.
func (f *folder) different() {
	if f.agg.Fn == ir.AggSet {
		f.out.S = make([][]string, f.Members)
	} else {
		f.out.I = make([]int64, f.Members)
	}
	if f.rows.d != nil {
		f.differentExact()
		return
	}
	var seen []uint64
	for m := range f.Members {
		seen = seen[:0]
		f.each(m, func(r uint32) { seen = append(seen, f.rows.bitsOf(r)) })
		seen = unique(seen)
		if f.agg.Fn == ir.AggDistinct {
			f.out.I[m] = int64(len(seen))
			continue
		}
		set := make([]string, len(seen))
		for i, code := range seen {
			if f.rows.kind == ir.Enum {
				set[i] = f.agg.Value.Type.Enum.Values[code]
			} else {
				set[i] = f.rows.dict[code]
			}
		}
		sort.Strings(set)
		f.out.S[m] = set
	}
}

func (f *folder) differentExact() {
	for m := range f.Members {
		seen := make(map[decimal.Decimal]bool)
		f.each(m, func(r uint32) { seen[f.rows.d[r]] = true })
		f.out.I[m] = int64(len(seen))
	}
}

// unique sorts and drops repetitions, in place; short runs are the rule.
func unique(x []uint64) []uint64 {
	if len(x) < 2 {
		return x
	}
	if len(x) <= 12 {
		n := 1
	next:
		for _, v := range x[1:] {
			for _, w := range x[:n] {
				if v == w {
					continue next
				}
			}
			x[n] = v
			n++
		}
		return x[:n]
	}
	slices.Sort(x)
	return slices.Compact(x)
}

// contender is one value of a top, with what measures it.
type contender struct {
	row   uint32 // latest
	n     int64
	hi    int64
	lo    uint64
	sum   exactsum.Sum
	best  ir.Value
	seen  map[string]bool
	known int64 // rows with a known measure
}

// top is the value whose measure is largest; ties go to the value whose latest event is last.
func (f *folder) top() {
	f.maybe()
	at := make([]uint32, f.Members)
	var by *rows
	if f.agg.By != nil {
		by = f.values(f.agg.By)
	}
	for m := range f.Members {
		contenders := make(map[uint64]*contender)
		f.each(m, func(r uint32) {
			key := f.rows.bitsOf(r)
			c := contenders[key]
			if c == nil {
				c = &contender{}
				contenders[key] = c
			}
			c.row = r
			f.measure(c, by, r)
		})
		var best *contender
		var bestValue ir.Value
		for _, c := range contenders {
			v := f.measured(c, by)
			if !v.Known {
				continue
			}
			order := 1
			if best != nil {
				order = vector.Compare(v, bestValue)
			}
			if order > 0 || (order == 0 && c.row > best.row) {
				best, bestValue = c, v
			}
		}
		if best != nil {
			at[m] = best.row
			f.known(m)
		}
	}
	f.gather(at)
}

// measure takes row r into a contender.
func (f *folder) measure(c *contender, by *rows, r uint32) {
	c.n++
	if by == nil || (by.known != nil && !picked(by.known, r)) {
		return
	}
	c.known++
	switch f.agg.ByFn {
	case ir.AggSum, ir.AggAvg:
		if by.f != nil {
			c.sum.Add(by.f[r])
			return
		}
		v := by.i[r]
		lo := c.lo + uint64(v)
		if lo < c.lo {
			c.hi++
		}
		c.lo = lo
		c.hi += v >> 63
	case ir.AggMin, ir.AggMax:
		v := by.value(r)
		if c.known == 1 || (f.agg.ByFn == ir.AggMin) == (vector.Compare(v, c.best) < 0) && vector.Compare(v, c.best) != 0 {
			c.best = v
		}
	case ir.AggDistinct:
		if c.seen == nil {
			c.seen = make(map[string]bool)
		}
		if by.d != nil {
			c.seen[by.d[r].Text(0)] = true
		} else {
			c.seen[strconv.FormatUint(by.bitsOf(r), 16)] = true
		}
	}
}

// measured is the contender's measure.
func (f *folder) measured(c *contender, by *rows) ir.Value {
	switch f.agg.ByFn {
	case ir.AggCount:
		return ir.IntLike(ir.Int, c.n)
	case ir.AggDistinct:
		return ir.IntLike(ir.Int, int64(len(c.seen)))
	case ir.AggMin, ir.AggMax:
		if c.known == 0 {
			return ir.Value{}
		}
		return c.best
	}
	if by.kind == ir.Number {
		var x float64
		var ok bool
		if f.agg.ByFn == ir.AggSum {
			x, ok = c.sum.Sum()
		} else if c.known > 0 {
			x, ok = c.sum.Mean(c.known)
		}
		return ir.Value{Known: ok, Kind: ir.Number, F: x}
	}
	if f.agg.ByFn == ir.AggSum {
		return ir.Value{Known: c.hi == int64(c.lo)>>63, Kind: by.kind, I: int64(c.lo)}
	}
	if c.known == 0 {
		return ir.Value{}
	}
	if by.kind == ir.Money {
		d, ok := meanMoney(c.hi, c.lo, c.known)
		return ir.Value{Known: ok, Kind: ir.Exact, D: d}
	}
	return ir.NumberValue(ratio(c.hi, c.lo, c.known))
}

// value is row r as a value.
func (r *rows) value(row uint32) ir.Value {
	switch {
	case r.f != nil:
		return ir.NumberValue(r.f[row])
	case r.d != nil:
		return ir.Value{Known: true, Kind: ir.Exact, D: r.d[row]}
	}
	return ir.IntLike(r.kind, r.i[row])
}

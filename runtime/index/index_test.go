package index_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/muster-engine/muster/runtime/index"
	"github.com/muster-engine/muster/storage/column"
)

// drawColumn draws a column of integers of random width, base, scale, length and unknowns, with its values.
func drawColumn(t *rapid.T) (*column.Column, []int64, []bool) {
	n := rapid.SampledFrom([]int{0, 1, 63, 64, 65, 127, 1000, 4096, 65535, column.Block}).Draw(t, "rows")
	base := rapid.SampledFrom([]int64{0, -7, 1 << 40, math.MinInt64, math.MaxInt64 - 1<<33}).Draw(t, "base")
	span := rapid.SampledFrom([]uint64{1, 2, 7, 200, 256, 257, 60000, 1 << 20, 1 << 33}).Draw(t, "span")
	scale := rapid.SampledFrom([]uint64{1, 1, 3, 100}).Draw(t, "scale")
	gaps := rapid.Bool().Draw(t, "gaps")
	seed := rapid.Uint64().Draw(t, "seed")
	next := func() uint64 { // xorshift: thousands of draws would drown rapid
		seed ^= seed<<13 | 1
		seed ^= seed >> 7
		seed ^= seed << 17
		return seed
	}
	b := column.NewBuilder(column.Ints, n)
	vals, known := make([]int64, n), make([]bool, n)
	for i := range n {
		known[i] = !gaps || next()%4 != 0
		vals[i] = base + int64(next()%span/scale*scale)
		if known[i] {
			b.AppendInt(vals[i])
		} else {
			b.AppendUnknown()
		}
	}
	return b.Column(), vals, known
}

func rows() index.Bits { return make(index.Bits, index.BlockWords) }

func has(b index.Bits, i int) bool { return b[i>>6]>>(uint(i)&63)&1 != 0 }

// TestRangesAgree holds slices, values, scan and probe to a plain comparison.
func TestRangesAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, vals, known := drawColumn(t)
		slices := index.Build(c)
		values := index.BuildValues(c)
		for range 8 {
			lo, hi := drawBound(t, vals), drawBound(t, vals)
			if rapid.Bool().Draw(t, "equal") {
				hi = lo
			}
			bySlices, byScan, byProbe, byValues, candidates := rows(), rows(), rows(), rows(), rows()
			for i := range c.Len {
				if (uint64(i)*2654435761)%3 == 0 {
					candidates[i>>6] |= 1 << (uint(i) & 63)
				}
			}
			from, to, ok := index.Packed(c, lo, hi)
			if ok {
				slices.Range(from, to, bySlices)
				index.Scan(c, from, to, byScan)
				index.Probe(c, from, to, candidates, byProbe)
				if values != nil {
					values.AddRange(from, to, byValues)
				}
			}
			for i := range column.Block {
				if i >= c.Len {
					if has(bySlices, i) || has(byScan, i) || has(byProbe, i) || has(byValues, i) {
						t.Fatalf("row %d beyond the column of %d rows was selected", i, c.Len)
					}
					continue
				}
				if !known[i] {
					if has(byValues, i) {
						t.Fatalf("unknown row %d has a value bitmap", i)
					}
					continue
				}
				want := vals[i] >= lo && vals[i] <= hi
				if has(bySlices, i) != want || has(byScan, i) != want || has(byProbe, i) != (want && has(candidates, i)) ||
					(values != nil && has(byValues, i) != want) {
					t.Fatalf("row %d = %d in [%d, %d]: want %v; slices %v, scan %v, probe %v, values %v",
						i, vals[i], lo, hi, want, has(bySlices, i), has(byScan, i), has(byProbe, i), has(byValues, i))
				}
			}
		}
	})
}

func TestFloatRangesAgree(t *testing.T) {
	numbers := rapid.SampledFrom([]float64{math.Inf(-1), -2.5, math.Copysign(0, -1), 0, math.SmallestNonzeroFloat64, 0.1, 0.3, 0.1 + 0.2, 7, math.MaxFloat64, math.Inf(1)})
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.SliceOfN(numbers.Filter(func(f float64) bool { return !math.IsInf(f, 0) }), 0, 200).Draw(t, "x")
		lo, hi := numbers.Draw(t, "lo"), numbers.Draw(t, "hi")
		openLo, openHi := rapid.Bool().Draw(t, "open lo"), rapid.Bool().Draw(t, "open hi")
		candidates, scanned, probed := rows(), rows(), rows()
		for i := 0; i < column.Block; i += 2 {
			candidates[i>>6] |= 1 << (uint(i) & 63)
		}
		index.ScanFloats(x, lo, hi, openLo, openHi, scanned)
		index.ProbeFloats(x, lo, hi, openLo, openHi, candidates, probed)
		for i := range column.Block {
			want := i < len(x) && x[i] >= lo && x[i] <= hi && !(openLo && x[i] == lo) && !(openHi && x[i] == hi)
			if has(scanned, i) != want || has(probed, i) != (want && i%2 == 0) {
				t.Fatalf("row %d of %v in %v…%v (open %v, %v): want %v, scanned %v, probed %v", i, x, lo, hi, openLo, openHi, want, has(scanned, i), has(probed, i))
			}
		}
	})
}

func drawBound(t *rapid.T, vals []int64) int64 {
	if len(vals) == 0 || rapid.IntRange(0, 3).Draw(t, "far") == 0 {
		return rapid.SampledFrom([]int64{math.MinInt64, -1, 0, 1, math.MaxInt64}).Draw(t, "bound")
	}
	v := vals[rapid.IntRange(0, len(vals)-1).Draw(t, "at")]
	switch d := rapid.Int64Range(-1, 1).Draw(t, "off"); {
	case d > 0 && v == math.MaxInt64, d < 0 && v == math.MinInt64:
		return v
	default:
		return v + d
	}
}

func TestBitmapsOfManyValuesAreNotBuilt(t *testing.T) {
	b := column.NewBuilder(column.Ints, 300)
	for i := range 300 {
		b.AppendInt(int64(i))
	}
	if index.BuildValues(b.Column()) != nil {
		t.Fatal("300 different values were given a bitmap each")
	}
}

func BenchmarkRange(b *testing.B) {
	vals := make([]int64, column.Block)
	for i := range vals {
		vals[i] = int64(uint32(i)*2654435761) >> 12
	}
	c := column.PackInts(vals, nil)
	s := index.Build(c)
	out := rows()
	b.Run("slices", func(b *testing.B) {
		for b.Loop() {
			s.Range(1000, 500_000, out)
		}
	})
	b.Run("slices at least", func(b *testing.B) {
		for b.Loop() {
			s.Range(500_001, math.MaxUint64, out)
		}
	})
	b.Run("scan", func(b *testing.B) {
		for b.Loop() {
			index.Scan(c, 1000, 500_000, out)
		}
	})
	b.Run("build", func(b *testing.B) {
		for b.Loop() {
			index.Build(c)
		}
	})
}

package exactsum_test

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/muster-engine/muster/compiler/exactsum"
)

// TestAgainstRationals compares sums and means of numbers of all sizes with exact fractions.
func TestAgainstRationals(t *testing.T) {
	finite := rapid.Float64().Filter(func(f float64) bool { return !math.IsInf(f, 0) && !math.IsNaN(f) })
	cents := rapid.Custom(func(t *rapid.T) float64 { return float64(rapid.Int64Range(-1e7, 1e7).Draw(t, "cents")) / 100 })
	rapid.Check(t, func(t *rapid.T) {
		xs := rapid.SliceOf(rapid.OneOf(finite, cents)).Draw(t, "xs")
		var s exactsum.Sum
		s.Add(12345.678)
		s.Reset()
		want := new(big.Rat)
		for _, x := range xs {
			s.Add(x)
			want.Add(want, new(big.Rat).SetFloat64(x))
		}
		sum, _ := want.Float64()
		if got, ok := s.Sum(); ok == math.IsInf(sum, 0) || ok && got != sum {
			t.Fatalf("sum of %v = %v (%v), want %v", xs, got, ok, sum)
		}
		if n := int64(len(xs)); n > 0 {
			mean, _ := want.Quo(want, new(big.Rat).SetInt64(n)).Float64()
			if got, ok := s.Mean(n); !ok || got != mean {
				t.Fatalf("mean of %v = %v, want %v", xs, got, mean)
			}
		}
	})
}

func TestOrderDoesNotShow(t *testing.T) {
	var a, b exactsum.Sum
	for _, x := range []float64{1e308, 1e308, -1e308, 1} {
		a.Add(x)
	}
	for _, x := range []float64{1, -1e308, 1e308, 1e308} {
		b.Add(x)
	}
	x, okX := a.Sum()
	y, okY := b.Sum()
	if x != 1e308 || x != y || !okX || !okY {
		t.Fatalf("got %v (%v) and %v (%v), want 1e308 twice", x, okX, y, okY)
	}
	a.Add(1e308)
	if _, ok := a.Sum(); ok {
		t.Fatal("a sum beyond float64 must not be given")
	}
}

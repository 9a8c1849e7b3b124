// Package exactsum adds numbers without rounding, so that no order of arrival or of execution shows in a sum.
//
// A [Sum] is a fixed-point accumulator as wide as the range of float64 (after Kulisch): each number is added to the
// places that its bits belong to, and only the result is rounded, once, to nearest.
package exactsum

import (
	"math"
	"math/big"
)

const (
	chunk  = 32                  // bits of a limb that a number is spread over; the rest take carries
	lowest = 1074                // the lowest bit of a float64 is 2^-1074
	limbs  = (2046+53)/chunk + 3 // places 0 … 2045 of the lowest bit of a mantissa, and its bits above
)

// Sum is an exact sum. The zero value is an empty sum. Up to 2^31 numbers may be added.
type Sum struct {
	limbs  [limbs]int64
	lo, hi int // limbs[lo:hi] may differ from zero
	used   bool
	// plain is the running sum in floating point; it is the sum as long as no addition was rounded.
	plain   float64
	rounded bool
}

// Reset empties the sum.
func (s *Sum) Reset() {
	if s.used {
		clear(s.limbs[s.lo:s.hi])
	}
	s.lo, s.hi, s.used, s.plain, s.rounded = 0, 0, false, 0, false
}

// Add adds a finite number.
func (s *Sum) Add(x float64) {
	if x == 0 {
		return
	}
	t := s.plain + x
	back := t - s.plain
	if (s.plain-(t-back))+(x-back) != 0 || t-t != 0 {
		s.rounded = true
	}
	s.plain = t

	b := math.Float64bits(x)
	place := int(b >> 52 & 0x7ff)
	mantissa := b & (1<<52 - 1)
	if place == 0 {
		place = 1
	} else {
		mantissa |= 1 << 52
	}
	place-- // of the mantissa's lowest bit, counted from 2^-1074
	at, shift := place/chunk, uint(place%chunk)
	low, high := mantissa<<shift, mantissa>>1>>(63-shift)
	p0, p1, p2 := int64(low&0xffffffff), int64(low>>32), int64(high)
	if b>>63 != 0 {
		p0, p1, p2 = -p0, -p1, -p2
	}
	s.limbs[at] += p0
	s.limbs[at+1] += p1
	s.limbs[at+2] += p2
	if !s.used {
		s.lo, s.hi, s.used = at, at+3, true
		return
	}
	s.lo, s.hi = min(s.lo, at), max(s.hi, at+3)
}

// Sum returns the sum rounded to nearest; ok is false where it is too large for a float64.
func (s *Sum) Sum() (sum float64, ok bool) {
	if !s.rounded {
		return s.plain, true
	}
	x := new(big.Float).SetInt(s.integer())
	f, _ := x.SetMantExp(x, -lowest).Float64()
	return f, !math.IsInf(f, 0)
}

// Mean returns the sum divided by n > 0, rounded to nearest once.
func (s *Sum) Mean(n int64) (mean float64, ok bool) {
	if !s.rounded && n < 1<<53 {
		return s.plain / float64(n), true
	}
	by := new(big.Int).Lsh(big.NewInt(n), lowest)
	f, _ := new(big.Rat).SetFrac(s.integer(), by).Float64()
	return f, !math.IsInf(f, 0)
}

// integer is the sum in units of 2^-1074.
func (s *Sum) integer() *big.Int {
	x, part := new(big.Int), new(big.Int)
	for i := s.hi - 1; i >= s.lo; i-- {
		x.Lsh(x, chunk)
		x.Add(x, part.SetInt64(s.limbs[i]))
	}
	return x.Lsh(x, uint(s.lo*chunk))
}

package stats

import "math"

// z is the 97.5th percentile of the normal distribution.
const z = 1.959963984540054

// Count is how many of a number have something.
type Count struct{ Of, Have int64 }

// Rate is the share that has it; 0 of nobody.
func (c Count) Rate() float64 {
	if c.Of == 0 {
		return 0
	}
	return float64(c.Have) / float64(c.Of)
}

// Interval is a range of values, both ends included.
type Interval struct{ Low, High float64 }

// Has reports whether a value lies in the interval.
func (i Interval) Has(x float64) bool { return x >= i.Low && x <= i.High }

// Wilson is the 95 % score interval of a proportion. Of nobody it is everything: 0 to 1.
func Wilson(c Count) Interval {
	if c.Of <= 0 {
		return Interval{0, 1}
	}
	n, x := float64(c.Of), float64(c.Have)
	middle := 2*x + z*z
	spread := z * math.Sqrt(z*z+4*x*(1-x/n))
	out := Interval{(middle - spread) / (2 * (n + z*z)), (middle + spread) / (2 * (n + z*z))}
	// At the ends the interval touches 0 and 1 exactly, which rounding would miss.
	if c.Have <= 0 {
		out.Low = 0
	}
	if c.Have >= c.Of {
		out.High = 1
	}
	return out
}

// Newcombe is the 95 % interval of the difference a − b of two proportions.
func Newcombe(a, b Count) Interval {
	pa, pb, ia, ib := a.Rate(), b.Rate(), Wilson(a), Wilson(b)
	d := pa - pb
	return Interval{
		max(-1, d-math.Hypot(pa-ia.Low, ib.High-pb)),
		min(1, d+math.Hypot(ia.High-pa, pb-ib.Low)),
	}
}

// Ratio is the 95 % interval of the ratio a ÷ b of two proportions, from the same limits. High is infinite where nobody
// of b has it; of nobody at all there is no interval.
func Ratio(a, b Count) (Interval, bool) {
	if a.Of <= 0 || b.Of <= 0 || a.Have == 0 && b.Have == 0 {
		return Interval{}, false
	}
	pa, pb, ia, ib := a.Rate(), b.Rate(), Wilson(a), Wilson(b)
	product := pa * pb
	out := Interval{0, math.Inf(1)}
	if ia.Low > 0 {
		out.Low = lower(product, ia.Low*(2*pa-ia.Low), ib.High*(2*pb-ib.High))
	}
	if ib.Low > 0 {
		w := ib.Low * (2*pb - ib.Low)
		out.High = (product + math.Sqrt(max(0, product*product-ia.High*(2*pa-ia.High)*w))) / w
	}
	return out, true
}

// lower is the lower root of w·r² − 2·product·r + v = 0, in the form that stays exact where w is 0 or below.
func lower(product, v, w float64) float64 {
	return v / (product + math.Sqrt(max(0, product*product-v*w)))
}

package decimal

import (
	"math"
	"math/big"
	"math/bits"
)

// Mul is d times the plain factor f, rounded to the scale.
func (d Decimal) Mul(f Decimal, digits int) (Decimal, bool) {
	a, negative := d.split()
	b, negativeFactor := f.split()
	scale := perMajor(digits)
	if a.hi|b.hi == 0 {
		return product(a.lo, b.lo).divideRounded(scale).signed(negative != negativeFactor)
	}
	// The product of two 127-bit magnitudes, as four words.
	p0, p1, p2 := product(a.lo, b.lo), product(a.hi, b.lo), product(a.lo, b.hi)
	p3 := product(a.hi, b.hi)
	w0 := p0.lo
	w1, c1 := bits.Add64(p0.hi, p1.lo, 0)
	w1, c2 := bits.Add64(w1, p2.lo, 0)
	w2, c3 := bits.Add64(p1.hi, p2.hi, c1)
	w2, c4 := bits.Add64(w2, p3.lo, c2)
	w3 := p3.hi + c3 + c4
	q3, rest := w3/scale, w3%scale
	q2, rest := bits.Div64(rest, w2, scale)
	q1, rest := bits.Div64(rest, w1, scale)
	q0, rest := bits.Div64(rest, w0, scale)
	if q3|q2 != 0 {
		return Decimal{}, false
	}
	q := magnitude{q1, q0}
	if rest >= scale-rest {
		if q = q.increment(); q == (magnitude{}) {
			return Decimal{}, false
		}
	}
	return q.signed(negative != negativeFactor)
}

// Div is d divided by the plain factor f, rounded to the scale; not ok if f is 0.
func (d Decimal) Div(f Decimal, digits int) (Decimal, bool) {
	if f.IsZero() {
		return Decimal{}, false
	}
	a, negative := d.split()
	b, negativeFactor := f.split()
	scale := perMajor(digits)
	if b.hi != 0 {
		return divideBig(a, b, scale, negative != negativeFactor)
	}
	// a times the scale, as three words, by one word.
	p0, p1 := product(a.lo, scale), product(a.hi, scale)
	w1, carry := bits.Add64(p0.hi, p1.lo, 0)
	w2 := p1.hi + carry
	if w2/b.lo != 0 {
		return Decimal{}, false
	}
	q1, rest := bits.Div64(w2%b.lo, w1, b.lo)
	q0, rest := bits.Div64(rest, p0.lo, b.lo)
	q := magnitude{q1, q0}
	if rest >= b.lo-rest {
		if q = q.increment(); q == (magnitude{}) {
			return Decimal{}, false
		}
	}
	return q.signed(negative != negativeFactor)
}

func divideBig(a, b magnitude, scale uint64, negative bool) (Decimal, bool) {
	by := b.big()
	n := a.big()
	n.Mul(n, new(big.Int).SetUint64(scale))
	q, rest := n.QuoRem(n, by, new(big.Int))
	if rest.Lsh(rest, 1).Cmp(by) >= 0 {
		q.Add(q, big.NewInt(1))
	}
	if q.BitLen() > 127 {
		return Decimal{}, false
	}
	lo := new(big.Int).And(q, new(big.Int).SetUint64(math.MaxUint64)).Uint64()
	return magnitude{q.Rsh(q, 64).Uint64(), lo}.signed(negative)
}

func (m magnitude) big() *big.Int {
	b := new(big.Int).SetUint64(m.hi)
	return b.Lsh(b, 64).Or(b, new(big.Int).SetUint64(m.lo))
}

// DivInt is d divided by a whole number, rounded to the scale; not ok if n is 0. The mean of n amounts is
// sum.DivInt(n).
func (d Decimal) DivInt(n int64) (Decimal, bool) {
	if n == 0 {
		return Decimal{}, false
	}
	m, negative := d.split()
	by, negativeBy := split64(n)
	return m.divideRounded(by).signed(negative != negativeBy)
}

// Ratio is d divided by e as a number: the exact quotient rounded once. Not ok if e is 0.
func (d Decimal) Ratio(e Decimal) (float64, bool) {
	if e.IsZero() {
		return 0, false
	}
	a, negative := d.split()
	b, negativeOther := e.split()
	return quotient(a, b, negative != negativeOther), true
}

// Float is the amount in major units as a number: the nearest float.
func (d Decimal) Float(digits int) float64 {
	m, negative := d.split()
	return quotient(m, magnitude{0, perMajor(digits)}, negative)
}

// quotient is a/b rounded once to a float. Integers below 2^53 are floats themselves, so that one division is exact
// enough; others go the long way.
func quotient(a, b magnitude, negative bool) float64 {
	var f float64
	const exact = 1 << 53
	if a.hi|b.hi == 0 && a.lo <= exact && b.lo <= exact {
		f = float64(a.lo) / float64(b.lo)
	} else {
		f, _ = new(big.Rat).SetFrac(a.big(), b.big()).Float64()
	}
	if negative && f != 0 {
		return -f
	}
	return f
}

// Floor is the largest whole number of major units not above d.
func (d Decimal) Floor(digits int) (int64, bool) {
	m, negative := d.split()
	q, rest := m.divide(perMajor(digits))
	if negative && rest != 0 {
		q = q.increment()
	}
	return signedInt(q, negative)
}

// Ceil is the smallest whole number of major units not below d.
func (d Decimal) Ceil(digits int) (int64, bool) {
	m, negative := d.split()
	q, rest := m.divide(perMajor(digits))
	if !negative && rest != 0 {
		q = q.increment()
	}
	return signedInt(q, negative)
}

// Round is d in whole major units, half away from zero.
func (d Decimal) Round(digits int) (int64, bool) {
	m, negative := d.split()
	return signedInt(m.divideRounded(perMajor(digits)), negative)
}

// Text is the amount in major units with the minor digits of the currency, and further decimals only as far as they
// are not 0: "12.50", "-0.3333335".
func (d Decimal) Text(digits int) string {
	m, negative := d.split()
	digits = min(max(digits, 0), MaxDigits)
	decimals := digits + Beyond
	var b [64]byte
	i := len(b)
	trailing := true
	for place := 0; place <= decimals || m != (magnitude{}); place++ {
		if place == decimals && i < len(b) {
			i--
			b[i] = '.'
		}
		q, rest := m.divide(10)
		m = q
		if place < Beyond && trailing && rest == 0 {
			continue
		}
		trailing = false
		i--
		b[i] = byte('0' + rest)
	}
	if negative {
		i--
		b[i] = '-'
	}
	return string(b[i:])
}

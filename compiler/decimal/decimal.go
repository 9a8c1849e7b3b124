// Package decimal is exact fixed-point arithmetic for money.
//
// A [Decimal] is a 128-bit integer that counts 10^-(digits+6) of a currency's major unit: six decimals beyond the
// minor unit. The number of minor digits is a parameter of the program, not of the value, and is passed where it
// matters. Every operation that cannot be represented says so (ok is false), and the language then has "unknown":
// never a wrong value. Rounding is half away from zero.
//
// A plain factor (2.5, 12.5%) is held at the same scale: 2.5 is the Decimal of 2.5 major units. So [Decimal.Mul] and
// [Decimal.Div] take digits, to take the scale out or put it in again.
//
// The range is symmetric: the most negative 128-bit integer is not a Decimal.
package decimal

import (
	"cmp"
	"math"
	"math/bits"
)

// Decimal is a signed 128-bit count of 10^-6 minor units. The zero value is 0. Decimals compare with ==.
type Decimal struct {
	hi int64
	lo uint64
}

const (
	// Beyond is how many decimals are kept beyond the minor unit.
	Beyond = 6
	// MaxDigits is the largest number of minor digits that functions accept; currencies have 0 to 4.
	MaxDigits = 12
	perMinor  = 1_000_000
)

var powers = [...]uint64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18}

// perMajor is the count that stands for one major unit. Digits out of range are a fault of the caller and are clamped.
func perMajor(digits int) uint64 { return powers[min(max(digits, 0), MaxDigits)+Beyond] }

// magnitude is an unsigned 128-bit integer.
type magnitude struct{ hi, lo uint64 }

func (d Decimal) split() (m magnitude, negative bool) {
	if d.hi >= 0 {
		return magnitude{uint64(d.hi), d.lo}, false
	}
	lo, borrow := bits.Sub64(0, d.lo, 0)
	hi, _ := bits.Sub64(0, uint64(d.hi), borrow)
	return magnitude{hi, lo}, true
}

func (m magnitude) signed(negative bool) (Decimal, bool) {
	if m.hi > math.MaxInt64 {
		return Decimal{}, false
	}
	if !negative {
		return Decimal{int64(m.hi), m.lo}, true
	}
	lo, borrow := bits.Sub64(0, m.lo, 0)
	hi, _ := bits.Sub64(0, m.hi, borrow)
	return Decimal{int64(hi), lo}, true
}

func (m magnitude) increment() magnitude {
	lo, carry := bits.Add64(m.lo, 1, 0)
	return magnitude{m.hi + carry, lo}
}

// divide yields the quotient rounded down and the rest.
func (m magnitude) divide(by uint64) (magnitude, uint64) {
	hi, rest := m.hi/by, m.hi%by
	lo, rest := bits.Div64(rest, m.lo, by)
	return magnitude{hi, lo}, rest
}

// divideRounded is the quotient rounded half up; by is at most 2^63.
func (m magnitude) divideRounded(by uint64) magnitude {
	q, rest := m.divide(by)
	if rest >= by-rest {
		q = q.increment()
	}
	return q
}

func signedInt(m magnitude, negative bool) (int64, bool) {
	switch {
	case m.hi != 0:
		return 0, false
	case !negative:
		return int64(m.lo), m.lo <= math.MaxInt64
	default:
		return -int64(m.lo), m.lo <= 1<<63
	}
}

func split64(i int64) (uint64, bool) {
	if i < 0 {
		return -uint64(i), true
	}
	return uint64(i), false
}

func product(a, b uint64) magnitude {
	hi, lo := bits.Mul64(a, b)
	return magnitude{hi, lo}
}

// FromMinor is an amount of whole minor units.
func FromMinor(minor int64) Decimal {
	u, negative := split64(minor)
	d, _ := product(u, perMinor).signed(negative)
	return d
}

// FromInt is an amount of whole major units. It is ok for every amount while digits is at most 12.
func FromInt(major int64, digits int) (Decimal, bool) {
	u, negative := split64(major)
	return product(u, perMajor(digits)).signed(negative)
}

// FromFloat is f major units, the exact value of the float rounded to the scale. NaN, infinities and what is out of
// range are not ok.
func FromFloat(f float64, digits int) (Decimal, bool) {
	b := math.Float64bits(f)
	exponent := int(b >> 52 & 0x7ff)
	mantissa := b & (1<<52 - 1)
	switch exponent {
	case 0x7ff:
		return Decimal{}, false
	case 0:
		exponent = 1
	default:
		mantissa |= 1 << 52
	}
	m := product(mantissa, perMajor(digits)) // below 2^113
	shift := exponent - 1075
	if shift >= 0 {
		if m == (magnitude{}) {
			return Decimal{}, true
		}
		if shift >= 128 || bitLen(m)+shift > 127 {
			return Decimal{}, false
		}
		m = m.shiftLeft(uint(shift))
	} else {
		m = m.shiftRightRounded(uint(-shift))
	}
	return m.signed(f < 0)
}

func bitLen(m magnitude) int {
	if m.hi != 0 {
		return 64 + bits.Len64(m.hi)
	}
	return bits.Len64(m.lo)
}

func (m magnitude) shiftLeft(n uint) magnitude {
	if n >= 64 {
		return magnitude{m.lo << (n - 64), 0}
	}
	return magnitude{m.hi<<n | m.lo>>(64-n), m.lo << n}
}

// shiftRightRounded is m / 2^n rounded half up, n at least 1.
func (m magnitude) shiftRightRounded(n uint) magnitude {
	if n > 128 {
		return magnitude{}
	}
	half := n - 1
	var up bool
	if half >= 64 {
		up = m.hi>>(half-64)&1 != 0
	} else {
		up = m.lo>>half&1 != 0
	}
	if n >= 64 {
		m = magnitude{0, m.hi >> (n - 64)}
	} else {
		m = magnitude{m.hi >> n, m.lo>>n | m.hi<<(64-n)}
	}
	if up {
		m = m.increment()
	}
	return m
}

// FromText reads digits with an optional minus sign and an optional point with digits on both sides: 12.345 major
// units. Exact is false where digits beyond the scale were rounded away; ok is false where the text is no such number
// or out of range. To ask whether an amount is one of whole minor units, see [Decimal.IsMinor].
func FromText(text string, digits int) (d Decimal, exact, ok bool) {
	negative := len(text) > 0 && text[0] == '-'
	if negative {
		text = text[1:]
	}
	scale := min(max(digits, 0), MaxDigits) + Beyond
	var m magnitude
	point, seen, up, lost := -1, 0, false, false
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '.' && point < 0 && seen > 0 {
			point, seen = i, 0
			continue
		}
		if c < '0' || c > '9' {
			return Decimal{}, false, false
		}
		seen++
		if point >= 0 && seen > scale {
			up = up || seen == scale+1 && c >= '5'
			lost = lost || c != '0'
			continue
		}
		if m, ok = m.appendDigit(c - '0'); !ok {
			return Decimal{}, false, false
		}
	}
	if seen == 0 {
		return Decimal{}, false, false
	}
	decimals := 0
	if point >= 0 {
		decimals = min(seen, scale)
	}
	for ; decimals < scale; decimals++ {
		if m, ok = m.appendDigit(0); !ok {
			return Decimal{}, false, false
		}
	}
	if up {
		m = m.increment()
	}
	d, ok = m.signed(negative)
	return d, ok && !lost, ok
}

// appendDigit is 10·m + digit, not ok beyond 127 bits.
func (m magnitude) appendDigit(digit byte) (magnitude, bool) {
	low := product(m.lo, 10)
	over, high := bits.Mul64(m.hi, 10)
	hi, carry := bits.Add64(high, low.hi, 0)
	lo, carryLow := bits.Add64(low.lo, uint64(digit), 0)
	hi, carryHigh := bits.Add64(hi, 0, carryLow)
	return magnitude{hi, lo}, over == 0 && carry == 0 && carryHigh == 0 && hi <= math.MaxInt64
}

// Minor is the amount in minor units, rounded half away from zero.
func (d Decimal) Minor() (int64, bool) {
	m, negative := d.split()
	return signedInt(m.divideRounded(perMinor), negative)
}

// IsMinor reports whether the amount is one of whole minor units.
func (d Decimal) IsMinor() bool {
	m, _ := d.split()
	_, rest := m.divide(perMinor)
	return rest == 0
}

// IsZero reports whether the amount is 0.
func (d Decimal) IsZero() bool { return d == Decimal{} }

// Sign is -1, 0 or 1.
func (d Decimal) Sign() int { return d.Cmp(Decimal{}) }

// Cmp is -1, 0 or 1 as d is below, equal to or above e.
func (d Decimal) Cmp(e Decimal) int {
	if d.hi != e.hi {
		return cmp.Compare(d.hi, e.hi)
	}
	return cmp.Compare(d.lo, e.lo)
}

// Neg is -d; always ok.
func (d Decimal) Neg() (Decimal, bool) {
	m, negative := d.split()
	return m.signed(!negative)
}

// Abs is d without its sign; always ok.
func (d Decimal) Abs() (Decimal, bool) {
	m, _ := d.split()
	return m.signed(false)
}

// Add is d + e.
func (d Decimal) Add(e Decimal) (Decimal, bool) {
	lo, carry := bits.Add64(d.lo, e.lo, 0)
	sum, _ := bits.Add64(uint64(d.hi), uint64(e.hi), carry)
	r := Decimal{int64(sum), lo}
	overflow := (d.hi < 0) == (e.hi < 0) && (r.hi < 0) != (d.hi < 0)
	return r, !overflow && r != lowest
}

var lowest = Decimal{math.MinInt64, 0}

// Sub is d - e.
func (d Decimal) Sub(e Decimal) (Decimal, bool) {
	n, _ := e.Neg()
	return d.Add(n)
}

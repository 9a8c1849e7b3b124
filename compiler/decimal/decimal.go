// Package decimal is exact fixed-point arithmetic for money.
//
// A [Decimal] is a 128-bit integer that counts 10^-(digits+6) of a currency's major unit: six decimals beyond the
// minor unit. The number of minor digits is a parameter of the program, not of the value, and is passed where it
// matters. Every operation that cannot be represented says so (ok is false), and the language then has "unknown":
// never a wrong value. Rounding is half away from zero.
package decimal

// Decimal is a signed 128-bit count of 10^-6 minor units. The zero value is 0. Decimals compare with ==.
type Decimal struct {
	hi int64
	lo uint64
}

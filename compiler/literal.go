package compiler

import (
	"math/big"

	"github.com/muster-engine/muster/dsl"
)

// lowerNumeral reads a numeric literal as an exact fraction.
func (l *lowering) lowerNumeral(e dsl.Expr) operand {
	at := e.Span()
	switch e := e.(type) {
	case *dsl.IntLit:
		return operand{at: at, lit: new(big.Rat).SetInt64(e.Value), isInt: true}
	case *dsl.DecimalLit:
		if r, ok := new(big.Rat).SetString(e.Text); ok {
			return operand{at: at, lit: r}
		}
	case *dsl.PercentLit:
		if r, ok := new(big.Rat).SetString(e.Text); ok {
			return operand{at: at, lit: r.Quo(r, big.NewRat(100, 1))}
		}
	}
	return l.fail("M0301", at, "", "this is no number")
}

// foldLiterals computes with two numeric literals: a constant expression of literals is a literal.
func (l *lowering) foldLiterals(e *dsl.Binary, x, y operand) operand {
	at := e.Span()
	r := operand{at: at, lit: new(big.Rat), isInt: x.isInt && y.isInt}
	switch e.Op {
	case dsl.OpAdd:
		r.lit.Add(x.lit, y.lit)
	case dsl.OpSub:
		r.lit.Sub(x.lit, y.lit)
	case dsl.OpMul:
		r.lit.Mul(x.lit, y.lit)
	case dsl.OpDiv:
		r.isInt = false
		if y.lit.Sign() == 0 {
			return l.divisionByZero(y)
		}
		r.lit.Quo(x.lit, y.lit)
	}
	return l.fits(r)
}

// fits reports a literal that overflows: an int beyond 64 bits, a number of an absurd length.
func (l *lowering) fits(o operand) operand {
	if o.isInt && !o.lit.Num().IsInt64() {
		return l.fail("M0306", o.at, "", "this is beyond what an int of 64 bits can hold")
	}
	if o.lit.Num().BitLen() > 4096 || o.lit.Denom().BitLen() > 4096 {
		return l.fail("M0306", o.at, "", "this constant is too long to be computed exactly")
	}
	return o
}

func (l *lowering) divisionByZero(y operand) operand {
	return l.fail("M0307", y.at, "", "this divides by zero")
}

// floorLit, ceilLit and roundLit are the functions of those names on literals.
func floorLit(r *big.Rat) *big.Rat {
	whole, _ := new(big.Int).DivMod(r.Num(), r.Denom(), new(big.Int)) // the denominator is positive, so this rounds down
	return new(big.Rat).SetInt(whole)
}

func ceilLit(r *big.Rat) *big.Rat {
	neg := new(big.Rat).Neg(r)
	return neg.Neg(floorLit(neg))
}

// roundLit rounds half away from zero.
func roundLit(r *big.Rat) *big.Rat {
	half := big.NewRat(1, 2)
	if r.Sign() < 0 {
		return ceilLit(new(big.Rat).Sub(r, half))
	}
	return floorLit(new(big.Rat).Add(r, half))
}

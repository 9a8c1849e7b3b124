package reference

import (
	"math"
	"math/big"

	"github.com/muster-engine/muster/dsl"
)

// fold computes a constant expression of literals exactly. ok tells whether it is one; the value is nil where it divides
// by zero; isInt where it consists of ints and no division.
func fold(e dsl.Expr) (value *big.Rat, isInt, ok bool) {
	switch e := e.(type) {
	case *dsl.Paren:
		return fold(e.X)
	case *dsl.IntLit:
		return new(big.Rat).SetInt64(e.Value), true, true
	case *dsl.DecimalLit:
		return decimal(e.Text), false, true
	case *dsl.PercentLit:
		v := decimal(e.Text)
		return v.Quo(v, big.NewRat(100, 1)), false, true
	case *dsl.Unary:
		x, isInt, ok := fold(e.X)
		if e.Op != dsl.OpNeg || !ok {
			return nil, false, false
		}
		if x != nil {
			x.Neg(x)
		}
		return x, isInt, true
	case *dsl.Binary:
		return foldBinary(e)
	}
	return nil, false, false
}

func foldBinary(e *dsl.Binary) (value *big.Rat, isInt, ok bool) {
	switch e.Op {
	case dsl.OpAdd, dsl.OpSub, dsl.OpMul, dsl.OpDiv:
	default:
		return nil, false, false
	}
	x, xInt, ok := fold(e.X)
	if !ok {
		return nil, false, false
	}
	y, yInt, ok := fold(e.Y)
	if !ok {
		return nil, false, false
	}
	isInt = xInt && yInt && e.Op != dsl.OpDiv
	if x == nil || y == nil {
		return nil, isInt, true
	}
	switch e.Op {
	case dsl.OpAdd:
		return x.Add(x, y), isInt, true
	case dsl.OpSub:
		return x.Sub(x, y), isInt, true
	case dsl.OpMul:
		return x.Mul(x, y), isInt, true
	}
	if y.Sign() == 0 {
		return nil, isInt, true
	}
	return x.Quo(x, y), isInt, true
}

func decimal(text string) *big.Rat {
	v, ok := new(big.Rat).SetString(text)
	if !ok {
		panic(faultf("%q is no number", text))
	}
	return v
}

// toInt is a whole number as an int, or unknown if 64 bits do not hold it.
func toInt(x *big.Int) operand {
	if !x.IsInt64() {
		return nil
	}
	return x.Int64()
}

// round is the nearest whole number, half away from zero.
func round(x *big.Rat) *big.Int {
	half := big.NewRat(int64(x.Sign()), 2)
	sum := new(big.Rat).Add(x, half)
	return new(big.Int).Quo(sum.Num(), sum.Denom()) // truncates
}

func floor(x *big.Rat) *big.Int {
	return new(big.Int).Div(x.Num(), x.Denom()) // Euclidean: down, the denominator being positive
}

func ceil(x *big.Rat) *big.Int {
	down := floor(new(big.Rat).Neg(x))
	return down.Neg(down)
}

// roundTo rounds to a number of decimals, half away from zero.
func roundTo(x *big.Rat, decimals int) *big.Rat {
	scale := new(big.Rat).SetInt(pow10(decimals))
	scaled := new(big.Rat).Mul(x, scale)
	return scaled.Quo(new(big.Rat).SetInt(round(scaled)), scale)
}

func pow10(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// toFloat is the nearest 64-bit float, or unknown beyond their range.
func toFloat(x *big.Rat) operand {
	f, _ := x.Float64()
	return finite(f)
}

// exact is a number of any kind but money as a rational.
func exact(x operand) *big.Rat {
	switch x := x.(type) {
	case int64:
		return new(big.Rat).SetInt64(x)
	case float64:
		return new(big.Rat).SetFloat64(x)
	case literal:
		return x.Rat
	}
	panic(faultf("%T is no number", x))
}

// beyondMinor is how many decimals of the minor unit money is computed with.
const beyondMinor = 6

// factor is a number as money is multiplied and divided by it: rounded to six decimals beyond the minor unit. ok is
// false if that many major units were beyond what 128 bits hold.
func (m *Model) factor(x operand) (factor *big.Rat, ok bool) {
	factor = roundTo(exact(x), m.digits+beyondMinor)
	minor := new(big.Rat).Mul(factor, new(big.Rat).SetInt(pow10(m.digits)))
	return factor, inRange(amount{minor, true}) != nil
}

// major is an int or a decimal literal beside money: that many major units.
func (m *Model) major(x operand) amount {
	if a, ok := x.(amount); ok {
		return a
	}
	minor := new(big.Rat).Mul(exact(x), new(big.Rat).SetInt(pow10(m.digits)))
	return amount{Rat: roundTo(minor, beyondMinor)}
}

// inMajor is money in major units.
func (m *Model) inMajor(x amount) *big.Rat {
	return new(big.Rat).Quo(x.Rat, new(big.Rat).SetInt(pow10(m.digits)))
}

// settle is a value where it ends up: money rounded to the minor unit, a literal the nearest number.
func (m *Model) settle(x operand) operand {
	switch x := x.(type) {
	case amount:
		minor := round(x.Rat)
		if !minor.IsInt64() {
			return nil
		}
		return amount{Rat: new(big.Rat).SetInt(minor)}
	case literal:
		return toFloat(x.Rat)
	}
	return x
}

// widen makes an operand one of the type: ints and literals become numbers or money.
func (m *Model) widen(x operand, to typ) operand {
	switch x.(type) {
	case int64, literal:
	default:
		return x
	}
	switch to.shape {
	case shapeMoney:
		return inRange(m.major(x))
	case shapeNumber:
		if to.literal {
			return literal{exact(x)}
		}
		return toFloat(exact(x))
	}
	return x
}

// inRange is an amount, or unknown if its bits do not hold it: 64 for minor units, 128 for millionths of them if it is
// wide.
func inRange(x amount) operand {
	if x.wide {
		millionths := round(new(big.Rat).Mul(x.Rat, new(big.Rat).SetInt(pow10(beyondMinor))))
		if millionths.BitLen() > 127 {
			return nil
		}
	} else if !round(x.Rat).IsInt64() {
		return nil
	}
	return x
}

// arithmetic is X op Y for + - * /, both being known numbers or money.
func (m *Model) arithmetic(op dsl.BinaryOp, x, y operand) operand {
	xa, xMoney := x.(amount)
	ya, yMoney := y.(amount)
	xi, xInt := x.(int64)
	yi, yInt := y.(int64)
	switch {
	case xMoney || yMoney:
		return m.moneyArithmetic(op, x, y, xa, ya, xMoney, yMoney)
	case xInt && yInt && op != dsl.OpDiv:
		return intArithmetic(op, big.NewInt(xi), big.NewInt(yi))
	}
	return floatArithmetic(op, x, y)
}

func intArithmetic(op dsl.BinaryOp, x, y *big.Int) operand {
	switch op {
	case dsl.OpAdd:
		return toInt(x.Add(x, y))
	case dsl.OpSub:
		return toInt(x.Sub(x, y))
	}
	return toInt(x.Mul(x, y))
}

func floatArithmetic(op dsl.BinaryOp, x, y operand) operand {
	xf, xOK := toFloat(exact(x)).(float64)
	yf, yOK := toFloat(exact(y)).(float64)
	if !xOK || !yOK {
		return nil
	}
	switch op {
	case dsl.OpAdd:
		return finite(xf + yf)
	case dsl.OpSub:
		return finite(xf - yf)
	case dsl.OpMul:
		return finite(xf * yf)
	}
	return finite(xf / yf)
}

func (m *Model) moneyArithmetic(op dsl.BinaryOp, x, y operand, xa, ya amount, xMoney, yMoney bool) operand {
	switch {
	case op == dsl.OpAdd:
		return inRange(amount{new(big.Rat).Add(m.major(x).Rat, m.major(y).Rat), xa.wide || ya.wide})
	case op == dsl.OpSub:
		return inRange(amount{new(big.Rat).Sub(m.major(x).Rat, m.major(y).Rat), xa.wide || ya.wide})
	case op == dsl.OpDiv && xMoney && yMoney:
		if ya.Sign() == 0 {
			return nil
		}
		return toFloat(new(big.Rat).Quo(xa.Rat, ya.Rat))
	case op == dsl.OpDiv && xMoney:
		by, ok := m.factor(y)
		if !ok || by.Sign() == 0 {
			return nil
		}
		return inRange(amount{roundTo(new(big.Rat).Quo(xa.Rat, by), beyondMinor), true})
	case op == dsl.OpMul && xMoney != yMoney:
		money, by := xa, y
		if yMoney {
			money, by = ya, x
		}
		times, ok := m.factor(by)
		if !ok {
			return nil
		}
		return inRange(amount{roundTo(new(big.Rat).Mul(money.Rat, times), beyondMinor), true})
	}
	panic(faultf("money does not go with money in %s", op))
}

// negate is -X and magnitude |X|; unknown where 64 bits do not hold it.
func negate(x operand) operand {
	switch x := x.(type) {
	case int64:
		return toInt(new(big.Int).Neg(big.NewInt(x)))
	case float64:
		return finite(-x)
	case amount:
		return inRange(amount{new(big.Rat).Neg(x.Rat), x.wide})
	case literal:
		return literal{new(big.Rat).Neg(x.Rat)}
	}
	panic(faultf("%T has no sign", x))
}

func magnitude(x operand) operand {
	negative := false
	switch x := x.(type) {
	case int64:
		negative = x < 0
	case float64:
		negative = math.Signbit(x)
	case amount:
		negative = x.Sign() < 0
	case literal:
		negative = x.Sign() < 0
	}
	if negative {
		return negate(x)
	}
	return x
}

// whole is floor, ceil or round of a number or of money in major units.
func (m *Model) whole(name string, x operand) operand {
	var r *big.Rat
	if a, ok := x.(amount); ok {
		r = m.inMajor(a)
	} else {
		r = exact(x)
	}
	switch name {
	case "floor":
		return toInt(floor(r))
	case "ceil":
		return toInt(ceil(r))
	}
	return toInt(round(r))
}

package exprplan

import (
	"math"
	"math/bits"

	"github.com/muster-engine/muster/compiler/decimal"
)

func addInt(a, b int64) (int64, bool) {
	s := a + b
	return s, (s > a) == (b > 0)
}

func subInt(a, b int64) (int64, bool) {
	s := a - b
	return s, (s < a) == (b > 0)
}

func mulInt(a, b int64) (int64, bool) {
	hi, lo := bits.Mul64(magnitude(a), magnitude(b))
	if hi != 0 {
		return 0, false
	}
	if (a < 0) != (b < 0) {
		return -int64(lo), lo <= 1<<63
	}
	return int64(lo), lo <= math.MaxInt64
}

func magnitude(a int64) uint64 {
	if a < 0 {
		return -uint64(a)
	}
	return uint64(a)
}

func negInt(a int64) (int64, bool) { return -a, a != math.MinInt64 }

func absInt(a int64) (int64, bool) {
	if a < 0 {
		return negInt(a)
	}
	return a, true
}

// finite is a number, with one zero; what became infinite is unknown.
func finite(f float64) (float64, bool) { return f + 0, !math.IsInf(f, 0) && !math.IsNaN(f) }

func addNumber(a, b float64) (float64, bool) { return finite(a + b) }
func subNumber(a, b float64) (float64, bool) { return finite(a - b) }
func mulNumber(a, b float64) (float64, bool) { return finite(a * b) }
func divNumber(a, b float64) (float64, bool) { return finite(a / b) }
func negNumber(a float64) (float64, bool)    { return finite(-a) }
func absNumber(a float64) (float64, bool)    { return finite(math.Abs(a)) }

func floorNumber(a float64) (int64, bool) { return whole(math.Floor(a)) }
func ceilNumber(a float64) (int64, bool)  { return whole(math.Ceil(a)) }
func roundNumber(a float64) (int64, bool) { return whole(math.Round(a)) }

func whole(f float64) (int64, bool) {
	if f < -1<<63 || f >= 1<<63 {
		return 0, false
	}
	return int64(f), true
}

func addExact(a, b decimal.Decimal) (decimal.Decimal, bool) { return a.Add(b) }
func subExact(a, b decimal.Decimal) (decimal.Decimal, bool) { return a.Sub(b) }
func negExact(a decimal.Decimal) (decimal.Decimal, bool)    { return a.Neg() }
func absExact(a decimal.Decimal) (decimal.Decimal, bool)    { return a.Abs() }
func ratio(a, b decimal.Decimal) (float64, bool)            { return a.Ratio(b) }

func mulExact(e *Evaluator, a, b decimal.Decimal) (decimal.Decimal, bool) {
	return a.Mul(b, e.digits())
}

func divExact(e *Evaluator, a, b decimal.Decimal) (decimal.Decimal, bool) {
	return a.Div(b, e.digits())
}

func floorExact(e *Evaluator, a decimal.Decimal) (int64, bool) { return a.Floor(e.digits()) }
func ceilExact(e *Evaluator, a decimal.Decimal) (int64, bool)  { return a.Ceil(e.digits()) }
func roundExact(e *Evaluator, a decimal.Decimal) (int64, bool) { return a.Round(e.digits()) }

func (e *Evaluator) digits() int { return e.plans.program.Digits }

func intToNumber(a int64) (float64, bool)          { return float64(a), true }
func moneyToExact(a int64) (decimal.Decimal, bool) { return decimal.FromMinor(a), true }
func exactToMoney(a decimal.Decimal) (int64, bool) { return a.Minor() }
func numberToExact(e *Evaluator, f float64) (decimal.Decimal, bool) {
	return decimal.FromFloat(f, e.digits())
}

func intToMoney(e *Evaluator, a int64) (int64, bool) {
	d, ok := decimal.FromInt(a, e.digits())
	if !ok {
		return 0, false
	}
	return d.Minor()
}

// factor is a whole or other number as a plain factor of money.
func factor(e *Evaluator, v any) (decimal.Decimal, bool) {
	if i, ok := v.(int64); ok {
		return decimal.FromInt(i, e.digits())
	}
	return decimal.FromFloat(v.(float64), e.digits())
}

package exprplan

import (
	"github.com/muster-engine/muster/compiler/decimal"
	"github.com/muster-engine/muster/compiler/exactsum"
	"github.com/muster-engine/muster/compiler/ir"
)

// sum is the exact sum, rounded once where the kind rounds, nil where it is out of range.
func sum(kind ir.Kind, in []counts) any {
	if kind == ir.Number {
		return known(floats(in).Sum())
	}
	total, ok := whole128(in)
	if !ok {
		return nil
	}
	return known(total.Minor())
}

// mean is the exact sum divided by how many, rounded once: a number for int and number, an exact amount for money.
func mean(kind ir.Kind, in []counts) any {
	n := int64(len(in))
	if kind == ir.Number {
		return known(floats(in).Mean(n))
	}
	total, ok := whole128(in)
	if !ok {
		return nil
	}
	if kind == ir.Money {
		return known(total.DivInt(n))
	}
	return known(total.Ratio(decimal.FromMinor(n)))
}

func floats(in []counts) *exactsum.Sum {
	var s exactsum.Sum
	for _, c := range in {
		s.Add(c.value.(float64))
	}
	return &s
}

// whole128 is the sum of integers, wide enough that only the sum can be out of range.
func whole128(in []counts) (total decimal.Decimal, ok bool) {
	ok = true
	for _, c := range in {
		if total, ok = total.Add(decimal.FromMinor(c.value.(int64))); !ok {
			return total, false
		}
	}
	return total, true
}

func known[T any](v T, ok bool) any {
	if !ok {
		return nil
	}
	return v
}

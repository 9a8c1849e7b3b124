package exprplan

import (
	"cmp"
	"fmt"

	"github.com/muster-engine/muster/compiler/decimal"
	"github.com/muster-engine/muster/compiler/ir"
)

// native is a value as programs hold it.
func native(v ir.Value) any {
	if !v.Known {
		return nil
	}
	switch v.Kind {
	case ir.Bool:
		return v.I != 0
	case ir.Number:
		return v.F
	case ir.Exact:
		return v.D
	case ir.String, ir.Row:
		return v.S
	case ir.Set:
		if v.Set == nil {
			return []string{} // expr takes a nil slice for nil
		}
		return v.Set
	}
	return v.I
}

// boxed is a native value of a kind as the program holds it.
func boxed(v any, kind ir.Kind) ir.Value {
	switch v := v.(type) {
	case bool:
		return ir.BoolValue(v)
	case int64:
		return ir.IntLike(kind, v)
	case float64:
		return ir.NumberValue(v)
	case decimal.Decimal:
		return ir.Value{Known: true, Kind: ir.Exact, D: v}
	case string:
		return ir.Value{Known: true, Kind: kind, S: v}
	case []string:
		return ir.Value{Known: true, Kind: ir.Set, Set: v}
	}
	return ir.Unknown(kind)
}

// compare orders two known values of one kind.
func compare(a, b any) int {
	switch x := a.(type) {
	case int64:
		return cmp.Compare(x, b.(int64))
	case float64:
		return cmp.Compare(x, b.(float64))
	case decimal.Decimal:
		return x.Cmp(b.(decimal.Decimal))
	}
	panic(fmt.Sprintf("values of type %T have no order", a))
}

// Compare orders two known values of one kind: -1, 0 or 1.
func Compare(a, b ir.Value) int { return compare(native(a), native(b)) }

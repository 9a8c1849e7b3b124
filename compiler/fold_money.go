package compiler

import (
	"github.com/muster-engine/muster/compiler/decimal"
	"github.com/muster-engine/muster/compiler/ir"
)

// foldMoney applies the operations that stand between two amounts that are constants: those that a literal takes part
// in once it has become money.
func foldMoney(n *ir.Node, x, y ir.Value) (ir.Value, bool) {
	if !isMoney(n.Args[0].Type.Kind) {
		return ir.Value{}, false
	}
	if n.Op == ir.OpMoneyToExact {
		return ir.Value{Known: true, Kind: ir.Exact, D: decimal.FromMinor(x.I)}, true
	}
	amount := func(v ir.Value) decimal.Decimal {
		if v.Kind == ir.Money {
			return decimal.FromMinor(v.I)
		}
		return v.D
	}
	var d decimal.Decimal
	ok := true
	switch n.Op {
	case ir.OpExactToMoney:
		d = x.D
	case ir.OpAdd:
		d, ok = amount(x).Add(amount(y))
	case ir.OpSub:
		d, ok = amount(x).Sub(amount(y))
	case ir.OpNeg:
		d, ok = amount(x).Neg()
	}
	if !ok {
		return ir.Value{}, false
	}
	if n.Type.Kind == ir.Exact {
		return ir.Value{Known: true, Kind: ir.Exact, D: d}, true
	}
	minor, ok := d.Minor()
	return ir.IntLike(ir.Money, minor), ok
}

package compiler

import (
	"strings"
	"unicode/utf8"

	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/compiler/ir"
)

// fold evaluates what is constant, and returns nil where the node stands. Arithmetic of numeric literals never gets
// here: it is done on exact fractions before.
func (b *builder) fold(n *ir.Node) *ir.Node {
	switch n.Op {
	case ir.OpCoalesce:
		if isConst(n.Args[0]) || n.Args[0].Key == n.Args[1].Key {
			return n.Args[0]
		}
		return nil
	case ir.OpWhen:
		return b.foldWhen(n)
	case ir.OpConst:
		return nil
	}
	if len(n.Args) == 0 {
		return nil
	}
	for _, a := range n.Args {
		if !isConst(a) || !a.Const.Known {
			return nil
		}
	}
	if v, ok := b.evaluate(n); ok {
		return b.constant(n.Type, v, n.Source)
	}
	return nil
}

// foldWhen drops branches that cannot be taken.
func (b *builder) foldWhen(n *ir.Node) *ir.Node {
	var args []*ir.Node
	changed := false
	i := 0
	for ; i+1 < len(n.Args); i += 2 {
		cond, value := n.Args[i], n.Args[i+1]
		if isConst(cond) {
			changed = true
			if cond.Const.True() {
				args = append(args, value)
				i = len(n.Args)
				break
			}
			continue
		}
		args = append(args, cond, value)
	}
	if i < len(n.Args) {
		args = append(args, n.Args[i])
	}
	switch {
	case !changed:
		return nil
	case len(args) == 0:
		return b.node(ir.Node{Op: ir.OpConst, Type: n.Type, Const: ir.Unknown(n.Type.Kind), Source: n.Source}, "unknown")
	case len(args) == 1:
		return args[0]
	}
	return b.op(ir.OpWhen, n.Type, n.Source, args...)
}

// evaluate applies an operation to known constants; not ok where it is left to the engine.
func (b *builder) evaluate(n *ir.Node) (ir.Value, bool) {
	x := n.Args[0].Const
	var y ir.Value
	if len(n.Args) > 1 {
		y = n.Args[1].Const
	}
	yes := func(v bool) (ir.Value, bool) { return ir.BoolValue(v), true }
	whole := func(i int64) (ir.Value, bool) { return ir.IntLike(n.Type.Kind, i), true }
	switch n.Op {
	case ir.OpNot:
		return yes(!x.True())
	case ir.OpTruth:
		return yes(x.True())
	case ir.OpKnown:
		return yes(true)
	case ir.OpEq:
		return yes(valueKey(x) == valueKey(y))
	case ir.OpNe:
		return yes(valueKey(x) != valueKey(y))
	case ir.OpLt:
		return yes(lessValue(x, y))
	case ir.OpLe:
		return yes(!lessValue(y, x))
	case ir.OpGt:
		return yes(lessValue(y, x))
	case ir.OpGe:
		return yes(!lessValue(x, y))
	case ir.OpIn:
		for _, c := range n.Consts {
			if valueKey(c) == valueKey(x) {
				return yes(true)
			}
		}
		return yes(false)
	case ir.OpContains:
		return yes(strings.Contains(x.S, y.S))
	case ir.OpStarts:
		return yes(strings.HasPrefix(x.S, y.S))
	case ir.OpEnds:
		return yes(strings.HasSuffix(x.S, y.S))
	case ir.OpMatches:
		return yes(n.Regexp.MatchString(x.S))
	case ir.OpLength:
		return whole(int64(utf8.RuneCountInString(x.S)))
	case ir.OpTimeToDate:
		return whole(b.zone.DateOf(x.I))
	case ir.OpDaysBetween:
		return whole(x.I - y.I)
	case ir.OpYear:
		year, _, _ := calendar.Civil(x.I)
		return whole(int64(year))
	case ir.OpQuarter:
		return whole(int64(calendar.Quarter(x.I)))
	case ir.OpMonth:
		_, month, _ := calendar.Civil(x.I)
		return whole(int64(month))
	case ir.OpDay:
		_, _, day := calendar.Civil(x.I)
		return whole(int64(day))
	case ir.OpWeekday:
		return whole(int64(calendar.Weekday(x.I)))
	case ir.OpHour:
		hour, _, _ := b.zone.Clock(x.I)
		return whole(int64(hour))
	case ir.OpAddSpan:
		var r int64
		var ok bool
		if n.Type.Kind == ir.Date {
			r, ok = calendar.AddSpanToDate(x.I, n.N, n.Unit)
		} else {
			r, ok = b.zone.AddSpanToTime(x.I, n.N, n.Unit)
		}
		if !ok {
			return ir.Value{}, false
		}
		return whole(r)
	case ir.OpMoneyToExact, ir.OpExactToMoney, ir.OpAdd, ir.OpSub, ir.OpNeg:
		return foldMoney(n, x, y)
	case ir.OpEnumMap:
		return whole(n.Map[x.I])
	case ir.OpText:
		if x.Kind == ir.Enum {
			return ir.StringValue(n.Args[0].Type.Enum.Values[x.I]), true
		}
		return ir.StringValue(x.S), true
	}
	return ir.Value{}, false
}

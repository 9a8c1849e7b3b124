package exprplan

import (
	"fmt"

	"github.com/muster-engine/muster/compiler/ir"
)

// comparisons and the like, which look at the values themselves to know the kind.
var byOp = map[ir.Op]string{
	ir.OpTruth: "truth", ir.OpEq: "eq", ir.OpNe: "ne", ir.OpLt: "lt", ir.OpLe: "le", ir.OpGt: "gt", ir.OpGe: "ge",
	ir.OpContains: "contains_text", ir.OpStarts: "starts_with", ir.OpEnds: "ends_with", ir.OpHas: "has_member",
	ir.OpLeast: "least", ir.OpGreatest: "greatest", ir.OpIntToNumber: "int_to_number", ir.OpIntToMoney: "int_to_money",
	ir.OpMoneyToExact: "money_to_exact", ir.OpNumberToExact: "number_to_exact", ir.OpExactToMoney: "exact_to_money",
	ir.OpFactor: "factor", ir.OpTimeToDate: "date", ir.OpLower: "lower", ir.OpLength: "length",
	ir.OpDaysBetween: "days_between", ir.OpHoursSince: "hours_since", ir.OpHoursUntil: "hours_until",
	ir.OpHour: "hour", ir.OpAge: "age", ir.OpAnniversary: "anniversary",
}

// datePart are the operations of a date that also take a time, as its local date.
var datePart = map[ir.Op]string{
	ir.OpYear: "year", ir.OpQuarter: "quarter", ir.OpMonth: "month", ir.OpDay: "day", ir.OpWeekday: "weekday",
}

var arithmetic = map[ir.Op]string{ir.OpAdd: "add", ir.OpSub: "sub", ir.OpMul: "mul", ir.OpDiv: "div", ir.OpNeg: "neg", ir.OpAbs: "abs"}

var rounding = map[ir.Op]string{ir.OpFloor: "floor", ir.OpCeil: "ceil", ir.OpRound: "round"}

// suffix tells the functions of one operation on different kinds apart. Money and int are both whole numbers.
var suffix = map[ir.Kind]string{ir.Int: "int", ir.Money: "int", ir.Number: "number", ir.Exact: "exact"}

// takesEvaluator are the functions whose first argument is M: they need the zone, the clock or the currency.
var takesEvaluator = map[string]bool{
	"column": true, "ntile": true, "date": true, "hour": true, "age": true, "anniversary": true, "hours_since": true,
	"hours_until": true, "add_span_to_time": true, "mul_exact": true, "div_exact": true, "floor_exact": true,
	"ceil_exact": true, "round_exact": true, "int_to_money": true, "number_to_exact": true, "factor": true,
	"date_year": true, "date_quarter": true, "date_month": true, "date_day": true, "date_weekday": true,
}

// operation is the function that an operation is, and the arguments after its operands.
func (w *writer) operation(n *ir.Node) (name string, extra []string, ok bool) {
	if name, ok = byOp[n.Op]; ok {
		return name, nil, true
	}
	kind := n.Type.Kind
	if name, ok = arithmetic[n.Op]; ok {
		if n.Op == ir.OpDiv && kind == ir.Number && n.Args[0].Type.Kind == ir.Exact {
			return "ratio", nil, true
		}
		s, known := suffix[kind]
		return name + "_" + s, nil, known && (n.Op != ir.OpDiv || s != "int")
	}
	if name, ok = rounding[n.Op]; ok {
		s, known := suffix[n.Args[0].Type.Kind]
		return name + "_" + s, nil, known && s != "int"
	}
	if name, ok = datePart[n.Op]; ok {
		if n.Args[0].Type.Kind == ir.Time {
			name = "date_" + name
		}
		return name, nil, true
	}
	return w.withConstants(n)
}

// withConstants are the operations that carry something besides their operands.
func (w *writer) withConstants(n *ir.Node) (name string, extra []string, ok bool) {
	switch n.Op {
	case ir.OpColumn:
		return "column", []string{w.constant(n.Args[0].Type.Table), fmt.Sprint(n.Index)}, true
	case ir.OpIn:
		set := make(constants, len(n.Consts))
		for _, c := range n.Consts {
			if c.Known {
				set[native(c)] = true
			}
		}
		return "one_of", []string{w.constant(&set)}, true
	case ir.OpMatches:
		return "has_match", []string{w.constant(n.Regexp)}, true
	case ir.OpEnumMap:
		return "enum_map", []string{w.constant(&n.Map)}, true
	case ir.OpText:
		if n.Args[0].Type.Kind == ir.Enum {
			return "enum_text", []string{w.constant(n.Args[0].Type.Enum)}, true
		}
		return "row_text", nil, true
	case ir.OpAddSpan:
		name = "add_span_to_date"
		if n.Type.Kind == ir.Time {
			name = "add_span_to_time"
		}
		return name, []string{w.constant(n.N), w.constant(string(n.Unit))}, true
	case ir.OpPeriodStart:
		return "period_start", []string{w.constant(string(n.Unit)), w.constant(n.N)}, true
	case ir.OpNtile:
		return "ntile", []string{w.constant(n.Ntile)}, true
	case ir.OpBucket:
		bounds := make([]any, len(n.Consts))
		for i, c := range n.Consts {
			bounds[i] = native(c)
		}
		return "bucket", []string{w.constant(&bounds)}, true
	}
	return "", nil, false
}

// constants are the alternatives of in.
type constants map[any]bool

package exprplan

import (
	"github.com/expr-lang/expr"
)

// functions are what programs may call, by the names of operation.go.
var functions []expr.Option

func init() { // not a declaration, since slot and part come back here when they compile
	functions = language()
}

func language() []expr.Option {
	return []expr.Option{
		// The member.
		of2("attribute", func(e *Evaluator, i int) any { return e.attribute(i) }),
		of2("manual", func(e *Evaluator, i int) any { return e.manual(i) }),
		of2("onList", func(e *Evaluator, i int) bool { return e.member.OnList != nil && e.member.OnList(i) }),
		slotFunction, partFunction, holdsFunction,
		of2("chance", func(e *Evaluator, salt string) float64 { return chance(salt, e.member.Number) }),
		of1("now", func(e *Evaluator) int64 { return e.now }),
		of1("start", func(e *Evaluator) int64 { return e.world.Start }),
		of1("today", func(e *Evaluator) int64 { return e.today }),
		known4("column", columnOf),
		known3("ntile", ntileOf),

		// The event in hand.
		of2("field", func(e *Evaluator, i int) any { return native(e.event.Fields[i]) }),
		of1("at", func(e *Evaluator) int64 { return e.event.At }),

		// Conditions: unknown is false.
		of1("known", func(v any) bool { return v != nil }),
		of1("truth", func(v any) bool { return v == true }),
		test2("eq", func(a, b any) bool { return a == b }),
		test2("ne", func(a, b any) bool { return a != b }),
		test2("lt", func(a, b any) bool { return compare(a, b) < 0 }),
		test2("le", func(a, b any) bool { return compare(a, b) <= 0 }),
		test2("gt", func(a, b any) bool { return compare(a, b) > 0 }),
		test2("ge", func(a, b any) bool { return compare(a, b) >= 0 }),
		test2("contains_text", containsText),
		test2("starts_with", startsWith),
		test2("ends_with", endsWith),
		test2("has_match", hasMatch),
		test2("has_member", hasMember),
		test2("one_of", oneOf),

		// Arithmetic: unknown in, unknown out; so is what overflows.
		known2("add_int", addInt), known2("add_number", addNumber), known2("add_exact", addExact),
		known2("sub_int", subInt), known2("sub_number", subNumber), known2("sub_exact", subExact),
		known2("mul_int", mulInt), known2("mul_number", mulNumber), known3("mul_exact", mulExact),
		known2("div_number", divNumber), known3("div_exact", divExact), known2("ratio", ratio),
		known1("neg_int", negInt), known1("neg_number", negNumber), known1("neg_exact", negExact),
		known1("abs_int", absInt), known1("abs_number", absNumber), known1("abs_exact", absExact),
		extreme("least", -1), extreme("greatest", 1),
		known1("floor_number", floorNumber), known2("floor_exact", floorExact),
		known1("ceil_number", ceilNumber), known2("ceil_exact", ceilExact),
		known1("round_number", roundNumber), known2("round_exact", roundExact),

		// Conversions.
		known1("int_to_number", intToNumber),
		known2("int_to_money", intToMoney),
		known1("money_to_exact", moneyToExact),
		known2("number_to_exact", numberToExact),
		known1("exact_to_money", exactToMoney),
		known2("factor", factor),
		known2("enum_map", enumMap),
		known2("enum_text", enumText),
		known1("row_text", func(s string) (string, bool) { return s, true }),
		known2("bucket", bucket),

		// Strings.
		known1("lower", lower),
		known1("length", length),

		// Time.
		known2("date", dateOf),
		known2("days_between", subInt),
		known3("add_span_to_date", addSpanToDate),
		known4("add_span_to_time", addSpanToTime),
		known3("period_start", periodStart),
		known2("hours_since", hoursSince),
		known2("hours_until", hoursUntil),
		known1("year", year), known1("quarter", quarter), known1("month", month), known1("day", day), known1("weekday", weekday),
		known2("date_year", ofLocalDate(year)), known2("date_quarter", ofLocalDate(quarter)),
		known2("date_month", ofLocalDate(month)), known2("date_day", ofLocalDate(day)),
		known2("date_weekday", ofLocalDate(weekday)),
		known2("hour", hourOf),
		known2("age", ageOf),
		known2("anniversary", anniversaryOf),
	}
}

// of1 and of2 are functions that see unknown.
func of1[A, R any](name string, f func(A) R) expr.Option {
	return expr.Function(name, func(in ...any) (any, error) { a, _ := in[0].(A); return f(a), nil }, new(func(A) R))
}

func of2[A, B, R any](name string, f func(A, B) R) expr.Option {
	return expr.Function(name, func(in ...any) (any, error) { return f(in[0].(A), in[1].(B)), nil }, new(func(A, B) R))
}

// test2 is a condition on two values, false if either is unknown.
func test2[A, B any](name string, f func(A, B) bool) expr.Option {
	return expr.Function(name, func(in ...any) (any, error) {
		if in[0] == nil || in[1] == nil {
			return false, nil
		}
		return f(in[0].(A), in[1].(B)), nil
	}, new(func(any, any) bool))
}

// known1 to known4 are functions whose result is unknown if an argument is, or if they say so.
func known1[A, R any](name string, f func(A) (R, bool)) expr.Option {
	return expr.Function(name, func(in ...any) (any, error) {
		if in[0] == nil {
			return nil, nil
		}
		return result(f(in[0].(A)))
	}, new(func(any) any))
}

func known2[A, B, R any](name string, f func(A, B) (R, bool)) expr.Option {
	return expr.Function(name, func(in ...any) (any, error) {
		if in[0] == nil || in[1] == nil {
			return nil, nil
		}
		return result(f(in[0].(A), in[1].(B)))
	}, new(func(any, any) any))
}

func known3[A, B, C, R any](name string, f func(A, B, C) (R, bool)) expr.Option {
	return expr.Function(name, func(in ...any) (any, error) {
		if in[0] == nil || in[1] == nil || in[2] == nil {
			return nil, nil
		}
		return result(f(in[0].(A), in[1].(B), in[2].(C)))
	}, new(func(any, any, any) any))
}

func known4[A, B, C, D, R any](name string, f func(A, B, C, D) (R, bool)) expr.Option {
	return expr.Function(name, func(in ...any) (any, error) {
		if in[0] == nil || in[1] == nil || in[2] == nil || in[3] == nil {
			return nil, nil
		}
		return result(f(in[0].(A), in[1].(B), in[2].(C), in[3].(D)))
	}, new(func(any, any, any, any) any))
}

func result[R any](r R, ok bool) (any, error) {
	if !ok {
		return nil, nil
	}
	return r, nil
}

// extreme is the least (sign -1) or greatest (sign 1) of its arguments.
func extreme(name string, sign int) expr.Option {
	return expr.Function(name, func(in ...any) (any, error) {
		best := in[0]
		for _, v := range in {
			if v == nil {
				return nil, nil
			}
			if compare(v, best)*sign > 0 {
				best = v
			}
		}
		return best, nil
	}, new(func(...any) any))
}

package ir

var opNames = [...]string{
	OpInvalid: "invalid", OpConst: "const", OpAttr: "attr", OpTag: "tag", OpSegment: "segment", OpList: "list",
	OpSlot: "slot", OpNow: "now", OpToday: "today", OpStart: "start", OpChance: "chance", OpField: "field", OpAt: "at",
	OpMember: "member", OpColumn: "column", OpAnd: "and", OpOr: "or", OpNot: "not", OpTruth: "truth",
	OpKnown: "known", OpEq: "=", OpNe: "!=", OpLt: "<", OpLe: "<=", OpGt: ">", OpGe: ">=", OpIn: "in",
	OpContains: "contains", OpStarts: "starts", OpEnds: "ends", OpMatches: "matches", OpHas: "has", OpCoalesce: "??",
	OpWhen: "when", OpAdd: "+", OpSub: "-", OpMul: "*", OpDiv: "/", OpNeg: "neg", OpAbs: "abs", OpLeast: "least",
	OpGreatest: "greatest", OpFloor: "floor", OpCeil: "ceil", OpRound: "round", OpIntToNumber: "int-to-number",
	OpIntToMoney: "int-to-money", OpMoneyToExact: "money-to-exact", OpNumberToExact: "number-to-exact",
	OpExactToMoney: "exact-to-money", OpFactor: "factor", OpEnumMap: "enum-map", OpText: "text",
	OpTimeToDate: "time-to-date", OpLower: "lower", OpLength: "length", OpDaysBetween: "days-between",
	OpAddSpan: "add-span", OpHoursSince: "hours-since", OpHoursUntil: "hours-until", OpYear: "year",
	OpQuarter: "quarter", OpMonth: "month", OpDay: "day", OpWeekday: "weekday", OpHour: "hour", OpAge: "age",
	OpAnniversary: "anniversary", OpPeriodStart: "period-start", OpNtile: "ntile", OpBucket: "bucket",
}

// String is a short name of the operation, for keys, plans and tests.
func (o Op) String() string {
	if int(o) < len(opNames) && opNames[o] != "" {
		return opNames[o]
	}
	return "op?"
}

var aggNames = [...]string{
	AggCount: "count", AggHas: "has", AggSum: "sum", AggAvg: "avg", AggMin: "min", AggMax: "max", AggFirst: "first",
	AggLast: "last", AggDistinct: "distinct", AggSet: "set", AggTop: "top",
}

// String is the aggregate's name in the language.
func (f AggFn) String() string {
	if int(f) < len(aggNames) {
		return aggNames[f]
	}
	return "aggregate?"
}

package exprplan

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/compiler/decimal"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
)

var (
	boolT   = ir.Type{Kind: ir.Bool}
	intT    = ir.Type{Kind: ir.Int}
	numberT = ir.Type{Kind: ir.Number}
	moneyT  = ir.Type{Kind: ir.Money}
	exactT  = ir.Type{Kind: ir.Exact}
	stringT = ir.Type{Kind: ir.String}
	dateT   = ir.Type{Kind: ir.Date}
	timeT   = ir.Type{Kind: ir.Time}
	gradeE  = &ir.EnumType{Values: []string{"C", "B", "A"}}
	gradeT  = ir.Type{Kind: ir.Enum, Enum: gradeE}
	setT    = ir.Type{Kind: ir.Set, Elem: ir.String}
	storeTb = &ir.Table{Name: "store", Columns: []*ir.Column{{Name: "code", Type: stringT}, {Name: "region", Type: stringT}}}
	storeT  = ir.Type{Kind: ir.Row, Table: storeTb}
)

func micros(text string) int64 {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t.UnixMicro()
}

func day0(text string) int64 { return micros(text+"T00:00:00Z") / calendar.Day }

func money(text string) decimal.Decimal {
	d, _, ok := decimal.FromText(text, 2)
	if !ok {
		panic(text)
	}
	return d
}

// constants of each kind

func con(t ir.Type, v ir.Value) *ir.Node {
	v.Kind = t.Kind
	return &ir.Node{Op: ir.OpConst, Type: t, Const: v, Nullable: !v.Known}
}
func in(i int64) *ir.Node     { return con(intT, ir.Value{Known: true, I: i}) }
func num(f float64) *ir.Node  { return con(numberT, ir.Value{Known: true, F: f}) }
func mon(i int64) *ir.Node    { return con(moneyT, ir.Value{Known: true, I: i}) }
func ex(s string) *ir.Node    { return con(exactT, ir.Value{Known: true, D: money(s)}) }
func str(s string) *ir.Node   { return con(stringT, ir.Value{Known: true, S: s}) }
func row(s string) *ir.Node   { return con(storeT, ir.Value{Known: true, S: s}) }
func grade(i int64) *ir.Node  { return con(gradeT, ir.Value{Known: true, I: i}) }
func date(s string) *ir.Node  { return con(dateT, ir.Value{Known: true, I: day0(s)}) }
func at(s string) *ir.Node    { return con(timeT, ir.Value{Known: true, I: micros(s)}) }
func boolean(b bool) *ir.Node { return con(boolT, ir.BoolValue(b)) }
func set(s ...string) *ir.Node {
	return con(setT, ir.Value{Known: true, Set: s})
}
func unknown(t ir.Type) *ir.Node { return con(t, ir.Value{}) }

func op(o ir.Op, t ir.Type, args ...*ir.Node) *ir.Node {
	return &ir.Node{Op: o, Type: t, Args: args, Nullable: t.Kind != ir.Bool}
}

func with(n *ir.Node, change func(*ir.Node)) *ir.Node {
	change(n)
	return n
}

// show is a value in a form that tests compare.
func show(v ir.Value) string {
	if !v.Known {
		return "unknown"
	}
	switch v.Kind {
	case ir.Bool:
		return fmt.Sprint(v.I != 0)
	case ir.Number:
		return fmt.Sprint(v.F)
	case ir.Exact:
		return v.D.Text(2)
	case ir.String, ir.Row:
		return v.S
	case ir.Set:
		return fmt.Sprint(v.Set)
	case ir.Date:
		y, m, d := calendar.Civil(v.I)
		return fmt.Sprintf("%04d-%02d-%02d", y, m, d)
	case ir.Time:
		return time.UnixMicro(v.I).UTC().Format(time.RFC3339)
	}
	return fmt.Sprint(v.I)
}

func shanghai(t testing.TB) *calendar.Zone {
	z, err := calendar.Load("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	return z
}

const nowText = "2026-06-01T10:00:00Z" // 18:00 in Shanghai

func fixture(t testing.TB) (*ir.Program, *World, *Member) {
	p := &ir.Program{Zone: shanghai(t), Digits: 2, WeekStart: 1}
	p.Attributes = []*ir.Attribute{{Name: "city", Type: stringT}, {Name: "vip", Type: boolT}, {Name: "grade", Type: gradeT}, {Name: "hobbies", Type: setT}}
	p.Lists = []*ir.List{{Name: "no_calls"}, {Name: "other"}}
	p.Events = []*ir.Event{{Name: "order", Fields: []*ir.Field{
		{Name: "amount", Type: moneyT}, {Name: "weight", Type: numberT}, {Name: "category", Type: stringT}, {Name: "pieces", Type: intT}, {Name: "grade", Type: gradeT},
	}}}
	p.Tags = []*ir.Tag{
		{Name: "double", Type: intT, Expr: op(ir.OpAdd, intT, in(20), in(1))},
		{Name: "mood", Type: stringT, Manual: true, For: &dsl.SpanLit{N: 30, Unit: dsl.Day}},
		{Name: "shape", Type: stringT, Manual: true},
	}
	p.Segments = []*ir.Segment{{Name: "big", Expr: op(ir.OpGt, boolT, &ir.Node{Op: ir.OpTag, Type: intT}, in(20))}}
	w := &World{Program: p, Now: micros(nowText), Start: micros("2026-05-01T00:00:00Z")}
	w.Cell = func(tb *ir.Table, key string, column int) ir.Value {
		if tb == storeTb && key == "S1" && column == 1 {
			return ir.StringValue("north")
		}
		return ir.Value{}
	}
	m := &Member{
		Number: 7,
		Attribute: func(i int) ir.Value {
			switch i {
			case 0:
				return ir.StringValue("上海")
			case 2:
				return ir.IntLike(ir.Enum, 1)
			case 3:
				return ir.Value{Known: true, Kind: ir.Set}
			}
			return ir.Value{}
		},
		Manual: func(tag int) (ir.Value, int64) {
			return ir.StringValue("set"), micros("2026-05-02T10:00:00Z")
		},
		OnList: func(i int) bool { return i == 0 },
	}
	return p, w, m
}

func TestOperations(t *testing.T) {
	p, w, m := fixture(t)
	e, err := New(p)
	if err != nil {
		t.Fatal(err)
	}
	quintile := &ir.Ntile{N: 5}
	w.Cuts = func(*ir.Ntile) []ir.Cut {
		return []ir.Cut{{From: ir.IntLike(ir.Int, 10), Group: 1}, {From: ir.IntLike(ir.Int, 20), Group: 3}, {From: ir.IntLike(ir.Int, 30), Group: 5}}
	}
	ntile := func(x *ir.Node) *ir.Node {
		return &ir.Node{Op: ir.OpNtile, Type: intT, Ntile: quintile, Args: []*ir.Node{x}}
	}
	bucket := func(x *ir.Node) *ir.Node {
		return with(op(ir.OpBucket, gradeT, x), func(n *ir.Node) {
			n.Consts = []ir.Value{ir.IntLike(ir.Money, 50000), ir.IntLike(ir.Money, 200000)}
		})
	}
	oneOf := func(x *ir.Node, values ...string) *ir.Node {
		return with(op(ir.OpIn, boolT, x), func(n *ir.Node) {
			for _, v := range values {
				n.Consts = append(n.Consts, ir.StringValue(v))
			}
		})
	}
	matches := func(x *ir.Node, re string) *ir.Node {
		return with(op(ir.OpMatches, boolT, x), func(n *ir.Node) { n.Regexp = regexp.MustCompile(re) })
	}
	span := func(x *ir.Node, n int64, unit dsl.Unit) *ir.Node {
		return with(op(ir.OpAddSpan, x.Type, x), func(s *ir.Node) { s.N, s.Unit = n, unit })
	}
	column := func(x *ir.Node, i int) *ir.Node {
		return with(op(ir.OpColumn, stringT, x), func(n *ir.Node) { n.Index = i })
	}
	leaf := func(o ir.Op, t ir.Type, i int) *ir.Node { return with(op(o, t), func(n *ir.Node) { n.Index = i }) }
	yes, no := boolean(true), boolean(false)
	maybe := leaf(ir.OpAttr, boolT, 1)
	maybe.Nullable = true
	const big = math.MaxInt64
	for name, c := range map[string]struct {
		node *ir.Node
		want string
	}{
		"const":                 {in(-5), "-5"},
		"const least int":       {in(math.MinInt64), "-9223372036854775808"},
		"const string":          {str("a\"\\\n潮"), "a\"\\\n潮"},
		"const unknown":         {unknown(intT), "unknown"},
		"attr":                  {leaf(ir.OpAttr, stringT, 0), "上海"},
		"attr unknown":          {maybe, "unknown"},
		"attr enum":             {leaf(ir.OpAttr, gradeT, 2), "1"},
		"empty set is known":    {op(ir.OpKnown, boolT, leaf(ir.OpAttr, setT, 3)), "true"},
		"empty set coalesced":   {op(ir.OpCoalesce, setT, leaf(ir.OpAttr, setT, 3), set("x")), "[]"},
		"tag":                   {leaf(ir.OpTag, intT, 0), "21"},
		"tag manual in time":    {leaf(ir.OpTag, stringT, 1), "set"},
		"tag manual for ever":   {leaf(ir.OpTag, stringT, 2), "set"},
		"segment":               {leaf(ir.OpSegment, boolT, 0), "true"},
		"list":                  {leaf(ir.OpList, boolT, 0), "true"},
		"list without":          {leaf(ir.OpList, boolT, 1), "false"},
		"now":                   {op(ir.OpNow, timeT), nowText},
		"today":                 {op(ir.OpToday, dateT), "2026-06-01"},
		"column":                {column(row("S1"), 1), "north"},
		"column empty":          {column(row("S1"), 0), "unknown"},
		"column of no row":      {column(row("S9"), 1), "unknown"},
		"column of unknown":     {column(unknown(storeT), 1), "unknown"},
		"row is known":          {op(ir.OpKnown, boolT, row("S9")), "true"},
		"and":                   {op(ir.OpAnd, boolT, yes, yes, no), "false"},
		"and all":               {op(ir.OpAnd, boolT, yes, yes), "true"},
		"or":                    {op(ir.OpOr, boolT, no, yes), "true"},
		"or none":               {op(ir.OpOr, boolT, no, no, no), "false"},
		"not":                   {op(ir.OpNot, boolT, no), "true"},
		"not of unknown equal":  {op(ir.OpNot, boolT, op(ir.OpEq, boolT, unknown(stringT), str("x"))), "true"},
		"truth of unknown":      {op(ir.OpTruth, boolT, maybe), "false"},
		"truth":                 {op(ir.OpTruth, boolT, yes), "true"},
		"truth of false":        {op(ir.OpTruth, boolT, no), "false"},
		"known":                 {op(ir.OpKnown, boolT, in(0)), "true"},
		"known unknown":         {op(ir.OpKnown, boolT, unknown(intT)), "false"},
		"eq":                    {op(ir.OpEq, boolT, in(3), in(3)), "true"},
		"eq strings":            {op(ir.OpEq, boolT, str("é"), str("e\u0301")), "false"},
		"eq rows":               {op(ir.OpEq, boolT, row("S1"), row("S1")), "true"},
		"eq bools":              {op(ir.OpEq, boolT, no, no), "true"},
		"eq exact":              {op(ir.OpEq, boolT, ex("0.10"), ex("0.1")), "true"},
		"eq zeros":              {op(ir.OpEq, boolT, num(math.Copysign(0, -1)), num(0)), "true"},
		"ne":                    {op(ir.OpNe, boolT, in(3), in(4)), "true"},
		"ne unknown":            {op(ir.OpNe, boolT, in(3), unknown(intT)), "false"},
		"eq unknowns":           {op(ir.OpEq, boolT, unknown(intT), unknown(intT)), "false"},
		"lt":                    {op(ir.OpLt, boolT, in(3), in(4)), "true"},
		"lt equal":              {op(ir.OpLt, boolT, in(4), in(4)), "false"},
		"le":                    {op(ir.OpLe, boolT, num(4), num(4)), "true"},
		"le unknown":            {op(ir.OpLe, boolT, unknown(numberT), num(4)), "false"},
		"gt":                    {op(ir.OpGt, boolT, ex("0.000001"), ex("0")), "true"},
		"ge":                    {op(ir.OpGe, boolT, grade(2), grade(1)), "true"},
		"ge dates":              {op(ir.OpGe, boolT, date("2026-01-01"), date("2026-01-02")), "false"},
		"in":                    {oneOf(str("b"), "a", "b"), "true"},
		"in not":                {oneOf(str("c"), "a", "b"), "false"},
		"in unknown":            {oneOf(unknown(stringT), "a", "b"), "false"},
		"contains":              {op(ir.OpContains, boolT, str("红鞋子"), str("鞋")), "true"},
		"contains unknown":      {op(ir.OpContains, boolT, unknown(stringT), str("")), "false"},
		"starts":                {op(ir.OpStarts, boolT, str("abc"), str("ab")), "true"},
		"ends":                  {op(ir.OpEnds, boolT, str("abc"), str("ab")), "false"},
		"ends with":             {op(ir.OpEnds, boolT, str("abc"), str("bc")), "true"},
		"matches":               {matches(str("order 42"), `\d+`), "true"},
		"matches unknown":       {matches(unknown(stringT), ``), "false"},
		"has":                   {op(ir.OpHas, boolT, set("a", "b"), str("b")), "true"},
		"has not":               {op(ir.OpHas, boolT, set("a", "b"), str("c")), "false"},
		"has enum":              {op(ir.OpHas, boolT, set("A", "B"), grade(2)), "true"},
		"has row":               {op(ir.OpHas, boolT, set("S1"), row("S1")), "true"},
		"has unknown":           {op(ir.OpHas, boolT, set("a"), unknown(stringT)), "false"},
		"has unknown set":       {op(ir.OpHas, boolT, unknown(setT), str("a")), "false"},
		"coalesce":              {op(ir.OpCoalesce, intT, unknown(intT), in(2)), "2"},
		"coalesce known":        {op(ir.OpCoalesce, intT, in(0), in(2)), "0"},
		"coalesce false":        {op(ir.OpCoalesce, boolT, no, yes), "false"},
		"coalesce empty string": {op(ir.OpCoalesce, stringT, str(""), str("x")), ""},
		"when first":            {op(ir.OpWhen, intT, yes, in(1), yes, in(2), in(3)), "1"},
		"when second":           {op(ir.OpWhen, intT, no, in(1), yes, in(2), in(3)), "2"},
		"when else":             {op(ir.OpWhen, intT, no, in(1), no, in(2), in(3)), "3"},
		"when none":             {op(ir.OpWhen, intT, no, in(1), no, in(2)), "unknown"},
		"when unknown value":    {op(ir.OpWhen, intT, yes, unknown(intT), in(2)), "unknown"},

		"add":              {op(ir.OpAdd, intT, in(2), in(3)), "5"},
		"add over":         {op(ir.OpAdd, intT, in(big), in(1)), "unknown"},
		"add under":        {op(ir.OpAdd, intT, in(math.MinInt64), in(-1)), "unknown"},
		"add zero":         {op(ir.OpAdd, intT, in(big), in(0)), "9223372036854775807"},
		"add unknown":      {op(ir.OpAdd, intT, in(2), unknown(intT)), "unknown"},
		"add money":        {op(ir.OpAdd, moneyT, mon(150), mon(-50)), "100"},
		"add number":       {op(ir.OpAdd, numberT, num(0.5), num(0.25)), "0.75"},
		"add infinite":     {op(ir.OpAdd, numberT, num(1e308), num(1e308)), "unknown"},
		"add exact":        {op(ir.OpAdd, exactT, ex("0.000001"), ex("1")), "1.000001"},
		"sub":              {op(ir.OpSub, intT, in(2), in(3)), "-1"},
		"sub over":         {op(ir.OpSub, intT, in(0), in(math.MinInt64)), "unknown"},
		"sub to least":     {op(ir.OpSub, intT, in(-1), in(big)), "-9223372036854775808"},
		"sub number":       {op(ir.OpSub, numberT, num(1), num(0.5)), "0.5"},
		"sub exact":        {op(ir.OpSub, exactT, ex("1"), ex("0.01")), "0.99"},
		"mul":              {op(ir.OpMul, intT, in(-4), in(5)), "-20"},
		"mul over":         {op(ir.OpMul, intT, in(big), in(2)), "unknown"},
		"mul to least":     {op(ir.OpMul, intT, in(math.MinInt64), in(1)), "-9223372036854775808"},
		"mul beyond least": {op(ir.OpMul, intT, in(math.MinInt64), in(-1)), "unknown"},
		"mul number":       {op(ir.OpMul, numberT, num(1.5), num(-2)), "-3"},
		"mul infinite":     {op(ir.OpMul, numberT, num(1e200), num(1e200)), "unknown"},
		"mul exact":        {op(ir.OpMul, exactT, ex("10.01"), ex("1.5")), "15.015"},
		"mul exact tiny":   {op(ir.OpMul, exactT, ex("0.00000001"), ex("0.5")), "0.00000001"},
		"div":              {op(ir.OpDiv, numberT, num(7), num(2)), "3.5"},
		"div zero":         {op(ir.OpDiv, numberT, num(7), num(0)), "unknown"},
		"div zero by zero": {op(ir.OpDiv, numberT, num(0), num(0)), "unknown"},
		"div exact":        {op(ir.OpDiv, exactT, ex("10"), ex("3")), "3.33333333"},
		"div exact zero":   {op(ir.OpDiv, exactT, ex("10"), ex("0")), "unknown"},
		"div money":        {op(ir.OpDiv, numberT, ex("10"), ex("4")), "2.5"},
		"div money zero":   {op(ir.OpDiv, numberT, ex("10"), ex("0")), "unknown"},
		"neg":              {op(ir.OpNeg, intT, in(5)), "-5"},
		"neg least":        {op(ir.OpNeg, intT, in(math.MinInt64)), "unknown"},
		"neg number":       {op(ir.OpNeg, numberT, num(2.5)), "-2.5"},
		"neg zero":         {op(ir.OpNeg, numberT, num(0)), "0"},
		"neg exact":        {op(ir.OpNeg, exactT, ex("1")), "-1.00"},
		"abs":              {op(ir.OpAbs, moneyT, mon(-5)), "5"},
		"abs least":        {op(ir.OpAbs, intT, in(math.MinInt64)), "unknown"},
		"abs number":       {op(ir.OpAbs, numberT, num(-2.5)), "2.5"},
		"abs exact":        {op(ir.OpAbs, exactT, ex("-1.5")), "1.50"},
		"least":            {op(ir.OpLeast, intT, in(3), in(1), in(2)), "1"},
		"least unknown":    {op(ir.OpLeast, intT, in(3), unknown(intT)), "unknown"},
		"greatest":         {op(ir.OpGreatest, dateT, date("2026-01-01"), date("2026-02-01")), "2026-02-01"},
		"floor":            {op(ir.OpFloor, intT, num(-2.5)), "-3"},
		"floor exact":      {op(ir.OpFloor, intT, op(ir.OpDiv, exactT, ex("99.99"), ex("10"))), "9"},
		"floor far":        {op(ir.OpFloor, intT, num(1e300)), "unknown"},
		"ceil":             {op(ir.OpCeil, intT, num(2.1)), "3"},
		"ceil exact":       {op(ir.OpCeil, intT, ex("-9.99")), "-9"},
		"round":            {op(ir.OpRound, intT, num(2.5)), "3"},
		"round down":       {op(ir.OpRound, intT, num(-2.5)), "-3"},
		"round nearly":     {op(ir.OpRound, intT, num(0.49999999999999994)), "0"},
		"round exact":      {op(ir.OpRound, intT, ex("-0.5")), "-1"},

		"int to number":       {op(ir.OpIntToNumber, numberT, in(3)), "3"},
		"int to money":        {op(ir.OpIntToMoney, moneyT, in(3)), "300"},
		"int to money over":   {op(ir.OpIntToMoney, moneyT, in(big)), "unknown"},
		"money to exact":      {op(ir.OpMoneyToExact, exactT, mon(123)), "1.23"},
		"number to exact":     {op(ir.OpNumberToExact, exactT, num(1.0/3)), "0.33333333"},
		"number to exact far": {op(ir.OpNumberToExact, exactT, num(1e300)), "unknown"},
		"exact to money":      {op(ir.OpExactToMoney, moneyT, ex("0.005")), "1"},
		"exact to money down": {op(ir.OpExactToMoney, moneyT, ex("-0.005")), "-1"},
		"exact to money less": {op(ir.OpExactToMoney, moneyT, ex("0.00499999")), "0"},
		"factor":              {op(ir.OpFactor, exactT, in(2)), "2.00"},
		"factor number":       {op(ir.OpFactor, exactT, num(0.125)), "0.125"},
		"enum map":            {with(op(ir.OpEnumMap, gradeT, grade(1)), func(n *ir.Node) { n.Map = []int64{5, 6, 7} }), "6"},
		"text enum":           {op(ir.OpText, stringT, grade(2)), "A"},
		"text row":            {op(ir.OpText, stringT, row("S1")), "S1"},
		"text unknown":        {op(ir.OpText, stringT, unknown(gradeT)), "unknown"},
		"time to date":        {op(ir.OpTimeToDate, dateT, at("2026-01-01T16:00:00Z")), "2026-01-02"},

		"lower":  {op(ir.OpLower, stringT, str("ÀB潮")), "àb潮"},
		"length": {op(ir.OpLength, intT, str("潮a")), "2"},

		"days between":    {op(ir.OpDaysBetween, intT, date("2026-03-01"), date("2026-02-01")), "28"},
		"add span":        {span(date("2026-01-31"), 1, dsl.Month), "2026-02-28"},
		"add span back":   {span(date("2026-05-31"), -3, dsl.Month), "2026-02-28"},
		"add span far":    {span(date("2026-01-31"), big, dsl.Year), "unknown"},
		"add span time":   {span(at("2026-01-31T16:00:00Z"), 1, dsl.Day), "2026-02-01T16:00:00Z"},
		"add span hours":  {span(at("2026-01-31T16:00:00Z"), -5, dsl.Hour), "2026-01-31T11:00:00Z"},
		"hours since":     {op(ir.OpHoursSince, intT, at("2026-06-01T07:00:01Z")), "2"},
		"hours since yet": {op(ir.OpHoursSince, intT, at("2026-06-01T10:00:01Z")), "-1"},
		"hours until":     {op(ir.OpHoursUntil, intT, at("2026-06-01T12:59:59Z")), "2"},
		"year":            {op(ir.OpYear, intT, date("2026-05-31")), "2026"},
		"year of time":    {op(ir.OpYear, intT, at("2025-12-31T16:00:00Z")), "2026"},
		"quarter":         {op(ir.OpQuarter, intT, date("2026-05-31")), "2"},
		"month":           {op(ir.OpMonth, intT, at("2026-05-31T17:00:00Z")), "6"},
		"day":             {op(ir.OpDay, intT, at("2026-05-31T17:00:00Z")), "1"},
		"weekday":         {op(ir.OpWeekday, intT, date("2026-06-01")), "1"},
		"weekday of time": {op(ir.OpWeekday, intT, at("2026-06-06T17:00:00Z")), "7"},
		"quarter of time": {op(ir.OpQuarter, intT, at("2026-06-30T17:00:00Z")), "3"},
		"hour":            {op(ir.OpHour, intT, at("2026-06-01T17:30:00Z")), "1"},
		"age":             {op(ir.OpAge, intT, date("1990-06-02")), "35"},
		"start":           {op(ir.OpStart, timeT), "2026-05-01T00:00:00Z"},
		"start of month":  {&ir.Node{Op: ir.OpPeriodStart, Type: dateT, Args: []*ir.Node{date("2026-05-31")}, Unit: dsl.Month, N: 1}, "2026-05-01"},
		"start of week":   {&ir.Node{Op: ir.OpPeriodStart, Type: dateT, Args: []*ir.Node{date("2026-05-31")}, Unit: dsl.Week, N: 1}, "2026-05-25"},
		"start of sunday": {&ir.Node{Op: ir.OpPeriodStart, Type: dateT, Args: []*ir.Node{date("2026-06-02")}, Unit: dsl.Week, N: 7}, "2026-05-31"},
		"anniversary":     {op(ir.OpAnniversary, dateT, date("2000-02-29")), "2027-02-28"},

		"ntile":             {ntile(in(25)), "3"},
		"ntile at a cut":    {ntile(in(30)), "5"},
		"ntile below":       {ntile(in(9)), "1"},
		"ntile unknown":     {ntile(unknown(intT)), "unknown"},
		"bucket below":      {bucket(mon(49999)), "0"},
		"bucket at a bound": {bucket(mon(50000)), "1"},
		"bucket above":      {bucket(mon(200001)), "2"},
		"bucket unknown":    {bucket(unknown(moneyT)), "unknown"},
	} {
		v, err := e.Value(w, m, c.node)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got := show(v); got != c.want || v.Kind != c.node.Type.Kind {
			t.Errorf("%s: got %s of kind %s, want %s", name, got, v.Kind, c.want)
		}
	}
}

// TestEveryOperationHasAPlan fails when an operation is added to the program and none here.
func TestEveryOperationHasAPlan(t *testing.T) {
	own := []ir.Op{ir.OpConst, ir.OpAttr, ir.OpTag, ir.OpSegment, ir.OpList, ir.OpSlot, ir.OpNow, ir.OpToday, ir.OpStart, ir.OpChance,
		ir.OpField, ir.OpAt, ir.OpMember, ir.OpAnd, ir.OpOr, ir.OpNot, ir.OpKnown, ir.OpCoalesce, ir.OpWhen}
	for o := ir.OpInvalid + 1; o.String() != "op?"; o++ {
		if slices.Contains(own, o) {
			continue
		}
		kind := numberT
		n := &ir.Node{Op: o, Type: kind, Args: []*ir.Node{{Type: kind}, {Type: kind}}, Regexp: regexp.MustCompile("")}
		if _, _, ok := (&writer{}).operation(n); !ok {
			t.Errorf("operation %s has no plan", o)
		}
	}
}

func TestChance(t *testing.T) {
	// The first 53 bits of SHA-256("control 2026", 0, 0 … 7).
	p, w, m := fixture(t)
	e, _ := New(p)
	v, err := e.Value(w, m, &ir.Node{Op: ir.OpChance, Type: numberT, Text: "control 2026"})
	if err != nil || v.F != 0.6375750595394115 {
		t.Errorf("chance is %v, %v", v.F, err)
	}
}

func TestManualTagLapsesAfterItsSpan(t *testing.T) {
	p, _, m := fixture(t)
	e, _ := New(p)
	mood := &ir.Node{Op: ir.OpTag, Type: stringT, Index: 1, Nullable: true}
	for now, want := range map[string]string{
		"2026-06-01T15:59:59Z": "set", // set on 2 May for 30 days: holds through 1 June
		"2026-06-01T16:00:00Z": "unknown",
	} {
		v, err := e.Value(&World{Program: p, Now: micros(now)}, m, mood)
		if err != nil || show(v) != want {
			t.Errorf("at %s: %s, %v", now, show(v), err)
		}
	}
}

func TestMissingFunctionsMeanNothingIsKnown(t *testing.T) {
	p, w, _ := fixture(t)
	e, _ := New(p)
	nobody := &Member{}
	for _, n := range []*ir.Node{
		{Op: ir.OpAttr, Type: stringT, Nullable: true}, {Op: ir.OpTag, Index: 1, Type: stringT, Nullable: true},
	} {
		if v, err := e.Value(w, nobody, n); err != nil || v.Known {
			t.Errorf("%s: %s, %v", n.Op, show(v), err)
		}
	}
	for _, n := range []*ir.Node{{Op: ir.OpList, Type: boolT}, {Op: ir.OpSlot, Type: boolT, Agg: &ir.Aggregate{Fn: ir.AggHas, Type: boolT}}} {
		if v, err := e.Value(w, nobody, n); err != nil || v.True() {
			t.Errorf("%s: %s, %v", n.Op, show(v), err)
		}
	}
}

// TestLongRulesAreCutIntoPieces runs what would be one text of megabytes, or nest thousands deep.
func TestLongRulesAreCutIntoPieces(t *testing.T) {
	p, w, m := fixture(t)
	e, _ := New(p)
	city := &ir.Node{Op: ir.OpAttr, Type: stringT, Nullable: true}
	var alternatives []*ir.Node
	for i := range 5000 {
		alternatives = append(alternatives, op(ir.OpEq, boolT, city, str(fmt.Sprint("town ", i))))
	}
	deep := in(0)
	for range 5000 {
		deep = op(ir.OpAdd, intT, deep, in(1))
	}
	var chain []*ir.Node
	for i := range 3000 {
		chain = append(chain, op(ir.OpEq, boolT, city, str(fmt.Sprint(i))), in(int64(i)))
	}
	chain = append(chain, in(-1))
	for _, c := range []struct {
		node *ir.Node
		want string
	}{
		{op(ir.OpOr, boolT, alternatives...), "false"},
		{op(ir.OpOr, boolT, append(slices.Clone(alternatives), op(ir.OpEq, boolT, city, str("上海")))...), "true"},
		{op(ir.OpAnd, boolT, append(slices.Clone(alternatives), boolean(true))...), "false"},
		{deep, "5000"},
		{op(ir.OpWhen, intT, chain...), "-1"},
	} {
		v, err := e.Value(w, m, c.node)
		if err != nil || show(v) != c.want {
			t.Errorf("%s of %d operands: %s, %v", c.node.Op, len(c.node.Args), show(v), err)
		}
	}
	for _, piece := range e.plans.pieces {
		if len(piece.text) > 4*maxText {
			t.Errorf("a piece has %d bytes: %s…", len(piece.text), piece.text[:80])
		}
	}
}

func TestTextReadsLikeTheRule(t *testing.T) {
	p, _, _ := fixture(t)
	e, _ := New(p)
	city := &ir.Node{Op: ir.OpAttr, Type: stringT, Nullable: true}
	text, err := e.Text(op(ir.OpAnd, boolT, op(ir.OpEq, boolT, city, str("上海")), op(ir.OpNot, boolT, &ir.Node{Op: ir.OpList, Type: boolT})))
	if want := `(eq(attribute(M, 0), c0) and (not onList(M, 0)))`; err != nil || text != want {
		t.Errorf("%s, %v", text, err)
	}
}

func TestWhyShowsThePartsThatDecided(t *testing.T) {
	p, w, m := fixture(t)
	e, _ := New(p)
	w.Now = micros(nowText)
	m.Events = func(int) []Event {
		var out []Event
		for i := range 8 {
			out = append(out, Event{At: w.Now - int64(8-i)*calendar.Day, Fields: make([]ir.Value, 5)})
		}
		return out
	}
	count := &ir.Node{Op: ir.OpSlot, Type: intT, Agg: &ir.Aggregate{Fn: ir.AggCount, Type: intT}}
	when := op(ir.OpWhen, intT, boolean(false), in(1), op(ir.OpGt, boolT, count, in(7)), in(2), in(3))
	c, err := e.Why(w, m, op(ir.OpAnd, boolT, &ir.Node{Op: ir.OpSegment, Type: boolT}, op(ir.OpEq, boolT, when, in(2)), &ir.Node{Op: ir.OpSegment, Type: boolT}))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	var print func(c *Clause, depth int)
	print = func(c *Clause, depth int) {
		fmt.Fprintf(&b, "%*s%s %s %s", depth*2, "", c.Node.Op, c.Name, show(c.Value))
		if c.Node.Op == ir.OpSlot {
			fmt.Fprintf(&b, " of %d, last %d", c.Counted, len(c.Events))
		}
		b.WriteByte('\n')
		for _, child := range c.Children {
			print(child, depth+1)
		}
	}
	print(c, 0)
	want := `and  true
  segment big true
    >  true
      tag double 21
        +  21
  =  true
    when  2
      >  true
        slot  8 of 8, last 5
  segment big true
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

func TestForksShareProgramsAcrossGoroutines(t *testing.T) {
	p, w, m := fixture(t)
	e, _ := New(p)
	done := make(chan error, 4)
	for range 4 {
		f := e.Fork()
		go func() {
			for i := range 200 {
				v, err := f.Value(w, m, op(ir.OpAdd, intT, in(int64(i)), &ir.Node{Op: ir.OpTag, Type: intT}))
				if err == nil && v.I != int64(i)+21 {
					err = fmt.Errorf("%d + 21 = %d", i, v.I)
				}
				if err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range 4 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestAFaultyProgramIsAnErrorAndNoPanic(t *testing.T) {
	p, w, m := fixture(t)
	e, _ := New(p)
	for _, n := range []*ir.Node{
		{Op: ir.OpInvalid, Type: intT},
		op(ir.OpAdd, stringT, str("a"), str("b")),
		op(ir.OpAdd, intT, str("a"), in(1)),
		op(ir.OpAnd, boolT, in(1), boolean(true)),
	} {
		if v, err := e.Value(w, m, n); err == nil {
			t.Errorf("%s gave %s", n.Op, show(v))
		}
	}
	if v, err := e.Value(w, m, in(1)); err != nil || v.I != 1 {
		t.Errorf("after a fault: %v, %v", v, err)
	}
	if _, err := e.Value(&World{Program: &ir.Program{}}, m, in(1)); err == nil {
		t.Error("a world of another program was taken")
	}
}

func BenchmarkCondition(b *testing.B) {
	p, w, m := fixture(b)
	e, _ := New(p)
	city := &ir.Node{Op: ir.OpAttr, Type: stringT, Nullable: true}
	n := op(ir.OpAnd, boolT, op(ir.OpEq, boolT, city, str("上海")), &ir.Node{Op: ir.OpList, Type: boolT},
		op(ir.OpGt, boolT, op(ir.OpAdd, intT, in(1), in(2)), in(2)))
	b.ReportAllocs()
	for b.Loop() {
		e.Reset()
		if _, err := e.Value(w, m, n); err != nil {
			b.Fatal(err)
		}
	}
}

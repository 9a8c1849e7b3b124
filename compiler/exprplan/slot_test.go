package exprplan

import (
	"math"
	"testing"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
)

const (
	amount = iota
	weight
	category
	pieces
	gradeField
)

func field(i int, t ir.Type) *ir.Node {
	return &ir.Node{Op: ir.OpField, Type: t, Index: i, Nullable: true}
}

// bought is an event with the fields that are not nil.
func bought(day string, values ...any) Event {
	ev := Event{At: micros(day), Fields: make([]ir.Value, 5)}
	for i, v := range values {
		switch v := v.(type) {
		case float64:
			ev.Fields[i] = ir.NumberValue(v)
		case string:
			ev.Fields[i] = ir.StringValue(v)
		case int:
			ev.Fields[i] = ir.IntLike([]ir.Kind{ir.Money, 0, 0, ir.Int, ir.Enum}[i], int64(v))
		}
	}
	return ev
}

func TestAggregates(t *testing.T) {
	p, w, m := fixture(t)
	e, _ := New(p)
	// Now is 18:00 of 1 June in Shanghai; a local day starts at 16:00 UTC of the day before.
	history := []Event{
		bought("2026-02-28T16:00:00Z", 1000, 0.1, "shoes", 3, 2),
		bought("2026-03-04T15:59:59Z", 500, 0.2, "hats", 1, 0),
		bought("2026-03-04T16:00:00Z", nil, 0.3, nil, nil, nil),
		bought("2026-05-30T09:00:00Z", 700, nil, "hats", 4, 0),
		bought("2026-05-30T09:00:00Z", 301, nil, "bags", 4, 1),
		bought("2026-06-01T10:00:00Z", 1, nil, "shoes", nil, nil),
		bought("2026-06-01T10:00:01Z", 99999, 9.0, "later", 9, 2),
	}
	m.Events = func(int) []Event { return history }
	last := func(n int64, unit dsl.Unit) ir.Window { return ir.Window{Kind: dsl.InLast, N: n, Unit: unit} }
	money, cat, when := field(amount, moneyT), field(category, stringT), &ir.Node{Op: ir.OpAt, Type: timeT}
	hats := op(ir.OpEq, boolT, cat, str("hats"))
	named := func(s string) *ir.Node { return op(ir.OpEq, boolT, cat, str(s)) }
	memberCity := &ir.Node{Op: ir.OpMember, Type: stringT, Nullable: true, Args: []*ir.Node{{Op: ir.OpAttr, Type: stringT, Nullable: true}}}
	for name, c := range map[string]struct {
		agg     ir.Aggregate
		want    string
		counted int
	}{
		"count":              {ir.Aggregate{Fn: ir.AggCount, Type: intT}, "6", 6},
		"count 89 days":      {ir.Aggregate{Fn: ir.AggCount, Type: intT, Window: last(89, dsl.Day)}, "4", 4}, // from 5 March on
		"count 90 days":      {ir.Aggregate{Fn: ir.AggCount, Type: intT, Window: last(90, dsl.Day)}, "5", 5},
		"count 3 months":     {ir.Aggregate{Fn: ir.AggCount, Type: intT, Window: last(3, dsl.Month)}, "5", 5}, // after 1 March
		"count last minute":  {ir.Aggregate{Fn: ir.AggCount, Type: intT, Window: last(1, dsl.Minute)}, "1", 1},
		"count this month":   {ir.Aggregate{Fn: ir.AggCount, Type: intT, Window: ir.Window{Kind: dsl.InThis, Unit: dsl.Month}}, "1", 1},
		"count since":        {ir.Aggregate{Fn: ir.AggCount, Type: intT, Window: ir.Window{Kind: dsl.Since, From: ir.Bound{Kind: ir.DateBound, Value: day0("2026-05-30")}}}, "3", 3},
		"count before today": {ir.Aggregate{Fn: ir.AggCount, Type: intT, Window: ir.Window{Kind: dsl.Before, To: ir.Bound{Kind: ir.TodayBound}}}, "5", 5},
		"count before time":  {ir.Aggregate{Fn: ir.AggCount, Type: intT, Window: ir.Window{Kind: dsl.Before, To: ir.Bound{Kind: ir.TimeBound, Value: micros("2026-05-30T09:00:00Z")}}}, "3", 3},
		"count where":        {ir.Aggregate{Fn: ir.AggCount, Type: intT, Where: hats}, "2", 2},
		"count where member": {ir.Aggregate{Fn: ir.AggCount, Type: intT, Where: op(ir.OpEq, boolT, memberCity, str("上海"))}, "6", 6},
		"has":                {ir.Aggregate{Fn: ir.AggHas, Type: boolT, Where: hats}, "true", 2},
		"has not":            {ir.Aggregate{Fn: ir.AggHas, Type: boolT, Where: named("later")}, "false", 0},
		"sum money":          {ir.Aggregate{Fn: ir.AggSum, Type: moneyT, Value: money}, "2502", 5},
		"sum nothing":        {ir.Aggregate{Fn: ir.AggSum, Type: moneyT, Value: money, Where: named("none")}, "0", 0},
		"sum number":         {ir.Aggregate{Fn: ir.AggSum, Type: numberT, Value: field(weight, numberT)}, "0.6", 3}, // 0.1+0.2+0.3 step by step is 0.6000000000000001
		"sum int":            {ir.Aggregate{Fn: ir.AggSum, Type: intT, Value: field(pieces, intT)}, "12", 4},
		"avg money":          {ir.Aggregate{Fn: ir.AggAvg, Type: exactT, Value: money}, "5.004", 5},
		"avg number":         {ir.Aggregate{Fn: ir.AggAvg, Type: numberT, Value: field(weight, numberT)}, "0.2", 3},
		"avg int":            {ir.Aggregate{Fn: ir.AggAvg, Type: numberT, Value: field(pieces, intT)}, "3", 4},
		"avg nothing":        {ir.Aggregate{Fn: ir.AggAvg, Type: exactT, Value: money, Where: named("none")}, "unknown", 0},
		"min":                {ir.Aggregate{Fn: ir.AggMin, Type: moneyT, Value: money}, "1", 5},
		"max":                {ir.Aggregate{Fn: ir.AggMax, Type: moneyT, Value: money}, "1000", 5},
		"max nothing":        {ir.Aggregate{Fn: ir.AggMax, Type: moneyT, Value: money, Where: named("none")}, "unknown", 0},
		"min enum":           {ir.Aggregate{Fn: ir.AggMin, Type: gradeT, Value: field(gradeField, gradeT)}, "0", 4},
		"first":              {ir.Aggregate{Fn: ir.AggFirst, Type: timeT, Value: when}, "2026-02-28T16:00:00Z", 6},
		"last":               {ir.Aggregate{Fn: ir.AggLast, Type: timeT, Value: when}, nowText, 6},
		"last skips unknown": {ir.Aggregate{Fn: ir.AggLast, Type: intT, Value: field(pieces, intT)}, "4", 4},
		"last tie":           {ir.Aggregate{Fn: ir.AggLast, Type: stringT, Value: cat, Window: ir.Window{Kind: dsl.Before, To: ir.Bound{Kind: ir.TodayBound}}}, "bags", 4},
		"distinct":           {ir.Aggregate{Fn: ir.AggDistinct, Type: intT, Value: cat}, "3", 5},
		"set":                {ir.Aggregate{Fn: ir.AggSet, Type: setT, Value: cat}, "[bags hats shoes]", 5},
		"set of enum":        {ir.Aggregate{Fn: ir.AggSet, Type: setT, Value: field(gradeField, gradeT)}, "[A B C]", 4},
		"set of nothing":     {ir.Aggregate{Fn: ir.AggSet, Type: setT, Value: cat, Where: named("none")}, "[]", 0},
		"top by count":       {ir.Aggregate{Fn: ir.AggTop, Type: stringT, Value: cat, ByFn: ir.AggCount}, "shoes", 5}, // 2 : 2, shoes bought last
		"top by sum":         {ir.Aggregate{Fn: ir.AggTop, Type: stringT, Value: cat, ByFn: ir.AggSum, By: money}, "hats", 5},
		"top by min":         {ir.Aggregate{Fn: ir.AggTop, Type: stringT, Value: cat, ByFn: ir.AggMin, By: money}, "hats", 5},
		"top by avg":         {ir.Aggregate{Fn: ir.AggTop, Type: stringT, Value: cat, ByFn: ir.AggAvg, By: money}, "hats", 5},
		"top by distinct":    {ir.Aggregate{Fn: ir.AggTop, Type: stringT, Value: cat, ByFn: ir.AggDistinct, By: field(pieces, intT)}, "hats", 5},
		"top by unknowns":    {ir.Aggregate{Fn: ir.AggTop, Type: stringT, Value: cat, ByFn: ir.AggMax, By: field(weight, numberT)}, "hats", 5}, // bags have no weight
		"top none competes":  {ir.Aggregate{Fn: ir.AggTop, Type: stringT, Value: cat, ByFn: ir.AggMax, By: field(weight, numberT), Where: named("bags")}, "unknown", 1},
	} {
		c.agg.Window.N = max(c.agg.Window.N, 1)
		v, events, err := e.Slot(w, m, &c.agg)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := show(v); got != c.want || len(events) != c.counted {
			t.Errorf("%s: %s of %d events, want %s of %d", name, got, len(events), c.want, c.counted)
		}
		n := &ir.Node{Op: ir.OpSlot, Type: c.agg.Type, Agg: &c.agg, Nullable: c.agg.Type.Kind != ir.Bool}
		if v, err := e.Value(w, m, op(ir.OpKnown, boolT, n)); err != nil || v.True() != (c.want != "unknown") {
			t.Errorf("%s as a node: known is %s, %v", name, show(v), err)
		}
	}
}

func TestSumsOverflowOnlyAsAWhole(t *testing.T) {
	p, w, m := fixture(t)
	e, _ := New(p)
	sum := &ir.Aggregate{Fn: ir.AggSum, Type: moneyT, Value: field(amount, moneyT)}
	mean := &ir.Aggregate{Fn: ir.AggAvg, Type: numberT, Value: field(pieces, intT)}
	for _, c := range []struct {
		amounts   []int
		sum, mean string
	}{
		{[]int{math.MaxInt64, 1, -2}, "9223372036854775806", "3.0744573456182584e+18"},
		{[]int{math.MaxInt64, math.MaxInt64}, "unknown", "9.223372036854776e+18"},
	} {
		var events []Event
		for _, a := range c.amounts {
			events = append(events, bought("2026-05-01T00:00:00Z", a, nil, nil, a))
		}
		m.Events = func(int) []Event { return events }
		e.Reset()
		v, _, err := e.Slot(w, m, sum)
		if err != nil || show(v) != c.sum {
			t.Errorf("sum of %v: %s, %v", c.amounts, show(v), err)
		}
		if v, _, err = e.Slot(w, m, mean); err != nil || show(v) != c.mean {
			t.Errorf("mean of %v: %s, %v", c.amounts, show(v), err)
		}
	}
}

func TestTieOfTopGoesToTheValueBoughtLast(t *testing.T) {
	p, w, m := fixture(t)
	e, _ := New(p)
	top := &ir.Aggregate{Fn: ir.AggTop, Type: stringT, Value: field(category, stringT), ByFn: ir.AggSum, By: field(amount, moneyT)}
	history := []Event{bought("2026-05-01T00:00:00Z", 5, nil, "a"), bought("2026-05-02T00:00:00Z", 5, nil, "b"), bought("2026-05-03T00:00:00Z", nil, nil, "a")}
	m.Events = func(int) []Event { return history }
	if v, _, err := e.Slot(w, m, top); err != nil || v.S != "a" {
		t.Errorf("top is %s, %v: the last event of a counts though its amount is unknown", show(v), err)
	}
}

package compiler

import (
	"fmt"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
)

var aggregates = map[string]ir.AggFn{
	"count": ir.AggCount, "has": ir.AggHas, "sum": ir.AggSum, "avg": ir.AggAvg, "min": ir.AggMin, "max": ir.AggMax,
	"first": ir.AggFirst, "last": ir.AggLast, "distinct": ir.AggDistinct, "set": ir.AggSet, "top": ir.AggTop,
}

// aggregate is AGG(EVENT[.FIELD] [by …] [where C]) [WINDOW].
func (l *lowering) aggregate(e *dsl.Call, fn ir.AggFn) operand {
	name := e.Name.Text
	if l.event != nil {
		place := "the `where` of an aggregate"
		hint := "make a tag of it and write `member.TAG`"
		if l.computed {
			place, hint = "a computed field", "compute it in a tag"
		}
		return l.fail("M0404", e.Name.At, hint, "%s looks at one event, and `%s` runs over many", place, name)
	}
	agg := ir.Aggregate{Fn: fn, Source: e.At}
	window, ok := l.window(e.Window)
	agg.Window = window
	if len(e.Args) != 1 {
		hint := fmt.Sprintf("write `%s(EVENT.FIELD)`", name)
		if fn == ir.AggCount || fn == ir.AggHas {
			hint = fmt.Sprintf("write `%s(EVENT)`", name)
		}
		return l.fail("M0402", e.At, hint, "`%s` runs over one event type", name)
	}
	event, value, found := l.aggregateTarget(e.Args[0], fn)
	if event == nil {
		return brokenAt(e.At)
	}
	ok = ok && found
	agg.Event = event.sym.index
	inner := l.inEvent(event)
	if e.Where != nil {
		if agg.Where = inner.condition(e.Where); agg.Where == nil {
			ok = false
		}
	}
	if fn == ir.AggTop {
		ok = l.topMeasure(e, event, &agg) && ok
	} else if e.By != nil {
		l.error("M0403", e.By.Span(), "", "`by` belongs to `top`: `%s` has none", name)
		ok = false
	}
	if !ok || !l.aggregateType(e, &agg, value) {
		return brokenAt(e.At)
	}
	if agg.Where != nil && isConst(agg.Where) && agg.Where.Const.True() {
		agg.Where = nil
	}
	l.noteWindow(&agg, e.At)
	return l.done(l.b.slot(agg), e.At)
}

// aggregateTarget resolves EVENT or EVENT.FIELD….COLUMN. The event is nil, and that reported, if it cannot be found;
// not ok says that the field is at fault.
func (l *lowering) aggregateTarget(arg dsl.Expr, fn ir.AggFn) (*eventInfo, *operand, bool) {
	var path []dsl.Name
	e := unparen(arg)
	for {
		sel, ok := e.(*dsl.Select)
		if !ok {
			break
		}
		path = append([]dsl.Name{sel.Name}, path...)
		e = sel.X
	}
	id, ok := e.(*dsl.Ident)
	if !ok {
		l.error("M0402", arg.Span(), fmt.Sprintf("write `%s(EVENT)` or `%s(EVENT.FIELD)`", fn, fn), "`%s` runs over an event type, and this is none", fn)
		return nil, nil, false
	}
	event := l.eventCalled(id.Name)
	if event == nil {
		return nil, nil, false
	}
	switch {
	case len(path) == 0 && needsField(fn):
		l.error("M0401", arg.Span(), fmt.Sprintf("write `%s(%s.FIELD)`", fn, id.Name.Text), "`%s` needs a field of the event", fn)
		return event, nil, false
	case len(path) == 0:
		return event, nil, true
	case fn == ir.AggCount || fn == ir.AggHas:
		l.error("M0401", arg.Span(), fmt.Sprintf("write `%s(%s)`, `distinct(%s)`, or `%s(%s where %s is known)`", fn, id.Name.Text, arg.Span().Text(), fn, id.Name.Text, path[0].Text),
			"`%s` takes the event alone, without a field", fn)
		return event, nil, false
	}
	inner := l.inEvent(event)
	x := inner.eventName(path[0])
	at := id.Name.At.To(path[0].At)
	for _, name := range path[1:] {
		if x.broken {
			break
		}
		at = at.To(name.At)
		x = inner.column(x, name, at)
	}
	x.at = arg.Span()
	return event, &x, !x.broken
}

func needsField(fn ir.AggFn) bool {
	switch fn {
	case ir.AggCount, ir.AggHas, ir.AggFirst, ir.AggLast:
		return false
	}
	return true
}

// eventCalled finds an event; nil, and reported unless it is an echo, if there is none.
func (l *lowering) eventCalled(name dsl.Name) *eventInfo {
	sym, ok := l.c.names[name.Text]
	switch {
	case ok && sym.index < 0, !ok && l.c.incomplete:
		return nil
	case ok && sym.word == "event":
		return l.c.events[sym.index]
	case ok && sym.broken && sym.word != "event":
		return nil
	case ok:
		l.error("M0214", name.At, "", "`%s` is %s, and an aggregate runs over an event", name.Text, withArticle(sym.word))
		return nil
	}
	l.error("M0214", name.At, l.c.near(name.Text, l.c.namesOf(l.c.names, "event")), "no event is called `%s`", name.Text)
	return nil
}

// topMeasure types the by of a top.
func (l *lowering) topMeasure(e *dsl.Call, event *eventInfo, agg *ir.Aggregate) bool {
	hint := fmt.Sprintf("write `top(%s.FIELD by count(%s))`", event.sym.name, event.sym.name)
	if e.By == nil {
		l.error("M0403", e.At, hint, "`top` needs a measure: by what is the top value the largest")
		return false
	}
	call, ok := unparen(e.By).(*dsl.Call)
	if !ok {
		l.error("M0403", e.By.Span(), hint, "`by` takes `count`, or `sum`, `min`, `max`, `avg` or `distinct` of a field")
		return false
	}
	fn, isAgg := aggregates[call.Name.Text]
	switch fn {
	case ir.AggCount, ir.AggSum, ir.AggMin, ir.AggMax, ir.AggAvg, ir.AggDistinct:
	default:
		isAgg = false
	}
	switch {
	case !isAgg:
		l.error("M0403", call.Name.At, hint, "`by` takes `count`, or `sum`, `min`, `max`, `avg` or `distinct` of a field")
		return false
	case call.Where != nil || call.Window != nil || call.By != nil || len(call.Args) != 1:
		l.error("M0403", call.At, "`where` and the window belong to `top` itself", "the measure of `top` is plain: `%s(…)` and nothing more", call.Name.Text)
		return false
	}
	of, value, ok := l.aggregateTarget(call.Args[0], fn)
	switch {
	case of == nil || !ok:
		return false
	case of != event:
		l.error("M0403", call.Args[0].Span(), "", "the measure of `top` is of the same event, `%s`", event.sym.name)
		return false
	}
	agg.ByFn = fn
	if fn == ir.AggCount {
		return true
	}
	if !l.measurable(call, fn, *value) {
		return false
	}
	agg.By = value.node
	return true
}

// measurable checks the type of what an aggregate function runs over.
func (l *lowering) measurable(e *dsl.Call, fn ir.AggFn, x operand) bool {
	k := x.kind()
	ok, what := true, ""
	switch fn {
	case ir.AggSum, ir.AggAvg:
		ok, what = isNumeric(k), "numbers or money"
	case ir.AggMin, ir.AggMax:
		ok, what = isOrdered(k), "something with an order"
	case ir.AggSet:
		ok, what = k == ir.String || k == ir.Enum || k == ir.Row, "strings, enum values or rows"
	case ir.AggDistinct, ir.AggTop:
		ok, what = k != ir.Set, "single values"
	}
	if !ok {
		hint := ""
		if k == ir.Bool && (fn == ir.AggSum || fn == ir.AggAvg) {
			hint = "`count(EVENT where …)` counts the events for which it holds"
		}
		l.error("M0415", x.at, hint, "`%s` runs over %s, and this is %s", e.Name.Text, what, x.what())
	}
	return ok
}

// aggregateType fills in value and type of an aggregate.
func (l *lowering) aggregateType(e *dsl.Call, agg *ir.Aggregate, value *operand) bool {
	if value != nil {
		if !l.measurable(e, agg.Fn, *value) {
			return false
		}
		agg.Value = value.node
		agg.Type = value.typ()
	}
	agg.Nullable = true
	switch agg.Fn {
	case ir.AggCount, ir.AggDistinct:
		agg.Type, agg.Nullable = intType, false
	case ir.AggHas:
		agg.Type, agg.Nullable = boolType, false
	case ir.AggSum:
		agg.Nullable = false
	case ir.AggAvg:
		agg.Type = numberType
		if isMoney(value.kind()) {
			agg.Type = exactType
		}
	case ir.AggSet:
		t := value.typ()
		agg.Type = ir.Type{Kind: ir.Set, Elem: t.Kind, Enum: t.Enum, Table: t.Table}
		agg.Nullable = false
	case ir.AggFirst, ir.AggLast:
		if value == nil {
			agg.Value, agg.Type = l.b.op(ir.OpAt, timeType, e.At), timeType
		}
	}
	return true
}

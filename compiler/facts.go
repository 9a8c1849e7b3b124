package compiler

import (
	"fmt"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
)

// Declarations of loyalty and campaigns in the making.
type (
	pointsInfo struct {
		sym  *symbol
		decl *dsl.Points
	}
	tiersInfo struct {
		sym  *symbol
		decl *dsl.Tiers
	}
	couponInfo struct {
		sym  *symbol
		decl *dsl.Coupon
	}
	caseInfo struct {
		sym  *symbol
		decl *dsl.Case
	}
	sinkInfo struct {
		sym  *symbol
		decl *dsl.Sink
	}
	syncInfo struct {
		sym  *symbol
		decl *dsl.Sync
	}
	campaignInfo struct {
		sym  *symbol
		decl *dsl.Campaign
	}
)

// factFields are the fields of facts of each kind, besides those that all have.
var factFields = map[ir.FactKind][]ir.Field{
	ir.PointsFacts: {
		{Name: ir.FactActive, Type: intType}, {Name: ir.FactPending, Type: intType}, {Name: ir.FactEarned, Type: intType},
		{Name: ir.FactSpent, Type: intType}, {Name: ir.FactLot, Type: intType}, {Name: ir.FactFor, Type: intType}, {Name: ir.FactExpires, Type: dateType},
		{Name: ir.FactDue, Type: dateType}, {Name: ir.FactWanted, Type: intType},
	},
	ir.TiersFacts: {{Name: ir.FactKeep, Type: dateType}},
	ir.CouponFacts: {
		{Name: ir.FactCode, Type: stringType}, {Name: ir.FactHeld, Type: intType}, {Name: ir.FactIssued, Type: intType},
		{Name: ir.FactUsed, Type: intType}, {Name: ir.FactExpires, Type: dateType}, {Name: ir.FactTerms, Type: stringType},
		{Name: ir.FactAmount, Type: intType}, {Name: ir.FactWorth, Type: intType}, {Name: ir.FactUntil, Type: timeType},
	},
	ir.CaseFacts: {
		{Name: ir.FactTicket, Type: stringType}, {Name: ir.FactOpen, Type: intType}, {Name: ir.FactDueAt, Type: timeType},
		{Name: ir.FactBy, Type: stringType}, {Name: ir.FactOverdue, Type: intType},
	},
	ir.CampaignFacts: {
		{Name: ir.FactRun, Type: stringType}, {Name: ir.FactReached, Type: intType}, {Name: ir.FactHoldout, Type: intType},
		{Name: ir.FactStep, Type: intType}, {Name: ir.FactUntil, Type: timeType}, {Name: ir.FactVersion, Type: stringType},
		{Name: ir.FactEventAt, Type: timeType}, {Name: ir.FactConverted, Type: intType}, {Name: ir.FactRevenue, Type: intType},
		{Name: ir.FactGiven, Type: intType}, {Name: ir.FactCode, Type: stringType}, {Name: ir.FactMessage, Type: stringType},
		{Name: ir.FactWhy, Type: stringType},
	},
	ir.SinkFacts: {
		{Name: ir.FactSent, Type: intType}, {Name: ir.FactMessage, Type: stringType}, {Name: ir.FactUntil, Type: timeType},
		{Name: ir.FactStep, Type: intType}, {Name: ir.FactEventAt, Type: timeType}, {Name: ir.FactWhy, Type: stringType},
	},
}

// readFacts adds the hidden event types, after those that are declared, and types the ladders.
func (c *compilation) readFacts() {
	p := c.program
	for i, t := range c.tiers {
		c.readLadder(t, p.Tiers[i])
	}
	for _, x := range p.Points {
		x.Facts = c.addFacts(ir.PointsFacts, x.Name, x.Source)
	}
	for _, x := range p.Tiers {
		x.Facts = c.addFacts(ir.TiersFacts, x.Name, x.Source, ir.Field{Name: ir.FactTier, Type: ir.Type{Kind: ir.Enum, Enum: x.Enum}})
	}
	for _, x := range p.Coupons {
		x.Facts = c.addFacts(ir.CouponFacts, x.Name, x.Source)
	}
	for _, x := range p.Cases {
		x.Facts = c.addFacts(ir.CaseFacts, x.Name, x.Source)
	}
	for _, x := range p.Sinks {
		x.Facts = c.addFacts(ir.SinkFacts, x.Name, x.Source)
	}
	for _, x := range p.Campaigns {
		x.Facts = c.addFacts(ir.CampaignFacts, x.Name, x.Source)
	}
}

// addFacts adds the event type that holds the facts of one declaration, and returns its place.
func (c *compilation) addFacts(kind ir.FactKind, name string, at diag.Span, more ...ir.Field) int {
	e := &ir.Event{Name: string(kind) + ":" + name, Facts: kind, Key: -1, Source: at}
	fields := []ir.Field{
		{Name: ir.FactWhat, Type: stringType}, {Name: ir.FactDated, Type: timeType}, {Name: ir.FactCause, Type: stringType},
		{Name: ir.FactCauseKey, Type: stringType}, {Name: ir.FactRule, Type: stringType}, {Name: ir.FactRevision, Type: stringType},
	}
	fields = append(append(fields, factFields[kind]...), more...)
	for _, f := range fields {
		e.Fields = append(e.Fields, &f)
	}
	c.program.Events = append(c.program.Events, e)
	return len(c.program.Events) - 1
}

// factFunction is a function over the facts of one declaration.
type factFunction struct {
	word string // what it is asked of
	// field is what is summed.
	field string
	// windowed says that a window may follow; dated that it counts by the instant that the fact counts for.
	windowed, dated bool
}

var factFunctions = map[string]factFunction{
	"balance":  {word: "points", field: ir.FactActive},
	"pending":  {word: "points", field: ir.FactPending},
	"earned":   {word: "points", field: ir.FactEarned, windowed: true, dated: true},
	"spent":    {word: "points", field: ir.FactSpent, windowed: true, dated: true},
	"expiring": {word: "points", field: ir.FactActive},
	"issued":   {word: "coupon", field: ir.FactIssued, windowed: true, dated: true},
	"used":     {word: "coupon", field: ir.FactUsed, windowed: true, dated: true},
	"sent":     {word: "sink", field: ir.FactSent, windowed: true},
	"reached":  {word: "campaign", field: ir.FactReached, windowed: true},
}

// factCall is balance(P), earned(P) WINDOW, issued(C) WINDOW and their like.
func (l *lowering) factCall(e *dsl.Call, fn factFunction) operand {
	name := e.Name.Text
	switch {
	case l.event != nil:
		return l.fail("M0404", e.Name.At, "make a tag of it and write `member.TAG`", "the `where` of an aggregate looks at one event, and `%s` is about the member", name)
	case e.Where != nil || e.By != nil:
		return l.fail("M0405", e.At, "", "`%s` takes a name and nothing else in its parentheses", name)
	case len(e.Args) != 1:
		return l.fail("M0402", e.At, fmt.Sprintf("write `%s(NAME)`", name), "`%s` is asked of one declaration", name)
	}
	index, facts, ok := l.factsOf(e, fn.word)
	if !ok {
		return brokenAt(e.At)
	}
	if name == "expiring" {
		return l.expiring(e, facts)
	}
	if e.Window != nil && !fn.windowed {
		return l.fail("M0714", e.Window.At, "leave the window out", "`%s` is what there is now, and takes no window", name)
	}
	_ = index
	agg := ir.Aggregate{Fn: ir.AggSum, Event: facts, Source: e.At, Type: intType, Value: l.factField(facts, fn.field, e.At)}
	window, ok := l.window(e.Window)
	if !ok {
		return brokenAt(e.At)
	}
	if fn.dated {
		agg.Where = l.datedWithin(facts, window, e.At)
	} else {
		agg.Window = window
	}
	return l.done(l.b.slot(agg), e.At)
}

// factsOf resolves the argument of a fact function.
func (l *lowering) factsOf(e *dsl.Call, word string) (index, facts int, ok bool) {
	id, isName := unparen(e.Args[0]).(*dsl.Ident)
	if !isName {
		l.error("M0714", e.Args[0].Span(), fmt.Sprintf("write `%s(NAME)`", e.Name.Text), "`%s` is asked of %s by name", e.Name.Text, withArticle(word))
		return 0, 0, false
	}
	sym := l.c.called(l.reading, l.c.names, word, id.Name)
	if sym == nil {
		return 0, 0, false
	}
	p := l.c.program
	switch word {
	case "points":
		facts = p.Points[sym.index].Facts
	case "coupon":
		facts = p.Coupons[sym.index].Facts
	case "sink":
		facts = p.Sinks[sym.index].Facts
	case "campaign":
		facts = p.Campaigns[sym.index].Facts
	}
	return sym.index, facts, true
}

// called resolves a name that must be of one of the words; nil, and reported unless it is an echo, if it is not.
func (c *compilation) called(reading string, space map[string]*symbol, word string, name dsl.Name) *symbol {
	sym, ok := space[name.Text]
	switch {
	case ok && sym.index < 0, !ok && c.incomplete, ok && sym.broken:
		return nil
	case ok && sym.word == word:
		return sym
	case ok:
		c.report("M0712", name.At, reading, c.near(name.Text, c.namesOf(space, word)), fmt.Sprintf("`%s` %s %s, and %s %s asked here", name.Text, isOrAre(sym.word), withArticle(sym.word), withArticle(word), isOrAre(word)))
		return nil
	}
	c.report("M0712", name.At, reading, c.near(name.Text, c.namesOf(space, word)), "no "+word+" "+isOrAre(word)+" called `"+name.Text+"`")
	return nil
}

func isOrAre(word string) string {
	if word == "points" || word == "tiers" {
		return "are"
	}
	return "is"
}

// factField is a field of a fact, per event.
func (l *lowering) factField(facts int, name string, at diag.Span) *ir.Node {
	e := l.c.program.Events[facts]
	for i, f := range e.Fields {
		if f.Name == name {
			return l.b.node(ir.Node{Op: ir.OpField, Type: f.Type, Index: i, Source: at}, fmt.Sprintf("%q.%q", e.Name, name))
		}
	}
	return nil
}

// perMember wraps a per-member node for use below an aggregate.
func (l *lowering) perMember(n *ir.Node) *ir.Node {
	if isConst(n) {
		return n
	}
	return l.b.op(ir.OpMember, n.Type, n.Source, n)
}

// datedWithin is the condition that the instant for which a fact counts lies in a window; nil for no window.
func (l *lowering) datedWithin(facts int, w ir.Window, at diag.Span) *ir.Node {
	dated := l.factField(facts, ir.FactDated, at)
	day := l.toDate(dated)
	today := l.b.op(ir.OpToday, dateType, at)
	switch w.Kind {
	case dsl.InLast:
		if w.Unit == dsl.Hour || w.Unit == dsl.Minute {
			from := l.b.shiftSpan(l.b.op(ir.OpNow, timeType, at), -w.N, w.Unit, at)
			return l.b.op(ir.OpGt, boolType, at, dated, l.perMember(from))
		}
		return l.b.op(ir.OpGt, boolType, at, day, l.perMember(l.b.shiftSpan(today, -w.N, w.Unit, at)))
	case dsl.InThis:
		return l.b.op(ir.OpGe, boolType, at, day, l.perMember(l.b.periodStart(today, w.Unit, at)))
	case dsl.InPrevious:
		start := l.b.periodStart(today, w.Unit, at)
		return l.b.and(at, l.b.op(ir.OpGe, boolType, at, day, l.perMember(l.b.shiftSpan(start, -w.N, w.Unit, at))),
			l.b.op(ir.OpLt, boolType, at, day, l.perMember(start)))
	}
	var conds []*ir.Node
	if w.From.Kind != ir.NoBound {
		conds = append(conds, l.bounded(w.From, ir.OpGe, dated, day, today, at))
	}
	if w.To.Kind != ir.NoBound {
		op := ir.OpLe
		if w.Kind == dsl.Before {
			op = ir.OpLt
		}
		conds = append(conds, l.bounded(w.To, op, dated, day, today, at))
	}
	if len(conds) == 0 {
		return nil
	}
	return l.b.and(at, conds...)
}

// bounded compares the instant of a fact, or its local date, with an end of a window.
func (l *lowering) bounded(b ir.Bound, op ir.Op, dated, day, today *ir.Node, at diag.Span) *ir.Node {
	switch b.Kind {
	case ir.DateBound:
		return l.b.op(op, boolType, at, day, l.b.date(b.Value, at))
	case ir.TimeBound:
		return l.b.op(op, boolType, at, dated, l.b.time(b.Value, at))
	case ir.StartBound:
		return l.b.op(ir.OpGt, boolType, at, dated, l.perMember(l.b.op(ir.OpStart, timeType, at)))
	}
	return l.b.op(op, boolType, at, day, l.perMember(today))
}

// expiring is expiring(P) in next SPAN: what is left of the lots whose last date lies in [today, today + span).
func (l *lowering) expiring(e *dsl.Call, facts int) operand {
	w := e.Window
	switch {
	case w == nil || w.Kind != dsl.InNext:
		at := e.At
		if w != nil {
			at = w.At
		}
		return l.fail("M0714", at, "such as `expiring(POINTS) in next 30 days`", "`expiring` looks ahead: it takes a window `in next …`")
	case w.Unit == dsl.Hour || w.Unit == dsl.Minute:
		return l.fail("M0714", w.At, "write days or longer", "points expire at midnights, not within hours")
	case tooLong(w.N, w.Unit):
		return l.fail("M0408", w.At, "", "a window of more than 1000 years")
	}
	today := l.b.op(ir.OpToday, dateType, e.At)
	last := l.factField(facts, ir.FactExpires, e.At)
	agg := ir.Aggregate{Fn: ir.AggSum, Event: facts, Source: e.At, Type: intType, Value: l.factField(facts, ir.FactActive, e.At)}
	agg.Where = l.b.and(e.At, l.b.op(ir.OpGe, boolType, e.At, last, l.perMember(today)),
		l.b.op(ir.OpLt, boolType, e.At, last, l.perMember(l.b.shiftSpan(today, w.N, w.Unit, e.At))))
	return l.done(l.b.slot(agg), e.At)
}

// periodStart is the first day of the calendar period that holds a date.
func (b *builder) periodStart(x *ir.Node, unit dsl.Unit, at diag.Span) *ir.Node {
	if unit == dsl.Day {
		return x
	}
	return b.node(ir.Node{Op: ir.OpPeriodStart, Type: dateType, Args: []*ir.Node{x}, N: int64(b.program.WeekStart), Unit: unit, Source: at},
		fmt.Sprintf("%s from %d", unit, b.program.WeekStart))
}

// holdsFacts is the condition that a sum over facts is above nothing: a usable coupon, an open case.
func (l *lowering) holdsFacts(facts int, field string, at diag.Span) operand {
	agg := ir.Aggregate{Fn: ir.AggSum, Event: facts, Source: at, Type: intType, Value: l.factField(facts, field, at)}
	return l.done(l.b.truth(l.b.op(ir.OpGt, boolType, at, l.b.slot(agg), l.b.int(0, at))), at)
}

package compiler

import (
	"fmt"
	"sort"
	"strconv"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
)

// lowerIdent resolves a bare name: in the scope of an event a field of the event and nothing else, otherwise a name of
// members.
func (l *lowering) lowerIdent(e *dsl.Ident) operand {
	name := e.Name
	if l.event != nil {
		return l.eventName(name)
	}
	if l.hand != nil {
		if x, ok := l.handName(name); ok {
			return x
		}
	}
	if !name.Quoted {
		switch name.Text {
		case "now":
			return nodeOperand(l.b.op(ir.OpNow, timeType, name.At), name.At)
		case "today":
			return nodeOperand(l.b.op(ir.OpToday, dateType, name.At), name.At)
		}
	}
	return l.memberName(name)
}

// memberName resolves an attribute, tag, segment, list, or definition of a prompt.
func (l *lowering) memberName(name dsl.Name) operand {
	at := name.At
	sym, ok := l.c.names[name.Text]
	if q, isLet := l.c.lets[name.Text]; isLet && q != nil && q.Node != nil {
		if ok && !sym.broken {
			return l.fail("M0215", at, "give the definition another name", "`%s` could be the %s or the definition of this session", name.Text, sym.word)
		}
		return nodeOperand(l.b.adopt(q.Node), at)
	}
	switch {
	case !ok && l.c.incomplete, ok && sym.index < 0:
		return brokenAt(at)
	case !ok:
		return l.unknownName(name)
	}
	switch sym.word {
	case "attribute":
		return l.attribute(sym, at)
	case "tag":
		return l.tag(sym, at)
	case "segment":
		return l.segment(sym, at)
	case "list":
		return nodeOperand(l.b.node(ir.Node{Op: ir.OpList, Type: boolType, Index: sym.index, Source: at}, strconv.Quote(sym.name)), at)
	case "tiers":
		return l.tierOf(sym, at)
	case "coupon":
		if sym.broken {
			return brokenAt(at)
		}
		return l.holdsFacts(l.c.program.Coupons[sym.index].Facts, ir.FactHeld, at)
	case "case":
		if sym.broken {
			return brokenAt(at)
		}
		return l.holdsFacts(l.c.program.Cases[sym.index].Facts, ir.FactOpen, at)
	case "event":
		if sym.broken {
			return brokenAt(at)
		}
		return l.fail("M0207", at, "aggregate it: `has("+sym.name+")`, `count("+sym.name+")`, `last("+sym.name+")`",
			"`%s` is an event, which has no value of its own", sym.name)
	}
	if sym.broken {
		return brokenAt(at)
	}
	hint := ""
	switch sym.word {
	case "points":
		hint = "write `balance(" + sym.name + ")`"
	case "sink":
		hint = "write `sent(" + sym.name + ")`"
	case "campaign":
		hint = "write `reached(" + sym.name + ")`"
	}
	return l.fail("M0207", at, hint, "`%s` %s %s, which %s no value", sym.name, isOrAre(sym.word), withArticle(sym.word), hasOrHave(sym.word))
}

func (l *lowering) attribute(sym *symbol, at diag.Span) operand {
	if sym.broken {
		return brokenAt(at)
	}
	t := l.c.program.Attributes[sym.index].Type
	return nodeOperand(l.b.node(ir.Node{Op: ir.OpAttr, Type: t, Index: sym.index, Source: at}, strconv.Quote(sym.name)), at)
}

func (l *lowering) tag(sym *symbol, at diag.Span) operand {
	tag := l.c.program.Tags[sym.index]
	if sym.broken || !tag.Manual && tag.Expr == nil {
		return brokenAt(at)
	}
	n := ir.Node{Op: ir.OpTag, Type: tag.Type, Index: sym.index, Source: at}
	n.Nullable = tag.Manual || tag.Expr.Nullable
	return nodeOperand(l.b.node(n, strconv.Quote(sym.name)), at)
}

func (l *lowering) segment(sym *symbol, at diag.Span) operand {
	if sym.broken || l.c.program.Segments[sym.index].Expr == nil {
		return brokenAt(at)
	}
	return nodeOperand(l.b.node(ir.Node{Op: ir.OpSegment, Type: boolType, Index: sym.index, Source: at}, strconv.Quote(sym.name)), at)
}

// unknownName reports a name that nothing in the scope of a member has.
func (l *lowering) unknownName(name dsl.Name) operand {
	switch name.Text {
	case "at", "day":
		return l.fail("M0208", name.At, "aggregate it, as in `last(EVENT)` or `distinct(EVENT."+name.Text+")`",
			"`%s` is the %s of an event, and this is about the member", name.Text, map[string]string{"at": "time", "day": "local date"}[name.Text])
	case "start":
		if l.inRun {
			return nodeOperand(l.b.op(ir.OpStart, timeType, name.At), name.At)
		}
		return l.fail("M0411", name.At, "", "`start` is the start of a campaign's run, and this is not in a campaign")
	}
	if events := l.eventsWith(name.Text); len(events) > 0 {
		return l.fail("M0208", name.At, fmt.Sprintf("aggregate it, as in `last(%s.%s)`", events[0], name.Text),
			"`%s` is a field of `%s`, and this is about the member", name.Text, events[0])
	}
	candidates := l.c.namesOf(l.c.names, "attribute", "tag", "segment", "list", "tiers", "coupon", "case")
	for let := range l.c.lets {
		candidates = append(candidates, let)
	}
	return l.fail("M0205", name.At, l.c.near(name.Text, sorted(candidates)), "no attribute, tag, segment or list is called `%s`", name.Text)
}

func (l *lowering) eventsWith(field string) []string {
	var events []string
	for _, e := range l.c.events {
		if _, ok := e.fields[field]; ok {
			events = append(events, e.sym.name)
		}
	}
	sort.Strings(events)
	return events
}

// eventName resolves a bare name among the fields of the event.
func (l *lowering) eventName(name dsl.Name) operand {
	at := name.At
	if f, ok := l.event.fields[name.Text]; ok {
		return l.field(f, at)
	}
	switch name.Text {
	case "at":
		return nodeOperand(l.b.op(ir.OpAt, timeType, at), at)
	case "day":
		return nodeOperand(l.toDate(l.b.op(ir.OpAt, timeType, at)), at)
	case "now", "today":
		return l.clockInEvent(at, name.Text)
	case "start":
		return l.fail("M0411", at, "", "`start` is the start of a campaign's run, and this is not in a campaign")
	}
	event := l.event.sym.name
	hint := l.c.near(name.Text, l.event.names())
	if sym, ok := l.c.names[name.Text]; ok && hint == "" {
		switch {
		case l.computed:
			hint = "a computed field knows its own event only"
		case sym.word == "attribute" || sym.word == "tag":
			hint = "write `member." + name.Text + "` for the " + sym.word
		case sym.word == "segment" || sym.word == "list":
			hint = "ask for the " + sym.word + " outside the `where`"
		}
	}
	if l.event.sym.broken {
		return brokenAt(at)
	}
	return l.fail("M0209", at, hint, "event `%s` has no field `%s`", event, name.Text)
}

// names lists what a bare name can be within the event.
func (e *eventInfo) names() []string {
	names := []string{"at", "day"}
	for name := range e.fields {
		names = append(names, name)
	}
	return sorted(names)
}

// field is a stored field, or the expression of a computed one.
func (l *lowering) field(f *fieldInfo, at diag.Span) operand {
	if !f.computed {
		if f.broken {
			return brokenAt(at)
		}
		leaf := strconv.Quote(l.event.sym.name) + "." + strconv.Quote(f.name)
		return nodeOperand(l.b.node(ir.Node{Op: ir.OpField, Type: f.typ, Index: f.index, Source: at}, leaf), at)
	}
	n := l.c.program.Events[l.event.sym.index].Computed[f.index].Expr
	if n == nil {
		return brokenAt(at)
	}
	return l.done(n, at)
}

// lowerSelect is X.NAME: member.NAME, or a column of a row.
func (l *lowering) lowerSelect(e *dsl.Select) operand {
	at := e.Span()
	if id, ok := e.X.(*dsl.Ident); ok {
		if id.Name.Text == "member" && !id.Name.Quoted {
			return l.ofMember(e)
		}
		if l.hand != nil && l.hand.sym.name == id.Name.Text && l.event == nil {
			return l.inHand(e)
		}
		if sym, ok := l.c.names[id.Name.Text]; ok && sym.word == "tiers" && l.event == nil {
			return l.tierProperty(e, sym)
		}
		if sym, ok := l.c.names[id.Name.Text]; ok && sym.word == "event" && sym.index >= 0 && (l.event == nil || l.event.fields[id.Name.Text] == nil) {
			return l.bareEventField(e, sym)
		}
	}
	x := l.lower(e.X)
	if !l.ready(x) {
		return brokenAt(at)
	}
	return l.column(x, e.Name, at)
}

// bareEventField reports EVENT.FIELD outside an aggregate's first argument.
func (l *lowering) bareEventField(e *dsl.Select, sym *symbol) operand {
	if l.event != nil && l.event.sym == sym {
		return l.fail("M0209", e.Span(), "write `"+e.Name.Text+"`", "within the event a field is written without the event's name")
	}
	return l.fail("M0207", e.Span(), fmt.Sprintf("aggregate it: `last(%s.%s)`, `sum(%s.%s)`, …", sym.name, e.Name.Text, sym.name, e.Name.Text),
		"a member has many `%s` events: say which value is meant", sym.name)
}

// ofMember is member.NAME.
func (l *lowering) ofMember(e *dsl.Select) operand {
	at := e.Span()
	switch {
	case l.computed:
		return l.fail("M0210", at, "compute it in a tag", "a computed field knows its own event only, not the member")
	case l.event == nil && l.hand != nil:
		member := *l
		member.hand = nil
		return member.memberName(e.Name)
	case l.event == nil:
		return l.memberName(e.Name)
	}
	sym, ok := l.c.names[e.Name.Text]
	if !ok && l.c.incomplete {
		return brokenAt(at)
	}
	if !ok {
		return l.fail("M0205", e.Name.At, l.c.near(e.Name.Text, l.c.namesOf(l.c.names, "attribute", "tag")), "no attribute or tag is called `%s`", e.Name.Text)
	}
	if sym.index < 0 {
		return brokenAt(at)
	}
	if sym.word != "attribute" && sym.word != "tag" {
		return l.fail("M0210", at, "ask for it outside the `where`", "`member.` reaches an attribute or a tag, and `%s` is %s", sym.name, withArticle(sym.word))
	}
	outer := l.c.memberScope(l.reading)
	x := outer.memberName(e.Name)
	if x.broken {
		return brokenAt(at)
	}
	return nodeOperand(l.b.op(ir.OpMember, x.node.Type, at, x.node), at)
}

// column is column NAME of the row x.
func (l *lowering) column(x operand, name dsl.Name, at diag.Span) operand {
	if x.kind() != ir.Row {
		hint := ""
		if x.kind() == ir.Time || x.kind() == ir.Date {
			hint = "write `" + name.Text + "(…)`"
		}
		return l.fail("M0211", name.At, hint, "%s has no columns: only a row of a table has", x.what())
	}
	table := x.typ().Table
	for i, col := range table.Columns {
		if col.Name != name.Text {
			continue
		}
		if i == table.Key {
			return nodeOperand(l.asText(x.node), at)
		}
		if col.Type.Kind == ir.Invalid {
			return brokenAt(at)
		}
		build := func(row *ir.Node) *ir.Node {
			return l.b.node(ir.Node{Op: ir.OpColumn, Type: col.Type, Args: []*ir.Node{row}, Index: i, Source: at}, strconv.Quote(col.Name))
		}
		if x.node.Op == ir.OpMember {
			return l.done(l.b.op(ir.OpMember, col.Type, at, build(x.node.Args[0])), at)
		}
		return l.done(build(x.node), at)
	}
	var names []string
	for _, col := range table.Columns {
		names = append(names, col.Name)
	}
	return l.fail("M0212", name.At, l.c.near(name.Text, sorted(names)), "table `%s` has no column `%s`", table.Name, name.Text)
}

func sorted(names []string) []string {
	sort.Strings(names)
	return names
}

package compiler

import (
	"math/big"
	"slices"
	"strconv"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
)

// function is a call that is no aggregate.
type function struct {
	min, max int // how many arguments; max -1 for any number
	// clock says that the value depends on the clock or the population, which a where cannot.
	clock bool
	lower func(l *lowering, e *dsl.Call, args []operand) operand
}

var functions map[string]function

func init() {
	functions = map[string]function{
		"floor":       {1, 1, false, (*lowering).whole},
		"ceil":        {1, 1, false, (*lowering).whole},
		"round":       {1, 1, false, (*lowering).whole},
		"abs":         {1, 1, false, (*lowering).abs},
		"least":       {2, -1, false, (*lowering).extreme},
		"greatest":    {2, -1, false, (*lowering).extreme},
		"lower":       {1, 1, false, (*lowering).lowerCase},
		"length":      {1, 1, false, (*lowering).length},
		"year":        {1, 1, false, (*lowering).datePart},
		"quarter":     {1, 1, false, (*lowering).datePart},
		"month":       {1, 1, false, (*lowering).datePart},
		"day":         {1, 1, false, (*lowering).datePart},
		"weekday":     {1, 1, false, (*lowering).datePart},
		"hour":        {1, 1, false, (*lowering).hour},
		"date":        {1, 1, false, (*lowering).dateOf},
		"age":         {1, 1, true, (*lowering).age},
		"anniversary": {1, 1, true, (*lowering).age},
		"ntile":       {2, 2, true, (*lowering).ntileCall},
		"bucket":      {2, -1, false, (*lowering).bucket},
		"chance":      {1, 1, true, (*lowering).chance},
	}
}

// lowerCall is a function or an aggregate.
func (l *lowering) lowerCall(e *dsl.Call) operand {
	name := e.Name.Text
	if fn, ok := aggregates[name]; ok {
		return l.aggregate(e, fn)
	}
	if fn, ok := factFunctions[name]; ok {
		return l.factCall(e, fn)
	}
	f, ok := functions[name]
	if !ok {
		return l.unknownCall(e)
	}
	args := make([]operand, len(e.Args))
	for i, a := range e.Args {
		args[i] = l.lower(a)
	}
	switch {
	case e.Window != nil:
		return l.fail("M0405", e.Window.At, "put it directly after the aggregate", "a window belongs to an aggregate, and `%s` is none", name)
	case e.Where != nil:
		return l.fail("M0405", e.Where.Span(), "put it into the aggregate's parentheses", "`where` belongs to an aggregate, and `%s` is none", name)
	case e.By != nil:
		return l.fail("M0405", e.By.Span(), "", "`by` belongs to `top`, and `%s` has none", name)
	case len(args) < f.min || f.max >= 0 && len(args) > f.max:
		return l.fail("M0321", e.At, signature(name), "`%s` takes %s, not %d", name, arity(f), len(args))
	case f.clock && l.event != nil:
		if name == "ntile" || name == "chance" {
			return l.fail("M0410", e.Name.At, "make a tag of it and write `member.TAG`", "`%s` is about the member, and looks at no event", name)
		}
		return l.clockInEvent(e.Name.At, name)
	case !l.ready(args...):
		return brokenAt(e.At)
	}
	return f.lower(l, e, args)
}

func (l *lowering) unknownCall(e *dsl.Call) operand {
	name := e.Name.Text
	var candidates []string
	for f := range functions {
		candidates = append(candidates, f)
	}
	for a := range aggregates {
		candidates = append(candidates, a)
	}
	for f := range factFunctions {
		candidates = append(candidates, f)
	}
	hint := l.c.near(name, sorted(candidates))
	if _, ok := l.c.names[name]; ok && hint == "" {
		hint = "a name is written without parentheses"
	}
	return l.fail("M0213", e.Name.At, hint, "no function is called `%s`", name)
}

func signature(name string) string {
	switch name {
	case "ntile":
		return "write `ntile(5, VALUE)`"
	case "bucket":
		return "write `bucket(VALUE, 500, 2000)`"
	case "chance":
		return "write `chance(\"salt\")`"
	}
	return ""
}

func arity(f function) string {
	noun := " arguments"
	if f.min == 1 && f.max == 1 {
		noun = " argument"
	}
	if f.max < 0 {
		return "at least " + strconv.Itoa(f.min) + noun
	}
	return strconv.Itoa(f.min) + noun
}

// whole is floor, ceil, round: an int of the unrounded value, of money in major units.
func (l *lowering) whole(e *dsl.Call, args []operand) operand {
	x := args[0]
	name := e.Name.Text
	if x.isLit() {
		r := map[string]func(*big.Rat) *big.Rat{"floor": floorLit, "ceil": ceilLit, "round": roundLit}[name](x.lit)
		return l.fits(operand{at: e.At, lit: r, isInt: true})
	}
	op := map[string]ir.Op{"floor": ir.OpFloor, "ceil": ir.OpCeil, "round": ir.OpRound}[name]
	switch {
	case x.kind() == ir.Int:
		x.at = e.At
		return x
	case x.plain != nil:
		return l.done(l.b.op(op, intType, e.At, x.plain), e.At)
	case x.kind() == ir.Number:
		return l.done(l.b.op(op, intType, e.At, x.node), e.At)
	case x.isMoney():
		return l.done(l.b.op(op, intType, e.At, l.exact(x.node)), e.At)
	}
	return l.needs(e, x, "a number or money")
}

// needs reports an argument of a wrong type.
func (l *lowering) needs(e *dsl.Call, x operand, what string) operand {
	return l.fail("M0322", x.at, "", "`%s` takes %s, and this is %s", e.Name.Text, what, x.what())
}

func (l *lowering) abs(e *dsl.Call, args []operand) operand {
	x := args[0]
	switch {
	case x.isLit():
		return l.fits(operand{at: e.At, lit: new(big.Rat).Abs(x.lit), isInt: x.isInt})
	case !isNumeric(x.kind()):
		return l.needs(e, x, "a number or money")
	}
	return l.done(l.b.op(ir.OpAbs, x.typ(), e.At, x.node), e.At)
}

// extreme is least and greatest, of numbers, money, dates or times.
func (l *lowering) extreme(e *dsl.Call, args []operand) operand {
	op, wanted := ir.OpLeast, -1
	if e.Name.Text == "greatest" {
		op, wanted = ir.OpGreatest, 1
	}
	lits := true
	for _, x := range args {
		if !isNumeric(x.kind()) && !isTemporal(x.kind()) {
			return l.needs(e, x, "numbers, money, dates or times")
		}
		lits = lits && x.isLit()
	}
	if lits {
		best := args[0]
		for _, x := range args[1:] {
			if x.lit.Cmp(best.lit) == wanted {
				best = x
			}
		}
		best.at = e.At
		return best
	}
	nodes, t, ok := l.unify(e.Name.Text, e.At, args...)
	if !ok {
		return brokenAt(e.At)
	}
	return l.done(l.b.op(op, t, e.At, nodes...), e.At)
}

// asString takes strings, and enums and rows by their text.
func (l *lowering) asString(x operand) (*ir.Node, bool) {
	switch x.kind() {
	case ir.String, ir.Enum, ir.Row:
		return l.asText(x.node), true
	}
	return nil, false
}

func (l *lowering) lowerCase(e *dsl.Call, args []operand) operand {
	n, ok := l.asString(args[0])
	if !ok {
		return l.needs(e, args[0], "a string")
	}
	return l.done(l.b.op(ir.OpLower, stringType, e.At, n), e.At)
}

func (l *lowering) length(e *dsl.Call, args []operand) operand {
	n, ok := l.asString(args[0])
	if !ok {
		return l.needs(e, args[0], "a string")
	}
	return l.done(l.b.op(ir.OpLength, intType, e.At, n), e.At)
}

var dateParts = map[string]ir.Op{
	"year": ir.OpYear, "quarter": ir.OpQuarter, "month": ir.OpMonth, "day": ir.OpDay, "weekday": ir.OpWeekday,
}

// datePart is year, quarter, month, day, weekday of a date, or of the local date of a time.
func (l *lowering) datePart(e *dsl.Call, args []operand) operand {
	x := args[0]
	if !isTemporal(x.kind()) {
		return l.needs(e, x, "a date or a time")
	}
	return l.done(l.b.op(dateParts[e.Name.Text], intType, e.At, l.toDate(x.node)), e.At)
}

func (l *lowering) hour(e *dsl.Call, args []operand) operand {
	x := args[0]
	if x.kind() != ir.Time {
		return l.needs(e, x, "a time")
	}
	return l.done(l.b.op(ir.OpHour, intType, e.At, x.node), e.At)
}

func (l *lowering) dateOf(e *dsl.Call, args []operand) operand {
	x := args[0]
	if !isTemporal(x.kind()) {
		return l.needs(e, x, "a time")
	}
	return l.done(l.toDate(x.node), e.At)
}

// age is age(birthday) and anniversary(date).
func (l *lowering) age(e *dsl.Call, args []operand) operand {
	x := args[0]
	if !isTemporal(x.kind()) {
		return l.needs(e, x, "a date or a time")
	}
	if e.Name.Text == "anniversary" {
		return l.done(l.b.op(ir.OpAnniversary, dateType, e.At, l.toDate(x.node)), e.At)
	}
	return l.done(l.b.op(ir.OpAge, intType, e.At, l.toDate(x.node)), e.At)
}

// maxGroups bounds n of ntile.
const maxGroups = 10_000

func (l *lowering) ntileCall(e *dsl.Call, args []operand) operand {
	n, x := args[0], args[1]
	if !n.isLit() || !n.isInt || n.lit.Num().Sign() <= 0 || n.lit.Num().Cmp(big.NewInt(maxGroups)) > 0 {
		return l.fail("M0323", n.at, "write `ntile(5, VALUE)`", "the number of groups is written as an int from 1 to %d", maxGroups)
	}
	if !isOrdered(x.kind()) {
		return l.needs(e, x, "something with an order as its second argument")
	}
	v := l.settle(l.value(x))
	if v == nil {
		return brokenAt(e.At)
	}
	return l.done(l.b.ntile(n.lit.Num().Int64(), v, e.At), e.At)
}

func (l *lowering) chance(e *dsl.Call, args []operand) operand {
	x := args[0]
	if x.text == nil {
		return l.fail("M0324", x.at, "write `chance(\"salt\")`", "the salt of `chance` is a string that is written out")
	}
	return l.done(l.b.node(ir.Node{Op: ir.OpChance, Type: numberType, Text: *x.text, Source: e.At}, strconv.Quote(*x.text)), e.At)
}

// bucket is an ordered enum of ranges between ascending constants.
func (l *lowering) bucket(e *dsl.Call, args []operand) operand {
	x, bounds := args[0], args[1:]
	if !isNumeric(x.kind()) && !isTemporal(x.kind()) {
		return l.needs(e, x, "a number, money, a date or a time")
	}
	for _, b := range bounds {
		switch {
		case !b.isLit() && (b.node == nil || !isConst(b.node)):
			return l.fail("M0325", b.at, "", "the bounds of a bucket are constants")
		case isNumeric(x.kind()) != isNumeric(b.kind()) || isTemporal(x.kind()) != isTemporal(b.kind()):
			return l.fail("M0325", b.at, "", "a bound is of the kind of what is put into buckets: this is %s", b.what())
		}
	}
	v, consts := l.bucketBounds(x, bounds)
	if v == nil {
		return brokenAt(e.At)
	}
	labels := make([]string, 0, len(bounds)+1)
	text := func(i int) string { return e.Args[i+1].Span().Text() }
	labels = append(labels, "<"+text(0))
	for i := 1; i < len(bounds); i++ {
		if !lessValue(consts[i-1], consts[i]) {
			return l.fail("M0325", bounds[i].at, "", "the bounds of a bucket ascend, and `%s` is not above `%s`", text(i), text(i-1))
		}
		labels = append(labels, text(i-1)+"-"+text(i))
	}
	labels = append(labels, ">="+text(len(bounds)-1))
	t := ir.Type{Kind: ir.Enum, Enum: l.b.enum(l.reading, labels)}
	return l.done(l.b.node(ir.Node{Op: ir.OpBucket, Type: t, Args: []*ir.Node{v}, Consts: consts, Source: e.At}, ""), e.At)
}

// bucketBounds brings the value and its bounds to one type.
func (l *lowering) bucketBounds(x operand, bounds []operand) (*ir.Node, []ir.Value) {
	all := append([]operand{x}, bounds...)
	if slices.ContainsFunc(all, func(o operand) bool { return o.kind() == ir.Date }) {
		for i, o := range all {
			all[i] = nodeOperand(l.toDate(o.node), o.at) // beside a date a time counts as its local date
		}
	}
	nodes, _, ok := l.unify("bucket", x.at, all...)
	if !ok {
		return nil, nil
	}
	consts := make([]ir.Value, len(bounds))
	for i, n := range nodes[1:] {
		n = l.settle(n)
		if !isConst(n) {
			l.error("M0306", bounds[i].at, "", "this is beyond what can be computed")
			return nil, nil
		}
		consts[i] = n.Const
	}
	return l.settle(nodes[0]), consts
}

package compiler

import (
	"slices"
	"sort"
	"strconv"

	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
)

// builder makes nodes and slots, each meaning once. Equal meanings have equal keys, whatever the rule set around them:
// keys speak of names and types, never of indices.
type builder struct {
	program *ir.Program
	zone    *calendar.Zone
	digits  int
	asked   bool // of a query: its ntiles take their cuts when they are asked, and are none of the program's

	nodes  map[string]*ir.Node
	sizes  map[*ir.Node]int // as a tree, saturating: what an executor without sharing would walk
	slots  map[string]*ir.Aggregate
	ntiles map[string]*ir.Ntile
	enums  map[string]*ir.EnumType
	// Of each enum met: its part of a key, and where its values stand.
	enumKeys map[*ir.EnumType]string
	ordinals map[*ir.EnumType]map[string]int
}

func newBuilder(p *ir.Program) *builder {
	return &builder{
		program: p,
		nodes:   map[string]*ir.Node{},
		sizes:   map[*ir.Node]int{},
		slots:   map[string]*ir.Aggregate{},
		ntiles:  map[string]*ir.Ntile{},
		enums:   map[string]*ir.EnumType{},

		enumKeys: map[*ir.EnumType]string{},
		ordinals: map[*ir.EnumType]map[string]int{},
	}
}

// enum returns the one enum type of a list of values. Two declarations with the same list have the same type.
func (b *builder) enum(name string, values []string) *ir.EnumType {
	key := quoteAll(values)
	if e, ok := b.enums[key]; ok {
		return e
	}
	e := &ir.EnumType{Name: name, Values: values}
	b.enums[key] = e
	return e
}

// ordinal is the place of a text among the values of an enum, or -1. Lists may be long, so it is looked up.
func (b *builder) ordinal(e *ir.EnumType, text string) int {
	m, ok := b.ordinals[e]
	if !ok {
		m = make(map[string]int, len(e.Values))
		for i, v := range e.Values {
			m[v] = i
		}
		b.ordinals[e] = m
	}
	if i, ok := m[text]; ok {
		return i
	}
	return -1
}

// maxSize bounds what one expression may grow to when computed fields and definitions are inlined into it.
const maxSize = 20_000

// node finishes a node: nullability, constant folding, key, and the one node of that key. leaf names leaves.
func (b *builder) node(n ir.Node, leaf string) *ir.Node {
	toRight(&n)
	n.Nullable = nullable(&n)
	if folded := b.fold(&n); folded != nil {
		return folded
	}
	n.Key = b.key(&n, leaf)
	if old, ok := b.nodes[n.Key]; ok {
		return old
	}
	size := 1
	for _, a := range n.Args {
		size = min(size+b.size(a), maxSize+1)
	}
	p := &n
	b.nodes[n.Key] = p
	b.sizes[p] = size
	return p
}

func (b *builder) size(n *ir.Node) int {
	if s, ok := b.sizes[n]; ok {
		return s
	}
	s := 1
	for _, a := range n.Args {
		s = min(s+b.size(a), maxSize+1)
	}
	b.sizes[n] = s
	return s
}

// op is a node of plain operands.
func (b *builder) op(op ir.Op, t ir.Type, at diag.Span, args ...*ir.Node) *ir.Node {
	return b.node(ir.Node{Op: op, Type: t, Args: args, Source: at}, "")
}

func (b *builder) constant(t ir.Type, v ir.Value, at diag.Span) *ir.Node {
	return b.node(ir.Node{Op: ir.OpConst, Type: t, Const: v, Source: at}, valueKey(v))
}

func (b *builder) bool(v bool, at diag.Span) *ir.Node {
	return b.constant(boolType, ir.BoolValue(v), at)
}

func (b *builder) int(i int64, at diag.Span) *ir.Node {
	return b.constant(intType, ir.IntLike(ir.Int, i), at)
}

func (b *builder) string(s string, at diag.Span) *ir.Node {
	return b.constant(stringType, ir.StringValue(s), at)
}

func (b *builder) enumConst(e *ir.EnumType, ordinal int, at diag.Span) *ir.Node {
	return b.constant(ir.Type{Kind: ir.Enum, Enum: e}, ir.IntLike(ir.Enum, int64(ordinal)), at)
}

func (b *builder) rowConst(t ir.Type, key string, at diag.Span) *ir.Node {
	return b.constant(t, ir.Value{Known: true, Kind: ir.Row, S: key}, at)
}

func (b *builder) date(d int64, at diag.Span) *ir.Node {
	return b.constant(dateType, ir.IntLike(ir.Date, d), at)
}

func (b *builder) time(t int64, at diag.Span) *ir.Node {
	return b.constant(timeType, ir.IntLike(ir.Time, t), at)
}

// and is the conjunction of conditions, flat and each once.
func (b *builder) and(at diag.Span, args ...*ir.Node) *ir.Node {
	return b.junction(ir.OpAnd, at, args)
}

func (b *builder) or(at diag.Span, args ...*ir.Node) *ir.Node {
	return b.junction(ir.OpOr, at, args)
}

func (b *builder) junction(op ir.Op, at diag.Span, args []*ir.Node) *ir.Node {
	neutral := op == ir.OpAnd
	var flat []*ir.Node
	seen := map[string]bool{}
	var take func(n *ir.Node)
	take = func(n *ir.Node) {
		switch {
		case n.Op == op:
			for _, a := range n.Args {
				take(a)
			}
		case isConst(n) && n.Const.True() == neutral:
		case !seen[n.Key]:
			seen[n.Key] = true
			flat = append(flat, n)
		}
	}
	for _, a := range args {
		take(a)
	}
	for _, n := range flat {
		if isConst(n) {
			return b.bool(!neutral, at)
		}
	}
	switch len(flat) {
	case 0:
		return b.bool(neutral, at)
	case 1:
		return flat[0]
	}
	return b.op(op, boolType, at, flat...)
}

func (b *builder) not(at diag.Span, x *ir.Node) *ir.Node {
	if x.Op == ir.OpNot {
		return x.Args[0]
	}
	return b.op(ir.OpNot, boolType, at, x)
}

func (b *builder) known(at diag.Span, x *ir.Node) *ir.Node {
	return b.op(ir.OpKnown, boolType, at, x)
}

// truth is a bool where a condition is asked: unknown is false.
func (b *builder) truth(x *ir.Node) *ir.Node {
	if !x.Nullable {
		return x
	}
	return b.op(ir.OpTruth, boolType, x.Source, x)
}

// in asks whether x is one of constants of its own type.
func (b *builder) in(at diag.Span, x *ir.Node, consts []ir.Value) *ir.Node {
	values := slices.Clone(consts)
	sort.Slice(values, func(i, j int) bool { return lessValue(values[i], values[j]) })
	values = slices.CompactFunc(values, func(a, b ir.Value) bool { return valueKey(a) == valueKey(b) })
	return b.node(ir.Node{Op: ir.OpIn, Type: boolType, Args: []*ir.Node{x}, Consts: values, Source: at}, "")
}

func lessValue(a, b ir.Value) bool {
	switch a.Kind {
	case ir.Number:
		return a.F < b.F
	case ir.String, ir.Row:
		return a.S < b.S
	}
	return a.I < b.I
}

// slot is the node of an aggregate: equal aggregates are one.
func (b *builder) slot(a ir.Aggregate) *ir.Node {
	a.Key = b.aggregateKey(&a)
	agg, ok := b.slots[a.Key]
	if !ok {
		agg = &a
		b.slots[a.Key] = agg
	}
	return b.node(ir.Node{Op: ir.OpSlot, Type: agg.Type, Agg: agg, Source: a.Source}, agg.Key)
}

func (b *builder) ntile(n int64, x *ir.Node, at diag.Span) *ir.Node {
	groups := strconv.FormatInt(n, 10)
	if b.asked {
		groups = "asked " + groups
	}
	k := short("ntile " + groups + " (" + x.Key + ")")
	nt, ok := b.ntiles[k]
	if !ok {
		nt = &ir.Ntile{N: n, Expr: x, Key: k}
		b.ntiles[k] = nt
	}
	return b.node(ir.Node{Op: ir.OpNtile, Type: intType, N: n, Args: []*ir.Node{x}, Ntile: nt, Source: at},
		groups)
}

// shiftSpan is x plus n units.
func (b *builder) shiftSpan(x *ir.Node, n int64, unit dsl.Unit, at diag.Span) *ir.Node {
	return b.node(ir.Node{Op: ir.OpAddSpan, Type: x.Type, Args: []*ir.Node{x}, N: n, Unit: unit, Source: at}, "")
}

// toRight puts a constant operand of a comparison on the right.
func toRight(n *ir.Node) {
	if n.Op < ir.OpEq || n.Op > ir.OpGe || len(n.Args) != 2 || !isConst(n.Args[0]) || isConst(n.Args[1]) {
		return
	}
	n.Args = []*ir.Node{n.Args[1], n.Args[0]}
	switch n.Op {
	case ir.OpLt:
		n.Op = ir.OpGt
	case ir.OpLe:
		n.Op = ir.OpGe
	case ir.OpGt:
		n.Op = ir.OpLt
	case ir.OpGe:
		n.Op = ir.OpLe
	}
}

// isConst tells a known constant.
func isConst(n *ir.Node) bool { return n.Op == ir.OpConst && n.Const.Known }

// nullable tells whether a node may be unknown, from its operation and operands.
func nullable(n *ir.Node) bool {
	switch n.Op {
	case ir.OpConst:
		return !n.Const.Known
	case ir.OpAttr, ir.OpColumn, ir.OpField:
		return true
	case ir.OpTag:
		return n.Nullable
	case ir.OpSlot:
		return n.Agg.Nullable
	case ir.OpMember, ir.OpIntToNumber, ir.OpMoneyToExact, ir.OpEnumMap, ir.OpText, ir.OpTimeToDate, ir.OpLower,
		ir.OpLength, ir.OpDaysBetween, ir.OpYear, ir.OpQuarter, ir.OpMonth, ir.OpDay, ir.OpWeekday, ir.OpHour,
		ir.OpAge, ir.OpAnniversary, ir.OpPeriodStart, ir.OpNtile, ir.OpBucket, ir.OpLeast, ir.OpGreatest:
		return anyNullable(n.Args)
	case ir.OpCoalesce:
		return n.Args[0].Nullable && n.Args[1].Nullable
	case ir.OpWhen:
		if len(n.Args)%2 == 0 {
			return true
		}
		for i, a := range n.Args {
			if (i%2 == 1 || i == len(n.Args)-1) && a.Nullable {
				return true
			}
		}
		return false
	case ir.OpAdd, ir.OpSub, ir.OpMul, ir.OpDiv, ir.OpNeg, ir.OpAbs, ir.OpFloor, ir.OpCeil, ir.OpRound,
		ir.OpIntToMoney, ir.OpNumberToExact, ir.OpExactToMoney, ir.OpFactor, ir.OpAddSpan, ir.OpHoursSince,
		ir.OpHoursUntil:
		return true // may overflow, or divide by zero
	}
	return false
}

func anyNullable(args []*ir.Node) bool {
	for _, a := range args {
		if a.Nullable {
			return true
		}
	}
	return false
}

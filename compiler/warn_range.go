package compiler

import (
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
)

// mostJudged bounds how many operands, branches and constants are held against each other.
const mostJudged = 300

// verdict is what is known of a condition before any data is.
type verdict uint8

const (
	open    verdict = iota
	never           // holds for nobody
	known           // holds for everybody for whom the operand is known
	forEver         // holds for everybody
)

// judgeComparison warns of a comparison that can only come out one way.
func (l *lowering) judgeComparison(n *ir.Node, at diag.Span) {
	v, operand := l.c.judge(n)
	l.reportVerdict(v, operand, at)
	l.noteDays(n, at)
}

func (l *lowering) reportVerdict(v verdict, operand *ir.Node, at diag.Span) {
	name := "the operand"
	if operand != nil {
		name = "`" + sketchOf(operand.Source) + "`"
	}
	switch v {
	case never:
		l.warning("M0801", at, "", "this condition never holds")
	case known:
		l.warning("M0802", at, "write `… is known` if that is meant", "this condition holds for every known value of %s", name)
	case forEver:
		l.warning("M0802", at, "", "this condition always holds")
	}
}

// judge tells how a comparison can come out.
func (c *compilation) judge(n *ir.Node) (verdict, *ir.Node) {
	if isConst(n) {
		if n.Const.True() {
			return forEver, nil
		}
		return never, nil
	}
	if n.Op >= ir.OpEq && n.Op <= ir.OpGe && n.Args[0].Key == n.Args[1].Key {
		if n.Op.Holds(0) {
			return whenKnown(n.Args[0]), n.Args[0]
		}
		return never, n.Args[0]
	}
	x, r, ok := atom(n)
	if !ok || len(r.only) > mostJudged {
		return open, nil
	}
	domain := c.domain(x)
	if domain.kind != r.kind {
		return open, nil
	}
	switch {
	case domain.and(r).empty():
		return never, x
	case domain.within(r):
		return whenKnown(x), x
	}
	return open, x
}

func whenKnown(x *ir.Node) verdict {
	if x.Nullable {
		return known
	}
	return forEver
}

// judgeRange warns of x between a and b where nothing is between.
func (l *lowering) judgeRange(at diag.Span, low, high *ir.Node) {
	a, x := l.c.judge(low)
	b, _ := l.c.judge(high)
	switch {
	case a == never || b == never:
		l.reportVerdict(never, x, at)
	case a != open && b != open:
		l.reportVerdict(max(min(a, b), known), x, at)
	case l.c.contradict([]*ir.Node{low, high}) != nil:
		l.warning("M0801", at, "put the smaller bound first", "this condition never holds: nothing is between these bounds")
	}
}

// judgeJunction warns of an and whose operands exclude each other, of an or whose operands cover everything, and of an
// operand that is there twice.
func (l *lowering) judgeJunction(e *dsl.Binary, parts []dsl.Expr, conds []*ir.Node) {
	if len(conds) > mostJudged {
		return
	}
	first := map[string]int{}
	for i, n := range conds {
		if j, ok := first[n.Key]; ok {
			if !isConst(n) {
				l.c.warning("M0808", parts[i].Span(), l.reading, "leave it out", "this repeats an earlier operand of `"+string(e.Op)+"`",
					diag.Related{Span: parts[j].Span(), Message: "the same is here"})
			}
			continue
		}
		first[n.Key] = i
	}
	for _, n := range conds {
		if v, _ := l.c.judge(n); v != open {
			return // told of already
		}
	}
	if e.Op == dsl.OpAnd {
		if x := l.c.contradict(conds); x != nil {
			l.warning("M0801", e.Span(), "", "this condition never holds: its demands on `%s` contradict each other", sketchOf(x.Source))
		}
		return
	}
	if x, v := l.c.exhaust(conds); x != nil {
		if v == forEver {
			l.warning("M0802", e.Span(), "", "this condition always holds: it lets every value of `%s` through", sketchOf(x.Source))
		} else {
			l.reportVerdict(v, x, e.Span())
		}
	}
}

// contradict finds an operand of which conditions that hold together ask what excludes each other.
func (c *compilation) contradict(conds []*ir.Node) *ir.Node {
	conds = flatNodes(ir.OpAnd, conds)
	left := map[string]reach{}
	keys := map[string]bool{}
	unknown := map[string]bool{}
	for _, n := range conds {
		keys[n.Key] = true
		if n.Op == ir.OpNot && n.Args[0].Op == ir.OpKnown {
			unknown[n.Args[0].Args[0].Key] = true
		}
	}
	for _, n := range conds {
		if n.Op == ir.OpNot && keys[n.Args[0].Key] {
			return n.Args[0]
		}
		x, r, ok := atom(n)
		if !ok {
			continue
		}
		if unknown[x.Key] {
			return x
		}
		before, seen := left[x.Key]
		if !seen {
			before = c.domain(x)
		}
		if before.kind != r.kind {
			continue
		}
		left[x.Key] = before.and(r)
		if left[x.Key].empty() {
			return x
		}
	}
	return nil
}

// exhaust finds an operand all values of which conditions let through of which one suffices.
func (c *compilation) exhaust(conds []*ir.Node) (*ir.Node, verdict) {
	conds = flatNodes(ir.OpOr, conds)
	keys := map[string]bool{}
	for _, n := range conds {
		keys[n.Key] = true
	}
	reaches := map[string][]reach{}
	operands := []*ir.Node{}
	for _, n := range conds {
		if n.Op == ir.OpNot && keys[n.Args[0].Key] {
			return n.Args[0], forEver
		}
		x, r, ok := atom(n)
		if !ok {
			continue
		}
		if reaches[x.Key] == nil {
			operands = append(operands, x)
		}
		reaches[x.Key] = append(reaches[x.Key], r)
	}
	for _, x := range operands {
		if domain := c.domain(x); domain.kind == reaches[x.Key][0].kind && domain.covered(reaches[x.Key]) {
			return x, whenKnown(x)
		}
	}
	return nil, open
}

func flatNodes(op ir.Op, nodes []*ir.Node) []*ir.Node {
	var flat []*ir.Node
	for _, n := range nodes {
		if n.Op == op {
			flat = append(flat, flatNodes(op, n.Args)...)
		} else {
			flat = append(flat, n)
		}
	}
	return flat
}

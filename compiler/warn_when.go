package compiler

import (
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
)

// judgeWhen warns of branches that are never reached: after one that is always taken, with a condition that cannot
// hold, or with one that implies an earlier one.
func (l *lowering) judgeWhen(e *dsl.When, conds []*ir.Node) {
	const unreached = "this branch is never reached"
	for i, cond := range conds {
		at := e.Branches[i].At
		if isConst(cond) && !cond.Const.True() {
			if _, written := unparen(e.Branches[i].Cond).(*dsl.BoolLit); written { // else the condition is told of
				l.warning("M0803", at, "", unreached+": its condition never holds")
			}
			continue
		}
		if isConst(cond) {
			if i+1 < len(conds) {
				l.c.warning("M0803", e.Branches[i+1].At, l.reading, "", unreached, diag.Related{Span: at, Message: "this branch is always taken"})
			} else if e.Else != nil {
				l.c.warning("M0803", e.Else.Span(), l.reading, "", "this `else` is never reached", diag.Related{Span: at, Message: "this branch is always taken"})
			}
			return
		}
		for j := max(0, i-mostJudged); j < i; j++ {
			if l.c.implies(cond, conds[j]) {
				l.c.warning("M0803", at, l.reading, "put the narrower condition first", unreached, diag.Related{Span: e.Branches[j].At, Message: "whoever meets its condition is taken here"})
				break
			}
		}
	}
}

// implies tells whether surely b holds wherever a does.
func (c *compilation) implies(a, b *ir.Node) bool {
	switch {
	case a.Key == b.Key:
		return true
	case b.Op == ir.OpAnd:
		for _, part := range b.Args {
			if !c.implies(a, part) {
				return false
			}
		}
		return true
	case a.Op == ir.OpOr:
		for _, part := range a.Args {
			if !c.implies(part, b) {
				return false
			}
		}
		return true
	case b.Op == ir.OpOr:
		for _, part := range b.Args {
			if c.implies(a, part) {
				return true
			}
		}
	}
	if x, wanted, ok := atom(b); ok {
		if r, asked := c.asked(a, x); asked && r.kind == wanted.kind && r.within(wanted) {
			return true
		}
	}
	if b.Op == ir.OpKnown {
		if _, asked := c.asked(a, b.Args[0]); asked {
			return true
		}
	}
	if a.Op == ir.OpAnd {
		for _, part := range a.Args {
			if c.implies(part, b) {
				return true
			}
		}
	}
	return false
}

// asked is what a condition lets through of an operand, and whether it asks anything of it.
func (c *compilation) asked(a, x *ir.Node) (reach, bool) {
	r, found := c.domain(x), false
	for _, part := range flatNodes(ir.OpAnd, []*ir.Node{a}) {
		if y, s, ok := atom(part); ok && y.Key == x.Key && s.kind == r.kind {
			r, found = r.and(s), true
		}
	}
	return r, found
}

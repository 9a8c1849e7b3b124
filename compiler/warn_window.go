package compiler

import (
	"fmt"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
)

// warnMixedWindows warns of arithmetic in which one aggregate has a window and another has none: the window binds to
// its own aggregate only.
func (c *compilation) warnMixedWindows(r root, e dsl.Expr) {
	parts := operandsOf(e)
	if isArithmetic(e) {
		parts = arithmeticOperands(e)
		c.judgeWindows(r, parts)
	}
	for _, part := range parts {
		c.warnMixedWindows(r, part)
	}
}

// judgeWindows looks at the operands of one arithmetic expression.
func (c *compilation) judgeWindows(r root, operands []dsl.Expr) {
	var with, without *dsl.Call
	for _, x := range operands {
		call, ok := x.(*dsl.Call)
		if _, agg := aggregates[callName(call)]; !ok || !agg {
			continue
		}
		if call.Window != nil && with == nil {
			with = call
		}
		if call.Window == nil && without == nil {
			without = call
		}
	}
	if with == nil || without == nil {
		return
	}
	c.warning("M0804", without.At, r.reading, "give it a window too; if the mix is meant, make a tag of it",
		fmt.Sprintf("this runs over all time: the window `%s` belongs to the other aggregate only", sketchOf(with.Window.At)),
		diag.Related{Span: with.Window.At, Message: "the window is here"})
}

func callName(call *dsl.Call) string {
	if call == nil {
		return ""
	}
	return call.Name.Text
}

func isArithmetic(e dsl.Expr) bool {
	b, ok := e.(*dsl.Binary)
	if !ok {
		return false
	}
	switch b.Op {
	case dsl.OpAdd, dsl.OpSub, dsl.OpMul, dsl.OpDiv:
		return true
	}
	return false
}

// arithmeticOperands lists what one arithmetic expression computes with, from left to right.
func arithmeticOperands(e dsl.Expr) []dsl.Expr {
	switch e := e.(type) {
	case *dsl.Paren:
		return arithmeticOperands(e.X)
	case *dsl.Unary:
		if e.Op == dsl.OpNeg {
			return arithmeticOperands(e.X)
		}
	case *dsl.Binary:
		if isArithmetic(e) || e.Op == dsl.OpCoalesce {
			return append(arithmeticOperands(e.X), arithmeticOperands(e.Y)...)
		}
	}
	return []dsl.Expr{e}
}

// windowNote is an aggregate of an expression with in last N days.
type windowNote struct {
	event int
	days  int64
	at    diag.Span
}

// daysNote is days since last(E) <= N.
type daysNote struct {
	event int
	days  int64
	at    diag.Span
}

func (l *lowering) noteWindow(agg *ir.Aggregate, at diag.Span) {
	w := agg.Window
	if l.notes == nil || w.Kind != dsl.InLast {
		return
	}
	switch w.Unit {
	case dsl.Day:
		l.notes.windows = append(l.notes.windows, windowNote{agg.Event, w.N, at})
	case dsl.Week:
		l.notes.windows = append(l.notes.windows, windowNote{agg.Event, 7 * w.N, at})
	}
}

func (l *lowering) noteDays(n *ir.Node, at diag.Span) {
	if l.notes == nil || n.Op != ir.OpLe || !isConst(n.Args[1]) || n.Args[1].Type.Kind != ir.Int {
		return
	}
	x := n.Args[0]
	if x.Op == ir.OpTag {
		if t := l.c.program.Tags[x.Index]; t.Expr != nil {
			x = t.Expr
		}
	}
	if agg := sinceEvent(x); agg != nil && agg.Fn == ir.AggLast {
		l.notes.days = append(l.notes.days, daysNote{agg.Event, n.Args[1].Const.I, at})
	}
}

// warnOffByOne warns of days since last(E) <= N beside … in last N days: the window is one day shorter.
func (c *compilation) warnOffByOne(r root) {
	if r.notes == nil {
		return
	}
	for _, d := range r.notes.days {
		for _, w := range r.notes.windows {
			if w.event == d.event && w.days == d.days {
				c.warning("M0805", d.at, r.reading, fmt.Sprintf("write `< %d` for the same days", d.days),
					fmt.Sprintf("`<= %d` takes one day more than `in last %d days`, which is today and the %d days before", d.days, d.days, d.days-1),
					diag.Related{Span: w.at, Message: "the window is here"})
				break
			}
		}
	}
}

package compiler

import (
	"fmt"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
)

// root is an expression that was lowered whole.
type root struct {
	reading string
	expr    dsl.Expr
	notes   *notes
}

// notes are what the warnings keep of one expression while it is lowered.
type notes struct {
	windows []windowNote
	days    []daysNote
}

// warn runs the checks that look at whole expressions or at the whole rule set. The others look at conditions as they
// are lowered, since only there the exact words are at hand: judge… in the files warn_*.go.
func (c *compilation) warn() {
	c.warnRoots()
	for i, g := range c.program.Groups {
		if !c.usedGroups[i] && !c.incomplete && c.groups[g.Name] != nil && c.groups[g.Name].index == i && !c.diags.HasErrors() {
			c.warning("M0807", c.groups[g.Name].at, reading("group", g.Name), "put a tag into it, or take it out", fmt.Sprintf("no tag is in group `%s`", g.Name))
		}
	}
}

func (c *compilation) warnRoots() {
	for _, r := range c.roots {
		c.warnMixedWindows(r, r.expr)
		c.warnOffByOne(r)
	}
}

// judgeKnown warns of x is known where x always is.
func (l *lowering) judgeKnown(e *dsl.Is, n *ir.Node) {
	if n.Nullable {
		return
	}
	what := "is never unknown"
	if e.Known {
		l.warning("M0802", e.At, neverUnknownHint(n), "this condition always holds: `%s` %s", sketchOf(e.X.Span()), what)
		return
	}
	l.warning("M0801", e.At, neverUnknownHint(n), "this condition never holds: `%s` %s", sketchOf(e.X.Span()), what)
}

// judgeCoalesce warns of x ?? y where x is never unknown.
func (l *lowering) judgeCoalesce(e *dsl.Binary, x operand) {
	if x.node != nil && x.node.Nullable {
		return
	}
	hint := "leave out `??` and what follows"
	l.warning("M0806", e.Span(), hint, "`%s` is never unknown, so what follows `??` is never used", sketchOf(e.X.Span()))
}

func neverUnknownHint(n *ir.Node) string {
	if n.Op == ir.OpSlot && n.Agg.Fn != ir.AggHas && n.Agg.Fn != ir.AggSet {
		return "over no events it is 0"
	}
	return ""
}

func sketchOf(at diag.Span) string { return sketch(operand{at: at}) }

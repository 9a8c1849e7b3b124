package compiler

import (
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
)

// root is an expression that was lowered whole.
type root struct {
	reading string
	expr    dsl.Expr
	node    *ir.Node
}

func (c *compilation) warn()                                                        { c.warnRoots() }
func (c *compilation) warnRoots()                                                   {}
func (l *lowering) judgeJunction(e *dsl.Binary, parts []dsl.Expr, conds []*ir.Node) {}
func (l *lowering) judgeKnown(e *dsl.Is, n *ir.Node)                                {}
func (l *lowering) judgeCoalesce(e *dsl.Binary, x operand)                          {}
func (l *lowering) judgeWhen(e *dsl.When, conds []*ir.Node)                         {}
func (l *lowering) judgeComparison(n *ir.Node, at diag.Span)                        {}
func (l *lowering) judgeRange(at diag.Span, a, b *ir.Node)                          {}

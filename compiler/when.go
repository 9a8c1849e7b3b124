package compiler

import (
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
)

// lowerWhen types a chain of when … then … [else …].
func (l *lowering) lowerWhen(e *dsl.When) operand {
	conds := make([]*ir.Node, len(e.Branches))
	values := make([]operand, 0, len(e.Branches)+1)
	ok := true
	for i, b := range e.Branches {
		conds[i] = l.condition(b.Cond)
		ok = ok && conds[i] != nil
		values = append(values, l.lower(b.Value))
	}
	if e.Else != nil {
		values = append(values, l.lower(e.Else))
	}
	if !l.ready(values...) || len(values) == 0 {
		return brokenAt(e.At)
	}
	var nodes []*ir.Node
	var t ir.Type
	if allTexts(values) {
		nodes, t = l.newEnum(values)
	} else {
		var fits bool
		nodes, t, fits = l.unify("when", e.At, values...)
		ok = ok && fits
	}
	if !ok {
		return brokenAt(e.At)
	}
	l.judgeWhen(e, conds)
	args := make([]*ir.Node, 0, 2*len(values))
	for i, c := range conds {
		args = append(args, c, nodes[i])
	}
	if e.Else != nil {
		args = append(args, nodes[len(nodes)-1])
	}
	return l.done(l.b.op(ir.OpWhen, t, e.At, args...), e.At)
}

func allTexts(operands []operand) bool {
	for _, o := range operands {
		if o.text == nil {
			return false
		}
	}
	return true
}

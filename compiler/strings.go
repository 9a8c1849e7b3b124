package compiler

import (
	"regexp"
	"regexp/syntax"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
)

var stringOps = map[dsl.StringOp]ir.Op{
	dsl.OpContains: ir.OpContains, dsl.OpStartsWith: ir.OpStarts, dsl.OpEndsWith: ir.OpEnds,
}

// lowerStringTest is contains, starts with, ends with, matches on strings, and contains on sets.
func (l *lowering) lowerStringTest(e *dsl.StringTest) operand {
	at := e.Span()
	x, y := l.lower(e.X), l.lower(e.Y)
	if !l.ready(x, y) {
		return brokenAt(at)
	}
	if x.kind() == ir.Set {
		if e.Op != dsl.OpContains {
			return l.fail("M0312", e.OpAt, "write `contains`", "a set has no `%s`: it takes `contains` and `is known` only", e.Op)
		}
		return l.lowerHas(e, x, y)
	}
	if x.kind() != ir.String {
		hint := ""
		if x.kind() == ir.Enum {
			hint = "compare an enum with `=`, `in` or `<`"
		}
		return l.fail("M0318", x.at, hint, "`%s` needs a string, and this is %s", e.Op, x.what())
	}
	if e.Op == dsl.OpMatches {
		return l.lowerMatches(e, x, y)
	}
	switch {
	case y.kind() == ir.Enum || y.kind() == ir.Row:
		y.node = l.asText(y.node)
	case y.kind() != ir.String:
		return l.fail("M0318", y.at, "", "`%s` needs a string, and this is %s", e.Op, y.what())
	}
	return l.done(l.b.op(stringOps[e.Op], boolType, at, x.node, y.node), at)
}

func (l *lowering) lowerMatches(e *dsl.StringTest, x, y operand) operand {
	at := e.Span()
	if y.text == nil {
		return l.fail("M0319", y.at, "write the pattern as a string: `matches \"^A[0-9]+\"`", "`matches` takes a pattern that is written out")
	}
	re, err := regexp.Compile(*y.text)
	if err != nil {
		reason := "it cannot be read"
		if se, ok := err.(*syntax.Error); ok {
			reason = se.Code.String()
			if se.Expr != "" {
				reason += ": " + se.Expr
			}
		}
		return l.fail("M0319", y.at, "", "no valid RE2 pattern: %s", reason)
	}
	return l.done(l.b.node(ir.Node{Op: ir.OpMatches, Type: boolType, Args: []*ir.Node{x.node}, Regexp: re, Source: at}, ""), at)
}

// lowerHas is set contains element.
func (l *lowering) lowerHas(e *dsl.StringTest, x, y operand) operand {
	at := e.Span()
	set := x.typ()
	elem := y.node
	switch {
	case y.text != nil && set.Elem == ir.Enum:
		if elem = l.enumLiteral(set.Enum, y); elem == nil {
			return brokenAt(at)
		}
	case y.text != nil && set.Elem == ir.Row:
		elem = l.b.rowConst(ir.Type{Kind: ir.Row, Table: set.Table}, *y.text, y.at)
	case y.kind() == ir.String:
	case y.kind() == ir.Enum && (set.Elem == ir.String || set.Enum == y.typ().Enum):
	case y.kind() == ir.Row && (set.Elem == ir.String || set.Table == y.typ().Table):
	case y.kind() == ir.Enum && set.Elem == ir.Enum:
		return l.fail("M0311", y.at, "", "the set is of an enum with other values")
	default:
		return l.fail("M0309", y.at, "", "a %s cannot contain %s", set, y.what())
	}
	return l.done(l.b.op(ir.OpHas, boolType, at, x.node, elem), at)
}

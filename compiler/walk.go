package compiler

import "github.com/muster-engine/muster/dsl"

// operandsOf lists the expressions that an expression directly consists of.
func operandsOf(e dsl.Expr) []dsl.Expr {
	var parts []dsl.Expr
	add := func(list ...dsl.Expr) {
		for _, x := range list {
			if x != nil {
				parts = append(parts, x)
			}
		}
	}
	switch e := e.(type) {
	case *dsl.Paren:
		add(e.X)
	case *dsl.Binary:
		add(e.X, e.Y)
	case *dsl.Unary:
		add(e.X)
	case *dsl.In:
		add(e.X)
		add(e.List...)
	case *dsl.Between:
		add(e.X, e.Low, e.High)
	case *dsl.Is:
		add(e.X)
	case *dsl.StringTest:
		add(e.X, e.Y)
	case *dsl.When:
		for _, b := range e.Branches {
			add(b.Cond, b.Value)
		}
		add(e.Else)
	case *dsl.Select:
		add(e.X)
	case *dsl.Call:
		add(e.Args...)
		add(e.By, e.Where)
	}
	return parts
}

// Package exprplan decides one member: it compiles a node of the program to a program for expr-lang/expr and runs it
// over the member's attributes and events.
//
// An [Evaluator] belongs to one program and one goroutine. [Evaluator.Value] is the value of a node for a [Member] in a
// [World] (the clock, the tables, the cuts of ntiles); [Evaluator.Slot] is an aggregate and the events that counted;
// [Evaluator.Why] is the value of a condition with that of all its parts, for people.
//
// The text that a node becomes reads like the rule: conditions are expr's own and, or, not, ?: and ??; everything else
// is a function of this package, because expr's arithmetic wraps, divides in floating point and fails on missing
// values. Inside a program a value is a bool, int64 (whatever ir.Value holds in I), float64, string, decimal.Decimal or
// []string, and unknown is nil; which of them is known from the node's type. Nodes that would make a long text are cut
// into pieces, each a program of its own, so that no rule makes expr parse or nest without bound.
//
// It costs a few hundred nanoseconds a condition: right for one member, for events as they arrive and for tests; whole
// populations are the business of the block engine.
package exprplan

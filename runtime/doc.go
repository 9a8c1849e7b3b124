// Package runtime answers questions about members: the engine.
//
// An [Engine] joins a compiled program with an immutable state of members and their history. [Engine.At] gives a [View]:
// the same state as the clock stands at one instant, today's or any other. A view counts and selects the members for
// whom a condition holds, yields the values of an expression, crosses tags with each other, and explains how it came to
// an answer, for a population or for one member.
//
// Work goes block by block (65,536 members), on all processors. Within a block a condition is a bitmap plan
// (package compiler/plan): indexes first, then expressions in vectors (package runtime/vector) over the members that
// are left. Aggregates are folded from history (package runtime/fold) the first time that they are asked for; columns,
// indexes and bitmaps that were made stay with the view. One member is evaluated with an expression plan (package
// compiler/exprplan).
package runtime

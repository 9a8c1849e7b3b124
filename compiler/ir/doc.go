// Package ir is the typed program that the compiler makes and the engine runs.
//
// A [Program] lists what a rule set declares (attributes, tables, events, lists, sources, tags, segments, tests), with
// every name resolved to an index and every expression lowered to a [Node]. Nodes form one DAG: equal expressions are
// one node, recognised by Key, and equal aggregates are one [Aggregate] (a slot), however many tags use them. Types and
// nullability are known at every node, money is exact, the clock and the timezone are parameters, so a program can be
// run over one member, over a block of members at a time, or be lowered to another engine.
//
// What each operation means is said beside its name in ops.go: that text is the contract between the executors.
package ir

// Package compiler gives rules their meaning: it turns trees of package dsl into one typed program of package ir.
//
// [Compile] takes every file of a rule set at once, because all files share their names and the order of declarations
// means nothing. It runs the passes listed in compile.go, in that order, and always to the end: each pass records what
// it finds as diagnostics and leaves something behind for the next, a broken declaration still declares its name, and
// an expression that uses a broken declaration is passed over in silence, so that one run shows every independent
// fault and no echoes. [CompileQuery] does the same for one expression typed at a prompt, against a program in force.
//
// An expression is lowered by a lowering (lower.go): it resolves names in its scope (of a member or of an event),
// finds the types, and builds nodes through a builder (nodes.go), which gives each meaning one node and one canonical
// key and folds what is constant. Numeric literals stay exact fractions until something with a type stands beside
// them (literal.go). Each sort of expression has a file of its own; each warning too (warn_*.go).
package compiler

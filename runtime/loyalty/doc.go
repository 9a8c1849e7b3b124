// Package loyalty works out what the points and tiers of a programme do to one member.
//
// What happened to a member is kept as facts (package compiler/ir): entries of a ledger and steps on a ladder, which lie
// in the member's history beside the events that shops send. An [Account] is one member while something happens: it is
// opened over the history, is told of an event, a spending, a return or a midnight, and yields the facts that follow from
// it, to be stored with whatever caused them. It reads nothing but what it is given, and two accounts that are told the
// same yield the same.
//
// # Points
//
// Points are lots: each earning makes one, with the date that it was earned on and the last date on which it holds. A
// lot may be pending first. An entry changes the active or pending points of one lot; a balance is the sum of entries.
// What is taken back beyond what there is goes below zero on lot 0, the debt, which later earnings pay off first.
//
// # Tiers
//
// A fact says which tier a member has and for how long it is kept. A member without one has the lowest.
package loyalty

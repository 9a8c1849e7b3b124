// Package loyalty works out what the points, tiers, coupons and cases of a programme do to one member.
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
//
// # Coupons
//
// A coupon is issued as codes ([Account.Issue]). A code lives by itself: its terms are those of its issue. It is used
// ([Account.Use]), reserved for a purchase for a while ([Account.Reserve], [Account.Release]), returned
// ([Account.ReturnCode]) and made void ([Account.Void]); each names its request, and a request that comes again gets its
// answer again. What cannot be done is answered by a [Refusal]. Stock and codes come from the [Supply].
//
// # Cases
//
// A case follows from the events that open and close it, which [Account.Happened] and [Account.Retracted] are told of. An
// [Episode] is one time that it was open.
//
// # Time
//
// Whoever has an account lets it do what is due: at local midnights [Account.Midnight], then [Account.Measure] for the
// tiers; at the instants of [Account.NextCoupons] [Account.DueCoupons]; at those of [Account.NextCases], and after each
// event, [Account.DueCases]. After the histories of two members were joined or parted it calls [Account.SettleCases].
package loyalty

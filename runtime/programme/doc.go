// Package programme conducts what loyalty and campaigns do to one member, at one instant.
//
// A [Conductor] knows the rules of a program. Whoever keeps members (the live engine, a test of the language) opens a
// [Turn] for each input, or for each instant at which a member is due, and goes through it in the order that the language
// gives:
//
//  1. It puts what came into the member's history and says so: [Turn.Happened], [Turn.Retracted], [Turn.Changed]; or
//     [Turn.Due] where time alone has passed; or it asks something of the [loyalty.Account] of the turn, such as to spend
//     points. Points, coupons and cases follow at once.
//  2. [Turn.Settle] brings tiers up to it. At a local midnight the cuts of ntiles are taken before that.
//  3. It evaluates the segments of the member, the facts of the turn included ([Turn.Facts], [Turn.Member]), and hands the
//     net crossings in: [Turn.Crossed]. Campaigns start and go on, in the order of their names.
//  4. As long as Crossed says that something was added, it evaluates again and hands the further crossings in.
//  5. [Turn.Outcome] is all that has followed. It is stored together with the input, in one piece, and is read back after
//     a restart, never worked out again.
//
// [Turn.Next], or [Conductor.Next] from the history alone, is the next instant at which the member is due. Members must be
// due in the order of those instants; what comes due at one instant is done before what arrives at it.
//
// A turn reads nothing but the member, the world and what [Hands] give it: no store, no clock, no chance of its own. Two
// turns that are given the same yield the same.
package programme

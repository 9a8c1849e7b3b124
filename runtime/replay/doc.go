// Package replay goes through a stretch of members' time again, by rules that need not be those that were in force.
//
// A [Player] knows the rules of one program. [Player.Play] takes one member as it is stored and goes from one instant to
// another as the live engine does (package runtime/programme): events come at their time, points become active and expire,
// tiers are measured at midnights, segments are crossed, campaigns start and go on. What was asked of the programme
// meanwhile (points spent, returned and adjusted, codes of coupons used, tiers given by hand) is read from the recorded
// facts and asked again. The facts before the first instant stand as they were recorded; what the rules yield from then on
// is counted in a [Tally] and kept nowhere.
//
// A member of whom nothing is from before the first instant comes with its first event, or when something was set of it
// first, and enters the segments that it is in then.
//
// Gone through by the rules that were in force, it yields the facts that were recorded, as far as a member's history knows
// what happened. It does not know these, and they are as they are now throughout: attributes, manual tags, lists (but for
// what campaigns change), tables, and the cuts of ntiles; an event that came late counts at its time; one that was imported
// counts like any other; stock does not run out.
package replay

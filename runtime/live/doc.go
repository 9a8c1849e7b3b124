// Package live keeps a store right while events arrive and time passes.
//
// An [Engine] owns an open store. Inputs ([Input]: events, attributes, manual tags, lists, retractions) are handed to
// [Engine.Submit] by any number of goroutines; one apply loop takes them in groups. For each group it works out what
// every input does, evaluates the members that it touches, finds the segments that they enter or leave, writes all of
// that as one durable journal entry, and only then brings the standing view up to date and answers. So nothing that was
// acknowledged can be lost, nothing is applied twice, and a crossing is reported if and only if the change that caused
// it is durable.
//
// Time is an input like any other: before a group, and when it is idle at the next instant at which something can
// change by itself, the loop steps through every such instant up to the clock, so that each crossing carries the instant
// at which it became true.
//
// Inputs of a group are told apart by waves, so that each has the crossings that it alone causes. Where the rules have
// points, tiers, coupons, cases or campaigns, every member that an input concerns has a turn of package programme: the
// facts, changes of lists and messages that follow are in the journal entry of the input and are read back as they were
// written. Members are due at instants that follow from their facts; those wait with what else changes by itself.
//
// When the disk fails an answer tells whether the inputs are in, and the engine goes on by itself when the disk is well.
// Only where the system cannot tell whether they are safely on the disk the answer says so ([storage.ErrUnsure]); then
// nothing else is taken, and their crossings are not reported, until that is sure.
//
// What members are since the last checkpoint lies in memory beside the store's columns ([resting]); a restart reads it
// back from the journal.
package live

// Package identity decides whose a record is, and what members become when two of them turn out to be one.
//
// [Resolve] takes the ids of a record and says whose it is: one member's, a new one's, or that of several members who
// are thereby one. Members are one unless they would have two values of an id that a member has one of; then the id
// that is declared first decides, nobody is merged, and the [Conflict] is to be reported.
//
// [Merge] and [Split] work out what becomes of ids, attributes, manual tags and lists, [MergeEvents] and [SplitEvents]
// what becomes of histories. Of an attribute the value counts that was set last, by the [Stamps] that records get; a
// clear counts as set. What a split needs to undo a merge is in its [storage.Merge].
//
// The package holds no state: the live engine and the bulk import both stand on it.
package identity

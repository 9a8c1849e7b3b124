// Package reference evaluates rules the slow and obvious way: it walks the tree of a rule set over a member's raw
// history, one member and one instant at a time.
//
// It exists to be compared with. The compiler, its plans and the engine answer the same questions fast, with shared
// slots, packed columns and bitmaps; this package answers them from the sentences of the language alone. It therefore
// shares nothing with them but the tree (package dsl): it reads declarations itself, computes money with math/big,
// civil time with package time, and sorts a history each time it needs one. Where the two disagree, one of them has
// misread the language.
//
// A [Model] is a rule set that has been read. A [World] is what is known: members with attributes, manual tags and
// events in the order in which they were accepted, lists and tables. [Model.At] fixes the clock and returns an [Instant], of which
// values are asked:
//
//	model, err := reference.New(files)
//	at := model.At(world, now)
//	value, err := at.Tag(member, "recency")
//	holds, err := at.Segment(member, "vip_at_risk")
//
// The model is taken to be a rule set that the compiler accepts. What the compiler would refuse is answered with an
// error here at best, when it is evaluated, and is not looked for.
package reference

// Package rulegen makes up rule sets and data to test with: well-typed rules as text, members with attributes and
// histories, and a clock, all from one seed.
//
// What it makes up is chosen to hurt: timezones whose clocks change at midnight, events on the edges of windows and
// after now, ties, duplicates, leap days, values that are unknown, empty, negative or about to overflow, rules that
// refer to each other in every form of the language. [New] returns a [Case]; [Case.Shrink] makes a failing one small.
//
// The rules should compile. Some do not, because a rule set that is right by type can still be refused, for a constant
// that divides by zero say; callers pass over those.
package rulegen

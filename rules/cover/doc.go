// Package cover finds what of a rule set its own tests do not reach.
//
// A [Coverage] lists what there is to reach when it is made: each of its items is a rule, a branch of a `when`, a condition
// that must be seen to hold and not to hold, or a boundary, a comparison with a constant that must be seen at the constant
// itself. Whoever runs the tests hands in what was asked of which member ([Coverage.Saw]) and the facts that were left
// behind ([Coverage.Facts]). Only what an expect, a campaign or a rule of points asks, and what that depends on, counts as
// reached: that a value could have been worked out is not enough.
//
// Left out is what no test can choose: whatever depends on chance or on an ntile, and what only a member can do, as to ask
// for a coupon.
package cover

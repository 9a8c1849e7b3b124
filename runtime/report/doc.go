// Package report says how a programme does: campaigns, points, tiers, coupons and cases, from the facts in the histories of
// members.
//
// A [Reader] is opened over a view, of a store or of a live engine, and walks the members that have facts of the kind, the
// blocks side by side. What it answers is plain data with a stable JSON shape; [Table] and [Chart] are the same for people.
//
// # What counts
//
// Facts after the view's instant do not count. A period, where one is asked for, is local dates, both included: of a
// campaign the runs that began in it, of the others what happened in it. What there is (a balance, a tier, an open case) is
// as of the view's instant, whatever the period.
package report

// Package load sends events to a server and measures how long the answers take.
//
// [Run] sends batches over a number of connections, either as many as are answered or at a given rate. At a rate each
// batch has an instant at which it is due, whatever became of those before it, and the time of its answer counts from
// there: a server that stops for a second makes every batch of that second late, as it would for tills and apps, and not
// only the one that waits (no coordinated omission). The system wakes a sender up to a millisecond late; that counts too.
//
// Requests are written and answers read on plain connections, so that the sender takes little of the processors that it
// shares with the server.
package load

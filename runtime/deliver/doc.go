// Package deliver hands the messages of the outbox, and what syncs have to say, to the sinks of a rule set.
//
// A [Deliverer] has a courier for each sink, so that one that hangs holds up no other. A courier reads the messages that
// wait in the store, in order, and hands them to the sink's target: a webhook, one request a message, or a file, a line a
// message. Of one member's messages a later one is not tried before an earlier one is done with. What was handed over is
// collected and taken out of the outbox in one transaction; a process that ends before that hands it over again, under the
// same key. So every message arrives at least once, and those of a member arrive in order but for repetitions.
//
// A try that fails is made again after a while that grows, and is random up to what it has grown to. A message that the
// receiver refuses, or that fails again and again while others do not, becomes a dead letter ([Policy]). If the sink as a
// whole does not work, one message after the other is tried now and then, and none of them is held to have failed by it.
//
// A sync ([Deliverer.Sync]) compares, block by block, the segments and tags of members with those that were handed over
// last, which the store keeps, and hands over the differences. A block is noted as handed over when the receiver has it.
package deliver

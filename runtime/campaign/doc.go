// Package campaign runs the campaigns of a program for one member.
//
// A [Player] knows the campaigns. A [Scene] is one member at one instant: it is told what has happened (an event, a segment
// entered or left, a tier reached, a coupon used, a schedule that has come) and starts runs, and it goes on with runs whose
// waits are over. What a run does is facts, changes of lists and messages, all of which the scene collects. The state of a
// run is read back from its facts: there is no other.
//
// # Runs
//
// A run begins with the event or crossing that triggers its campaign, if the campaign's `when` holds, no other run of it is
// going on (of an event campaign: none of the same event) and its caps leave room. Then chance decides whether the member is
// held out: a run that is held out passes the same waits and stops, and acts on nothing. A run does its steps until it has
// to wait, until a `stop`, until a step cannot be done, or to the end.
//
// A run keeps to the version of the campaign that it began with, [Player.Keep] supplies old ones. Its facts name the version
// by its hash.
//
// # What facts say
//
// A fact of a campaign has one of these in its field `what`:
//
//   - start: a run began, caused by cause and cause_key, of the event at event_at; reached or holdout is 1
//   - act: a step was done; rule says which, given, code or message what came of it
//   - wait, hold: the run goes on with step at until; hold is for the end of quiet hours
//   - goal: an event was the run's goal (converted 1), or was taken back (converted -1)
//   - end: the run has ended; why is done, stopped, or the reason for which a step could not be done
//   - drop: a trigger began nothing, as why says: running, or cap
//
// One of a sink says sent, drop (over the cap of the sink) or hold and release (an overdue action in quiet hours).
package campaign

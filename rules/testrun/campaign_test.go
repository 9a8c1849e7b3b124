package testrun_test

import (
	"context"
	"testing"

	"github.com/muster-engine/muster/compiler"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/rules/testrun"
)

const loyalShop = `
settings { language 1  timezone "Europe/Berlin"  currency EUR }
member { email id  name string  opt_in bool  spent money  vip bool }
event order { order_id key  amount money  channel enum "web" "shop" }
event refund { refund_id key  order_id string  amount money }
event visit {}
list friends
list blocked
sink mail { file "out/mail.ndjson" }
sink loud { file "out/loud.ndjson"  quiet 21:00 to 09:00  at most 2 per week }
points stars {
  start 2026-01-01  expire never
  earn shopping on order { give floor(amount) }
  reverse order on refund matching order_id by amount
}
tiers level { by earned(stars)  tier "none"  tier "silver" from 100  tier "gold" from 1000  keep 1 year }
segment big "Big" = sum(order.amount) in last 30 days >= 100
segment friend = friends
`

// campaigns are rules and a test that must pass, one for each thing that the language says of campaigns.
var campaigns = map[string]string{
	"an event starts a run each time": `
campaign c { on order where amount >= 10  when channel = "web"  do { send mail "thanks" with { much: amount } } }
test "t" { today 2026-03-10
  member m { order { at 2026-03-01  amount 20  channel "web" } order { at 2026-03-02  amount 20  channel "web" }
    order { at 2026-03-03  amount 5  channel "web" } order { at 2026-03-04  amount 50  channel "shop" } }
  expect m: reached(c) = 2 and sent(mail) = 2 and sent(mail) in last 9 days = 1
}`,
	"entering is an edge": `
campaign c { on enter big  do { give 5 stars } }
test "t" { today 2026-05-10
  member m { order { at 2026-03-01  amount 200 } order { at 2026-03-05  amount 200 } order { at 2026-05-01  amount 200 } }
  expect m: reached(c) = 2 and balance(stars) = 610
}`,
	"leaving happens at midnight with no event": `
campaign c { on leave big  do { send mail "come back" } }
test "t" { today 2026-03-30
  member m { order { at 2026-03-01T15:00  amount 200 } }
  advance to 2026-03-30T23:59
  expect m: big and sent(mail) = 0
  advance to 2026-03-31
  expect m: not big and sent(mail) = 1
}`,
	"left and re-entered within one event is no crossing": `
campaign c { on leave friend  do { send mail "bye" } }
campaign d { on visit  do { remove from friends  add to friends } }
test "t" { today 2026-03-30
  member m { friends  visit { at 2026-03-01 } }
  expect m: reached(d) = 1 and reached(c) = 0 and friends
}`,
	"members who are there at first start nothing": `
campaign c { on enter friend  do { send mail "hello" } }
campaign d { on enter friend  include existing  do { send mail "hello" } }
test "t" { today 2026-03-30
  member m { friends }
  expect m: reached(c) = 0 and reached(d) = 1 and sent(mail) = 1
}`,
	"a tier is reached by a rise to it alone": `
campaign c { on reach "silver" of level  do { give 1 stars } }
campaign d { on reach "gold" of level  do { give 10 stars } }
test "t" { today 2026-03-30
  member m { order { at 2026-03-01  amount 200 } }
  member n { order { at 2026-03-01  amount 2000 } }
  expect m: level = "silver" and balance(stars) = 201
  expect n: level = "gold" and balance(stars) = 2010 and reached(c) = 0
}`,
	"campaigns start others in the same turn": `
campaign a { on enter friend  do { give 100 stars } }
campaign b { on reach "silver" of level  do { add to blocked } }
campaign z { on visit  do { add to friends } }
test "t" { today 2026-03-30
  member m { visit { at 2026-03-01T10:00 } }
  expect m: friends and blocked and level = "silver"
}`,
	"rules that go round and round end": `
campaign a { on enter friend  do { remove from friends } }
campaign b { on leave friend  do { add to friends } }
campaign z { on visit  do { add to friends } }
test "u" { today 2026-03-30
  member m { visit { at 2026-03-01T10:00 } }
  expect m: reached(a) > 5
}`,
	"when is asked with all that the event has done": `
campaign c { on order  when balance(stars) >= 100 and big and opt_in  do { send mail "x" } }
test "t" { today 2026-03-30
  member m { opt_in true  order { at 2026-03-01  amount 100  channel "web" } }
  member n { order { at 2026-03-01  amount 100  channel "web" } }
  expect m: sent(mail) = 1
  expect n: reached(c) = 0
}`,
	"dates are those of the event": `
campaign c { on order  during 2026-03-01 to 2026-03-02  do { send mail "x" } }
test "t" { today 2026-03-04
  member m { order { at 2026-02-28T23:59  amount 1 } order { at 2026-03-01  amount 1 } order { at 2026-03-02T23:59  amount 1 } order { at 2026-03-03  amount 1 } }
  expect m: sent(mail) = 2
  send order { at 2026-03-02T12:00  amount 1 } to m
  expect m: sent(mail) = 3
}`,
	"what is late starts nothing": `
campaign c { on order  do { send mail "x" } }
test "t" { today 2026-03-04
  member m { }
  send order { at 2026-03-01  amount 1 } to m
  expect m: sent(mail) = 1
  send order { at 2026-02-28T23:59  amount 1 } to m
  expect m: sent(mail) = 1 and balance(stars) = 2
}`,
	"an event that lies ahead starts a run when it is due": `
campaign c { on order  do { send mail "x" } }
test "t" { today 2026-03-04
  member m { }
  send order { at 2026-03-05T12:00  amount 1 } to m
  expect m: sent(mail) = 0
  advance to 2026-03-05T12:00
  expect m: sent(mail) = 1 and balance(stars) = 1
}`,
	"caps count runs of a calendar period": `
campaign c { on order  at most 2 per month  at most 3  do { send mail "x" } }
test "t" { today 2026-03-01
  member m { }
  send order { amount 1 } to m
  send order { amount 1 } to m
  send order { amount 1 } to m
  expect m: reached(c) = 2
  advance to 2026-04-01
  send order { amount 1 } to m
  send order { amount 1 } to m
  expect m: reached(c) = 3
}`,
	"caps count runs of a span": `
campaign c { on order  at most 1 per 30 days  do { send mail "x" } }
test "t" { today 2026-03-01
  member m { }
  send order { amount 1 } to m
  advance to 2026-03-30
  send order { amount 1 } to m
  expect m: reached(c) = 1
  advance to 2026-03-31
  send order { amount 1 } to m
  expect m: reached(c) = 2
}`,
	"a member has one run at a time": `
campaign c { on enter big  do { wait 90 days  send mail "x" } }
test "t" { today 2026-07-01
  member m { order { at 2026-03-01  amount 200 } order { at 2026-05-01  amount 200 } order { at 2026-06-15  amount 200 } }
  expect m: reached(c) = 2 and sent(mail) = 1
}`,
	"an event campaign has one run for each event": `
campaign c { on order  do { wait 10 days  send mail "x" with { much: amount } } }
test "t" { today 2026-03-11
  member m { order { at 2026-03-01  amount 20 } order { at 2026-03-02  amount 30 } }
  expect m: reached(c) = 2 and sent(mail) = 1
  advance by 1 day
  expect m: sent(mail) = 2
}`,
	"stop when, and since start": `
campaign c { on order where amount >= 100  do {
  send mail "a"  wait 3 days  stop when has(order) since start  send mail "b" } }
test "t" { today 2026-04-01
  member m { order { at 2026-03-01T12:00  amount 200 } }
  member n { order { at 2026-03-01T12:00  amount 200 } order { at 2026-03-04T11:59  amount 1 } }
  member o { order { at 2026-03-01T12:00  amount 200 } order { at 2026-03-04T12:01  amount 1 } }
  expect m: sent(mail) = 2
  expect n: sent(mail) = 1
  expect o: sent(mail) = 2
}`,
	"an action with a condition is left out": `
campaign c { on order  do { send mail "a" when opt_in  give 7 stars when not opt_in } }
test "t" { today 2026-04-01
  member m { order { at 2026-03-01  amount 1 } }
  expect m: sent(mail) = 0 and balance(stars) = 8
}`,
	"waits are of local time, hours elapse, across a clock change": `
campaign c { on visit  do { wait 1 day  send mail "x" } }
campaign d { on visit  do { wait 24 hours  add to friends } }
test "summer time begins on 29 March at 02:00" { today 2026-03-29
  member m { visit { at 2026-03-28T10:00 } }
  advance to 2026-03-29T10:00
  expect m: sent(mail) = 1 and not friends
  advance to 2026-03-29T11:00
  expect m: friends
}
test "a skipped local time is the first instant after it" { today 2026-03-29
  member m { visit { at 2026-03-28T02:30 } }
  advance to 2026-03-29T01:59
  expect m: sent(mail) = 0
  advance to 2026-03-29T03:00
  expect m: sent(mail) = 1
}
test "it ends on 25 October at 03:00" { today 2026-10-25
  member m { visit { at 2026-10-24T10:00 } }
  advance to 2026-10-25T09:00
  expect m: sent(mail) = 0 and friends
  advance to 2026-10-25T10:00
  expect m: sent(mail) = 1
}`,
	"daily at a time": `
campaign c { daily at 10:00 for friend  do { send mail "x" } }
test "t" { today 2026-03-28
  member m { friends  visit { at 2026-03-25T10:00 } }
  member n { visit { at 2026-03-25T10:00 } }
  expect m: sent(mail) = 3
  expect n: sent(mail) = 0
  advance to 2026-03-28T09:59
  expect m: sent(mail) = 3
  advance to 2026-03-28T10:00
  expect m: sent(mail) = 4
  advance to 2026-03-30T10:00
  expect m: sent(mail) = 6
}`,
	"daily at a time that a clock change skips": `
campaign c { daily at 02:30 for friend  do { send mail "x" } }
test "t" { today 2026-03-29
  member m { friends }
  advance to 2026-03-29T01:59
  expect m: sent(mail) = 0
  advance to 2026-03-29T03:00
  expect m: sent(mail) = 1
  advance to 2026-10-25
  expect m: sent(mail) = 210
  advance to 2026-10-26
  expect m: sent(mail) = 211
}`,
	"at a time, once": `
campaign c { at 2026-03-28T10:00 for friend  do { send mail "x" } }
test "t" { today 2026-03-28
  member m { friends }
  expect m: sent(mail) = 0
  advance to 2026-04-28
  expect m: sent(mail) = 1
}`,
	"scheduled campaigns run after crossings": `
segment gone = days since last(visit) >= 10
campaign a { at 2026-03-11 for gone  do { give 1 stars when blocked  give 10 stars when not blocked } }
campaign z { on enter gone  do { add to blocked } }
test "t" { today 2026-03-12
  member m { visit { at 2026-03-01T10:00 } }
  expect m: balance(stars) = 1
}`,
	"quiet hours of a sink hold a message": `
campaign c { on visit  do { send loud "x"  give 1 stars  wait 12 hours  give 10 stars } }
test "t" { today 2026-03-10
  member m { visit { at 2026-03-09T21:00 } }
  member n { visit { at 2026-03-09T20:59 } }
  member o { visit { at 2026-03-09T09:00 } }
  expect m: sent(loud) = 0 and balance(stars) = 0
  expect n: sent(loud) = 1 and balance(stars) = 1
  expect o: sent(loud) = 1
  advance to 2026-03-10T08:59
  expect m: sent(loud) = 0
  advance to 2026-03-10T09:00
  expect m: sent(loud) = 1 and balance(stars) = 1
  advance to 2026-03-10T20:59
  expect m: balance(stars) = 1
  advance to 2026-03-10T21:00
  expect m: balance(stars) = 11
}`,
	"quiet hours of a campaign come before those of the sink": `
campaign c { on visit  quiet 12:00 to 21:30  do { send loud "x" } }
test "t" { today 2026-03-10
  member m { visit { at 2026-03-09T12:00 } }
  expect m: sent(loud) = 0
  advance to 2026-03-10T08:59
  expect m: sent(loud) = 0
  advance to 2026-03-10T09:00
  expect m: sent(loud) = 1
}`,
	"what is held is asked anew": `
campaign c { on visit  do { send loud "x" when not blocked } }
campaign d { on order  do { add to blocked } }
test "t" { today 2026-03-10
  member m { visit { at 2026-03-09T22:00 } }
  send order { amount 1 } to m
  advance to 2026-03-11
  expect m: sent(loud) = 0 and reached(c) = 1
}`,
	"a sink drops what is over its cap": `
campaign c { on visit  do { send loud "x"  give 1 stars } }
test "t" { today 2026-03-10
  member m { visit { at 2026-03-09T10:00 } visit { at 2026-03-09T11:00 } visit { at 2026-03-09T12:00 } }
  expect m: sent(loud) = 2 and reached(c) = 3 and balance(stars) = 3
  advance to 2026-03-16T10:00
  send visit { } to m
  expect m: sent(loud) = 3
}`,
	"points that a campaign gives": `
campaign c { on order  do { give floor(amount) * 1.5 stars  give 0 - 5 stars  give floor(spent) stars } }
test "t" { today 2026-03-10
  member m { order { at 2025-12-31  amount 15 } order { at 2026-03-09  amount 15.01 } }
  expect m: balance(stars) = 37 and earned(stars) = 37
}`,
}

func TestCampaigns(t *testing.T) {
	for name, text := range campaigns {
		t.Run(name, func(t *testing.T) {
			for _, r := range testrun.Run(context.Background(), compileText(t, loyalShop+text), testrun.Options{}) {
				if !r.Passed() {
					t.Errorf("%s:\n%s", r.Test.Title, report(r))
				}
			}
		})
	}
}

func compileText(t *testing.T, text string) *ir.Program {
	t.Helper()
	tree, found := dsl.Parse(diag.NewFile("rules.muster", text))
	p, more := compiler.Compile([]*dsl.RuleFile{tree})
	if found = append(found, more...); found.HasErrors() {
		t.Fatal(found)
	}
	return p
}

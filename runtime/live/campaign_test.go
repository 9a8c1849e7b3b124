package live

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/storage/column"
)

const campaignRules = `
settings { language 1  timezone "Asia/Shanghai"  currency CNY }
member { phone id  name string  opt bool }
event order { order_id key  amount money }
list gone
segment asleep = has(order) and not has(order) in last 30 days
segment big = sum(order.amount) >= 1000
segment quiet_ones = gone and not big
points stars { start 2026-01-01  expire never  earn shopping on order { give floor(amount / 10) } }
coupon back { off 10  valid 30 days  stock 2 }
sink sms { file "sms.ndjson"  at most 3 per day }
campaign winback {
  on enter asleep
  do {
    issue back
    send sms "come" with { name: name }
    wait 3 days
    stop when has(order) since start
    send sms "again"
    add to gone
  }
}
campaign thanks { on order where amount >= 500  do { give 50 stars  send sms "thanks" } }
campaign morning { daily at 09:00 for quiet_ones  at most 1  do { send sms "morning"  remove from gone } }
campaign midnight { daily at 00:00 for big  at most 1  do { send sms "midnight" } }
`

// sent are the messages in the outbox, as they were put there.
func (c *club) sent() (out []string) {
	c.t.Helper()
	waiting, err := c.store.Pending("sms", 0, 1<<10)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, m := range waiting {
		out = append(out, fmt.Sprint(m.Member, " ", m.Template))
	}
	return out
}

func TestCampaignsLive(t *testing.T) {
	c := newClub(t, campaignRules, "2026-03-01T10:00")
	sent := func(want ...string) {
		t.Helper()
		c.give(Input{Kind: Retract, IDs: []ID{{"phone", "nobody"}}})
		if got := c.sent(); !slices.Equal(got, want) {
			t.Errorf("sent %q, not %q", got, want)
		}
	}
	c.give(c.order("lin", "O1", 500), c.order("wei", "O2", 100), c.order("mei", "O3", 20))
	sent("0 thanks")
	c.expect("lin", "balance(stars) = 100", "sent(sms) = 1")
	c.at("2026-03-20T10:00")
	c.give(c.order("mei", "O4", 20))
	c.at("2026-03-31T10:00") // 30 days later
	sent("0 thanks", "0 come", "1 come")
	c.expect("lin", "asleep", "issued(back) = 1", "back")
	c.reopen()
	c.at("2026-04-01T10:00")
	c.give(c.order("lin", "O5", 600))
	sent("0 thanks", "0 come", "1 come", "0 thanks")
	c.at("2026-04-03T08:00")
	sent("0 thanks", "0 come", "1 come", "0 thanks", "0 midnight", "1 again")
	c.expect("wei", "gone", "quiet_ones")
	if err := c.engine.Checkpoint(context.Background()); err != nil {
		t.Fatal(err)
	}
	c.reopen()
	c.at("2026-04-03T09:00")
	sent("0 thanks", "0 come", "1 come", "0 thanks", "0 midnight", "1 again", "1 morning")
	c.expect("wei", "not gone", "reached(morning) = 1")
	c.at("2026-05-10T10:00") // the stock is gone: the run of mei ends at once
	sent("0 thanks", "0 come", "1 come", "0 thanks", "0 midnight", "1 again", "1 morning")
	c.expect("mei", "asleep", "issued(back) = 0", "reached(winback) = 1")
	if n := c.engine.CouponCount("back").Issued; n != 2 {
		t.Errorf("%d codes are issued", n)
	}
	late := c.order("mei", "O9", 900)
	late.HasAt, late.At = true, c.clock.Load()-4*86400e6
	c.give(late) // too late to be thanked
	sent("0 thanks", "0 come", "1 come", "0 thanks", "0 midnight", "1 again", "1 morning")
}

func TestEditsOfCampaigns(t *testing.T) {
	const head = `
settings { language 1  timezone "UTC" }
member { phone id  name string }
event order { order_id key  amount int }
event call { }
segment buyer = has(order)
sink sms { file "sms.ndjson" }
`
	first := head + `campaign greet { on order  do { send sms "one"  wait 1 day  send sms "two" } }
campaign gone { on order  do { wait 1 day  send sms "never" } }`
	second := head + `campaign greet { on order  do { send sms "uno" } }
campaign buyers { on enter buyer  include existing  do { send sms "hello" } }
campaign others { on enter buyer  do { send sms "new" } }`
	c := newClub(t, first, "2026-03-01T10:00")
	c.give(c.order("lin", "O1", 5))
	earlier := c.prog
	edited, _ := compileRules(t, &ruleSet{name: "rules", text: second})
	if _, err := c.engine.Reload(context.Background(), edited); err != nil {
		t.Fatal(err)
	}
	c.prog, c.before = edited, []*ir.Program{earlier}
	c.give(c.order("wei", "O2", 5))
	for range 2 {
		if got := c.sent(); !slices.Equal(got, []string{"0 one", "0 hello", "1 hello", "1 uno", "1 new"}) {
			t.Errorf("sent %q", got)
		}
		c.reopen()
	}
	c.at("2026-03-03T10:00")
	c.expect("lin", "sent(sms) = 3")
	c.expect("wei", "sent(sms) = 3")
}

func TestExistingMembersAreIncludedOnce(t *testing.T) {
	const head = `
settings { language 1  timezone "UTC" }
member { phone id }
event order { order_id key  amount int }
segment buyer = has(order)
sink sms { file "sms.ndjson" }
`
	c := newClub(t, head, "2026-03-01T10:00")
	c.give(c.order("lin", "O1", 5))
	c.close()
	c.before = []*ir.Program{c.prog}
	c.prog, _ = compileRules(t, &ruleSet{name: "rules", text: head + `campaign buyers { on enter buyer  include existing  do { send sms "hello" } }`})
	c.at("2026-03-02T10:00")
	c.open(false)
	for range 3 {
		c.expect("lin", "sent(sms) = 1", "reached(buyers) since 2026-03-02 = 1")
		c.reopen()
	}
	if got := c.sent(); !slices.Equal(got, []string{"0 hello"}) {
		t.Errorf("sent %q", got)
	}
}

// A late event starts no campaign, also behind a request of the same member that is refused.
func TestALateEventBehindARefusalStartsNothing(t *testing.T) {
	c := newClub(t, campaignRules, "2026-03-01T10:00")
	c.give(Input{Kind: Attributes, IDs: []ID{{"phone", "lin"}}, Values: map[string]column.Value{"name": column.Text("林")}})
	late := c.order("lin", "A1", 600)
	late.At, late.HasAt = c.clock.Load()-5*24*3600_000_000, true
	out := c.give(Input{Kind: Spend, IDs: []ID{{"phone", "lin"}}, Ask: &Ask{Of: "stars", Key: "S1", Points: 10}}, late)
	if out[0].Status != Rejected || out[1].Status != Accepted {
		t.Fatalf("%+v", out)
	}
	if got := c.sent(); len(got) > 0 {
		t.Errorf("sent %q", got)
	}
}

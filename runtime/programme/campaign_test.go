package programme_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/loyalty"
	"github.com/muster-engine/muster/runtime/programme"
)

const sinks = `
list vips
sink sms { file "out/sms.ndjson" }
sink late { file "out/late.ndjson"  quiet 21:00 to 09:00 }
points stars { start 2026-01-01  expire never  earn shopping on order { give floor(amount) } }
coupon gift { off 10  valid 30 days  at most 1 }
segment big = sum(order.amount) >= 100
`

// facts are the facts of a type as text: what, and the fields that are named.
func (p *person) facts(name string, fields ...string) (out []string) {
	p.t.Helper()
	kind := slices.IndexFunc(p.prog.Events, func(e *ir.Event) bool { return e.Name == name })
	value := func(e exprplan.Event, name string) ir.Value {
		return e.Fields[slices.IndexFunc(p.prog.Events[kind].Fields, func(f *ir.Field) bool { return f.Name == name })]
	}
	for _, e := range p.events[kind] {
		text := value(e, ir.FactWhat).S
		for _, f := range fields {
			switch v := value(e, f); {
			case !v.Known:
				text += " -"
			case v.Kind == ir.String:
				text += " " + v.S
			default:
				text += fmt.Sprint(" ", v.I)
			}
		}
		out = append(out, text)
	}
	return out
}

func (p *person) wantFacts(name string, fields []string, want ...string) {
	p.t.Helper()
	if got := p.facts(name, fields...); !slices.Equal(got, want) {
		p.t.Errorf("facts of %s:\n%q\nwant\n%q", name, got, want)
	}
}

func (p *person) wantMessages(want ...string) {
	p.t.Helper()
	if !slices.Equal(p.messages, want) {
		p.t.Errorf("messages:\n%q\nwant\n%q", p.messages, want)
	}
}

func TestMessagesSayWhatIsWritten(t *testing.T) {
	p := newPerson(t, compile(t, sinks+`
campaign c { on order  do {
  send sms "thanks" with { amount: amount, half: amount / 3, day: day, at: at, channel: channel, who: phone, stars: balance(stars), vip: vip, rich: big }
} }`), "2026-03-01T10:00")
	p.send("order", "", 12_345, "O1")
	p.wantMessages(`sms thanks {"amount":123.45,"half":41.15,"day":"2026-03-01","at":"2026-03-01T10:00:00+08:00","channel":null,"who":"+8613900000001","stars":123,"vip":null,"rich":true}`)
	p.wantFacts("sink:sms", []string{ir.FactMessage, ir.FactRule, ir.FactSent}, "sent c:2:0:0 thanks 1")
}

func TestHoldoutIsByChanceAndActsOnNothing(t *testing.T) {
	prog := compile(t, sinks+`
campaign c { on enter big  holdout 50%  do { send sms "a"  give 5 stars  add to vips  wait 1 day  stop when has(visit)  send late "b" }
  goal order within 7 days }`)
	held, reached := 0, 0
	for number := range uint32(40) {
		p := newPerson(t, prog, "2026-03-01T22:00")
		p.number, p.held = number, true
		p.send("order", "", 10_000, "O1")
		p.advance("2026-03-02T22:00") // quiet from 21:00 on: also for who is held out
		p.advance("2026-03-04")
		p.send("order", "", 10_000, "O2")
		if exprplan.Chance("holdout c", number) < 0.5 {
			held++
			p.expect("reached(c) = 0", "sent(sms) = 0", "balance(stars) = 200", "not vips")
			p.wantMessages()
			p.wantFacts("campaign:c", []string{ir.FactHoldout, ir.FactStep, ir.FactWhy, ir.FactRevenue},
				"start 1 - - -", "wait - 4 - -", "hold - 5 - -", "end - 6 done -", "goal - - - 10000")
			continue
		}
		reached++
		p.expect("reached(c) = 1", "sent(sms) = 1", "sent(late) = 1", "balance(stars) = 205", "vips")
		p.wantFacts("campaign:c", []string{ir.FactReached, ir.FactStep, ir.FactWhy, ir.FactRevenue},
			"start 1 - - -", "act - - - -", "act - 1 - -", "act - 2 - -", "wait - 4 - -", "hold - 5 - -", "act - 5 - -", "end - 6 done -", "goal - - - 10000")
	}
	if held < 10 || reached < 10 {
		t.Errorf("%d held out, %d reached", held, reached)
	}
}

func TestTriggersThatAreDroppedAreCounted(t *testing.T) {
	p := newPerson(t, compile(t, sinks+`
segment rich = sum(order.amount) in last 2 days >= 100
campaign c { on enter rich  at most 2  do { wait 5 days } }`), "2026-03-01T10:00")
	for _, day := range []string{"01", "04", "10", "20"} {
		p.advance("2026-03-" + day + "T10:00")
		p.send("order", "", 10_000, day)
	}
	p.wantFacts("campaign:c", []string{ir.FactReached, ir.FactWhy},
		"start 1 -", "wait - -", "drop - running", "end - done", "start 1 -", "wait - -", "end - done", "drop - cap")
	p.expect("reached(c) = 2")
}

func TestWhatCannotBeDoneEndsTheRun(t *testing.T) {
	prog := compile(t, sinks+`
campaign c { on visit  do { issue gift  send sms "a" } }
campaign d { on visit  do { send sms "b" } }`)
	p := newPerson(t, prog, "2026-03-01T10:00")
	p.stock = 0
	p.send("visit", "", 0)
	p.wantFacts("campaign:c", []string{ir.FactReached, ir.FactWhy}, "start 1 -", "end - sold_out")
	p.wantMessages("sms b ")
	p.stock = 5
	p.now++
	p.send("visit", "", 0)
	p.now++
	p.send("visit", "", 0)
	p.expect("issued(gift) = 1", "reached(c) = 3")
	if p.stock != 4 {
		t.Errorf("%d left", p.stock)
	}
	if all := p.facts("campaign:c", ir.FactWhy); all[len(all)-1] != "end at_most" {
		t.Errorf("%q", all)
	}
	p.noID = true
	p.now++
	p.send("visit", "", 0)
	if all := p.facts("campaign:d", ir.FactWhy); all[len(all)-1] != "end the member has no id" {
		t.Errorf("%q", all)
	}
}

func TestQuietInputsStartNothing(t *testing.T) {
	p := newPerson(t, compile(t, sinks+`
campaign c { on enter big  do { send sms "a" } }
campaign d { on order  do { wait 1 day  send sms "b" } }`), "2026-03-01T10:00")
	p.send("order", "", 1_000, "O1")
	p.input.Quiet = true
	p.send("order", "", 10_000, "O2")
	p.expect("big", "reached(c) = 0", "reached(d) = 1")
	p.advance("2026-03-03") // runs go on
	p.wantMessages("sms b ")
}

func TestLateInputsStartNothing(t *testing.T) {
	p := newPerson(t, compile(t, sinks+`campaign c { on enter big  do { send sms "a" } }`), "2026-03-05T10:00")
	p.input.At = at(t, p.prog, "2026-03-02T09:59")
	p.send("order", "2026-03-02T09:59", 10_000, "O2")
	p.expect("big", "reached(c) = 0")
	p.retract("order", "2026-03-02T09:59", 10_000, "O2")
	p.input.At = at(t, p.prog, "2026-03-02T10:00")
	p.send("order", "2026-03-02T10:00", 10_000, "O3")
	p.expect("reached(c) = 1")
}

func TestGoals(t *testing.T) {
	p := newPerson(t, compile(t, sinks+`
campaign c { on order where channel is unknown  do { send sms "a" }  goal order where amount >= 50 within 2 days }
campaign u { on visit  do { issue gift }  goal used gift within 2 days }`), "2026-03-01T10:00")
	p.send("order", "", 10_000, "O1") // not its own goal
	p.send("order", "", 10_000, "O2") // at the start, not after it
	p.wantFacts("campaign:c", []string{ir.FactConverted}, "start -", "act -", "end -", "start -", "act -", "end -")
	p.advance("2026-03-03T10:00")
	p.events[p.kind("campaign:c")] = p.events[p.kind("campaign:c")][:3] // one run is enough
	p.send("order", "2026-03-03T10:00", 5_000, "O3")                    // the last instant; it starts a run as well
	p.send("order", "2026-03-03T09:00", 4_999, "O4")
	goals := func() (n, revenue int64) {
		for _, e := range p.events[p.kind("campaign:c")] {
			n += p.field("campaign:c", e, ir.FactConverted).I
			revenue += p.field("campaign:c", e, ir.FactRevenue).I
		}
		return n, revenue
	}
	if n, revenue := goals(); n != 1 || revenue != 5_000 {
		t.Errorf("%d goals, %d", n, revenue)
	}
	p.retract("order", "2026-03-03T10:00", 5_000, "O3")
	if n, revenue := goals(); n != 0 || revenue != 0 {
		t.Errorf("%d goals, %d after it was taken back", n, revenue)
	}
	p.send("visit", "", 0)
	code := p.field("coupon:gift", p.events[p.kind("coupon:gift")][0], ir.FactCode).S
	p.advance("2026-03-04T10:00")
	amount := int64(9_000)
	p.turn(func(t *programme.Turn) error {
		_, err := t.Account(loyalty.Cause{Kind: "use", Key: "K1"}).Use(0, code, loyalty.Purchase{Amount: &amount}, loyalty.Cause{Kind: "use", Key: "K1"})
		return err
	})
	p.wantFacts("campaign:u", []string{ir.FactConverted, ir.FactRevenue, ir.FactCauseKey}, "start - - -", "act - - -", "end - - -", "goal 1 9000 "+code)
}

func (p *person) kind(name string) int {
	return slices.IndexFunc(p.prog.Events, func(e *ir.Event) bool { return e.Name == name })
}

func (p *person) field(kind string, e exprplan.Event, name string) ir.Value {
	return e.Fields[slices.IndexFunc(p.prog.Events[p.kind(kind)].Fields, func(f *ir.Field) bool { return f.Name == name })]
}

func TestUsingACouponStartsARun(t *testing.T) {
	p := newPerson(t, compile(t, sinks+`
campaign a { on visit  do { issue gift } }
campaign c { on used gift  do { give 7 stars } }`), "2026-03-01T10:00")
	p.send("visit", "", 0)
	code := p.field("coupon:gift", p.events[p.kind("coupon:gift")][0], ir.FactCode).S
	amount := int64(9_000)
	p.turn(func(t *programme.Turn) error {
		_, err := t.Account(loyalty.Cause{}).Use(0, code, loyalty.Purchase{Amount: &amount}, loyalty.Cause{Kind: "use", Key: "K1"})
		return err
	})
	p.expect("reached(c) = 1", "balance(stars) = 7", "used(gift) = 1")
}

func TestRunsFinishTheVersionThatTheyBegan(t *testing.T) {
	before := compile(t, `
tag orders = count(order)
`+sinks+`campaign c { on order  do { wait 1 day  send sms "old" with { much: amount, channel: channel, n: orders } }  goal visit within 3 days }`)
	// Everything lies elsewhere: another event and sink come first, channels are in another order.
	after := compileText(t, `
settings { language 1  timezone "Asia/Shanghai"  currency CNY }
event aaa { x string }
member { city string  phone id phone "CN"  vip bool }
event review { review_id key }
event order { order_id key  channel enum "mall" "pos"  amount money }
event refund { refund_id key  order_id string  amount money }
event visit {}
sink aaaa { file "out/a.ndjson" }
tag orders = 7
`+sinks+`campaign c { on order  do { wait 1 day  send sms "new" } }`)
	p := newPerson(t, before, "2026-03-01T10:00")
	n, e := p.event("order", "", 10_000, "O1")
	e.Fields[1] = ir.IntLike(ir.Enum, 0) // pos
	p.insert(n, e)
	p.turn(func(t *programme.Turn) error { return t.Happened(n, e) })
	p.now++

	p.reload(after)
	order := p.kind("order")
	p.events[order][0].Fields[1].I = 1 // pos
	if unknown := p.c.Versions(p.world(), p.member()); len(unknown) != 0 {
		t.Errorf("versions %v are not known", unknown)
	}
	p.send("order", "", 5_000, "O2")
	p.advance("2026-03-03")
	p.wantMessages(`sms old {"much":100.00,"channel":"pos","n":2}`, "sms new ")
	p.send("visit", "", 0)
	if all := p.facts("campaign:c", ir.FactConverted); all[len(all)-1] != "goal 1" {
		t.Errorf("the goal of the old version does not count: %q", all)
	}
}

func TestARunWhoseVersionIsLostEnds(t *testing.T) {
	p := newPerson(t, compile(t, sinks+`campaign c { on visit  do { wait 1 day  send sms "old" } }`), "2026-03-01T10:00")
	p.send("visit", "", 0)
	next := compile(t, sinks+`campaign c { on visit  do { wait 1 day  send sms "new" } }`)
	c, err := programme.New(next, "r2")
	if err != nil {
		t.Fatal(err)
	}
	if unknown := c.Versions(&exprplan.World{Program: next, Now: p.now}, p.member()); len(unknown) != 1 || unknown[0] != (programme.Version{Campaign: "c", Hash: p.prog.Campaigns[0].Hash}) {
		t.Errorf("%v", unknown)
	}
	p.prog, p.c = next, c
	if p.eval, err = exprplan.New(next); err != nil {
		t.Fatal(err)
	}
	p.advance("2026-03-03")
	p.wantMessages()
	p.wantFacts("campaign:c", []string{ir.FactWhy}, "start -", "wait -", "end its version of the campaign is not known any more")
}

func TestEventsWithoutKeysAtOneInstantAreSeveral(t *testing.T) {
	p := newPerson(t, compileText(t, `
settings { language 1  timezone "Asia/Shanghai" }
member { phone id phone "CN" }
event view { page string }
sink sms { file "out/sms.ndjson" }
campaign c { on view  do { wait 1 day  send sms "seen" with { page: page } } }`), "2026-03-01T10:00")
	p.send("view", "", 0, "a")
	p.send("view", "", 0, "b")
	p.advance("2026-03-03")
	p.wantMessages(`sms seen {"page":"a"}`, `sms seen {"page":"b"}`)
}

func TestAnOrderThatIsSentAnewIsTheSameEvent(t *testing.T) {
	p := newPerson(t, compile(t, sinks+`campaign c { on order  do { send sms "a" } }`), "2026-03-01T10:00")
	p.send("order", "", 10_000, "O1")
	p.retract("order", "", 10_000, "O1")
	p.send("order", "", 12_000, "O1")
	p.wantMessages("sms a ")
}

func TestADeletedCampaignStopsItsRuns(t *testing.T) {
	p := newPerson(t, compile(t, sinks+`campaign c { on visit  do { wait 1 day  send sms "a" } }`), "2026-03-01T10:00")
	p.send("visit", "", 0)
	p.turn(func(t *programme.Turn) error { t.Stop([]int{0}); return nil })
	p.advance("2026-03-03")
	p.wantMessages()
	p.wantFacts("campaign:c", []string{ir.FactWhy}, "start -", "wait -", "end the campaign was deleted")
}

func TestARunOfAnEventThatIsTakenBackEnds(t *testing.T) {
	p := newPerson(t, compile(t, sinks+`campaign c { on order  do { wait 1 day  send sms "a" with { much: amount } } }`), "2026-03-01T10:00")
	p.send("order", "", 10_000, "O1")
	p.retract("order", "", 10_000, "O1")
	p.advance("2026-03-03")
	p.wantMessages()
	p.wantFacts("campaign:c", []string{ir.FactWhy}, "start -", "wait -", "end its event was taken back")
}

func TestAForkDoesTheSame(t *testing.T) {
	prog := compile(t, sinks+`campaign c { on order  do { wait 1 day  send sms "a" with { much: amount } } }`)
	var all [2][]string
	for i := range all {
		p := newPerson(t, prog, "2026-03-01T10:00")
		if i == 1 {
			p.c = p.c.Fork()
		}
		p.send("order", "", 10_000, "O1")
		p.advance("2026-03-03")
		all[i] = append(p.messages, p.facts("campaign:c", ir.FactRun, ir.FactStep, ir.FactUntil)...)
	}
	if len(all[0]) < 4 || !slices.Equal(all[0], all[1]) {
		t.Errorf("%q\n%q", all[0], all[1])
	}
}

package report_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/report"
)

// run writes the facts of a run of the campaign: it begins now, and if it is not held out it issues a code and sends a
// message, or is over the cap of its sink.
func (s *shop) run(member int, heldOut, overCap bool) (id string) {
	s.stamps++
	id = fmt.Sprint(s.stamps)
	how := ir.FactReached
	if heldOut {
		how = ir.FactHoldout
	}
	fact := func(what string, fields map[string]any) {
		fields[ir.FactWhat], fields[ir.FactRun], fields[ir.FactCause] = what, id, "order"
		s.fact(member, "campaign:winback", fields)
	}
	fact("start", map[string]any{how: 1})
	if !heldOut {
		fact("act", map[string]any{ir.FactCode: "C" + id, ir.FactStep: 0})
		s.fact(member, "coupon:back100", map[string]any{
			ir.FactWhat: "issue", ir.FactCode: "C" + id, ir.FactIssued: 1, ir.FactHeld: 1,
			ir.FactCause: "campaign", ir.FactCauseKey: "winback/" + id + "/0",
		})
		if overCap {
			fact("act", map[string]any{ir.FactWhy: "cap", ir.FactStep: 1})
		} else {
			fact("act", map[string]any{ir.FactMessage: "winback:" + id, ir.FactStep: 1})
		}
		fact("act", map[string]any{ir.FactGiven: 10, ir.FactStep: 2})
	}
	return id
}

// convert writes that a run reached its goal with an amount, or that this was taken back.
func (s *shop) convert(member int, id string, n, amount int) {
	s.fact(member, "campaign:winback", map[string]any{
		ir.FactWhat: "goal", ir.FactRun: id, ir.FactConverted: n, ir.FactRevenue: n * amount, ir.FactEventAt: s.now,
	})
}

func (s *shop) end(member int, id, why string) {
	s.fact(member, "campaign:winback", map[string]any{ir.FactWhat: "end", ir.FactRun: id, ir.FactWhy: why})
}

// campaign is 1,000 members of whom every tenth was held out; a tenth of the reached converted, and one in twenty of the
// held out.
func campaignShop(t *testing.T) *shop {
	s := newShop(t, "2026-06-01T10:00")
	type begun struct {
		member int
		id     string
	}
	var runs []begun
	for i := range 1000 {
		if i%250 == 0 && i > 0 {
			s.now += 24 * 3600 * 1_000_000
		}
		m := s.join()
		runs = append(runs, begun{m, s.run(m, i%10 == 0, i%100 == 1)})
	}
	s.now = s.at("2026-06-08T12:00")
	for i, r := range runs {
		switch {
		case i%10 == 0 && i%200 == 0, i%10 == 5:
			s.convert(r.member, r.id, 1, 30_000)
			s.end(r.member, r.id, "stopped")
		case i < 900:
			s.end(r.member, r.id, "done")
		}
	}
	s.use(runs[5].member, "C"+runs[5].id)
	s.use(runs[15].member, "C"+runs[15].id)
	s.convert(runs[25].member, runs[25].id, -1, 30_000) // the order was taken back
	s.convert(runs[35].member, runs[35].id, 1, 10_000)  // a second one
	s.fact(runs[0].member, "campaign:winback", map[string]any{ir.FactWhat: "drop", ir.FactWhy: "running"})
	return s
}

func (s *shop) use(member int, code string) {
	s.fact(member, "coupon:back100", map[string]any{
		ir.FactWhat: "use", ir.FactCode: code, ir.FactUsed: 1, ir.FactHeld: -1, ir.FactAmount: 60_000, ir.FactWorth: 10_000,
	})
}

func TestCampaign(t *testing.T) {
	s := campaignShop(t)
	got, err := s.reader(report.Period{}).Campaigns(context.Background(), "winback")
	if err != nil {
		t.Fatal(err)
	}
	holdReport(t, "campaign", got)
	x := got.Campaigns[0]
	if x.Reached.Members != 900 || x.Reached.Converted != 99 || x.HeldOut.Members != 100 || x.HeldOut.Converted != 5 {
		t.Errorf("reached %+v, held out %+v", x.Reached, x.HeldOut)
	}
	// Newcombe's interval of 99/900 − 5/100, worked out by hand from Wilson's (0.0913, 0.1321) and (0.0215, 0.1118).
	if u := x.Uplift; math.Abs(*u.Difference-0.06) > 1e-9 || math.Abs(u.Interval[0]+0.0046) > 0.0005 || math.Abs(u.Interval[1]-0.0961) > 0.0005 || u.Verdict != "open" {
		t.Errorf("the uplift is %v in %v, %s", *u.Difference, *u.Interval, u.Verdict)
	}
	if x.Reached.Revenue != "29800.00" || x.Reached.PerMember != "33.11" || x.Coupons.Discount != "200.00" || x.Points != 9000 {
		t.Errorf("revenue %s, %s a member, discount %s, points %d", x.Reached.Revenue, x.Reached.PerMember, x.Coupons.Discount, x.Points)
	}
	all, err := s.reader(report.Period{}).Campaigns(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "campaigns.txt", text(all))
}

// A period takes the runs that began in it, with all that came of them.
func TestCampaignOfAPeriod(t *testing.T) {
	s := campaignShop(t)
	got, err := s.reader(report.Period{From: s.day("2026-06-02"), To: s.day("2026-06-03")}).Campaigns(context.Background(), "winback")
	if err != nil {
		t.Fatal(err)
	}
	x := got.Campaigns[0]
	if x.Reached.Members != 450 || x.HeldOut.Members != 50 || x.Reached.Converted != 50 || x.Coupons.Issued != 450 || x.Coupons.Used != 0 {
		t.Errorf("of two days there are %+v", x)
	}
}

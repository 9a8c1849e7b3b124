package compiler_test

import (
	"os"
	"strings"
	"testing"

	"github.com/muster-engine/muster/compiler/ir"
)

// A whole programme compiles: what it declares is there, and names of loyalty have values.
func TestLoyaltyProgramme(t *testing.T) {
	text, err := os.ReadFile("testdata/programme.muster")
	if err != nil {
		t.Fatal(err)
	}
	p := program(t, string(text))
	var b strings.Builder
	for _, q := range []string{
		"balance(stars)", "pending(stars)", "earned(stars)", "earned(stars) in last 12 months", "earned(stars) in this year",
		"earned(stars) in previous 2 months", "spent(stars) since 2026-01-01", "spent(stars) before today",
		"earned(stars) in last 6 hours", "expiring(stars) in next 30 days", "issued(back100)", "used(back100) in last 7 days",
		"sent(sms) in last 7 days", "reached(winback)", "back100", "complaint", "loyalty", `loyalty >= "银卡"`,
		"loyalty.factor", "loyalty.factor * 2 > 2.4", "floor(count(order) * loyalty.factor)", "sum(order.amount) * loyalty.factor",
		"loyalty.factor + 1.5", "1 / loyalty.factor",
	} {
		b.WriteString(q + "\n\t" + show(p, query(t, p, q, nil).Node) + "\n")
	}
	golden(t, "loyalty.txt", b.String())
	if len(p.Points) != 1 || len(p.Points[0].Earns) != 2 || len(p.Points[0].Boosts) != 1 || len(p.Points[0].Reverses) != 1 ||
		len(p.Tiers[0].Tiers) != 3 || len(p.Coupons) != 1 || len(p.Cases) != 1 || len(p.Sinks) != 2 || len(p.Campaigns) != 1 ||
		len(p.Campaigns[0].Do) != 5 {
		t.Errorf("something of the programme is missing: %+v", p)
	}
	for _, e := range p.Events {
		if (e.Facts == "") == strings.Contains(e.Name, ":") {
			t.Errorf("event %s has facts of %q", e.Name, e.Facts)
		}
	}
	if give := p.Points[0].Earns[0].Give; give.Type.Kind != ir.Exact {
		t.Errorf("what the first earn gives is computed as %s, not exactly", give.Type)
	}
}

// Every clause of loyalty changes the hash of its declaration and of the program; layout, comments and the order of
// clauses change none.
func TestLoyaltyHashes(t *testing.T) {
	text, err := os.ReadFile("testdata/programme.muster")
	if err != nil {
		t.Fatal(err)
	}
	before := program(t, string(text))
	same := strings.NewReplacer("start  2026-01-01", "start 2026-01-01 // from the beginning", "off 100  min_spend 500", "min_spend 500\n off 100").Replace(string(text))
	if after := program(t, same); same == string(text) || after.Hash != before.Hash {
		t.Error("layout, comments or the order of clauses change the hash")
	}
	for _, edit := range [][2]string{
		{"start  2026-01-01", "start  2026-01-02"}, {"end of next year", "end of this year"}, {"floor(amount) * loyalty.factor", "floor(amount)"},
		{"at most 20_000 points per month", "at most 20_000 points per week"}, {"at most 20_000 points per month", "at most 20_001 points per month"},
		{"give 50", "give 51"}, {"{ factor 2 ", "{ factor 3 "}, {"to 2026-11-11", "to 2026-11-12"}, {"matching order_id by amount", "matching order_id"},
		{"in last 12 months\n", "in last 11 months\n"}, {"from 1000", "from 1001"}, {"factor 1.2", "factor 1.25"}, {"keep 12 months", "keep 11 months"},
		{"off 100", "off 101"}, {"off 100", "off 10%"}, {"min_spend 500", "min_spend 501"}, {"valid 30 days", "valid 31 days"}, {"stock 20_000", "stock 20_001"},
		{"at most 1 per 30 days\n}", "at most 2 per 30 days\n}"}, {`"SMS_URL"`, `"SMS_URI"`}, {"quiet 21:00", "quiet 22:00"}, {"at most 2 per week", "at most 2 per month"},
		{"on enter vip_at_risk", "on leave vip_at_risk"}, {"not complaint", "complaint"}, {"holdout 10%", "holdout 11%"}, {"wait 3 days", "wait 4 days"},
		{`"winback_1"`, `"winback_0"`}, {"city: city", "city: name"}, {"stop when has(order) since start", "stop when has(order)"},
		{"amount >= 300", "amount >= 301"}, {"within 14 days", "within 15 days"}, {"target 8%", "target 9%"}, {"due 1 workday", "due 2 workdays"},
		{"by channel", "by ticket"}, {`"escalate"`, `"escalated"`}, {"monetary >= 5_000", "monetary >= 5_001"},
	} {
		edited := strings.Replace(string(text), edit[0], edit[1], 1)
		if edited == string(text) {
			t.Errorf("the programme has no %q", edit[0])
			continue
		}
		if after := program(t, edited); after.Hash == before.Hash {
			t.Errorf("%q for %q does not change the hash", edit[1], edit[0])
		}
	}
}

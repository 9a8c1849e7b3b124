package report_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/muster-engine/muster/runtime/loyalty"
	"github.com/muster-engine/muster/runtime/report"
)

// programme is a shop in which something of everything has happened.
func programme(t *testing.T) *shop {
	s := newShop(t, "2026-01-05T10:00")
	lin, wu, zhou := s.join(), s.join(), s.join()
	s.send(lin, "order", map[string]any{"order_id": "1", "amount": 120_050})
	s.send(wu, "order", map[string]any{"order_id": "2", "amount": 400_000}) // the cap leaves 3,000
	s.advance("2026-02-03T12:00")
	s.send(lin, "order", map[string]any{"order_id": "3", "amount": 30_000})
	s.must(wu, func(a *loyalty.Account) error { return a.Spend(0, 400, "S1") })
	s.must(wu, func(a *loyalty.Account) error { return a.Return(0, 100, "S1", "T1") })
	s.must(zhou, func(a *loyalty.Account) error { return a.Adjust(0, 50, nil, "opening") })
	s.advance("2026-03-10T09:00")
	s.send(lin, "refund", map[string]any{"refund_id": "R1", "order_id": "1", "amount": 60_025})
	s.send(wu, "order", map[string]any{"order_id": "4", "amount": 250_000})
	s.advance("2026-06-01T10:30")
	s.send(zhou, "order", map[string]any{"order_id": "5", "amount": 90_000})
	s.coupons(lin, wu, zhou)
	s.complaints(lin, wu)
	return s
}

// coupons issues, uses, returns and voids codes.
func (s *shop) coupons(lin, wu, zhou int) {
	codes := 0
	supply := loyalty.Supply{Code: func() (string, error) { codes++; return fmt.Sprintf("C%d", codes), nil }}
	issue := func(member, coupon int, key string) (code string) {
		s.must(member, func(a *loyalty.Account) error {
			answer, err := a.Issue(coupon, loyalty.Cause{Kind: "api", Key: key}, supply)
			code = answer.Code
			return err
		})
		return code
	}
	use := func(member, coupon int, code string, amount int64) {
		s.must(member, func(a *loyalty.Account) error {
			_, err := a.Use(coupon, code, loyalty.Purchase{Amount: &amount}, loyalty.Cause{Kind: "api", Key: "use " + code})
			return err
		})
	}
	used, back, gone := issue(lin, 0, "1"), issue(wu, 0, "2"), issue(zhou, 0, "3")
	issue(zhou, 0, "4")
	issue(lin, 1, "5")
	s.advance("2026-06-10T11:00")
	use(lin, 0, used, 62_000)
	use(wu, 0, back, 50_000)
	s.must(wu, func(a *loyalty.Account) error {
		_, err := a.ReturnCode(0, back, loyalty.Cause{Kind: "api", Key: "back"})
		return err
	})
	s.must(zhou, func(a *loyalty.Account) error {
		_, err := a.Void(0, gone, loyalty.Cause{Kind: "api", Key: "void"}, supply)
		return err
	})
	s.advance("2026-07-05T11:00") // what was not used has expired, and the first day of the other has come
}

func (s *shop) complaints(lin, wu int) {
	file := func(member int, ticket, channel string) {
		s.send(member, "complaint_filed", map[string]any{"ticket": ticket, "channel": channel})
	}
	resolve := func(member int, ticket string) {
		s.send(member, "complaint_resolved", map[string]any{"ticket": ticket})
	}
	file(lin, "T1", "热线")
	file(wu, "T2", "门店")
	s.advance("2026-07-05T15:30")
	resolve(wu, "T2")
	s.advance("2026-07-08T10:00")
	resolve(lin, "T1")
	file(wu, "T3", "热线")
	s.advance("2026-07-09T10:00")
	file(lin, "T1", "热线")
	s.advance("2026-07-12T10:00")
}

// text is the tables of a report as text.
func text(r report.Report) string {
	var b strings.Builder
	for _, t := range r.Tables() {
		fmt.Fprintf(&b, "== %s\n", t.Title)
		for i, c := range t.Columns {
			if i > 0 {
				b.WriteString(" | ")
			}
			b.WriteString(c.Head)
		}
		b.WriteString("\n")
		for _, row := range t.Rows {
			if len(row) != len(t.Columns) {
				panic(fmt.Sprintf("%s: a row of %d cells under %d heads", t.Title, len(row), len(t.Columns)))
			}
			b.WriteString(strings.Join(row, " | ") + "\n")
		}
		if t.Note != "" {
			b.WriteString(t.Note + "\n")
		}
	}
	return b.String()
}

// holdReport holds a report to its golden files: text, JSON, SVG.
func holdReport(t *testing.T, name string, r report.Report) {
	t.Helper()
	golden(t, name+".txt", text(r))
	asJSON, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, name+".json", string(asJSON)+"\n")
	var svg strings.Builder
	if err := report.WriteSVG(&svg, r.Charts()); err != nil {
		t.Fatal(err)
	}
	golden(t, name+".svg", svg.String())
}

func TestPoints(t *testing.T) {
	s := programme(t)
	got, err := s.reader(report.Period{}).Points(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	holdReport(t, "points", got)
	x := got.Points[0]
	f := x.Flows
	if left := f.Earned + f.Given + f.Adjusted + f.Returned - f.Spent - f.Expired - f.Reversed; left != x.Liability-x.Debt {
		t.Errorf("what came less what went is %d, and there is %d", left, x.Liability-x.Debt)
	}
}

// A period bounds what happened, not what there is; an earlier instant sees neither what came later.
func TestPointsOfAPeriod(t *testing.T) {
	s := programme(t)
	got, err := s.reader(report.Period{From: s.day("2026-02-01"), To: s.day("2026-02-28")}).Points(context.Background(), "stars")
	if err != nil {
		t.Fatal(err)
	}
	f := got.Points[0].Flows
	if f.Earned != 300 || f.Spent != 400 || f.Returned != 100 || f.Adjusted != 50 || f.Reversed != 0 || *got.From != "2026-02-01" {
		t.Errorf("in February there moved %+v", f)
	}
	if all := got.Points[0].Liability; all != 7_050 {
		t.Errorf("the liability is %d in February's report", all)
	}
	before, err := report.Open(s.view("2026-02-01"), report.Period{}).Points(context.Background(), "stars")
	if err != nil {
		t.Fatal(err)
	}
	if x := before.Points[0]; x.Liability != 4_200 || x.Flows.Spent != 0 {
		t.Errorf("on 1 February there was %+v", x)
	}
}

func TestTiers(t *testing.T) {
	got, err := programme(t).reader(report.Period{}).Tiers(context.Background(), "club")
	if err != nil {
		t.Fatal(err)
	}
	holdReport(t, "tiers", got)
}

func TestCoupons(t *testing.T) {
	s := programme(t)
	got, err := s.reader(report.Period{}).Coupons(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	holdReport(t, "coupons", got)
	one, err := s.reader(report.Period{}).Coupons(context.Background(), "back100")
	if err != nil {
		t.Fatal(err)
	}
	holdReport(t, "coupon", one)
}

func TestCases(t *testing.T) {
	got, err := programme(t).reader(report.Period{}).Cases(context.Background(), "complaint")
	if err != nil {
		t.Fatal(err)
	}
	holdReport(t, "cases", got)
}

// What the rules do not declare is said with what comes near.
func TestUnknownNames(t *testing.T) {
	r := newShop(t, "2026-01-01").reader(report.Period{})
	var unknown *report.UnknownError
	if _, err := r.Points(context.Background(), "star"); !errors.As(err, &unknown) || err.Error() != `the rules have no points "star"; did you mean stars?` {
		t.Error(err)
	}
	if _, err := r.Cases(context.Background(), "nothing"); !errors.As(err, &unknown) || err.Error() != `the rules have no case "nothing"` {
		t.Error(err)
	}
}

// Without members and facts every report is there, and empty.
func TestEmpty(t *testing.T) {
	r, ctx := newShop(t, "2026-01-01").reader(report.Period{}), context.Background()
	points, err := r.Points(ctx, "")
	if err != nil || points.Points[0].Liability != 0 {
		t.Error(points, err)
	}
	tiers, err := r.Tiers(ctx, "")
	if err != nil || tiers.Tiers[0].Members != 0 {
		t.Error(tiers, err)
	}
	coupons, err := r.Coupons(ctx, "")
	if err != nil || len(coupons.Coupons) != 2 {
		t.Error(coupons, err)
	}
	cases, err := r.Cases(ctx, "")
	if err != nil || cases.Cases[0].Median != nil {
		t.Error(cases, err)
	}
	campaigns, err := r.Campaigns(ctx, "")
	if err != nil || campaigns.Campaigns[0].Uplift.Why == "" {
		t.Error(campaigns, err)
	}
	for _, x := range []report.Report{points, tiers, coupons, cases, campaigns} {
		_ = text(x)
		var svg strings.Builder
		if err := report.WriteSVG(&svg, x.Charts()); err != nil || !strings.Contains(svg.String(), "</svg>") {
			t.Error(err)
		}
	}
}

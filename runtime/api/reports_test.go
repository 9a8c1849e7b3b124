package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/muster-engine/muster/runtime/report"
)

// A campaign of a live engine is reported as it went: who was held out, who converted, what was issued and sent.
func TestCampaignReportOfALiveEngine(t *testing.T) {
	c := newContract(t)
	f := newFixtureOf(t, club+`
coupon back10 "减十元" { off 10  valid 30 days }
sink sms { file "sms.ndjson" }
campaign thanks "谢谢" {
  on order where amount < 100
  holdout 30%
  at most 1
  do { issue back10  send sms "thanks" }
  goal order where amount >= 100 within 7 days
  target 20%
}
`, nil)
	const members = 200
	var lines strings.Builder
	for i := range members {
		fmt.Fprintf(&lines, `{"type":"order","phone":"139%08d","order_id":"A%d","amount":50}`+"\n", i, i)
	}
	accepted := func(n int) string { return fmt.Sprintf(`{"accepted":%d,"duplicate":0,"rejected":[]}`, n) }
	f.expect("POST", "/v1/events", lines.String(), 200, accepted(members))
	f.clock.Add(60_000_000)
	lines.Reset()
	for i := range members / 4 { // every fourth comes back
		fmt.Fprintf(&lines, `{"type":"order","phone":"139%08d","order_id":"B%d","amount":120}`+"\n", i*4, i)
	}
	f.expect("POST", "/v1/events", lines.String(), 200, accepted(members/4))
	w := f.send("GET", "/v1/reports/campaigns?name=thanks", "")
	c.hold("/v1/reports/campaigns", httptest.NewRequest("GET", "/", nil), w)
	var got report.Campaigns
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	x := got.Campaigns[0]
	if x.Reached.Members+x.HeldOut.Members != members || x.HeldOut.Members < members/5 || x.HeldOut.Members > members*2/5 {
		t.Errorf("%d were reached and %d held out", x.Reached.Members, x.HeldOut.Members)
	}
	if x.Reached.Converted+x.HeldOut.Converted != members/4 || x.HeldOut.Converted == 0 {
		t.Errorf("%d of the reached converted and %d of the held out", x.Reached.Converted, x.HeldOut.Converted)
	}
	if x.Sent != x.Reached.Members || x.Coupons.Issued != x.Reached.Members || x.Ended["done"] != members || x.Uplift.Difference == nil || *x.Met != (x.Reached.Rate >= 0.2) {
		t.Errorf("the report is %+v", x)
	}
	if sum := string(x.Reached.Revenue); sum != fmt.Sprintf("%d.00", 120*x.Reached.Converted) {
		t.Errorf("the revenue is %s of %d", sum, x.Reached.Converted)
	}
}

const club = `
settings { language 1  timezone "Asia/Shanghai"  currency CNY }
member { phone id phone "CN" }
event order { order_id key  amount money }
points stars "积分" { start 2026-01-01  expire end of next year  earn shopping on order { give floor(amount) } }
tiers club "等级" { by earned(stars) in last 12 months  tier "会员" {}  tier "银卡" from 1_000 {}  keep 12 months }
`

// Reports are made of what a live engine holds, what no checkpoint has written included, and are as documented.
func TestReportsOfALiveEngine(t *testing.T) {
	c := newContract(t)
	f := newFixtureOf(t, club, nil)
	f.expect("POST", "/v1/events", `{"type":"order","phone":"13900000001","order_id":"1","amount":1200,"at":"2026-11-01T10:00:00+08:00"}
{"type":"order","phone":"13900000002","order_id":"2","amount":850.5,"at":"2026-11-01T10:30:00+08:00"}`, 200, `{"accepted":2,"duplicate":0,"rejected":[]}`)
	get := func(path, query string, into any) {
		t.Helper()
		w := f.send("GET", path+"?"+query, "")
		if w.Code != 200 {
			t.Fatalf("%s: %s", path, w.Body)
		}
		c.hold(path, httptest.NewRequest("GET", "/", nil), w)
		if into != nil {
			if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
				t.Fatal(err)
			}
		}
	}
	var points report.Points
	get("/v1/reports/points", "name=stars", &points)
	if x := points.Points[0]; x.Liability != 2_050 || x.Members != 2 || x.Flows.Earned != 2_050 || x.Expiring[0].Month != "2027-12" {
		t.Errorf("the points are %+v", x)
	}
	var tiers report.Tiers
	get("/v1/reports/tiers", "", &tiers)
	if x := tiers.Tiers[0]; x.Levels[0].Members != 1 || x.Levels[0].Close != 1 || x.Levels[1].Members != 1 || x.Months[0].Up != 1 {
		t.Errorf("the tiers are %+v", x)
	}
	// What a checkpoint has written is counted once, beside what has come since.
	if err := f.engine.Checkpoint(context.Background()); err != nil {
		t.Fatal(err)
	}
	f.expect("POST", "/v1/events", `{"type":"order","phone":"13900000002","order_id":"3","amount":50,"at":"2026-11-01T11:00:00+08:00"}`,
		200, `{"accepted":1,"duplicate":0,"rejected":[]}`)
	get("/v1/reports/points", "", &points)
	if x := points.Points[0]; x.Liability != 2_100 || x.Members != 2 || x.Flows.Earned != 2_100 {
		t.Errorf("after a checkpoint the points are %+v", x)
	}
	var books report.Books
	get("/v1/books", "", &books)
	if x := books.Points[0]; !books.Sound || x.Liability != 2_100 || x.Entries != 3 || x.Balance != 0 {
		t.Errorf("the books are %+v", books)
	}
	get("/v1/reports/points", "from=2026-12-01", &points)
	if x := points.Points[0]; x.Liability != 2_100 || x.Flows.Earned != 0 {
		t.Errorf("from December on the points are %+v", x)
	}
	if w := f.send("GET", "/v1/reports/points?name=stars&format=svg", ""); !strings.Contains(w.Body.String(), "积分") {
		t.Errorf("the chart is %.300s", w.Body)
	}
	for query, want := range map[string]string{
		"name=star":                     `the rules have no points \"star\"; did you mean stars?`,
		"from=June":                     `\"June\" is no date; write 2026-06-01`,
		"format=png":                    `reports are sent as json or svg, not as \"png\"`,
		"from=2026-02-01&to=2026-01-01": "ends before it begins",
	} {
		if w := f.send("GET", "/v1/reports/points?"+query, ""); w.Code < 400 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %s", query, w.Code, w.Body)
		}
	}
}

package plan_test

import (
	"testing"
	"time"

	"github.com/muster-engine/muster/compiler"
	"github.com/muster-engine/muster/compiler/plan"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
)

const rules = `
settings { language 1  timezone "Europe/London"  currency GBP }
member { id id  city string  grade enum "C" "B" "A"  born date  joined time  score number  visits int  spent money  ok bool }
event buy { amount money }
list vips
tag total = sum(buy.amount)
tag loyal = total > 100
segment good = loyal and grade = "A"
`

// TestPlans shows what conditions become: which are ranges of which column, which are computed.
func TestPlans(t *testing.T) {
	tree, found := dsl.Parse(diag.NewFile("rules.muster", rules))
	prog, more := compiler.Compile([]*dsl.RuleFile{tree})
	if prog == nil {
		t.Fatal(found, more)
	}
	midnight := time.Date(2026, 3, 30, 0, 0, 0, 0, prog.Zone.Location()) // the day after the clocks went forward
	now := midnight.UnixMicro()
	at := plan.Clock{Zone: prog.Zone, Now: now, Today: prog.Zone.DateOf(now)}
	for _, c := range []struct{ condition, want string }{
		{`city = "Leeds"`, `city is "Leeds"`},
		{`city != "Leeds"`, `(city known and not city is "Leeds")`},
		{`city in ("Leeds", "York")`, `city is "Leeds"|"York"`},
		{`city not in ("Leeds")`, `(city known and not city is "Leeds")`},
		{`city starts with "L"`, `computed`},
		{`grade >= "B"`, `grade in [1, …]`},
		{`grade between "B" and "A"`, `grade in [1, 2]`},
		{`visits > 3 and visits <= 9 and ok`, `(visits in [4, 9] and ok is 1)`},
		{`visits != 3`, `(visits known and not visits in [3, 3])`},
		{`3 < visits`, `visits in [4, …]`},
		{`score > 0.5 and score <= 2`, `score in (0.5, 2]`},
		{`spent >= 12.50`, `spent in [1250, …]`},
		{`not (ok or visits = 1)`, `not (ok is 1 or visits in [1, 1])`},
		{`joined is known`, `joined known`},
		{`born is unknown`, `not born known`},
		{`vips or good`, `(list 0 or segment 0)`},
		{`loyal`, `loyal is 1`},
		{`count(buy) >= 2`, `count(buy) in [2, …]`},
		{`has(buy) in last 3 days`, `has(buy) in last 3 days is 1`},
		// 2026-03-30 is day 20542; London is an hour ahead of UTC since the day before.
		{`days since born <= 10`, `born in [20532, …]`},
		{`days until born between 0 and 7`, `born in [20542, 20549]`},
		{`born = today`, `born in [20542, 20542]`},
		{`age(born) >= 18`, `born in […, 13968]`},
		{`days since joined <= 1`, `joined in [1774742400000000, …]`},
		{`days since last(buy) > 1`, `last(buy) in […, 1774742399999999]`},
		{`date(joined) = 2026-03-29`, `joined in [1774742400000000, 1774825199999999]`},
		{`hours since joined >= 2`, `joined in […, 1774818000000000]`},
		{`hours since joined < 2`, `joined in [1774818000000001, …]`},
		{`spent * 2 > total`, `computed`},
		{`city = "Leeds" and (city = "York" and ok)`, `(city is "Leeds" and city is "York" and ok is 1)`},
	} {
		q, found := compiler.CompileQuery(prog, diag.NewFile("condition", c.condition), nil)
		if q == nil {
			t.Errorf("%s: %v", c.condition, found)
			continue
		}
		if got := plan.Build(q.Node, at).String(); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.condition, got, c.want)
		}
	}
}

// TestADateInTwoPieces asks for a local date that a clock change visits twice: no range of instants is that date.
func TestADateInTwoPieces(t *testing.T) {
	tree, found := dsl.Parse(diag.NewFile("rules.muster", `
settings { language 1  timezone "America/St_Johns" }
member { id id  joined time }
`))
	prog, more := compiler.Compile([]*dsl.RuleFile{tree})
	if prog == nil {
		t.Fatal(found, more)
	}
	now := time.Date(2006, 11, 5, 12, 0, 0, 0, prog.Zone.Location()).UnixMicro()
	at := plan.Clock{Zone: prog.Zone, Now: now, Today: prog.Zone.DateOf(now)}
	for condition, want := range map[string]string{
		// On 2006-10-29 at 00:01 the clocks went back to 23:01 of the day before.
		"date(joined) = 2006-10-28":  "computed",
		"date(joined) >= 2006-10-29": "computed",
		"date(joined) >= 2006-10-28": "joined in [1162002600000000, …]",
		"days since joined = 8":      "computed",
	} {
		q, found := compiler.CompileQuery(prog, diag.NewFile("condition", condition), nil)
		if q == nil {
			t.Fatalf("%s: %v", condition, found)
		}
		if got := plan.Build(q.Node, at).String(); got != want {
			t.Errorf("%s\n got %s\nwant %s", condition, got, want)
		}
	}
}

package testrun_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/muster-engine/muster/compiler"
	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/rules/testrun"
)

const shop = `settings { language 1  timezone "Asia/Shanghai"  currency CNY }
member { phone id phone "CN"  union_id id many  gender enum "female" "male"  city string  hobbies set of string  joined time }
table store { code key  region string }
event order { order_id key  amount money  category string  store store  lines int }
event refund { amount money }
list vip
tag mood manual enum "good" "bad" for 30 days
tag note manual string
tag recency = days since last(order)
tag frequency = count(order) in last 365 days
tag monetary = sum(order.amount) - sum(refund.amount)
tag half = ntile(2, monetary)
tag halves = half + ntile(2, (when half = 2 then monetary))
tag lifecycle = when count(order) = 0 then "prospect" when recency <= 30 then "active" else "lost"
segment lost = lifecycle = "lost" and not vip
`

func compile(t *testing.T, tests string) *ir.Program {
	t.Helper()
	var files []*dsl.RuleFile
	var all diag.List
	for name, text := range map[string]string{"shop.muster": shop, "tests.muster": tests} {
		f, list := dsl.Parse(diag.NewFile(name, text))
		files, all = append(files, f), append(all, list...)
	}
	p, list := compiler.Compile(files)
	for _, d := range append(all, list...) {
		if d.Severity == diag.Error {
			t.Fatalf("%s: %s", d.Span, d.Message)
		}
	}
	return p
}

// report is a failing expect with the parts that made it fail.
func report(r testrun.Result) string {
	var b strings.Builder
	if r.Err != nil {
		fmt.Fprintln(&b, r.Err)
	}
	for _, f := range r.Failures {
		fmt.Fprintf(&b, "%s %s: %s\n", f.Span, f.Member, f.Text)
		var write func(c *exprplan.Clause, depth int)
		write = func(c *exprplan.Clause, depth int) {
			value := "unknown"
			switch v := c.Value; {
			case !v.Known:
			case v.Kind == ir.String || v.Kind == ir.Row:
				value = v.S
			case v.Kind == ir.Bool:
				value = fmt.Sprint(v.I != 0)
			case v.Kind == ir.Enum:
				value = c.Node.Type.Enum.Values[v.I]
			default:
				value = fmt.Sprint(v.I)
			}
			fmt.Fprintf(&b, "%*s%s = %s\n", depth*2, "", c.Text, value)
			for _, child := range c.Children {
				write(child, depth+1)
			}
		}
		write(f.Why, 1)
	}
	return b.String()
}

func TestStoriesThatHold(t *testing.T) {
	for name, story := range map[string]string{
		"history, clock and sent events": `
test "t" {
  today 2026-06-01
  member lin { gender "female"  hobbies ("tea", "go")
    order { at 2026-05-02  amount 100 }
    order { at 2026-05-03T10:30  amount 0.50 }
  }
  expect lin: recency = 29 and frequency = 2 and monetary = 100.5 and lifecycle = "active"
  expect lin: hobbies contains "go" and gender = "female" and city is unknown
  advance by 1 day
  expect lin: recency = 30 and not lost
  advance to 2026-06-03
  expect lin: recency = 31 and lost
  send order { amount 7 } to lin
  expect lin: recency = 0 and frequency = 3 and monetary = 107.5
  send refund { at 2026-05-04  amount 7.5 } to lin
  expect lin: monetary = 100
}`,
		"events come at their time": `
test "t" {
  today 2026-06-01
  member lin { order { at 2026-06-01T00:00  amount 1 }  order { at 2026-06-01T00:01  amount 2 }  order { at 2026-06-05  amount 4 } }
  expect lin: monetary = 1
  advance by 1 minute
  expect lin: monetary = 3
  advance to 2026-06-04T23:59
  expect lin: monetary = 3
  advance by 60 minutes
  expect lin: monetary = 7 and last(order) in last 1 hours is known
}`,
		"a sent event may be dated ahead": `
test "t" {
  today 2026-06-01
  member lin {}
  send order { at 2026-06-02  amount 1 } to lin
  expect lin: lifecycle = "prospect"
  advance by 1 day
  expect lin: monetary = 1
}`,
		"one key is one order": `
test "t" {
  today 2026-06-01
  member lin { order { at 2026-05-03  order_id "A"  amount 5 }  order { at 2026-05-02  order_id "A"  amount 3 }  order { at 2026-05-01  amount 1 }  order { at 2026-05-01  amount 1 } }
  member wei { order { at 2026-05-04  order_id "A"  amount 9 } }
  expect lin: count(order) = 3 and monetary = 5
  send order { order_id "A"  amount 100 } to lin
  expect lin: count(order) = 3
  expect wei: monetary = 9
}`,
		"a declared event after a sent one of its key": `
test "t" {
  today 2026-06-01
  member lin { order { at 2026-06-09  order_id "A"  amount 5 } }
  send order { order_id "A"  amount 3 } to lin
  advance to 2026-07-01
  expect lin: count(order) = 1 and monetary = 3
}`,
		"order of arrival breaks ties": `
test "t" {
  today 2026-06-01
  member lin { order { at 2026-05-03  category "a" } order { at 2026-05-03  category "b" } }
  expect lin: last(order.category) = "b" and first(order.category) = "a"
  send order { at 2026-05-03  category "c" } to lin
  expect lin: last(order.category) = "c" and first(order.category) = "a"
}`,
		"lists and manual tags": `
test "t" {
  today 2026-06-01
  member lin { vip  mood "good"  note "x"  order { at 2025-01-01  amount 1 } }
  expect lin: vip and mood = "good" and lifecycle = "lost" and not lost
  advance to 2026-07-01T23:59
  expect lin: mood is known
  advance by 1 minute
  expect lin: mood is unknown and note = "x"
}`,
		"ids are made up": `
test "t" {
  today 2026-06-01
  member lin {}
  member wei { union_id ("u1") }
  expect lin: phone is known and union_id is unknown
  expect wei: phone is unknown and union_id contains "u1"
}`,
		"tables are empty": `
test "t" {
  today 2026-06-01
  member lin { order { at 2026-05-01  store "S1" } }
  expect lin: last(order.store) = "S1" and last(order.store.region) is unknown
}`,
		"cuts are taken at midnight": `
test "t" {
  today 2026-06-01
  member a { order { at 2026-05-01  amount 10 } }
  member b { order { at 2026-05-01  amount 20 } }
  expect a: half = 1
  expect b: half = 2
  send order { amount 90 } to a
  expect a: half = 2
  expect b: half = 2
  expect b: ntile(2, 0 - monetary) = 2
  advance by 23 hours
  expect b: half = 2
  advance by 1 hours
  expect a: half = 2
  expect b: half = 1
}`,
		"cuts within cuts": `
test "t" {
  today 2026-06-01
  member a { order { at 2026-05-01  amount 10 } }
  member b { order { at 2026-05-01  amount 20 } }
  member c { order { at 2026-05-01  amount 30 } }
  member d { order { at 2026-05-01  amount 40 } }
  expect a: half = 1 and halves is unknown
  expect c: halves = 3
  expect d: halves = 4
}`,
		"chance goes by the member's number": `
test "t" {
  today 2026-06-01
  member a {}
  expect a: chance("x") >= 0 and chance("x") < 1
}`,
	} {
		p := compile(t, story)
		for _, r := range testrun.Run(context.Background(), p, testrun.Options{}) {
			if !r.Passed() || r.Expects == 0 {
				t.Errorf("%s: %d expects\n%s", name, r.Expects, report(r))
			}
		}
	}
}

func TestAFailingExpectShowsItsParts(t *testing.T) {
	p := compile(t, `test "one" {
  today 2026-06-01
  member lin { order { at 2026-05-02  amount 100 } }
  expect lin: lost or monetary > 150
  expect lin: frequency = 1
  advance by 1 day
  expect lin: city = "x"
}
test "two" { today 2026-06-01  member lin {}  expect lin: lifecycle = "prospect" }
`)
	results := testrun.Run(context.Background(), p, testrun.Options{})
	if len(results) != 2 || results[0].Passed() || !results[1].Passed() || results[0].Expects != 3 {
		t.Fatalf("%+v", results)
	}
	want := `tests.muster:4:3 lin: lost or monetary > 150
  lost or monetary > 150 = false
    lost = false
      lifecycle = "lost" and not vip = false
        lifecycle = "lost" = false
          lifecycle = active
            when count(order) = 0 then "prospect" when recency <= 30 then "active" else "lost" = active
              count(order) = 0 = false
                count(order) = 1
              recency <= 30 = true
                recency = 30
                  days since last(order) = 30
                    last(order) = 20575
                      last(order) = 1777651200000000
        not vip = true
          vip = false
    monetary > 150 = false
      monetary = 10000
        sum(order.amount) - sum(refund.amount) = 10000
          sum(order.amount) = 10000
          sum(refund.amount) = 0
tests.muster:7:3 lin: city = "x"
  city = "x" = false
    city = unknown
`
	if got := report(results[0]); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestSelectAndCancel(t *testing.T) {
	p := compile(t, `test "one" { today 2026-06-01  member lin {}  expect lin: true }
test "two" { today 2026-06-01  member lin {}  expect lin: true }`)
	only := testrun.Options{Select: func(t *ir.Test) bool { return t.Title == "two" }}
	if rs := testrun.Run(context.Background(), p, only); len(rs) != 1 || rs[0].Test.Title != "two" || !rs[0].Passed() {
		t.Errorf("selected %+v", rs)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, r := range testrun.Run(ctx, p, testrun.Options{}) {
		if r.Passed() || r.Err == nil {
			t.Errorf("%q passed though it was cancelled", r.Test.Title)
		}
	}
}

package cover_test

import (
	"context"
	"slices"
	"testing"

	"github.com/muster-engine/muster/compiler"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/rules/cover"
	"github.com/muster-engine/muster/rules/testrun"
)

// unreached runs the tests of rules and returns what they do not reach, as "kind of: text".
func unreached(t *testing.T, text string) (out []string) {
	t.Helper()
	const head = `
settings { language 1  timezone "Asia/Shanghai"  currency CNY }
member { phone id phone "CN"  city string }
event order { order_id key  amount money  channel enum "pos" "mall" }
event refund { order_id string  amount money }
event opened { ticket string }
event closed { ticket string }
sink sms { file "out/sms.ndjson" }
`
	tree, found := dsl.Parse(diag.NewFile("rules.muster", head+text))
	p, more := compiler.Compile([]*dsl.RuleFile{tree})
	if found = append(found, more...); found.HasErrors() {
		t.Fatal(found)
	}
	c, err := cover.New(p)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range testrun.Run(context.Background(), p, testrun.Options{Cover: c}) {
		if !r.Passed() {
			t.Fatalf("%s: %v %d failures", r.Test.Title, r.Err, len(r.Failures))
		}
	}
	for _, i := range c.Items {
		if !i.Reached() {
			out = append(out, string(i.Kind)+" "+i.Of+": "+i.Text)
		}
	}
	return out
}

func TestWhatIsNotReached(t *testing.T) {
	for name, c := range map[string]struct {
		rules string
		want  []string
	}{
		"what no expect asks is not reached": {
			`tag a = count(order)  tag b = count(refund)
test "t" { today 2026-06-01  member m { }  expect m: a = 0 }`,
			[]string{"rule tag b: tag b"},
		},
		"what a tag depends on is reached with it": {
			`tag a = count(order)  tag b = a + 1
test "t" { today 2026-06-01  member m { }  expect m: b = 1 }`, nil,
		},
		"a tag that is unknown is not reached": {
			`tag a = last(order)
test "t" { today 2026-06-01  member m { }  expect m: a is unknown }`,
			[]string{"rule tag a: tag a"},
		},
		"the where of an aggregate is asked of each event": {
			`tag a = count(order where amount >= 100)
test "t" { today 2026-06-01  member m { order { at 2026-05-01  amount 100 } }  expect m: a = 1 }`,
			[]string{"condition tag a: amount >= 100"},
		},
		"between has two bounds": {
			`segment s = count(order) between 1 and 3
test "t" { today 2026-06-01
  member m { order { at 2026-05-01 } }  member n { }
  expect m: s  expect n: not s }`,
			[]string{"condition segment s: count(order) between 1 and 3", "boundary segment s: count(order) between 1 and 3"},
		},
		"what depends on chance cannot be chosen": {
			`segment control = chance("a") < 5%
segment s = city = "上海" and not control
test "t" { today 2026-06-01  member m { city "上海" }  member n { }  expect m: s  expect n: not s }`, nil,
		},
		"points": {
			`points stars {
  start 2026-01-01  expire never
  earn shopping on order { give floor(amount)  when channel = "pos" }
  boost summer on order { factor 2  during 2026-06-01 to 2026-06-30 }
  boost pos on order { factor 3  when amount > 10 }
  reverse order on refund matching order_id
}
tiers level { by earned(stars)  tier "a"  tier "b" from 10  tier "c" from 100 }
test "t" { today 2026-05-20  member m { order { at 2026-05-01  amount 10  channel "pos" } }  expect m: level = "b" }`,
			[]string{
				`condition points stars: channel = "pos"`, "condition points stars: amount > 10",
				"rule points stars: boost pos", "rule points stars: boost summer", "rule points stars: reverse order on refund",
				`rule tiers level: tier "c"`,
			},
		},
		"campaigns, coupons and cases": {
			`coupon gift { gift "socks"  valid 1 day }
coupon bought { gift "socks"  valid 1 day }
case trouble { open on opened  close on closed  matching ticket  due 1 day  overdue { send sms "late" } }
campaign c {
  on order where amount > 5
  do { issue gift  wait 1 day  stop when has(order) since start  send sms "a" when city is known }
  goal order within 3 days
}
test "t" { today 2026-06-01
  member m { order { at 2026-05-01  amount 10 } order { at 2026-05-10  amount 1 } opened { at 2026-05-10  ticket "1" } closed { at 2026-05-10T10:00  ticket "1" } }
  expect m: issued(gift) = 1 and not trouble }`,
			[]string{
				"boundary campaign c: amount > 5", "condition campaign c: city is known", "condition campaign c: has(order) since start",
				"rule campaign c: goal order", `rule campaign c: send sms "a" when city is known`, "rule campaign c: stop when has(order) since start",
				`rule case trouble: overdue send sms "late"`,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := unreached(t, c.rules)
			slices.Sort(got)
			slices.Sort(c.want)
			if !slices.Equal(got, c.want) {
				t.Errorf("not reached:\n%q\nwant\n%q", got, c.want)
			}
		})
	}
}

package effect_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/muster-engine/muster/compiler"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/runtime"
	"github.com/muster-engine/muster/runtime/effect"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

const head = `settings { language 1  timezone "UTC"  currency CNY }
member { phone id  city string  gold bool }
event order { amount money }
list blocked
`

// now is 2026-06-01T00:00Z.
var now = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC).UnixMicro()

const day = 24 * 3600 * 1_000_000

// people are five members: 0 without orders, 1 to 4 with one order each of 1000 to 4000 yuan, 10 to 40 days ago.
func people() *storage.Memory {
	m := storage.NewMemory()
	for i := range uint32(5) {
		n := m.NewMember()
		m.Set("phone", n, column.Text(fmt.Sprintf("p%d", i)))
		if i > 0 {
			m.AddEvent("order", n, now-int64(i)*10*day, map[string]column.Value{"amount": column.Int(int64(i) * 100_000)})
			m.Set("city", n, column.Text([]string{"", "上海", "上海", "杭州", "杭州"}[i]))
		}
	}
	m.Set("gold", 1, column.Int(1))
	m.Set("gold", 2, column.Int(0))
	m.AddToList("blocked", 4)
	return m
}

func program(t *testing.T, text string) *ir.Program {
	t.Helper()
	tree, found := dsl.Parse(diag.NewFile("rules", text))
	p, more := compiler.Compile([]*dsl.RuleFile{tree})
	if found = append(found, more...); found.HasErrors() || p == nil {
		var b strings.Builder
		diag.Render(&b, found, diag.RenderOptions{})
		t.Fatal(b.String())
	}
	return p
}

func compare(t *testing.T, before, after string, opt effect.Options) *effect.Report {
	t.Helper()
	data := people()
	r, err := effect.Compare(context.Background(), view(program(t, head+before), data), view(program(t, head+after), data), opt)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func view(p *ir.Program, data storage.Data) *runtime.View {
	return runtime.New(p, data, runtime.Options{}).At(now)
}

// text writes a report in a line per rule, with its examples below it.
func text(r *effect.Report) string {
	var b strings.Builder
	for _, s := range r.Segments {
		fmt.Fprintf(&b, "%s %s: %d to %d, +%d -%d\n", s.Status, s.Name, s.Before, s.After, s.Entering, s.Leaving)
		for _, e := range s.Enters {
			fmt.Fprintf(&b, "  + %d%s\n", e.Member, clause(e.Clause))
		}
		for _, e := range s.Leaves {
			fmt.Fprintf(&b, "  - %d%s\n", e.Member, clause(e.Clause))
		}
	}
	for _, x := range r.Tags {
		fmt.Fprintf(&b, "%s %s: %d to %d, %d changed, %d known, %d unknown\n", x.Status, x.Name, x.Before, x.After, x.Changed, x.Known, x.Unknown)
		for _, m := range x.Moves {
			fmt.Fprintf(&b, "  %s > %s: %d\n", value(m.Before, x.Old), value(m.After, x.New), m.Members)
		}
		for _, e := range x.Examples {
			fmt.Fprintf(&b, "  * %d %s > %s%s\n", e.Member, value(e.Before, x.Old), value(e.After, x.New), clause(e.Clause))
		}
	}
	return b.String()
}

func clause(c *effect.Clause) string {
	if c == nil {
		return ""
	}
	out := fmt.Sprintf(" %s: %s is %s", c.Side, c.Text, value(c.Value, c.Type))
	if c.In != "" {
		out += " in " + c.In
	}
	if c.Both {
		out += " (both)"
	}
	for _, p := range c.Parts {
		out += fmt.Sprintf(" [%s %s]", p.Text, value(p.Value, p.Type))
	}
	return out
}

func value(v ir.Value, t ir.Type) string {
	switch {
	case !v.Known:
		return "?"
	case v.Kind == ir.Enum:
		return t.Enum.Values[v.I]
	case v.Kind == ir.Bool:
		return fmt.Sprint(v.I != 0)
	case v.Kind == ir.String:
		return v.S
	case v.Kind == ir.Number:
		return fmt.Sprint(v.F)
	}
	return fmt.Sprint(v.I)
}

func TestCompare(t *testing.T) {
	const spend = "tag spend = sum(order.amount) in last 365 days\n"
	cases := []struct {
		name, before, after, want string
	}{
		{"nothing", spend + "segment s = spend > 10", "// a note\n" + spend + "segment s \"S\" = 10 < spend", ""},
		{"a lower bound lets members in", spend + "segment s = spend >= 3_000 and city is known", spend + "segment s = spend >= 2_000 and city is known", `
changed s: 2 to 3, +1 -0
  + 2 before: spend >= 3_000 is false [spend 200000]
`},
		{"a higher bound puts members out", spend + "segment s = spend >= 2_000", spend + "segment s = spend >= 4_000", `
changed s: 3 to 1, +0 -2
  - 2 after: spend >= 4_000 is false [spend 200000]
  - 3 after: spend >= 4_000 is false [spend 300000]
`},
		{"another way in", `segment s = city = "上海"`, `segment s = city = "上海" or blocked`, `
changed s: 2 to 3, +1 -0
  + 4 after: blocked is true
`},
		{"a way in that is gone", `segment s = city = "上海" or blocked`, `segment s = city = "上海"`, `
changed s: 3 to 2, +0 -1
  - 4 before: blocked is true
`},
		{"an exception", `segment s = has(order)`, `segment s = has(order) and not blocked`, `
changed s: 4 to 3, +0 -1
  - 4 after: blocked is true
`},
		{"between is one clause", "segment s = age(date(last(order))) = 0 and " + "count(order) between 1 and 5", "segment s = age(date(last(order))) = 0 and count(order) between 2 and 5", `
changed s: 4 to 0, +0 -4
  - 1 after: count(order) between 2 and 5 is false [count(order) 1]
  - 2 after: count(order) between 2 and 5 is false [count(order) 1]
  - 3 after: count(order) between 2 and 5 is false [count(order) 1]
`},
		{"behind a tag", spend + "tag level = when spend >= 3_000 then \"high\" else \"low\"\nsegment s = level = \"high\"",
			spend + "tag level = when spend >= 2_000 then \"high\" else \"low\"\nsegment s = level = \"high\"", `
changed s: 2 to 3, +1 -0
  + 2 after: spend >= 2_000 is true in level [spend 200000]
changed level: 5 to 5, 1 changed, 0 known, 0 unknown
  low > high: 1
  * 2 low > high after: spend >= 2_000 is true [spend 200000]
`},
		{"behind a segment", "segment a = has(order)\nsegment b = not a", "segment a = has(order) and not blocked\nsegment b = not a", `
changed a: 4 to 3, +0 -1
  - 4 after: blocked is true
changed b: 1 to 2, +1 -0
  + 4 after: blocked is true in a
`},
		{"a case passed over", "tag r = days since last(order)\ntag l = when r <= 20 then \"new\" when r <= 30 then \"warm\" else \"cold\"",
			"tag r = days since last(order)\ntag l = when r <= 10 then \"new\" when r <= 30 then \"warm\" else \"cold\"", `
changed l: 5 to 5, 1 changed, 0 known, 0 unknown
  new > warm: 1
  * 2 new > warm before: r <= 20 is true [r 20]
`},
		{"a window", spend, "tag spend = sum(order.amount) in last 25 days", `
changed spend: 5 to 5, 2 changed, 0 known, 0 unknown
  * 3 300000 > 0 after: sum(order.amount) in last 25 days is 0
  * 4 400000 > 0 after: sum(order.amount) in last 25 days is 0
`},
		{"known and unknown", "tag x = when city = \"上海\" then 1", "tag x = when city = \"杭州\" then 1 when city = \"上海\" and gold then 2", `
changed x: 2 to 3, 1 changed, 2 known, 1 unknown
  * 1 1 > 2 after: gold is true
  * 3 ? > 1 after: city = "杭州" is true [city 杭州]
  * 2 1 > ? after: city = "杭州" is false [city 上海]
`},
		{"through others", "tag m = sum(order.amount)\ntag g = ntile(2, m)", "tag m = when blocked then 0 else sum(order.amount)\ntag g = ntile(2, m)", `
changed m: 5 to 5, 1 changed, 0 known, 0 unknown
  * 4 400000 > 0 after: blocked is true
changed g: 5 to 5, 2 changed, 0 known, 0 unknown
  * 2 1 > 2 after: ntile(2, m) is 2 (both)
  * 4 2 > 1 after: blocked is true in m
`},
		{"without effect", spend + "segment s = spend > 0", spend + "segment s = spend > 1", `
changed s: 4 to 4, +0 -0
`},
		{"added and removed", "segment old = blocked\ntag gone = city", "segment fresh = has(order)\ntag come = gold", `
added fresh: 0 to 4, +4 -0
  + 1
  + 2
  + 3
removed old: 1 to 0, +0 -1
  - 4
added come: 0 to 2, 0 changed, 2 known, 0 unknown
  * 1 ? > true
  * 2 ? > false
removed gone: 4 to 0, 0 changed, 0 known, 4 unknown
  * 1 上海 > ?
  * 2 上海 > ?
  * 3 杭州 > ?
`},
		{"another type with the same values", "tag x = count(order)", "tag x = count(order) * 1.0", `
changed x: 5 to 5, 0 changed, 0 known, 0 unknown
`},
		{"a longer enum", `tag x = when blocked then "b" else "c"`, `tag x = when gold then "a" when blocked then "b" else "c"`, `
changed x: 5 to 5, 1 changed, 0 known, 0 unknown
  c > a: 1
  * 1 c > a after: gold is true
`},
		{"a type that shares no value", "tag x = count(order)", "tag x = gold", `
changed x: 5 to 2, 2 changed, 0 known, 3 unknown
  * 1 1 > true after: gold is true
  * 2 1 > false after: gold is false
  * 0 0 > ? after: gold is ?
`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := text(compare(t, c.before, c.after, effect.Options{}))
			if want := strings.TrimPrefix(c.want, "\n"); got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

func TestExamplesAreFew(t *testing.T) {
	before, after := "segment s = has(order)\ntag x = city", "segment s = not has(order)\ntag x = lower(city)\ntag y = when gold then 1"
	r := compare(t, before, after, effect.Options{Examples: 1})
	if s := r.Segments[0]; len(s.Enters) != 1 || len(s.Leaves) != 1 || s.Leaving != 4 {
		t.Errorf("%+v", s)
	}
	r = compare(t, before, after, effect.Options{Examples: -1})
	if s := r.Segments[0]; len(s.Enters)+len(s.Leaves) != 0 || s.Leaving != 4 || len(r.Tags[1].Examples) != 0 {
		t.Errorf("%+v", s)
	}
}

func TestHasEffect(t *testing.T) {
	for _, c := range []struct {
		before, after string
		want          bool
	}{
		{"segment s = gold", "segment s = gold", false},
		{"segment s = count(order) > 5", "segment s = count(order) > 6", false},
		{"segment s = gold", "segment s = blocked", true},
		{"segment s = gold", "", true},
		{"", "segment s = count(order) > 5", true},
		{"tag x = count(order)", "tag x = count(order) + 0", false},
		{"tag x = count(order)", "tag x = count(order) + 1", true},
		{"tag x = city", "", true},
		{"", "tag x manual int", true},
		{"tag x manual int", "tag x manual int for 3 days", false},
	} {
		if got := compare(t, c.before, c.after, effect.Options{}).HasEffect(); got != c.want {
			t.Errorf("%q to %q: %v", c.before, c.after, got)
		}
	}
}

func TestUnchangedRulesAreCountedWhenAsked(t *testing.T) {
	rules := "segment s = has(order)\nsegment other = gold\ntag x = city"
	r := compare(t, rules, rules, effect.Options{Count: []string{"s", "x"}})
	want := "unchanged s: 4 to 4, +0 -0\nunchanged x: 4 to 4, 0 changed, 0 known, 0 unknown\n"
	if got := text(r); got != want || r.Same != 3 || r.Of != 5 || r.Now != now || r.HasEffect() {
		t.Errorf("%s %+v", got, r)
	}
}

func TestViewsOfDifferentTimesAreRefused(t *testing.T) {
	p, data := program(t, head), people()
	e := runtime.New(p, data, runtime.Options{})
	if _, err := effect.Compare(context.Background(), e.At(now), e.At(now+1), effect.Options{}); err == nil {
		t.Error("compared")
	}
}

func TestManyBlocks(t *testing.T) {
	data := storage.NewMemory()
	const members = column.Block*2 + 100
	for i := range uint32(members) {
		n := data.NewMember()
		data.Set("n", n, column.Int(int64(i)))
	}
	rules := func(low, high int) *ir.Program {
		return program(t, fmt.Sprintf("settings { language 1  timezone \"UTC\" }\nmember { phone id  n int }\n"+
			"segment s = n between %d and %d\ntag x = when n between %d and %d then n", low, high, low, high))
	}
	const low, high = 1000, column.Block + 500
	r, err := effect.Compare(context.Background(), view(rules(low, high), data), view(rules(low+7, high+column.Block), data), effect.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, x := r.Segments[0], r.Tags[0]
	if s.Before != high-low+1 || s.Entering != members-1-high || s.Leaving != 7 || s.After != s.Before+s.Entering-s.Leaving {
		t.Errorf("%+v", s)
	}
	if x.Before != s.Before || x.After != s.After || x.Known != s.Entering || x.Unknown != 7 || x.Changed != 0 {
		t.Errorf("%+v", x)
	}
	if s.Enters[0].Member != high+1 || s.Leaves[0].Member != low {
		t.Errorf("examples %+v %+v", s.Enters, s.Leaves)
	}
}

func TestNtilesTakeTheirCutsOnEachSide(t *testing.T) {
	got := text(compare(t, "tag g = ntile(2, count(order))", "tag g = ntile(4, (when count(order) > 0 then sum(order.amount)))", effect.Options{Examples: -1}))
	if want := "changed g: 5 to 4, 3 changed, 0 known, 1 unknown\n"; got != want {
		t.Errorf("got %s", got)
	}
}

func TestCutsAreKeptWhereTheRankingIsTheSame(t *testing.T) {
	const before = "tag m = sum(order.amount)\ntag g = ntile(2, m)\ntag h = ntile(2, count(order))\nsegment top = g = 2\nsegment often = h = 2"
	cases := []struct {
		name, old, new, want string
	}{
		// Recorded on another day: only 4,000 yuan and more are group 2, nobody has orders enough.
		{"something else", "g = 2", "g = 2 and has(order)", "top 1 to 1, often unchanged"},
		{"what is ranked", "sum(order.amount)", "sum(order.amount) in last 365 days", "top 1 to 2, often unchanged"},
		{"who uses it", "h = 2", "h = 1", "top unchanged, often 0 to 5"},
	}
	for _, c := range cases {
		old, new := program(t, head+before), program(t, head+strings.Replace(before, c.old, c.new, 1))
		data := people()
		recorded := func(n *ir.Ntile, at int64) ([]ir.Cut, int64, bool) {
			if n.Expr.Type.Kind == ir.Money {
				return []ir.Cut{{From: ir.IntLike(ir.Money, 0), Group: 1}, {From: ir.IntLike(ir.Money, 400_000), Group: 2}}, at, true
			}
			return []ir.Cut{{From: ir.IntLike(ir.Int, 100), Group: 2}}, at, true
		}
		ctx := context.Background()
		was := runtime.New(old, data, runtime.Options{Cuts: recorded}).At(now)
		is := runtime.New(new, data, runtime.Options{Cuts: effect.Cuts(ctx, was, new)}).At(now)
		r, err := effect.Compare(ctx, was, is, effect.Options{})
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{"top": "top unchanged", "often": "often unchanged"}
		for _, s := range r.Segments {
			got[s.Name] = fmt.Sprintf("%s %d to %d", s.Name, s.Before, s.After)
		}
		if text := got["top"] + ", " + got["often"]; text != c.want {
			t.Errorf("%s: %s, want %s", c.name, text, c.want)
		}
	}
}

package compiler_test

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/muster-engine/muster/compiler"
	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
)

const head = "settings { language 1  timezone \"Asia/Shanghai\"  currency CNY }\n"

// program compiles texts that must be sound.
func program(t testing.TB, texts ...string) *ir.Program {
	t.Helper()
	var trees []*dsl.RuleFile
	for i, text := range texts {
		tree, diags := dsl.Parse(diag.NewFile(fmt.Sprintf("%d.muster", i), text))
		if len(diags) > 0 {
			t.Fatal(codes(diags))
		}
		trees = append(trees, tree)
	}
	p, diags := compiler.Compile(trees)
	if diags.HasErrors() {
		t.Fatal(codes(diags))
	}
	return p
}

func query(t testing.TB, p *ir.Program, text string, lets map[string]*ir.Query) *ir.Query {
	t.Helper()
	q, diags := compiler.CompileQuery(p, diag.NewFile("condition", text), lets)
	if q == nil {
		t.Fatalf("%s: %s", text, codes(diags))
	}
	return q
}

func TestSettings(t *testing.T) {
	p := program(t, `settings { timezone "Europe/London" }`)
	if p.Currency != "" || p.WeekStart != 1 || p.LateSpan.N != 3 || p.LateSpan.Unit != dsl.Day || p.Zone.Name() != "Europe/London" {
		t.Errorf("defaults: %+v", p)
	}
	p = program(t, `settings { language 1 timezone "UTC" currency KWD week sunday late 5 hours holidays 2026-10-01 workdays 2026-10-10 }`)
	if p.Currency != "KWD" || p.Digits != 3 || p.WeekStart != 7 || p.LateSpan.Unit != dsl.Hour ||
		!reflect.DeepEqual(p.Holidays, []int64{calendar.FromCivil(2026, 10, 1)}) || !reflect.DeepEqual(p.Workdays, []int64{calendar.FromCivil(2026, 10, 10)}) {
		t.Errorf("given: %+v", p)
	}
	for code, digits := range map[string]int{"JPY": 0, "CNY": 2, "CLF": 4} {
		if p := program(t, `settings { timezone "UTC" currency `+code+` }`); p.Digits != digits {
			t.Errorf("%s has %d digits, want %d", code, p.Digits, digits)
		}
	}
}

func TestDeclarations(t *testing.T) {
	p := program(t, head+`
		member {
		  phone id phone "CN" block "000" "111" hashed sha256 salt env "SALT"
		  mail id many lower
		  home store
		  likes set of enum "a" "b"
		}
		table store { name string  code key  region region }
		table region { code key  lead store }
		event order { at_shop store  order_id key  amount money  full money = amount * 1.1 }
		event visit { shop store }
		list vip "贵宾"
		group rfm "RFM属性"
		tag spend "消费" in rfm = sum(order.full)
		tag mood manual enum "good" "bad" for 30 days
		tag kept manual bool
		segment rich "有钱" = spend > 1000
	`)
	phone, mail := p.Attributes[0], p.Attributes[1]
	want := &ir.ID{Phone: "CN", Block: []string{"000", "111"}, Hashed: "sha256", SaltEnv: "SALT"}
	if !reflect.DeepEqual(phone.ID, want) || phone.Type.Kind != ir.String {
		t.Errorf("phone: %+v %s", phone.ID, phone.Type)
	}
	if !mail.ID.Many || !mail.ID.Lower || mail.Type.Kind != ir.Set || mail.Type.Elem != ir.String {
		t.Errorf("mail: %+v %s", mail.ID, mail.Type)
	}
	if home := p.Attributes[2]; home.ID != nil || home.Type.Table != p.Tables[0] {
		t.Errorf("home: %+v", home)
	}
	if likes := p.Attributes[3].Type; likes.Elem != ir.Enum || len(likes.Enum.Values) != 2 {
		t.Errorf("likes: %s", likes)
	}
	store, region := p.Tables[0], p.Tables[1]
	if store.Key != 1 || store.Columns[1].Type.Kind != ir.String || store.Columns[2].Type.Table != region || region.Columns[1].Type.Table != store {
		t.Errorf("tables: %+v %+v", store, region)
	}
	order, visit := p.Events[0], p.Events[1]
	if order.Key != 1 || visit.Key != -1 || len(order.Fields) != 3 || len(order.Computed) != 1 {
		t.Errorf("events: %+v %+v", order, visit)
	}
	if full := order.Computed[0]; full.Expr.Op != ir.OpExactToMoney || full.Type.Kind != ir.Money {
		t.Errorf("a computed field is rounded to its declared type: %+v", full)
	}
	spend, mood, kept := p.Tags[0], p.Tags[1], p.Tags[2]
	if spend.Group != 0 || spend.Title != "消费" || spend.Type.Kind != ir.Money || spend.Manual {
		t.Errorf("spend: %+v", spend)
	}
	if !mood.Manual || mood.For.N != 30 || mood.For.Unit != dsl.Day || mood.Expr != nil || mood.Group != -1 || kept.For != nil {
		t.Errorf("manual tags: %+v %+v", mood, kept)
	}
	if p.Lists[0].Title != "贵宾" || p.Segments[0].Title != "有钱" || p.Groups[0].Title != "RFM属性" {
		t.Error("titles are lost")
	}
	if !reflect.DeepEqual(p.Order[:1], []ir.Ref{{Index: 0}}) || p.Order[len(p.Order)-1] != (ir.Ref{Segment: true}) {
		t.Errorf("order: %+v", p.Order)
	}
}

func TestOrderFollowsDependence(t *testing.T) {
	p := program(t, head+`
		member { phone id  x int }
		event e { n int }
		segment s = a > 1
		tag a = b + count(e where n > member.c)
		tag b = (when t then 1 else 2)
		tag c = x
		segment t = c > 3
	`)
	place := map[string]int{}
	for i, ref := range p.Order {
		if ref.Segment {
			place[p.Segments[ref.Index].Name] = i
		} else {
			place[p.Tags[ref.Index].Name] = i
		}
	}
	for _, pair := range []string{"a s", "b a", "c a", "t b", "c t"} {
		before, after, _ := strings.Cut(pair, " ")
		if place[before] > place[after] {
			t.Errorf("%s comes after %s", before, after)
		}
	}
	if len(p.Order) != 5 {
		t.Errorf("order: %v", p.Order)
	}
}

func TestEqualAggregatesShareASlot(t *testing.T) {
	p := program(t, head+`
		member { phone id }
		event order { amount money  category string }
		tag a = count(order where category = "x" and amount > 3) in last 30 days
		tag b = count(order where (3 < amount) and "x" = category) in last 30 days + 1
		segment c = count(order where amount > 3.0 and category = "x" and true) in last 30 days > 2
		tag d = count(order where category = "x") in last 30 days
		tag e = ntile(5, sum(order.amount))
		segment f = ntile(5, (sum(order.amount))) = 5
	`)
	if len(p.Slots) != 3 || len(p.Ntiles) != 1 {
		t.Errorf("%d slots, %d ntiles", len(p.Slots), len(p.Ntiles))
	}
}

// Keys are equal if and only if the meaning is.
func TestKeys(t *testing.T) {
	p := program(t, head+`
		member { phone id  x int  y int  name string  grade enum "a" "b"  rank enum "a" "c" }
		event e { n int }
	`)
	equal := [][]string{
		{"x > 3", "3 < x", "not (not (x > 3))"},
		{"x > 3 and y > 4", "y > 4 and x > 3", "y > 4 and (x > 3 and y > 4)", "(4 < y and x > 3) and true"},
		{"x + y", "y + x"},
		{"x = y", "y = x"},
		{"x < y", "y > x"},
		{"x in (1, 2)", "x in (2, 1, 2)"},
		{"x between 1 and 2", "x >= 1 and x <= 2"},
		{"least(x, y)", "least(y, x)"},
		{"count(e)", "count(e where true)", "(count(e))"},
		{"last(e)", "last(e.at)"},
		{`grade = "a"`},
		{`rank = "a"`},
		{"x - y"},
		{"y - x"},
		{"x >= y"},
		{"x <= y", "y >= x"},
		{"count(e) in last 7 days"},
		{"count(e) in last 1 week"},
		{"first(e)"},
		{"sum(e.n)"},
		{"avg(e.n)"},
		{`name = "x"`},
		{`name contains "x"`},
		{`name starts with "x"`},
		{"bucket(x, 1, 2)"},
		{"bucket(x, 1, 3)"},
		{"chance(\"a\")"},
		{"chance(\"b\")"},
		{"ntile(2, x)"},
		{"ntile(3, x)"},
		{"days since last(e)"},
		{"x"}, {"y"}, {"x is known"}, {"x is unknown"},
		{"today + 1 day"}, {"today + 1 month"}, {"today - 1 day"},
		{"count(e) since 2026-01-01"}, {"count(e) before 2026-01-01"}, {"count(e) since 2026-01-01T00:00"}, {"count(e) since today"},
	}
	seen := map[string]string{}
	for _, group := range equal {
		key := query(t, p, group[0], nil).Node.Key
		if other, ok := seen[key]; ok {
			t.Errorf("%s and %s have one key", group[0], other)
		}
		seen[key] = group[0]
		for _, text := range group[1:] {
			if got := query(t, p, text, nil).Node.Key; got != key {
				t.Errorf("%s has key %s, %s has %s", group[0], key, text, got)
			}
		}
	}
}

func hashes(p *ir.Program) map[string]string {
	m := map[string]string{"program": p.Hash}
	for _, t := range p.Tags {
		m[t.Name] = t.Hash
	}
	for _, s := range p.Segments {
		m[s.Name] = s.Hash
	}
	return m
}

func TestHashesFollowMeaning(t *testing.T) {
	base := head + `
		member { phone id  x int }
		event order { amount money  net money = amount / 1.13 }
		group g "G"
		tag a "A" in g = sum(order.net) in last 30 days
		tag b = a * 2
		tag c = x
		segment s "S" = b > 100 and c > 3
		segment u = c > 3
		tag m manual int for 3 days
	`
	cases := []struct {
		name, old, new string
		changed        string // what changes, in order of name
	}{
		{"layout and comments", "sum(order.net) in last", "sum( order.net ) // net\n  in   last", ""},
		{"titles", `"A"`, `"B"`, "program"},
		{"a group's title", `"G"`, `"H"`, "program"},
		{"the order of operands", "b > 100 and c > 3", "3 < c and (b > 100)", ""},
		{"a constant", "c > 3\n\t\ttag m", "c > 4\n\t\ttag m", "program u"},
		{"a window", "30 days\n", "31 days\n", "a b program s"},
		{"a tag that others use", "a * 2", "a * 3", "b program s"},
		{"a computed field", "1.13", "1.06", "a b program s"},
		{"the type of an attribute", "x int", "x number", "c program s u"},
		{"the currency's digits", "CNY", "JPY", "a b c program s u"},
		{"a currency with as many digits", "CNY", "USD", "program"},
		{"the timezone", "Asia/Shanghai", "Asia/Tokyo", "a b c program s u"},
		{"a manual tag's span", "for 3 days", "for 4 days", "m program"},
		{"a new tag", "tag c = x", "tag c = x  tag d = x", "program"},
		{"a new test", "tag c = x", `tag c = x  test "t" { today 2026-01-01 member l { } expect l: not u }`, ""},
		{"how an id is read", "phone id", "phone id lower", "program"},
		{"declarations elsewhere", "tag c = x\n", "", "gone"},
	}
	before := hashes(program(t, base))
	for _, c := range cases {
		text := strings.Replace(base, c.old, c.new, 1)
		if text == base {
			t.Fatalf("%s: nothing replaced", c.name)
		}
		texts := []string{text}
		if c.changed == "gone" {
			texts, c.changed = []string{c.old, text}, ""
		}
		after := hashes(program(t, texts...))
		var changed []string
		for _, name := range []string{"a", "b", "c", "m", "program", "s", "u"} {
			if before[name] != after[name] {
				changed = append(changed, name)
			}
		}
		if got := strings.Join(changed, " "); got != c.changed {
			t.Errorf("%s changes %q, want %q", c.name, got, c.changed)
		}
	}
}

func TestSources(t *testing.T) {
	p := program(t, head+`
		member { phone id  mail id many  likes set of string  born date  grade enum "a" "b" }
		table store { code key  name string }
		event order { order_id key  amount money  channel enum "pos" "web"  at_shop store }
		source orders "小票" gives order {
		  phone from "手机号"
		  mail from "邮箱" split ";"
		  order_id from "单号"
		  at from "时间" format "2006-01-02 15:04:05"
		  amount = 9.99
		  channel from "渠道" map { "店": "pos", "网": "web" }
		  at_shop = "S1"
		}
		source stores gives store { code from "c"  name from "n" }
		source people gives member { phone from "p"  likes from "l" split ","  born from "b" format "02/01/2006"  grade = "b" }
	`)
	orders, stores, people := p.Sources[0], p.Sources[1], p.Sources[2]
	if orders.Target != ir.ToEvent || orders.Title != "小票" || stores.Target != ir.ToTable || people.Target != ir.ToMember {
		t.Fatalf("targets: %+v %+v %+v", orders, stores, people)
	}
	m := map[string]*ir.Mapping{}
	for _, x := range append(append(orders.Mappings, stores.Mappings...), people.Mappings...) {
		m[x.Name] = x
	}
	if x := orders.Mappings[0]; x.Target != ir.SetAttribute || x.Index != 0 || x.Column != "手机号" {
		t.Errorf("phone: %+v", x)
	}
	if x := m["mail"]; x.Split != ";" || x.Type.Kind != ir.Set {
		t.Errorf("mail: %+v", x)
	}
	if x := m["at"]; x.Target != ir.SetAt || x.Format != "2006-01-02 15:04:05" || x.Type.Kind != ir.Time {
		t.Errorf("at: %+v", x)
	}
	if x := m["amount"]; x.Column != "" || x.Value.I != 999 {
		t.Errorf("amount: %+v", x)
	}
	if x := m["channel"]; x.Map["网"] != "web" || x.Index != 2 {
		t.Errorf("channel: %+v", x)
	}
	if x := m["at_shop"]; x.Value.S != "S1" || x.Value.Kind != ir.Row {
		t.Errorf("at_shop: %+v", x)
	}
	if x := m["grade"]; x.Value.I != 1 || x.Target != ir.SetAttribute {
		t.Errorf("grade: %+v", x)
	}
	if x := m["name"]; x.Target != ir.SetField || x.Index != 1 {
		t.Errorf("name: %+v", x)
	}
}

func TestTests(t *testing.T) {
	p := program(t, head+`
		member { phone id  mail id many  joined time  likes set of enum "a" "b"  score number }
		event order { order_id key  amount money  paid time }
		list vip
		tag mood manual enum "good" "bad"
		tag spend = sum(order.amount)
		test "t" {
		  today 2026-06-01
		  member lin { mail ("b", "a", "b")  joined 2026-01-01  likes ("b", "a")  score -2  mood "bad"  vip
		    order { at 2026-05-01  amount 10.5 }
		    order { at 2026-05-01T10:30  order_id "x" }
		  }
		  member wu { }
		  expect lin: spend = 10.5 and count(order) in last 7 days = 0
		  advance by 3 days
		  send order { amount 1 } to wu
		  advance to 2026-07-01T12:00
		  expect wu: not vip
		}
	`)
	test := p.Tests[0]
	lin := test.Members[0]
	if test.Today != calendar.FromCivil(2026, 6, 1) || len(test.Members) != 2 || len(test.Steps) != 5 || lin.Lists[0] != 0 {
		t.Fatalf("%+v", test)
	}
	values := map[int]ir.TestValue{}
	for _, v := range lin.Values {
		if !v.Tag {
			values[v.Index] = v
		} else if v.Value.I != 1 || v.Index != 0 {
			t.Errorf("mood: %+v", v)
		}
	}
	if got := values[1].Value.Set; !reflect.DeepEqual(got, []string{"a", "b"}) {
		t.Errorf("mail: %v", got)
	}
	if got := values[2].Value; got.Kind != ir.Time || got.I != p.Zone.Midnight(calendar.FromCivil(2026, 1, 1)) {
		t.Errorf("joined: %+v", got)
	}
	if got := values[4].Value; got.F != -2 || got.Kind != ir.Number {
		t.Errorf("score: %+v", got)
	}
	first, second := lin.Events[0], lin.Events[1]
	if !first.HasAt || first.At != p.Zone.Midnight(calendar.FromCivil(2026, 5, 1)) || first.Fields[1].I != 1050 || first.Fields[0].Known {
		t.Errorf("first event: %+v", first)
	}
	if second.At != p.Zone.Instant(calendar.FromCivil(2026, 5, 1), 10, 30, 0) || second.Fields[0].S != "x" || second.Fields[1].Known || second.Fields[1].Kind != ir.Money {
		t.Errorf("second event: %+v", second)
	}
	expect, advance, send, to := test.Steps[0], test.Steps[1], test.Steps[2], test.Steps[3]
	if expect.Expect == nil || expect.Member != 0 || expect.Source == nil || len(expect.Query.Slots) != 1 {
		t.Errorf("expect: %+v", expect)
	}
	if advance.By == nil || advance.By.N != 3 || send.Send == nil || send.Send.HasAt || send.Member != 1 || to.To == nil || *to.To != p.Zone.Instant(calendar.FromCivil(2026, 7, 1), 12, 0, 0) {
		t.Errorf("steps: %+v %+v %+v", advance, send, to)
	}
	if len(p.Slots) != 1 {
		t.Errorf("the aggregates of tests are not the program's: %d slots", len(p.Slots))
	}
}

func TestQuery(t *testing.T) {
	p := program(t, head+`
		member { phone id  x int  ok bool }
		event order { amount money  kind enum "a" "b" }
		tag spend = sum(order.amount)
		tag score = ntile(5, spend)
	`)
	q := query(t, p, "spend > 3 and sum(order.amount) > 3", nil)
	if len(q.Slots) != 0 || !q.Condition {
		t.Errorf("the program's slots are used again: %d new", len(q.Slots))
	}
	if slot := q.Node.Args[1].Args[0].Agg; slot != p.Slots[0] {
		t.Error("the slot is not the program's own")
	}
	q = query(t, p, "ntile(5, spend) = 5 and ntile(4, count(order)) > 1", nil)
	if len(q.Slots) != 1 || len(q.Ntiles) != 2 || q.Ntiles[0].N != 5 || q.Ntiles[1].N != 4 {
		t.Errorf("new slots %d, ntiles %d: what is asked takes its cuts when it is asked, also where a tag has the same", len(q.Slots), len(q.Ntiles))
	}
	if q = query(t, p, "score = 5", nil); len(q.Ntiles) != 0 {
		t.Errorf("a tag's ntile is the program's: %d new", len(q.Ntiles))
	}
	if q := query(t, p, "spend * 1.5", nil); q.Condition || q.Node.Type.Kind != ir.Money {
		t.Errorf("a value: %+v", q.Node)
	}
	if q := query(t, p, "ok", nil); !q.Condition || q.Node.Nullable {
		t.Errorf("a bool where a condition is asked: %+v", q.Node)
	}
	if q := query(t, p, "when ok then 1 else 2", nil); q.Node.Type.Kind != ir.Int {
		t.Errorf("%+v", q.Node)
	}

	lets := map[string]*ir.Query{}
	lets["big"] = query(t, p, "count(order where amount > 100)", lets)
	lets["often"] = query(t, p, "big >= 3", lets)
	q = query(t, p, "often and big < 10", lets)
	if len(q.Slots) != 1 || q.Slots[0] != lets["big"].Slots[0] {
		t.Errorf("definitions: %+v", q.Slots)
	}
	if q := query(t, p, "count(order where kind = \"a\") > 1 or often", lets); len(q.Slots) != 2 {
		t.Errorf("%d slots", len(q.Slots))
	}
	lets["spend"] = lets["big"]
	if _, diags := compiler.CompileQuery(p, diag.NewFile("condition", "spend > 3"), lets); !raises(diags, "M0215") {
		t.Errorf("a definition with the name of a tag: %s", codes(diags))
	}
	if _, diags := compiler.CompileQuery(p, diag.NewFile("condition", "oftn"), lets); !strings.Contains(diags[0].Hint, "often") {
		t.Errorf("no near definition: %+v", diags)
	}
	if _, diags := compiler.CompileQuery(p, diag.NewFile("condition", "x > "), nil); !diags.HasErrors() {
		t.Error("no error for half a condition")
	}
	if _, diags := compiler.CompileQuery(p, diag.NewFile("condition", "count(order) >= 0"), nil); !raises(diags, "M0802") {
		t.Errorf("warnings belong to queries too: %s", codes(diags))
	}
}

// Queries are compiled side by side while others read the program.
func TestQueriesLeaveTheProgramAlone(t *testing.T) {
	p, diags := schema(t, "")
	if len(diags) > 0 {
		t.Fatal(codes(diags))
	}
	before := fmt.Sprintf("%d %d %s", len(p.Slots), len(p.Ntiles), p.Hash)
	want := query(t, p, `count(order where half = "big" and amount > member.spend) > 3 and (when gender = "male" then "x" else "y") = "x"`, nil).Node.Key
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 20 {
				q, _ := compiler.CompileQuery(p, diag.NewFile("c", `(when gender = "male" then "x" else "y") = "x" and count(order where half = "big" and amount > member.spend) > 3`), nil)
				if q == nil || q.Node.Key != want {
					t.Error("another node")
				}
			}
		})
	}
	wait.Wait()
	if after := fmt.Sprintf("%d %d %s", len(p.Slots), len(p.Ntiles), p.Hash); after != before {
		t.Errorf("the program changed: %s, then %s", before, after)
	}
}

// FuzzCompile holds that no text brings the compiler down, and that there is a program if and only if there is no error.
func FuzzCompile(f *testing.F) {
	for _, code := range diag.Codes() {
		page, _ := diag.Page(code)
		for _, text := range append(fenced(page, "muster-wrong"), fenced(page, "muster")...) {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4096 {
			return
		}
		tree, diags := dsl.Parse(diag.NewFile("fuzz", text))
		p, found := compiler.Compile([]*dsl.RuleFile{tree})
		if broken := len(tree.Broken) > 0 || tree.Stopped; (p == nil) != (found.HasErrors() || broken) {
			t.Fatalf("program %v with %s", p != nil, codes(found))
		} else if broken && !diags.HasErrors() {
			t.Fatal("broken without an error")
		}
		for _, d := range found {
			if d.Message == "" || d.Code == "" || strings.Contains(d.Message, "%!") || strings.Contains(d.Hint, "%!") {
				t.Fatalf("%+v", d)
			}
		}
	})
}

// TestNtileHash changes when a tag that is ranked does, though the ranking reads the same.
func TestNtileHash(t *testing.T) {
	rules := head + `
		member { phone id }
		event order { amount money }
		tag spend = sum(order.amount)%s
		tag score = ntile(5, spend)
	`
	one := program(t, fmt.Sprintf(rules, "")).Ntiles[0]
	same := program(t, fmt.Sprintf(rules, " // all of it")).Ntiles[0]
	other := program(t, fmt.Sprintf(rules, " in last 30 days")).Ntiles[0]
	if one.Hash == "" || one.Hash != same.Hash {
		t.Errorf("a comment changes the hash from %q to %q", one.Hash, same.Hash)
	}
	if one.Key != other.Key || one.Hash == other.Hash {
		t.Errorf("keys %q, %q; hashes %q, %q", one.Key, other.Key, one.Hash, other.Hash)
	}
}

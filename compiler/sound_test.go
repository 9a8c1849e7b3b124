package compiler_test

import (
	"strings"
	"testing"
)

// Rule sets that are sound and raise nothing, with the sentence of the language that lets them be.
func TestSound(t *testing.T) {
	cases := []struct{ sentence, text string }{
		{"tables, groups and sources have names of their own", `
			member { phone id  store string }
			table store { code key }
			table order { code key }
			event visit { shop store  other order }
			group visit "G"
			group store "S"
			source visit gives visit { phone from "p"  shop from "s" }
			source store gives store { code from "c" }
			tag a in visit = count(visit)
			tag b in store = store`},
		{"contextual words are names", `
			member { phone id  source string  group string  points int  event bool  key int  last date }
			event by { sum int  count int  where_from string }
			tag top = points + key
			segment in_last = event and source = group
			tag member = sum(by.sum) + sum(by.count)`},
		{"a name in backquotes is no fixed word", "member { phone id  `from` string  `true` bool }\n" +
			"segment a = `from` = \"x\" and `true`"},
		{"an attribute called member is reached in backquotes", "table t { code key  city string }\nmember { phone id  `member` t }\n" +
			"segment a = `member`.city = \"x\" and member.phone is known"},
		{"a field may have the name of an attribute", `
			member { phone id  city string }
			event visit { city string }
			segment moved = has(visit where city != member.city)`},
		{"neither the order of files nor of declarations means anything", `
			segment a = b > 1
			tag b = count(visit) + member_score
			tag member_score = score ?? 0
			event visit { shop store }
			member { phone id  score int }
			table store { code key }`},
		{"enums with the same values in the same order compare", `
			member { phone id  size enum "S" "M" }
			event buy { size enum "S" "M" }
			segment fits = has(buy where size >= member.size) or last(buy.size) = size`},
		{"a row compares with a string, which is its key; a column may be a row of another table", `
			table region { code key  name string }
			table store { code key  region region }
			member { phone id  home store  text string }
			event visit { shop store  code string }
			segment a = home = "S1" or home = text or home in ("S2", "S3") or home.region.name = "East"
			segment b = has(visit where shop = code and shop = member.home and shop.region = "R")`},
		{"an id is a string, with many a set", `
			member { phone id  union id many }
			segment a = phone starts with "+86" and union contains "x"`},
		{"a bool tag, a segment and a list stand as conditions", `
			member { phone id  ok bool }
			list vip
			tag flag = ok
			tag big = ok and vip
			segment a = flag and not big or vip
			segment b = a and (flag or not vip)`},
		{"a computed field may use others, at, day and columns", `
			table store { code key  rate number }
			member { phone id }
			event visit {
			  shop store  minutes int
			  slow bool = long and hour(at) > 20
			  long bool = minutes > 30
			  fee money = minutes * 1
			  late bool = day > 2026-01-01
			  rate number = shop.rate * 2
			}
			tag a = count(visit where slow or late) + count(visit where rate > 2)
			tag b = sum(visit.fee)`},
		{"manual tags are values like others", `
			member { phone id }
			tag kind manual enum "a" "b" for 3 months
			tag marks manual set of string
			segment x = kind >= "b" and marks contains "new"`},
		{"a set of a table's rows", `
			table store { code key }
			member { phone id  shops set of store }
			event visit { shop store }
			segment x = shops contains "S1" and shops contains last(visit.shop) and set(visit.shop) contains "S2"`},
		{"a time counts as its local date beside a date only", `
			member { phone id  joined time  born date }
			segment x = joined > 2026-01-01 and joined < 2026-06-01T10:30 and joined between 2026-01-01 and today and born = joined`},
		{"a test may come before what it tests", `
			test "t" { today 2026-01-02 member l { visit { at 2026-01-01 } } expect l: a }
			segment a = has(visit)
			event visit { shop string }
			member { phone id }`},
	}
	for _, c := range cases {
		if found := compile(head + c.text); len(found) > 0 {
			t.Errorf("%s\n%s", c.sentence, codes(found))
		}
	}
}

// Built-in names cannot be declared, whatever declares them, in backquotes neither.
func TestBuiltInNames(t *testing.T) {
	for _, name := range []string{"now", "today", "at", "day", "start", "`now`"} {
		for _, text := range []string{
			"member { phone id  NAME int }", "event NAME { x int }", "event e { NAME int }", "event e { x int  NAME int = x }",
			"tag NAME = 1", "segment NAME = true", "list NAME",
		} {
			text = strings.ReplaceAll(text, "NAME", name)
			if found := compile(head + text); !raises(found, "M0203") {
				t.Errorf("%s: %s", text, codes(found))
			}
		}
		for _, text := range []string{"table NAME { code key }", "group NAME tag x in NAME = 1"} {
			if found := compile(head + strings.ReplaceAll(text, "NAME", name)); len(found) > 0 {
				t.Errorf("%s: tables and groups have names of their own: %s", name, codes(found))
			}
		}
	}
}

// What cannot be used because of a fault told of already is not told of again.
func TestNoEchoes(t *testing.T) {
	cases := []struct{ text, want string }{
		{"tag a = nobody  tag b = a + 1  segment c = b > 1 and a = 3", "M0205"},
		{"event e { s shop }  tag a = last(e.s.region)  segment b = a = \"x\"  tag c = count(e where s = \"1\")", "M0509"},
		{"tag a manual shop  segment b = a = \"x\"", "M0509"},
		{"table t { code key  c shop }  event e { t t }  tag a = last(e.t.c) + 1", "M0509"},
		{"event e { x int }  event e { y int }  tag a = sum(e.x)", "M0201"},
		{"tag a in g = 1", "M0206"},
		{"segment a = a2  segment b = a and a2 and a", "M0205 M0205"},
		{"coupon c { off 3 }  segment a = c and issued(c) > 3 and issued(c) in last 3 days > used(c)", "M0701"},
		{"tiers l { tier \"a\" }  segment a = l >= \"a\"  tag b = l.factor * 2", "M0701 M0802 M0705"},
		{"tiers l { tier }  segment a = l >= \"a\"  tag b = l.factor * 2", "M0111"},
		{"points p { start 2026-01-01 }  tag a = balance(p) + earned(p) in this year  coupon c { price 3 p }", "M0701 M0701 M0701"},
		{"sink s { quiet }\ncampaign c { on nothing  do { send s \"x\" } }", "M0111 M0214"},
		{"tag a = = 3  segment b = a > 3 and a < 9", "M0112"},
		{"event e { x }  tag a = sum(e.x)  source s gives e { x from \"a\" }", "M0111"},
		{"table s { code kee }  event e { shop s }  tag a = last(e.shop.code)", "M0509"},
		{"tag a = when 1 then 2 else 3  tag b = a * 2", "M0302"},
		{"segment a = 1 > \"x\" and 2 > \"y\"", "M0309 M0309"},
		{"tag a = count(e where b = 1)  event e { x int }", "M0209"},
	}
	for _, c := range cases {
		var found []string
		for _, d := range compile(head + "member { phone id }\n" + c.text) {
			found = append(found, d.Code)
		}
		if got := strings.Join(found, " "); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.text, got, c.want)
		}
	}
	// A member block that cannot be read may have declared anything.
	if found := compile(head + "member { phone id  city strng strng }\ntag a = age + 1\ntag b = count(order)\nsource s gives member { age from \"a\" }"); strings.Contains(codes(found), "M02") || strings.Contains(codes(found), "M05") {
		t.Error(codes(found))
	}
}

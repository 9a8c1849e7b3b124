package ingest

import (
	"crypto/md5"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
	"pgregory.net/rapid"

	"github.com/muster-engine/muster/compiler/ir"
)

func TestNormalise(t *testing.T) {
	phone, us := &ir.ID{Phone: "CN", Block: []string{"13800000000", "anonymous"}}, &ir.ID{Phone: "US"}
	lower, plain := &ir.ID{Lower: true, Block: []string{"test@example.com"}}, &ir.ID{Block: []string{"0"}}
	for _, c := range []struct {
		id    *ir.ID
		text  string
		want  string
		state idState
	}{
		{phone, "13800138000", "+8613800138000", idUsable},
		{phone, " 138-0013-8000 ", "+8613800138000", idUsable},
		{phone, "+8613800138000", "+8613800138000", idUsable},
		{phone, "86 138 0013 8000", "+8613800138000", idUsable},
		{phone, "008613800138000", "+8613800138000", idUsable},
		{phone, "+852 9123 4567", "+85291234567", idUsable},
		{phone, "021-6123 4567", "+862161234567", idUsable},
		{phone, "13800000000", "", idBlocked},
		{phone, "+86 138 0000 0000", "", idBlocked},
		{phone, "anonymous", "", idBlocked},
		{phone, "无", "", idNoPhone},
		{phone, "1380013800", "", idNoPhone},
		{phone, "12", "", idNoPhone},
		{phone, "call 13800138000", "", idNoPhone},
		{phone, "  ", "", idNone},
		{us, "(650) 253-0000", "+16502530000", idUsable},
		{us, "+8613800138000", "+8613800138000", idUsable},
		{lower, " Lin@Example.COM ", "lin@example.com", idUsable},
		{lower, "Test@Example.com", "", idBlocked},
		{lower, "ÀÉ", "àé", idUsable},
		{plain, " A b ", "A b", idUsable},
		{plain, "0", "", idBlocked},
		{plain, strings.Repeat("x", longestID), strings.Repeat("x", longestID), idUsable},
		{plain, strings.Repeat("x", longestID+1), "", idTooLong},
	} {
		n := newIDNormaliser(&ir.Attribute{Name: "id", ID: c.id}, nil)
		got, state := n.normalise([]byte("keep"), []byte(c.text))
		if string(got) != "keep"+c.want || state != c.state {
			t.Errorf("%.40q: got %.60q %d, want %q %d", c.text, got[4:], state, c.want, c.state)
		}
	}
}

// The short way of plain mobile numbers agrees with the library.
func TestChineseMobilesAgreeWithTheLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digits := fmt.Sprintf("1%d%09d", rapid.IntRange(3, 9).Draw(t, "second"), rapid.IntRange(0, 999_999_999).Draw(t, "rest"))
		form := rapid.SampledFrom([]string{"%s", "+86%s"}).Draw(t, "form")
		got, ok := appendPhone(nil, fmt.Appendf(nil, form, digits), "CN")
		num, err := phonenumbers.Parse(fmt.Sprintf(form, digits), "CN")
		if err != nil || !ok || string(got) != phonenumbers.Format(num, phonenumbers.E164) {
			t.Fatalf("%s: got %s %v, the library has %v %v", digits, got, ok, num, err)
		}
	})
}

const idRules = `
settings { language 1  timezone "Asia/Shanghai"  currency CNY }
member {
  phone    id phone "CN" hashed sha256 salt env "SALT"
  email    id lower hashed md5
  union_id id many
}
event order { order_id key  amount money }
source pos gives order { phone from "phone"  email from "email"  union_id from "union" split " "  order_id from "order"  amount from "amount" }
`

func TestMembersAreFoundByTheirIDs(t *testing.T) {
	salted := func(s string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte("pepper"+s))) }
	md := func(s string) string { return fmt.Sprintf("%X", md5.Sum([]byte(s))) }
	p := compileRules(t, idRules)
	st := newStore(t)
	rows := [][]string{
		{"phone", "email", "union", "order", "amount"},
		{"13800138001", "", "", "1", "1"},                 // member 0
		{"", "A@x.com", "u1 u2", "2", "1"},                // member 1
		{"13800138001", "", "u3", "3", "1"},               // 0 gets u3
		{"", "", "u3", "4", "1"},                          // 0
		{"", "a@X.com", "u4", "5", "1"},                   // 1 gets u4
		{"13800138001", "", "u4", "6", "1"},               // 0 and 1
		{"13800138002", "", "u3", "7", "1"},               // a second phone for 0: member 2, and a conflict
		{salted("+8613800138001"), "", "", "8", "1"},      // 0 by hash
		{salted("13800138001"), "", "u5", "9", "1"},       // 0 by the hash of the national number; gets u5
		{"", md("a@x.com"), "", "10", "1"},                // 1 by hash
		{salted("13800138009"), "", "", "11", "1"},        // nobody
		{salted("13800138009"), "", "u6", "12", "1"},      // member 3, by u6
		{"", "", " ", "13", "1"},                          // no id
		{"none", "", "", "14", "1"},                       // no phone
		{"none", "", "u6", "15", "1"},                     // 3: the phone is no use, u6 is
		{"13800138003", "b@x.com", "u7", "16", "bad"},     // rejected: makes no member
		{"13800138003", "", "", "17", "1"},                // member 4
		{"13800138001", md("a@x.com"), "", "18", "1"},     // 0 and 1
		{salted("13800138003"), "c@x.com", "", "19", "1"}, // 4 gets an e-mail
		{"13800138003", "d@x.com", "", "20", "1"},         // a second e-mail for 4: a conflict
		{"13800138003", "C@x.com", "u8", "17", "1"},       // 4, a duplicate that brings u8
	}
	r := importFiles(t, Options{
		Store: st, Program: p, Source: p.Sources[0], Files: []string{"-"}, Stdin: strings.NewReader(string(writeRows(rows, ','))),
		MaxRejects: -1, Env: func(name string) string { return map[string]string{"SALT": "pepper"}[name] },
	})
	var reasons []string
	for _, row := range readCSV(t, r.RejectsFile)[1:] {
		reasons = append(reasons, strings.Join(row[1:4], " "))
	}
	want := []string{
		"7  the ids of the row belong to two different members",
		"12 phone no usable id: no member is known by this hash",
		"14 phone no usable id: all id cells are empty",
		"15 phone \"none\" is not a phone number; there is no usable id",
		"17 amount \"bad\" is not an amount",
		"19  the ids of the row belong to two different members",
	}
	if !slices.Equal(reasons, want) {
		t.Errorf("rejected:\n%s\nwant\n%s", strings.Join(reasons, "\n"), strings.Join(want, "\n"))
	}
	orders := map[int][]string{}
	for _, e := range eventsIn(t, st, "order") {
		orders[e.member] = append(orders[e.member], e.fields["order_id"])
	}
	if got, want := fmt.Sprint(orders), `map[0:["1" "3" "4" "8" "9"] 1:["2" "5" "10"] 2:["7"] 3:["12" "15"] 4:["17" "19" "20"]]`; got != want {
		t.Errorf("orders: got %s\nwant %s", got, want)
	}
	wantMembers := []string{
		`map[phone:"+8613800138001" union_id:["u3" "u5"]]`, `map[email:"a@x.com" union_id:["u1" "u2" "u4"]]`,
		`map[phone:"+8613800138002"]`, `map[union_id:["u6"]]`, `map[email:"c@x.com" phone:"+8613800138003" union_id:["u8"]]`,
	}
	for i, a := range attributesIn(t, st) {
		if got := fmt.Sprint(a); got != wantMembers[i] {
			t.Errorf("member %d: got %s, want %s", i, got, wantMembers[i])
		}
	}
	if r.Read != 21 || r.Accepted != 14 || r.Duplicate != 1 || r.Rejected != 6 || r.NewMembers != 5 || r.Conflicts != 2 {
		t.Errorf("got %+v", r)
	}
}

func TestSaltMustBeSet(t *testing.T) {
	p := compileRules(t, idRules)
	_, err := Run(t.Context(), Options{Store: newStore(t), Program: p, Source: p.Sources[0], Files: []string{"-"}, Stdin: strings.NewReader("")})
	if want := "the id phone is hashed with a salt from the environment variable SALT, which is not set"; err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

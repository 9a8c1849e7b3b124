package live

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

func drawMember(t *rapid.T, number uint32) *member {
	m := newMember(number)
	m.live, m.altered = rapid.Bool().Draw(t, "live"), rapid.IntRange(0, 3).Draw(t, "altered") > 0
	m.unmerged = rapid.Bool().Draw(t, "unmerged")
	m.attributes = fieldsOf(drawValues(t, "attributes"))
	if rapid.Bool().Draw(t, "listed") {
		m.setLists()["vips"] = true
	}
	if rapid.Bool().Draw(t, "merged") {
		m.merge = &storage.Merge{Survivor: 7}
	}
	kinds := rapid.SampledFrom([]string{"order", "visit", "points:stars", "标签"})
	for range rapid.IntRange(0, 6).Draw(t, "events") {
		e := event{at: rapid.Int64().Draw(t, "at"), fields: fieldsOf(drawValues(t, "fields"))}
		switch rapid.IntRange(0, 3).Draw(t, "key") {
		case 1: // one of the fields
			if v := e.fields.get("order_id"); v.Kind == column.Texts {
				e.key = v.Text
			}
		case 2:
			e.key = rapid.String().Draw(t, "key")
		case 3: // too long to lie with others
			e.fields = e.fields.with("note", column.Text(strings.Repeat("长", ownText/3+rapid.IntRange(-5, 5).Draw(t, "length"))))
		}
		m.insert(kinds.Draw(t, "type"), e)
	}
	return m
}

func TestMembersAtRestAreWhatTheyWere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		members := make(map[uint32]*member)
		altered := 0
		for n := range uint32(rapid.IntRange(0, 5).Draw(t, "members")) {
			members[n] = drawMember(t, n)
			if members[n].altered {
				altered++
			}
		}
		laid := atRest(members)
		if len(laid) != altered {
			t.Fatalf("%d members rest, of %d that are altered", len(laid), altered)
		}
		for i := range laid {
			r := &laid[i]
			want := members[r.number]
			got := r.member()
			if r.live != want.live || !reflect.DeepEqual(r.lists, want.lists) || r.merge != want.merge {
				t.Fatalf("at rest: %+v, which was %+v", r, want)
			}
			if got.number != want.number || got.live != want.live || got.unmerged != want.unmerged || got.merge != want.merge ||
				!reflect.DeepEqual(got.lists, want.lists) || got.attributes != want.attributes || r.attributes() != want.attributes {
				t.Fatalf("%+v, which was %+v", got, want)
			}
			if !sameHistories(got.events, want.events) {
				t.Fatalf("its events are\n%+v\nand were\n%+v", got.events, want.events)
			}
			for k, of := range want.events {
				if r.kinds()[k] != of.kind || !r.has(of.kind) || !slices.Equal(r.events(of.kind), of.events) {
					t.Fatalf("of %q: %v, not %v", of.kind, r.events(of.kind), of.events)
				}
			}
			if r.has("none") || r.events("none") != nil || len(r.kinds()) != len(want.events) {
				t.Fatalf("it has %v, and had %v", r.kinds(), want.events)
			}
			// What a member of it becomes is nothing to it.
			got.insert("order", event{at: 1, key: "new"})
			got.setLists()["others"] = true
			if again := r.member(); !sameHistories(again.events, want.events) || again.lists["others"] {
				t.Fatalf("it is %+v after another has changed", again)
			}
		}
	})
}

func sameHistories(a, b histories) bool {
	return slices.EqualFunc(a, b, func(x, y typed) bool { return x.kind == y.kind && slices.Equal(x.events, y.events) })
}

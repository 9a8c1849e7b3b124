package reference

import (
	"fmt"
	"testing"
	"time"

	"github.com/muster-engine/muster/dsl"
)

const loyalty = `
settings { language 1  timezone "Asia/Shanghai"  currency CNY }
member { home store  name string }
table store { code key  city string  opened date  parent store  grade enum "C" "B" "A"  rent money }
event order { order_id key  store store  amount money }
list friends
tag foot "脚型" manual enum "wide" "narrow" for 30 days
tag shelf manual string
tag rank = ntile(4, sum(order.amount))
tag foot_known = foot is known
segment wide = foot = "wide"
`

func model(t *testing.T, text string) *Model {
	t.Helper()
	m, err := New([]*dsl.RuleFile{parse(t, "rules.muster", text)})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func micros(t *testing.T, text string) int64 {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at.UnixMicro()
}

func text(s string) Value { return Value{Kind: Text, Text: s} }

func money(minor int64) Value { return Value{Kind: Money, Int: minor} }

// wantEach evaluates expressions about a member and compares what they show.
func wantEach(t *testing.T, at *Instant, member *Member, want map[string]string) {
	t.Helper()
	for source, answer := range want {
		v, err := at.Eval(member, expression(t, source))
		if err != nil {
			t.Errorf("%s: %v", source, err)
		} else if v.String() != answer {
			t.Errorf("%s is %s, want %s", source, v, answer)
		}
	}
}

func TestRowsAreKnownBeforeTheirTable(t *testing.T) {
	m := model(t, loyalty)
	member := &Member{Attributes: map[string]Value{"home": text("S1")}, Events: []Event{
		{Type: "order", At: micros(t, "2026-01-01T10:00:00+08:00"), Fields: map[string]Value{"store": text("S1")}},
		{Type: "order", At: micros(t, "2026-01-02T10:00:00+08:00"), Fields: map[string]Value{"store": text("S2")}},
		{Type: "order", At: micros(t, "2026-01-03T10:00:00+08:00"), Fields: map[string]Value{"store": text("S9")}},
		{Type: "order", At: micros(t, "2026-01-04T10:00:00+08:00")},
	}}
	lost := &Member{Attributes: map[string]Value{"home": text("S9")}}
	none := &Member{}
	world := &World{
		Members: []*Member{member, lost, none},
		Tables: map[string]map[string]map[string]Value{"store": {
			"S1": {"city": text("Wien"), "parent": text("S2"), "grade": text("B"), "rent": money(150)},
			"S2": {"city": text("Graz"), "parent": text("S9"), "opened": {Kind: Date, Int: 0}},
		}},
	}
	at := m.At(world, micros(t, "2026-06-01T00:00:00+08:00"))
	wantEach(t, at, member, map[string]string{
		`home`:                                      `"S1"`,
		`home = "S1"`:                               `true`,
		`home in ("S1", "S2")`:                      `true`,
		`home.city`:                                 `"Wien"`,
		`home.grade < "A"`:                          `true`,
		`home.rent * 2`:                             `money 300`,
		`home.opened is unknown`:                    `true`,
		`home.parent.city`:                          `"Graz"`,
		`home.parent.opened`:                        `1970-01-01`,
		`home.parent.parent`:                        `"S9"`,
		`home.parent.parent.city is unknown`:        `true`,
		`distinct(order.store)`:                     `3`,
		`set(order.store.city)`:                     `set ["Graz" "Wien"]`,
		`last(order.store)`:                         `"S9"`,
		`last(order.store.city)`:                    `"Graz"`,
		`count(order where store.city = "Wien")`:    `1`,
		`count(order where store != "S1")`:          `2`,
		`count(order where store = member.home)`:    `1`,
		`count(order where member.home.city = "x")`: `0`,
		`top(order.store by count(order))`:          `"S9"`,
		`set(order.store) contains home`:            `true`,
		`first(order.store.rent)`:                   `money 150`,
	})
	wantEach(t, at, lost, map[string]string{
		`home is known`:      `true`,
		`home.code`:          `"S9"`,
		`home.city`:          `unknown`,
		`not home.city = ""`: `true`,
		`home.city != "x"`:   `false`,
	})
	wantEach(t, at, none, map[string]string{`home.city`: `unknown`, `home`: `unknown`})
}

func TestManualTagsLapseAtTheMidnightAfterTheirSpan(t *testing.T) {
	m := model(t, loyalty)
	member := &Member{Manual: map[string]ManualTag{
		"foot":  {text("wide"), micros(t, "2026-01-31T23:59:59+08:00")},
		"shelf": {text("top"), micros(t, "2026-01-31T23:59:59+08:00")},
	}}
	world := &World{Members: []*Member{member}}
	for _, c := range []struct {
		now  string
		foot string
	}{
		{"2026-01-01T00:00:00+08:00", `"wide"`},
		{"2026-03-02T23:59:59+08:00", `"wide"`}, // 30 days after 31 January
		{"2026-03-03T00:00:00+08:00", `unknown`},
	} {
		known := fmt.Sprint(c.foot != "unknown")
		wantEach(t, m.At(world, micros(t, c.now)), member, map[string]string{
			"foot": c.foot, "shelf": `"top"`, "foot_known": known, "wide": known, `foot < "narrow"`: known,
		})
	}
}

func TestLateAndDuplicateEvents(t *testing.T) {
	m := model(t, loyalty)
	order := func(id string, at string, minor int64) Event {
		return Event{Type: "order", At: micros(t, at), Fields: map[string]Value{"order_id": text(id), "amount": money(minor)}}
	}
	member := &Member{Events: []Event{
		order("3", "2026-01-03T00:00:00+08:00", 300),
		order("1", "2026-01-01T00:00:00+08:00", 100),
		order("3", "2026-01-01T00:00:00+08:00", 999), // counts for nothing, though it is the earlier
		order("4", "2026-07-01T00:00:00+08:00", 400), // counts from July on
		order("4", "2026-01-01T00:00:00+08:00", 999),
		order("5", "2026-01-01T00:00:00+08:00", 500),
	}}
	world := &World{Members: []*Member{member}}
	wantEach(t, m.At(world, micros(t, "2026-06-01T00:00:00+08:00")), member, map[string]string{
		"count(order)": "3", "sum(order.amount)": "money 900", "first(order.amount)": "money 100", "last(order.amount)": "money 300",
		"last(order.amount) before 2026-01-03": "money 500",
	})
	wantEach(t, m.At(world, micros(t, "2026-07-01T00:00:00+08:00")), member, map[string]string{
		"count(order)": "4", "last(order.amount)": "money 400",
	})
}

func TestNtileWithEarlierCuts(t *testing.T) {
	m := model(t, loyalty)
	world := &World{}
	for i, minor := range []int64{100, 200, 300, 400} {
		world.Members = append(world.Members, &Member{Number: uint32(i), Events: []Event{
			{Type: "order", At: micros(t, "2026-01-01T00:00:00+08:00"), Fields: map[string]Value{"amount": money(minor)}},
		}})
	}
	first := world.Members[0]
	first.Events = append(first.Events, Event{Type: "order", At: micros(t, "2026-02-01T00:00:00+08:00"), Fields: map[string]Value{"amount": money(250)}})
	world.Members[1].Events = append(world.Members[1].Events, Event{Type: "order", At: micros(t, "2026-02-01T00:00:00+08:00"), Fields: map[string]Value{"amount": money(-150)}})

	january := m.At(world, micros(t, "2026-01-02T00:00:00+08:00"))
	february := m.At(world, micros(t, "2026-02-02T00:00:00+08:00"))
	between := february.WithCutsOf(january)
	for i, want := range []struct{ january, between, february string }{
		{"1", "3", "3"}, // 350: not below 300, by the cuts of January
		{"2", "1", "1"}, // 50: below all that was ranked
		{"3", "3", "2"},
		{"4", "4", "4"},
	} {
		wantEach(t, january, world.Members[i], map[string]string{"rank": want.january})
		wantEach(t, between, world.Members[i], map[string]string{"rank": want.between, "ntile(4, sum(order.amount))": want.february})
		wantEach(t, february, world.Members[i], map[string]string{"rank": want.february})
	}
}

func TestChance(t *testing.T) {
	m := model(t, loyalty)
	world := &World{Members: []*Member{{Number: 0}, {Number: 7}}}
	at := m.At(world, 0)
	// the first 16 hex digits of printf 'salt\0\0\0\0\0\0\0\0\7' | sha256sum, shifted right by 11 bits
	for _, member := range world.Members {
		v, err := at.Eval(member, expression(t, `chance("salt")`))
		if err != nil || v.Kind != Number {
			t.Fatal(v, err)
		}
		if want := map[uint32]float64{0: 5535110121484005.0 / (1 << 53), 7: 82748375035946.0 / (1 << 53)}[member.Number]; v.Float != want {
			t.Errorf("chance of member %d is %v, want %v", member.Number, v.Float, want)
		}
	}
}

func TestLocalTimesAcrossOddClockChanges(t *testing.T) {
	for _, c := range []struct{ zone, local, want string }{
		{"Pacific/Apia", "2011-12-29T12:00:00", "2011-12-29T22:00:00Z"},
		{"Pacific/Apia", "2011-12-30T12:00:00", "2011-12-30T10:00:00Z"}, // a day that never was
		{"Pacific/Apia", "2011-12-31T00:00:00", "2011-12-30T10:00:00Z"},
		{"America/Sao_Paulo", "2018-11-04T00:00:00", "2018-11-04T03:00:00Z"}, // midnight is skipped to 01:00
		{"America/Sao_Paulo", "2018-02-17T23:30:00", "2018-02-18T01:30:00Z"}, // repeated: midnight goes back to 23:00
		{"America/Sao_Paulo", "2018-02-18T00:00:00", "2018-02-18T03:00:00Z"},
		{"America/St_Johns", "2005-10-29T23:30:00", "2005-10-30T02:00:00Z"}, // 00:01 goes back to 23:01
		{"America/St_Johns", "2005-10-30T00:00:00", "2005-10-30T02:30:00Z"},
		{"America/St_Johns", "2005-10-30T00:00:30", "2005-10-30T02:30:30Z"},
		{"America/St_Johns", "2005-10-30T00:01:00", "2005-10-30T03:31:00Z"},
		{"Australia/Lord_Howe", "2026-10-04T02:15:00", "2026-10-03T15:30:00Z"}, // half an hour is skipped
		{"Europe/London", "2026-03-29T01:30:00", "2026-03-29T01:00:00Z"},
		{"Europe/Berlin", "2040-12-31T12:00:00", "2040-12-31T11:00:00Z"}, // the last day of a leap year, far off
		{"Asia/Kathmandu", "2026-01-01T00:00:00", "2025-12-31T18:15:00Z"},
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		local, err := time.Parse("2006-01-02T15:04:05", c.local)
		if err != nil {
			t.Fatal(err)
		}
		seconds := local.Unix()
		got := instantOf(day(seconds/86400), seconds%86400*second, zone)
		if want := instant(micros(t, c.want)); got != want {
			t.Errorf("%s in %s is %s, want %s", c.local, c.zone, time.UnixMicro(int64(got)).UTC().Format(time.RFC3339), c.want)
		}
	}
}

func TestFaultsAreErrors(t *testing.T) {
	m := model(t, loyalty)
	member := &Member{
		Attributes: map[string]Value{"home": text("S1")},
		Events:     []Event{{Type: "order", At: -1}},
	}
	world := &World{
		Members: []*Member{member},
		Tables:  map[string]map[string]map[string]Value{"store": {"S1": {}}},
	}
	at := m.At(world, 0)
	for _, source := range []string{`missing`, `home.missing`, `count(missing)`, `sum(order.missing)`, `count(order where missing)`, `missing(1)`} {
		if v, err := at.Eval(member, expression(t, source)); err == nil {
			t.Errorf("%s is %s, want an error", source, v)
		}
	}
	if _, err := at.Tag(member, "missing"); err == nil {
		t.Error("a missing tag has a value")
	}
	if _, err := at.Segment(member, "missing"); err == nil {
		t.Error("a missing segment has members")
	}
}

package loyalty_test

import (
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/loyalty"
)

const complaints = `
event filed    { filed_id key  ticket string  shop string }
event resolved { resolved_id key  ticket string }
sink ops { file "ops.ndjson" }
case complaint { open on filed  close on resolved  matching ticket  due 36 hours  by shop  overdue { send ops "late" } }
`

// within makes the deadline of complaints another one.
func within(t *testing.T, due string) *ir.Program {
	return compile(t, `
event filed    { filed_id key  ticket string  shop string }
event resolved { resolved_id key  ticket string }
case complaint { open on filed  close on resolved  matching ticket  due `+due+` }
`)
}

func TestLifeOfACase(t *testing.T) {
	p := newPerson(t, compile(t, complaints), "2026-03-02T10:00")
	p.expect("complaint", "false")
	p.send("filed", p.now, 0, "F1", "T1", "S01")
	p.expect("complaint", "true")
	due := p.now + 36*60*minute
	if at, ok := p.open().NextCases(); !ok || at != due {
		t.Errorf("due at %d, want %d", at, due)
	}
	p.now = due - 1
	if list := p.open().DueCases(); len(list) != 0 {
		t.Errorf("before its time: %+v", list)
	}
	p.now = due
	late := p.dueCases()
	if len(late) != 1 || late[0].Episode.Ticket != "T1" || late[0].Episode.Due != due || late[0].Event.Fields[0].S != "F1" || late[0].Episode.By[0] != "S01" {
		t.Fatalf("%+v", late)
	}
	if again := p.dueCases(); len(again) != 0 {
		t.Errorf("overdue twice: %+v", again)
	}
	p.now += minute
	p.send("resolved", p.now, 0, "R1", "T1")
	p.expect("complaint", "false")
	p.now += minute
	p.send("filed", p.now, 0, "F2", "T1", "S02")
	p.expect("complaint", "true")
	all := p.open().Episodes(0)
	if len(all) != 2 || !all[0].Overdue || all[0].Reopened || all[0].Open() || !all[1].Reopened || !all[1].Open() || all[1].Cause.Key != "F2" {
		t.Errorf("%+v", all)
	}
}

// dueCases lets deadlines pass and keeps the facts.
func (p *person) dueCases() (out []loyalty.Overdue) {
	_ = p.do(func(a *loyalty.Account) error { out = a.DueCases(); return nil })
	return out
}

// What comes late counts for its own instant: a case that was closed in time was never overdue.
func TestClosedInTimeButToldLate(t *testing.T) {
	p := newPerson(t, compile(t, complaints), "2026-03-02T10:00")
	opened := p.now
	p.send("filed", opened, 0, "F1", "T1", "S01")
	p.step(opened + 48*60*minute)
	if all := p.open().Episodes(0); !all[0].Overdue {
		t.Errorf("%+v", all)
	}
	p.send("resolved", opened+60*minute, 0, "R1", "T1")
	if all := p.open().Episodes(0); len(all) != 1 || all[0].Overdue || all[0].Closed != opened+60*minute {
		t.Errorf("%+v", all)
	}
	p.expect("complaint", "false")
	// A case that is told of when its deadline has passed is overdue at once.
	p.send("filed", p.now-40*60*minute, 0, "F2", "T2", "S01")
	if late := p.dueCases(); len(late) != 1 || late[0].Episode.Due != p.now-4*60*minute {
		t.Errorf("%+v", late)
	}
}

// An edit of the deadline changes nothing of the cases that are open.
func TestDeadlinesAreFixed(t *testing.T) {
	p := newPerson(t, within(t, "2 days"), "2026-03-02T10:00")
	p.send("filed", p.now, 0, "F1", "T1")
	edited := newPerson(t, within(t, "1 hour"), "2026-03-02T12:00")
	edited.events = p.events
	if at, _ := edited.open().NextCases(); at != p.now+2*24*60*minute {
		t.Errorf("due at %d", at)
	}
	edited.send("resolved", edited.now, 0, "R1", "T1")
	if all := edited.open().Episodes(0); len(all) != 1 || all[0].Overdue {
		t.Errorf("%+v", all)
	}
}

func TestDeadlines(t *testing.T) {
	holidays := `settings { language 1  timezone "Asia/Shanghai"  currency CNY  holidays 2026-10-01 2026-10-02 2026-10-05 2026-10-06 2026-10-07  workdays 2026-10-10 }`
	for _, c := range []struct{ due, opened, want string }{
		{"24 hours", "2026-09-30T15:00", "2026-10-01T15:00"},
		{"1 month", "2026-08-31T15:00", "2026-09-30T15:00"},
		{"1 workday", "2026-09-28T15:04:05", "2026-09-29T15:04:05"}, // Monday
		{"1 workday", "2026-09-25T15:00", "2026-09-28T15:00"},       // over a week end
		{"1 workday", "2026-09-26T15:00", "2026-09-29"},             // from Saturday: all of Monday
		{"2 workdays", "2026-09-26T15:00", "2026-09-30"},            //
		{"1 workday", "2026-09-30T15:00", "2026-10-08T15:00"},       // over the holidays
		{"3 workdays", "2026-09-30T15:00", "2026-10-10T15:00"},      // a Saturday that is worked on
		{"1 workday", "2026-10-10T15:00", "2026-10-12T15:00"},       // from it
		{"1 workday", "2026-10-01T15:00", "2026-10-09"},             // from a holiday: all of the 8th
	} {
		prog := compileText(t, holidays+`
member { phone id phone "CN" }
event filed    { filed_id key  ticket string }
event resolved { resolved_id key  ticket string }
case complaint { open on filed  close on resolved  matching ticket  due `+c.due+` }`)
		p := newPerson(t, prog, c.opened)
		p.send("filed", p.now, 0, "F1", "T1")
		if got, _ := p.open().NextCases(); got != at(t, prog, c.want) {
			t.Errorf("due %s from %s: %d, want %s (%d)", c.due, c.opened, got, c.want, at(t, prog, c.want))
		}
	}
}

// message is one event of a complaint.
type message struct {
	kind, key, ticket string
	at                int64
}

// Whatever comes late, in another order, twice or is taken back, and whoever's histories are joined: a case is open, was
// open and was overdue as the events say.
func TestCasesAgainstAModel(t *testing.T) {
	prog := compile(t, complaints)
	rapid.Check(t, func(rt *rapid.T) {
		people := []*person{newPerson(t, prog, "2026-03-02"), newPerson(t, prog, "2026-03-02")}
		sent := make([][]message, 2)
		next := int64(0)
		rt.Repeat(map[string]func(*rapid.T){
			"event": func(rt *rapid.T) {
				who := rapid.IntRange(0, len(people)-1).Draw(rt, "who")
				p := people[who]
				next++
				m := message{
					kind: rapid.SampledFrom([]string{"filed", "resolved"}).Draw(rt, "kind"), key: itoa(next),
					ticket: rapid.SampledFrom([]string{"T1", "T2"}).Draw(rt, "ticket"),
					at:     p.now - rapid.SampledFrom([]int64{0, 0, 1, 30, 600, 3000}).Draw(rt, "late")*minute,
				}
				sent[who] = append(sent[who], m)
				p.send(m.kind, m.at, 0, m.key, m.ticket, "S01")
				p.dueCases()
			},
			"retract": func(rt *rapid.T) {
				who := rapid.IntRange(0, len(people)-1).Draw(rt, "who")
				if len(sent[who]) == 0 {
					return
				}
				i := rapid.IntRange(0, len(sent[who])-1).Draw(rt, "event")
				m := sent[who][i]
				sent[who] = slices.Delete(sent[who], i, i+1)
				people[who].retract(rt, m.kind, 0, m.key, m.ticket)
				people[who].dueCases()
			},
			"time": func(rt *rapid.T) {
				to := people[0].now + rapid.Int64Range(1, 3000).Draw(rt, "minutes")*minute
				for _, p := range people {
					p.step(to)
				}
			},
			"merge": func(rt *rapid.T) {
				if len(people) == 1 || rapid.IntRange(0, 4).Draw(rt, "merge") > 0 {
					return
				}
				people[0].join(people[1])
				_ = people[0].do(func(a *loyalty.Account) error { a.SettleCases(loyalty.Cause{Kind: "merge"}); a.DueCases(); return nil })
				people, sent = people[:1], [][]message{append(sent[0], sent[1]...)}
			},
			"": func(rt *rapid.T) {
				for who, p := range people {
					want := plainEpisodes(sent[who], p.now)
					got := p.open().Episodes(0)
					slices.SortFunc(got, func(x, y loyalty.Episode) int {
						return cmp.Or(cmp.Compare(x.Opened, y.Opened), cmp.Compare(x.Ticket, y.Ticket))
					})
					if len(got) != len(want) {
						rt.Fatalf("%d episodes %+v, want %d %+v", len(got), got, len(want), want)
					}
					for i, w := range want {
						g := got[i]
						if g.Ticket != w.Ticket || g.Opened != w.Opened || g.Closed != w.Closed || g.Overdue != w.Overdue || g.Due != w.Due || g.Reopened != w.Reopened {
							rt.Fatalf("episode %+v, want %+v", g, w)
						}
					}
					// The condition, now and as of any time before.
					present := p.now
					for _, ago := range []int64{0, rapid.Int64Range(0, 6000).Draw(rt, "ago") * minute} {
						p.now = present - ago
						open := slices.ContainsFunc(plainEpisodes(sent[who], p.now), loyalty.Episode.Open)
						if got := p.ask("complaint"); got != map[bool]string{true: "true", false: "false"}[open] {
							rt.Fatalf("%d minutes ago the case is open: %s, want %t", ago/minute, got, open)
						}
					}
					p.now = present
				}
			},
		})
	})
}

// plainEpisodes plays events in the order of their instants.
func plainEpisodes(sent []message, now int64) (out []loyalty.Episode) {
	for _, ticket := range []string{"T1", "T2"} {
		var mine []message
		for _, m := range sent {
			if m.ticket == ticket && m.at <= now {
				mine = append(mine, m)
			}
		}
		slices.SortStableFunc(mine, func(x, y message) int { return cmp.Or(cmp.Compare(x.at, y.at), cmp.Compare(x.kind, y.kind)) })
		open, before := -1, false
		for _, m := range mine {
			switch {
			case m.kind == "filed" && open < 0:
				open = len(out)
				out = append(out, loyalty.Episode{Ticket: ticket, Opened: m.at, Due: m.at + 36*60*minute, Closed: loyalty.OpenEnd, Reopened: before})
				before = true
			case m.kind == "resolved" && open >= 0:
				out[open].Closed = m.at
				open = -1
			}
		}
	}
	for i := range out {
		out[i].Overdue = out[i].Due < out[i].Closed && out[i].Due <= now
	}
	slices.SortFunc(out, func(x, y loyalty.Episode) int {
		return cmp.Or(cmp.Compare(x.Opened, y.Opened), cmp.Compare(x.Ticket, y.Ticket))
	})
	return out
}

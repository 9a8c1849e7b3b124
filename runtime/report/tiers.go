package report

import (
	"context"
	"fmt"
	"maps"

	"github.com/muster-engine/muster/compiler"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/runtime"
)

// Tiers is how members stand on ladders.
type Tiers struct {
	Frame
	Tiers []Ladder `json:"tiers"`
}

// Ladder is how members stand on one ladder, and how they moved in the period.
type Ladder struct {
	Name    string      `json:"name"`
	Title   string      `json:"title,omitempty"`
	Members int64       `json:"members"`
	Levels  []Level     `json:"levels"`
	Months  []MoveMonth `json:"months"`
	Moves   []Move      `json:"moves"`
}

// Level is the members on one tier. Close are those who have four fifths of what the next tier asks for, or more; Leaving
// those whose tier is kept for 30 days at most and whose measure is below what it asks for now.
type Level struct {
	Tier    string  `json:"tier"`
	Members int64   `json:"members"`
	Share   float64 `json:"share"`
	Close   int64   `json:"close_to_next"`
	Leaving int64   `json:"leaving_within_30_days"`
}

// Steps count rises, falls and confirmations, and tiers that were given by hand.
type Steps struct {
	Up        int64 `json:"up"`
	Down      int64 `json:"down"`
	Confirmed int64 `json:"confirmed"`
	Manual    int64 `json:"manual"`
}

// MoveMonth is the steps of a local month.
type MoveMonth struct {
	Month string `json:"month"`
	Steps
}

// Move is how often members went from one tier to another.
type Move struct {
	From  string `json:"from"`
	To    string `json:"to"`
	Times int64  `json:"times"`
}

// tiersSum is a ladder in the making.
type tiersSum struct {
	months map[int64]Steps
	moves  map[[2]int64]int64
	// keep is the last date for which a member's tier is kept.
	keep map[uint32]int64
}

func newTiersSum() *tiersSum {
	return &tiersSum{months: map[int64]Steps{}, moves: map[[2]int64]int64{}, keep: map[uint32]int64{}}
}

// Tiers reports on the ladder of a name, or on all if it is "".
func (r *Reader) Tiers(ctx context.Context, name string) (*Tiers, error) {
	places, err := chosen("tiers", name, r.prog.Tiers, func(t *ir.Tiers) string { return t.Name })
	if err != nil {
		return nil, err
	}
	out := &Tiers{Frame: r.frame(), Tiers: []Ladder{}}
	for _, i := range places {
		t := r.prog.Tiers[i]
		parts, err := walk(ctx, r, t.Facts, newTiersSum, func(s *tiersSum, m *member) error {
			r.addSteps(s, i, m)
			return nil
		})
		if err != nil {
			return nil, err
		}
		all := newTiersSum()
		for _, p := range parts {
			all.join(p)
		}
		ladder, err := r.ladder(ctx, t, all)
		if err != nil {
			return nil, err
		}
		out.Tiers = append(out.Tiers, ladder)
	}
	return out, nil
}

// addSteps adds the steps of a member. The tiers are told apart by what they are, not by what a fact says of itself: a
// tier given by hand can be a step up.
func (r *Reader) addSteps(s *tiersSum, tiers int, m *member) {
	var at int64
	for _, f := range m.facts(r.prog.Tiers[tiers].Facts) {
		to := f.number(ir.FactTier)
		if day := r.day(f.At); r.period.has(day) {
			month := s.months[r.month(day)]
			switch {
			case f.what() == "manual":
				month.Manual++
			case to > at:
				month.Up++
			case to < at:
				month.Down++
			default:
				month.Confirmed++
			}
			s.months[r.month(day)] = month
			if to != at {
				s.moves[[2]int64{at, to}]++
			}
		}
		at = to
	}
	standing := m.account().Standing(tiers)
	s.keep[m.all.Number] = standing.Keep
	if standing.Floor >= 0 {
		s.keep[m.all.Number] = max(standing.Keep, standing.FloorUntil)
	}
}

func (s *tiersSum) join(o *tiersSum) {
	for m, x := range o.months {
		month := s.months[m]
		month.Up += x.Up
		month.Down += x.Down
		month.Confirmed += x.Confirmed
		month.Manual += x.Manual
		s.months[m] = month
	}
	addAll(s.moves, o.moves)
	maps.Copy(s.keep, o.keep)
}

// closeTo is the part of the next tier's bound from which on a member is close to it.
const closeTo = 0.8

// ladder asks the view for the tier and the measure of all members.
func (r *Reader) ladder(ctx context.Context, t *ir.Tiers, s *tiersSum) (Ladder, error) {
	out := Ladder{Name: t.Name, Title: t.Title, Months: []MoveMonth{}, Moves: []Move{}}
	for _, tier := range t.Tiers {
		out.Levels = append(out.Levels, Level{Tier: tier.Name})
	}
	query, found := compiler.CompileQuery(r.prog, diag.NewFile("tiers", "`"+t.Name+"`"), nil)
	if query == nil {
		return out, fmt.Errorf("tiers %s cannot be asked for: %v", t.Name, found)
	}
	defer r.view.Forget(query.Slots)
	err := r.view.Values(ctx, nil, []*ir.Node{query.Node, t.By}, func(p runtime.Part) error {
		for _, number := range p.Members {
			lane := int(number - p.Base)
			at, measure := int(p.Values[0].Value(lane).I), p.Values[1].Value(lane)
			out.Members++
			out.Levels[at].Members++
			if at+1 < len(t.Tiers) && amount(measure) >= closeTo*amount(t.Tiers[at+1].From) && measure.Known {
				out.Levels[at].Close++
			}
			keep, kept := s.keep[number]
			if at > 0 && kept && keep <= r.today+30 && amount(measure) < amount(t.Tiers[at].From) {
				out.Levels[at].Leaving++
			}
		}
		return nil
	})
	if err != nil {
		return out, err
	}
	for i := range out.Levels {
		if out.Members > 0 {
			out.Levels[i].Share = float64(out.Levels[i].Members) / float64(out.Members)
		}
	}
	for _, m := range months(s.months) {
		out.Months = append(out.Months, MoveMonth{monthText(m), s.months[m]})
	}
	for from, a := range t.Tiers {
		for to, b := range t.Tiers {
			if n := s.moves[[2]int64{int64(from), int64(to)}]; n > 0 {
				out.Moves = append(out.Moves, Move{a.Name, b.Name, n})
			}
		}
	}
	return out, nil
}

// amount is a measure as a number; 0 if it is unknown.
func amount(v ir.Value) float64 {
	switch {
	case !v.Known:
		return 0
	case v.Kind == ir.Number:
		return v.F
	}
	return float64(v.I)
}

// Tables implements [Report].
func (t *Tiers) Tables() (out []Table) {
	for _, l := range t.Tiers {
		levels := Table{
			Title:   named(l.Name, l.Title) + ", " + periodText(t.Frame),
			Columns: append(left("tier"), right("members", "share", "close to the next", "leaving within 30 days")...),
		}
		for _, x := range l.Levels {
			levels.Rows = append(levels.Rows, []string{x.Tier, count(x.Members), percent(x.Share), count(x.Close), count(x.Leaving)})
		}
		out = append(out, levels)
		if len(l.Months) > 0 {
			months := Table{Title: "steps by month", Columns: append(left("month"), right("up", "down", "confirmed", "by hand")...)}
			for _, m := range l.Months {
				months.Rows = append(months.Rows, []string{m.Month, count(m.Up), count(m.Down), count(m.Confirmed), count(m.Manual)})
			}
			moves := Table{Title: "moves", Columns: append(left("from", "to"), right("times")...)}
			for _, m := range l.Moves {
				moves.Rows = append(moves.Rows, []string{m.From, m.To, count(m.Times)})
			}
			out = append(out, months, moves)
		}
	}
	return out
}

// Charts implements [Report].
func (t *Tiers) Charts() (out []Chart) {
	for _, l := range t.Tiers {
		levels := Chart{Title: named(l.Name, l.Title), Note: periodText(t.Frame)}
		members := Series{Name: "members"}
		for _, x := range l.Levels {
			levels.Places = append(levels.Places, x.Tier)
			members.Values = append(members.Values, float64(x.Members))
		}
		levels.Series = []Series{members}
		out = append(out, levels)
		steps := Chart{Title: "steps by month", Series: []Series{{Name: "up"}, {Name: "down"}, {Name: "confirmed"}}}
		for _, m := range l.Months {
			steps.Places = append(steps.Places, m.Month)
			for i, n := range []int64{m.Up, m.Down, m.Confirmed} {
				steps.Series[i].Values = append(steps.Series[i].Values, float64(n))
			}
		}
		out = append(out, steps)
	}
	return out
}

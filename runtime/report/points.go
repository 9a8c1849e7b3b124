package report

import (
	"context"

	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
)

// Points is how points stand.
type Points struct {
	Frame
	Points []PointsOf `json:"points"`
}

// PointsOf is how one kind of points stands. What members can spend, or will be able to, is owed to them: the liability.
type PointsOf struct {
	Name  string `json:"name"`
	Title string `json:"title,omitempty"`
	// Members are those who have any, active or pending.
	Members int64 `json:"members"`
	// Liability is Active, the points in lots, and Pending. Debt is what balances are below zero, as a number above.
	Liability int64 `json:"liability"`
	Active    int64 `json:"active"`
	Pending   int64 `json:"pending"`
	Debt      int64 `json:"debt"`
	// Flows are sums over the period, Months the same by local month.
	Flows    Flows         `json:"flows"`
	Months   []FlowMonth   `json:"months"`
	Expiring []ExpiryMonth `json:"expiring"`
	// Never are active and pending points that do not expire.
	Never int64     `json:"never_expiring"`
	Ages  []LotAges `json:"lots_by_age"`
}

// Flows are points that came, went and moved. All are numbers above nothing, where more was done than undone.
type Flows struct {
	Earned    int64 `json:"earned"`   // by events, pending ones included
	Given     int64 `json:"given"`    // by campaigns
	Adjusted  int64 `json:"adjusted"` // added by hand less taken off
	Spent     int64 `json:"spent"`
	Returned  int64 `json:"returned"`
	Expired   int64 `json:"expired"`
	Reversed  int64 `json:"reversed"` // taken back with refunds and retracted events
	Activated int64 `json:"activated"`
	Capped    int64 `json:"capped"` // what caps have cut off
}

// FlowMonth is the flows of a local month.
type FlowMonth struct {
	Month string `json:"month"`
	Flows
}

// ExpiryMonth is what is left of lots whose last date is in a month.
type ExpiryMonth struct {
	Month  string `json:"month"`
	Points int64  `json:"points"`
}

// LotAges is what is left of lots by how long ago they were earned, in full months: From up to and not including To, which
// is null for the oldest.
type LotAges struct {
	From   int    `json:"from_months"`
	To     *int   `json:"to_months"`
	Lots   int64  `json:"lots"`
	Points int64  `json:"points"`
	label  string // for people
}

// ages are the bounds of [LotAges], in months.
var ages = []int{0, 1, 3, 6, 12, 24}

func (f *Flows) add(o Flows) {
	f.Earned += o.Earned
	f.Given += o.Given
	f.Adjusted += o.Adjusted
	f.Spent += o.Spent
	f.Returned += o.Returned
	f.Expired += o.Expired
	f.Reversed += o.Reversed
	f.Activated += o.Activated
	f.Capped += o.Capped
}

// flowsOf is what one entry of the ledger moves.
func flowsOf(f fact) (out Flows) {
	change := f.number(ir.FactActive) + f.number(ir.FactPending)
	switch f.what() {
	case "earn":
		out.Earned, out.Capped = change, max(0, f.number(ir.FactWanted)-change)
	case "capped":
		out.Capped = f.number(ir.FactWanted)
	case "give":
		out.Given = change
	case "adjust", "take off":
		out.Adjusted = change
	case "spend":
		out.Spent = -change
	case "return":
		out.Returned = change
	case "expire":
		out.Expired = -change
	case "reverse", "retract":
		out.Reversed = -change
	case "activate":
		out.Activated = f.number(ir.FactActive)
	}
	return out
}

// pointsSum is points in the making.
type pointsSum struct {
	members, active, pending, debt, never int64
	months                                map[int64]Flows // by the first date of the month
	expiring                              map[int64]int64 // likewise
	ages                                  [][2]int64      // lots, points
}

func newPointsSum() *pointsSum {
	return &pointsSum{months: map[int64]Flows{}, expiring: map[int64]int64{}, ages: make([][2]int64, len(ages))}
}

// Points reports on points of a name, or on all if it is "".
func (r *Reader) Points(ctx context.Context, name string) (*Points, error) {
	places, err := chosen("points", name, r.prog.Points, func(p *ir.Points) string { return p.Name })
	if err != nil {
		return nil, err
	}
	out := &Points{Frame: r.frame(), Points: []PointsOf{}}
	for _, i := range places {
		p := r.prog.Points[i]
		parts, err := walk(ctx, r, p.Facts, newPointsSum, func(s *pointsSum, m *member) error {
			r.addPoints(s, i, m)
			return nil
		})
		if err != nil {
			return nil, err
		}
		all := newPointsSum()
		for _, part := range parts {
			all.join(part)
		}
		out.Points = append(out.Points, pointsOf(p, all))
	}
	return out, nil
}

func (r *Reader) month(day int64) int64 {
	return calendar.PeriodStart(day, dsl.Month, r.prog.WeekStart)
}

func (r *Reader) addPoints(s *pointsSum, points int, m *member) {
	for _, f := range m.facts(r.prog.Points[points].Facts) {
		if day := r.day(f.At); r.period.has(day) {
			if moved := flowsOf(f); moved != (Flows{}) {
				month := s.months[r.month(day)]
				month.add(moved)
				s.months[r.month(day)] = month
			}
		}
	}
	var has bool
	for _, l := range m.account().Lots(points) {
		if l.ID == 0 {
			s.debt -= l.Active
			continue
		}
		left := l.Active + l.Pending
		if left == 0 {
			continue
		}
		has = true
		s.active += l.Active
		s.pending += l.Pending
		if l.Lapses() {
			s.expiring[r.month(l.Expires)] += left
		} else {
			s.never += left
		}
		age := &s.ages[ageOf(r.day(l.Dated), r.today)]
		age[0]++
		age[1] += left
	}
	s.members += one(has)
}

// ageOf is the place in ages of something of a day.
func ageOf(day, today int64) int {
	for i := len(ages) - 1; i > 0; i-- {
		if calendar.AddMonths(day, ages[i]) <= today {
			return i
		}
	}
	return 0
}

func (s *pointsSum) join(o *pointsSum) {
	s.members += o.members
	s.active += o.active
	s.pending += o.pending
	s.debt += o.debt
	s.never += o.never
	for m, f := range o.months {
		month := s.months[m]
		month.add(f)
		s.months[m] = month
	}
	addAll(s.expiring, o.expiring)
	for i := range s.ages {
		s.ages[i][0] += o.ages[i][0]
		s.ages[i][1] += o.ages[i][1]
	}
}

func pointsOf(p *ir.Points, s *pointsSum) PointsOf {
	out := PointsOf{
		Name: p.Name, Title: p.Title, Members: s.members, Liability: s.active + s.pending, Active: s.active, Pending: s.pending,
		Debt: s.debt, Never: s.never, Months: []FlowMonth{}, Expiring: []ExpiryMonth{},
	}
	for _, m := range months(s.months) {
		out.Months = append(out.Months, FlowMonth{monthText(m), s.months[m]})
		out.Flows.add(s.months[m])
	}
	for _, m := range months(s.expiring) {
		out.Expiring = append(out.Expiring, ExpiryMonth{monthText(m), s.expiring[m]})
	}
	for i, from := range ages {
		a := LotAges{From: from, Lots: s.ages[i][0], Points: s.ages[i][1], label: count(int64(from)) + " and more"}
		if i+1 < len(ages) {
			to := ages[i+1]
			a.To, a.label = &to, count(int64(from))+" to "+count(int64(to))
		}
		out.Ages = append(out.Ages, a)
	}
	return out
}

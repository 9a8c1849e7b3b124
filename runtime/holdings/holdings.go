// Package holdings tells what a member has in a programme: points with their lots, tiers with what the next one asks for,
// coupons, cases, runs of campaigns. It is read from the facts in the member's history, as of the instant of a view.
package holdings

import (
	"context"
	"time"

	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime"
	"github.com/muster-engine/muster/runtime/campaign"
	"github.com/muster-engine/muster/runtime/loyalty"
)

// Holdings is all that a member has, of each declaration of the rules. What the rules do not declare is left out.
type Holdings struct {
	Points  []Points `json:"points,omitempty"`
	Tiers   []Tier   `json:"tiers,omitempty"`
	Coupons []Code   `json:"coupons,omitempty"`
	Cases   []Case   `json:"cases,omitempty"`
	Runs    []Run    `json:"runs,omitempty"`
}

// Points is a balance. Balance is below 0 where points are owed.
type Points struct {
	Name    string `json:"name"`
	Title   string `json:"title,omitempty"`
	Balance int64  `json:"balance"`
	Pending int64  `json:"pending"`
	Lots    []Lot  `json:"lots"`
}

// Lot is what is left of points that were earned together. Expires is the last date on which they hold, Active the first
// on which pending ones can be spent; "" for never and for now.
type Lot struct {
	Points  int64  `json:"points"`
	Pending bool   `json:"pending,omitempty"`
	Earned  string `json:"earned"` // the date that they count for
	Rule    string `json:"rule,omitempty"`
	Expires string `json:"expires,omitempty"`
	Active  string `json:"active,omitempty"`
}

// Tier is where the member stands on a ladder.
type Tier struct {
	Name  string `json:"name"`
	Title string `json:"title,omitempty"`
	Tier  string `json:"tier"`
	// Measure is what the ladder goes by, in major units of money. Next is the tier above, and ToNext what is missing for it.
	Measure float64 `json:"measure"`
	Next    string  `json:"next,omitempty"`
	ToNext  float64 `json:"to_next,omitempty"`
	// Until is the last date for which the tier is kept, whatever is measured; ToKeep is what is missing to keep it then.
	Until  string  `json:"until,omitempty"`
	ToKeep float64 `json:"to_keep,omitempty"`
	// Given is a tier that somebody gave by hand, which holds through GivenUntil, or for ever.
	Given      string `json:"given,omitempty"`
	GivenUntil string `json:"given_until,omitempty"`
}

// Code is a code of a coupon.
type Code struct {
	Coupon  string `json:"coupon"`
	Code    string `json:"code"`
	State   string `json:"state"`
	Issued  string `json:"issued"`
	Expires string `json:"expires,omitempty"`
}

// Case is one time that a ticket was open.
type Case struct {
	Case    string `json:"case"`
	Ticket  string `json:"ticket"`
	Opened  string `json:"opened"`
	Due     string `json:"due"`
	Closed  string `json:"closed,omitempty"`
	Overdue bool   `json:"overdue,omitempty"`
}

// Run is one of the member's runs of a campaign.
type Run struct {
	Campaign string `json:"campaign"`
	Started  string `json:"started"`
	// HeldOut says that it acts on nothing, to compare with.
	HeldOut bool `json:"held_out,omitempty"`
	// Until is when it goes on; "" if it has ended, and Ended says why.
	Until string `json:"until,omitempty"`
	Ended string `json:"ended,omitempty"`
	// Goals is how many events were its goal.
	Goals int `json:"goals,omitempty"`
}

// Of reads what a member has.
func Of(ctx context.Context, p *runtime.Person) (out Holdings, err error) {
	prog := p.Program()
	if len(prog.Points)+len(prog.Tiers)+len(prog.Coupons)+len(prog.Cases)+len(prog.Campaigns) == 0 {
		return out, nil
	}
	keeper, err := loyalty.New(prog, "")
	if err != nil {
		return out, err
	}
	var nodes []*ir.Node
	for _, t := range prog.Tiers {
		nodes = append(nodes, t.By)
	}
	err = p.Read(ctx, nodes, func(w *exprplan.World, m *exprplan.Member) error {
		r := reader{prog, keeper.Open(w, upTo(m, w.Now), nil), w.Now}
		for i := range prog.Points {
			out.Points = append(out.Points, r.points(i))
		}
		for i := range prog.Tiers {
			tier, err := r.tier(i)
			if err != nil {
				return err
			}
			out.Tiers = append(out.Tiers, tier)
		}
		for i := range prog.Coupons {
			out.Coupons = append(out.Coupons, r.codes(i)...)
		}
		for i := range prog.Cases {
			out.Cases = append(out.Cases, r.cases(i)...)
		}
		for i := range prog.Campaigns {
			out.Runs = append(out.Runs, r.runs(keeper, i)...)
		}
		return nil
	})
	return out, err
}

// upTo is a member without the events that are after an instant: an account is of the present.
func upTo(m *exprplan.Member, now int64) *exprplan.Member {
	seen := *m
	seen.Events = func(event int) []exprplan.Event {
		all := m.Events(event)
		n := len(all)
		for n > 0 && all[n-1].At > now {
			n--
		}
		return all[:n]
	}
	return &seen
}

type reader struct {
	prog *ir.Program
	a    *loyalty.Account
	now  int64
}

func (r reader) date(t int64) string { return dateText(r.prog.Zone.DateOf(t)) }

func (r reader) points(i int) Points {
	p := r.prog.Points[i]
	out := Points{Name: p.Name, Title: p.Title, Lots: []Lot{}}
	for _, l := range r.a.Lots(i) {
		out.Balance += l.Active
		out.Pending += l.Pending
		one := Lot{Points: l.Active, Earned: r.date(l.Dated), Rule: l.Rule}
		if l.Lapses() {
			one.Expires = dateText(l.Expires)
		}
		if l.Pending > 0 {
			one.Points, one.Pending, one.Active = l.Pending, true, dateText(l.Due)
		}
		if l.ID != 0 && one.Points > 0 {
			out.Lots = append(out.Lots, one)
		}
	}
	return out
}

func (r reader) tier(i int) (Tier, error) {
	t := r.prog.Tiers[i]
	s := r.a.Standing(i)
	progress, err := r.a.Progress(i)
	if err != nil {
		return Tier{}, err
	}
	out := Tier{Name: t.Name, Title: t.Title, Tier: t.Tiers[s.Tier].Name, Measure: r.amount(progress.Measure)}
	if s.Tier+1 < len(t.Tiers) {
		out.Next = t.Tiers[s.Tier+1].Name
		out.ToNext = max(0, r.amount(progress.Next)-out.Measure)
	}
	if s.Tier > 0 {
		out.ToKeep = max(0, r.amount(progress.Keep)-out.Measure)
		if s.Keep > 0 && s.Keep < never {
			out.Until = dateText(s.Keep)
		}
	}
	if s.Floor >= 0 {
		out.Given = t.Tiers[s.Floor].Name
		if s.FloorUntil < never {
			out.GivenUntil = dateText(s.FloorUntil)
		}
	}
	return out, nil
}

// never is a date beyond any that is shown.
const never = 1 << 30

// amount is a measure as a number, in major units of money; 0 if it is unknown.
func (r reader) amount(v ir.Value) float64 {
	switch {
	case !v.Known:
		return 0
	case v.Kind == ir.Number:
		return v.F
	case v.Kind == ir.Money:
		x := float64(v.I)
		for range r.prog.Digits {
			x /= 10
		}
		return x
	}
	return float64(v.I)
}

func (r reader) codes(i int) (out []Code) {
	for _, c := range r.a.Codes(i) {
		one := Code{Coupon: r.prog.Coupons[i].Name, Code: c.Code, State: string(c.State), Issued: r.date(c.Issued)}
		if c.Lapses() {
			one.Expires = dateText(c.Expires)
		}
		out = append(out, one)
	}
	return out
}

func (r reader) cases(i int) (out []Case) {
	for _, e := range r.a.Episodes(i) {
		one := Case{Case: r.prog.Cases[i].Name, Ticket: e.Ticket, Opened: r.time(e.Opened), Due: r.time(e.Due), Overdue: e.Overdue}
		if !e.Open() {
			one.Closed = r.time(e.Closed)
		}
		out = append(out, one)
	}
	return out
}

func (r reader) runs(k *loyalty.Keeper, i int) (out []Run) {
	c := r.prog.Campaigns[i]
	for _, x := range campaign.Runs(k, r.a, c.Facts, i) {
		one := Run{Campaign: c.Name, Started: r.time(x.Start), HeldOut: x.Holdout, Goals: x.Goals}
		if x.Ended {
			one.Ended = x.Why
		} else {
			one.Until = r.time(x.Until)
		}
		out = append(out, one)
	}
	return out
}

func dateText(d int64) string { return time.Unix(d*86400, 0).UTC().Format(time.DateOnly) }

func (r reader) time(t int64) string {
	return time.UnixMicro(t).In(r.prog.Zone.Location()).Format(time.RFC3339)
}

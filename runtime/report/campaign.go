package report

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/report/stats"
)

// Campaigns is how campaigns did.
type Campaigns struct {
	Frame
	Campaigns []Campaign `json:"campaigns"`
}

// Campaign is how one did. A member counts once, however many runs it had; money is in the major unit.
type Campaign struct {
	Name    string `json:"name"`
	Title   string `json:"title,omitempty"`
	Reached Arm    `json:"reached"`
	HeldOut Arm    `json:"held_out"`
	Uplift  Uplift `json:"uplift"`
	// Target is the rate that the rules ask for, and Met whether that of the reached is as high; null without a target.
	Target *float64 `json:"target"`
	Met    *bool    `json:"target_met"`
	// Windows are runs whose time for the goal is not over.
	Windows int64 `json:"goal_windows_open"`
	Running int64 `json:"running"`
	// Ended and Dropped count runs that ended, and triggers that began none, by why.
	Ended   map[string]int64 `json:"ended"`
	Dropped map[string]int64 `json:"dropped"`
	Sent    int64            `json:"messages_sent"`
	// Unsent are messages over the cap of their sink.
	Unsent  int64         `json:"messages_dropped"`
	Points  int64         `json:"points_given"`
	Coupons CampaignCodes `json:"coupons"`
	Days    []CampaignDay `json:"days"`
}

// Arm is those who were reached, or those who were held out.
type Arm struct {
	Members   int64       `json:"members"`
	Runs      int64       `json:"runs"`
	Converted int64       `json:"converted"`
	Rate      float64     `json:"rate"`
	Interval  [2]float64  `json:"rate_interval"`
	Revenue   json.Number `json:"revenue"`
	PerMember json.Number `json:"revenue_per_member"`
}

// Uplift is the rate of the reached less that of the held out, with 95 % intervals; what cannot be said is null.
type Uplift struct {
	Difference   *float64    `json:"difference"`
	Interval     *[2]float64 `json:"difference_interval"`
	Lift         *float64    `json:"lift"`
	LiftInterval *[2]float64 `json:"lift_interval"`
	Verdict      string      `json:"verdict"`
	Why          string      `json:"why,omitempty"`
}

// CampaignCodes are the codes that the campaign has issued, and what was taken off with them.
type CampaignCodes struct {
	Issued   int64       `json:"issued"`
	Used     int64       `json:"used"`
	Discount json.Number `json:"discount"`
}

// CampaignDay is a local date on which members were reached or held out, or converted.
type CampaignDay struct {
	Day              string      `json:"day"`
	Reached          int64       `json:"reached"`
	HeldOut          int64       `json:"held_out"`
	Converted        int64       `json:"converted"`
	ConvertedHeldOut int64       `json:"converted_held_out"`
	Revenue          json.Number `json:"revenue"`
}

// campaignSum is a campaign in the making.
type campaignSum struct {
	arms             [2]armSum // reached, held out
	windows, running int64
	ended, dropped   map[string]int64
	sent, unsent     int64
	points           int64
	issued, used     int64
	discount         int64
	days             map[int64]*daySum
}

type armSum struct{ members, runs, converted, revenue int64 }

type daySum struct {
	started, converted [2]int64
	revenue            int64
}

const (
	reached = 0
	heldOut = 1
)

func newCampaignSum() *campaignSum {
	return &campaignSum{ended: map[string]int64{}, dropped: map[string]int64{}, days: map[int64]*daySum{}}
}

func (s *campaignSum) day(d int64) *daySum {
	if s.days[d] == nil {
		s.days[d] = new(daySum)
	}
	return s.days[d]
}

// Campaigns reports on one campaign, or on all if name is "".
func (r *Reader) Campaigns(ctx context.Context, name string) (*Campaigns, error) {
	places, err := chosen("campaign", name, r.prog.Campaigns, func(c *ir.Campaign) string { return c.Name })
	if err != nil {
		return nil, err
	}
	out := &Campaigns{Frame: r.frame(), Campaigns: []Campaign{}}
	for _, i := range places {
		c := r.prog.Campaigns[i]
		parts, err := walk(ctx, r, c.Facts, newCampaignSum, func(s *campaignSum, m *member) error {
			r.addCampaign(s, c, m)
			return nil
		})
		if err != nil {
			return nil, err
		}
		all := newCampaignSum()
		for _, p := range parts {
			all.join(p)
		}
		out.Campaigns = append(out.Campaigns, r.campaign(c, all))
	}
	return out, nil
}

// run is a run of the member, as the facts tell.
type run struct {
	arm       int
	converted int64
	ended     bool
}

// addCampaign adds what a member did in a campaign.
func (r *Reader) addCampaign(s *campaignSum, c *ir.Campaign, m *member) {
	runs := map[string]*run{}
	for _, f := range m.facts(c.Facts) {
		of := runs[f.text(ir.FactRun)]
		switch f.what() {
		case "start":
			if !r.period.has(r.day(f.At)) {
				continue
			}
			of = &run{}
			if f.number(ir.FactHoldout) != 0 {
				of.arm = heldOut
			}
			runs[f.text(ir.FactRun)] = of
			s.arms[of.arm].runs++
			s.day(r.day(f.At)).started[of.arm]++
			if c.Goal != nil {
				if end, ok := r.prog.Zone.AddSpanToTime(f.At, c.Goal.Within.N, c.Goal.Within.Unit); !ok || end > r.now {
					s.windows++
				}
			}
		case "drop":
			if r.period.has(r.day(f.At)) {
				s.dropped[f.text(ir.FactWhy)]++
			}
		case "act":
			if of == nil {
				continue
			}
			s.points += f.number(ir.FactGiven)
			if f.text(ir.FactMessage) != "" {
				s.sent++
			} else if f.text(ir.FactWhy) != "" {
				s.unsent++
			}
		case "goal":
			if of == nil {
				continue
			}
			of.converted += f.number(ir.FactConverted)
			s.arms[of.arm].revenue += f.number(ir.FactRevenue)
			day := s.day(r.day(f.number(ir.FactEventAt)))
			day.converted[of.arm] += f.number(ir.FactConverted)
			if of.arm == reached {
				day.revenue += f.number(ir.FactRevenue)
			}
		case "end":
			if of != nil {
				of.ended = true
				s.ended[f.text(ir.FactWhy)]++
			}
		}
	}
	var in, converted [2]bool
	for _, of := range runs {
		in[of.arm] = true
		converted[of.arm] = converted[of.arm] || of.converted > 0
		if !of.ended {
			s.running++
		}
	}
	for arm := range in {
		s.arms[arm].members += one(in[arm])
		s.arms[arm].converted += one(converted[arm])
	}
	r.addCodes(s, c, m, runs)
}

// addCodes adds the codes that the member's runs have issued.
func (r *Reader) addCodes(s *campaignSum, c *ir.Campaign, m *member, runs map[string]*run) {
	for _, coupon := range issuedBy(c) {
		mine := map[string]bool{}
		for _, f := range m.facts(r.prog.Coupons[coupon].Facts) {
			code := f.text(ir.FactCode)
			if f.what() == "issue" && f.text(ir.FactCause) == "campaign" {
				campaign, rest, _ := strings.Cut(f.text(ir.FactCauseKey), "/")
				id, _, _ := strings.Cut(rest, "/")
				mine[code] = campaign == c.Name && runs[id] != nil
			}
			if !mine[code] {
				continue
			}
			s.issued += f.number(ir.FactIssued)
			s.used += f.number(ir.FactUsed)
			s.discount += f.number(ir.FactWorth) * f.number(ir.FactUsed)
		}
	}
}

// issuedBy are the coupons that a campaign issues.
func issuedBy(c *ir.Campaign) (out []int) {
	for _, a := range c.Do {
		if a.Kind == "issue" && !slices.Contains(out, a.Index) {
			out = append(out, a.Index)
		}
	}
	return out
}

func one(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// join adds the sums of other members.
func (s *campaignSum) join(o *campaignSum) {
	for arm := range s.arms {
		s.arms[arm].members += o.arms[arm].members
		s.arms[arm].runs += o.arms[arm].runs
		s.arms[arm].converted += o.arms[arm].converted
		s.arms[arm].revenue += o.arms[arm].revenue
	}
	s.windows += o.windows
	s.running += o.running
	s.sent += o.sent
	s.unsent += o.unsent
	s.points += o.points
	s.issued += o.issued
	s.used += o.used
	s.discount += o.discount
	addAll(s.ended, o.ended)
	addAll(s.dropped, o.dropped)
	for d, x := range o.days {
		day := s.day(d)
		for arm := range x.started {
			day.started[arm] += x.started[arm]
			day.converted[arm] += x.converted[arm]
		}
		day.revenue += x.revenue
	}
}

func addAll[K comparable](into, from map[K]int64) {
	for k, n := range from {
		into[k] += n
	}
}

// campaign is the report of sums.
func (r *Reader) campaign(c *ir.Campaign, s *campaignSum) Campaign {
	count := func(a armSum) stats.Count { return stats.Count{Of: a.members, Have: a.converted} }
	compared := stats.Compare(count(s.arms[reached]), count(s.arms[heldOut]))
	out := Campaign{
		Name: c.Name, Title: c.Title, Reached: r.arm(s.arms[reached], compared.ReachedInterval), HeldOut: r.arm(s.arms[heldOut], compared.HeldOutInterval),
		Uplift: upliftOf(compared), Windows: s.windows, Running: s.running, Ended: s.ended, Dropped: s.dropped,
		Sent: s.sent, Unsent: s.unsent, Points: s.points,
		Coupons: CampaignCodes{s.issued, s.used, r.money(s.discount)}, Days: []CampaignDay{},
	}
	if target, ok := fraction(c.Target, r.prog.Digits); ok {
		met := compared.Reached.Rate() >= target
		out.Target, out.Met = &target, &met
	}
	for _, d := range days(s.days) {
		x := s.day(d)
		out.Days = append(out.Days, CampaignDay{
			dateText(d), x.started[reached], x.started[heldOut], x.converted[reached], x.converted[heldOut], r.money(x.revenue),
		})
	}
	return out
}

func (r *Reader) arm(a armSum, i stats.Interval) Arm {
	out := Arm{
		Members: a.members, Runs: a.runs, Converted: a.converted, Rate: stats.Count{Of: a.members, Have: a.converted}.Rate(),
		Interval: [2]float64{i.Low, i.High}, Revenue: r.money(a.revenue), PerMember: r.money(0),
	}
	if a.members > 0 {
		out.PerMember = r.money(divided(a.revenue, a.members))
	}
	return out
}

// divided is a ÷ b rounded half away from zero; b is above 0.
func divided(a, b int64) int64 {
	q, rest := a/b, a%b
	if 2*max(rest, -rest) >= b {
		if a < 0 {
			return q - 1
		}
		return q + 1
	}
	return q
}

package report

import (
	"context"
	"encoding/json"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/loyalty"
)

// Coupons is how coupons stand.
type Coupons struct {
	Frame
	Coupons []CouponOf `json:"coupons"`
}

// CouponOf is how one coupon stands. Codes are counted by their state now, whenever they were issued; Flows are what
// happened in the period. Money is in the major unit.
type CouponOf struct {
	Name  string     `json:"name"`
	Title string     `json:"title,omitempty"`
	Codes CodeStates `json:"codes"`
	// Issued and Used are of all codes that are not voided; Rate is Used ÷ Issued.
	Issued int64   `json:"issued"`
	Used   int64   `json:"used"`
	Rate   float64 `json:"rate"`
	// Stock is what the rules allow to be issued, and Left what is left of it; null without a limit.
	Stock *int64        `json:"stock"`
	Left  *int64        `json:"stock_left"`
	Flows CodeFlows     `json:"flows"`
	Days  []CodeFlowDay `json:"days"`
}

// CodeStates count codes by what can be done with them.
type CodeStates struct {
	Waiting  int64 `json:"waiting"` // their first day has not come
	Usable   int64 `json:"usable"`
	Reserved int64 `json:"reserved"`
	Used     int64 `json:"used"`
	Expired  int64 `json:"expired"`
	Void     int64 `json:"void"`
}

// CodeFlows are what happened to codes. Discount is what was taken off purchases, and Purchases their amount, those that
// were taken back left out.
type CodeFlows struct {
	Issued    int64       `json:"issued"`
	Used      int64       `json:"used"`
	Returned  int64       `json:"returned"`
	Voided    int64       `json:"voided"`
	Expired   int64       `json:"expired"`
	Discount  json.Number `json:"discount"`
	Purchases json.Number `json:"purchases"`
}

// CodeFlowDay is the flows of a local date.
type CodeFlowDay struct {
	Day string `json:"day"`
	CodeFlows
}

// codeSum is flows in minor units.
type codeSum struct{ issued, used, returned, voided, expired, discount, purchases int64 }

func (s *codeSum) add(o codeSum) {
	s.issued += o.issued
	s.used += o.used
	s.returned += o.returned
	s.voided += o.voided
	s.expired += o.expired
	s.discount += o.discount
	s.purchases += o.purchases
}

func (r *Reader) flows(s codeSum) CodeFlows {
	return CodeFlows{s.issued, s.used, s.returned, s.voided, s.expired, r.money(s.discount), r.money(s.purchases)}
}

// couponSum is a coupon in the making.
type couponSum struct {
	states map[loyalty.CodeState]int64
	days   map[int64]codeSum
}

func newCouponSum() *couponSum {
	return &couponSum{states: map[loyalty.CodeState]int64{}, days: map[int64]codeSum{}}
}

// Coupons reports on the coupon of a name, or on all if it is "".
func (r *Reader) Coupons(ctx context.Context, name string) (*Coupons, error) {
	places, err := chosen("coupon", name, r.prog.Coupons, func(c *ir.Coupon) string { return c.Name })
	if err != nil {
		return nil, err
	}
	out := &Coupons{Frame: r.frame(), Coupons: []CouponOf{}}
	for _, i := range places {
		c := r.prog.Coupons[i]
		parts, err := walk(ctx, r, c.Facts, newCouponSum, func(s *couponSum, m *member) error {
			r.addCoupon(s, i, m)
			return nil
		})
		if err != nil {
			return nil, err
		}
		all := newCouponSum()
		for _, p := range parts {
			addAll(all.states, p.states)
			for d, x := range p.days {
				day := all.days[d]
				day.add(x)
				all.days[d] = day
			}
		}
		out.Coupons = append(out.Coupons, r.coupon(c, all))
	}
	return out, nil
}

func (r *Reader) addCoupon(s *couponSum, coupon int, m *member) {
	for _, c := range m.account().Codes(coupon) {
		s.states[c.State]++
	}
	type use struct{ worth, amount int64 }
	last := map[string]use{} // of codes that are used
	for _, f := range m.facts(r.prog.Coupons[coupon].Facts) {
		var moved codeSum
		code := f.text(ir.FactCode)
		switch f.what() {
		case "issue":
			moved.issued = 1
		case "use":
			last[code] = use{f.number(ir.FactWorth), f.number(ir.FactAmount)}
			moved.used, moved.discount, moved.purchases = 1, last[code].worth, last[code].amount
		case "return":
			moved.returned, moved.discount, moved.purchases = 1, -last[code].worth, -last[code].amount
		case "void":
			moved.voided = 1
		case "expire":
			moved.expired = 1
		}
		if day := r.day(f.At); moved != (codeSum{}) && r.period.has(day) {
			at := s.days[day]
			at.add(moved)
			s.days[day] = at
		}
	}
}

func (r *Reader) coupon(c *ir.Coupon, s *couponSum) CouponOf {
	n := s.states
	out := CouponOf{
		Name: c.Name, Title: c.Title, Stock: c.Stock, Days: []CodeFlowDay{},
		Codes: CodeStates{
			n[loyalty.CodeWaiting], n[loyalty.CodeUsable], n[loyalty.CodeReserved], n[loyalty.CodeUsed], n[loyalty.CodeExpired], n[loyalty.CodeVoid],
		},
	}
	for state, codes := range n {
		if state != loyalty.CodeVoid {
			out.Issued += codes
		}
	}
	out.Used = out.Codes.Used
	if out.Issued > 0 {
		out.Rate = float64(out.Used) / float64(out.Issued)
	}
	if c.Stock != nil {
		left := max(0, *c.Stock-out.Issued)
		out.Left = &left
	}
	var all codeSum
	for _, d := range days(s.days) {
		all.add(s.days[d])
		out.Days = append(out.Days, CodeFlowDay{dateText(d), r.flows(s.days[d])})
	}
	out.Flows = r.flows(all)
	return out
}

// Tables implements [Report].
func (c *Coupons) Tables() []Table {
	all := Table{
		Title:   "coupons, " + periodText(c.Frame),
		Columns: append(left("coupon"), right("issued", "used", "rate", "usable", "reserved", "waiting", "expired", "void", "stock left")...),
	}
	flows := Table{
		Title:   "in the period",
		Columns: append(left("coupon"), right("issued", "used", "returned", "voided", "expired", "discount", "purchases")...),
	}
	days := Table{Title: "by day", Columns: append(left("day"), right("issued", "used", "returned", "expired", "discount")...)}
	for _, x := range c.Coupons {
		stock := "-"
		if x.Left != nil {
			stock = count(*x.Left)
		}
		all.Rows = append(all.Rows, []string{
			named(x.Name, x.Title), count(x.Issued), count(x.Used), percent(x.Rate), count(x.Codes.Usable), count(x.Codes.Reserved),
			count(x.Codes.Waiting), count(x.Codes.Expired), count(x.Codes.Void), stock,
		})
		f := x.Flows
		flows.Rows = append(flows.Rows, []string{
			x.Name, count(f.Issued), count(f.Used), count(f.Returned), count(f.Voided), count(f.Expired), string(f.Discount), string(f.Purchases),
		})
	}
	out := []Table{all, flows}
	if len(c.Coupons) == 1 {
		for _, d := range c.Coupons[0].Days {
			days.Rows = append(days.Rows, []string{d.Day, count(d.Issued), count(d.Used), count(d.Returned), count(d.Expired), string(d.Discount)})
		}
		out = append(out, days)
	}
	return out
}

// Charts implements [Report].
func (c *Coupons) Charts() (out []Chart) {
	if len(c.Coupons) != 1 {
		all := Chart{Title: "coupons", Note: periodText(c.Frame), Series: []Series{{Name: "issued"}, {Name: "used"}}}
		for _, x := range c.Coupons {
			all.Places = append(all.Places, named(x.Name, ""))
			all.Series[0].Values = append(all.Series[0].Values, float64(x.Issued))
			all.Series[1].Values = append(all.Series[1].Values, float64(x.Used))
		}
		return []Chart{all}
	}
	x := c.Coupons[0]
	days := Chart{
		Title: named(x.Name, x.Title), Note: periodText(c.Frame) + ", used " + percent(x.Rate),
		Series: []Series{{Name: "issued"}, {Name: "used"}, {Name: "expired"}},
	}
	for _, d := range x.Days {
		days.Places = append(days.Places, d.Day)
		for i, n := range []int64{d.Issued, d.Used, d.Expired} {
			days.Series[i].Values = append(days.Series[i].Values, float64(n))
		}
	}
	return []Chart{days}
}

package report

import (
	"strconv"

	"github.com/muster-engine/muster/runtime/report/stats"
)

// Groups compares members whom somebody reached with others who were held out, by conditions that say who is which: of a
// coupon sent before there were rules for it, or of an experiment that another system ran.
type Groups struct {
	AsOf string `json:"as_of"`
	Goal string `json:"goal"`
	// Value is an expression of which the means are compared, or "".
	Value   string       `json:"value,omitempty"`
	HeldOut Group        `json:"held_out"`
	Reached []GroupAgain `json:"reached"`
}

// Group is the members for whom a condition holds.
type Group struct {
	Condition string     `json:"condition"`
	Members   int64      `json:"members"`
	Converted int64      `json:"converted"`
	Rate      float64    `json:"rate"`
	Interval  [2]float64 `json:"rate_interval"`
	// Mean is of the members whose value is known; null without such.
	Mean *float64 `json:"mean,omitempty"`
	// Unknown counts those whose value is not known.
	Unknown int64 `json:"value_unknown,omitempty"`
}

// GroupAgain is a group beside the one that was held out.
type GroupAgain struct {
	Group
	Uplift Uplift `json:"uplift"`
	// MeanDifference is the mean less that of the held out; its 95 % interval is null with fewer than 50 values on a side.
	MeanDifference *float64    `json:"mean_difference,omitempty"`
	MeanInterval   *[2]float64 `json:"mean_difference_interval,omitempty"`
}

// Counted is what was counted of a group. Values are nil where no value was asked for.
type Counted struct {
	Condition          string
	Members, Converted int64
	Values             *stats.Sample
	Unknown            int64
}

// CompareGroups compares each of the reached with the held out. value is "" if no value was asked for.
func CompareGroups(asOf, goal, value string, heldOut Counted, reached []Counted) *Groups {
	out := &Groups{AsOf: asOf, Goal: goal, Value: value, HeldOut: groupOf(heldOut), Reached: []GroupAgain{}}
	for _, g := range reached {
		again := GroupAgain{Group: groupOf(g)}
		again.Uplift = upliftOf(stats.Compare(stats.Count{Of: g.Members, Have: g.Converted}, stats.Count{Of: heldOut.Members, Have: heldOut.Converted}))
		if again.Mean != nil && out.HeldOut.Mean != nil {
			d := *again.Mean - *out.HeldOut.Mean
			again.MeanDifference = &d
			if i, ok := stats.Welch(*g.Values, *heldOut.Values); ok {
				again.MeanInterval = &[2]float64{i.Low, i.High}
			}
		}
		out.Reached = append(out.Reached, again)
	}
	return out
}

func groupOf(c Counted) Group {
	n := stats.Count{Of: c.Members, Have: c.Converted}
	i := stats.Wilson(n)
	out := Group{Condition: c.Condition, Members: c.Members, Converted: c.Converted, Rate: n.Rate(), Interval: [2]float64{i.Low, i.High}, Unknown: c.Unknown}
	if c.Values != nil && c.Values.N > 0 {
		out.Mean = &c.Values.Mean
	}
	return out
}

// Tables implements [Report].
func (g *Groups) Tables() []Table {
	who := Table{Title: "goal " + g.Goal + ", as of " + periodText(Frame{AsOf: g.AsOf})[len("as of "):]}
	who.Columns = append(left("who"), right("members", "converted", "rate", "95% interval")...)
	effect := Table{Title: "against the held out", Columns: append(left("who"), right("uplift", "95% interval", "as a part of their rate", "95% interval")...)}
	if g.Value != "" {
		who.Columns = append(who.Columns, right("mean")...)
		who.Note = "mean: of " + g.Value + "."
		effect.Columns = append(effect.Columns, right("mean", "95% interval")...)
	}
	add := func(x Group) {
		row := []string{x.Condition, count(x.Members), count(x.Converted), "-", "-"}
		if x.Members > 0 {
			row[3], row[4] = percent(x.Rate), percent(x.Interval[0])+" to "+percent(x.Interval[1])
		}
		if g.Value != "" {
			row = append(row, plainNumber(x.Mean))
		}
		who.Rows = append(who.Rows, row)
	}
	for i, x := range g.Reached {
		add(x.Group)
		row := []string{x.Condition, "-", "-", "-", "-"}
		if u := x.Uplift; u.Difference != nil {
			row[1], row[2] = signed(*u.Difference), signed(u.Interval[0])+" to "+signed(u.Interval[1])
			if u.Lift != nil {
				row[3], row[4] = signed(*u.Lift), signed(u.LiftInterval[0])+" to "+signed(u.LiftInterval[1])
			}
		}
		if g.Value != "" {
			interval := "-"
			if m := x.MeanInterval; m != nil {
				interval = plainNumber(&m[0]) + " to " + plainNumber(&m[1])
			}
			row = append(row, plainNumber(x.MeanDifference), interval)
		}
		effect.Rows = append(effect.Rows, row)
		if i > 0 {
			effect.Note += "\n  "
		}
		effect.Note += x.Condition + ": " + x.Uplift.conclusion("It")
	}
	add(g.HeldOut)
	return []Table{who, effect}
}

// Charts implements [Report].
func (g *Groups) Charts() []Chart {
	rates := Chart{Title: "rates of " + g.Goal, Percent: true, Series: []Series{{Name: "rate, with its 95% interval"}}}
	for _, x := range append(groupsOf(g.Reached), g.HeldOut) {
		s := &rates.Series[0]
		rates.Places = append(rates.Places, x.Condition)
		s.Values, s.Low, s.High = append(s.Values, x.Rate), append(s.Low, x.Interval[0]), append(s.High, x.Interval[1])
	}
	return []Chart{rates}
}

func groupsOf(all []GroupAgain) (out []Group) {
	for _, x := range all {
		out = append(out, x.Group)
	}
	return out
}

// plainNumber shows a mean to the hundredth, and small ones to four digits.
func plainNumber(x *float64) string {
	switch {
	case x == nil:
		return "-"
	case *x != 0 && *x < 1 && *x > -1:
		return strconv.FormatFloat(*x, 'g', 4, 64)
	}
	return strconv.FormatFloat(*x, 'f', 2, 64)
}

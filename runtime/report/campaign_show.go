package report

import (
	"maps"
	"slices"
)

// Tables implements [Report].
func (c *Campaigns) Tables() (out []Table) {
	if len(c.Campaigns) != 1 {
		return []Table{c.overview()}
	}
	x := c.Campaigns[0]
	arms := Table{
		Title:   named(x.Name, x.Title) + ", " + periodText(c.Frame),
		Columns: append(left("who"), right("members", "runs", "converted", "rate", "95% interval", "revenue", "a member")...),
	}
	for _, arm := range []struct {
		who string
		Arm
	}{{"reached", x.Reached}, {"held out", x.HeldOut}} {
		rate, interval, revenue := "-", "-", "-"
		if arm.Members > 0 {
			rate, interval = percent(arm.Rate), percent(arm.Interval[0])+" to "+percent(arm.Interval[1])
			revenue = string(arm.PerMember)
		}
		arms.Rows = append(arms.Rows, []string{
			arm.who, count(arm.Members), count(arm.Runs), count(arm.Converted), rate, interval, string(arm.Revenue), revenue,
		})
	}
	arms.Note = x.Uplift.sentence()
	out = append(out, arms)

	effect := Table{Title: "effect and cost", Columns: append(left("what"), right("value", "95% interval")...)}
	if u := x.Uplift; u.Difference != nil {
		effect.Rows = append(effect.Rows, []string{"uplift, difference of the rates", signed(*u.Difference), signed(u.Interval[0]) + " to " + signed(u.Interval[1])})
		if u.Lift != nil {
			effect.Rows = append(effect.Rows, []string{"uplift, as a part of the held out's rate", signed(*u.Lift), signed(u.LiftInterval[0]) + " to " + signed(u.LiftInterval[1])})
		}
	}
	if x.Target != nil {
		met := "not met"
		if *x.Met {
			met = "met"
		}
		effect.Rows = append(effect.Rows, []string{"target", percent(*x.Target), met})
	}
	for _, line := range [][2]string{
		{"messages sent", count(x.Sent)}, {"messages over the cap", count(x.Unsent)}, {"points given", count(x.Points)},
		{"coupons issued", count(x.Coupons.Issued)}, {"coupons used", count(x.Coupons.Used)}, {"discount", string(x.Coupons.Discount)},
		{"runs going on", count(x.Running)}, {"runs whose goal is still open", count(x.Windows)},
	} {
		effect.Rows = append(effect.Rows, []string{line[0], line[1], ""})
	}
	out = append(out, effect)

	ends := Table{Title: "how runs ended, and triggers that began none", Columns: append(left("how", "why"), right("times")...)}
	for _, why := range slices.Sorted(maps.Keys(x.Ended)) {
		ends.Rows = append(ends.Rows, []string{"ended", why, count(x.Ended[why])})
	}
	for _, why := range slices.Sorted(maps.Keys(x.Dropped)) {
		ends.Rows = append(ends.Rows, []string{"began none", why, count(x.Dropped[why])})
	}
	days := Table{Title: "by day", Columns: append(left("day"), right("reached", "held out", "converted", "converted, held out", "revenue")...)}
	for _, d := range x.Days {
		days.Rows = append(days.Rows, []string{d.Day, count(d.Reached), count(d.HeldOut), count(d.Converted), count(d.ConvertedHeldOut), string(d.Revenue)})
	}
	return append(out, ends, days)
}

func (c *Campaigns) overview() Table {
	t := Table{
		Title:   "campaigns, " + periodText(c.Frame),
		Columns: append(left("campaign"), right("reached", "held out", "rate", "rate, held out", "uplift", "95% interval")...),
	}
	t.Columns = append(t.Columns, left("verdict")...)
	for _, x := range c.Campaigns {
		row := []string{named(x.Name, x.Title), count(x.Reached.Members), count(x.HeldOut.Members), percent(x.Reached.Rate), "-", "-", "-", x.Uplift.Verdict}
		if x.HeldOut.Members > 0 {
			row[4] = percent(x.HeldOut.Rate)
		}
		if u := x.Uplift; u.Difference != nil {
			row[5], row[6] = signed(*u.Difference), signed(u.Interval[0])+" to "+signed(u.Interval[1])
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// Charts implements [Report].
func (c *Campaigns) Charts() (out []Chart) {
	for _, x := range c.Campaigns {
		rates := Chart{Title: named(x.Name, x.Title) + ": rates", Note: x.Uplift.sentence(), Percent: true, Places: []string{"reached", "held out"}}
		rates.Series = []Series{{
			Name:   "rate, with its 95% interval",
			Values: []float64{x.Reached.Rate, x.HeldOut.Rate},
			Low:    []float64{x.Reached.Interval[0], x.HeldOut.Interval[0]},
			High:   []float64{x.Reached.Interval[1], x.HeldOut.Interval[1]},
		}}
		if x.HeldOut.Members == 0 {
			rates.Places = rates.Places[:1]
		}
		if x.Target != nil {
			rates.Series = append(rates.Series, Series{Name: "target", Line: true, Values: []float64{*x.Target, *x.Target}})
		}
		days := Chart{
			Title: named(x.Name, x.Title) + ": by day", Note: periodText(c.Frame),
			Series: []Series{{Name: "reached"}, {Name: "held out"}, {Name: "converted", Line: true}},
		}
		for _, d := range x.Days {
			days.Places = append(days.Places, d.Day)
			for i, n := range []int64{d.Reached, d.HeldOut, d.Converted} {
				days.Series[i].Values = append(days.Series[i].Values, float64(n))
			}
		}
		out = append(out, rates, days)
	}
	return out
}

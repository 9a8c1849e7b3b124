package report

// Tables implements [Report].
func (p *Points) Tables() (out []Table) {
	for _, x := range p.Points {
		stand := Table{Title: named(x.Name, x.Title) + ", " + periodText(p.Frame), Columns: append(left("what"), right("points")...)}
		for _, line := range []struct {
			head string
			n    int64
		}{
			{"liability", x.Liability}, {"  active", x.Active}, {"  pending", x.Pending}, {"below zero", x.Debt},
			{"earned", x.Flows.Earned}, {"given by campaigns", x.Flows.Given}, {"adjusted by hand", x.Flows.Adjusted},
			{"spent", x.Flows.Spent}, {"returned", x.Flows.Returned}, {"expired", x.Flows.Expired},
			{"taken back", x.Flows.Reversed}, {"cut off by caps", x.Flows.Capped},
		} {
			stand.Rows = append(stand.Rows, []string{line.head, count(line.n)})
		}
		stand.Note = counted(x.Members, "member has", "members have") + " points."
		out = append(out, stand)
		if len(x.Months) > 0 {
			months := Table{Title: "by month", Columns: append(left("month"), right("earned", "given", "adjusted", "spent", "returned", "expired", "taken back")...)}
			for _, m := range x.Months {
				months.Rows = append(months.Rows, []string{
					m.Month, count(m.Earned), count(m.Given), count(m.Adjusted), count(m.Spent), count(m.Returned), count(m.Expired), count(m.Reversed),
				})
			}
			out = append(out, months)
		}
		expiring := Table{Title: "what expires, by the month of the last day", Columns: append(left("month"), right("points")...)}
		for _, m := range x.Expiring {
			expiring.Rows = append(expiring.Rows, []string{m.Month, count(m.Points)})
		}
		if x.Never > 0 {
			expiring.Rows = append(expiring.Rows, []string{"never", count(x.Never)})
		}
		ages := Table{Title: "lots by age", Columns: append(left("months"), right("lots", "points")...)}
		for _, a := range x.Ages {
			ages.Rows = append(ages.Rows, []string{a.label, count(a.Lots), count(a.Points)})
		}
		out = append(out, expiring, ages)
	}
	return out
}

// Charts implements [Report].
func (p *Points) Charts() (out []Chart) {
	for _, x := range p.Points {
		flows := Chart{
			Title: named(x.Name, x.Title), Note: periodText(p.Frame) + ", liability " + count(x.Liability),
			Series: []Series{{Name: "earned"}, {Name: "spent"}, {Name: "expired"}, {Name: "taken back"}},
		}
		for _, m := range x.Months {
			flows.Places = append(flows.Places, m.Month)
			for i, n := range []int64{m.Earned + m.Given, m.Spent - m.Returned, m.Expired, m.Reversed} {
				flows.Series[i].Values = append(flows.Series[i].Values, float64(n))
			}
		}
		expiring := Chart{Title: "what expires, by the month of the last day", Series: []Series{{Name: "points"}}}
		for _, m := range x.Expiring {
			expiring.Places = append(expiring.Places, m.Month)
			expiring.Series[0].Values = append(expiring.Series[0].Values, float64(m.Points))
		}
		out = append(out, flows, expiring)
	}
	return out
}

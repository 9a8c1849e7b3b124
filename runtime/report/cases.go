package report

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/loyalty"
)

// Cases is how complaints are dealt with.
type Cases struct {
	Frame
	Cases []CaseOf `json:"cases"`
}

// CaseOf is how one kind of case is dealt with: all, by each field that the rules name, and by month. What is counted are
// times that a ticket was open; a ticket that opens again counts again.
type CaseOf struct {
	Name  string `json:"name"`
	Title string `json:"title,omitempty"`
	CaseCounts
	By     []CaseGroup `json:"by"`
	Months []CaseMonth `json:"months"`
}

// CaseCounts count what was opened in the period, but for Open and Overdue: those are all that are open now, and those of
// them whose deadline is past. Hours are from opening to closing, of those that were opened in the period and are closed;
// null if there are none.
type CaseCounts struct {
	Opened   int64    `json:"opened"`
	Closed   int64    `json:"closed"`
	Late     int64    `json:"late"` // of those opened: closed after the deadline, or open beyond it
	Reopened int64    `json:"reopened"`
	Open     int64    `json:"open"`
	Overdue  int64    `json:"overdue"`
	Median   *float64 `json:"median_hours"`
	P90      *float64 `json:"p90_hours"`
}

// CaseGroup is the cases with a value of a field: null where it is unknown.
type CaseGroup struct {
	Field string  `json:"field"`
	Value *string `json:"value"`
	CaseCounts
}

// CaseMonth is the cases that were opened in a local month. Open and Overdue are those of them.
type CaseMonth struct {
	Month string `json:"month"`
	CaseCounts
}

// caseSum is counts in the making.
type caseSum struct {
	CaseCounts
	took []int64 // microseconds
}

func (s *caseSum) add(o *caseSum) {
	s.Opened += o.Opened
	s.Closed += o.Closed
	s.Late += o.Late
	s.Reopened += o.Reopened
	s.Open += o.Open
	s.Overdue += o.Overdue
	s.took = append(s.took, o.took...)
}

// counts finishes the counts. The median of an even number is the lower of the two in the middle; of ten, the ninth is
// the 90th percentile.
func (s *caseSum) counts() CaseCounts {
	out := s.CaseCounts
	if n := len(s.took); n > 0 {
		slices.Sort(s.took)
		median, p90 := hours(s.took[(n-1)/2]), hours(s.took[(9*n+9)/10-1])
		out.Median, out.P90 = &median, &p90
	}
	return out
}

func hours(us int64) float64 { return float64(us/36_000_000) / 100 }

// casesSum is all that is counted of one kind of case.
type casesSum struct {
	all    caseSum
	by     map[caseKey]*caseSum
	months map[int64]*caseSum
}

// caseKey is a field, by its place among those that the rules name, and its value; "" is unknown.
type caseKey struct {
	field int
	value string
}

func newCasesSum() *casesSum {
	return &casesSum{by: map[caseKey]*caseSum{}, months: map[int64]*caseSum{}}
}

func of[K comparable](sums map[K]*caseSum, key K) *caseSum {
	if sums[key] == nil {
		sums[key] = new(caseSum)
	}
	return sums[key]
}

// Cases reports on the case of a name, or on all if it is "".
func (r *Reader) Cases(ctx context.Context, name string) (*Cases, error) {
	places, err := chosen("case", name, r.prog.Cases, func(c *ir.Case) string { return c.Name })
	if err != nil {
		return nil, err
	}
	out := &Cases{Frame: r.frame(), Cases: []CaseOf{}}
	for _, i := range places {
		c := r.prog.Cases[i]
		parts, err := walk(ctx, r, c.Facts, newCasesSum, func(s *casesSum, m *member) error {
			for _, e := range m.account().Episodes(i) {
				r.addEpisode(s, e)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		all := newCasesSum()
		for _, p := range parts {
			all.all.add(&p.all)
			for key, x := range p.by {
				of(all.by, key).add(x)
			}
			for key, x := range p.months {
				of(all.months, key).add(x)
			}
		}
		out.Cases = append(out.Cases, r.cases(c, all))
	}
	return out, nil
}

func (r *Reader) addEpisode(s *casesSum, e loyalty.Episode) {
	var one caseSum
	late := e.Closed > e.Due && r.now > e.Due
	if e.Open() {
		one.Open = 1
		if late {
			one.Overdue = 1
		}
	}
	within := r.period.has(r.day(e.Opened))
	if within {
		one.Opened = 1
		if late {
			one.Late = 1
		}
		if e.Reopened {
			one.Reopened = 1
		}
		if !e.Open() {
			one.Closed = 1
			one.took = []int64{e.Closed - e.Opened}
		}
	}
	s.all.add(&one)
	for field, value := range e.By {
		of(s.by, caseKey{field, value}).add(&one)
	}
	if within {
		of(s.months, r.month(r.day(e.Opened))).add(&one)
	}
}

func (r *Reader) cases(c *ir.Case, s *casesSum) CaseOf {
	out := CaseOf{Name: c.Name, Title: c.Title, CaseCounts: s.all.counts(), By: []CaseGroup{}, Months: []CaseMonth{}}
	keys := slices.SortedFunc(maps.Keys(s.by), func(a, b caseKey) int {
		switch {
		case a.field != b.field:
			return a.field - b.field
		case a.value < b.value:
			return -1
		case a.value > b.value:
			return 1
		}
		return 0
	})
	for _, key := range keys {
		if key.field >= len(c.By) {
			continue // the rules name fewer fields than they did
		}
		group := CaseGroup{Field: r.prog.Events[c.Open].Fields[c.By[key.field]].Name, CaseCounts: s.by[key].counts()}
		if key.value != "" {
			group.Value = &key.value
		}
		out.By = append(out.By, group)
	}
	for _, m := range months(s.months) {
		out.Months = append(out.Months, CaseMonth{monthText(m), of(s.months, m).counts()})
	}
	return out
}

var caseColumns = right("opened", "closed", "late", "reopened", "open", "overdue", "median hours", "p90 hours")

func (c CaseCounts) cells() []string {
	return []string{
		count(c.Opened), count(c.Closed), count(c.Late), count(c.Reopened), count(c.Open), count(c.Overdue), hoursText(c.Median), hoursText(c.P90),
	}
}

func hoursText(h *float64) string {
	if h == nil {
		return "-"
	}
	return strconv.FormatFloat(*h, 'f', 1, 64)
}

// Tables implements [Report].
func (c *Cases) Tables() (out []Table) {
	for _, x := range c.Cases {
		all := Table{Title: named(x.Name, x.Title) + ", " + periodText(c.Frame), Columns: append(left(""), caseColumns...)}
		all.Rows = append(all.Rows, append([]string{"all"}, x.cells()...))
		for _, g := range x.By {
			value := "unknown"
			if g.Value != nil {
				value = *g.Value
			}
			all.Rows = append(all.Rows, append([]string{g.Field + " " + value}, g.cells()...))
		}
		months := Table{Title: "by month of opening", Columns: append(left("month"), caseColumns...)}
		for _, m := range x.Months {
			months.Rows = append(months.Rows, append([]string{m.Month}, m.cells()...))
		}
		out = append(out, all, months)
	}
	return out
}

// Charts implements [Report].
func (c *Cases) Charts() (out []Chart) {
	for _, x := range c.Cases {
		months := Chart{
			Title: named(x.Name, x.Title), Note: periodText(c.Frame) + ", " + count(x.Open) + " open, " + count(x.Overdue) + " overdue",
			Series: []Series{{Name: "opened"}, {Name: "closed"}, {Name: "late"}},
		}
		for _, m := range x.Months {
			months.Places = append(months.Places, m.Month)
			for i, n := range []int64{m.Opened, m.Closed, m.Late} {
				months.Series[i].Values = append(months.Series[i].Values, float64(n))
			}
		}
		out = append(out, months)
	}
	return out
}

package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/muster-engine/muster/runtime/report/stats"
)

func TestGroupsAreCompared(t *testing.T) {
	sample := func(n int64, values ...float64) *stats.Sample {
		s := new(stats.Sample)
		for i := range n {
			s.Add(values[int(i)%len(values)])
		}
		return s
	}
	g := CompareGroups("2026-06-01T00:00:00+08:00", "visited", "spend",
		Counted{`arm = "none"`, 21306, 2262, sample(100, 0, 0, 0, 0.8), 0},
		[]Counted{
			{`arm = "mens"`, 21307, 3894, sample(100, 0, 5, 0, 0), 2},
			{"nobody", 0, 0, new(stats.Sample), 0},
		})
	want := `goal visited, as of 2026-06-01 00:00
  who          | members | converted | rate  | 95% interval   | mean
  arm = "mens" | 21,307 | 3,894 | 18.3% | 17.8% to 18.8% | 1.25
  nobody | 0 | 0 | - | - | -
  arm = "none" | 21,306 | 2,262 | 10.6% | 10.2% to 11.0% | 0.2
  mean: of spend.
against the held out
  who | uplift | 95% interval | as a part of their rate | 95% interval | mean | 95% interval
  arm = "mens" | +7.7% | +7.0% to +8.3% | +72.1% | +64.0% to +80.6% | 1.05 | 0.6181 to 1.48
  nobody | - | - | - | - | - | -
  arm = "mens": It raises the rate: the whole interval of the difference is above 0.
  nobody: Too little data for a conclusion: nobody was reached.
`
	var b strings.Builder
	for _, table := range g.Tables() {
		b.WriteString(table.Title + "\n  ")
		for i, c := range table.Columns {
			b.WriteString(map[bool]string{true: " | "}[i > 0] + c.Head)
		}
		for _, row := range table.Rows {
			b.WriteString("\n  " + strings.Join(row, " | "))
		}
		b.WriteString("\n  " + table.Note + "\n")
	}
	if squeezed(b.String()) != squeezed(want) {
		t.Errorf("it shows\n%s", b.String())
	}
	var svg bytes.Buffer
	if err := WriteSVG(&svg, g.Charts()); err != nil || !strings.Contains(svg.String(), "rates of visited") {
		t.Error(err, svg.String())
	}
}

func squeezed(text string) string { return strings.Join(strings.Fields(text), " ") }

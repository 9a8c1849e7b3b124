package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/muster-engine/muster/runtime/api"
)

type segmentsOptions struct {
	asOf  string
	trend int
}

func newSegments(a *app) *cobra.Command {
	var o segmentsOptions
	cmd := &cobra.Command{
		Use:     "segments",
		Short:   "list the segments with how many members each has",
		GroupID: groupMembers,
		Long: `Lists the segments with how many members each has. --trend counts them also at the local midnights with which
the last days began, by the rules in force and from all that is known now.`,
		Example: `  muster segments
  muster segments --trend 14
  muster segments --as-of 2026-01-01 --format csv`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.segments(cmd.Context(), o) },
	}
	addAsOf(cmd, &o.asOf)
	cmd.Flags().IntVar(&o.trend, "trend", 0, "show how many members there were over so many `days`")
	return cmd
}

func (a *app) segments(ctx context.Context, o segmentsOptions) error {
	if o.trend < 0 || o.trend > api.MaxTrend {
		return usageError("segments", "--trend takes 1 to %d days, not %d", api.MaxTrend, o.trend)
	}
	s, err := a.open(ctx, readStore)
	if err != nil {
		return err
	}
	defer s.close()
	q, err := s.asker(o.asOf)
	if err != nil {
		return err
	}
	lines, err := q.segmentLines(ctx)
	if err != nil {
		return err
	}
	if err := q.addTrends(ctx, lines, o.trend); err != nil {
		return err
	}
	switch a.format {
	case formatJSON:
		return writeJSON(a.out, lines)
	case formatCSV:
		return segmentsCSV(lines).writeCSV(a.out)
	}
	return q.writeSegments(lines)
}

// segmentsCSV has a column for each instant of a trend.
func segmentsCSV(lines []segmentLine) *table {
	t := &table{columns: []col{{head: "name"}, {head: "title"}, {head: "members"}, {head: "of"}}}
	for i, l := range lines {
		row := []string{l.Name, l.Title, fmt.Sprint(l.Members), fmt.Sprint(l.Of)}
		for _, p := range l.Trend {
			if i == 0 {
				t.columns = append(t.columns, col{head: p.AsOf})
			}
			row = append(row, fmt.Sprint(p.Members))
		}
		t.add(row...)
	}
	return t
}

// segmentLine is a segment and how many members it has.
type segmentLine struct {
	Name    string `json:"name"`
	Title   string `json:"title,omitempty"`
	Members uint64 `json:"members"`
	Of      uint64 `json:"of"`
	// Trend is how many members it had, the earliest first.
	Trend []trendPoint `json:"trend,omitempty"`
}

type trendPoint struct {
	AsOf    string `json:"as_of"`
	Members uint64 `json:"members"`
}

// addTrends counts segments at the local midnights with which the last days began.
func (q *asker) addTrends(ctx context.Context, lines []segmentLine, days int) error {
	zone := q.prog.Zone
	today := zone.DateOf(q.view.Now())
	for day := today - int64(days) + 1; day <= today; day++ {
		at := zone.Midnight(day)
		view := q.asOf(at)
		for i, segment := range q.prog.Segments {
			n, err := view.Count(ctx, segment.Expr)
			if err != nil {
				return err
			}
			lines[i].Trend = append(lines[i].Trend, trendPoint{q.vs.rfc3339(at), uint64(n)})
		}
	}
	return nil
}

// drawn is the trend with the members of now as a line of blocks, and the change since its beginning.
func (l *segmentLine) drawn() string {
	if len(l.Trend) == 0 {
		return ""
	}
	var most uint64
	counts := []uint64{}
	for _, p := range l.Trend {
		counts = append(counts, p.Members)
	}
	for _, n := range append(counts, l.Members) {
		most = max(most, n)
	}
	var out strings.Builder
	for _, n := range append(counts, l.Members) {
		step := 0
		if most > 0 {
			step = int(n * 7 / most)
		}
		out.WriteRune([]rune("▁▂▃▄▅▆▇█")[step])
	}
	change := count(l.Members - min(l.Members, counts[0]))
	if l.Members < counts[0] {
		return out.String() + " -" + count(counts[0]-l.Members)
	}
	return out.String() + " +" + change
}

func (q *asker) segmentLines(ctx context.Context) ([]segmentLine, error) {
	lines := []segmentLine{}
	of, err := q.view.Of(ctx)
	if err != nil {
		return nil, err
	}
	for _, segment := range q.prog.Segments {
		query, err := q.compileQuietly("`" + segment.Name + "`")
		if err != nil {
			return nil, err
		}
		n, err := q.view.Count(ctx, query.Node)
		if err != nil {
			return nil, err
		}
		lines = append(lines, segmentLine{Name: segment.Name, Title: segment.Title, Members: uint64(n), Of: uint64(of)})
	}
	return lines, nil
}

func (q *asker) writeSegments(lines []segmentLine) error {
	s := q.style(q.out)
	t := table{columns: []col{{paint: s.bold}, {}, {right: true}, {right: true}, {paint: s.blue}, {paint: s.blue}}}
	for _, l := range lines {
		t.add(l.Name, l.Title, count(l.Members), share(l.Members, l.Of), bar(l.Members, l.Of, 20), l.drawn())
	}
	return t.write(q.out, "", s)
}

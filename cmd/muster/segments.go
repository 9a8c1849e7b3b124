package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

type segmentsOptions struct {
	asOf string
}

func newSegments(a *app) *cobra.Command {
	var o segmentsOptions
	cmd := &cobra.Command{
		Use:     "segments",
		Short:   "list the segments with how many members each has",
		GroupID: groupMembers,
		Example: `  muster segments
  muster segments --as-of 2026-01-01 --format csv`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.segments(cmd.Context(), o) },
	}
	addAsOf(cmd, &o.asOf)
	return cmd
}

func (a *app) segments(ctx context.Context, o segmentsOptions) error {
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
	switch a.format {
	case formatJSON:
		return writeJSON(a.out, lines)
	case formatCSV:
		t := table{columns: []col{{head: "name"}, {head: "title"}, {head: "members"}, {head: "of"}}}
		for _, l := range lines {
			t.add(l.Name, l.Title, fmt.Sprint(l.Members), fmt.Sprint(l.Of))
		}
		return t.writeCSV(a.out)
	}
	return q.writeSegments(lines)
}

// segmentLine is a segment and how many members it has.
type segmentLine struct {
	Name    string `json:"name"`
	Title   string `json:"title,omitempty"`
	Members uint64 `json:"members"`
	Of      uint64 `json:"of"`
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
		lines = append(lines, segmentLine{segment.Name, segment.Title, uint64(n), uint64(of)})
	}
	return lines, nil
}

func (q *asker) writeSegments(lines []segmentLine) error {
	s := q.style(q.out)
	t := table{columns: []col{{paint: s.bold}, {}, {right: true}, {right: true}, {paint: s.blue}}}
	for _, l := range lines {
		t.add(l.Name, l.Title, count(l.Members), share(l.Members, l.Of), bar(l.Members, l.Of, 20))
	}
	return t.write(q.out, "", s)
}

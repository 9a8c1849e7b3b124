package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/muster-engine/muster/compiler/ir"
)

type tagsOptions struct {
	asOf string
}

func newTags(a *app) *cobra.Command {
	var o tagsOptions
	cmd := &cobra.Command{
		Use:     "tags [NAME]...",
		Short:   "list the tags by group, or how the values of some are spread",
		GroupID: groupMembers,
		Long: `Without a name, lists every tag with how many members have a value of it; of a tag that is true or
false, for how many it is true. With names, shows how the values of those tags are spread.`,
		Example: `  muster tags
  muster tags lifecycle monetary
  muster tags --format csv`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.tags(cmd.Context(), args, o) },
	}
	addAsOf(cmd, &o.asOf)
	return cmd
}

func (a *app) tags(ctx context.Context, names []string, o tagsOptions) error {
	s, err := a.open(ctx, readStore)
	if err != nil {
		return err
	}
	defer s.close()
	q, err := s.asker(o.asOf)
	if err != nil {
		return err
	}
	if len(names) > 0 {
		return q.tagValues(ctx, names)
	}
	lines, err := q.tagLines(ctx)
	if err != nil {
		return err
	}
	switch a.format {
	case formatJSON:
		return writeJSON(a.out, lines)
	case formatCSV:
		t := table{columns: []col{{head: "group"}, {head: "name"}, {head: "title"}, {head: "type"}, {head: "members"}, {head: "of"}, {head: "typical"}}}
		for _, l := range lines {
			t.add(l.Group, l.Name, l.Title, l.Type, fmt.Sprint(l.Members), fmt.Sprint(l.Of), l.Typical)
		}
		return t.writeCSV(a.out)
	}
	return q.writeTags(lines)
}

// tagLine is a tag and how many members have it.
type tagLine struct {
	Name    string `json:"name"`
	Title   string `json:"title,omitempty"`
	Group   string `json:"group,omitempty"`
	Type    string `json:"type"`
	Manual  bool   `json:"manual,omitempty"`
	Members uint64 `json:"members"`
	Of      uint64 `json:"of"`
	// Typical is the median or the most frequent value; empty in a store of very many members.
	Typical string `json:"typical,omitempty"`

	group int
}

// tagLines are all tags in the order of their groups, those in none at the end.
func (q *asker) tagLines(ctx context.Context) ([]tagLine, error) {
	lines := []tagLine{}
	of, err := q.view.Of(ctx)
	if err != nil {
		return nil, err
	}
	add := func(group int) error {
		for _, tag := range q.prog.Tags {
			if tag.Group != group {
				continue
			}
			cond := "`" + tag.Name + "` is known"
			if tag.Type.Kind == ir.Bool {
				cond = "`" + tag.Name + "`"
			}
			query, err := q.compileQuietly(cond)
			if err != nil {
				return err
			}
			n, err := q.view.Count(ctx, query.Node)
			if err != nil {
				return err
			}
			typical, err := q.typical(ctx, tag, of)
			if err != nil {
				return err
			}
			line := tagLine{
				Typical: typical,
				Name:    tag.Name, Title: tag.Title, Type: tag.Type.Kind.String(), Manual: tag.Manual,
				Members: uint64(n), Of: uint64(of), group: group,
			}
			if group >= 0 {
				line.Group = titleOf(q.prog.Groups[group].Title, q.prog.Groups[group].Name)
			}
			lines = append(lines, line)
		}
		return nil
	}
	for group := range q.prog.Groups {
		if err := add(group); err != nil {
			return nil, err
		}
	}
	return lines, add(-1)
}

// manyMembers is from how many members on the list of tags leaves out typical values, which take a pass over all.
const manyMembers = 250_000

// typical is the median of a tag that is ordered, and the most frequent value of another, with its share.
func (q *asker) typical(ctx context.Context, tag *ir.Tag, of int) (string, error) {
	if of > manyMembers || tag.Type.Kind == ir.Bool {
		return "", nil
	}
	node, err := q.tagNode(tag)
	if err != nil {
		return "", err
	}
	t, err := q.tally(ctx, node, nil)
	if err != nil {
		return "", err
	}
	d := t.distribution()
	for _, f := range d.figures {
		if f.name == "median" {
			return "median " + f.text, nil
		}
	}
	most := step{}
	for _, s := range d.steps {
		if s.members > most.members {
			most = s
		}
	}
	if most.members == 0 {
		return "", nil
	}
	return fmt.Sprintf("%s (%s)", most.label, share(most.members, d.of)), nil
}

func titleOf(title, name string) string {
	if title != "" {
		return title
	}
	return name
}

// writeTags prints tags under the titles of their groups, lined up over all groups.
func (q *asker) writeTags(lines []tagLine) error {
	s := q.style(q.out)
	grouped := groupedTable{columns: []col{{paint: s.bold}, {}, {paint: s.faint}, {right: true}, {right: true}, {paint: s.blue}, {}}}
	for _, l := range lines {
		kind := l.Type
		if l.Manual {
			kind = "manual " + kind
		}
		head := l.Group
		if l.group < 0 && len(q.prog.Groups) > 0 {
			head = "In no group"
		}
		grouped.add(head, l.Name, l.Title, kind, count(l.Members), share(l.Members, l.Of), bar(l.Members, l.Of, 12), l.Typical)
	}
	return grouped.write(q.out, s)
}

// tagValues shows how the values of some tags are spread.
func (q *asker) tagValues(ctx context.Context, names []string) error {
	var out []map[string]any
	all := table{columns: []col{{head: "tag"}, {head: "value"}, {head: "members"}}}
	s := q.style(q.out)
	for i, name := range names {
		tag, err := q.tag(name)
		if err != nil {
			return err
		}
		node, err := q.tagNode(tag)
		if err != nil {
			return err
		}
		t, err := q.tally(ctx, node, nil)
		if err != nil {
			return err
		}
		d := t.distribution()
		switch q.format {
		case formatJSON:
			one := map[string]any{"name": tag.Name, "title": tag.Title, "type": tag.Type.Kind.String()}
			d.json(one)
			out = append(out, one)
		case formatCSV:
			for _, st := range d.steps {
				all.add(tag.Name, st.label, fmt.Sprint(st.members))
			}
			if d.unknown > 0 {
				all.add(tag.Name, "", fmt.Sprint(d.unknown))
			}
		default:
			if i > 0 {
				fmt.Fprintln(q.out)
			}
			fmt.Fprintf(q.out, "%s  %s\n", s.bold(tag.Name), tag.Title)
			if err := d.write(q.out, "  ", s); err != nil {
				return err
			}
		}
	}
	switch q.format {
	case formatJSON:
		return writeJSON(q.out, out)
	case formatCSV:
		return all.writeCSV(q.out)
	}
	return nil
}

package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/muster-engine/muster/compiler/ir"
)

type queryOptions struct {
	ids   bool
	limit int
	by    string
	asOf  string
}

func newQuery(a *app) *cobra.Command {
	var o queryOptions
	cmd := &cobra.Command{
		Use:     "query CONDITION|VALUE",
		Short:   "count, list or spread members by a condition or a value",
		GroupID: groupMembers,
		Long: `Answers a condition with the number of members for whom it holds, and any other expression with
how its values are spread. Tags and segments can be used by name; what is not declared is worked out from history.`,
		Example: `  muster query 'has(order) in last 90 days'           how many
  muster query vip_at_risk --ids --limit 20           who
  muster query vip_at_risk --by gender,lifecycle      a cross table
  muster query 'sum(order.amount) in last 365 days'   how the spend is spread
  muster query vip_at_risk --as-of 2026-01-01         as the clock stood then`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.query(cmd.Context(), args[0], o) },
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.BoolVar(&o.ids, "ids", false, "list the members")
	flags.IntVar(&o.limit, "limit", 0, "list at most `n` members (0: all)")
	flags.StringVar(&o.by, "by", "", "split by one or two `tags`, attributes or expressions")
	addAsOf(cmd, &o.asOf)
	return cmd
}

func (a *app) query(ctx context.Context, text string, o queryOptions) error {
	if o.ids && o.by != "" {
		return usageError("query", "--ids lists members and --by counts them; ask for one of the two")
	}
	switch {
	case o.limit < 0:
		return usageError("query", "--limit cannot be negative")
	case o.limit > 0 && !o.ids:
		return usageError("query", "--limit says how many members to list, and --ids lists them")
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
	query, err := q.compile(text)
	if err != nil {
		return err
	}
	switch {
	case o.ids:
		return q.listMembers(ctx, text, query, o.limit)
	case o.by != "":
		return q.crossTable(ctx, text, query, splitNames(o.by))
	case query.Condition:
		return q.countMembers(ctx, text, query)
	default:
		return q.spread(ctx, text, query)
	}
}

// countAnswer is the answer to a condition for programs.
type countAnswer struct {
	Condition string      `json:"condition"`
	Members   uint64      `json:"members"`
	Of        uint64      `json:"of"`
	AsOf      string      `json:"as_of"`
	TookMS    json.Number `json:"took_ms"`
}

func (q *asker) countMembers(ctx context.Context, text string, query *ir.Query) error {
	got, err := q.count(ctx, query.Node)
	if err != nil {
		return err
	}
	asOf := q.vs.rfc3339(q.instant())
	switch q.format {
	case formatJSON:
		return writeJSON(q.out, countAnswer{text, got.members, got.of, asOf, milliseconds(got.took)})
	case formatCSV:
		t := table{columns: []col{{head: "condition"}, {head: "members"}, {head: "of"}, {head: "as_of"}}}
		t.add(text, fmt.Sprint(got.members), fmt.Sprint(got.of), asOf)
		return t.writeCSV(q.out)
	}
	fmt.Fprintln(q.out, q.sentence(got))
	return nil
}

// sentence is a count for people: 1,633 of 4,372 members (37.4%) as of 2011-12-10T00:00, 1.2 ms.
func (q *asker) sentence(got answer) string {
	s := q.style(q.out)
	return fmt.Sprintf("%s of %s (%s) as of %s%s", s.bold(count(got.members)), many(got.of, "member"),
		share(got.members, got.of), q.vs.time(q.instant()), s.faint(", "+took(got.took)))
}

// spread shows how the values of an expression are distributed.
func (q *asker) spread(ctx context.Context, text string, query *ir.Query) error {
	began := q.now()
	t, err := q.tally(ctx, query.Node, nil)
	if err != nil {
		return err
	}
	d := t.distribution()
	elapsed := q.now().Sub(began)
	switch q.format {
	case formatJSON:
		out := map[string]any{
			"expression": text, "type": query.Node.Type.Kind.String(),
			"as_of": q.vs.rfc3339(q.instant()), "took_ms": milliseconds(elapsed),
		}
		d.json(out)
		return writeJSON(q.out, out)
	case formatCSV:
		out := table{columns: []col{{head: "value"}, {head: "members"}}}
		for _, s := range d.steps {
			out.add(s.label, fmt.Sprint(s.members))
		}
		if d.unknown > 0 {
			out.add("", fmt.Sprint(d.unknown))
		}
		return out.writeCSV(q.out)
	}
	s := q.style(q.out)
	fmt.Fprintf(q.out, "%s of %s known as of %s%s\n", s.bold(count(d.known)), many(d.of, "member"),
		q.vs.time(q.instant()), s.faint(", "+took(elapsed)))
	return d.write(q.out, "  ", s)
}

// listMembers prints the ids of the members for whom a condition holds, or who have a value, with the value.
func (q *asker) listMembers(ctx context.Context, text string, query *ir.Query, limit int) error {
	began := q.now()
	list, err := q.members(ctx, query, limit)
	if err != nil {
		return err
	}
	switch q.format {
	case formatJSON:
		out := struct {
			countAnswer
			IDs    []string `json:"ids"`
			Values []any    `json:"values,omitempty"`
		}{countAnswer{text, list.members, list.of, q.vs.rfc3339(q.instant()), milliseconds(q.now().Sub(began))}, list.ids, nil}
		for _, v := range list.values {
			out.Values = append(out.Values, q.vs.json(v, query.Node.Type))
		}
		return writeJSON(q.out, out)
	case formatCSV:
		return list.table(q, query.Node.Type, q.idName(), text).writeCSV(q.out)
	}
	if err := list.table(q, query.Node.Type, "", "").write(q.out, "", q.style(q.out)); err != nil {
		return err
	}
	if n := uint64(len(list.ids)); n < list.members {
		fmt.Fprintf(q.err, "%s of %s shown\n", count(n), many(list.members, "member"))
	}
	return nil
}

// crossTable counts members by the values of one or two expressions.
func (q *asker) crossTable(ctx context.Context, text string, query *ir.Query, names []string) error {
	if !query.Condition {
		return usageError("query", "--by splits the members of a condition, and %q is none", text)
	}
	began := q.now()
	c, err := q.cross(ctx, query.Node, names)
	if err != nil {
		return err
	}
	switch q.format {
	case formatJSON:
		of, err := q.view.Of(ctx)
		if err != nil {
			return err
		}
		return writeJSON(q.out, struct {
			countAnswer
			By    []string    `json:"by"`
			Cells []crossCell `json:"cells"`
		}{countAnswer{text, c.total, uint64(of), q.vs.rfc3339(q.instant()), milliseconds(q.now().Sub(began))}, names, c.json()})
	case formatCSV:
		return c.csv().writeCSV(q.out)
	}
	s := q.style(q.out)
	return c.table(s).write(q.out, "", s)
}

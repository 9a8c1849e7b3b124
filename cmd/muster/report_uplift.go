package main

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime"
	"github.com/muster-engine/muster/runtime/report"
	"github.com/muster-engine/muster/runtime/report/stats"
)

type upliftOptions struct {
	reached              []string
	heldOut, goal, value string
	asOf                 string
}

func newReportUplift(a *app) *cobra.Command {
	var o upliftOptions
	cmd := &cobra.Command{
		Use:   "uplift",
		Short: "compare groups of members that conditions name",
		Long: `Compares members who were reached with others who were held out, where it was no campaign of the
rules that chose them: a coupon that was sent to a list, or an experiment that another system ran. Conditions say who was
reached, who was held out, and who did what was hoped for. The rates have Wilson's 95 % interval, their difference
Newcombe's; with --value the means of a value are compared too, with Welch's. Whoever is in two of the groups makes the
comparison void, and is counted. What is to be concluded holds if chance chose who was held out.`,
		Example: `  muster report uplift --reached 'in list mailed' --held-out 'in list kept_back' --goal 'has(order) since 2026-06-01'
  muster report uplift --reached 'arm = "mens"' --reached 'arm = "womens"' --held-out 'arm = "none"' \
    --goal visited --value 'sum(order.amount) since 2026-06-01'`,
		Args:        cobra.NoArgs,
		Annotations: map[string]string{"formats": formatTable + " " + formatJSON + " " + formatSVG},
		RunE:        func(cmd *cobra.Command, _ []string) error { return a.reportUplift(cmd.Context(), o) },
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringArrayVar(&o.reached, "reached", nil, "a `condition` for those who were reached; more than one to compare several groups")
	flags.StringVar(&o.heldOut, "held-out", "", "a `condition` for those who were held out")
	flags.StringVar(&o.goal, "goal", "", "a `condition` for those who did what was hoped for")
	flags.StringVar(&o.value, "value", "", "an `expression`, money or a number, of which to compare the means")
	addAsOf(cmd, &o.asOf)
	return cmd
}

func (a *app) reportUplift(ctx context.Context, o upliftOptions) error {
	if len(o.reached) == 0 || o.heldOut == "" || o.goal == "" {
		return usageError("report uplift", "--reached, --held-out and --goal are needed")
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
	var value *ir.Node
	if o.value != "" {
		query, err := q.compile(o.value)
		if err != nil {
			return err
		}
		switch query.Node.Type.Kind {
		case ir.Int, ir.Number, ir.Money, ir.Exact:
			value = query.Node
		default:
			return fmt.Errorf("--value: %s is neither money nor a number", o.value)
		}
	}
	groups := append([]string{o.heldOut}, o.reached...)
	for _, cond := range append([]string{o.goal}, groups...) { // by themselves first: what is wrong is shown as it was written
		query, err := q.compile(cond)
		if err != nil {
			return err
		}
		if !query.Condition {
			return fmt.Errorf("%s is no condition", cond)
		}
	}
	if err := q.disjoint(ctx, groups); err != nil {
		return err
	}
	var counted []report.Counted
	for _, cond := range groups {
		one, err := q.countGroup(ctx, cond, o.goal, value)
		if err != nil {
			return err
		}
		counted = append(counted, one)
	}
	got := report.CompareGroups(q.vs.rfc3339(q.instant()), o.goal, o.value, counted[0], counted[1:])
	switch a.format {
	case formatJSON:
		return writeJSON(a.out, got)
	case formatSVG:
		return report.WriteSVG(a.out, got.Charts())
	}
	return a.writeTables(got.Tables())
}

// disjoint fails if anybody is in two of the groups.
func (q *asker) disjoint(ctx context.Context, conditions []string) error {
	for i, a := range conditions {
		for _, b := range conditions[i+1:] {
			both, err := q.compile("(" + a + ") and (" + b + ")")
			if err != nil {
				return err
			}
			n, err := q.count(ctx, both.Node)
			if err != nil {
				return err
			}
			if n.members > 0 {
				return fmt.Errorf("%s and %s have %s in common: nothing could be concluded", b, a, many(n.members, "member"))
			}
		}
	}
	return nil
}

// countGroup counts the members of a group, those of them who did what was hoped for, and gathers their values.
func (q *asker) countGroup(ctx context.Context, cond, goal string, value *ir.Node) (out report.Counted, err error) {
	out.Condition = cond
	all, err := q.compile(cond)
	if err != nil {
		return out, err
	}
	done, err := q.compile("(" + cond + ") and (" + goal + ")")
	if err != nil {
		return out, err
	}
	members, err := q.count(ctx, all.Node)
	if err != nil {
		return out, err
	}
	converted, err := q.count(ctx, done.Node)
	if err != nil {
		return out, err
	}
	out.Members, out.Converted = int64(members.members), int64(converted.members)
	if value == nil {
		return out, nil
	}
	blocks := map[uint32]stats.Sample{} // they come in no order, and sums of floats depend on it
	err = q.view.Values(ctx, all.Node, []*ir.Node{value}, func(p runtime.Part) error {
		block := blocks[p.Base]
		for _, m := range p.Members {
			if x, ok := q.vs.float(p.Values[0].Value(int(m - p.Base))); ok {
				block.Add(x)
			} else {
				out.Unknown++
			}
		}
		blocks[p.Base] = block
		return nil
	})
	out.Values = new(stats.Sample)
	for _, base := range slices.Sorted(maps.Keys(blocks)) {
		out.Values.Join(blocks[base])
	}
	return out, err
}

package main

import (
	"context"

	"github.com/spf13/cobra"
)

type explainOptions struct {
	codes  bool
	member string
	asOf   string
}

func newExplain(a *app) *cobra.Command {
	var o explainOptions
	cmd := &cobra.Command{
		Use:     "explain CONDITION|NAME|CODE",
		Short:   "why: a condition, a member, a fault's code",
		GroupID: groupMembers,
		Long: `Of a condition, or of the name of a segment or tag, shows how it is answered: each step with the
members that it left, how they were found, and the time that it took. With --member, shows for one member which
clauses hold, the values in them, and the events behind each aggregate. Of a code, shows its page.`,
		Example: `  muster explain vip_at_risk                        the steps, with members and time
  muster explain vip_at_risk --member 13800138000   why someone is in it, or not
  muster explain monetary --member 13800138000      where a value comes from
  muster explain M0213                              what a fault's code means, and how to mend it
  muster explain --codes                            all codes`,
		Args:        cobra.MaximumNArgs(1),
		Annotations: map[string]string{"formats": formatTable + " " + formatJSON + " " + formatCSV},
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case o.codes:
				return a.listCodes()
			case len(args) == 0:
				return usageError("explain", "explain needs a condition, a name or a code")
			case codePattern.MatchString(args[0]):
				return a.explainCode(args[0])
			}
			return a.explain(cmd.Context(), args[0], o)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&o.member, "member", "", "explain it for the member with this `id`")
	addAsOf(cmd, &o.asOf)
	flags.BoolVar(&o.codes, "codes", false, "list the codes of all faults and warnings")
	return cmd
}

func (a *app) explain(ctx context.Context, text string, o explainOptions) error {
	if a.format == formatCSV {
		return usageError("explain", "an explanation is a tree and does not fit into CSV")
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
	if o.member != "" {
		return q.explainMember(ctx, text, o.member)
	}
	return q.explainPlan(ctx, text)
}

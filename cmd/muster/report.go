package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/muster-engine/muster/runtime/report"
)

const formatSVG = "svg"

// reportOptions are what every report is asked with.
type reportOptions struct{ from, to, asOf string }

func newReportCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "report",
		Short:   "how campaigns, points, tiers, coupons and cases do",
		GroupID: groupMembers,
		Long: `Says how a programme does. Of campaigns: whom they reached and whom they held out, who converted, the
uplift with its 95 % interval, and what it cost. Of points: what is owed, what moved, what expires when. Of tiers: who
is on them, and the steps up and down. Of coupons: issued, used, what was taken off. Of cases: open, overdue, how long
they take. Of groups that were made elsewhere: how those who were reached differ from those who were held out.

A period (--from, --to) bounds what happened, not what there is; of campaigns it bounds the runs by their beginning.`,
		Example: `  muster report campaign                    all campaigns, one a line
  muster report campaign winback            one in full
  muster report points --from 2026-01-01 --to 2026-12-31
  muster report cases complaint --format json
  muster report campaign winback --format svg > winback.svg`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	for _, on := range []struct {
		word, about string
		kind        report.Kind
	}{
		{"campaign", "reached, held out, converted, uplift, cost", report.OnCampaigns},
		{"points", "what is owed, what moved, what expires when", report.OnPoints},
		{"tiers", "members on each tier, steps up and down", report.OnTiers},
		{"coupons", "issued, used, expired, stock, discount", report.OnCoupons},
		{"cases", "open, overdue, how long they take", report.OnCases},
	} {
		var o reportOptions
		sub := &cobra.Command{
			Use:         on.word + " [NAME]",
			Short:       on.about,
			Example:     fmt.Sprintf("  muster report %[1]s\n  muster report %[1]s NAME --from 2026-06-01 --format json", on.word),
			Args:        cobra.MaximumNArgs(1),
			Annotations: map[string]string{"formats": formatTable + " " + formatJSON + " " + formatSVG},
			RunE: func(cmd *cobra.Command, args []string) error {
				return a.report(cmd.Context(), on.kind, append(args, "")[0], o)
			},
		}
		flags := sub.Flags()
		flags.SortFlags = false
		flags.StringVar(&o.from, "from", "", "the first `date` of the period")
		flags.StringVar(&o.to, "to", "", "the last `date` of the period")
		addAsOf(sub, &o.asOf)
		cmd.AddCommand(sub)
	}
	cmd.AddCommand(newReportUplift(a))
	return cmd
}

func (a *app) report(ctx context.Context, kind report.Kind, name string, o reportOptions) error {
	s, err := a.open(ctx, readStore)
	if err != nil {
		return err
	}
	defer s.close()
	q, err := s.asker(o.asOf)
	if err != nil {
		return err
	}
	period, err := report.ParsePeriod(o.from, o.to)
	if err != nil {
		return err
	}
	got, err := report.Open(q.view, period).Make(ctx, kind, name)
	if err != nil {
		return err
	}
	switch a.format {
	case formatJSON:
		return writeJSON(a.out, got)
	case formatSVG:
		return report.WriteSVG(a.out, got.Charts())
	}
	return a.writeTables(got.Tables())
}

func (a *app) writeTables(parts []report.Table) error {
	st := a.style(a.out)
	for i, part := range parts {
		if i > 0 {
			fmt.Fprintln(a.out)
		}
		fmt.Fprintln(a.out, st.bold(part.Title))
		t := table{rows: part.Rows}
		for _, c := range part.Columns {
			t.columns = append(t.columns, col{head: c.Head, right: c.Right})
		}
		if len(part.Rows) > 0 {
			if err := t.write(a.out, "  ", st); err != nil {
				return err
			}
		} else {
			fmt.Fprintln(a.out, "  nothing")
		}
		if part.Note != "" {
			fmt.Fprintln(a.out, "  "+part.Note)
		}
	}
	return nil
}

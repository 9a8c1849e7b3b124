package main

import (
	"context"
	"fmt"
	"net/url"
	"os/user"

	"github.com/spf13/cobra"

	"github.com/muster-engine/muster/runtime/holdings"
	"github.com/muster-engine/muster/runtime/live"
)

type tierOptions struct{ until, by string }

func newTier(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "tier", Short: "give members a tier by hand", GroupID: groupStore,
		Example: "  muster tier set loyalty gold 13800138000 --until 2027-12-31",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var o tierOptions
	set := &cobra.Command{
		Use: "set TIERS TIER ID", Short: "give a member a tier, to be kept at least until a date", Args: cobra.ExactArgs(3),
		Example:     "  muster tier set loyalty gold 13800138000 --until 2027-12-31",
		Annotations: map[string]string{"formats": formatTable + " " + formatJSON},
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.setTier(cmd.Context(), args[0], args[1], args[2], o)
		},
	}
	set.Flags().StringVar(&o.until, "until", "", "the last `date` for which it is kept, whatever is measured; for ever without")
	set.Flags().StringVar(&o.by, "by", "", "`who` decides it; otherwise the user of the system")
	cmd.AddCommand(set)
	return cmd
}

func (a *app) setTier(ctx context.Context, ladder, tier, id string, o tierOptions) error {
	var now holdings.Tier
	if server := a.serverURL(); server != "" {
		c, err := a.client(server)
		if err != nil {
			return err
		}
		body := map[string]any{"tier": tier}
		if o.until != "" {
			body["until"] = o.until
		}
		if err := c.do(ctx, "PUT", "/v1/members/"+url.PathEscape(id)+"/tiers/"+url.PathEscape(ladder), body, &now); err != nil {
			return err
		}
	} else {
		if o.by == "" {
			if u, err := user.Current(); err == nil {
				o.by = u.Username
			}
		}
		ask := live.Ask{Of: ladder, Tier: tier, By: o.by}
		var err error
		if ask.Until, err = lastDate(o.until); err != nil {
			return err
		}
		done, err := a.askStore(ctx, live.SetTier, id, ask)
		if err != nil {
			return err
		}
		for _, t := range done.held.Tiers {
			if t.Name == ladder {
				now = t
			}
		}
	}
	if a.format == formatJSON {
		return writeJSON(a.out, now)
	}
	fmt.Fprintf(a.out, "%s is %s in %s", id, now.Tier, ladder)
	if note := tierNote(now); note != "" {
		fmt.Fprintf(a.out, ": %s", note)
	}
	fmt.Fprintln(a.out)
	return nil
}

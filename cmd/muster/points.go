package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/muster-engine/muster/runtime/holdings"
	"github.com/muster-engine/muster/runtime/live"
)

type pointsOptions struct {
	key, spending, until string
}

func newPoints(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "points",
		Short:   "spend, return and adjust points, and show balances",
		GroupID: groupStore,
		Example: `  muster points show 13800138000
  muster points spend stars 13800138000 500 --key order-17
  muster points return stars 13800138000 200 --key refund-3 --spending order-17
  muster points adjust stars 13800138000 1200 --key opening --until 2027-12-31`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	verb := func(kind live.Kind, use, short, example string) *cobra.Command {
		var o pointsOptions
		c := &cobra.Command{
			Use: use + " POINTS ID NUMBER", Short: short, Example: example, Args: cobra.ExactArgs(3),
			Annotations: map[string]string{"formats": formatTable + " " + formatJSON},
			RunE: func(cmd *cobra.Command, args []string) error {
				return a.changePoints(cmd.Context(), kind, use, args[0], args[1], args[2], o)
			},
		}
		c.Flags().StringVar(&o.key, "key", "", "`name` of the request: the same one, given again, changes nothing")
		switch kind {
		case live.Return:
			c.Flags().StringVar(&o.spending, "spending", "", "`key` of the spending that is returned")
		case live.Adjust:
			c.Flags().StringVar(&o.until, "until", "", "the last `date` on which the points hold; otherwise what the rules say")
			c.Long = "Adds points that no event earned, such as an opening balance. Write -- before a number below 0, which takes some\naway, below zero if need be."
		}
		return c
	}
	show := &cobra.Command{
		Use: "show ID", Short: "show the points and tiers of a member", Example: "  muster points show 13800138000", Args: cobra.ExactArgs(1),
		Annotations: map[string]string{"formats": formatTable + " " + formatJSON},
		RunE:        func(cmd *cobra.Command, args []string) error { return a.showPoints(cmd.Context(), args[0]) },
	}
	cmd.AddCommand(
		verb(live.Spend, "spend", "take points from the lots that expire first", "  muster points spend stars 13800138000 500 --key order-17"),
		verb(live.Return, "return", "put points that were spent back", "  muster points return stars 13800138000 200 --key refund-3 --spending order-17"),
		verb(live.Adjust, "adjust", "add points that no event earned, or take some away", "  muster points adjust stars 13800138000 1200 --key opening\n  muster points adjust --key correction-9 -- stars 13800138000 -50"),
		show)
	return cmd
}

// changed is what a member has after points were changed.
type changedPoints struct {
	Member  uint32 `json:"member"`
	Again   bool   `json:"again"`
	Balance int64  `json:"balance"`
	Pending int64  `json:"pending"`
}

func (a *app) changePoints(ctx context.Context, kind live.Kind, verb, points, id, number string, o pointsOptions) error {
	n, err := strconv.ParseInt(strings.ReplaceAll(number, "_", ""), 10, 64)
	switch {
	case err != nil:
		return fmt.Errorf("%q is no number of points", number)
	case o.key == "":
		return usageError("points "+verb, "--key is needed: the name by which the request is known if it is sent again")
	case kind == live.Return && o.spending == "":
		return usageError("points "+verb, "--spending is needed: the key of the spending")
	}
	var out changedPoints
	if server := a.serverURL(); server != "" {
		c, err := a.client(server)
		if err != nil {
			return err
		}
		body := map[string]any{"member": id, "key": o.key, "points": n}
		if o.spending != "" {
			body["spending"] = o.spending
		}
		if o.until != "" {
			body["until"] = o.until
		}
		if err := c.do(ctx, "POST", "/v1/points/"+points+"/"+verb, body, &out); err != nil {
			return err
		}
	} else {
		ask := live.Ask{Of: points, Key: o.key, Points: n, Spent: o.spending}
		if ask.Until, err = lastDate(o.until); err != nil {
			return err
		}
		done, err := a.askStore(ctx, kind, id, ask)
		if err != nil {
			return err
		}
		out.Member, out.Again = done.member, done.again
		for _, p := range done.held.Points {
			if p.Name == points {
				out.Balance, out.Pending = p.Balance, p.Pending
			}
		}
	}
	if a.format == formatJSON {
		return writeJSON(a.out, out)
	}
	note := ""
	if out.Again {
		note = ", as before: this was done already"
	}
	fmt.Fprintf(a.out, "%s has %s %s%s\n", id, signed(out.Balance), points, note)
	return nil
}

func (a *app) showPoints(ctx context.Context, id string) error {
	s, err := a.open(ctx, readStore)
	if err != nil {
		return err
	}
	defer s.close()
	q, err := s.asker("")
	if err != nil {
		return err
	}
	number, err := q.find(id)
	if err != nil {
		return err
	}
	person, err := q.person(number)
	if err != nil {
		return err
	}
	held, err := holdings.Of(ctx, person)
	if err != nil {
		return err
	}
	held.Coupons, held.Cases, held.Runs = nil, nil, nil
	if a.format == formatJSON {
		return writeJSON(a.out, held)
	}
	style := q.style(a.out)
	sheet := groupedTable{columns: []col{{}, {paint: style.bold}, {paint: style.faint}}}
	addHoldings(&sheet, held)
	return sheet.write(a.out, style)
}

// lastDate reads a date; "" is none.
func lastDate(text string) (*int64, error) {
	if text == "" {
		return nil, nil
	}
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return nil, fmt.Errorf("--until: %q is no date; write 2026-06-01", text)
	}
	day := at.Unix() / 86400
	return &day, nil
}

// answered is what came of something that was asked of the programme for a member.
type answered struct {
	member uint32
	again  bool
	held   holdings.Holdings
}

// askStore carries out what is asked for a member on the store, without a server.
func (a *app) askStore(ctx context.Context, kind live.Kind, id string, ask live.Ask) (out answered, err error) {
	s, err := a.open(ctx, writeStore)
	if err != nil {
		return out, err
	}
	defer s.close()
	q, err := s.asker("")
	if err != nil {
		return out, err
	}
	if out.member, err = q.find(id); err != nil {
		return out, err
	}
	before, err := s.before()
	if err != nil {
		return out, err
	}
	engine, err := live.Open(ctx, live.Options{Store: s.store, Program: s.prog, Before: before, System: func() int64 { return s.now().UnixMicro() }})
	if err != nil {
		return out, err
	}
	defer engine.Close()
	ids, err := engine.IDs([]uint32{out.member})
	if err != nil {
		return out, err
	}
	if len(ids[0]) == 0 {
		return out, fmt.Errorf("member #%d has no id, so nothing can be asked for it", out.member)
	}
	outcomes, err := engine.Submit(ctx, []live.Input{{Kind: kind, IDs: ids[0][:1], Ask: &ask}})
	if err != nil {
		return out, err
	}
	if outcomes[0].Status == live.Rejected {
		return out, fmt.Errorf("%s", outcomes[0].Reason)
	}
	out.again = outcomes[0].Status == live.Duplicate
	person, err := engine.Person(engine.View(), out.member)
	if err != nil {
		return out, err
	}
	out.held, err = holdings.Of(ctx, person)
	return out, err
}

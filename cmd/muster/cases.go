package main

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

type casesOptions struct {
	overdue bool
	limit   int
}

func newCases(a *app) *cobra.Command {
	var o casesOptions
	cmd := &cobra.Command{
		Use:     "cases [CASE]",
		Short:   "list the cases that are open, such as complaints",
		GroupID: groupMembers,
		Long:    `Lists the tickets that are open now, those that are due first before the others. How they go is what report cases tells.`,
		Example: `  muster cases
  muster cases complaint --overdue
  muster cases --format json`,
		Args: cobra.MaximumNArgs(1), Annotations: onlyTableAndJSON,
		RunE: func(cmd *cobra.Command, args []string) error { return a.cases(cmd.Context(), args, o) },
	}
	cmd.Flags().BoolVar(&o.overdue, "overdue", false, "only those whose deadline has passed")
	cmd.Flags().IntVar(&o.limit, "limit", 100, "list `N` at most")
	return cmd
}

// casesJSON are the open cases as a server lists them.
type casesJSON struct {
	AsOf    string     `json:"as_of"`
	Open    int        `json:"open"`
	Overdue int        `json:"overdue"`
	Cases   []caseJSON `json:"cases"`
}

type caseJSON struct {
	Case     string            `json:"case"`
	Ticket   string            `json:"ticket"`
	Member   uint32            `json:"member"`
	Opened   string            `json:"opened"`
	Due      string            `json:"due"`
	Overdue  bool              `json:"overdue"`
	Reopened bool              `json:"reopened"`
	By       map[string]string `json:"by"`
}

func (a *app) cases(ctx context.Context, args []string, o casesOptions) error {
	asked := url.Values{"limit": {strconv.Itoa(o.limit)}}
	if len(args) > 0 {
		asked.Set("case", args[0])
	}
	if o.overdue {
		asked.Set("overdue", "true")
	}
	c, end, err := a.reach(ctx)
	if err != nil {
		return err
	}
	defer end()
	var got casesJSON
	if err := c.do(ctx, "GET", "/v1/cases?"+asked.Encode(), nil, &got); err != nil {
		return err
	}
	if a.format == formatJSON {
		return writeJSON(a.out, got)
	}
	t := table{columns: []col{
		{head: "case"}, {head: "ticket"}, {head: "member", right: true}, {head: "opened"}, {head: "due"}, {head: "state"}, {},
	}}
	for _, c := range got.Cases {
		state := "open"
		if c.Overdue {
			state = "overdue"
		}
		if c.Reopened {
			state += ", opened again"
		}
		var by []string
		for _, name := range slices.Sorted(maps.Keys(c.By)) {
			if c.By[name] != "" {
				by = append(by, name+" "+c.By[name])
			}
		}
		t.add(c.Case, c.Ticket, "#"+strconv.Itoa(int(c.Member)), c.Opened, c.Due, state, strings.Join(by, ", "))
	}
	if len(t.rows) > 0 {
		if err := t.write(a.out, "", a.style(a.out)); err != nil {
			return err
		}
	}
	_, err = a.out.Write([]byte(count(got.Open) + " open, " + count(got.Overdue) + " overdue\n"))
	return err
}

package main

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/api"
	"github.com/muster-engine/muster/runtime/dossier"
	"github.com/muster-engine/muster/runtime/ingest"
	"github.com/muster-engine/muster/runtime/live"
	"github.com/muster-engine/muster/storage"
)

func newIdentity(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "identity",
		Short:   "change ids, undo merges, show merges and conflicts",
		GroupID: groupStore,
		Long: `Members whose ids come in one record are one from then on. Where that would give a member two
values of an id that members have one of, they stay two and the conflict is kept.`,
		Example: `  muster identity change 13800138000 13900139000   a new phone number
  muster identity merges                           who became part of whom
  muster identity split 13900139000                undo a wrong merge
  muster identity conflicts                        records whose ids contradict each other`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var in api.IDChange
	change := &cobra.Command{
		Use:   "change OLD NEW",
		Short: "give a member another id in the place of one",
		Long: `The member who has OLD has NEW from now on, and OLD is nobody's. If another member has NEW already that
is refused, unless --join says that the two are the same.`,
		Example: "  muster identity change 13800138000 13900139000",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			in.From, in.To = args[0], args[1]
			return a.changeID(cmd.Context(), in)
		},
	}
	change.Flags().BoolVar(&in.Join, "join", false, "the member who has NEW is the same")
	split := &cobra.Command{
		Use:   "split ID",
		Short: "undo a merge",
		Long: `ID is one that the absorbed member brought, or #NUMBER of that member. It gets back its ids, what it had
set, its lists and its events, and those that its ids brought since.`,
		Example: "  muster identity split 13900139000\n  muster identity split '#1042'",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return a.splitMember(cmd.Context(), args[0]) },
	}
	var after int64
	conflicts := &cobra.Command{
		Use:     "conflicts",
		Short:   "show records whose ids belong to members that cannot be one",
		Example: "  muster identity conflicts --after 120 --format json",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.conflicts(cmd.Context(), after) },
	}
	conflicts.Flags().Int64Var(&after, "after", 0, "only those after this `number`")
	merges := &cobra.Command{
		Use:     "merges",
		Short:   "show who became part of whom",
		Example: "  muster identity merges --format json",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.merges(cmd.Context()) },
	}
	cmd.AddCommand(change, split, conflicts, merges)
	return cmd
}

// amends is what inputs into a resting store go by.
func (s *session) amends() live.Options {
	return live.Options{Store: s.store, Program: s.prog, System: func() int64 { return s.now().UnixMicro() }, Env: s.env}
}

// amend takes one input into a resting store; what is refused is an error.
func (s *session) amend(ctx context.Context, in live.Input) (live.Outcome, error) {
	out, err := live.Amend(ctx, s.amends(), []live.Input{in})
	if err != nil {
		return live.Outcome{}, err
	}
	if out[0].Status != live.Accepted {
		return live.Outcome{}, fmt.Errorf("%s", out[0].Reason)
	}
	return out[0], nil
}

// findID returns an id as the store has it, by the first id attribute that knows it.
func (q *asker) findID(id string) (live.ID, *ir.Attribute, error) {
	var names []string
	for _, attribute := range q.prog.Attributes {
		if attribute.ID == nil {
			continue
		}
		names = append(names, attribute.Name)
		form, ok := ingest.NormaliseID(attribute, id)
		if !ok {
			continue
		}
		_, found, err := q.lookup(attribute.Name, form)
		if found || err != nil {
			return live.ID{Attribute: attribute.Name, Text: string(form)}, attribute, err
		}
	}
	return live.ID{}, nil, fmt.Errorf("there is no member with %s %q", orList(names), id)
}

func (a *app) changeID(ctx context.Context, in api.IDChange) error {
	said := func(joined bool) error {
		if joined {
			fmt.Fprintf(a.out, "%s is now %s, and the two members are one\n", in.From, in.To)
		} else {
			fmt.Fprintf(a.out, "%s is now %s\n", in.From, in.To)
		}
		return nil
	}
	if server := a.serverURL(); server != "" {
		c, err := a.client(server)
		if err != nil {
			return err
		}
		var out api.Identified
		if err := c.do(ctx, "POST", "/v1/identity/change", in, &out); err != nil {
			return err
		}
		return said(out.Joined)
	}
	s, err := a.open(ctx, writeStore)
	if err != nil {
		return err
	}
	defer s.close()
	q, err := s.asker("")
	if err != nil {
		return err
	}
	old, attribute, err := q.findID(in.From)
	if err != nil {
		return err
	}
	form, ok := ingest.NormaliseID(attribute, in.To)
	if !ok {
		return fmt.Errorf("%q is no usable %s", in.To, attribute.Name)
	}
	to := live.ID{Attribute: attribute.Name, Text: string(form)}
	out, err := s.amend(ctx, live.Input{Kind: live.Change, IDs: []live.ID{old}, To: &to, Join: in.Join})
	if err != nil {
		return err
	}
	return said(out.Absorbed > 0)
}

func (a *app) splitMember(ctx context.Context, id string) error {
	said := func(member uint32, shown string) error {
		fmt.Fprintf(a.out, "member #%d is back: %s\n", member, shown)
		return nil
	}
	number, numbered := numberOf(id)
	if server := a.serverURL(); server != "" {
		c, err := a.client(server)
		if err != nil {
			return err
		}
		in := api.MergeUndone{ID: id}
		if numbered {
			in = api.MergeUndone{Member: &number}
		}
		var out api.Identified
		if err := c.do(ctx, "POST", "/v1/identity/split", in, &out); err != nil {
			return err
		}
		return said(out.Member, out.ID)
	}
	s, err := a.open(ctx, writeStore)
	if err != nil {
		return err
	}
	defer s.close()
	in := live.Input{Kind: live.Split, Member: number}
	if !numbered {
		q, err := s.asker("")
		if err != nil {
			return err
		}
		one, _, err := q.findID(id)
		if err != nil {
			return err
		}
		in.IDs = []live.ID{one}
	}
	out, err := s.amend(ctx, in)
	if err != nil {
		return err
	}
	held, err := live.ReadHeld(ctx, s.amends(), out.Member)
	if err != nil {
		return err
	}
	shown := fmt.Sprintf("#%d", out.Member)
	if len(held.IDs) > 0 {
		shown = held.IDs[0].Text
	}
	return said(out.Member, shown)
}

// numberOf reads #NUMBER.
func numberOf(id string) (uint32, bool) {
	digits, ok := strings.CutPrefix(id, "#")
	n, err := strconv.ParseUint(digits, 10, 32)
	return uint32(n), ok && err == nil
}

func (a *app) conflicts(ctx context.Context, after int64) error {
	all := []dossier.Conflict{}
	if server := a.serverURL(); server != "" {
		c, err := a.client(server)
		if err != nil {
			return err
		}
		for {
			var page api.Conflicts
			query := url.Values{"after": {fmt.Sprint(after)}}
			if err := c.do(ctx, "GET", "/v1/identity/conflicts?"+query.Encode(), nil, &page); err != nil {
				return err
			}
			if len(page.Conflicts) == 0 {
				break
			}
			all, after = append(all, page.Conflicts...), page.Next
		}
	} else {
		s, err := a.open(ctx, readStore)
		if err != nil {
			return err
		}
		defer s.close()
		err = s.store.Conflicts(after, func(c storage.Conflict) (bool, error) {
			all = append(all, dossier.NewConflict(s.prog, c))
			return true, nil
		})
		if err != nil {
			return err
		}
	}
	if a.format == formatJSON {
		return writeJSON(a.out, all)
	}
	t := table{columns: []col{{head: "number", right: true}, {head: "at"}, {head: "member"}, {head: "others"}, {head: "two values of"}, {head: "ids of the record"}}}
	for _, c := range all {
		var ids, others []string
		for _, id := range c.IDs {
			if id.Value == "" {
				id.Value = "(not kept)"
			}
			ids = append(ids, id.Attribute+" "+id.Value)
		}
		for _, n := range c.Others {
			others = append(others, fmt.Sprintf("#%d", n))
		}
		t.add(fmt.Sprint(c.Number), c.At, fmt.Sprintf("#%d", c.Member), strings.Join(others, " "), c.Attribute, strings.Join(ids, ", "))
	}
	if a.format == formatCSV {
		return t.writeCSV(a.out)
	}
	if len(all) == 0 {
		fmt.Fprintln(a.out, "no conflicts")
		return nil
	}
	return t.write(a.out, "", a.style(a.out))
}

func (a *app) merges(ctx context.Context) error {
	all := []dossier.Merge{}
	if server := a.serverURL(); server != "" {
		c, err := a.client(server)
		if err != nil {
			return err
		}
		query := ""
		for {
			var page api.Merges
			if err := c.do(ctx, "GET", "/v1/identity/merges"+query, nil, &page); err != nil {
				return err
			}
			if len(page.Merges) == 0 {
				break
			}
			all, query = append(all, page.Merges...), fmt.Sprintf("?after=%d", page.Next)
		}
	} else {
		s, err := a.open(ctx, readStore)
		if err != nil {
			return err
		}
		defer s.close()
		records, err := s.store.Merges()
		if err != nil {
			return err
		}
		for _, m := range records {
			all = append(all, dossier.NewMerge(s.prog, m))
		}
	}
	if a.format == formatJSON {
		return writeJSON(a.out, all)
	}
	t := table{columns: []col{{head: "member"}, {head: "became part of"}, {head: "at"}, {head: "with"}}}
	for _, m := range all {
		var ids []string
		for _, attribute := range slices.Sorted(maps.Keys(m.IDs)) {
			ids = append(ids, attribute+" "+strings.Join(m.IDs[attribute], " "))
		}
		t.add(fmt.Sprintf("#%d", m.Absorbed), fmt.Sprintf("#%d", m.Survivor), m.At, strings.Join(ids, ", "))
	}
	if a.format == formatCSV {
		return t.writeCSV(a.out)
	}
	if len(all) == 0 {
		fmt.Fprintln(a.out, "no merges")
		return nil
	}
	return t.write(a.out, "", a.style(a.out))
}

package main

import (
	"context"
	"encoding/json"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/muster-engine/muster/runtime/dossier"
	"github.com/muster-engine/muster/runtime/live"
)

func newExportMember(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "export-member ID",
		Short:   "write out all that is held of a member, as JSON",
		GroupID: groupMembers,
		Long: `Writes everything that is held of a member: ids, attributes with when they were set, manual tags, lists, all
events and facts, merges, conflicts, crossings, messages that wait, and the tags and segments of now.`,
		Example:     "  muster export-member 13800138000 > lin.json",
		Annotations: map[string]string{"formats": "table json"},
		Args:        cobra.ExactArgs(1),
		RunE:        func(cmd *cobra.Command, args []string) error { return a.exportMember(cmd.Context(), args[0]) },
	}
}

func (a *app) exportMember(ctx context.Context, id string) error {
	if server := a.serverURL(); server != "" {
		c, err := a.client(server)
		if err != nil {
			return err
		}
		var out json.RawMessage
		if err := c.do(ctx, "GET", "/v1/members/"+url.PathEscape(id)+"/export", nil, &out); err != nil {
			return err
		}
		return writeJSON(a.out, out)
	}
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
	held, err := live.ReadHeld(ctx, s.amends(), number)
	if err != nil {
		return err
	}
	p, err := q.person(held.Number)
	if err != nil {
		return err
	}
	d, err := dossier.New(ctx, q.view, p, held)
	if err != nil {
		return err
	}
	return writeJSON(a.out, d)
}

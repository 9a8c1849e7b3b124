package main

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"

	"github.com/spf13/cobra"

	"github.com/muster-engine/muster/runtime/dossier"
	"github.com/muster-engine/muster/runtime/live"
)

func newForget(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "forget ID",
		Short:   "erase a member, and prove it",
		GroupID: groupStore,
		Long: `Takes everything that is held of a member, and of those who became part of it, out of the store: ids,
attributes, history, lists, what is kept of merges, messages that wait, rejected rows of imports beside the
store, and the free pages of the file. Then the whole file is searched, and what is packed in it is
unpacked and searched, for the ids and for every telling text of the member; if any is found that nobody
else has, the status is 1. An id that is sent anew makes a new member; the number is never used again.
Backups and files that sinks wrote are not touched.`,
		Example: "  muster forget 13800138000\n  muster forget 13800138000 --server http://127.0.0.1:7077",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return a.forgetMember(cmd.Context(), args[0]) },
	}
}

func (a *app) forgetMember(ctx context.Context, id string) error {
	e, err := a.erase(ctx, id)
	if err != nil {
		return err
	}
	if a.format == formatJSON {
		if err := writeJSON(a.out, e); err != nil {
			return err
		}
	} else {
		a.showErased(e)
	}
	if len(e.Proof.Traces) > 0 {
		return errFindings
	}
	return nil
}

func (a *app) erase(ctx context.Context, id string) (*dossier.Erased, error) {
	if server := a.serverURL(); server != "" {
		c, err := a.client(server)
		if err != nil {
			return nil, err
		}
		e := new(dossier.Erased)
		return e, c.do(ctx, "DELETE", "/v1/members/"+url.PathEscape(id), nil, e)
	}
	s, err := a.open(ctx, writeStore)
	if err != nil {
		return nil, err
	}
	defer s.close()
	q, err := s.asker("")
	if err != nil {
		return nil, err
	}
	number, err := q.find(id)
	if err != nil {
		return nil, err
	}
	held, err := live.ReadHeld(ctx, s.amends(), number)
	if err != nil {
		return nil, err
	}
	if _, err := s.amend(ctx, live.Input{Kind: live.Forget, Member: held.Number}); err != nil {
		return nil, err
	}
	return dossier.Finish(ctx, held, s.prog, s.store.Path(), s.store)
}

func (a *app) showErased(e *dossier.Erased) {
	fmt.Fprintf(a.out, "member #%d is erased\n", e.Member)
	line := func(n int, what string) {
		if n > 0 {
			fmt.Fprintf(a.out, "  %s\n", many(n, what))
		}
	}
	line(len(e.Absorbed), "member that had become part of it")
	line(e.IDs, "id")
	line(e.Attributes, "attribute")
	line(e.Lists, "list")
	for _, kind := range slices.Sorted(maps.Keys(e.Events)) {
		line(e.Events[kind], kind+" event")
	}
	line(e.Conflicts, "conflict without its ids")
	line(e.Messages, "message")
	line(e.Rejected, "rejected row")
	p := e.Proof
	fmt.Fprintf(a.out, "looked for %s in %s bytes of the file and %s unpacked values: ", many(p.Texts, "text"), count(p.Bytes), count(p.Values))
	if len(p.Traces) == 0 {
		fmt.Fprint(a.out, "no trace")
	} else {
		fmt.Fprintf(a.out, "%s", many(len(p.Traces), "trace"))
	}
	if p.Shared > 0 {
		fmt.Fprintf(a.out, "; others have %s of them too", count(p.Shared))
	}
	fmt.Fprintln(a.out)
	for _, trace := range p.Traces {
		fmt.Fprintf(a.out, "  %s\n", trace)
	}
}

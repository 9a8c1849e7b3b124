package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/muster-engine/muster/runtime/report"
)

func newBooks(a *app) *cobra.Command {
	var asOf string
	cmd := &cobra.Command{
		Use:     "books [POINTS]",
		Short:   "prove every balance of points from the entries of the ledger",
		GroupID: groupStore,
		Long: `Goes through the ledger of points of every member, entry by entry, and through the sums of the whole programme:
what each entry takes from one account it gives to another, no lot is ever below nothing, what was earned and taken
back is what the events say, and what members are shown to have is what their entries make. Every difference is named,
with the member, the lot and the entry, and makes the exit status 1.

Of a store that no server has open, the books are those of the instant up to which a server had carried out what is
due.`,
		Example: `  muster books
  muster books stars --format json
  muster books --server http://127.0.0.1:7077`,
		Args:        cobra.MaximumNArgs(1),
		Annotations: onlyTableAndJSON,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.books(cmd.Context(), append(args, "")[0], asOf)
		},
	}
	addAsOf(cmd, &asOf)
	return cmd
}

func (a *app) books(ctx context.Context, points, asOf string) error {
	s, err := a.open(ctx, readStore)
	if err != nil {
		return err
	}
	defer s.close()
	q, err := s.asker(asOf)
	if err != nil {
		return err
	}
	if asOf == "" && s.store != nil {
		if _, carriedOut := s.store.Checkpointed(); carriedOut > 0 && carriedOut < q.view.Now() {
			q.view = q.view.AsOf(carriedOut)
		}
	}
	got, err := report.Open(q.view, report.Period{}).Books(ctx, points)
	if err != nil {
		return err
	}
	if err := q.nameMembers(got); err != nil {
		return err
	}
	if a.format == formatJSON {
		err = writeJSON(a.out, got)
	} else {
		err = a.writeTables(got.Tables())
	}
	if err == nil && !got.Sound {
		return errFindings
	}
	return err
}

// nameMembers puts the ids of members beside their differences.
func (q *asker) nameMembers(b *report.Books) error {
	for i := range b.Points {
		found := b.Points[i].Differences
		var numbers []uint32
		for _, d := range found {
			if len(numbers) == 0 || numbers[len(numbers)-1] != d.Member {
				numbers = append(numbers, d.Member)
			}
		}
		ids, err := q.idsOf(numbers)
		if err != nil {
			return err
		}
		next := 0
		for j := range found {
			for numbers[next] != found[j].Member {
				next++
			}
			found[j].ID = ids[next]
		}
	}
	return nil
}

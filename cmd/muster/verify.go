package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/muster-engine/muster/runtime/audit"
)

type verifyOptions struct {
	all    bool
	sample int
}

func newVerify(a *app) *cobra.Command {
	var o verifyOptions
	cmd := &cobra.Command{
		Use:     "verify",
		Short:   "check the store, and what it says of members against their history",
		GroupID: groupStore,
		Long: `Checks every page, checksum and value of the store. Then takes members one at a time, works every tag and
segment out from their events, and holds the answers of the engine to that. Every difference is named, and makes the
exit status 1; damage makes it 2.

A server (--server) does the second part with what it says at the moment; it looks at no more than ten thousand members,
and leaves the file to a backup.`,
		Example: `  muster verify
  muster verify --sample 100000
  muster verify --all --format json
  muster verify --server http://127.0.0.1:7077`,
		Args:        cobra.NoArgs,
		Annotations: onlyTableAndJSON,
		RunE:        func(cmd *cobra.Command, _ []string) error { return a.verify(cmd.Context(), o) },
	}
	cmd.Flags().BoolVar(&o.all, "all", false, "work out every member")
	cmd.Flags().IntVar(&o.sample, "sample", 1000, "work out about `n` members, spread over all")
	return cmd
}

// differenceJSON is a tag or segment that is not what the member's history makes of it.
type differenceJSON struct {
	Member  uint32 `json:"member"`
	Kind    string `json:"kind"`
	Name    string `json:"name"`
	Engine  any    `json:"engine"`
	History any    `json:"history"`
}

func (a *app) verify(ctx context.Context, o verifyOptions) error {
	if o.sample < 0 {
		return usageError("verify", "--sample takes a number of members, not %d", o.sample)
	}
	if a.live != nil {
		return a.verifyLive(ctx, o)
	}
	if err := a.verifyFile(ctx); err != nil {
		return err
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
	sparse := 1
	if members := int(s.store.Members()); !o.all && members > o.sample {
		sparse = members/max(1, o.sample) + 1
	}
	bar := a.newProgress()
	report, err := audit.Recompute(ctx, q.view, sparse, func(done, total int64) { bar.step("working out members", done, total) })
	bar.done()
	if err != nil {
		return err
	}
	if err := s.showAudit(report); err != nil {
		return err
	}
	if len(report.Differences) > 0 {
		return errFindings
	}
	return nil
}

// mostLive is how many members a server works out for one question.
const mostLive = 10_000

// verifyLive holds what a server says at the moment to history.
func (a *app) verifyLive(ctx context.Context, o verifyOptions) error {
	s, err := a.open(ctx, readStore)
	if err != nil {
		return err
	}
	defer s.close()
	members, err := a.live.View().Of(ctx)
	switch {
	case err != nil:
		return err
	case o.all && members > mostLive:
		return fmt.Errorf("a server works out %d members at most, and has %s; verify all of them in a backup", mostLive, count(members))
	case !o.all && o.sample > mostLive:
		return fmt.Errorf("a server works out %d members at most; verify more of them in a backup", mostLive)
	}
	sparse := 1
	if !o.all && members > o.sample {
		sparse = members/max(1, o.sample) + 1
	}
	report, err := audit.RecomputeLive(ctx, a.live, sparse)
	if err == nil {
		err = s.showAudit(report)
	}
	if err == nil && len(report.Differences) > 0 {
		err = errFindings
	}
	return err
}

// verifyFile checks the store without regard to rules.
func (a *app) verifyFile(ctx context.Context) error {
	store, err := a.openStore(readStore)
	if err != nil {
		return err
	}
	defer store.Close()
	bar := a.newProgress()
	defer bar.done()
	return store.Verify(ctx, func(done, total int64) { bar.step("checking", done, total) })
}

func (s *session) showAudit(r *audit.Report) error {
	if s.format == formatJSON {
		differences := []differenceJSON{}
		for _, d := range r.Differences {
			differences = append(differences, differenceJSON{d.Member, d.Kind, d.Name, s.vs.json(d.Engine, d.Type), s.vs.json(d.History, d.Type)})
		}
		out := map[string]any{
			"members": r.Members, "recomputed": r.Recomputed, "tags": r.Tags, "segments": r.Segments, "differences": differences,
		}
		if s.live == nil {
			out["store"], out["sound"] = s.storeFile(), true
		}
		return writeJSON(s.out, out)
	}
	if s.live == nil {
		fmt.Fprintf(s.out, "%s: every page, checksum and value is sound\n", s.storeFile())
	}
	worked := fmt.Sprintf("%s and %s of %s of %s worked out from history", many(r.Tags, "tag"), many(r.Segments, "segment"),
		count(r.Recomputed), many(r.Members, "member"))
	if len(r.Differences) == 0 {
		_, err := fmt.Fprintf(s.out, "%s: no difference\n", worked)
		return err
	}
	fmt.Fprintf(s.out, "%s: %s\n", worked, many(len(r.Differences), "difference"))
	t := table{columns: []col{{head: "member", right: true}, {head: "of"}, {head: "name"}, {head: "engine"}, {head: "history"}}}
	for _, d := range r.Differences {
		t.add(fmt.Sprint(d.Member), d.Kind, d.Name, s.vs.text(d.Engine, d.Type), s.vs.text(d.History, d.Type))
	}
	return t.write(s.out, "", s.style(s.out))
}

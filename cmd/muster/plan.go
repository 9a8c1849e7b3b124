package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/rules"
	"github.com/muster-engine/muster/runtime"
	"github.com/muster-engine/muster/runtime/effect"
	"github.com/muster-engine/muster/storage"
)

type planOptions struct {
	against  string
	examples int
	exitCode bool
	failOn   []string
	replay   string
	days     int64 // of replay
	sample   uint64
}

const formatMarkdown = "markdown"

func newPlan(a *app) *cobra.Command {
	var o planOptions
	cmd := &cobra.Command{
		Use:     "plan [DIR|FILE]",
		Short:   "show what an edit of the rules does to the members, before it is merged",
		GroupID: groupRules,
		Long: `Compares edited rules with those in force, over the members of the store as its clock stands: who
enters and leaves each segment, whose tags change, with a few members as examples and the clause that decides for
them. Rules that mean what they meant are not listed. Nothing is written. With --server, the members are those of the
server: a copy of its store is taken, for which the token must have the right admin.

Facts that are written stay: no edit changes points that were earned, codes, or runs that have begun. Where points,
tiers, coupons, campaigns, sinks or cases are edited, three things are shown: which tier the measure of an edited ladder
reaches now; what time alone brings up to the next midnight, with campaigns that begin with existing members; and what
becomes of the last days, --replay, if members go through them again by the rules in force and by the edited ones: points,
moves between tiers, codes, runs, messages. Events come at their time, and what was spent and used meanwhile is asked
again; attributes, lists and the cuts of ntiles are as they are now, and stock does not run out. If there are more members
than --sample, so many are gone through, and the numbers are estimates for all.

The edited rules are those of the argument, of --rules, or of the current directory. The rules in force are those that
the store remembers, or what --against names: a directory, a file, or a revision of the git repository that the edited
rules are in.

--fail-on takes NAME.entering, NAME.leaving, NAME.changed or NAME.members, then > >= < <= or =, then a count, or a
percentage of the members before; * stands for every rule that is not new. Of a tag, entering and leaving are members
whose value becomes known and unknown. Of a programme it takes points.NAME.liability, .earned, .given, .reversed, .expired
or .spent: by how much they become another in those days; tier.NAME.up, .down or .changed: members whose measure reaches
another tier now; coupons.NAME, messages.SINK and campaigns.NAME: codes, messages and runs by the edited rules in those
days.

Exit status: 0; 1 if there is too much by --fail-on, or any effect with --exit-code; 2 if it cannot be told.`,
		Example: `  muster plan rules
  muster plan rules --server http://127.0.0.1:7077     for the members of a server
  muster plan rules --against main                     against a branch
  muster plan rules --against main --format markdown   for a comment on a pull request
  muster plan rules --fail-on 'vip.leaving > 5%' --fail-on '*.changed > 100_000'
  muster plan rules --replay 12w --sample 50_000       points and messages of twelve weeks
  muster plan rules --fail-on 'points.stars.liability > 5%' --fail-on 'messages.sms > 10_000' --fail-on 'tier.loyalty.down > 1%'`,
		Args:        cobra.MaximumNArgs(1),
		Annotations: map[string]string{"formats": formatTable + " " + formatJSON + " " + formatMarkdown},
		RunE:        func(cmd *cobra.Command, args []string) error { return a.plan(cmd.Context(), args, o) },
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&o.against, "against", "", "compare with the rules of a directory, a file or a git `revision`")
	flags.IntVar(&o.examples, "examples", 3, "how many `members` to show of each change")
	flags.StringVar(&o.replay, "replay", "30d", "go through so many `days` or weeks again: 30d, 4w, or 0 for none")
	flags.Uint64Var(&o.sample, "sample", 10_000, "go through about so many `members` at most; 0 for all")
	flags.BoolVar(&o.exitCode, "exit-code", false, "end with status 1 if there is any effect")
	flags.StringArrayVar(&o.failOn, "fail-on", nil, "end with status 1 beyond a `limit`, such as 'vip.leaving > 5%'; may be repeated")
	return cmd
}

func (a *app) plan(ctx context.Context, args []string, o planOptions) error {
	limits, err := parseLimits(o.failOn)
	if err != nil {
		return err
	}
	edited, err := a.loadRules(args)
	if err != nil {
		return err
	}
	after, err := a.program(edited)
	if err != nil {
		return err
	}
	if server := a.serverURL(); server != "" {
		drop, err := a.copyOf(ctx, server)
		if err != nil {
			return err
		}
		defer drop()
	}
	store, err := a.openSettled(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	base, err := a.planBase(ctx, store, a.rulesFrom(args), o.against)
	if err != nil {
		return err
	}
	for _, l := range limits {
		if err := l.Check(base.prog, after); err != nil {
			return fmt.Errorf("--fail-on %w", err)
		}
	}
	for _, side := range []struct {
		name string
		prog *ir.Program
	}{{"the edited rules", after}, {base.name, base.prog}} {
		if err := a.fitStore(store, side.name, side.prog); err != nil {
			return err
		}
	}
	if o.days, err = parseReplay(o.replay); err != nil {
		return err
	}
	for _, l := range limits {
		if o.days == 0 && l.OfPast() {
			return usageError("plan", fmt.Sprintf("--fail-on %q bounds what is gone through again, and --replay 0 leaves that out", l.Text))
		}
	}
	p := &planned{name: a.rulesFrom(args), against: base.name, before: base.prog, after: after}
	if p.report, p.view, err = a.compareRules(ctx, store, base.prog, after, o, limits); err != nil {
		return err
	}
	for _, l := range limits {
		p.breaches = append(p.breaches, l.Breaches(p.report)...)
	}
	if err := p.gatherIDs(&asker{app: a, store: store, data: store.Snapshot(), view: p.view, prog: after, vs: valuesOf(after)}); err != nil {
		return err
	}
	switch a.format {
	case formatJSON:
		err = writeJSON(a.out, p.json())
	case formatMarkdown:
		err = p.writeMarkdown(a.out)
	default:
		err = p.write(a)
	}
	if err == nil && (len(p.breaches) > 0 || o.exitCode && p.report.HasEffect()) {
		return errFindings
	}
	return err
}

func parseLimits(texts []string) (out []effect.Limit, err error) {
	for _, text := range texts {
		l, err := effect.ParseLimit(text)
		if err != nil {
			return nil, fmt.Errorf("--fail-on %w", err)
		}
		out = append(out, l)
	}
	return out, nil
}

func (a *app) compareRules(ctx context.Context, store *storage.Store, before, after *ir.Program, o planOptions, limits []effect.Limit) (*effect.Report, *runtime.View, error) {
	opt := effect.Options{Examples: o.examples}
	if o.examples <= 0 {
		opt.Examples = -1
	}
	always := false
	for _, l := range limits {
		if l.CountsUnchanged() {
			opt.Count = append(opt.Count, l.Name)
		}
		always = always || l.PlaysUnchanged()
	}
	earlier, err := (&session{app: a, store: store, prog: before}).before()
	if err != nil {
		return nil, nil, err
	}
	opt.Replay = &effect.Replay{Days: o.days, Members: o.sample, Always: always, Earlier: earlier}
	views, err := a.planViews(ctx, store, before, after)
	if err != nil {
		return nil, nil, err
	}
	report, err := effect.Compare(ctx, views[0], views[1], opt)
	return report, views[1], err
}

// planViews are views of the store as its clock stands, by the rules to compare with and by the edited ones. Cuts of
// ntiles are those recorded for the rules in force, as far as those rank by the same.
func (a *app) planViews(ctx context.Context, store *storage.Store, before, after *ir.Program) ([2]*runtime.View, error) {
	var views [2]*runtime.View
	remembered, err := store.Rules()
	if err != nil {
		return views, err
	}
	inForce := rules.FromSources(sourcesOf(remembered)).Program
	if inForce == nil { // no rules, or rules of another version
		inForce = before
	}
	session, err := runtime.OpenSession(store, inForce, a.now().UnixMicro(), runtime.Options{})
	if err != nil {
		return views, err
	}
	view := session.At(session.Now())
	for i, prog := range []*ir.Program{before, after} {
		if prog.Hash != inForce.Hash {
			opt := runtime.Options{Cuts: effect.Cuts(ctx, view, prog)}
			views[i] = runtime.New(prog, store.Snapshot(), opt).At(session.Now())
		} else {
			views[i] = view
		}
	}
	return views, nil
}

// fitStore holds rules to the data of a store.
func (a *app) fitStore(store *storage.Store, name string, prog *ir.Program) error {
	remembered, err := store.Rules()
	if err != nil || remembered.Revision > 0 && remembered.Hash == prog.Hash {
		return err
	}
	found, err := contradictions(store, remembered, prog)
	if err != nil {
		return err
	}
	if found.HasErrors() {
		a.show(found)
		fmt.Fprintf(a.err, "muster: %s: the store's data contradict %s\n", store.Path(), name)
		return errShown
	}
	return nil
}

// base is what edited rules are compared with.
type base struct {
	name string
	prog *ir.Program
}

// planBase reads what to compare with: a path, a git revision, or by default what the store remembers.
func (a *app) planBase(ctx context.Context, store *storage.Store, edited, against string) (base, error) {
	var (
		b   base
		set *rules.Set
	)
	_, missing := os.Stat(against)
	switch {
	case against == "":
		remembered, err := store.Rules()
		if err != nil {
			return b, err
		}
		if remembered.Revision == 0 {
			return b, fmt.Errorf("%s remembers no rules; say with --against what to compare with", store.Path())
		}
		b.name = fmt.Sprintf("the rules in force (revision %d)", remembered.Revision)
		set = rules.FromSources(sourcesOf(remembered))
	case errors.Is(missing, fs.ErrNotExist):
		sources, err := rulesAt(ctx, edited, against)
		if err != nil {
			return b, fmt.Errorf("--against %s: %w", against, err)
		}
		b.name = "revision " + against
		set = rules.FromSources(sources)
	default:
		b.name = against
		var err error
		if set, err = rules.Load(against); err != nil {
			return b, fmt.Errorf("--against %w", err)
		}
	}
	var err error
	if b.prog, err = a.program(set); err != nil {
		fmt.Fprintf(a.err, "muster: %s: errors in what the edited rules are to be compared with\n", b.name)
	}
	return b, err
}

func sourcesOf(set *storage.RuleSet) (out []rules.Source) {
	for _, f := range set.Files {
		out = append(out, rules.Source{Name: f.Name, Text: string(f.Text)})
	}
	return out
}

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/muster-engine/muster/rules"
	"github.com/muster-engine/muster/rules/packs"
	"github.com/muster-engine/muster/runtime/ingest"
	"github.com/muster-engine/muster/storage"
	onlineretail "github.com/muster-engine/muster/testdata/online_retail"
)

const (
	demoStore  = "muster-demo.db"
	demoSource = "online_retail"
	// demoClock is the midnight after the last sale.
	demoClock     = "2011-12-10"
	demoCondition = `champions and not has(line) in last 14 days`
)

func newDemo(a *app) *cobra.Command {
	var fresh bool
	cmd := &cobra.Command{
		Use:     "demo",
		Short:   "see it work on a year of real sales",
		GroupID: groupMembers,
		Long: `Imports the UCI Online Retail data (541,909 lines of invoices of a gift shop, 2010-12 to 2011-12) into
a store, with the starter rules for it, pins the clock to the day after the last sale, and shows what the rules say.
The store stays, for you to go on with.`,
		Example: `  muster demo
  muster demo --store /tmp/try.db
  muster demo --fresh              begin anew`,
		Args:        cobra.NoArgs,
		Annotations: map[string]string{"formats": formatTable},
		RunE:        func(cmd *cobra.Command, _ []string) error { return a.demo(cmd.Context(), fresh) },
	}
	cmd.Flags().BoolVar(&fresh, "fresh", false, "make the demo's store anew")
	return cmd
}

func (a *app) demo(ctx context.Context, fresh bool) error {
	if a.storePath == "" {
		a.storePath = demoStore
	}
	s, err := a.openDemo(ctx, fresh)
	if err != nil {
		return err
	}
	defer s.close()
	q, err := s.asker("")
	if err != nil {
		return err
	}
	st := a.style(a.out)
	head := func(text string) { fmt.Fprintf(a.out, "\n%s\n\n", st.bold("== "+text)) }

	head(fmt.Sprintf("%s, as of %s", many(len(s.prog.Tags), "tag"), demoClock))
	tags, err := q.tagLines(ctx)
	if err != nil {
		return err
	}
	if err := q.writeTags(tags); err != nil {
		return err
	}

	head(many(len(s.prog.Segments), "segment"))
	segments, err := q.segmentLines(ctx)
	if err != nil {
		return err
	}
	if err := q.writeSegments(segments); err != nil {
		return err
	}

	head("how a question is answered: " + demoCondition)
	if err := q.explainPlan(ctx, demoCondition); err != nil {
		return err
	}

	head("go on with this store")
	a.demoNext()
	return nil
}

// openDemo opens the demo's store, and fills it if that was not done before.
func (a *app) openDemo(ctx context.Context, fresh bool) (*session, error) {
	set, err := rules.LoadFS(packs.Retail())
	if err != nil {
		return nil, err
	}
	prog, err := a.program(set)
	if err != nil {
		return nil, err
	}
	store, err := a.openStore(createStore)
	if err != nil {
		return nil, err
	}
	s := &session{app: a, store: store, set: set, prog: prog, vs: valuesOf(prog)}
	filled, err := s.isDemo()
	if err == nil && filled && fresh {
		s.close()
		if err = os.Remove(a.storeFile()); err == nil {
			return a.openDemo(ctx, false)
		}
	}
	if err == nil && !filled {
		err = s.fillDemo(ctx)
	}
	if err == nil && filled {
		fmt.Fprintf(a.out, "%s is there from before; --fresh makes it anew\n", a.storeFile())
		err = s.remember()
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// isDemo reports whether the store holds the demo's data; a store that holds any other is an error.
func (s *session) isDemo() (bool, error) {
	taken := s.store.Imports()
	if len(taken) == 1 && taken[0].Source == demoSource {
		return true, nil
	}
	if len(taken) > 0 || s.store.Members() > 0 {
		return false, fmt.Errorf("%s holds other data; name another file with --store", s.store.Path())
	}
	return false, nil
}

func (s *session) fillDemo(ctx context.Context) error {
	source, err := s.source(demoSource)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "importing 541,909 lines of invoices into %s\n", s.storeFile())
	began := s.now()
	bar := s.newProgress()
	bar.size = int64(len(onlineretail.Transactions))
	result, err := s.importInto(ctx, ingest.Options{
		Source: source, Files: []string{"-"}, Stdin: bytes.NewReader(onlineretail.Transactions), MaxRejects: -1,
	}, bar)
	if err != nil {
		return importError(err)
	}
	if err := s.showImport(source, result, s.now().Sub(began)); err != nil {
		return err
	}
	at, err := s.vs.parseTime(demoClock)
	if err != nil {
		return err
	}
	if err := s.store.SetClock(storage.Clock{Pinned: true, At: at}); err != nil {
		return err
	}
	if err := s.settle(ctx); err != nil {
		return err
	}
	if result.Accepted == 0 {
		return errors.New("the demo's data could not be read")
	}
	return nil
}

// demoNext prints commands to try on the demo's store.
func (a *app) demoNext() {
	st := a.style(a.out)
	run := a.name + " --store " + a.storeFile()
	t := table{columns: []col{{paint: st.bold}, {paint: st.faint}}}
	for _, c := range [][2]string{
		{`query 'sum(line.amount) in last 30 days > 1000'`, "what no rule has asked yet"},
		{`query champions --by region,lifecycle`, "a cross table"},
		{`query basket`, "how a value is spread"},
		{`member 14646`, "everything about one customer"},
		{`explain overdue_regulars --member 12748`, "why someone is in a segment, or not"},
		{`query champions --as-of 2011-09-01`, "another day"},
		{`repl`, "ask on, with completion"},
	} {
		t.add("  "+run+" "+c[0], c[1])
	}
	_ = t.write(a.out, "", st)
}

package main

import (
	"bytes"
	"context"
	"fmt"
	"regexp"

	"github.com/spf13/cobra"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/rules/cover"
	"github.com/muster-engine/muster/rules/testrun"
)

type testOptions struct {
	run      string
	verbose  bool
	coverage bool
	least    float64
}

func newTest(a *app) *cobra.Command {
	var o testOptions
	cmd := &cobra.Command{
		Use:     "test [DIR|FILE]",
		Short:   "run the tests that rule files declare",
		GroupID: groupRules,
		Long: `Runs every test of the rules. Of an expect that does not hold it shows the value of each part.

With --coverage it also shows what no test reaches: rules, branches of a when, conditions that were not seen both to
hold and not to hold, and boundaries, which are comparisons with a constant that were not seen at the constant itself.

Exit status: 0 if all hold, 1 if one does not or less is reached than --coverage-min, 2 if the rules cannot be read or
have errors.`,
		Example: `  muster test                        the rules in this directory
  muster test --run 'VIP|refund'     those whose titles match
  muster test --coverage             what the tests do not reach, too
  muster test --coverage-min 90      for a build: at least 90 % of it
  muster test --format junit         for a build server`,
		Args:        cobra.MaximumNArgs(1),
		Annotations: map[string]string{"formats": formatTable + " " + formatJSON + " " + formatJUnit},
		RunE:        func(cmd *cobra.Command, args []string) error { return a.test(cmd.Context(), args, o) },
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&o.run, "run", "", "only tests whose titles match a `pattern`")
	flags.BoolVarP(&o.verbose, "verbose", "v", false, "name the tests that hold, too")
	flags.BoolVar(&o.coverage, "coverage", false, "show what of the rules no test reaches")
	flags.Float64Var(&o.least, "coverage-min", 0, "fail if less than so many `percent` is reached")
	return cmd
}

func (a *app) test(ctx context.Context, args []string, o testOptions) error {
	pattern, err := regexp.Compile(o.run)
	if err != nil {
		return usageError("test", "--run %q is no pattern", o.run)
	}
	set, err := a.loadRules(args)
	if err != nil {
		return err
	}
	prog, err := a.program(set)
	if err != nil {
		return err
	}
	if o.least < 0 || o.least > 100 {
		return usageError("test", "--coverage-min %v is no percentage", o.least)
	}
	var reached *cover.Coverage
	if o.coverage || o.least > 0 {
		if reached, err = cover.New(prog); err != nil {
			return err
		}
	}
	t := &testReport{cover: reached, prog: prog, vs: valuesOf(prog), s: a.style(a.out)}
	t.results = testrun.Run(ctx, prog, testrun.Options{
		Select: func(test *ir.Test) bool { return pattern.MatchString(test.Title) }, Cover: reached,
	})
	if err := ctx.Err(); err != nil {
		return err
	}
	switch a.format {
	case formatJSON:
		err = writeJSON(a.out, t.json())
	case formatJUnit:
		err = t.writeJUnit(a.out)
	default:
		err = t.write(a, o.verbose)
	}
	if err == nil && (t.failed() > 0 || reached != nil && t.percent() < o.least) {
		return errFindings
	}
	return err
}

// testReport is what came of a run of tests.
type testReport struct {
	prog    *ir.Program
	vs      values
	s       style
	results []testrun.Result
	cover   *cover.Coverage // nil unless it is asked for
}

func (t *testReport) failed() (n int) {
	for _, r := range t.results {
		if !r.Passed() {
			n++
		}
	}
	return n
}

func (t *testReport) expects() (n int) {
	for _, r := range t.results {
		n += r.Expects
	}
	return n
}

func (t *testReport) write(a *app, verbose bool) error {
	for _, r := range t.results {
		switch {
		case !r.Passed():
			fmt.Fprintf(a.out, "%s %s  %s\n", t.s.red("FAIL"), r.Test.Title, t.s.faint(r.Test.Span.String()))
			a.out.Write([]byte(t.faults(r, t.s)))
		case verbose:
			fmt.Fprintf(a.out, "%s   %s\n", t.s.green("ok"), r.Test.Title)
		}
	}
	var err error
	if n := t.failed(); n > 0 {
		_, err = fmt.Fprintf(a.out, "%s of %s failed\n", count(n), many(len(t.results), "test"))
	} else {
		_, err = fmt.Fprintf(a.out, "%s with %s: all hold\n", many(len(t.results), "test"), many(t.expects(), "expect"))
	}
	if err == nil && t.cover != nil {
		err = t.writeCoverage(a.out)
	}
	return err
}

// faults says of each expect that failed where it stands, of whom and when it was asked, and what its parts were.
func (t *testReport) faults(r testrun.Result, s style) string {
	var out bytes.Buffer
	for _, f := range r.Failures {
		fmt.Fprintf(&out, "  %s: expect %s: %s\n", f.Span, f.Member, oneLine(f.Text))
		fmt.Fprintf(&out, "    at %s:\n", t.vs.time(f.Clock))
		(&clauseWriter{&out, s, t.vs, t.prog}).write(f.Why, 2)
	}
	if r.Err != nil {
		fmt.Fprintf(&out, "  %s\n", r.Err)
	}
	return out.String()
}

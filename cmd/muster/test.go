package main

import (
	"bytes"
	"context"
	"fmt"
	"regexp"

	"github.com/spf13/cobra"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/rules/testrun"
)

type testOptions struct {
	run     string
	verbose bool
}

func newTest(a *app) *cobra.Command {
	var o testOptions
	cmd := &cobra.Command{
		Use:     "test [DIR|FILE]",
		Short:   "run the tests that rule files declare",
		GroupID: groupRules,
		Long: `Runs every test of the rules. Of an expect that does not hold it shows the value of each part.

Exit status: 0 if all hold, 1 if one does not, 2 if the rules cannot be read or have errors.`,
		Example: `  muster test                        the rules in this directory
  muster test --run 'VIP|refund'     those whose titles match
  muster test --format junit         for a build server`,
		Args:        cobra.MaximumNArgs(1),
		Annotations: map[string]string{"formats": formatTable + " " + formatJSON + " " + formatJUnit},
		RunE:        func(cmd *cobra.Command, args []string) error { return a.test(cmd.Context(), args, o) },
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&o.run, "run", "", "only tests whose titles match a `pattern`")
	flags.BoolVarP(&o.verbose, "verbose", "v", false, "name the tests that hold, too")
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
	t := &testReport{prog: prog, vs: valuesOf(prog), s: a.style(a.out)}
	t.results = testrun.Run(ctx, prog, testrun.Options{
		Select: func(test *ir.Test) bool { return pattern.MatchString(test.Title) },
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
	if err == nil && t.failed() > 0 {
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
	if n := t.failed(); n > 0 {
		_, err := fmt.Fprintf(a.out, "%s of %s failed\n", count(n), many(len(t.results), "test"))
		return err
	}
	_, err := fmt.Fprintf(a.out, "%s with %s: all hold\n", many(len(t.results), "test"), many(t.expects(), "expect"))
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

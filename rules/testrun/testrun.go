// Package testrun runs the tests that rule files declare.
//
// A test is a store of its own: its members are all there are, tables are empty, and nothing is read from disk.
// Attributes, lists and manual tags stand from the beginning; events come at their time; the clock runs from the first
// event to the first instant of `today`, and on with each `advance`. A sent event arrives at the clock, and happened at
// the clock unless it says otherwise. [Run] runs the tests of a program and says of each expect that failed what its
// parts were.
//
// What the language leaves to a test is settled here:
//   - A manual tag that lapses was set at the first instant of `today`, and holds before it as well.
//   - A member for whom no id is given gets a made up value of the first one-valued id, or of the first; an event without its key gets
//     a made up key.
//   - Where the program has loyalty or campaigns, the clock stops at every instant at which something is due, midnights
//     included: points, tiers, coupons, cases and campaigns do what they do (package runtime/programme). Nobody is held out;
//     codes are made up; what a sink gets is recorded and goes nowhere. Members who are in a segment when the test begins,
//     before its first event, were there before the campaign.
//   - Crossings within a day are found at the instant at which an event leaves a window of hours or minutes, and at full
//     hours for what else counts hours.
//   - Cuts of ntiles are taken at the start and at each local midnight that the clock passes, over the members of the
//     test; those of an ntile that only an expect has, at the expect.
//
// Conditions are decided by the expression plan (compiler/exprplan), not by the block engine: tests of rules are a check
// on it too.
package testrun

import (
	"context"
	"fmt"

	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/rules/cover"
	"github.com/muster-engine/muster/runtime/programme"
)

// Options say which tests are run. The zero value runs all.
type Options struct {
	// Select tells whether a test is run; nil takes all.
	Select func(*ir.Test) bool
	// Cover, if not nil, is told what the tests reach.
	Cover *cover.Coverage
}

// Result is what came of one test.
type Result struct {
	Test *ir.Test
	// Expects is how many expects were tried.
	Expects int
	// Failures are the expects that did not hold, in the order of the steps; the test goes on after one.
	Failures []Failure
	// Err is set where the test could not be run to its end: it was cancelled, or the engine is at fault.
	Err error
}

// Passed reports whether every expect held.
func (r Result) Passed() bool { return r.Err == nil && len(r.Failures) == 0 }

// Failure is an expect that did not hold.
type Failure struct {
	Step *ir.TestStep
	// Span is where the expect stands.
	Span diag.Span
	// Member is the member's name in the test.
	Member string
	// Text is the condition as written.
	Text string
	// Clock is the time of the test, in microseconds since 1970.
	Clock int64
	// Why is the condition with the value of each part.
	Why *exprplan.Clause
}

// kit is what the tests of a program are run with.
type kit struct {
	evaluator *exprplan.Evaluator
	conductor *programme.Conductor
	cover     *cover.Coverage
}

func newKit(p *ir.Program, cover *cover.Coverage) (k kit, err error) {
	k.cover = cover
	if k.evaluator, err = exprplan.New(p); err != nil {
		return k, err
	}
	if k.conductor, err = programme.New(p, "test"); err == nil && cover != nil {
		k.conductor.Keeper().Evaluator().Watch = func(w *exprplan.World, m *exprplan.Member, event *exprplan.Event, n *ir.Node) {
			// What cannot be evaluated fails where it is asked for.
			_ = cover.Saw(w, m, event, n)
		}
	}
	return k, err
}

// Run runs the tests of a program in their order. When ctx ends, the tests that are left get its error.
func Run(ctx context.Context, p *ir.Program, opt Options) []Result {
	k, err := newKit(p, opt.Cover)
	var results []Result
	for _, test := range p.Tests {
		if opt.Select != nil && !opt.Select(test) {
			continue
		}
		r := Result{Test: test, Err: err}
		if r.Err == nil {
			r.Err = ctx.Err()
		}
		if r.Err == nil {
			r.Err = run(ctx, p, k, test, &r)
		}
		results = append(results, r)
	}
	return results
}

func run(ctx context.Context, p *ir.Program, k kit, test *ir.Test, r *Result) error {
	s, err := begin(p, k, test)
	if err != nil {
		return err
	}
	for _, step := range test.Steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		switch {
		case step.To != nil:
			err = s.advance(*step.To)
		case step.By != nil:
			to, ok := p.Zone.AddSpanToTime(s.clock, step.By.N, step.By.Unit)
			if !ok {
				return fmt.Errorf("%s: the clock cannot go that far", step.Span)
			}
			err = s.advance(to)
		case step.Send != nil:
			err = s.send(s.members[step.Member], step.Send)
		case step.Expect != nil:
			err = s.expect(step, r)
		}
		if err != nil {
			return err
		}
	}
	if k.cover != nil {
		for _, m := range s.members {
			k.cover.Facts(m.Events)
		}
	}
	return nil
}

// expect tries one condition.
func (s *state) expect(step *ir.TestStep, r *Result) error {
	r.Expects++
	m := s.members[step.Member]
	w := s.world(s.clock)
	if step.Query != nil {
		if err := s.takeCuts(s.clock, step.Query.Ntiles); err != nil {
			return err
		}
	}
	v, err := s.evaluator.Value(w, &m.Member, step.Expect)
	if err != nil {
		return err
	}
	if s.cover != nil {
		if err := s.cover.Saw(w, &m.Member, nil, step.Expect); err != nil {
			return err
		}
	}
	if v.True() {
		return nil
	}
	why, err := s.evaluator.Why(w, &m.Member, step.Expect)
	if err != nil {
		return err
	}
	f := Failure{Step: step, Span: step.Span, Member: m.name, Clock: s.clock, Why: why}
	if step.Source != nil {
		f.Text = step.Source.Span().Text()
	}
	r.Failures = append(r.Failures, f)
	return nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func newLoadReport(a *app) *cobra.Command {
	o := loadOptions{connections: 64, duration: 20 * time.Second}
	var only []string
	cmd := &cobra.Command{
		Use:   "report DIR",
		Short: "print the table of docs/performance.md",
		Long: `Runs the measurements of docs/performance.md one after the other, each on a fresh copy of DIR/live.db, which is
made first if it is not there: as many events as are answered, alone and in batches; 8,000 a second, also while a
checkpoint, a reload and a midnight go on; and a start after a kill that left all of them in the journal; and the same
with a programme of points, tiers, coupons and campaigns on. The columns p50 to max are milliseconds from the instant at
which a request was due to its answer.

A measurement that fails is told of at the end, and the others are taken all the same. With --format markdown each line
is printed when it is there.`,
		Example: `  muster load report data --members 1000000
  muster load report data --format markdown --only 'a reload' --only 'then a kill'
  muster load report data --members 8000000 --orders 40000000 --format json`,
		Args:        cobra.ExactArgs(1),
		Annotations: map[string]string{"formats": formatTable + " " + formatJSON + " " + formatMarkdown},
		RunE:        func(cmd *cobra.Command, args []string) error { return a.loadReport(cmd.Context(), args[0], only, o) },
	}
	cmd.Flags().SortFlags = false
	o.sizes(cmd)
	cmd.Flags().DurationVar(&o.duration, "duration", o.duration, "how `long` each measurement goes on")
	cmd.Flags().Int64Var(&o.events, "events", 0, "end each after so many events")
	cmd.Flags().StringArrayVar(&only, "only", nil, "the measurements with this `text` in their names; may be given more than once")
	return cmd
}

// reportLine is a line of the table.
type reportLine struct {
	what   string
	batch  int
	rate   float64
	during string
	killed bool
	// programme says that points, tiers, coupons and campaigns are on.
	programme bool
}

// reported are the lines of the table.
var reported = []reportLine{
	{what: "as many as are answered", batch: 1},
	{what: "as many as are answered", batch: 100},
	{what: "8,000/s", batch: 1, rate: 8000},
	{what: "8,000/s", batch: 20, rate: 8000},
	{what: "8,000/s, a checkpoint", batch: 20, rate: 8000, during: "checkpoint"},
	{what: "8,000/s, a reload", batch: 20, rate: 8000, during: "reload"},
	{what: "8,000/s, a midnight", batch: 20, rate: 8000, during: "midnight"},
	{what: "as many, then a kill", batch: 100, killed: true},
	{what: "programme on, as many as are answered", batch: 1, programme: true},
	{what: "programme on, as many as are answered", batch: 100, programme: true},
	{what: "programme on, 8,000/s", batch: 20, rate: 8000, programme: true},
	{what: "programme on, 8,000/s, a checkpoint", batch: 20, rate: 8000, during: "checkpoint", programme: true},
	{what: "programme on, 8,000/s, a reload", batch: 20, rate: 8000, during: "reload", programme: true},
	{what: "programme on, 8,000/s, a midnight", batch: 20, rate: 8000, during: "midnight", programme: true},
	{what: "programme on, 8,000/s, a schedule", batch: 20, rate: 8000, during: "schedule", programme: true},
	{what: "programme on, as many, then a kill", batch: 100, killed: true, programme: true},
}

func (a *app) loadReport(ctx context.Context, dir string, only []string, o loadOptions) error {
	a.now = oneAtATime(a.now)
	o.batch = 1
	if err := o.check(); err != nil {
		return err
	}
	wanted := func(what string) bool {
		return len(only) == 0 || slices.ContainsFunc(only, func(text string) bool { return strings.Contains(what, text) })
	}
	for _, text := range only {
		if !slices.ContainsFunc(reported, func(l reportLine) bool { return strings.Contains(l.what, text) }) {
			return fmt.Errorf("no measurement is called %q; the first is %q", text, reported[0].what)
		}
	}
	var all []*measurement
	var failed []error
	for _, line := range reported {
		if ctx.Err() != nil {
			break
		}
		if !wanted(line.what) {
			continue
		}
		o.batch, o.rate, o.during, o.programme = line.batch, line.rate, line.during, line.programme
		m := &measurement{What: line.what}
		forgetPeak()
		if err := a.measure(ctx, dir, m, o, line.killed); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", line.what, err))
			continue
		}
		all = append(all, m)
		if a.format == formatMarkdown {
			if err := a.showLoadRow(m, len(all) == 1); err != nil {
				return err
			}
		}
	}
	if len(all) > 0 && a.format != formatMarkdown {
		if err := a.showLoad(all); err != nil {
			return err
		}
	}
	return errors.Join(append(failed, ctx.Err())...)
}

// showLoadRow prints a measurement as a row of Markdown, the first one under the head.
func (a *app) showLoadRow(m *measurement, first bool) error {
	if first {
		if _, err := fmt.Fprint(a.out, loadMarkdownHead); err != nil {
			return err
		}
	}
	return m.writeMarkdown(a.out)
}

// forgetPeak makes [peakMemory] begin anew, where the system can do that.
func forgetPeak() {
	debug.FreeOSMemory()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
}

// measure takes one measurement on a copy of its own.
func (a *app) measure(ctx context.Context, dir string, m *measurement, o loadOptions, killed bool) error {
	own := ownOptions{}
	if killed {
		own.checkpointMembers = -1
	}
	s, err := a.ownServer(ctx, dir, o, own)
	if err != nil {
		return err
	}
	defer s.close()
	if err := m.run(ctx, a, s.target(), o, s); err != nil || !killed {
		return err
	}
	s.stop()
	if err := s.open(ctx); err != nil {
		return err
	}
	m.Restart = &restartJSON{MS: milliseconds(s.opening), Journal: m.Accepted}
	return nil
}

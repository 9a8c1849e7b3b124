package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	goruntime "runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/muster-engine/muster/compiler"
	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/rules"
	"github.com/muster-engine/muster/runtime"
	"github.com/muster-engine/muster/runtime/ingest"
	"github.com/muster-engine/muster/runtime/workload"
	"github.com/muster-engine/muster/storage"
)

func newBench(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "bench",
		Short:   "measure: the benchmark of docs/performance.md",
		GroupID: groupStore,
		Args:    cobra.NoArgs,
	}
	cmd.AddCommand(newBenchGen(a), newBenchRun(a))
	return cmd
}

func newBenchGen(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "gen DIR MEMBERS ORDERS",
		Short:   "write the benchmark's members.csv, stores.csv and orders.csv",
		Example: "  muster bench gen data 100000 500000",
		Args:    cobra.ExactArgs(3),
		RunE: func(_ *cobra.Command, args []string) error {
			members, errM := strconv.ParseInt(args[1], 10, 64)
			orders, errO := strconv.ParseInt(args[2], 10, 64)
			if errM != nil || errO != nil || members < 1 || members > 99_999_999 || orders < 0 {
				return usageError("bench gen", "MEMBERS and ORDERS are whole numbers, of up to 99999999 members")
			}
			return writeWorkload(args[0], members, orders)
		},
	}
}

func writeWorkload(dir string, members, orders int64) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for name, write := range map[string]func(io.Writer) error{
		"stores.csv":  workload.WriteStores,
		"members.csv": func(w io.Writer) error { return workload.WriteMembers(w, members) },
		"orders.csv":  func(w io.Writer) error { return workload.WriteOrders(w, members, orders) },
	} {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		if err := write(f); err != nil {
			f.Close()
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}

type benchOptions struct {
	repeat int
	keep   bool
}

func newBenchRun(a *app) *cobra.Command {
	var o benchOptions
	cmd := &cobra.Command{
		Use:   "run DIR",
		Short: "import the benchmark's files into a store in DIR, compute its tags, ask its conditions",
		Long: `Prints a line per measurement: what, a tab, the best seconds of the repetitions, a tab, the answer. The files are
those of bench gen. No answer is kept between repetitions: a condition over tags is evaluated each time on columns and
indexes that are in memory, one with an aggregate that is not declared is folded from history each time.`,
		Example: "  muster bench run data --repeat 5",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return a.bench(cmd.Context(), args[0], o) },
	}
	cmd.Flags().IntVar(&o.repeat, "repeat", 5, "how many `times` each question is asked")
	cmd.Flags().BoolVar(&o.keep, "keep", false, "use the store of an earlier run instead of importing")
	return cmd
}

// meter prints measurements.
type meter struct {
	*app
	repeat int
}

func (m *meter) line(what string, spent time.Duration, value any) {
	fmt.Fprintf(m.out, "%s\t%.6f\t%v\n", what, spent.Seconds(), value)
}

// best runs f the meter's number of times and prints the shortest; before runs unmeasured ahead of each.
func (m *meter) best(what string, before func(), f func() (any, error)) error {
	best, value := time.Duration(1<<62), any(nil)
	for range max(1, m.repeat) {
		if before != nil {
			before()
		}
		began := m.now()
		v, err := f()
		if err != nil {
			return err
		}
		best, value = min(best, m.now().Sub(began)), v
	}
	m.line(what, best, value)
	return nil
}

func (a *app) bench(ctx context.Context, dir string, o benchOptions) error {
	set := rules.FromSources([]rules.Source{{Name: "rules.muster", Text: workload.Rules}})
	prog, err := a.program(set)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, "bench.db")
	m := &meter{a, o.repeat}
	if !o.keep {
		if err := m.load(ctx, prog, dir, path); err != nil {
			return err
		}
	}
	store, err := storage.Open(path, storage.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer store.Close()
	engine := runtime.New(prog, store.Snapshot(), runtime.Options{})
	day := calendar.FromCivil(workload.Clock.Year, workload.Clock.Month, workload.Clock.Day)
	view := engine.AsOf(prog.Zone.Midnight(day))
	if view, err = m.tags(ctx, prog, engine, view); err != nil {
		return err
	}
	if err := m.ask(ctx, prog, view); err != nil {
		return err
	}
	m.line("peak memory, MiB", 0, peakMemory()>>20)
	return nil
}

// load imports the files into a new store.
func (m *meter) load(ctx context.Context, prog *ir.Program, dir, path string) error {
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return err
	}
	store, err := storage.Open(path, storage.Options{Create: true})
	if err != nil {
		return err
	}
	defer store.Close()
	total := m.now()
	for _, src := range prog.Sources {
		began := m.now()
		r, err := ingest.Run(ctx, ingest.Options{
			Store: store, Program: prog, Source: src, Files: []string{filepath.Join(dir, src.Name+".csv")}, MaxRejects: -1,
		})
		if err != nil {
			return err
		}
		m.line("import "+src.Name, m.now().Sub(began), r.Accepted)
	}
	m.line("import, total", m.now().Sub(total), store.Members())
	debug.FreeOSMemory()
	m.line("memory after import, MiB", 0, peakMemory()>>20)
	return nil
}

// tags computes all tags from history: once with the history on disk, then on a new view with it in memory.
func (m *meter) tags(ctx context.Context, prog *ir.Program, engine *runtime.Engine, view *runtime.View) (*runtime.View, error) {
	var nodes []*ir.Node
	for _, t := range prog.Tags {
		q, err := benchQuery(prog, t.Name)
		if err != nil {
			return nil, err
		}
		n := q.Node
		if n.Op == ir.OpTruth {
			n = n.Args[0]
		}
		nodes = append(nodes, n)
	}
	what := fmt.Sprintf("%d tags from history", len(nodes))
	began := m.now()
	if err := view.Compute(ctx, nodes...); err != nil {
		return nil, err
	}
	m.line(what+", first", m.now().Sub(began), len(nodes))
	now := view.Now()
	view = nil
	goruntime.GC()
	err := m.best(what+", hot", func() { view = engine.AsOf(now); goruntime.GC() }, func() (any, error) {
		return len(nodes), view.Compute(ctx, nodes...)
	})
	return view, err
}

func (m *meter) ask(ctx context.Context, prog *ir.Program, view *runtime.View) error {
	questions, err := workload.Questions()
	if err != nil {
		return err
	}
	count := func(text string, before func(*ir.Query)) error {
		q, err := benchQuery(prog, text)
		if err != nil {
			return err
		}
		return m.best(text, func() { before(q) }, func() (any, error) { return view.Count(ctx, q.Node) })
	}
	asked := func(*ir.Query) {}
	for _, text := range append([]string{"spend_365d >= 1000"}, questions.Declared...) {
		if err := count(text, asked); err != nil {
			return err
		}
	}
	for _, text := range questions.Undeclared {
		if err := count(text, func(q *ir.Query) { view.Forget(q.Slots) }); err != nil {
			return err
		}
	}
	return nil
}

func benchQuery(prog *ir.Program, text string) (*ir.Query, error) {
	q, found := compiler.CompileQuery(prog, diag.NewFile("condition", text), nil)
	if found.HasErrors() {
		var out strings.Builder
		diag.Render(&out, found, diag.RenderOptions{})
		return nil, fmt.Errorf("%s", out.String())
	}
	return q, nil
}

// peakMemory is the most memory that the process has had resident, in bytes; 0 where the system does not tell.
func peakMemory() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kib << 10
		}
	}
	return 0
}

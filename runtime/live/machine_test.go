package live

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/muster-engine/muster/compiler"
	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/runtime"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// TestMachine drives an engine with whatever can happen to it and holds it, after each step, to a model that builds
// everything from nothing: the standing view has the same values, and the same crossings were reported.
//
// MUSTER_LONG=1 makes thousands of steps of it.
func TestMachine(t *testing.T) {
	checks, steps := "2", "20"
	if os.Getenv("MUSTER_LONG") != "" {
		checks, steps = "12", "40"
	}
	for name, value := range map[string]string{"rapid.checks": checks, "rapid.steps": steps, "rapid.nofailfile": "true"} {
		f := flag.Lookup(name)
		if old := f.Value.String(); old == f.DefValue {
			f.Value.Set(value)
			t.Cleanup(func() { f.Value.Set(old) })
		}
	}
	for _, rules := range ruleSets {
		t.Run(rules.name, func(t *testing.T) {
			versions := compileVersions(t, rules)
			dir, round := t.TempDir(), 0
			rapid.Check(t, func(rt *rapid.T) {
				round++
				m := &machine{
					t: rt, rules: rules, version: versions[0], versions: versions, path: filepath.Join(dir, fmt.Sprint(round)),
					model: newModel(rules, versions[0].prog),
				}
				defer m.close()
				m.begin()
				rt.Repeat(map[string]func(*rapid.T){
					"":           m.check,
					"submit":     m.submit,
					"submit2":    m.submit,
					"concurrent": m.concurrent,
					"clock":      m.moveClock,
					"clock2":     m.moveClock,
					"command":    m.commandClock,
					"once":       m.once,
					"restart":    m.restart,
					"checkpoint": m.checkpoint,
					"fail":       m.fail,
					"reload":     m.reload,
				})
			})
		})
	}
}

func compileRules(t *testing.T, rules *ruleSet) (*ir.Program, []*ir.Query) {
	t.Helper()
	tree, found := dsl.Parse(diag.NewFile(rules.name, rules.text))
	prog, more := compiler.Compile([]*dsl.RuleFile{tree})
	if found = append(found, more...); found.HasErrors() {
		t.Fatal(found)
	}
	var asks []*ir.Query
	for _, text := range rules.asks {
		q, found := compiler.CompileQuery(prog, diag.NewFile("condition", text), nil)
		if found.HasErrors() {
			t.Fatal(text, found)
		}
		asks = append(asks, q)
	}
	return prog, asks
}

// version is a rule set as it was or is edited.
type version struct {
	prog *ir.Program
	asks []*ir.Query
}

func compileVersions(t *testing.T, rules *ruleSet) []version {
	t.Helper()
	var out []version
	for _, edit := range append([][]string{nil}, rules.edits...) {
		edited := *rules
		for i := 0; i < len(edit); i += 2 {
			if strings.Count(edited.text, edit[i]) != 1 {
				t.Fatalf("%q is not once in the rules", edit[i])
			}
			edited.text = strings.Replace(edited.text, edit[i], edit[i+1], 1)
		}
		prog, asks := compileRules(t, &edited)
		out = append(out, version{prog, asks})
	}
	return out
}

// machine is an engine and what is known about it.
type machine struct {
	t        *rapid.T
	rules    *ruleSet
	version  // in force
	versions []version
	path     string

	store  *storage.Store
	engine *Engine
	system atomic.Int64
	pinned bool

	failing atomic.Bool
	mu      sync.Mutex
	written []entry // by this process, in order

	model   *model
	checked int // crossings
	sent    int // inputs
	kept    []kept
	asked   int // how many submissions that count once there were
}

var errDisk = errors.New("the disk is full")

func (m *machine) must(err error) {
	if err != nil {
		m.t.Helper()
		m.t.Fatalf("%+v", err)
	}
}

// append stands in for the journal.
func (m *machine) append(e storage.JournalEntry) error {
	if m.failing.Load() {
		return errDisk
	}
	en, err := decodeEntry(e.Record)
	if err != nil {
		return err
	}
	if err := m.store.AppendJournal(e); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.written = append(m.written, en)
	return nil
}

// begin makes a store, at times with members imported beforehand, and opens it.
func (m *machine) begin() {
	start, err := time.ParseInLocation("2006-01-02T15:04", rapid.SampledFrom(m.rules.start).Draw(m.t, "start"), m.prog.Zone.Location())
	m.must(err)
	m.system.Store(start.UnixMicro())
	m.model.clock = start.UnixMicro()
	m.store, err = storage.Open(m.path, storage.Options{Create: true})
	m.must(err)
	m.pinned = rapid.IntRange(0, 3).Draw(m.t, "pinned") == 0
	m.setClock(start.UnixMicro())
	m.bulk()
	m.must(m.model.takeCuts(m.model.clock))
	m.must(m.model.look(m.model.clock, ""))
	m.model.log, m.model.conflicts = nil, nil
	m.open()
}

func (m *machine) open() {
	var err error
	m.engine, err = Open(context.Background(), Options{
		Store: m.store, Program: m.prog, System: m.system.Load, append: m.append,
		CheckpointMembers: rapid.SampledFrom([]int{-1, 2, 5, 0}).Draw(m.t, "checkpoint at"),
		dawn:              rapid.SampledFrom([]int64{0, 48 * calendar.Hour}).Draw(m.t, "midnights are prepared"),
	})
	m.must(err)
}

func (m *machine) close() {
	if m.engine != nil {
		m.engine.Close()
	}
	if m.store != nil {
		m.store.Close()
	}
	os.Remove(m.path)
}

func (m *machine) setClock(t int64) {
	if m.engine != nil { // set back, the clock may show again what was passed without anything being written
		defer func() { m.model.clock = min(m.model.clock, max(t, m.engine.Clock())) }()
	}
	if m.pinned {
		m.must(m.store.SetClock(storage.Clock{Pinned: true, At: t}))
	} else {
		m.system.Store(t)
	}
}

func (m *machine) shows() int64 {
	if m.pinned {
		return m.store.Clock().At
	}
	return m.system.Load()
}

// now is the engine's time: it does not run backwards.
func (m *machine) now() int64 { return max(m.shows(), m.model.clock) }

// submit hands a few inputs over at once.
func (m *machine) submit(t *rapid.T) {
	m.hand(m.inputs(t, rapid.IntRange(1, 4).Draw(t, "inputs")))
}

func (m *machine) hand(in []Input) {
	out, err := m.engine.Submit(context.Background(), in)
	m.must(err)
	m.taken(in, out)
}

// taken holds the outcomes of what was handed over to the model.
func (m *machine) taken(in []Input, out []Outcome) {
	m.must(m.model.pass(m.now()))
	for i, one := range in {
		want := m.model.take(one, m.now())
		want.Reason = out[i].Reason
		if out[i] != want {
			m.t.Fatalf("%s: the outcome is %+v, not %+v", describe(one), out[i], want)
		}
		m.must(m.model.look(m.now(), "input"))
	}
}

// concurrent hands over from several goroutines. In which order and groups they were taken the journal tells.
func (m *machine) concurrent(t *rapid.T) {
	submissions := make([][]Input, rapid.IntRange(2, 4).Draw(t, "submissions"))
	sent := map[string]Input{}
	for i := range submissions {
		submissions[i] = m.inputs(t, rapid.IntRange(1, 2).Draw(t, "inputs"))
		for k := range submissions[i] {
			m.sent++
			submissions[i][k].By = fmt.Sprint("input ", m.sent)
			sent[submissions[i][k].By] = submissions[i][k]
		}
	}
	m.must(m.model.pass(m.now()))
	m.poke()
	m.mu.Lock()
	from := len(m.written)
	m.mu.Unlock()
	outcomes, errs := make([][]Outcome, len(submissions)), make([]error, len(submissions))
	var wg sync.WaitGroup
	for i, in := range submissions {
		wg.Go(func() { outcomes[i], errs[i] = m.engine.Submit(context.Background(), in) })
	}
	wg.Wait()
	m.must(errors.Join(errs...))
	m.mu.Lock()
	defer m.mu.Unlock()
	members := map[string]uint32{}
	for _, en := range m.written[from:] {
		for _, in := range en.Inputs {
			out := m.model.take(sent[in.By], en.Clock)
			if out.Status != Accepted {
				t.Fatalf("%s was accepted and should not be", describe(in))
			}
			members[in.By] = out.Member
			m.must(m.model.look(en.Clock, "input"))
		}
	}
	for i, in := range submissions {
		for k, one := range in {
			member, accepted := members[one.By]
			if out := outcomes[i][k]; accepted != (out.Status == Accepted) || accepted && out.Member != member {
				t.Fatalf("%s: the outcome is %+v; it was written %t, of member %d", describe(one), out, accepted, member)
			} else if !accepted && (one.Kind == Attributes || one.Kind == List) {
				t.Fatalf("%s was not accepted (%s) and should be", describe(one), out.Reason)
			}
		}
	}
}

// poke makes the engine see that its clock has moved, by an input that does nothing.
func (m *machine) poke() {
	_, err := m.engine.Submit(context.Background(), []Input{{Kind: Retract, IDs: []ID{{"phone", "nobody"}}}})
	m.must(err)
}

func (m *machine) moveClock(t *rapid.T) {
	m.setClock(m.drawClock(t))
	if rapid.Bool().Draw(t, "poke") {
		m.must(m.model.pass(m.now()))
		m.poke()
	}
}

func (m *machine) drawClock(t *rapid.T) int64 {
	const second, minute, hour, day = 1_000_000, 60_000_000, 3600_000_000, 86400_000_000
	now := m.now()
	by := func(n, unit int) int64 { return now + int64(rapid.IntRange(1, n).Draw(t, "n")*unit) }
	switch rapid.IntRange(0, 9).Draw(t, "move") {
	case 0:
		return by(90, second)
	case 1:
		return by(90, minute)
	case 2, 3:
		return by(12, hour)
	case 4:
		return by(3, day)
	case 5:
		return by(10, day)
	case 6:
		return now - int64(rapid.IntRange(1, 100).Draw(t, "back")*minute)
	case 7:
		midnights := dateChanges(m.prog.Zone.Location(), now, now+3*day)
		return rapid.SampledFrom(midnights).Draw(t, "midnight") + int64(rapid.IntRange(-1, 1).Draw(t, "beside"))
	}
	if next := m.model.instants(now, now+2*day); len(next) > 0 {
		return next[rapid.IntRange(0, min(len(next)-1, 20)).Draw(t, "next")] + int64(rapid.IntRange(-1, 1).Draw(t, "beside"))
	}
	return by(48, hour)
}

// restart closes the store and opens it again, at times later.
func (m *machine) restart(t *rapid.T) {
	m.engine.Close()
	m.must(m.store.Close())
	if rapid.Bool().Draw(t, "later") && !m.pinned {
		m.setClock(m.drawClock(t))
	}
	var err error
	m.store, err = storage.Open(m.path, storage.Options{})
	m.must(err)
	// Where nothing was written since, the time may have been forgotten.
	m.model.clock = min(m.model.clock, max(m.shows(), m.written[len(m.written)-1].Clock))
	m.open()
	m.must(m.model.pass(m.now()))
}

// checkpoint moves what was accepted into the store's columns.
func (m *machine) checkpoint(*rapid.T) { m.must(m.engine.Checkpoint(context.Background())) }

// fail lets the journal fail: nothing must change, and it can be tried again.
func (m *machine) fail(t *rapid.T) {
	m.failing.Store(true)
	defer m.failing.Store(false)
	if rapid.Bool().Draw(t, "later") {
		m.setClock(m.drawClock(t))
	}
	in := m.inputs(t, rapid.IntRange(1, 3).Draw(t, "inputs"))
	fails, err := m.model.due(m.now())
	m.must(err)
	_, err = m.engine.Submit(context.Background(), in)
	if err != nil && !errors.Is(err, errDisk) {
		m.must(err)
	}
	if err == nil && fails {
		t.Fatal("the engine did not tell that the journal failed")
	}
	if err != nil {
		m.compare(t)
		m.crossings()
	} else {
		for _, one := range in {
			if m.model.take(one, m.now()).Status == Accepted {
				t.Fatalf("%s is said to be accepted, and was not written", describe(one))
			}
		}
	}
	m.failing.Store(false)
	m.hand(in)
}

// check compares everything after each step.
func (m *machine) check(t *rapid.T) {
	m.must(m.model.pass(m.now()))
	m.poke()
	m.crossings()
	m.compare(t)
	m.conflicts()
}

// conflicts compares those that were reported.
func (m *machine) conflicts() {
	m.t.Helper()
	var got []storage.Conflict
	m.must(m.store.Conflicts(0, func(c storage.Conflict) (bool, error) {
		got = append(got, c)
		return true, nil
	}))
	if !reflect.DeepEqual(got, m.model.conflicts) {
		m.t.Fatalf("conflicts %+v, not %+v\n%s", got, m.model.conflicts, m.story())
	}
}

// crossings compares what was reported with what there was.
func (m *machine) crossings() {
	m.t.Helper()
	got, err := m.engine.Crossings(uint64(m.checked), 1<<30)
	m.must(err)
	want := m.model.log[m.checked:]
	if !slices.Equal(got, want) {
		var b strings.Builder
		for i := range max(len(got), len(want)) {
			switch {
			case i >= len(got):
				fmt.Fprintf(&b, "  is missing: %s\n", want[i])
			case i >= len(want):
				fmt.Fprintf(&b, "  is too many: %s\n", got[i])
			case got[i] != want[i]:
				fmt.Fprintf(&b, "  got  %s\n  want %s\n", got[i], want[i])
			}
		}
		m.t.Fatalf("crossings, the clock at %s:\n%s%s", utc(m.now()), &b, m.story())
	}
	m.checked = len(m.model.log)
}

// compare holds the standing view to one that is built from nothing.
func (m *machine) compare(t *rapid.T) {
	t.Helper()
	ctx := context.Background()
	got := m.engine.View()
	want := m.model.view(got.Now())
	var nodes []*ir.Node
	var texts []string
	ask := func(text string, n *ir.Node) { nodes, texts = append(nodes, n), append(texts, text) }
	for i, tag := range m.prog.Tags {
		ask(tag.Name, &ir.Node{Op: ir.OpTag, Type: tag.Type, Index: i, Nullable: true, Key: "tag " + tag.Name})
	}
	for i, q := range m.asks {
		if rapid.IntRange(0, 3).Draw(t, fmt.Sprint("ask ", i)) == 0 {
			ask(q.Text, q.Node)
			if q.Condition {
				a, err := got.Select(ctx, q.Node)
				m.must(err)
				b, err := want.Select(ctx, q.Node)
				m.must(err)
				if !a.Equals(b) {
					t.Fatalf("at %s: %s holds for %v, not %v\n%s", utc(got.Now()), q.Text, a, b, m.story())
				}
			}
		}
	}
	segments, err := got.Segments(ctx)
	m.must(err)
	for i, s := range m.prog.Segments {
		again, err := got.Select(ctx, s.Expr)
		m.must(err)
		rebuilt, err := want.Select(ctx, s.Expr)
		m.must(err)
		if !segments[i].Equals(rebuilt) || !again.Equals(rebuilt) {
			t.Fatalf("at %s: in %s are %v (asked again: %v), not %v\n%s", utc(got.Now()), s.Name, segments[i], again, rebuilt, m.story())
		}
	}
	a, b := m.values(got, nodes), m.values(want, nodes)
	for i := range nodes {
		for n := range m.model.people {
			if m.model.people[n].live() && !same(a[i][n], b[i][n]) {
				t.Fatalf("at %s: %s of member %d is %s, not %s\n%s", utc(got.Now()), texts[i], n, show(a[i][n]), show(b[i][n]), m.story())
			}
		}
	}
}

// values evaluates nodes for everybody.
func (m *machine) values(v *runtime.View, nodes []*ir.Node) [][]ir.Value {
	out := make([][]ir.Value, len(nodes))
	for i := range out {
		out[i] = make([]ir.Value, len(m.model.people))
	}
	seen := 0
	err := v.Values(context.Background(), nil, nodes, func(p runtime.Part) error {
		seen += len(p.Members)
		for i := range nodes {
			for _, n := range p.Members {
				out[i][n] = p.Values[i].Value(int(n - p.Base))
			}
		}
		return nil
	})
	m.must(err)
	want := 0
	for _, p := range m.model.people {
		if p.live() {
			want++
		}
	}
	if seen != want {
		m.t.Fatalf("there are %d members, not %d", seen, want)
	}
	return out
}

func same(a, b ir.Value) bool {
	if !a.Known || !b.Known {
		return a.Known == b.Known
	}
	return a.I == b.I && a.F == b.F && a.D == b.D && a.S == b.S && slices.Equal(a.Set, b.Set)
}

func show(v ir.Value) string {
	if !v.Known {
		return "unknown"
	}
	return fmt.Sprintf("%v %d %v %v %q %q", v.Kind, v.I, v.F, v.D, v.S, v.Set)
}

func describe(in Input) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %v %s%s%s key %q", [...]string{"", "event", "attributes", "manual", "list", "retract", "change", "split", "forget"}[in.Kind], in.IDs, in.Type, in.Tag, in.Name, in.Key)
	if in.At != 0 {
		fmt.Fprintf(&b, " at %s", utc(in.At))
	}
	if in.Kind >= Change {
		fmt.Fprintf(&b, " #%d to %v, join %t", in.Member, in.To, in.Join)
	}
	names := make([]string, 0, len(in.Values))
	for name, v := range in.Values {
		names = append(names, fmt.Sprintf("%s=%s", name, showStored(v)))
	}
	sort.Strings(names)
	fmt.Fprintf(&b, " %v %s mode %d", names, showStored(in.Value), in.Mode)
	return b.String()
}

func showStored(v column.Value) string {
	switch v.Kind {
	case column.Ints:
		return fmt.Sprint(v.Int)
	case column.Floats:
		return fmt.Sprint(v.Float)
	case column.Texts:
		return v.Text
	case column.Sets:
		return fmt.Sprint(v.Set)
	}
	return "-"
}

// story is what was written so far.
func (m *machine) story() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var b strings.Builder
	for _, en := range m.written {
		fmt.Fprintf(&b, "  %s\n", utc(en.Clock))
		for _, in := range en.Inputs {
			fmt.Fprintf(&b, "    %s\n", describe(in))
		}
	}
	return b.String()
}

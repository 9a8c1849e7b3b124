package reference

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
)

// TestCases evaluates the test blocks of every rule set under testdata: rules, members, and what must hold of them,
// each computed by hand from a sentence of the language.
func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/*.muster")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		file := parse(t, name, string(text))
		for _, decl := range file.Decls {
			if test, ok := decl.(*dsl.Test); ok {
				base := strings.TrimSuffix(filepath.Base(name), ".muster")
				t.Run(base+"/"+test.Title.Value, func(t *testing.T) { runCase(t, file, test) })
			}
		}
	}
}

func parse(t *testing.T, name, text string) *dsl.RuleFile {
	t.Helper()
	file, diags := dsl.Parse(diag.NewFile(name, text))
	for _, d := range diags {
		t.Errorf("%s: %s %s", d.Span, d.Code, d.Message)
	}
	if t.Failed() {
		t.FailNow()
	}
	return file
}

func expression(t *testing.T, text string) dsl.Expr {
	t.Helper()
	e, diags := dsl.ParseExpr(diag.NewFile("expression", text))
	if e == nil || len(diags) > 0 {
		t.Fatalf("%s: %v", text, diags)
	}
	return e
}

func runCase(t *testing.T, file *dsl.RuleFile, test *dsl.Test) {
	m, err := New([]*dsl.RuleFile{file})
	if err != nil {
		t.Fatal(err)
	}
	world, members := &World{}, map[string]*Member{}
	for i, tm := range test.Members {
		member := testMember(t, m, tm)
		member.Number = uint32(i)
		members[tm.Name.Text] = member
		world.Members = append(world.Members, member)
	}
	now := literalTime(m, test.Today)
	for _, step := range test.Steps {
		switch step := step.(type) {
		case *dsl.Advance:
			if step.By != nil {
				now = now.add(step.By.N, step.By.Unit, m.zone)
			} else {
				now = literalTime(m, step.To)
			}
		case *dsl.Expect:
			at := m.At(world, int64(now))
			for _, clause := range clauses(step.Cond) {
				holds, err := at.Holds(members[step.Member.Text], clause)
				if err != nil {
					t.Errorf("%s: %v", clause.Span(), err)
				} else if !holds {
					t.Errorf("%s: does not hold: %s%s", clause.Span(), clause.Span().Text(), sides(at, members[step.Member.Text], clause))
				}
			}
		}
	}
}

// clauses splits a conjunction, so that a failure names the one that does not hold.
func clauses(e dsl.Expr) []dsl.Expr {
	if b, ok := e.(*dsl.Binary); ok && b.Op == dsl.OpAnd {
		return append(clauses(b.X), clauses(b.Y)...)
	}
	return []dsl.Expr{e}
}

// sides shows what the two sides of a comparison are.
func sides(at *Instant, member *Member, e dsl.Expr) string {
	b, ok := e.(*dsl.Binary)
	if !ok {
		return ""
	}
	x, errX := at.Eval(member, b.X)
	y, errY := at.Eval(member, b.Y)
	if errX != nil || errY != nil {
		return ""
	}
	return "\n\tit is " + x.String() + " " + string(b.Op) + " " + y.String()
}

func testMember(t *testing.T, m *Model, tm *dsl.TestMember) *Member {
	member := &Member{Attributes: map[string]Value{}, Manual: map[string]ManualTag{}, Lists: map[string]bool{}}
	for _, v := range tm.Values {
		member.Attributes[v.Name.Text] = testValue(m, v, m.attributes[v.Name.Text])
	}
	for _, l := range tm.Lists {
		member.Lists[l.Text] = true
	}
	for _, te := range tm.Events {
		event := m.events[te.Event.Text]
		if event == nil {
			t.Fatalf("%s: there is no event %s", te.At, te.Event.Text)
		}
		e := Event{Type: te.Event.Text, At: int64(literalTime(m, te.When)), Fields: map[string]Value{}}
		for _, v := range te.Values {
			e.Fields[v.Name.Text] = testValue(m, v, event.types[v.Name.Text])
		}
		member.Events = append(member.Events, e)
	}
	return member
}

func testValue(m *Model, v *dsl.TestValue, t typ) Value {
	at := m.At(&World{}, 0)
	if t.shape == shapeSet {
		value := Value{Kind: Set}
		for _, e := range v.Value {
			value.Set = append(value.Set, e.(*dsl.StringLit).Value)
		}
		return value
	}
	x := scope{at: at}.eval(v.Value[0])
	return store(m.settle(m.widen(x, t)))
}

// literalTime is the instant of a date, its first one, or of a local time.
func literalTime(m *Model, e dsl.Expr) instant {
	switch x := (scope{at: m.At(&World{}, 0)}).eval(e).(type) {
	case day:
		return instantOf(x, 0, m.zone)
	case instant:
		return x
	}
	panic(faultf("%s is no time", e))
}

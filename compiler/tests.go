package compiler

import (
	"fmt"
	"strconv"

	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
)

// readTests resolves the tests of the rule set.
func (c *compilation) readTests() {
	for _, d := range c.decls.tests {
		r := &testReader{c: c, decl: d, test: &ir.Test{Title: d.Title.Value, Span: d.At}, owner: "test " + strconv.Quote(d.Title.Value), members: map[string]int{}}
		r.read()
		c.program.Tests = append(c.program.Tests, r.test)
	}
}

// testReader reads one test.
type testReader struct {
	c       *compilation
	decl    *dsl.Test
	test    *ir.Test
	owner   string
	members map[string]int
	clock   int64 // the test's clock at the step being read
	started bool  // whether the clock is known
}

func (r *testReader) report(code string, at diag.Span, hint, format string, args ...any) {
	r.c.report(code, at, r.owner, hint, fmt.Sprintf(format, args...))
}

func (r *testReader) read() {
	if d := r.decl.Today; d != nil {
		r.test.Today = calendar.FromCivil(d.Year, d.Month, d.Day)
		r.clock, r.started = r.c.program.Zone.Midnight(r.test.Today), true
	} else {
		r.report("M0601", r.decl.Title.At, "write `today 2026-06-01`", "the test does not say what day it is")
	}
	for _, m := range r.decl.Members {
		r.member(m)
	}
	expects := false
	for _, s := range r.decl.Steps {
		if step := r.step(s); step != nil {
			r.test.Steps = append(r.test.Steps, step)
		}
		_, isExpect := s.(*dsl.Expect)
		expects = expects || isExpect
	}
	if !expects {
		r.c.warning("M0810", r.decl.Title.At, r.owner, "add `expect NAME: CONDITION`", "this test expects nothing, so it cannot fail")
	}
}

func (r *testReader) member(d *dsl.TestMember) {
	m := &ir.TestMember{Name: d.Name.Text}
	if first, ok := r.members[d.Name.Text]; ok {
		r.c.report("M0602", d.Name.At, r.owner, "", fmt.Sprintf("the test has two members called `%s`", d.Name.Text),
			diag.Related{Span: r.decl.Members[first].Name.At, Message: "the first is here"})
	} else {
		r.members[d.Name.Text] = len(r.test.Members)
	}
	r.test.Members = append(r.test.Members, m)
	seen := map[string]diag.Span{}
	for _, v := range d.Values {
		if r.once(v.Name, seen) {
			r.value(v, m)
		}
	}
	for _, e := range d.Events {
		if e.When == nil {
			r.report("M0606", e.Event.At, "write `at 2026-01-20` in its braces", "an event of a member's history needs its time")
		}
		if event := r.event(e); event != nil {
			m.Events = append(m.Events, event)
		}
	}
	for _, name := range d.Lists {
		r.list(name, m)
	}
}

// once reports a name that is given a value twice.
func (r *testReader) once(name dsl.Name, seen map[string]diag.Span) bool {
	if first, ok := seen[name.Text]; ok {
		r.c.report("M0608", name.At, r.owner, "", fmt.Sprintf("`%s` is given twice", name.Text), diag.Related{Span: first, Message: "the first is here"})
		return false
	}
	seen[name.Text] = name.At
	return true
}

// value sets an attribute or a manual tag.
func (r *testReader) value(d *dsl.TestValue, m *ir.TestMember) {
	name := d.Name.Text
	sym, ok := r.c.names[name]
	switch {
	case !ok:
		if !r.c.incomplete {
			r.report("M0205", d.Name.At, r.c.near(name, r.c.namesOf(r.c.names, "attribute", "tag")), "no attribute or manual tag is called `%s`", name)
		}
		return
	case sym.broken:
		return
	}
	v := ir.TestValue{Index: sym.index}
	var t ir.Type
	switch {
	case sym.word == "attribute":
		t = r.c.program.Attributes[sym.index].Type
	case sym.word == "tag" && r.c.program.Tags[sym.index].Manual:
		v.Tag, t = true, r.c.program.Tags[sym.index].Type
	case sym.word == "tag":
		r.report("M0603", d.Name.At, "give the member what the tag is computed from", "tag `%s` is computed and cannot be set", name)
		return
	default:
		r.report("M0603", d.Name.At, "", "`%s` is %s and takes no value", name, withArticle(sym.word))
		return
	}
	value, fits := r.c.memberScope(r.owner).constantOf(d.Value, d.At, t)
	if fits {
		v.Value = value
		m.Values = append(m.Values, v)
	}
}

func (r *testReader) list(name dsl.Name, m *ir.TestMember) {
	sym, ok := r.c.names[name.Text]
	switch {
	case !ok:
		if !r.c.incomplete {
			r.report("M0604", name.At, r.c.near(name.Text, r.c.namesOf(r.c.names, "list")), "no list is called `%s`", name.Text)
		}
	case sym.broken:
	case sym.word == "list":
		m.Lists = append(m.Lists, sym.index)
	case sym.word == "attribute", sym.word == "tag":
		r.report("M0604", name.At, "write its value after it", "`%s` is %s: a value is missing", name.Text, withArticle(sym.word))
	case sym.word == "event":
		r.report("M0604", name.At, "write `"+name.Text+" { at 2026-01-20 }`", "`%s` is an event: its braces are missing", name.Text)
	default:
		r.report("M0604", name.At, "", "`%s` is %s, and only a list stands alone here", name.Text, withArticle(sym.word))
	}
}

// event resolves an event with its fields; nil if it is at fault.
func (r *testReader) event(d *dsl.TestEvent) *ir.TestEvent {
	l := r.c.memberScope(r.owner)
	info := l.eventCalled(d.Event)
	if info == nil || info.sym.broken {
		return nil
	}
	event := r.c.program.Events[info.sym.index]
	out := &ir.TestEvent{Event: info.sym.index, Fields: make([]ir.Value, len(event.Fields)), Span: d.At}
	for i, f := range event.Fields {
		out.Fields[i] = ir.Unknown(f.Type.Kind)
	}
	if d.When != nil {
		out.HasAt, out.At = true, r.moment(d.When)
	}
	seen := map[string]diag.Span{}
	ok := true
	for _, v := range d.Values {
		if !r.once(v.Name, seen) {
			ok = false
			continue
		}
		f := info.fields[v.Name.Text]
		switch {
		case f == nil && (v.Name.Text == "day"):
			r.report("M0605", v.Name.At, "give `at`", "`day` follows from `at`")
			ok = false
		case f == nil:
			r.report("M0605", v.Name.At, r.c.near(v.Name.Text, info.stored()), "event `%s` has no field `%s`", info.sym.name, v.Name.Text)
			ok = false
		case f.computed:
			r.report("M0605", v.Name.At, "give the fields that it is computed from", "field `%s` is computed and cannot be set", v.Name.Text)
			ok = false
		case f.broken:
			ok = false
		default:
			value, fits := l.constantOf(v.Value, v.At, f.typ)
			out.Fields[f.index] = value
			ok = ok && fits
		}
	}
	if !ok {
		return nil
	}
	return out
}

// moment is a date, which is its first instant, or a local time.
func (r *testReader) moment(e dsl.Expr) int64 {
	switch e := e.(type) {
	case *dsl.DateLit:
		return r.c.program.Zone.Midnight(calendar.FromCivil(e.Year, e.Month, e.Day))
	case *dsl.TimeLit:
		return r.c.instant(e)
	}
	return 0
}

// step resolves one step; nil if it is at fault.
func (r *testReader) step(s dsl.TestStep) *ir.TestStep {
	out := &ir.TestStep{Span: s.Span()}
	switch s := s.(type) {
	case *dsl.Advance:
		return r.advance(s, out)
	case *dsl.Send:
		event := r.event(s.Event)
		member, ok := r.memberCalled(s.To)
		if event == nil || !ok {
			return nil
		}
		out.Send, out.Member = event, member
	case *dsl.Expect:
		member, ok := r.memberCalled(s.Member)
		l := r.c.memberScope(r.owner)
		n := l.condition(s.Cond)
		if n == nil || !ok {
			return nil
		}
		r.c.roots = append(r.c.roots, root{reading: r.owner, expr: s.Cond, notes: l.notes})
		out.Member, out.Expect, out.Source = member, n, s.Cond
		slots, ntiles := r.c.newToProgram(n)
		out.Query = &ir.Query{Text: s.Cond.Span().Text(), Node: n, Condition: true, Slots: slots, Ntiles: ntiles, Tree: s.Cond, File: s.Cond.Span().File}
	}
	return out
}

func (r *testReader) memberCalled(name dsl.Name) (int, bool) {
	i, ok := r.members[name.Text]
	if !ok {
		var names []string
		for n := range r.members {
			names = append(names, n)
		}
		r.report("M0602", name.At, r.c.near(name.Text, sorted(names)), "the test has no member called `%s`", name.Text)
	}
	return i, ok
}

// advance moves the test's clock, which never goes back.
func (r *testReader) advance(s *dsl.Advance, out *ir.TestStep) *ir.TestStep {
	to := r.clock
	switch {
	case s.To != nil:
		to = r.moment(s.To)
		out.To = &to
	case s.By != nil:
		out.By = s.By
		t, ok := r.c.program.Zone.AddSpanToTime(r.clock, s.By.N, s.By.Unit)
		if !ok || tooLong(s.By.N, s.By.Unit) {
			r.report("M0408", s.By.At, "", "a span of more than 1000 years")
			return nil
		}
		to = t
	}
	if r.started && to <= r.clock {
		r.report("M0607", s.At, "", "the clock of a test only goes forward")
		return nil
	}
	r.clock = to
	return out
}

package report_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"testing"

	"github.com/muster-engine/muster/compiler"
	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/runtime"
	"github.com/muster-engine/muster/runtime/loyalty"
	"github.com/muster-engine/muster/runtime/report"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

const rules = `
settings { language 1  timezone "Asia/Shanghai"  currency CNY }
member { phone id phone "CN" }
event order { order_id key  amount money }
event refund { refund_id key  order_id string  amount money }
event complaint_filed { ticket string  channel enum "门店" "热线" "线上" }
event complaint_resolved { ticket string }
points stars "积分" {
  start 2025-01-01
  expire end of next year
  pending 7 days
  earn shopping on order { give floor(amount)  at most 3_000 points per month }
  reverse order on refund matching order_id by amount
}
tiers club "会员等级" {
  by earned(stars) in last 12 months
  tier "会员" {}
  tier "银卡" from 1_000 {}
  tier "金卡" from 5_000 {}
  keep 12 months
}
coupon back100 "满500减100" { off 100  min_spend 500  valid 30 days  stock 10 }
coupon late10 "九折券" { off 10%  valid 2026-07-01 to 2026-07-31 }
sink sms { file "out/sms.ndjson" }
campaign winback "老客召回" {
  on order
  holdout 20%
  do { issue back100  send sms "hello"  wait 3 days  send sms "again" }
  goal order within 14 days
  target 8%
}
campaign hello "欢迎" { on complaint_resolved  do { send sms "hi" } }
case complaint "客诉工单" { open on complaint_filed  close on complaint_resolved  matching ticket  due 1 workday  by channel }
`

// shop is members with histories in memory, and a clock.
type shop struct {
	t       testing.TB
	prog    *ir.Program
	keeper  *loyalty.Keeper
	now     int64
	stamps  int64
	members []map[int][]exprplan.Event
}

func newShop(t testing.TB, today string) *shop {
	t.Helper()
	tree, found := dsl.Parse(diag.NewFile("rules.muster", rules))
	p, more := compiler.Compile([]*dsl.RuleFile{tree})
	if found = append(found, more...); p == nil {
		t.Fatal(found)
	}
	keeper, err := loyalty.New(p, loyalty.RevisionOf(p))
	if err != nil {
		t.Fatal(err)
	}
	s := &shop{t: t, prog: p, keeper: keeper}
	s.now = s.at(today)
	return s
}

// at reads a local date, or a local date and time.
func (s *shop) at(text string) int64 {
	s.t.Helper()
	tree, found := dsl.ParseExpr(diag.NewFile("time", text))
	switch e := tree.(type) {
	case *dsl.DateLit:
		return s.prog.Zone.Midnight(calendar.FromCivil(e.Year, e.Month, e.Day))
	case *dsl.TimeLit:
		return s.prog.Zone.Instant(calendar.FromCivil(e.Year, e.Month, e.Day), e.Hour, e.Minute, e.Second)
	}
	s.t.Fatal(text, found)
	return 0
}

func (s *shop) day(text string) *int64 {
	d := s.prog.Zone.DateOf(s.at(text))
	return &d
}

func (s *shop) join() int {
	s.members = append(s.members, map[int][]exprplan.Event{})
	return len(s.members) - 1
}

func (s *shop) event(name string) int {
	return slices.IndexFunc(s.prog.Events, func(e *ir.Event) bool { return e.Name == name })
}

func (s *shop) insert(member, kind int, e exprplan.Event) {
	all := s.members[member][kind]
	i := sort.Search(len(all), func(i int) bool { return all[i].At > e.At })
	s.members[member][kind] = slices.Insert(slices.Clone(all), i, e)
}

// do runs something on a member's account and keeps the facts that follow.
func (s *shop) do(member int, f func(*loyalty.Account) error) error {
	m := &exprplan.Member{Number: uint32(member), Events: func(i int) []exprplan.Event { return s.members[member][i] }}
	a := s.keeper.Open(&exprplan.World{Program: s.prog, Now: s.now}, m, func() int64 { s.stamps++; return s.stamps })
	err := f(a)
	for _, fact := range a.Added() {
		s.insert(member, fact.Type, fact.Event)
	}
	return err
}

func (s *shop) must(member int, f func(*loyalty.Account) error) {
	s.t.Helper()
	if err := s.do(member, f); err != nil {
		s.t.Fatal(err)
	}
}

// send records an event of now; fields are by name, money in minor units.
func (s *shop) send(member int, kind string, fields map[string]any) {
	s.t.Helper()
	n := s.event(kind)
	e := exprplan.Event{At: s.now, Fields: s.fields(n, fields)}
	s.insert(member, n, e)
	s.must(member, func(a *loyalty.Account) error {
		if err := a.Happened(n, e); err != nil {
			return err
		}
		return s.measure(a)
	})
}

func (s *shop) measure(a *loyalty.Account) error {
	for i := range s.prog.Tiers {
		if err := a.Measure(i, nil, loyalty.Cause{Kind: "time"}); err != nil {
			return err
		}
	}
	return nil
}

func (s *shop) fields(kind int, given map[string]any) []ir.Value {
	var out []ir.Value
	for _, f := range s.prog.Events[kind].Fields {
		v := ir.Unknown(f.Type.Kind)
		switch x := given[f.Name].(type) {
		case int:
			v = ir.IntLike(f.Type.Kind, int64(x))
		case int64:
			v = ir.IntLike(f.Type.Kind, x)
		case string:
			if v = ir.StringValue(x); f.Type.Kind == ir.Enum {
				v = ir.IntLike(ir.Enum, int64(f.Type.Enum.Ordinal(x)))
			}
		}
		out = append(out, v)
	}
	return out
}

// advance moves the clock, midnight by midnight.
func (s *shop) advance(text string) {
	s.t.Helper()
	s.advanceTo(s.at(text))
}

func (s *shop) advanceTo(to int64) {
	s.t.Helper()
	for next := s.prog.Zone.NextDateChange(s.now); next <= to; next = s.prog.Zone.NextDateChange(s.now) {
		s.now = next
		for i := range s.members {
			s.must(i, func(a *loyalty.Account) error { a.Midnight(); a.DueCases(); return s.measure(a) })
		}
	}
	s.now = to
}

// data is the shop as a store has it.
func (s *shop) data() *storage.Memory {
	m := storage.NewMemory()
	for _, member := range s.members {
		number := m.NewMember()
		for kind, events := range member {
			decl := s.prog.Events[kind]
			for _, e := range events {
				fields := map[string]column.Value{}
				for i, f := range decl.Fields {
					fields[f.Name] = stored(e.Fields[i], f.Type)
				}
				m.AddEvent(decl.Name, number, e.At, fields)
			}
		}
	}
	return m
}

func stored(v ir.Value, t ir.Type) column.Value {
	switch {
	case !v.Known:
		return column.Value{}
	case v.Kind == ir.String:
		return column.Text(v.S)
	case v.Kind == ir.Enum:
		return column.Text(t.Enum.Values[v.I])
	}
	return column.Int(v.I)
}

// view is the shop as of a time; "" is now.
func (s *shop) view(asOf string) *runtime.View {
	now := s.now
	if asOf != "" {
		now = s.at(asOf)
	}
	return runtime.New(s.prog, s.data(), runtime.Options{}).AsOf(now)
}

func (s *shop) reader(period report.Period) *report.Reader { return report.Open(s.view(""), period) }

// golden holds a text to a file of testdata; MUSTER_UPDATE=1 writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("MUSTER_UPDATE") != "" {
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is other than expected; MUSTER_UPDATE=1 writes it:\n%s", path, firstDifference(got, string(want)))
	}
}

func firstDifference(got, want string) string {
	n := 0
	for n < min(len(got), len(want)) && got[n] == want[n] {
		n++
	}
	return fmt.Sprintf("got  …%.200s\nwant …%.200s", got[max(0, n-60):], want[max(0, n-60):])
}

// change adds to a number of the first fact of a member that says something.
func (s *shop) change(member, kind int, what, field string, by int64) {
	s.t.Helper()
	place := func(name string) int {
		return slices.IndexFunc(s.prog.Events[kind].Fields, func(f *ir.Field) bool { return f.Name == name })
	}
	all := slices.Clone(s.members[member][kind])
	i := slices.IndexFunc(all, func(e exprplan.Event) bool { return e.Fields[place(ir.FactWhat)].S == what })
	if i < 0 {
		s.t.Fatalf("there is no fact that says %s", what)
	}
	all[i].Fields = slices.Clone(all[i].Fields)
	old := all[i].Fields[place(field)]
	all[i].Fields[place(field)] = ir.IntLike(ir.Int, old.I+by)
	s.members[member][kind] = all
}

// fact records a fact of now as it is given.
func (s *shop) fact(member int, kind string, fields map[string]any) {
	n := s.event(kind)
	s.insert(member, n, exprplan.Event{At: s.now, Fields: s.fields(n, fields)})
}

package loyalty_test

import (
	"slices"
	"sort"
	"strconv"
	"testing"

	"github.com/muster-engine/muster/compiler"
	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/runtime/loyalty"
)

const head = `
settings { language 1  timezone "Asia/Shanghai"  currency CNY }
member { phone id phone "CN"  vip bool }
event order { order_id key  channel enum "pos" "mall"  amount money }
event review { review_id key }
event refund { refund_id key  order_id string  amount money }
`

func compile(t testing.TB, text string) *ir.Program {
	t.Helper()
	return compileText(t, head+text)
}

func compileText(t testing.TB, text string) *ir.Program {
	t.Helper()
	tree, found := dsl.Parse(diag.NewFile("rules.muster", text))
	p, more := compiler.Compile([]*dsl.RuleFile{tree})
	if found = append(found, more...); p == nil {
		t.Fatal(found)
	}
	return p
}

// person is one member with a history in memory, and a clock.
type person struct {
	t      testing.TB
	prog   *ir.Program
	keeper *loyalty.Keeper
	now    int64
	stamps int64
	events map[int][]exprplan.Event
	vip    bool

	eval    *exprplan.Evaluator
	queries map[string]*ir.Query
}

func newPerson(t testing.TB, p *ir.Program, today string) *person {
	k, err := loyalty.New(p, "r1")
	if err != nil {
		t.Fatal(err)
	}
	eval, err := exprplan.New(p)
	if err != nil {
		t.Fatal(err)
	}
	return &person{
		t: t, prog: p, keeper: k, now: at(t, p, today), events: map[int][]exprplan.Event{}, eval: eval, queries: map[string]*ir.Query{},
	}
}

// at reads a local date, or a local date and time.
func at(t testing.TB, p *ir.Program, text string) int64 {
	tree, found := dsl.ParseExpr(diag.NewFile("time", text))
	switch e := tree.(type) {
	case *dsl.DateLit:
		return p.Zone.Midnight(calendar.FromCivil(e.Year, e.Month, e.Day))
	case *dsl.TimeLit:
		return p.Zone.Instant(calendar.FromCivil(e.Year, e.Month, e.Day), e.Hour, e.Minute, e.Second)
	}
	t.Fatal(text, found)
	return 0
}

func (p *person) event(name string) int {
	return slices.IndexFunc(p.prog.Events, func(e *ir.Event) bool { return e.Name == name })
}

func (p *person) member() *exprplan.Member {
	return &exprplan.Member{
		Attribute: func(i int) ir.Value {
			if p.prog.Attributes[i].Name == "vip" {
				return ir.BoolValue(p.vip)
			}
			return ir.Unknown(ir.String)
		},
		Events: func(i int) []exprplan.Event { return p.events[i] },
	}
}

func (p *person) world() *exprplan.World { return &exprplan.World{Program: p.prog, Now: p.now} }

// do runs something on the member's account and keeps the facts that follow.
func (p *person) do(f func(*loyalty.Account) error) error {
	a := p.open()
	err := f(a)
	for _, fact := range a.Added() {
		p.insert(fact.Type, fact.Event)
	}
	return err
}

func (p *person) open() *loyalty.Account {
	return p.keeper.Open(p.world(), p.member(), func() int64 { p.stamps++; return p.stamps })
}

func (p *person) insert(kind int, e exprplan.Event) {
	all := p.events[kind]
	i := sort.Search(len(all), func(i int) bool { return all[i].At > e.At })
	p.events[kind] = slices.Insert(slices.Clone(all), i, e)
}

// record makes an event of text fields, an amount in minor units last if the type has one.
func (p *person) record(kind string, when int64, amount int64, texts ...string) (int, exprplan.Event) {
	n := p.event(kind)
	e := exprplan.Event{At: when}
	for i, f := range p.prog.Events[n].Fields {
		v := ir.Unknown(f.Type.Kind)
		switch {
		case f.Type.Kind == ir.Money:
			v = ir.IntLike(ir.Money, amount)
		case f.Type.Kind == ir.String && i < len(texts):
			v = ir.StringValue(texts[i])
		}
		e.Fields = append(e.Fields, v)
	}
	return n, e
}

// send records an event and lets it earn and take back.
func (p *person) send(kind string, when int64, amount int64, texts ...string) {
	p.t.Helper()
	n, e := p.record(kind, when, amount, texts...)
	p.insert(n, e)
	if err := p.do(func(a *loyalty.Account) error { return a.Happened(n, e) }); err != nil {
		p.t.Fatal(err)
	}
}

// advance moves the clock, midnight by midnight.
func (p *person) advance(to int64) {
	p.t.Helper()
	for next := p.prog.Zone.NextDateChange(p.now); next <= to; next = p.prog.Zone.NextDateChange(p.now) {
		p.now = next
		err := p.do(func(a *loyalty.Account) error {
			a.Midnight()
			for i := range p.prog.Tiers {
				if err := a.Measure(i, nil, loyalty.Cause{Kind: "time"}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			p.t.Fatal(err)
		}
	}
	p.now = to
}

// ask evaluates an expression over the member.
func (p *person) ask(text string) string {
	p.t.Helper()
	q := p.queries[text]
	if q == nil {
		var found diag.List
		if q, found = compiler.CompileQuery(p.prog, diag.NewFile("ask", text), nil); q == nil {
			p.t.Fatal(text, found)
		}
		p.queries[text] = q
	}
	v, err := p.eval.Value(p.world(), p.member(), q.Node)
	if err != nil {
		p.t.Fatal(err)
	}
	switch {
	case !v.Known:
		return "unknown"
	case v.Kind == ir.Enum:
		return q.Node.Type.Enum.Values[v.I]
	case v.Kind == ir.Bool:
		return map[bool]string{true: "true", false: "false"}[v.I != 0]
	}
	return itoa(v.I)
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// expect holds expressions to values.
func (p *person) expect(pairs ...string) {
	p.t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if got := p.ask(pairs[i]); got != pairs[i+1] {
			p.t.Errorf("%s is %s, want %s", pairs[i], got, pairs[i+1])
		}
	}
	for i := range p.prog.Points {
		if fault := p.open().Books(i); fault != "" {
			p.t.Errorf("the books: %s", fault)
		}
	}
}

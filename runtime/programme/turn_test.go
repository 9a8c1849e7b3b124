package programme_test

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"testing"

	"github.com/muster-engine/muster/compiler"
	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/runtime/loyalty"
	"github.com/muster-engine/muster/runtime/programme"
)

const head = `
settings { language 1  timezone "Asia/Shanghai"  currency CNY }
member { phone id phone "CN"  vip bool }
event order { order_id key  channel enum "pos" "mall"  amount money }
event review { review_id key }
event refund { refund_id key  order_id string  amount money }
event visit {}
`

func compile(t testing.TB, text string) *ir.Program { return compileText(t, head+text) }

func compileText(t testing.TB, text string) *ir.Program {
	t.Helper()
	tree, found := dsl.Parse(diag.NewFile("rules.muster", text))
	p, more := compiler.Compile([]*dsl.RuleFile{tree})
	if found = append(found, more...); found.HasErrors() {
		t.Fatal(found)
	}
	return p
}

// person is one member with a history in memory, and a clock.
type person struct {
	t      testing.TB
	prog   *ir.Program
	c      *programme.Conductor
	now    int64
	stamps int64
	number uint32
	events map[int][]exprplan.Event
	lists  map[int]bool
	noID   bool

	inside   map[int]bool // segments
	messages []string     // sink, template and values
	keys     map[string]bool
	input    programme.Input
	stock    int64
	held     bool // chance may hold the member out

	eval    *exprplan.Evaluator
	queries map[string]*ir.Node
}

func newPerson(t testing.TB, p *ir.Program, today string) *person {
	c, err := programme.New(p, "r1")
	if err != nil {
		t.Fatal(err)
	}
	eval, err := exprplan.New(p)
	if err != nil {
		t.Fatal(err)
	}
	return &person{
		t: t, prog: p, c: c, now: at(t, p, today), events: map[int][]exprplan.Event{}, lists: map[int]bool{},
		inside: map[int]bool{}, keys: map[string]bool{}, stock: 1 << 40, eval: eval, queries: map[string]*ir.Node{},
	}
}

// reload brings another program into force, whose events are the same or more.
func (p *person) reload(next *ir.Program) {
	p.t.Helper()
	events := map[int][]exprplan.Event{}
	for i, list := range p.events {
		for j, e := range next.Events {
			if e.Name == p.prog.Events[i].Name {
				events[j] = list
			}
		}
	}
	c, err := programme.New(next, "r2")
	if err != nil {
		p.t.Fatal(err)
	}
	if err := c.Keep(p.prog); err != nil {
		p.t.Fatal(err)
	}
	if p.eval, err = exprplan.New(next); err != nil {
		p.t.Fatal(err)
	}
	p.prog, p.c, p.events = next, c, events
	clear(p.queries)
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

func (p *person) member() *exprplan.Member {
	events := maps.Clone(p.events)
	return &exprplan.Member{
		Number: p.number,
		Attribute: func(i int) ir.Value {
			if p.prog.Attributes[i].ID != nil && !p.noID {
				return ir.StringValue("+8613900000001")
			}
			return ir.Unknown(p.prog.Attributes[i].Type.Kind)
		},
		OnList: func(i int) bool { return p.lists[i] },
		Events: func(i int) []exprplan.Event { return events[i] },
	}
}

func (p *person) world() *exprplan.World { return &exprplan.World{Program: p.prog, Now: p.now} }

func (p *person) insert(kind int, e exprplan.Event) {
	all := p.events[kind]
	i := sort.Search(len(all), func(i int) bool { return all[i].At > e.At })
	p.events[kind] = slices.Insert(slices.Clone(all), i, e)
}

// turn runs a turn to its end and keeps what follows.
func (p *person) turn(step func(*programme.Turn) error) {
	p.t.Helper()
	turn := p.c.Begin(p.world(), p.member(), programme.Hands{
		Stamp: func() int64 { p.stamps++; return p.stamps }, Everybody: !p.held,
		Supply: loyalty.Supply{
			Take: func(int) bool { p.stock--; return p.stock >= 0 },
			Give: func(int) { p.stock++ },
			Code: func() (string, error) { p.stamps++; return fmt.Sprint("C", p.stamps), nil },
		},
	}, p.input)
	must := func(err error) {
		if err != nil {
			p.t.Helper()
			p.t.Fatal(err)
		}
	}
	must(step(turn))
	must(turn.Settle())
	for more, err := true, error(nil); more; must(err) {
		more, err = turn.Crossed(p.cross(turn.Member()))
	}
	out := turn.Outcome()
	for _, f := range out.Facts {
		p.insert(f.Type, f.Event)
	}
	for _, c := range out.Lists {
		p.lists[c.List] = c.On
	}
	for _, m := range out.Messages {
		if p.keys[m.Key] {
			p.t.Errorf("two messages have the key %s", m.Key)
		}
		p.keys[m.Key] = true
		p.messages = append(p.messages, fmt.Sprint(p.prog.Sinks[m.Sink].Name, " ", m.Template, " ", string(m.Values)))
	}
}

// cross compares the segments of the member with those that it was in.
func (p *person) cross(m *exprplan.Member) (crossings []programme.Crossing) {
	w := p.world()
	p.eval.Reset()
	for i, s := range p.prog.Segments {
		v, err := p.eval.Value(w, m, s.Expr)
		if err != nil {
			p.t.Fatal(err)
		}
		if in := v.True(); in != p.inside[i] {
			p.inside[i] = in
			crossings = append(crossings, programme.Crossing{Segment: i, Entered: in})
		}
	}
	return crossings
}

func (p *person) event(kind, when string, amount int64, texts ...string) (int, exprplan.Event) {
	n := slices.IndexFunc(p.prog.Events, func(e *ir.Event) bool { return e.Name == kind })
	e := exprplan.Event{At: p.now}
	if when != "" {
		e.At = at(p.t, p.prog, when)
	}
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

func (p *person) send(kind, when string, amount int64, texts ...string) {
	p.t.Helper()
	n, e := p.event(kind, when, amount, texts...)
	p.insert(n, e)
	p.turn(func(t *programme.Turn) error { return t.Happened(n, e) })
}

func (p *person) retract(kind, when string, amount int64, texts ...string) {
	p.t.Helper()
	n, e := p.event(kind, when, amount, texts...)
	p.events[n] = slices.DeleteFunc(slices.Clone(p.events[n]), func(x exprplan.Event) bool { return x.Fields[0].S == texts[0] })
	p.turn(func(t *programme.Turn) error { return t.Retracted(n, e) })
}

// advance runs the clock through every instant at which the member is due, and through midnights if anything follows the
// segments.
func (p *person) advance(to string) {
	p.t.Helper()
	end := at(p.t, p.prog, to)
	for {
		next, ok := p.c.Next(p.world(), p.member())
		if date := p.prog.Zone.NextDateChange(p.now); p.c.Plays() && (!ok || date < next) {
			next, ok = date, true
		}
		if !ok || next > end {
			break
		}
		if next <= p.now {
			p.t.Fatalf("due at %d, which is not after %d", next, p.now)
		}
		p.now = next
		p.turn(func(t *programme.Turn) error { return t.Due() })
	}
	p.now = end
}

func (p *person) expect(conditions ...string) {
	p.t.Helper()
	for _, text := range conditions {
		if !p.value(text).True() {
			p.t.Errorf("%s does not hold", text)
		}
	}
}

// query compiles an expression, once.
func (p *person) query(text string) *ir.Node {
	p.t.Helper()
	if n := p.queries[text]; n != nil {
		return n
	}
	q, found := compiler.CompileQuery(p.prog, diag.NewFile("ask", text), nil)
	if q == nil {
		p.t.Fatal(text, found)
	}
	p.queries[text] = q.Node
	return q.Node
}

const stars = `
points stars {
  start 2026-01-01
  expire end of next year
  earn shopping on order { give floor(amount) * level.factor }
  earn review on review { give 50 }
  reverse order on refund matching order_id by amount
}
points bonus {
  start 2026-01-01  expire after 30 days
  earn share on order { give balance(stars) / 100 }
}
tiers level {
  by earned(stars) in last 12 months
  tier "normal" { factor 1 }
  tier "silver" from 1000 { factor 1.2 }
  tier "gold" from 5000 { factor 1.5 }
  keep 12 months
}`

func TestEarningReadsWhatWasBefore(t *testing.T) {
	p := newPerson(t, compile(t, stars), "2026-03-01T10:00")
	p.send("order", "", 500_000, "O1")
	p.expect("balance(stars) = 5000", `level = "gold"`, "balance(bonus) = 0")
	p.send("order", "", 10_000, "O2")
	p.expect("balance(stars) = 5150", "balance(bonus) = 50")
}

func TestTimeAloneLowersNoTierThatIsKept(t *testing.T) {
	p := newPerson(t, compile(t, stars), "2026-03-01T10:00")
	p.send("order", "", 500_000, "O1")
	p.advance("2027-02-28T10:00")
	p.send("order", "", 20_000, "O2") // 300: the first 5,000 have four hours left in the window
	p.advance("2027-03-01T10:00")
	p.expect("earned(stars) in last 12 months = 300", `level = "gold"`)
	p.send("refund", "", 10_000, "F1", "O2") // what is measured was below the bound before it
	p.expect("earned(stars) in last 12 months = 150", `level = "gold"`)
	p.advance("2027-03-01T23:59")
	p.expect(`level = "gold"`)
	p.advance("2027-03-02")
	p.expect(`level = "normal"`)
}

func TestARefundBelowTheBoundLowersTheTierAtOnce(t *testing.T) {
	p := newPerson(t, compile(t, stars), "2026-03-01T10:00")
	p.send("order", "", 500_000, "O1")
	p.send("refund", "", 1_000, "F1", "O1")
	p.expect("balance(stars) = 4990", `level = "silver"`)
	p.retract("refund", "", 1_000, "F1", "O1")
	p.expect("balance(stars) = 5000", `level = "gold"`)
}

func TestWhatLiesAheadHappensWhenItIsDue(t *testing.T) {
	p := newPerson(t, compile(t, stars), "2026-03-01T10:00")
	p.send("order", "2026-03-02T12:00", 500_000, "O1")
	p.expect("balance(stars) = 0")
	p.advance("2026-03-02T11:59")
	p.expect("balance(stars) = 0")
	p.advance("2026-03-02T12:00")
	p.expect("balance(stars) = 5000", `level = "gold"`)
}

func TestALateEventCountsForItsOwnDay(t *testing.T) {
	p := newPerson(t, compile(t, stars), "2026-03-01T10:00")
	p.send("order", "2025-12-31T10:00", 500_000, "O0") // before the start
	p.send("order", "2026-01-31T10:00", 100_000, "O1")
	p.expect("balance(stars) = 1000", "earned(stars) from 2026-01-31 to 2026-01-31 = 1000", `level = "silver"`)
}

func TestTiersByWhatIsBoughtFollowRefundsAndRetractedOrders(t *testing.T) {
	p := newPerson(t, compile(t, `
tiers level {
  by sum(order.amount) in last 12 months - sum(refund.amount) in last 12 months
  tier "normal"  tier "gold" from 500
  keep 12 months
}`), "2026-03-01T10:00")
	p.send("order", "", 60_000, "O1")
	p.expect(`level = "gold"`)
	p.send("refund", "", 20_000, "F1", "O1")
	p.expect(`level = "normal"`)
	p.retract("refund", "", 20_000, "F1", "O1")
	p.expect(`level = "gold"`)
	p.retract("order", "", 60_000, "O1")
	p.expect(`level = "normal"`)
}

func TestATierRisesByTimeAloneWhereTheMeasureDoes(t *testing.T) {
	p := newPerson(t, compile(t, `
tiers level {
  by sum(order.amount) in last 12 months - sum(refund.amount) in last 1 month
  tier "normal"  tier "gold" from 500
}`), "2026-03-01T10:00")
	p.send("order", "", 60_000, "O1")
	p.send("refund", "", 20_000, "F1", "O1")
	p.expect(`level = "normal"`)
	p.advance("2026-03-31T23:59")
	p.expect(`level = "normal"`)
	p.advance("2026-04-01")
	p.expect(`level = "gold"`)
}

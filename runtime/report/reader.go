package report

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/compiler/decimal"
	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/runtime"
	"github.com/muster-engine/muster/runtime/loyalty"
)

// Period is local dates, both included, in days since 1970; nil is no bound.
type Period struct{ From, To *int64 }

// ParsePeriod reads the dates of a period, such as 2026-06-01; "" is no bound.
func ParsePeriod(from, to string) (p Period, err error) {
	if p.From, err = parseDate(from); err == nil {
		p.To, err = parseDate(to)
	}
	if err == nil && p.From != nil && p.To != nil && *p.From > *p.To {
		err = fmt.Errorf("the period from %s to %s ends before it begins", from, to)
	}
	return p, err
}

func parseDate(text string) (*int64, error) {
	if text == "" {
		return nil, nil
	}
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return nil, fmt.Errorf("%q is no date; write 2026-06-01", text)
	}
	day := calendar.FromCivil(t.Year(), int(t.Month()), t.Day())
	return &day, nil
}

func (p Period) has(day int64) bool {
	return (p.From == nil || day >= *p.From) && (p.To == nil || day <= *p.To)
}

// Frame is what every report says of itself: the instant that it is as of, and the first and last date of its period, null
// where it has no bound.
type Frame struct {
	AsOf string  `json:"as_of"`
	From *string `json:"from"`
	To   *string `json:"to"`
}

// Reader makes reports over a view.
type Reader struct {
	view   *runtime.View
	prog   *ir.Program
	period Period
	now    int64
	today  int64
}

// Open returns a reader over a view.
func Open(view *runtime.View, period Period) *Reader {
	prog, now := view.Program(), view.Now()
	return &Reader{view: view, prog: prog, period: period, now: now, today: prog.Zone.DateOf(now)}
}

func (r *Reader) frame() Frame {
	f := Frame{AsOf: r.timeText(r.now)}
	if r.period.From != nil {
		text := dateText(*r.period.From)
		f.From = &text
	}
	if r.period.To != nil {
		text := dateText(*r.period.To)
		f.To = &text
	}
	return f
}

// walk calls visit for each member that has facts of a type. Each block of members has a part of the result of its own,
// which begin makes; the parts come back in the order of the blocks.
func walk[T any](ctx context.Context, r *Reader, facts int, begin func() T, visit func(T, *member) error) ([]T, error) {
	keeper, err := loyalty.New(r.prog, loyalty.RevisionOf(r.prog))
	if err != nil {
		return nil, err
	}
	type part struct {
		begun   bool
		keeper  *loyalty.Keeper
		layouts map[int]map[string]int
		value   T
	}
	parts := make([]part, r.view.Blocks())
	for i := range parts {
		parts[i].keeper = keeper.Fork()
	}
	world := &exprplan.World{Program: r.prog, Now: r.now}
	err = r.view.Histories(ctx, facts, func(block int, m *exprplan.Member) error {
		p := &parts[block]
		if !p.begun {
			p.begun, p.value, p.layouts = true, begin(), map[int]map[string]int{}
		}
		return visit(p.value, &member{r: r, keeper: p.keeper, world: world, all: m, layouts: p.layouts})
	})
	if err != nil {
		return nil, err
	}
	var out []T
	for _, p := range parts {
		if p.begun {
			out = append(out, p.value)
		}
	}
	return out, nil
}

// member is one member in a walk.
type member struct {
	r      *Reader
	keeper *loyalty.Keeper
	world  *exprplan.World
	all    *exprplan.Member
	// layouts are the places of fields, by type; of the block.
	layouts map[int]map[string]int
}

// facts returns the facts of a type up to now, in order of time.
func (m *member) facts(event int) []fact {
	all, layout := m.all.Events(event), m.layouts[event]
	if layout == nil {
		layout = map[string]int{}
		for i, f := range m.r.prog.Events[event].Fields {
			layout[f.Name] = i
		}
		m.layouts[event] = layout
	}
	out := make([]fact, 0, len(all))
	for _, e := range all {
		if e.At <= m.r.now {
			out = append(out, fact{e, layout})
		}
	}
	return out
}

// account opens the member's account over the facts up to now.
func (m *member) account() *loyalty.Account {
	until := *m.all
	until.Events = func(event int) []exprplan.Event {
		all := m.all.Events(event)
		n, _ := slices.BinarySearchFunc(all, m.r.now+1, func(e exprplan.Event, t int64) int { return int(min(1, max(-1, e.At-t))) })
		return all[:n]
	}
	return m.keeper.Open(m.world, &until, nil)
}

// fact is one fact of a member.
type fact struct {
	exprplan.Event
	layout map[string]int
}

// value is a field; what the type has no field of is unknown.
func (f fact) value(name string) ir.Value {
	i, ok := f.layout[name]
	if !ok {
		return ir.Value{}
	}
	return f.Fields[i]
}

func (f fact) text(name string) string  { return f.value(name).S }
func (f fact) number(name string) int64 { return f.value(name).I }
func (f fact) what() string             { return f.text(ir.FactWhat) }

// find returns the place of a declaration by its name.
func find(word, name string, names []string) (int, error) {
	i := slices.Index(names, name)
	if i >= 0 {
		return i, nil
	}
	text := fmt.Sprintf("the rules have no %s %q", word, name)
	if near, ok := diag.Near(name, names); ok {
		text += "; did you mean " + near + "?"
	}
	return 0, &UnknownError{text}
}

// UnknownError says that a report is asked of something that the rules do not declare.
type UnknownError struct{ text string }

func (e *UnknownError) Error() string { return e.text }

// chosen are the places of the declarations that a report is about: the one of a name, or all if it is "".
func chosen[T any](word, name string, all []T, nameOf func(T) string) ([]int, error) {
	var names []string
	var places []int
	for i, x := range all {
		names, places = append(names, nameOf(x)), append(places, i)
	}
	if name == "" {
		return places, nil
	}
	i, err := find(word, name, names)
	return []int{i}, err
}

func (r *Reader) money(minor int64) json.Number {
	return json.Number(decimal.FromMinor(minor).Text(r.prog.Digits))
}

func (r *Reader) day(t int64) int64 { return r.prog.Zone.DateOf(t) }

func (r *Reader) timeText(t int64) string { return timeText(r.prog.Zone, t) }

func dateText(day int64) string {
	y, m, d := calendar.Civil(day)
	return fmt.Sprintf("%04d-%02d-%02d", y, m, d)
}

func monthText(day int64) string { return dateText(day)[:7] }

// months are the first dates of the months from the first to the last of some, without a gap.
func months[T any](some map[int64]T) []int64 {
	return gapless(some, func(d int64) int64 { return calendar.AddMonths(d, 1) })
}

// days are the dates from the first to the last of some, without a gap.
func days[T any](some map[int64]T) []int64 {
	return gapless(some, func(d int64) int64 { return d + 1 })
}

// most bounds how many places are filled in: more than ten years of days, with something on the first and the last, are
// left as they are.
const most = 3_700

// gapless is the keys of a map in order, and what next puts between them.
func gapless[T any](some map[int64]T, next func(int64) int64) []int64 {
	there := slices.Sorted(maps.Keys(some))
	if len(there) == 0 {
		return nil
	}
	var out []int64
	for d := there[0]; d <= there[len(there)-1]; d = next(d) {
		if out = append(out, d); len(out) > most {
			return there
		}
	}
	return out
}

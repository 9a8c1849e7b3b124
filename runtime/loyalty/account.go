package loyalty

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
)

// Keeper knows the loyalty rules of a program. It is not safe for concurrent use; [Keeper.Fork] gives another goroutine
// its own.
type Keeper struct {
	prog     *ir.Program
	eval     *exprplan.Evaluator
	revision string
	layouts  map[int]layout     // of fact types
	unknown  map[int][]ir.Value // fields of which nothing is known, by fact type
	entries  []places           // by points
}

// layout is the places of the fields of a fact type.
type layout map[string]int

// New returns a keeper of a program's rules. revision is what facts say of the rule set that made them.
func New(p *ir.Program, revision string) (*Keeper, error) {
	eval, err := exprplan.New(p)
	if err != nil {
		return nil, err
	}
	k := &Keeper{prog: p, eval: eval, revision: revision, layouts: map[int]layout{}, unknown: map[int][]ir.Value{}}
	for i, e := range p.Events {
		if e.Facts == "" {
			continue
		}
		l := layout{}
		for j, f := range e.Fields {
			l[f.Name] = j
			k.unknown[i] = append(k.unknown[i], ir.Unknown(f.Type.Kind))
		}
		k.layouts[i] = l
	}
	for _, x := range p.Points {
		k.entries = append(k.entries, placesOf(k.layouts[x.Facts]))
	}
	return k, nil
}

// Fork returns a keeper of the same rules for another goroutine.
func (k *Keeper) Fork() *Keeper {
	out := *k
	out.eval = k.eval.Fork()
	return &out
}

// Fact is one fact: an event of a hidden type that is to be stored with what caused it.
type Fact struct {
	Type  int // of Program.Events
	Event exprplan.Event
	// Of is whose it would be had members not become one; nil where that follows from the rest.
	Of *uint32
}

// Account is one member while something happens.
type Account struct {
	k     *Keeper
	world *exprplan.World
	base  *exprplan.Member
	stamp func() int64
	facts [][]exprplan.Event // by type of event, of those of which some were added, those included; nil before the first
	added []Fact
	// ledgers are by points.
	ledgers []ledger
	seen    *exprplan.Member // base with the facts as they are now; nil after a change
}

// Open returns the account of a member at the instant of a world. The member's history has the event that is happening,
// if one is, and the facts up to now. stamp yields numbers that ascend and never come twice, for new lots.
func (k *Keeper) Open(w *exprplan.World, m *exprplan.Member, stamp func() int64) *Account {
	return &Account{k: k, world: w, base: m, stamp: stamp}
}

// Added returns the facts that have followed so far, in order.
func (a *Account) Added() []Fact { return a.added }

// of returns the facts of a type, those that were just added last.
func (a *Account) of(event int) []exprplan.Event {
	if a.facts != nil && a.facts[event] != nil {
		return a.facts[event]
	}
	if a.base.Events == nil {
		return nil
	}
	return a.base.Events(event)
}

// member is the member with the facts as they are now.
func (a *Account) member() *exprplan.Member {
	if a.seen == nil {
		if a.facts == nil {
			return a.base
		}
		m := *a.base
		m.Events = a.of
		a.seen = &m
	}
	return a.seen
}

// fact is a fact in the making.
type fact struct {
	k      *Keeper
	event  int
	fields []ir.Value
}

func (a *Account) fact(event int, what string) *fact {
	f := &fact{k: a.k, event: event, fields: a.base.Room.Take(len(a.k.unknown[event]))}
	copy(f.fields, a.k.unknown[event])
	return f.text(ir.FactWhat, what).text(ir.FactRevision, a.k.revision)
}

func (f *fact) set(name string, v ir.Value) *fact {
	i, ok := f.k.layouts[f.event][name]
	if !ok {
		panic(fmt.Sprintf("loyalty: facts of %s have no %q", f.k.prog.Events[f.event].Name, name))
	}
	f.fields[i] = v
	return f
}

func (f *fact) text(name, text string) *fact {
	if text == "" {
		return f
	}
	return f.set(name, ir.StringValue(text))
}

func (f *fact) number(name string, n int64) *fact {
	if n == 0 {
		return f
	}
	return f.set(name, ir.IntLike(ir.Int, n))
}

func (f *fact) date(name string, d int64) *fact { return f.set(name, ir.IntLike(ir.Date, d)) }

func (f *fact) time(name string, t int64) *fact { return f.set(name, ir.IntLike(ir.Time, t)) }

// add makes a fact part of the account, at the present instant.
func (a *Account) add(f *fact) {
	e := exprplan.Event{At: a.world.Now, Fields: f.fields}
	a.keep(f.event, append(a.own(f.event), e))
	a.added = append(a.added, Fact{Type: f.event, Event: e})
	a.seen = nil
}

// own are the facts of a type, to be appended to: whoever has read those before does not see what comes behind them.
func (a *Account) own(event int) []exprplan.Event {
	all := a.of(event)
	if a.facts == nil || a.facts[event] == nil {
		all = append(make([]exprplan.Event, 0, len(all)+4), all...)
	}
	return all
}

// keep makes facts those of a type.
func (a *Account) keep(event int, all []exprplan.Event) {
	if a.facts == nil {
		a.facts = make([][]exprplan.Event, len(a.k.prog.Events))
	}
	a.facts[event] = all
}

// addAt makes a fact part of the account at the instant that it is about, which is not after now.
func (a *Account) addAt(at int64, f *fact) {
	e := exprplan.Event{At: at, Fields: f.fields}
	all := a.of(f.event)
	i, _ := slices.BinarySearchFunc(all, at+1, func(e exprplan.Event, t int64) int { return cmp.Compare(e.At, t) })
	a.keep(f.event, slices.Insert(slices.Clone(all), i, e))
	a.added = append(a.added, Fact{Type: f.event, Event: e})
	a.seen = nil
}

// field reads a field of a fact.
func (k *Keeper) field(event int, e exprplan.Event, name string) ir.Value {
	return e.Fields[k.layouts[event][name]]
}

// Cause is what a fact follows from: an event, by its type and its key or what it is matched by, or something that was
// asked for, by its kind and its own key.
type Cause struct{ Kind, Key string }

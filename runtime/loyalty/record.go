package loyalty

import (
	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
)

// Field is one field of a fact. One whose value is unknown is left out.
type Field struct {
	Name  string
	Value ir.Value
}

// Text, Number and Time make fields; an empty text and 0 are left out.
func Text(name, text string) Field {
	return Field{name, ir.Value{Known: text != "", Kind: ir.String, S: text}}
}

func Number(name string, n int64) Field {
	return Field{name, ir.Value{Known: n != 0, Kind: ir.Int, I: n}}
}

func Time(name string, t int64) Field { return Field{name, ir.IntLike(ir.Time, t)} }

// Record adds a fact of any type at the present instant, which it is dated.
func (a *Account) Record(event int, what string, cause Cause, fields ...Field) {
	f := a.fact(event, what).time(ir.FactDated, a.world.Now).text(ir.FactCause, cause.Kind).text(ir.FactCauseKey, cause.Key)
	for _, one := range fields {
		if one.Value.Known {
			f.set(one.Name, one.Value)
		}
	}
	a.add(f)
}

// Facts returns the events of a type, those that were just added last.
func (a *Account) Facts(event int) []exprplan.Event { return a.of(event) }

// Member is the member with the facts as they are now, to evaluate something of it. It is good until the next change.
func (a *Account) Member() *exprplan.Member { return a.member() }

// World is the instant of the account.
func (a *Account) World() *exprplan.World { return a.world }

// Stale makes the account look again at what it was opened over: something besides facts has changed.
func (a *Account) Stale() {
	a.seen = nil
	a.k.eval.Reset()
}

// Field reads a field of a fact.
func (k *Keeper) Field(event int, e exprplan.Event, name string) ir.Value {
	return k.field(event, e, name)
}

// Evaluator is what the keeper evaluates with, for use on the same goroutine.
func (k *Keeper) Evaluator() *exprplan.Evaluator { return k.eval }

// CauseOf names an event as facts do: by its key, or by the text that what takes it back matches.
func (k *Keeper) CauseOf(event int, e exprplan.Event) Cause {
	name := k.prog.Events[event].Name
	if len(k.prog.Points) == 0 {
		if key := k.prog.Events[event].Key; key >= 0 {
			return Cause{name, e.Fields[key].S}
		}
		return Cause{Kind: name}
	}
	return k.causeOf(0, event, e)
}

// Span is the instants that a cap counts together with one, both ends included: those of its calendar period, of the span
// that ends with it, or all.
func (k *Keeper) Span(c ir.Cap, at int64) (from, to int64) {
	in := k.period(c, at)
	return in.lo, in.hi
}

// Whole is the points that a value gives: rounded down, and 0 where it is below 0, unknown or too large.
func (k *Keeper) Whole(v ir.Value) int64 {
	if !v.Known {
		return 0
	}
	exact, ok := exactly(v, k.prog.Digits)
	if !ok {
		return 0
	}
	n, ok := exact.Floor(k.prog.Digits)
	if !ok {
		return 0
	}
	return max(0, n)
}

// Give adds points that a campaign gives. They are active at once, hold as long as those that are earned today, and count
// as earned. Before the start of the points nothing is given, and false is returned.
func (a *Account) Give(points int, n int64, cause Cause, rule string) bool {
	p := a.k.prog.Points[points]
	if n <= 0 || a.today() < p.Start {
		return false
	}
	a.newLot(points, whatGive, n, a.world.Now, cause, rule, n, a.k.lastDay(p.Expire, a.today()))
	return true
}

package loyalty

import (
	"errors"
	"fmt"
	"slices"

	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
)

// Errors of what is asked of points. They are answers to whoever asks, not faults.
var (
	// ErrAmount says that a number of points is not above 0.
	ErrAmount = errors.New("the number of points must be above 0")
	// ErrShort is what every [ShortError] is.
	ErrShort = errors.New("there are not enough points")
	// ErrTwice says that a request with this key was carried out before.
	ErrTwice = errors.New("this was done before")
	// ErrUnspent says that more is returned than was spent with a key.
	ErrUnspent = errors.New("more is returned than was spent")
)

// ShortError says how many points there are where more were asked for.
type ShortError struct{ Asked, There int64 }

func (e *ShortError) Error() string {
	return fmt.Sprintf("there are not enough points: %d are asked for, and there are %d", e.Asked, e.There)
}

// Is makes errors.Is(err, ErrShort) true.
func (e *ShortError) Is(target error) bool { return target == ErrShort }

// Spend takes points from the lots that expire first. key names the spending, for its return; one of another number of
// points under the same key is refused.
func (a *Account) Spend(points int, n int64, key string) error {
	if n <= 0 {
		return ErrAmount
	}
	if a.spent(points, key) != nil {
		if before := -a.moved(points, ir.FactCauseKey, key, whatSpend); before != n {
			return refuse(WhyOtherKey, "with this key %d points were spent, not %d", before, n)
		}
		return ErrTwice
	}
	lots := a.Lots(points)
	there, _ := a.Balance(points)
	if there < n {
		return &ShortError{Asked: n, There: max(0, there)}
	}
	slices.SortFunc(lots, byExpiry)
	for _, l := range lots {
		if k := min(n, l.Active); k > 0 && l.ID != debt {
			f := a.again(points, whatSpend, l, Cause{whatSpend, key}).number(ir.FactActive, -k).number(ir.FactSpent, k)
			a.add(f.time(ir.FactDated, a.world.Now))
			n -= k
		}
	}
	return nil
}

// taking is what a spending took from a lot and has not given back.
type taking struct {
	lot int64
	n   int64
}

// spent lists what a spending has taken, in the order in which it did; nil if there was none with that key.
func (a *Account) spent(points int, key string) (out []taking) {
	p, k := a.k.prog.Points[points], a.k
	for _, e := range a.of(p.Facts) {
		what := k.field(p.Facts, e, ir.FactWhat).S
		if what != whatSpend && what != whatReturn || k.field(p.Facts, e, ir.FactCauseKey).S != key {
			continue
		}
		lot, n := k.field(p.Facts, e, ir.FactLot).I, k.field(p.Facts, e, ir.FactSpent).I
		i := slices.IndexFunc(out, func(t taking) bool { return t.lot == lot })
		if i < 0 {
			out = append(out, taking{lot: lot})
			i = len(out) - 1
		}
		out[i].n += n
	}
	return out
}

// Return puts points that were spent with a key back into the lots that they came from, the last taken first. What comes
// back to a lot that has expired meanwhile is forfeited. request names the return itself; one that has no name counts every
// time.
func (a *Account) Return(points int, n int64, key, request string) error {
	if n <= 0 {
		return ErrAmount
	}
	if request != "" && a.done(points, whatReturn, ir.FactRule, request) {
		if before := a.moved(points, ir.FactRule, request, whatReturn); before != n {
			return refuse(WhyOtherKey, "with this key %d points were returned, not %d", before, n)
		}
		return ErrTwice
	}
	taken := a.spent(points, key)
	var all int64
	for _, t := range taken {
		all += t.n
	}
	if n > all {
		return ErrUnspent
	}
	for i := len(taken) - 1; i >= 0 && n > 0; i-- {
		k := min(n, taken[i].n)
		if k <= 0 {
			continue
		}
		l, ok := a.lot(points, taken[i].lot)
		if !ok {
			continue
		}
		f := a.again(points, whatReturn, l, Cause{whatReturn, key}).number(ir.FactActive, k).number(ir.FactSpent, -k)
		a.add(f.time(ir.FactDated, a.world.Now).set(ir.FactRule, ir.Value{Known: request != "", Kind: ir.String, S: request}))
		a.payOff(points, l.ID)
		if l.Expires < a.today() {
			a.expireLot(points, l.ID)
		}
		n -= k
	}
	return nil
}

// done reports whether there is an entry that says what was done for a request, which a field names.
func (a *Account) done(points int, what, field, request string) bool {
	p, k := a.k.prog.Points[points], a.k
	return slices.ContainsFunc(a.of(p.Facts), func(e exprplan.Event) bool {
		return k.field(p.Facts, e, ir.FactWhat).S == what && k.field(p.Facts, e, field).S == request
	})
}

// moved is by how many active points the entries that were written for a request, which a field names, changed the balance.
func (a *Account) moved(points int, field, request string, what ...string) (n int64) {
	p, k := a.k.prog.Points[points], a.k
	for _, e := range a.of(p.Facts) {
		if k.field(p.Facts, e, field).S == request && slices.Contains(what, k.field(p.Facts, e, ir.FactWhat).S) {
			n += k.field(p.Facts, e, ir.FactActive).I
		}
	}
	return n
}

// Adjust adds points that no event earned, such as an opening balance, or takes some away (n below 0): from the lots that
// expire first, then below zero. Expires is the last date on which added ones hold; nil is what the rules say of points of
// today. key names the request; one that has no name counts every time.
func (a *Account) Adjust(points int, n int64, expires *int64, key string) error {
	if n == 0 {
		return ErrAmount
	}
	if key != "" && (a.done(points, whatAdjust, ir.FactCauseKey, key) || a.done(points, whatTakeOff, ir.FactCauseKey, key)) {
		if before := a.moved(points, ir.FactCauseKey, key, whatAdjust, whatTakeOff); before != n {
			return refuse(WhyOtherKey, "with this key the points were adjusted by %d, not %d", before, n)
		}
		return ErrTwice
	}
	cause := Cause{whatAdjust, key}
	if n > 0 {
		last := a.k.lastDay(a.k.prog.Points[points].Expire, a.today())
		if expires != nil {
			last = *expires
		}
		a.newLot(points, whatAdjust, n, a.world.Now, cause, "", n, last)
		return nil
	}
	lots := a.Lots(points)
	slices.SortFunc(lots, byExpiry)
	left := -n
	for _, l := range lots {
		if k := min(left, l.Active); k > 0 && l.ID != debt {
			a.add(a.again(points, whatTakeOff, l, cause).number(ir.FactActive, -k))
			left -= k
		}
	}
	if left > 0 {
		a.add(a.entry(points, whatTakeOff, debt, a.world.Now, cause, "").number(ir.FactActive, -left))
	}
	return nil
}

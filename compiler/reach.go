package compiler

import (
	"github.com/muster-engine/muster/compiler/ir"
)

// reach is a set of values of one kind: those between lo and hi that are among only, if that is not nil, and not among
// except. The warnings reason with it about what a comparison lets through.
type reach struct {
	kind   ir.Kind
	lo, hi limit
	only   []ir.Value
	except []ir.Value
}

// limit is an end of a reach; the zero limit is none.
type limit struct {
	set  bool
	at   ir.Value
	open bool // at itself is outside
}

// everything is the reach of all values of a kind.
func everything(k ir.Kind) reach { return reach{kind: k} }

func isDiscrete(k ir.Kind) bool {
	return k == ir.Int || k == ir.Money || k == ir.Enum || k == ir.Date || k == ir.Time || k == ir.Bool
}

func from(v ir.Value, open bool) reach {
	r := everything(v.Kind)
	if open && isDiscrete(v.Kind) && v.I < 1<<62 {
		v.I, open = v.I+1, false
	}
	r.lo = limit{true, v, open}
	return r
}

func upTo(v ir.Value, open bool) reach {
	r := everything(v.Kind)
	if open && isDiscrete(v.Kind) && v.I > -1<<62 {
		v.I, open = v.I-1, false
	}
	r.hi = limit{true, v, open}
	return r
}

func among(k ir.Kind, values ...ir.Value) reach {
	return reach{kind: k, only: append([]ir.Value{}, values...)}
}

func between(k ir.Kind, lo, hi int64) reach {
	return from(ir.IntLike(k, lo), false).and(upTo(ir.IntLike(k, hi), false))
}

// has tells whether a value is in the reach.
func (r reach) has(v ir.Value) bool {
	if r.lo.set && (lessValue(v, r.lo.at) || r.lo.open && !lessValue(r.lo.at, v)) {
		return false
	}
	if r.hi.set && (lessValue(r.hi.at, v) || r.hi.open && !lessValue(v, r.hi.at)) {
		return false
	}
	if r.only != nil && !holdsValue(r.only, v) {
		return false
	}
	return !holdsValue(r.except, v)
}

func holdsValue(list []ir.Value, v ir.Value) bool {
	for _, x := range list {
		if valueKey(x) == valueKey(v) {
			return true
		}
	}
	return false
}

// and is the intersection.
func (r reach) and(s reach) reach {
	out := r
	if s.lo.set && (!out.lo.set || lessValue(out.lo.at, s.lo.at) || !lessValue(s.lo.at, out.lo.at) && s.lo.open) {
		out.lo = s.lo
	}
	if s.hi.set && (!out.hi.set || lessValue(s.hi.at, out.hi.at) || !lessValue(out.hi.at, s.hi.at) && s.hi.open) {
		out.hi = s.hi
	}
	out.except = append(append([]ir.Value{}, r.except...), s.except...)
	switch {
	case r.only == nil:
		out.only = s.only
	case s.only != nil:
		out.only = []ir.Value{}
		for _, v := range r.only {
			if holdsValue(s.only, v) {
				out.only = append(out.only, v)
			}
		}
	}
	return out
}

// mostListed bounds how many values of a discrete reach are looked at one by one.
const mostListed = 400

// list is every value of the reach, if they are few.
func (r reach) list() ([]ir.Value, bool) {
	candidates := r.only
	if candidates == nil {
		if !isDiscrete(r.kind) || !r.lo.set || !r.hi.set {
			return nil, false
		}
		if r.hi.at.I < r.lo.at.I {
			return nil, true
		}
		if uint64(r.hi.at.I)-uint64(r.lo.at.I) > mostListed {
			return nil, false
		}
		for i := r.lo.at.I; i <= r.hi.at.I; i++ {
			candidates = append(candidates, ir.IntLike(r.kind, i))
		}
	}
	var values []ir.Value
	for _, v := range candidates {
		if r.has(v) {
			values = append(values, v)
		}
	}
	return values, true
}

// empty tells whether surely no value is in the reach.
func (r reach) empty() bool {
	if values, ok := r.list(); ok {
		return len(values) == 0
	}
	if !r.lo.set || !r.hi.set {
		return false
	}
	return lessValue(r.hi.at, r.lo.at) || !lessValue(r.lo.at, r.hi.at) && (r.lo.open || r.hi.open)
}

// within tells whether surely every value of r is in s.
func (r reach) within(s reach) bool {
	if values, ok := r.list(); ok {
		for _, v := range values {
			if !s.has(v) {
				return false
			}
		}
		return true
	}
	if s.only != nil {
		return false
	}
	if s.lo.set && (!r.lo.set || lessValue(r.lo.at, s.lo.at) || !lessValue(s.lo.at, r.lo.at) && s.lo.open && !r.lo.open) {
		return false
	}
	if s.hi.set && (!r.hi.set || lessValue(s.hi.at, r.hi.at) || !lessValue(r.hi.at, s.hi.at) && s.hi.open && !r.hi.open) {
		return false
	}
	for _, v := range s.except {
		if r.has(v) {
			return false
		}
	}
	return true
}

// covered tells whether surely every value of r is in one of several reaches.
func (r reach) covered(by []reach) bool {
	if values, ok := r.list(); ok {
		for _, v := range values {
			if !anyHas(by, v) {
				return false
			}
		}
		return true
	}
	for _, s := range by {
		if r.within(s) {
			return true
		}
		// all but a few values: the others must have those
		if s.only == nil && !s.lo.set && !s.hi.set {
			rest := true
			for _, v := range s.except {
				rest = rest && (!r.has(v) || anyHas(by, v))
			}
			if rest {
				return true
			}
		}
	}
	for _, below := range by {
		for _, above := range by {
			if meets(below, above) && r.within(reach{kind: r.kind, lo: below.lo, hi: above.hi}) {
				return true
			}
		}
	}
	return false
}

func anyHas(list []reach, v ir.Value) bool {
	for _, r := range list {
		if r.has(v) {
			return true
		}
	}
	return false
}

// meets tells whether two plain intervals leave no value out between them.
func meets(below, above reach) bool {
	if below.only != nil || above.only != nil || len(below.except)+len(above.except) > 0 || !below.hi.set || !above.lo.set {
		return false
	}
	hi, lo := below.hi, above.lo
	if isDiscrete(below.kind) {
		return lo.at.I <= hi.at.I || lo.at.I-1 == hi.at.I
	}
	return lessValue(lo.at, hi.at) || !lessValue(hi.at, lo.at) && !(hi.open && lo.open)
}

// atom reads a condition as one operand and the values of it that are let through; unknown never is.
func atom(n *ir.Node) (*ir.Node, reach, bool) {
	switch n.Op {
	case ir.OpIn:
		return n.Args[0], among(n.Args[0].Type.Kind, n.Consts...), true
	case ir.OpNot:
		x, r, ok := atom(n.Args[0])
		if !ok || x.Nullable {
			return nil, r, false
		}
		return x, r.complement(), r.invertible()
	}
	if n.Op < ir.OpEq || n.Op > ir.OpGe || !isConst(n.Args[1]) {
		return nil, reach{}, false
	}
	x, v := n.Args[0], n.Args[1].Const
	switch n.Op {
	case ir.OpEq:
		return x, among(v.Kind, v), true
	case ir.OpNe:
		return x, reach{kind: v.Kind, except: []ir.Value{v}}, true
	case ir.OpLt:
		return x, upTo(v, true), true
	case ir.OpLe:
		return x, upTo(v, false), true
	case ir.OpGt:
		return x, from(v, true), true
	}
	return x, from(v, false), true
}

// invertible tells reaches whose complement is a reach.
func (r reach) invertible() bool {
	if r.only != nil {
		return !r.lo.set && !r.hi.set && len(r.except) == 0
	}
	if len(r.except) > 0 {
		return !r.lo.set && !r.hi.set
	}
	return r.lo.set != r.hi.set
}

func (r reach) complement() reach {
	switch {
	case r.only != nil:
		return reach{kind: r.kind, except: r.only}
	case len(r.except) > 0:
		return reach{kind: r.kind, only: r.except}
	case r.lo.set:
		return upTo(r.lo.at, !r.lo.open)
	}
	return from(r.hi.at, !r.hi.open)
}

// domain is every value that an expression can have.
func (c *compilation) domain(n *ir.Node) reach {
	k := n.Type.Kind
	switch n.Op {
	case ir.OpTag:
		if t := c.program.Tags[n.Index]; t.Expr != nil {
			return c.domain(t.Expr)
		}
	case ir.OpMember:
		return c.domain(n.Args[0])
	case ir.OpSlot:
		if n.Agg.Fn == ir.AggCount || n.Agg.Fn == ir.AggDistinct {
			return from(ir.IntLike(ir.Int, 0), false)
		}
	case ir.OpLength:
		return from(ir.IntLike(ir.Int, 0), false)
	case ir.OpQuarter:
		return between(k, 1, 4)
	case ir.OpMonth:
		return between(k, 1, 12)
	case ir.OpDay:
		return between(k, 1, 31)
	case ir.OpWeekday:
		return between(k, 1, 7)
	case ir.OpHour:
		return between(k, 0, 23)
	case ir.OpNtile:
		return between(k, 1, n.Ntile.N)
	case ir.OpChance:
		return from(ir.NumberValue(0), false).and(upTo(ir.NumberValue(1), true))
	case ir.OpDaysBetween:
		if sinceEvent(n) != nil {
			return from(ir.IntLike(ir.Int, 0), false)
		}
	case ir.OpIntToNumber:
		return c.domain(n.Args[0]).asNumber()
	}
	if k == ir.Enum {
		return between(k, 0, int64(len(n.Type.Enum.Values))-1)
	}
	return everything(k)
}

// asNumber is a reach of ints as numbers, as far as its ends go.
func (r reach) asNumber() reach {
	out := everything(ir.Number)
	if r.lo.set {
		out.lo = limit{true, ir.NumberValue(float64(r.lo.at.I)), r.lo.open}
	}
	if r.hi.set {
		out.hi = limit{true, ir.NumberValue(float64(r.hi.at.I)), r.hi.open}
	}
	return out
}

// sinceEvent is the aggregate E of days since E, where E is the time of one of the member's events.
func sinceEvent(n *ir.Node) *ir.Aggregate {
	if n.Op != ir.OpDaysBetween || n.Args[0].Op != ir.OpToday || n.Args[1].Op != ir.OpTimeToDate {
		return nil
	}
	slot := n.Args[1].Args[0]
	if slot.Op != ir.OpSlot || slot.Agg.Value == nil || slot.Agg.Value.Op != ir.OpAt {
		return nil
	}
	return slot.Agg
}

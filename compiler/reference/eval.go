package reference

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/muster-engine/muster/dsl"
)

// Eval is the value of an expression about a member, rounded as if it were a tag. A condition is a Bool.
func (at *Instant) Eval(member *Member, e dsl.Expr) (v Value, err error) {
	defer catch(&err)
	s := scope{at: at, member: member}
	return store(at.model.settle(s.eval(e))), nil
}

// Holds reports whether a condition holds for a member; unknown does not.
func (at *Instant) Holds(member *Member, condition dsl.Expr) (holds bool, err error) {
	defer catch(&err)
	s := scope{at: at, member: member}
	return s.holds(condition), nil
}

// Tag is the value of a tag of a member.
func (at *Instant) Tag(member *Member, name string) (v Value, err error) {
	defer catch(&err)
	if at.model.tags[name] == nil {
		return Value{}, faultf("there is no tag %s", name)
	}
	return store(at.tag(member, name)), nil
}

// Segment reports whether a member is in a segment.
func (at *Instant) Segment(member *Member, name string) (in bool, err error) {
	defer catch(&err)
	segment := at.model.segments[name]
	if segment == nil {
		return false, faultf("there is no segment %s", name)
	}
	return at.segment(member, segment), nil
}

// scope is what names refer to: a member and, inside an aggregate or a computed field, one event of a type.
type scope struct {
	at     *Instant
	member *Member
	event  *Event
	fields *fields // of the event's type; nil if the expression is about the member
	// declared is true within a tag or a segment, whose ntiles keep their cuts until they are taken anew; an ntile that is
	// asked ad hoc takes them at the instant asked.
	declared bool
}

func (s scope) typeOf(e dsl.Expr) typ { return s.at.model.typeOf(e, s.fields) }

// holds is an expression where a condition is asked: unknown is false.
func (s scope) holds(e dsl.Expr) bool { return s.eval(e) == true }

func (s scope) eval(e dsl.Expr) operand {
	if value, isInt, ok := fold(e); ok {
		switch {
		case value == nil:
			return nil
		case isInt:
			return toInt(value.Num())
		}
		return literal{value}
	}
	switch e := e.(type) {
	case *dsl.Paren:
		return s.eval(e.X)
	case *dsl.StringLit:
		return e.Value
	case *dsl.BoolLit:
		return e.Value
	case *dsl.DateLit:
		return newDay(e.Year, monthOf(e.Month), e.Day)
	case *dsl.TimeLit:
		clock := int64(e.Hour)*hour + int64(e.Minute)*minute + int64(e.Second)*second
		return instantOf(newDay(e.Year, monthOf(e.Month), e.Day), clock, s.at.model.zone)
	case *dsl.SpanLit:
		return span{e.N, e.Unit}
	case *dsl.Unary:
		return s.unary(e)
	case *dsl.Binary:
		return s.binary(e)
	case *dsl.In:
		return s.in(e)
	case *dsl.Between:
		return s.compare(dsl.OpGe, e.X, e.Low) && s.compare(dsl.OpLe, e.X, e.High)
	case *dsl.Is:
		return (s.eval(e.X) != nil) == e.Known
	case *dsl.StringTest:
		return s.stringTest(e)
	case *dsl.When:
		return s.when(e)
	case *dsl.Ident:
		return s.name(e.Name.Text)
	case *dsl.Select:
		if ofMember(e) {
			return s.at.memberName(s.member, e.Name.Text)
		}
		return s.at.column(s.eval(e.X), s.typeOf(e.X), e.Name.Text)
	case *dsl.Call:
		return s.call(e)
	}
	panic(faultf("%s has no value", e))
}

func (s scope) unary(e *dsl.Unary) operand {
	if e.Op == dsl.OpNot {
		return !s.holds(e.X)
	}
	x := s.eval(e.X)
	if x == nil {
		return nil
	}
	switch e.Op {
	case dsl.OpNeg:
		return negate(x)
	case dsl.OpDaysSince:
		return int64(s.at.today - s.dayOf(x))
	case dsl.OpDaysUntil:
		return int64(s.dayOf(x) - s.at.today)
	case dsl.OpHoursSince:
		return fullHours(s.at.now - x.(instant))
	case dsl.OpHoursUntil:
		return fullHours(x.(instant) - s.at.now)
	}
	panic(faultf("there is no %s", e.Op))
}

// fullHours rounds down, below zero as well.
func fullHours(elapsed instant) int64 {
	h := int64(elapsed) / hour
	if int64(elapsed)%hour < 0 {
		h--
	}
	return h
}

// dayOf is a date as it is and the local date of a time.
func (s scope) dayOf(x operand) day {
	switch x := x.(type) {
	case day:
		return x
	case instant:
		return dayOf(x, s.at.model.zone)
	}
	panic(faultf("%T has no date", x))
}

func (s scope) binary(e *dsl.Binary) operand {
	m := s.at.model
	switch e.Op {
	case dsl.OpOr:
		return s.holds(e.X) || s.holds(e.Y)
	case dsl.OpAnd:
		return s.holds(e.X) && s.holds(e.Y)
	case dsl.OpCoalesce:
		x := s.eval(e.X)
		if x == nil {
			x = s.eval(e.Y)
		}
		return m.widen(x, s.typeOf(e))
	case dsl.OpAdd, dsl.OpSub, dsl.OpMul, dsl.OpDiv:
		return s.arithmetic(e)
	}
	return s.compare(e.Op, e.X, e.Y)
}

func (s scope) arithmetic(e *dsl.Binary) operand {
	x, y := s.eval(e.X), s.eval(e.Y)
	if x == nil || y == nil {
		return nil
	}
	if by, ok := y.(span); ok {
		if e.Op == dsl.OpSub {
			by.n = -by.n
		}
		if from, ok := x.(instant); ok {
			return from.add(by.n, by.unit, s.at.model.zone)
		}
		return x.(day).add(by.n, by.unit)
	}
	if from, ok := x.(day); ok && e.Op == dsl.OpSub {
		return int64(from - y.(day))
	}
	return s.at.model.arithmetic(e.Op, x, y)
}

func (s scope) in(e *dsl.In) operand {
	if s.eval(e.X) == nil {
		return false
	}
	found := slices.ContainsFunc(e.List, func(c dsl.Expr) bool { return s.compare(dsl.OpEq, e.X, c) })
	return found != e.Not
}

func (s scope) stringTest(e *dsl.StringTest) operand {
	x, y := s.eval(e.X), s.eval(e.Y)
	if x == nil || y == nil {
		return false
	}
	if texts, ok := x.(set); ok {
		return slices.Contains(texts, y.(string))
	}
	text, part := x.(string), y.(string)
	switch e.Op {
	case dsl.OpContains:
		return strings.Contains(text, part)
	case dsl.OpStartsWith:
		return strings.HasPrefix(text, part)
	case dsl.OpEndsWith:
		return strings.HasSuffix(text, part)
	}
	pattern, err := regexp.Compile(part)
	if err != nil {
		panic(faultf("%q is no pattern", part))
	}
	return pattern.MatchString(text)
}

// when is the first branch whose condition holds, as a value of the type that holds all branches.
func (s scope) when(e *dsl.When) operand {
	t := s.typeOf(e)
	for _, b := range e.Branches {
		if s.holds(b.Cond) {
			return s.at.model.widen(s.eval(b.Value), t)
		}
	}
	if e.Else == nil {
		return nil
	}
	return s.at.model.widen(s.eval(e.Else), t)
}

// compare is a comparison of two expressions: false if either is unknown.
func (s scope) compare(op dsl.BinaryOp, xe, ye dsl.Expr) bool {
	c, known := s.at.order(s.eval(xe), s.eval(ye), labelsOf(s.typeOf(xe), s.typeOf(ye)))
	if !known {
		return false
	}
	switch op {
	case dsl.OpEq:
		return c == 0
	case dsl.OpNe:
		return c != 0
	case dsl.OpLt:
		return c < 0
	case dsl.OpLe:
		return c <= 0
	case dsl.OpGt:
		return c > 0
	case dsl.OpGe:
		return c >= 0
	}
	panic(faultf("%s compares nothing", op))
}

// labelsOf is the order in which texts of the two types compare, nil if there is none.
func labelsOf(x, y typ) []string {
	if x.shape == shapeEnum {
		return x.labels
	}
	if y.shape == shapeEnum {
		return y.labels
	}
	return nil
}

// order compares two values as the two sides of a comparison, money rounded; not known if either is unknown. Texts that
// differ have the order of the labels.
func (at *Instant) order(x, y operand, labels []string) (c int, known bool) {
	m := at.model
	_, xMoney := x.(amount)
	_, yMoney := y.(amount)
	if (xMoney || yMoney) && x != nil && y != nil {
		x, y = m.settle(m.major(x)), m.settle(m.major(y))
	}
	if x == nil || y == nil {
		return 0, false
	}
	return at.orderExactly(x, y, labels), true
}

// orderExactly compares two known values as they are.
func (at *Instant) orderExactly(x, y operand, labels []string) int {
	switch x := x.(type) {
	case bool:
		if x == y.(bool) {
			return 0
		}
		return 1
	case string:
		y := y.(string)
		if x == y {
			return 0
		}
		if i, j := slices.Index(labels, x), slices.Index(labels, y); i >= 0 && j >= 0 {
			return i - j
		}
		return strings.Compare(x, y)
	case amount:
		return x.Cmp(y.(amount).Rat)
	case day:
		if t, ok := y.(instant); ok {
			y = dayOf(t, at.model.zone)
		}
		return cmp.Compare(x, y.(day))
	case instant:
		if d, ok := y.(day); ok {
			return cmp.Compare(dayOf(x, at.model.zone), d)
		}
		return cmp.Compare(x, y.(instant))
	case int64:
		if y, ok := y.(int64); ok {
			return cmp.Compare(x, y)
		}
	case literal:
		if y, ok := y.(literal); ok {
			return x.Cmp(y.Rat)
		}
	case float64:
	default:
		panic(faultf("%T does not compare", x))
	}
	return cmp.Compare(nearest(x), nearest(y))
}

// nearest is an int, number or literal beside a number.
func nearest(x operand) float64 {
	f, _ := exact(x).Float64()
	return f
}

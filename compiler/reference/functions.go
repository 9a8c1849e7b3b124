package reference

import (
	"crypto/sha256"
	"encoding/binary"
	"strings"
	"unicode/utf8"

	"github.com/muster-engine/muster/dsl"
)

// call is a function or an aggregate.
func (s scope) call(e *dsl.Call) operand {
	m := s.at.model
	name := e.Name.Text
	switch name {
	case "count", "has", "sum", "avg", "min", "max", "distinct", "set", "first", "last", "top":
		return s.aggregate(e)
	case "ntile":
		return s.ntile(e)
	case "chance":
		return chance(s.eval(e.Args[0]).(string), s.member.Number)
	case "bucket":
		return s.bucket(e)
	case "least", "greatest":
		return s.extreme(e)
	}

	x := s.eval(e.Args[0])
	if x == nil {
		return nil
	}
	switch name {
	case "floor", "ceil", "round":
		return m.whole(name, x)
	case "abs":
		return magnitude(x)
	case "lower":
		return strings.ToLower(x.(string))
	case "length":
		return int64(utf8.RuneCountInString(x.(string)))
	case "hour":
		return clockOf(x.(instant), m.zone) / hour
	case "date":
		return s.dayOf(x)
	case "age":
		return age(s.dayOf(x), s.at.today)
	case "anniversary":
		return anniversary(s.dayOf(x), s.at.today)
	}

	y, month, d := s.dayOf(x).date()
	switch name {
	case "year":
		return int64(y)
	case "quarter":
		return int64((month-1)/3 + 1)
	case "month":
		return int64(month)
	case "day":
		return int64(d)
	case "weekday":
		return int64((s.dayOf(x).weekday()+6)%7 + 1) // 1 is Monday
	}
	panic(faultf("there is no function %s", name))
}

// extreme is the least or greatest of the arguments; unknown if one of them is.
func (s scope) extreme(e *dsl.Call) operand {
	m, t := s.at.model, s.typeOf(e)
	var best operand
	for _, arg := range e.Args {
		x := m.widen(s.eval(arg), t)
		if x == nil {
			return nil
		}
		if best == nil {
			best = x
			continue
		}
		c := s.at.orderExactly(x, best, t.labels)
		if e.Name.Text == "least" && c < 0 || e.Name.Text == "greatest" && c > 0 {
			best = x
		}
	}
	return best
}

// chance is the member's fixed fraction for a salt: the first 53 bits of a SHA-256.
func chance(salt string, member uint32) operand {
	text := append([]byte(salt), 0)
	text = binary.BigEndian.AppendUint64(text, uint64(member))
	hash := sha256.Sum256(text)
	return float64(binary.BigEndian.Uint64(hash[:8])>>11) / (1 << 53)
}

// bucket is the label of the range that holds the value; a value equal to a bound is in the range above it.
func (s scope) bucket(e *dsl.Call) operand {
	bounds := e.Args[1:]
	x := s.eval(e.Args[0])
	if x == nil {
		return nil
	}
	reached := 0
	for _, b := range bounds {
		c, known := s.at.order(x, s.eval(b), nil)
		if !known {
			return nil
		}
		if c >= 0 {
			reached++
		}
	}
	return bucketLabels(bounds)[reached]
}

func bucketLabels(bounds []dsl.Expr) []string {
	labels := []string{"<" + bounds[0].Span().Text()}
	for i := 1; i < len(bounds); i++ {
		labels = append(labels, bounds[i-1].Span().Text()+"-"+bounds[i].Span().Text())
	}
	return append(labels, ">="+bounds[len(bounds)-1].Span().Text())
}

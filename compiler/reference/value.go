package reference

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"time"

	"github.com/muster-engine/muster/dsl"
)

// Kind is the shape of a Value.
type Kind uint8

const (
	Unknown Kind = iota
	Bool         // Int is 0 or 1
	Int          // Int
	Number       // Float, never infinite
	Money        // Int, minor units of the currency
	Text         // Text: a string, a value of an enum, the key of a row, an id, an event key
	Date         // Int, days since 1970-01-01
	Time         // Int, microseconds since 1970-01-01T00:00:00Z
	Set          // Set, texts in ascending order, each once
)

// Value is a value of the language as it is stored or answered. The zero Value is unknown.
type Value struct {
	Kind  Kind
	Int   int64
	Float float64
	Text  string
	Set   []string
}

// Equal reports whether two values are the same, unknown being the same as unknown.
func (v Value) Equal(w Value) bool {
	return v.Kind == w.Kind && v.Int == w.Int && v.Float == w.Float && v.Text == w.Text && slices.Equal(v.Set, w.Set)
}

// String shows the value for test failures; money is in minor units.
func (v Value) String() string {
	switch v.Kind {
	case Bool:
		return strconv.FormatBool(v.Int != 0)
	case Int:
		return strconv.FormatInt(v.Int, 10)
	case Number:
		return "number " + strconv.FormatFloat(v.Float, 'g', -1, 64)
	case Money:
		return "money " + strconv.FormatInt(v.Int, 10)
	case Text:
		return strconv.Quote(v.Text)
	case Date:
		return showDay(day(v.Int))
	case Time:
		return time.UnixMicro(v.Int).UTC().Format("2006-01-02T15:04:05.999999Z")
	case Set:
		return fmt.Sprintf("set %q", v.Set)
	}
	return "unknown"
}

// operand is a value in the middle of an evaluation: nil where it is unknown, else a bool, int64, float64, literal,
// amount, string, day, instant, set or span.
type operand any

type (
	// literal is the exact value of a constant expression of literals that is not an int.
	literal struct{ *big.Rat }
	// amount is money, in minor units, with at most six decimals. What was stored, and sums of it, are held to 64 bits of
	// minor units; what was multiplied or divided is wide, and held to that only where it ends up.
	amount struct {
		*big.Rat
		wide bool
	}
	// day is a calendar day, counted from 1970-01-01.
	day int64
	// instant is a moment, in microseconds since 1970-01-01T00:00:00Z.
	instant int64
	// set is texts in ascending order, each once.
	set []string
	// span is a length of time, which is only added to a day or an instant.
	span struct {
		n    int64
		unit dsl.Unit
	}
)

// load turns a stored value into an operand.
func load(v Value) operand {
	switch v.Kind {
	case Bool:
		return v.Int != 0
	case Int:
		return v.Int
	case Number:
		return finite(v.Float)
	case Money:
		return amount{Rat: new(big.Rat).SetInt64(v.Int)}
	case Text:
		return v.Text
	case Date:
		return day(v.Int)
	case Time:
		return instant(v.Int)
	case Set:
		return newSet(v.Set)
	}
	return nil
}

// store turns an operand that has ended up somewhere, as settle leaves it, into a Value.
func store(x operand) Value {
	switch x := x.(type) {
	case nil:
		return Value{}
	case bool:
		if x {
			return Value{Kind: Bool, Int: 1}
		}
		return Value{Kind: Bool}
	case int64:
		return Value{Kind: Int, Int: x}
	case float64:
		return Value{Kind: Number, Float: x}
	case amount:
		return Value{Kind: Money, Int: x.Num().Int64()}
	case string:
		return Value{Kind: Text, Text: x}
	case day:
		return Value{Kind: Date, Int: int64(x)}
	case instant:
		return Value{Kind: Time, Int: int64(x)}
	case set:
		return Value{Kind: Set, Set: x}
	}
	panic(faultf("%T cannot be kept", x))
}

func newSet(texts []string) set {
	s := slices.Clone(texts)
	slices.Sort(s)
	return set(slices.Compact(s))
}

// finite is the number, or unknown if it overflowed.
func finite(f float64) operand {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return nil
	}
	if f == 0 {
		return 0.0 // there is one zero
	}
	return f
}

// fault is why an expression cannot be evaluated: it is not one that the compiler accepts.
type fault struct{ message string }

func (f fault) Error() string { return f.message }

func faultf(format string, args ...any) fault { return fault{fmt.Sprintf(format, args...)} }

// catch turns a fault that was raised below into an error.
func catch(err *error) {
	switch r := recover().(type) {
	case nil:
	case fault:
		*err = r
	default:
		panic(r)
	}
}

package column

import (
	"fmt"
	"slices"
	"sort"
)

// Value is one value outside a column. Kind 0 is unknown; otherwise the field that Kind names holds the value: Int for
// Ints, Float for Floats, Text for Texts, Set (ascending, each text once) for Sets.
type Value struct {
	Kind  Kind     `json:",omitempty"`
	Int   int64    `json:",omitempty"`
	Float float64  `json:",omitempty"`
	Text  string   `json:",omitempty"`
	Set   []string `json:",omitempty"`
}

// Int is a known integer: a bool (0, 1), int, money, date or time.
func Int(v int64) Value { return Value{Kind: Ints, Int: v} }

// Float is a known number.
func Float(v float64) Value { return Value{Kind: Floats, Float: v} }

// Text is a known text.
func Text(v string) Value { return Value{Kind: Texts, Text: v} }

// Set is a known set of texts, in any order.
func Set(texts ...string) Value { return Value{Kind: Sets, Set: sortedSet(texts)} }

// Equal reports whether two values are the same. NaN equals itself here.
func (v Value) Equal(w Value) bool {
	if v.Kind != w.Kind {
		return false
	}
	switch v.Kind {
	case Ints:
		return v.Int == w.Int
	case Floats:
		return v.Float == w.Float || v.Float != v.Float && w.Float != w.Float
	case Texts:
		return v.Text == w.Text
	case Sets:
		return slices.Equal(v.Set, w.Set)
	}
	return true
}

// String shows the value for messages.
func (v Value) String() string {
	switch v.Kind {
	case Ints:
		return fmt.Sprint(v.Int)
	case Floats:
		return fmt.Sprint(v.Float)
	case Texts:
		return fmt.Sprintf("%q", v.Text)
	case Sets:
		return fmt.Sprintf("%q", v.Set)
	}
	return "unknown"
}

// Value returns row i, unknown if i is at or beyond the end.
func (c *Column) Value(i int) Value {
	if c == nil || i >= c.Len || !c.IsKnown(i) {
		return Value{}
	}
	switch c.Kind {
	case Ints:
		return Int(c.Int(i))
	case Floats:
		return Float(c.F64[i])
	case Texts:
		return Text(c.Text(i))
	}
	codes := c.Codes[c.Starts[i]:c.Starts[i+1]]
	set := make([]string, len(codes))
	for k, code := range codes {
		set[k] = c.Dict[code]
	}
	return Value{Kind: Sets, Set: set}
}

// sortedSet returns the different texts in ascending order, leaving the argument as it is.
func sortedSet(texts []string) []string {
	ascending := true
	for i := 1; i < len(texts) && ascending; i++ {
		ascending = texts[i-1] < texts[i]
	}
	if ascending {
		return texts
	}
	set := slices.Clone(texts)
	sort.Strings(set)
	return slices.Compact(set)
}

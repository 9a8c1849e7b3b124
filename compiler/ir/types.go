package ir

import (
	"strings"

	"github.com/muster-engine/muster/compiler/decimal"
)

// Kind is the shape of a value.
type Kind uint8

const (
	Invalid Kind = iota
	Bool         // I is 0 or 1
	Int          // I
	Number       // F, never NaN or infinite
	Money        // I, minor units of the program's currency
	Exact        // D, money with six decimals beyond the minor unit: what money arithmetic yields before it is rounded
	String       // S
	Enum         // I, the ordinal in Type.Enum
	Date         // I, days since 1970-01-01
	Time         // I, microseconds since 1970-01-01T00:00:00Z
	Row          // S, the key of a row of Type.Table
	Set          // Set, texts in ascending order without repetition; of strings, enum values (their texts) or row keys
)

func (k Kind) String() string {
	return [...]string{"nothing", "bool", "int", "number", "money", "money", "string", "enum", "date", "time", "row", "set"}[k]
}

// Type is the static type of a node. Types compare with [Type.Same].
type Type struct {
	Kind  Kind
	Enum  *EnumType // of Enum, and of Set over an enum
	Table *Table    // of Row, and of Set over rows
	Elem  Kind      // of Set: String, Enum or Row
}

// EnumType is an ordered list of values; identity is by pointer.
type EnumType struct {
	Name   string // what it is the enum of, for messages: "attribute gender"
	Values []string
}

// Ordinal returns the place of text among the values, or -1.
func (e *EnumType) Ordinal(text string) int {
	for i, v := range e.Values {
		if v == text {
			return i
		}
	}
	return -1
}

// Same reports whether two types are the same; enums are the same only if they are one list.
func (t Type) Same(u Type) bool { return t == u }

// String is the type in the language's words.
func (t Type) String() string {
	switch t.Kind {
	case Row:
		return "row of " + t.Table.Name
	case Set:
		switch t.Elem {
		case Row:
			return "set of " + t.Table.Name
		default:
			return "set of " + t.Elem.String()
		}
	case Enum:
		if t.Enum != nil && len(t.Enum.Values) <= 6 {
			return `enum "` + strings.Join(t.Enum.Values, `" "`) + `"`
		}
	}
	return t.Kind.String()
}

// Value is one value, or unknown of a kind. The zero Value is unknown.
type Value struct {
	Known bool
	Kind  Kind
	I     int64
	F     float64
	D     decimal.Decimal
	S     string
	Set   []string
}

// Unknown is the unknown value of a kind.
func Unknown(k Kind) Value { return Value{Kind: k} }

// BoolValue is true or false.
func BoolValue(b bool) Value {
	v := Value{Known: true, Kind: Bool}
	if b {
		v.I = 1
	}
	return v
}

// IntLike is a known value of a kind that is held in I.
func IntLike(k Kind, i int64) Value { return Value{Known: true, Kind: k, I: i} }

// NumberValue is a known number.
func NumberValue(f float64) Value { return Value{Known: true, Kind: Number, F: f} }

// StringValue is a known string.
func StringValue(s string) Value { return Value{Known: true, Kind: String, S: s} }

// True reports whether the value is a known true: what a nullable bool means where a condition is asked.
func (v Value) True() bool { return v.Known && v.Kind == Bool && v.I != 0 }

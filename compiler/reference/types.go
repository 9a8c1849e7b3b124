package reference

import (
	"slices"

	"github.com/muster-engine/muster/dsl"
)

// shape is what a type is, but for the list of an enum, the table of a row and the element of a set.
type shape uint8

const (
	shapeBool shape = iota + 1
	shapeInt
	shapeNumber
	shapeMoney
	shapeString
	shapeEnum
	shapeDate
	shapeTime
	shapeRow
	shapeSet
	shapeSpan
)

// typ is the static type of an expression. Types are needed where the value alone does not tell: the order of an enum,
// and what an int widens to beside branches that were not taken.
type typ struct {
	shape  shape
	labels []string // of an enum, in order; the one text of a string literal
	table  string   // of a row
	// literal marks constant expressions of literals: numbers that are still exact, texts that fit any enum with them.
	literal bool
}

// declared reads a type as written in a declaration.
func declared(t dsl.TypeExpr) typ {
	switch t := t.(type) {
	case *dsl.EnumType:
		e := typ{shape: shapeEnum}
		for _, v := range t.Values {
			e.labels = append(e.labels, v.Value)
		}
		return e
	case *dsl.SetType:
		return typ{shape: shapeSet}
	case *dsl.NamedType:
		switch t.Name.Text {
		case "bool":
			return typ{shape: shapeBool}
		case "int":
			return typ{shape: shapeInt}
		case "number":
			return typ{shape: shapeNumber}
		case "money":
			return typ{shape: shapeMoney}
		case "string":
			return typ{shape: shapeString}
		case "date":
			return typ{shape: shapeDate}
		case "time":
			return typ{shape: shapeTime}
		}
		return typ{shape: shapeRow, table: t.Name.Text}
	}
	panic(faultf("a declaration has no type"))
}

// join is the type that holds the values of all: of the branches of a when, the sides of ??, the arguments of least.
func join(types ...typ) typ {
	if len(types) == 0 {
		panic(faultf("nothing to choose from"))
	}
	all := func(ok func(typ) bool) bool { return !slices.ContainsFunc(types, func(t typ) bool { return !ok(t) }) }
	some := func(s shape) bool { return slices.ContainsFunc(types, func(t typ) bool { return t.shape == s }) }
	isText := func(t typ) bool { return t.shape == shapeString && t.literal }

	switch {
	case some(shapeMoney) && all(func(t typ) bool {
		return t.shape == shapeMoney || t.shape == shapeInt || t.shape == shapeNumber && t.literal
	}):
		return typ{shape: shapeMoney}
	case some(shapeNumber) && all(func(t typ) bool { return t.shape == shapeNumber || t.shape == shapeInt }):
		return typ{shape: shapeNumber}
	case some(shapeRow) && all(func(t typ) bool { return t.shape == shapeRow || isText(t) }):
		return typ{shape: shapeRow, table: types[slices.IndexFunc(types, func(t typ) bool { return t.shape == shapeRow })].table}
	case all(func(t typ) bool { return t.shape == shapeEnum || isText(t) }):
		return joinTexts(types)
	case all(func(t typ) bool { return t.shape == shapeString || t.shape == shapeEnum }):
		return typ{shape: shapeString}
	case all(func(t typ) bool { return t.shape == types[0].shape }):
		return typ{shape: types[0].shape}
	}
	panic(faultf("values of different types do not mix"))
}

// joinTexts makes the enum of branches that are enums and string literals: what the enums list, then the literals that
// they lack, by first appearance.
func joinTexts(types []typ) typ {
	e := typ{shape: shapeEnum}
	add := func(labels []string) {
		for _, l := range labels {
			if !slices.Contains(e.labels, l) {
				e.labels = append(e.labels, l)
			}
		}
	}
	for _, t := range types {
		if t.shape == shapeEnum {
			add(t.labels)
		}
	}
	for _, t := range types {
		if t.shape == shapeString {
			add(t.labels)
		}
	}
	return e
}

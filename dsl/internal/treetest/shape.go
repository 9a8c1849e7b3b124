// Package treetest compares trees in tests.
package treetest

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/muster-engine/muster/dsl/diag"
)

// Shape prints a tree without its positions: two trees have the same shape if they differ in nothing else.
func Shape(tree any) string {
	var b strings.Builder
	shape(&b, reflect.ValueOf(tree))
	return b.String()
}

var (
	spanType = reflect.TypeFor[diag.Span]()
	fileType = reflect.TypeFor[*diag.File]()
)

func shape(b *strings.Builder, v reflect.Value) {
	switch v.Kind() {
	case reflect.Invalid:
		b.WriteString("nil")
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			b.WriteString("nil")
			return
		}
		if v.Type() != fileType {
			shape(b, v.Elem())
		}
	case reflect.Slice:
		b.WriteString("[")
		for i := range v.Len() {
			shape(b, v.Index(i))
			b.WriteString(" ")
		}
		b.WriteString("]")
	case reflect.Struct:
		if v.Type() == spanType {
			return
		}
		b.WriteString(v.Type().Name() + "{")
		for i := range v.NumField() {
			if t := v.Field(i).Type(); t != spanType && t != fileType {
				b.WriteString(v.Type().Field(i).Name + ":")
				shape(b, v.Field(i))
				b.WriteString(" ")
			}
		}
		b.WriteString("}")
	case reflect.String:
		fmt.Fprintf(b, "%q", v.String())
	default:
		fmt.Fprint(b, v.Interface())
	}
}

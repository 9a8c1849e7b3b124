// Package asjson gives values of a program the form in which they leave the engine: as JSON, in answers over HTTP and in
// what sinks get.
package asjson

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/compiler/decimal"
	"github.com/muster-engine/muster/compiler/ir"
)

// Value is a value of a type: numbers as numbers (money exactly, in the major unit), dates and times as ISO 8601 texts,
// nil for unknown.
func Value(prog *ir.Program, v ir.Value, t ir.Type) any {
	if !v.Known {
		return nil
	}
	switch v.Kind {
	case ir.Bool:
		return v.I != 0
	case ir.Int:
		return v.I
	case ir.Number:
		return v.F
	case ir.Money:
		return money(prog, v.I)
	case ir.Exact:
		if minor, ok := v.D.Minor(); ok {
			return money(prog, minor)
		}
		return nil
	case ir.Enum:
		if t.Enum != nil && v.I >= 0 && int(v.I) < len(t.Enum.Values) {
			return t.Enum.Values[v.I]
		}
		return nil
	case ir.Date:
		y, m, d := calendar.Civil(v.I)
		return fmt.Sprintf("%04d-%02d-%02d", y, m, d)
	case ir.Time:
		return Time(prog, v.I)
	case ir.Set:
		return append([]string{}, v.Set...)
	default:
		return v.S
	}
}

func money(prog *ir.Program, minor int64) json.Number {
	return json.Number(decimal.FromMinor(minor).Text(prog.Digits))
}

// Time is an instant, in microseconds since 1970, with the offset of the program's zone at that time.
func Time(prog *ir.Program, us int64) string {
	return time.UnixMicro(us).In(prog.Zone.Location()).Format("2006-01-02T15:04:05.999999Z07:00")
}

// IDs are ids of a member by the name of their attribute: one text, or a list where a member can have many. each calls its
// argument with every id.
func IDs(prog *ir.Program, each func(func(attribute, text string))) map[string]any {
	out := map[string]any{}
	for _, a := range prog.Attributes {
		if a.ID == nil {
			continue
		}
		each(func(attribute, text string) {
			if attribute != a.Name {
				return
			}
			if before, ok := out[a.Name].([]string); ok {
				out[a.Name] = append(before, text)
			} else if a.ID.Many {
				out[a.Name] = []string{text}
			} else if out[a.Name] == nil {
				out[a.Name] = text
			}
		})
	}
	return out
}

package api

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// schema holds JSON to the part of JSON Schema that openapi.json uses; a keyword beyond it is a fault of the document.
type schema map[string]any

var keywords = []string{
	"$ref", "type", "properties", "required", "additionalProperties", "items", "enum", "minimum", "maximum", "maxItems",
	"format", "description", "default", "oneOf",
}

// faults lists where a value is not as the schema says. Numbers are json.Number.
func (s schema) faults(doc map[string]any, at string, v any) (out []string) {
	for k := range s {
		if !slices.Contains(keywords, k) {
			return []string{fmt.Sprintf("%s: the schema has the keyword %s, which nothing here checks", at, k)}
		}
	}
	if ref, ok := s["$ref"].(string); ok {
		return deref(doc, ref).faults(doc, at, v)
	}
	if t, ok := s["type"]; ok && !isType(t, v) {
		return []string{fmt.Sprintf("%s: %v is no %v", at, v, t)}
	}
	if values, ok := s["enum"].([]any); ok && !slices.Contains(values, v) {
		out = append(out, fmt.Sprintf("%s: %v is not one of %v", at, v, values))
	}
	switch v := v.(type) {
	case string:
		if s["format"] == "date-time" {
			if _, err := time.Parse(time.RFC3339Nano, v); err != nil {
				out = append(out, fmt.Sprintf("%s: %q is no date-time", at, v))
			}
		}
	case json.Number:
		f, _ := v.Float64()
		if least, ok := s["minimum"].(json.Number); ok && f < float(least) {
			out = append(out, fmt.Sprintf("%s: %v is below %v", at, v, least))
		}
		if most, ok := s["maximum"].(json.Number); ok && f > float(most) {
			out = append(out, fmt.Sprintf("%s: %v is above %v", at, v, most))
		}
	case []any:
		items, _ := s["items"].(map[string]any)
		for i, e := range v {
			out = append(out, schema(items).faults(doc, fmt.Sprintf("%s[%d]", at, i), e)...)
		}
	case map[string]any:
		out = append(out, s.members(doc, at, v)...)
	}
	return out
}

func (s schema) members(doc map[string]any, at string, v map[string]any) (out []string) {
	properties, _ := s["properties"].(map[string]any)
	required, _ := s["required"].([]any)
	for _, name := range required {
		if _, ok := v[name.(string)]; !ok {
			out = append(out, fmt.Sprintf("%s: lacks %s", at, name))
		}
	}
	for name, one := range v {
		if p, ok := properties[name].(map[string]any); ok {
			out = append(out, schema(p).faults(doc, at+"."+name, one)...)
		} else if s["additionalProperties"] == false {
			out = append(out, fmt.Sprintf("%s: has %s, which is not described", at, name))
		}
	}
	return out
}

func deref(doc map[string]any, ref string) schema {
	at := any(doc)
	for _, part := range strings.Split(strings.TrimPrefix(ref, "#/"), "/") {
		at = at.(map[string]any)[part]
	}
	return at.(map[string]any)
}

func float(n json.Number) float64 { f, _ := n.Float64(); return f }

func isType(t, v any) bool {
	if several, ok := t.([]any); ok {
		return slices.ContainsFunc(several, func(one any) bool { return isType(one, v) })
	}
	switch v := v.(type) {
	case nil:
		return t == "null"
	case bool:
		return t == "boolean"
	case string:
		return t == "string"
	case json.Number:
		_, err := v.Int64()
		return t == "number" || t == "integer" && err == nil
	case []any:
		return t == "array"
	}
	return t == "object"
}

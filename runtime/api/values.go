package api

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/asjson"
)

// values writes values of one program as JSON.
type values struct{ prog *ir.Program }

// json is a value: numbers as numbers (money exactly, in the major unit), dates and times as ISO 8601 texts, null for
// unknown.
func (vs values) json(v ir.Value, t ir.Type) any { return asjson.Value(vs.prog, v, t) }

// time is an instant with the zone's offset at that time.
func (vs values) time(us int64) string { return asjson.Time(vs.prog, us) }

// event is an event with its fields.
type event struct {
	Type   string         `json:"type"`
	At     string         `json:"at"`
	Fields map[string]any `json:"fields"`
}

func (vs values) event(decl *ir.Event, at int64, fields []ir.Value) event {
	out := event{decl.Name, vs.time(at), map[string]any{}}
	for i, f := range decl.Fields {
		if fields[i].Known {
			out.Fields[f.Name] = vs.json(fields[i], f.Type)
		}
	}
	return out
}

// parseTime reads a time of a parameter: a date (its first instant), a local time, or RFC 3339.
func (vs values) parseTime(text string) (int64, error) {
	if t, err := time.Parse(time.RFC3339Nano, strings.Replace(text, " ", "+", 1)); err == nil {
		return t.UnixMicro(), nil
	}
	for _, layout := range []string{"2006-01-02", "2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, text); err == nil {
			day := calendar.FromCivil(t.Year(), int(t.Month()), t.Day())
			return vs.prog.Zone.Instant(day, t.Hour(), t.Minute(), t.Second()), nil
		}
	}
	return 0, fail(http.StatusUnprocessableEntity, "%s is no time; write 2026-06-01, 2026-06-01T10:30 or 2026-06-01T10:30:00+08:00", quote(text))
}

// numberParam reads a whole number of the query between two bounds.
func numberParam(r *http.Request, name string, value, most int) (int, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return value, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > most {
		return 0, fail(http.StatusUnprocessableEntity, "%s is a whole number from 0 to %d", name, most)
	}
	return n, nil
}

func quote(text string) string {
	const most = 60
	if r := []rune(text); len(r) > most {
		text = string(r[:most]) + "…"
	}
	return strconv.Quote(text)
}

// orList is a, b or c.
func orList(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}

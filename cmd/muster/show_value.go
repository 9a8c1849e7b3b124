package main

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/compiler/decimal"
	"github.com/muster-engine/muster/compiler/ir"
)

// unknownText stands for an unknown value in tables.
const unknownText = "unknown"

// values shows values of one program: its currency's decimals, its timezone.
type values struct {
	digits int
	zone   *calendar.Zone
}

func valuesOf(p *ir.Program) values { return values{p.Digits, p.Zone} }

// text shows a value as the language would write it, strings without quotes.
func (vs values) text(v ir.Value, t ir.Type) string {
	if !v.Known {
		return unknownText
	}
	switch v.Kind {
	case ir.Bool:
		return strconv.FormatBool(v.I != 0)
	case ir.Int:
		return strconv.FormatInt(v.I, 10)
	case ir.Number:
		return number(v.F)
	case ir.Money:
		return vs.money(v.I)
	case ir.Exact:
		if minor, ok := v.D.Minor(); ok {
			return vs.money(minor)
		}
		return unknownText
	case ir.Enum:
		if t.Enum != nil && v.I >= 0 && int(v.I) < len(t.Enum.Values) {
			return t.Enum.Values[v.I]
		}
		return strconv.FormatInt(v.I, 10)
	case ir.Date:
		return date(v.I)
	case ir.Time:
		return vs.time(v.I)
	case ir.Set:
		return "{" + strings.Join(v.Set, ", ") + "}"
	default:
		return v.S
	}
}

// json is the value for programs: numbers as numbers, dates and times as ISO 8601 texts, null for unknown.
func (vs values) json(v ir.Value, t ir.Type) any {
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
	case ir.Money, ir.Exact:
		text := vs.text(v, t)
		if text == unknownText {
			return nil
		}
		return json.Number(text)
	case ir.Time:
		return vs.rfc3339(v.I)
	case ir.Set:
		return append([]string{}, v.Set...)
	default:
		return vs.text(v, t)
	}
}

func (vs values) money(minor int64) string { return decimal.FromMinor(minor).Text(vs.digits) }

// time shows an instant by the local clock, without the parts that are zero.
func (vs values) time(us int64) string {
	t := time.UnixMicro(us).In(vs.zone.Location())
	switch {
	case t.Nanosecond() != 0:
		return t.Format("2006-01-02T15:04:05.999999")
	case t.Second() != 0:
		return t.Format("2006-01-02T15:04:05")
	default:
		return t.Format("2006-01-02T15:04")
	}
}

// rfc3339 is an instant with the zone's offset at that time, Z if it is none.
func (vs values) rfc3339(us int64) string {
	return time.UnixMicro(us).In(vs.zone.Location()).Format("2006-01-02T15:04:05.999999Z07:00")
}

// parseTime reads a time as people write it: a date (its first instant), a local time, or RFC 3339.
func (vs values) parseTime(text string) (us int64, err error) {
	for _, layout := range []string{"2006-01-02", "2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02 15:04:05"} {
		if t, err := time.Parse(layout, text); err == nil {
			return vs.zone.Instant(calendar.FromCivil(t.Year(), int(t.Month()), t.Day()), t.Hour(), t.Minute(), t.Second()), nil
		}
	}
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return t.UnixMicro(), nil
	}
	return 0, fmt.Errorf("%q is no time; write 2026-06-01, 2026-06-01T10:30 or 2026-06-01T10:30:00+08:00", text)
}

func date(days int64) string {
	y, m, d := calendar.Civil(days)
	return fmt.Sprintf("%04d-%02d-%02d", y, m, d)
}

// number shows a float with about six significant digits, whole ones exactly.
func number(f float64) string {
	if f == 0 {
		return "0"
	}
	abs := math.Abs(f)
	if f == math.Trunc(f) && abs < 1e15 {
		return strconv.FormatFloat(f, 'f', 0, 64)
	}
	if abs >= 1e15 || abs < 1e-4 {
		return strconv.FormatFloat(f, 'g', 6, 64)
	}
	decimals := min(max(2, 5-int(math.Floor(math.Log10(abs)))), 9)
	text := strconv.FormatFloat(f, 'f', decimals, 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// float is an amount in the major unit, or a number; false if it is unknown or too large.
func (vs values) float(v ir.Value) (float64, bool) {
	switch {
	case !v.Known:
		return 0, false
	case v.Kind == ir.Number:
		return v.F, true
	case v.Kind == ir.Money:
		return float64(v.I) / math.Pow10(vs.digits), true
	case v.Kind == ir.Exact:
		minor, ok := v.D.Minor()
		return float64(minor) / math.Pow10(vs.digits), ok
	}
	return float64(v.I), true
}

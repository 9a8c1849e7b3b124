package main

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/compiler/decimal"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/storage/column"
)

func valuesIn(t *testing.T, zone string, digits int) values {
	t.Helper()
	z, err := calendar.Load(zone)
	if err != nil {
		t.Fatal(err)
	}
	return values{digits, z}
}

func TestValuesForPeopleAndPrograms(t *testing.T) {
	vs := valuesIn(t, "Europe/London", 2)
	grade := ir.Type{Kind: ir.Enum, Enum: &ir.EnumType{Values: []string{"low", "high"}}}
	summer := time.Date(2011, 7, 1, 23, 0, 0, 0, time.UTC).UnixMicro()
	exact, _, _ := decimal.FromText("1.005", 2)
	for _, c := range []struct {
		v    ir.Value
		t    ir.Type
		text string
		json any
	}{
		{ir.Unknown(ir.Int), ir.Type{Kind: ir.Int}, "unknown", nil},
		{ir.BoolValue(true), ir.Type{Kind: ir.Bool}, "true", true},
		{ir.IntLike(ir.Int, -1000), ir.Type{Kind: ir.Int}, "-1000", int64(-1000)},
		{ir.NumberValue(0.1 + 0.2), ir.Type{Kind: ir.Number}, "0.3", 0.1 + 0.2},
		{ir.NumberValue(1234567.891), ir.Type{Kind: ir.Number}, "1234567.89", 1234567.891},
		{ir.NumberValue(1e20), ir.Type{Kind: ir.Number}, "1e+20", 1e20},
		{ir.NumberValue(0.00255883), ir.Type{Kind: ir.Number}, "0.00255883", 0.00255883},
		{ir.IntLike(ir.Money, -5), ir.Type{Kind: ir.Money}, "-0.05", json.Number("-0.05")},
		{ir.Value{Known: true, Kind: ir.Exact, D: exact}, ir.Type{Kind: ir.Exact}, "1.01", json.Number("1.01")},
		{ir.IntLike(ir.Enum, 1), grade, "high", "high"},
		{ir.IntLike(ir.Date, calendar.FromCivil(2012, 2, 29)), ir.Type{Kind: ir.Date}, "2012-02-29", "2012-02-29"},
		{ir.IntLike(ir.Time, summer), ir.Type{Kind: ir.Time}, "2011-07-02T00:00", "2011-07-02T00:00:00+01:00"},
		{ir.IntLike(ir.Time, summer+1), ir.Type{Kind: ir.Time}, "2011-07-02T00:00:00.000001", "2011-07-02T00:00:00.000001+01:00"},
		{ir.Value{Known: true, Kind: ir.Set, Set: []string{"a", "b"}}, ir.Type{Kind: ir.Set}, "{a, b}", []string{"a", "b"}},
		{ir.Value{Known: true, Kind: ir.Set}, ir.Type{Kind: ir.Set}, "{}", []string{}},
	} {
		if got := vs.text(c.v, c.t); got != c.text {
			t.Errorf("text %q, want %q", got, c.text)
		}
		if got := vs.json(c.v, c.t); !reflect.DeepEqual(got, c.json) {
			t.Errorf("json %#v, want %#v", got, c.json)
		}
	}
}

// A local time that a clock change skips is the first instant after it, one that comes twice the first of the two.
func TestParseTime(t *testing.T) {
	vs := valuesIn(t, "Europe/London", 2)
	for text, want := range map[string]string{
		"2011-12-10":                "2011-12-10T00:00:00Z",
		"2011-12-10T00:00":          "2011-12-10T00:00:00Z",
		"2011-07-01 10:30":          "2011-07-01T10:30:00+01:00",
		"2011-07-01T10:30:05":       "2011-07-01T10:30:05+01:00",
		"2011-03-27T01:30":          "2011-03-27T02:00:00+01:00",
		"2011-10-30T01:30":          "2011-10-30T01:30:00+01:00",
		"2011-12-10T00:00:00+08:00": "2011-12-09T16:00:00Z",
	} {
		us, err := vs.parseTime(text)
		if err != nil || vs.rfc3339(us) != want {
			t.Errorf("%s is %s, want %s (%v)", text, vs.rfc3339(us), want, err)
		}
	}
	for _, text := range []string{"", "now", "2011-02-30", "2011-12-10T25:00", "10.12.2011"} {
		if _, err := vs.parseTime(text); err == nil {
			t.Errorf("%q was read as a time", text)
		}
	}
}

func TestParseManualValues(t *testing.T) {
	vs := valuesIn(t, "Asia/Shanghai", 2)
	enum := &ir.EnumType{Values: []string{"宽脚", "窄脚"}}
	for _, c := range []struct {
		text string
		t    ir.Type
		want column.Value
	}{
		{"true", ir.Type{Kind: ir.Bool}, column.Int(1)},
		{"No", ir.Type{Kind: ir.Bool}, column.Int(0)},
		{"1_000", ir.Type{Kind: ir.Int}, column.Int(1000)},
		{"-5", ir.Type{Kind: ir.Int}, column.Int(-5)},
		{"2.5", ir.Type{Kind: ir.Number}, column.Float(2.5)},
		{"99.90", ir.Type{Kind: ir.Money}, column.Int(9990)},
		{"宽脚", ir.Type{Kind: ir.Enum, Enum: enum}, column.Text("宽脚")},
		{"2026-06-01", ir.Type{Kind: ir.Date}, column.Int(calendar.FromCivil(2026, 6, 1))},
		{"a, b,,a", ir.Type{Kind: ir.Set, Elem: ir.String}, column.Set("a", "b")},
		{"hello", ir.Type{Kind: ir.String}, column.Text("hello")},
	} {
		got, err := vs.parse(c.text, c.t)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q as %s is %v, want %v (%v)", c.text, c.t, got, c.want, err)
		}
	}
	for text, typ := range map[string]ir.Type{
		"maybe": {Kind: ir.Bool}, "2.5": {Kind: ir.Int}, "99.999": {Kind: ir.Money}, "x": {Kind: ir.Number},
		"宽": {Kind: ir.Enum, Enum: enum}, "2026-02-30": {Kind: ir.Date}, "": {Kind: ir.String},
		"宽脚,x": {Kind: ir.Set, Elem: ir.Enum, Enum: enum},
	} {
		if v, err := vs.parse(text, typ); err == nil {
			t.Errorf("%q as %s was read as %v", text, typ, v)
		}
	}
}

func TestSplitNames(t *testing.T) {
	got := splitNames(` a , bucket(x, 1, 2),"b,c" = y `)
	if want := []string{"a", "bucket(x, 1, 2)", `"b,c" = y`}; !reflect.DeepEqual(got, want) {
		t.Errorf("split into %q, want %q", got, want)
	}
}

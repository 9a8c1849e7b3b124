package rulegen

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// shape is what a type is, but for the values of an enum and the table of a row.
type shape string

const (
	boolean shape = "bool"
	integer shape = "int"
	number  shape = "number"
	money   shape = "money"
	str     shape = "string"
	enum    shape = "enum"
	date    shape = "date"
	instant shape = "time"
	row     shape = "row"
	set     shape = "set"
)

// typ is a type of the language. Two enums are the same only if they are one list.
type typ struct {
	shape  shape
	labels []string // of an enum, or of a set of one
	table  *table   // of a row, or of a set of them
	elem   shape    // of a set: str, enum or row
}

func (t *typ) same(u *typ) bool {
	switch {
	case t.shape != u.shape:
		return false
	case t.shape == enum:
		return t == u
	case t.shape == row:
		return t.table == u.table
	case t.shape == set:
		return t.elem == u.elem
	}
	return true
}

// named is an attribute, tag, field or column.
type named struct {
	name string
	typ  *typ
	// given is false for what is not made up as data: computed fields and keys.
	given bool
}

type table struct {
	name    string
	keys    []string // those with a row, then one without
	columns []named
}

type event struct {
	name   string
	key    string
	fields []named
}

// generator makes up one case.
type generator struct {
	*rand.Rand
	zone   *time.Location
	digits int
	now    int64
	today  time.Time // midnight UTC of the local date of now

	decls      []string
	tables     []*table
	attributes []named
	events     []*event
	lists      []string
	tags       []named // those that may be referred to so far, attributes not among them
	manual     []named
	segments   []string
}

// one is true once in n times.
func (g *generator) one(n int) bool { return g.IntN(n) == 0 }

func pick[T any](g *generator, of ...T) T { return of[g.IntN(len(of))] }

func (g *generator) declare(format string, args ...any) {
	g.decls = append(g.decls, fmt.Sprintf(format, args...))
}

// zones are where clocks change in odd ways: at midnight, by half an hour or two hours or a whole day, one minute after
// midnight, backwards in summer.
var zones = []string{
	"UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia",
	"America/Sao_Paulo", "Asia/Beirut", "Africa/Cairo", "Asia/Tehran", "Europe/Dublin", "Africa/Casablanca", "America/Havana",
	"Asia/Kathmandu", "America/Santiago", "Antarctica/Troll", "Asia/Gaza", "Pacific/Kiritimati", "Asia/Amman", "America/Asuncion",
}

func (g *generator) settings() {
	name := pick(g, zones...)
	zone, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	currency := pick(g, "CNY", "EUR", "JPY", "KRW", "KWD", "USD")
	g.zone = zone
	g.digits = map[string]int{"JPY": 0, "KRW": 0, "KWD": 3}[currency] // of the others, 2
	if !slices.Contains([]string{"JPY", "KRW", "KWD"}, currency) {
		g.digits = 2
	}
	week := pick(g, "", "", "  week monday", "  week sunday")
	g.declare("settings { language 1  timezone %q  currency %s%s }", name, currency, week)
	g.now = g.clock()
	y, m, d := time.UnixMicro(g.now).In(zone).Date()
	g.today = time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

var words = []string{"alpha", "beta", "gamma", "delta", "潮", "Épsilon", "beta max", "a", ""}

// texts are what strings are drawn from. There is no empty string in data.
var texts = words[:len(words)-1]

var enums = [][]string{
	{"C", "B", "A"},
	{"low", "mid", "high", "top"},
	{"女", "男"},
	{"alpha", "beta"},
	{"one"},
}

func (g *generator) schema() {
	for i := range g.IntN(3) {
		g.table(i)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "member {\n")
	fmt.Fprintf(&b, "  card id\n  aliases id many\n")
	g.attributes = append(g.attributes, named{name: "card", typ: &typ{shape: str}, given: true}, named{name: "aliases", typ: &typ{shape: set, elem: str}, given: true})
	for i := range 6 + g.IntN(6) {
		a := named{name: pick(g, "attr", "特征", "a_", "Ämter") + fmt.Sprint(i), typ: g.anyType(true), given: true}
		g.attributes = append(g.attributes, a)
		fmt.Fprintf(&b, "  %s %s\n", a.name, source(a.typ))
	}
	g.declare("%s}", b.String())
	for i := range 1 + g.IntN(2) {
		g.event(i)
	}
	for i := range g.IntN(3) {
		g.lists = append(g.lists, fmt.Sprintf("list%d", i))
		g.declare("list list%d", i)
	}
}

func (g *generator) table(i int) {
	t := &table{name: fmt.Sprintf("shop%d", i)}
	for k := range 2 + g.IntN(3) {
		t.keys = append(t.keys, fmt.Sprintf("S%d", k))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "table %s {\n  code key\n", t.name)
	t.columns = append(t.columns, named{name: "code", typ: &typ{shape: str}})
	for k := range 2 + g.IntN(4) {
		c := named{name: fmt.Sprintf("col%d", k), typ: g.anyType(false), given: true}
		t.columns = append(t.columns, c)
		fmt.Fprintf(&b, "  %s %s\n", c.name, source(c.typ))
	}
	g.tables = append(g.tables, t) // later: its columns are rows of earlier tables only
	g.declare("%s}", b.String())
}

func (g *generator) event(i int) {
	e := &event{name: pick(g, "order", "visit", "订单") + fmt.Sprint(i)}
	var b strings.Builder
	fmt.Fprintf(&b, "event %s {\n", e.name)
	if !g.one(3) {
		e.key = "id"
		fmt.Fprintf(&b, "  id key\n")
		e.fields = append(e.fields, named{name: e.key, typ: &typ{shape: str}})
	}
	shapes := []*typ{{shape: money}, {shape: integer}, {shape: number}, g.enumType(), {shape: str}}
	for range g.IntN(4) {
		shapes = append(shapes, g.anyType(false))
	}
	for k, t := range shapes {
		f := named{name: fmt.Sprintf("f%d", k), typ: t, given: true}
		e.fields = append(e.fields, f)
		fmt.Fprintf(&b, "  %s %s\n", f.name, source(f.typ))
	}
	for k := range g.IntN(4) {
		g.computed(e, fmt.Sprintf("c%d", k), &b)
	}
	g.events = append(g.events, e)
	g.declare("%s}", b.String())
}

// computed adds a computed field to an event.
func (g *generator) computed(e *event, name string, b *strings.Builder) {
	f := named{name: name, typ: &typ{shape: pick(g, money, money, integer, number, boolean, date, instant, str, enum)}}
	s := &scope{event: e, computed: true}
	var x frag
	switch {
	case f.typ.shape == enum:
		x = g.newEnum(s, 2)
		f.typ = &typ{shape: enum, labels: append(slices.Clone(x.typ.labels), "rest")}
	case g.one(4):
		x = g.when(s, f.typ, 2)
	case (f.typ.shape == money || f.typ.shape == number) && g.one(4):
		x = g.expr(s, &typ{shape: integer}, 2)
	default:
		x = g.expr(s, f.typ, 2)
	}
	fmt.Fprintf(b, "  %s %s = %s\n", f.name, source(f.typ), x.text)
	e.fields = append(e.fields, f)
}

// anyType is a type for data; sets only of members.
func (g *generator) anyType(sets bool) *typ {
	shapes := []shape{boolean, integer, integer, number, money, money, str, enum, date, instant}
	if len(g.tables) > 0 {
		shapes = append(shapes, row, row)
	}
	if sets {
		shapes = append(shapes, set)
	}
	switch s := pick(g, shapes...); s {
	case enum:
		return g.enumType()
	case row:
		return &typ{shape: row, table: pick(g, g.tables...)}
	case set:
		if len(g.tables) > 0 && g.one(3) {
			return &typ{shape: set, elem: row, table: pick(g, g.tables...)}
		}
		if g.one(3) {
			return &typ{shape: set, elem: enum, labels: pick(g, enums...)}
		}
		return &typ{shape: set, elem: str}
	default:
		return &typ{shape: s}
	}
}

func (g *generator) enumType() *typ { return &typ{shape: enum, labels: pick(g, enums...)} }

// source is the type as declared.
func source(t *typ) string {
	switch t.shape {
	case enum:
		return enumSource(t.labels)
	case row:
		return t.table.name
	case set:
		switch t.elem {
		case enum:
			return "set of " + enumSource(t.labels)
		case row:
			return "set of " + t.table.name
		}
		return "set of string"
	}
	return string(t.shape)
}

func enumSource(labels []string) string {
	s := "enum"
	for _, l := range labels {
		s += fmt.Sprintf(" %q", l)
	}
	return s
}

func (g *generator) rules() {
	for i := range g.IntN(3) {
		t := g.anyType(false)
		span := ""
		if g.one(2) {
			span = fmt.Sprintf(" for %d %s", 1+g.IntN(5), pick(g, "days", "weeks", "months", "years"))
		}
		m := named{name: fmt.Sprintf("manual%d", i), typ: t}
		g.manual = append(g.manual, m)
		g.tags = append(g.tags, m)
		g.declare("tag %s manual %s%s", m.name, source(t), span)
	}
	for i := range 3 + g.IntN(6) {
		member := g.memberScope()
		if g.one(4) {
			name := fmt.Sprintf("seg%d", i)
			g.declare("segment %s = %s", name, g.condition(member, 3).text)
			g.segments = append(g.segments, name)
			continue
		}
		name := pick(g, "tag", "标签") + fmt.Sprint(i)
		x := g.value(member, 3)
		g.declare("tag %s = %s", name, x.text)
		g.tags = append(g.tags, named{name: name, typ: x.typ})
	}
}

package rulegen

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/muster-engine/muster/compiler/reference"
)

// world makes up members and tables for the rules.
func (g *generator) world() *reference.World {
	w := &reference.World{Tables: map[string]map[string]map[string]reference.Value{}}
	for _, t := range g.tables {
		rows := map[string]map[string]reference.Value{}
		for _, key := range t.keys[:len(t.keys)-1] {
			rows[key] = g.fill(t.columns)
		}
		w.Tables[t.name] = rows
	}
	members := 1 + g.IntN(9)
	switch {
	case g.one(12):
		members = 20 + g.IntN(200)
	case g.one(40):
		members = 0
	}
	for i := range members {
		w.Members = append(w.Members, g.member(uint32(i)))
	}
	return w
}

func (g *generator) member(n uint32) *reference.Member {
	m := &reference.Member{Number: n, Attributes: g.fill(g.attributes), Manual: map[string]reference.ManualTag{}, Lists: map[string]bool{}}
	for _, list := range g.lists {
		if g.one(3) {
			m.Lists[list] = true
		}
	}
	for _, t := range g.manual {
		if v := g.data(t.typ); v.Kind != reference.Unknown {
			m.Manual[t.name] = reference.ManualTag{Value: v, SetAt: g.instantNear()}
		}
	}
	events := g.IntN(9)
	switch {
	case g.one(5):
		events = 0
	case g.one(20):
		events = 40 + g.IntN(150)
	}
	for range events {
		e := pick(g, g.events...)
		happened := g.instantNear()
		if len(m.Events) > 0 && g.one(5) {
			happened = pick(g, m.Events...).At
		}
		fields := g.fill(e.fields)
		if e.key != "" && !g.one(8) {
			fields[e.key] = reference.Value{Kind: reference.Text, Text: fmt.Sprint(g.IntN(15))}
		}
		m.Events = append(m.Events, reference.Event{Type: e.name, At: happened, Fields: fields})
	}
	return m
}

// fill gives each a value, or leaves it unknown.
func (g *generator) fill(of []named) map[string]reference.Value {
	values := map[string]reference.Value{}
	for _, n := range of {
		if v := g.data(n.typ); n.given && v.Kind != reference.Unknown {
			values[n.name] = v
		}
	}
	return values
}

// data is a value of the type, often unknown.
func (g *generator) data(t *typ) reference.Value {
	if g.one(4) {
		return reference.Value{}
	}
	switch t.shape {
	case boolean:
		return reference.Value{Kind: reference.Bool, Int: int64(g.IntN(2))}
	case integer:
		return reference.Value{Kind: reference.Int, Int: g.whole(math.MaxInt64)}
	case number:
		return reference.Value{Kind: reference.Number, Float: g.float()}
	case money:
		minor := pick(g, 1, int64(math.Pow10(g.digits)))
		return reference.Value{Kind: reference.Money, Int: g.whole(math.MaxInt64/minor) * minor}
	case str:
		return text(pick(g, texts...))
	case enum:
		return text(pick(g, t.labels...))
	case row:
		return text(pick(g, t.table.keys...))
	case date:
		return reference.Value{Kind: reference.Date, Int: g.dateNear().Unix() / 86400}
	case instant:
		return reference.Value{Kind: reference.Time, Int: g.instantNear()}
	}
	return g.setData(t)
}

func (g *generator) setData(t *typ) reference.Value {
	from := texts
	switch t.elem {
	case enum:
		from = t.labels
	case row:
		from = t.table.keys
	}
	v := reference.Value{Kind: reference.Set}
	for range 1 + g.IntN(3) {
		v.Set = append(v.Set, pick(g, from...))
	}
	slices.Sort(v.Set)
	v.Set = slices.Compact(v.Set)
	return v
}

func text(s string) reference.Value { return reference.Value{Kind: reference.Text, Text: s} }

func (g *generator) whole(most int64) int64 {
	switch g.IntN(40) {
	case 0:
		return pick(g, most, -most, most/2, -most-1)
	case 1, 2, 3:
		return g.Int64N(2_000_001) - 1_000_000
	case 4:
		return 1 << g.IntN(60)
	}
	if g.one(2) {
		return int64(pick(g, wholes...))
	}
	return int64(g.IntN(60) - 15)
}

func (g *generator) float() float64 {
	switch g.IntN(20) {
	case 0:
		return pick(g, 1e308, -1e308, 1e-308, 1e16, -1e16, 9007199254740993, 0.1+0.2, math.Copysign(0, -1))
	case 1, 2, 3:
		return g.NormFloat64() * 100
	case 4, 5:
		return float64(g.IntN(200)-100) / 10
	}
	if g.one(2) {
		f, err := strconv.ParseFloat(pick(g, decimals...), 64)
		if err != nil {
			panic(err)
		}
		return f
	}
	return float64(g.IntN(80)-20) / 4
}

// wholes and decimals are frequent in rules and in data, so that comparisons with what is equal are, too.
var (
	wholes   = []int{0, 1, 2, 3, 5, 7, 10, 30, 90}
	decimals = []string{"0.0", "0.1", "0.5", "1.0", "2.5", "3.75", "10.0"}
)

package live

import (
	"fmt"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/muster-engine/muster/storage/column"
)

// Rows of columns of every kind, few or more than a mask tells apart, are packed as the values that the columns hold.
func TestRowsArePackedAsTheyAre(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.IntRange(1, 8).Draw(t, "rows")
		few := rapid.IntRange(0, 6)
		if rapid.Bool().Draw(t, "wide") {
			few = rapid.IntRange(mostMasked-2, mostMasked+3)
		}
		n := few.Draw(t, "columns")
		key := rapid.IntRange(-1, n-1).Draw(t, "key")

		r := &eventReader{kind: "order", fields: &rowReader{key: -1}}
		want, keys := make([]map[string]column.Value, rows), make([]string, rows)
		for i := range want {
			want[i] = map[string]column.Value{}
		}
		for c := range n {
			kind := rapid.SampledFrom([]column.Kind{column.Ints, column.Floats, column.Texts, column.Sets}).Draw(t, "kind")
			if c == key {
				kind = column.Texts
			}
			b, name := column.NewBuilder(kind, rows), fmt.Sprint("f", c)
			for i := range rapid.IntRange(0, rows).Draw(t, "length") { // rows beyond the end are unknown
				v := drawOf(t, kind)
				if b.Append(v); v.Kind == 0 {
					continue
				}
				if want[i][name] = v; c == key {
					keys[i] = v.Text
				}
			}
			one := cells{col: b.Column()}
			if c == key || kind == column.Texts && rapid.Bool().Draw(t, "nearly all differ") {
				texts, err := column.DecodeStrings(column.Encode(nil, one.col))
				if err != nil {
					t.Fatal(err)
				}
				one = cells{texts: texts}
			}
			if rapid.Bool().Draw(t, "one that is not there") {
				r.fields.append("none", cells{}, false)
			}
			r.fields.append(name, one, c == key)
		}

		for range 2 { // the second time the shapes are known
			for i := range want {
				if got := r.fields.fields(i).values(); !reflect.DeepEqual(got, want[i]) {
					t.Fatalf("row %d is %v, not %v", i, got, want[i])
				}
			}
		}
		at := column.NewBuilder(column.Ints, rows)
		for i := range rows {
			at.AppendInt(int64(10 * i))
		}
		cut := rapid.IntRange(0, rows).Draw(t, "of the first member")
		r.at, r.starts = at.Column(), []uint32{0, uint32(cut), uint32(cut), uint32(rows)}
		for low, part := range [][2]int{{0, cut}, {cut, cut}, {cut, rows}, {rows, rows}} {
			m := newMember(uint32(low))
			r.read(m, low)
			if got := len(m.events.of("order")); got != part[1]-part[0] {
				t.Fatalf("member %d has %d events, not %d", low, got, part[1]-part[0])
			}
			for k, e := range m.events.of("order") {
				i := part[0] + k
				if got := e.fields.values(); e.at != int64(10*i) || e.key != keys[i] || !reflect.DeepEqual(got, want[i]) {
					t.Fatalf("event %d at %d with the key %q: %v, not %q: %v", i, e.at, e.key, got, keys[i], want[i])
				}
			}
		}
	})
}

// drawOf draws a value of a kind, or one that is not known.
func drawOf(t *rapid.T, kind column.Kind) column.Value {
	text := rapid.SampledFrom([]string{"", "x", "长沙", "pos", "A-1", "a longer text than others"})
	switch rapid.SampledFrom([]column.Kind{0, kind, kind}).Draw(t, "known") {
	case column.Ints:
		return column.Int(rapid.Int64().Draw(t, "int"))
	case column.Floats:
		return column.Float(rapid.Float64Range(-1e9, 1e9).Draw(t, "number"))
	case column.Texts:
		return column.Text(text.Draw(t, "text"))
	case column.Sets:
		return column.Set(rapid.SliceOfNDistinct(text, 1, 4, rapid.ID[string]).Draw(t, "set")...)
	}
	return column.Value{}
}

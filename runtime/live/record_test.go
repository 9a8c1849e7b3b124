package live

import (
	"reflect"
	"testing"

	"github.com/klauspost/compress/s2"
	"pgregory.net/rapid"

	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

func drawValues(t *rapid.T, name string) map[string]column.Value {
	value := rapid.Custom(func(t *rapid.T) column.Value {
		switch rapid.IntRange(0, 4).Draw(t, "kind") {
		case 1:
			return column.Int(rapid.Int64().Draw(t, "int"))
		case 2:
			return column.Float(rapid.Float64().Draw(t, "float"))
		case 3:
			return column.Text(rapid.String().Draw(t, "text"))
		case 4:
			return column.Set(rapid.SliceOfN(rapid.String(), 1, 3).Draw(t, "set")...)
		}
		return column.Value{}
	})
	return rapid.MapOfN(rapid.SampledFrom([]string{"order_id", "amount", "店铺", "", "of"}), value, 0, 4).Draw(t, name)
}

func drawEntry(t *rapid.T) entry {
	text := rapid.String()
	some := rapid.SampledFrom([]string{"order", "visit", "points:stars", ""})
	ids := func(name string) (out []ID) {
		for range rapid.IntRange(0, 3).Draw(t, name) {
			out = append(out, ID{some.Draw(t, "attribute"), text.Draw(t, "id")})
		}
		return out
	}
	en := entry{Clock: rapid.Int64().Draw(t, "clock"), Stamp: rapid.Int64().Draw(t, "stamp")}
	if rapid.Bool().Draw(t, "cuts") {
		en.Cuts = map[string]storage.Cuts{"k": {Key: "k", Values: []column.Value{column.Int(4)}, Groups: []int{2}}}
	}
	for range rapid.IntRange(0, 4).Draw(t, "inputs") {
		in := Input{Kind: Kind(rapid.IntRange(1, 30).Draw(t, "kind")), IDs: ids("ids"), Type: some.Draw(t, "type"), Key: text.Draw(t, "key")}
		if in.HasAt = rapid.Bool().Draw(t, "has at"); in.HasAt {
			in.At = rapid.Int64().Draw(t, "at")
		}
		if rapid.Bool().Draw(t, "with values") {
			in.Values = drawValues(t, "values")
		}
		switch rapid.IntRange(0, 5).Draw(t, "rest") {
		case 1:
			in.Whose = &Whose{New: true, Member: rapid.Uint32().Draw(t, "member"), Absorbed: []uint32{7}, Attach: ids("attach")}
		case 2:
			until := rapid.Int64().Draw(t, "until")
			in.Ask = &Ask{Of: "stars", Key: text.Draw(t, "ask"), Points: rapid.Int64().Draw(t, "points"), Until: &until}
		case 3:
			in.Tag, in.Value, in.By = "foot", column.Text(text.Draw(t, "value")), "ann"
		case 4:
			in.Name, in.Mode, in.Hashed, in.Join, in.To = "vips", Remove, ids("hashed"), true, &ID{"phone", "1"}
		case 5:
			in.Stamp, in.Member = rapid.Int64().Draw(t, "stamp"), rapid.Uint32().Draw(t, "member")
		}
		en.Inputs = append(en.Inputs, in)
	}
	for range rapid.IntRange(0, 4).Draw(t, "outcomes") {
		o := outcome{Input: rapid.IntRange(0, 4).Draw(t, "input"), Member: rapid.Uint32().Draw(t, "member")}
		for range rapid.IntRange(0, 3).Draw(t, "facts") {
			o.Facts = append(o.Facts, fact{some.Draw(t, "type"), rapid.Int64().Draw(t, "at"), fieldsOf(drawValues(t, "fields"))})
		}
		for range rapid.IntRange(0, 2).Draw(t, "lists") {
			o.Lists = append(o.Lists, listing{some.Draw(t, "list"), rapid.Bool().Draw(t, "on")})
		}
		en.Outcomes = append(en.Outcomes, o)
	}
	return en
}

func TestRecordsAreReadAsTheyWereWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawEntry(t)
		record, err := encodeEntry(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decodeEntry(record)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%v: it is read as\n%+v\nand was\n%+v", err, got, want)
		}
		raw, _ := s2.Decode(nil, record)
		cut := rapid.IntRange(0, len(raw)-1).Draw(t, "cut")
		if _, err := decodeEntry(s2.Encode(nil, raw[:cut])); err == nil {
			t.Fatalf("a record of %d bytes is read when it is cut to %d", len(raw), cut)
		}
	})
}

// FuzzRecord reads bytes of any kind as a record: it is an entry or an error.
func FuzzRecord(f *testing.F) {
	record, _ := encodeEntry(entry{Clock: 5, Inputs: []Input{{Kind: Event, IDs: []ID{{"phone", "1"}}, Type: "order", Key: "k", HasAt: true,
		Values: map[string]column.Value{"amount": column.Int(3), "x": column.Float(1.5), "s": column.Set("a", "b")}}},
		Outcomes: []outcome{{Input: 1, Member: 3, Facts: []fact{{"points:stars", 0, fieldsOf(map[string]column.Value{"n": column.Int(1)})}}}}})
	raw, _ := s2.Decode(nil, record)
	f.Add(raw)
	f.Fuzz(func(t *testing.T, raw []byte) {
		en, err := decodeEntry(s2.Encode(nil, raw))
		if err != nil {
			return
		}
		again, err := encodeEntry(en)
		if err != nil {
			t.Skip() // JSON knows no such number
		}
		if got, err := decodeEntry(again); err != nil || !(reflect.DeepEqual(got, en) || hasNaN(raw)) {
			t.Fatalf("%v: it is read as\n%+v\nand was\n%+v", err, got, en)
		}
	})
}

// hasNaN reports whether bytes can hold a float that does not equal itself.
func hasNaN(raw []byte) bool {
	for i := range raw {
		if raw[i]&0x7f == 0x7f {
			return true
		}
	}
	return false
}

package live

import (
	"maps"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/muster-engine/muster/storage/column"
)

func TestFieldsAreTheValuesThatTheyWereMadeOf(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := drawValues(t, "values")
		fs := fieldsOf(values)
		maps.DeleteFunc(values, func(_ string, v column.Value) bool { return v.Kind == 0 })
		same := func(what string, fs fields, want map[string]column.Value) {
			t.Helper()
			if got := fs.values(); !reflect.DeepEqual(got, want) || fs.len() != len(want) {
				t.Fatalf("%s: %d fields %v, not %v", what, fs.len(), got, want)
			}
			for name, v := range want {
				if got := fs.get(name); !reflect.DeepEqual(got, v) {
					t.Fatalf("%s: %q is %v, not %v", what, name, got, v)
				}
			}
			if got := fs.get("none of them"); got.Kind != 0 {
				t.Fatalf("%s: a field that is not there is %v", what, got)
			}
		}
		same("made", fs, values)

		other, v := rapid.SampledFrom([]string{"order_id", "of", "new"}).Draw(t, "other"), column.Set("x", "", "长")
		more := maps.Clone(values)
		more[other] = v
		with := fs.with(other, v)
		same("with another", with, more)
		less := maps.Clone(values)
		delete(less, other)
		same("without it", with.without(other), less)
		same("after all that", fs, values)
	})
}

// Where fields come and go at random there is no end of shapes; the table of them has one.
func TestShapesDoNotGatherWithoutEnd(t *testing.T) {
	first := fieldsOf(map[string]column.Value{"x": column.Int(1)})
	for i := range 3 * mostShapes {
		values := map[string]column.Value{}
		for bit := range 16 {
			if i>>bit&1 != 0 {
				values[string(rune('a'+bit))] = column.Int(int64(i))
			}
		}
		if got := fieldsOf(values).values(); !reflect.DeepEqual(got, values) {
			t.Fatalf("%v, not %v", got, values)
		}
	}
	if n := len(shapes.of); n > mostShapes {
		t.Errorf("%d shapes are kept", n)
	}
	if v := first.get("x"); v.Int != 1 {
		t.Errorf("fields of a shape that is not kept: %v", v)
	}
}

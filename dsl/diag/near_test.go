package diag

import (
	"testing"

	"pgregory.net/rapid"
)

func TestNear(t *testing.T) {
	for _, c := range []struct {
		name       string
		candidates []string
		want       string
	}{
		{"segmnt", []string{"tag", "segment"}, "segment"},
		{"recncy", []string{"recency", "frequency"}, "recency"},
		{"Recency", []string{"recent", "recency"}, "recency"},
		{"AMOUNT", []string{"amounts", "amount"}, "amount"},
		{"mnoetary", []string{"monetary"}, "monetary"},                 // neighbours swapped
		{"lifecyle", []string{"lifecycles", "lifecycle"}, "lifecycle"}, // the nearest, not the first
		{"ciyt", []string{"city", "cite"}, "city"},
		{"cit", []string{"city"}, "city"},
		{"最近消肥", []string{"最近消费", "近期消费"}, "最近消费"},
		{"naive", []string{"naïve"}, "naïve"},
		{"a_1", []string{"a_2", "a_3"}, "a_2"}, // the first of equally near ones
		// Not near.
		{"x", []string{"y", "z"}, ""},
		{"ab", []string{"xy"}, ""},
		{"city", []string{"country", "gender"}, ""},
		{"spend", []string{"spring", "sports"}, ""},
		{"order", []string{"order"}, ""},
		{"", []string{"a", "ab"}, ""},
		{"frequency", nil, ""},
	} {
		got, ok := Near(c.name, c.candidates)
		if got != c.want || ok != (c.want != "") {
			t.Errorf("Near(%q, %q) = %q, %v; want %q", c.name, c.candidates, got, ok, c.want)
		}
	}
}

// TestDistance holds the distance to what a distance is.
func TestDistance(t *testing.T) {
	word := rapid.SliceOfN(rapid.SampledFrom([]rune("abc费")), 0, 6)
	rapid.Check(t, func(t *rapid.T) {
		a, b := word.Draw(t, "a"), word.Draw(t, "b")
		d := distance(a, b)
		if d != distance(b, a) {
			t.Fatalf("not the same both ways: %d and %d", d, distance(b, a))
		}
		if (d == 0) != (string(a) == string(b)) {
			t.Fatalf("distance %d", d)
		}
		if d < abs(len(a)-len(b)) || d > max(len(a), len(b)) {
			t.Fatalf("distance %d of lengths %d and %d", d, len(a), len(b))
		}
		if len(b) > 0 {
			i := rapid.IntRange(0, len(b)-1).Draw(t, "i")
			shorter := append(append([]rune{}, b[:i]...), b[i+1:]...)
			if e := distance(a, shorter); abs(d-e) > 1 {
				t.Fatalf("%d, and one letter less %d", d, e)
			}
		}
	})
}

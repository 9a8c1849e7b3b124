package load

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestQuantiles holds the histogram to the sorted list of what it counts.
func TestQuantiles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(rapid.Int64Range(0, int64(10*time.Hour)), 1, 200).Draw(t, "durations")
		var a, b Histogram
		for i, d := range all {
			if i%2 == 0 {
				a.Add(time.Duration(d))
			} else {
				b.Add(time.Duration(d))
			}
		}
		a.Merge(&b)
		slices.Sort(all)
		if a.Count() != int64(len(all)) || a.Max() != time.Duration(all[len(all)-1]) {
			t.Fatalf("%d durations, the longest %v", a.Count(), a.Max())
		}
		for _, q := range []float64{0, 0.5, 0.9, 0.99, 1} {
			got := a.Quantile(q)
			exact := time.Duration(all[min(int(q*float64(len(all))), len(all)-1)])
			if got < exact-time.Microsecond || got > exact+exact/64+time.Microsecond {
				t.Fatalf("quantile %v is %v, want %v", q, got, exact)
			}
		}
	})
}

func TestNothingCounted(t *testing.T) {
	var h Histogram
	if h.Quantile(0.99) != 0 || h.Max() != 0 {
		t.Fatal("an empty histogram has durations")
	}
	h.Add(1000 * time.Hour) // more than the last bucket
	if got := h.Quantile(0.5); got <= 0 || got > 1000*time.Hour {
		t.Fatal(got)
	}
}

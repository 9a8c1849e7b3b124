package runtime

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestRadixSort holds the sort of ntile keys to the standard library's, for keys that share many bytes and few.
func TestRadixSort(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.SampledFrom([]int{0, 1, 100, 1 << 12, 5000}).Draw(t, "n")
		mask := rapid.SampledFrom([]uint64{0, 0xff, 0xff00ff, 1<<63 | 0xffff, ^uint64(0)}).Draw(t, "mask")
		seed := rapid.Uint64Range(1, 1<<63).Draw(t, "seed")
		keys := make([]uint64, n)
		for i := range keys {
			seed ^= seed << 13
			seed ^= seed >> 7
			seed ^= seed << 17
			keys[i] = seed & mask
		}
		want := slices.Sorted(slices.Values(keys))
		if radixSort(keys); !slices.Equal(keys, want) {
			t.Fatalf("%d keys under mask %x are not in order", n, mask)
		}
	})
}

func TestGroupOf(t *testing.T) {
	for _, c := range []struct {
		below, total uint64
		n, want      int64
	}{
		{0, 10, 5, 1}, {1, 10, 5, 1}, {2, 10, 5, 2}, {9, 10, 5, 5}, {0, 1, 100, 1}, {6, 7, 3, 3},
		{1 << 33, 1<<33 + 1, 1 << 31, 1 << 31}, // the product needs more than 64 bits
	} {
		if got := groupOf(c.below, c.total, c.n); got != c.want {
			t.Errorf("group of one with %d of %d below, of %d groups: %d, want %d", c.below, c.total, c.n, got, c.want)
		}
	}
}

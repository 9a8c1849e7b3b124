package effect

import (
	"testing"

	"github.com/muster-engine/muster/storage/column"
)

// TestSample: about as many members as are wanted, from a bounded number of blocks that lie among all.
func TestSample(t *testing.T) {
	for _, c := range []struct {
		members uint64
		blocks  int
	}{{10_000, 1}, {10_000, 3}, {10_000, 40}, {1_000, 16}, {1_000_000, 17}, {1_200_000, 17}} {
		of := uint64(c.blocks) * column.Block
		wanted := sample(c.members, of, c.blocks)
		var got uint64
		in := map[int]bool{}
		for n := range uint32(of) {
			if wanted(n) {
				got++
				in[int(n/column.Block)] = true
			}
		}
		want := min(c.members, uint64(min(c.blocks, mostBlocks))*column.Block)
		if got < want-want/20 || got > want+want/20 {
			t.Errorf("%d members of %d blocks: %d", c.members, c.blocks, got)
		}
		if len(in) != min(c.blocks, mostBlocks) || !in[0] {
			t.Errorf("%d members of %d blocks: from %d blocks", c.members, c.blocks, len(in))
		}
		if c.blocks > 1 && wanted(uint32(of)+5) {
			t.Error("one that came meanwhile is wanted")
		}
	}
}

package index

import (
	"github.com/RoaringBitmap/roaring/v2"

	"github.com/muster-engine/muster/storage/column"
)

// MaxValues is how many different elements a column may have to be given a bitmap for each.
const MaxValues = 256

// Values holds the rows of each packed element of a column, unknown rows left out. It is immutable.
type Values struct {
	sets []*roaring.Bitmap // by element; nil where no row has it
	card []int
}

// BuildValues returns the value bitmaps of a column of Ints or Texts, or nil if its elements reach beyond [MaxValues].
func BuildValues(c *column.Column) *Values {
	if c.Width > 2 {
		return nil
	}
	var top uint64
	for i := range c.Len {
		top = max(top, c.Raw(i))
	}
	if top >= MaxValues {
		return nil
	}
	rows := make([]*plane, top+1)
	for i := range c.Len {
		if !c.IsKnown(i) {
			continue
		}
		v := c.Raw(i)
		if rows[v] == nil {
			rows[v] = new(plane)
		}
		rows[v][i>>6] |= 1 << (uint(i) & 63)
	}
	out := &Values{sets: make([]*roaring.Bitmap, len(rows)), card: make([]int, len(rows))}
	for v, set := range rows {
		if set != nil {
			out.sets[v] = roaring.FromDense(set[:], true)
			out.sets[v].RunOptimize()
			out.card[v] = int(out.sets[v].GetCardinality())
		}
	}
	return out
}

// Count is how many rows have the element.
func (v *Values) Count(element uint64) int {
	if element >= uint64(len(v.card)) {
		return 0
	}
	return v.card[element]
}

// Add adds the rows of an element to out.
func (v *Values) Add(element uint64, out Bits) {
	if element >= uint64(len(v.sets)) || v.sets[element] == nil {
		return
	}
	var dense plane // the dense form is written over, not added to, what stands in its place
	v.sets[element].WriteDenseTo(dense[:])
	for i, w := range dense[:len(out)] {
		out[i] |= w
	}
}

// AddRange adds the rows of all elements in [lo, hi] to out.
func (v *Values) AddRange(lo, hi uint64, out Bits) {
	for e := lo; e <= hi && e < uint64(len(v.sets)); e++ {
		v.Add(e, out)
	}
}

// Package index answers comparisons over one packed column of a block as sets of rows.
//
// Rows are bits of a [Bits], the dense form of one Roaring container. Three ways lead to the same answer, and the
// engine picks by cost: [Slices] is a bit-sliced index (O'Neil and Quass, "Improved query performance with variant
// indexes", 1997) whose comparison reads one plane per bit of the value; [Values] holds a Roaring bitmap per value of a
// column with few of them; [Scan] and [Probe] read the packed column itself, all of it or the rows of a candidate set.
package index

import (
	"math/bits"

	"github.com/muster-engine/muster/storage/column"
)

// BlockWords is the length of a Bits.
const BlockWords = column.Block / 64

// Bits is a set of the rows of a block: a bit per row, 64 a word, as many words as the rows take and no bits after the
// last. One set may be read as long as another: of the same block, or longer.
type Bits []uint64

// Count is the number of rows in the set.
func (b Bits) Count() int {
	n := 0
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return n
}

// Empty reports whether the set has no rows.
func (b Bits) Empty() bool {
	for _, w := range b {
		if w != 0 {
			return false
		}
	}
	return true
}

// Slices is a bit-sliced index of the packed elements of a column. It is immutable.
type Slices struct {
	rows   int
	planes []plane // planes[p] has the rows whose element has bit p set
}

type plane [BlockWords]uint64

// Build transposes the elements of a column of Ints or Texts into planes. The index takes planes × 8 KiB.
func Build(c *column.Column) *Slices {
	var width uint
	var all uint64
	for i := range c.Len {
		all |= c.Raw(i)
	}
	width = uint(bits.Len64(all))
	s := &Slices{rows: c.Len, planes: make([]plane, width)}
	var square [64]uint64
	for base := 0; base < c.Len; base += 64 {
		n := min(64, c.Len-base)
		load(c, base, square[:n])
		clear(square[n:])
		transpose(&square)
		for p := range s.planes {
			s.planes[p][base/64] = square[p]
		}
	}
	return s
}

// load reads packed elements into dst.
func load(c *column.Column, from int, dst []uint64) {
	switch c.Width {
	case 1:
		for i, v := range c.U8[from : from+len(dst)] {
			dst[i] = uint64(v)
		}
	case 2:
		for i, v := range c.U16[from : from+len(dst)] {
			dst[i] = uint64(v)
		}
	case 4:
		for i, v := range c.U32[from : from+len(dst)] {
			dst[i] = uint64(v)
		}
	case 8:
		copy(dst, c.U64[from:from+len(dst)])
	default:
		clear(dst)
	}
}

// transpose turns a 64×64 bit matrix: bit j of word i becomes bit i of word j. The halves of ever smaller squares are
// exchanged (Warren, "Hacker's Delight", 7–3).
func transpose(m *[64]uint64) {
	mask := uint64(0x00000000ffffffff)
	for j := uint(32); j != 0; j >>= 1 {
		for k := uint(0); k < 64; k = (k + j + 1) &^ j {
			t := (m[k]>>j ^ m[k+j]) & mask
			m[k] ^= t << j
			m[k+j] ^= t
		}
		mask ^= mask << (j >> 1)
	}
}

// Range sets out, which has room for all rows, to those whose element is in [lo, hi]; unknown rows are not masked out.
func (s *Slices) Range(lo, hi uint64, out Bits) {
	limit := uint64(1)<<uint(len(s.planes)) - 1
	if len(s.planes) == 64 {
		limit = ^uint64(0)
	}
	if lo > hi || lo > limit {
		clear(out)
		return
	}
	hi = min(hi, limit)
	words := (s.rows + 63) / 64
	if lo == hi {
		s.equal(lo, out, words)
	} else {
		first := true
		if lo > 0 {
			s.atLeast(lo, out, words)
			first = false
		}
		if hi < limit {
			var below plane
			s.atMost(hi, below[:], words)
			if first {
				copy(out, below[:words])
			} else {
				for i := range words {
					out[i] &= below[i]
				}
			}
			first = false
		}
		if first {
			ones(out, s.rows)
		}
	}
	clear(out[words:])
	if tail := uint(s.rows) & 63; tail != 0 {
		out[words-1] &= 1<<tail - 1
	}
}

func ones(out Bits, rows int) {
	for i := range out {
		switch left := rows - i*64; {
		case left >= 64:
			out[i] = ^uint64(0)
		case left > 0:
			out[i] = 1<<uint(left) - 1
		default:
			out[i] = 0
		}
	}
}

func (s *Slices) equal(c uint64, out Bits, words int) {
	ones(out, s.rows)
	o := out[:words]
	for p := range s.planes {
		plane := s.planes[p][:words]
		if c>>uint(p)&1 != 0 {
			for i, w := range plane {
				o[i] &= w
			}
		} else {
			for i, w := range plane {
				o[i] &^= w
			}
		}
	}
}

// atLeast walks the planes upwards: after plane p, out has the rows whose low p+1 bits are at least those of c.
func (s *Slices) atLeast(c uint64, out Bits, words int) {
	p := bits.TrailingZeros64(c) // lower planes cannot matter
	o := out[:words]
	copy(o, s.planes[p][:words])
	for p++; p < len(s.planes); p++ {
		plane := s.planes[p][:words]
		if c>>uint(p)&1 != 0 {
			for i, w := range plane {
				o[i] &= w
			}
		} else {
			for i, w := range plane {
				o[i] |= w
			}
		}
	}
}

// atMost is the complement of being at least c+1; c is below the largest element that the planes can hold.
func (s *Slices) atMost(c uint64, out Bits, words int) {
	s.atLeast(c+1, out, words)
	for i := range words {
		out[i] = ^out[i]
	}
}

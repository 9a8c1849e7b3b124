package index

import (
	"math/bits"

	"github.com/muster-engine/muster/storage/column"
)

// Packed translates the inclusive range [lo, hi] of values into one of packed elements; ok is false if no element can
// be in it.
func Packed(c *column.Column, lo, hi int64) (from, to uint64, ok bool) {
	if lo > hi || hi < c.Base {
		return 0, 0, false
	}
	scale := uint64(max(c.Scale, 1))
	if lo > c.Base {
		above := uint64(lo) - uint64(c.Base)
		from = above / scale
		if above%scale != 0 {
			from++
		}
	}
	to = (uint64(hi) - uint64(c.Base)) / scale
	return from, to, from <= to
}

// Scan sets out to the rows of c whose packed element is in [lo, hi], whether known or not.
func Scan(c *column.Column, lo, hi uint64, out *Bits) {
	*out = Bits{}
	switch c.Width {
	case 0:
		if lo == 0 {
			ones(out, c.Len)
		}
	case 1:
		if lo <= 0xff {
			scan(c.U8, uint8(lo), uint8(min(hi, 0xff)), out)
		}
	case 2:
		if lo <= 0xffff {
			scan(c.U16, uint16(lo), uint16(min(hi, 0xffff)), out)
		}
	case 4:
		if lo <= 0xffffffff {
			scan(c.U32, uint32(lo), uint32(min(hi, 0xffffffff)), out)
		}
	case 8:
		scan(c.U64, lo, hi, out)
	}
}

func scan[T uint8 | uint16 | uint32 | uint64](x []T, lo, hi T, out *Bits) {
	span := hi - lo
	for w := 0; w*64 < len(x); w++ {
		part := x[w*64 : min(w*64+64, len(x))]
		var word uint64
		for j, v := range part {
			var bit uint64
			if v-lo <= span {
				bit = 1
			}
			word |= bit << (uint(j) & 63)
		}
		out[w] = word
	}
}

// Probe sets out to the candidates whose packed element is in [lo, hi].
func Probe(c *column.Column, lo, hi uint64, candidates, out *Bits) {
	for w, word := range candidates {
		var keep uint64
		for x := word; x != 0; x &= x - 1 {
			i := w*64 + bits.TrailingZeros64(x)
			if i >= c.Len {
				break
			}
			if v := c.Raw(i); v >= lo && v <= hi {
				keep |= x & -x
			}
		}
		out[w] = keep
	}
}

// ScanFloats sets out to the rows with lo <= value <= hi, the ends left out where open.
func ScanFloats(x []float64, lo, hi float64, openLo, openHi bool, out *Bits) {
	*out = Bits{}
	for w := 0; w*64 < len(x); w++ {
		part := x[w*64 : min(w*64+64, len(x))]
		var word uint64
		for j, v := range part {
			var bit uint64
			if v >= lo && v <= hi {
				bit = 1
			}
			if (openLo && v == lo) || (openHi && v == hi) {
				bit = 0
			}
			word |= bit << (uint(j) & 63)
		}
		out[w] = word
	}
}

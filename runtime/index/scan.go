package index

import (
	"math"
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

// Scan sets out to the rows of c whose packed element is in [lo, hi]; unknown rows may be in it or not.
func Scan(c *column.Column, lo, hi uint64, out Bits) {
	words := (c.Len + 63) / 64
	clear(out[words:])
	ScanWords(c, lo, hi, out[:words])
}

// ScanWords is Scan for a column of any length; out has a bit per row, and zeros after the last.
func ScanWords(c *column.Column, lo, hi uint64, out []uint64) {
	switch c.Width {
	case 1:
		scan(c.U8, lo, hi, out)
	case 2:
		scan(c.U16, lo, hi, out)
	case 4:
		scan(c.U32, lo, hi, out)
	case 8:
		scan(c.U64, lo, hi, out)
	default:
		for i := range out {
			out[i] = 0
			if lo == 0 {
				out[i] = c.KnownWord(i) // unknown rows may be left out as well as not
			}
		}
	}
}

func scan[T uint8 | uint16 | uint32 | uint64](x []T, lo, hi uint64, out []uint64) {
	top := uint64(^T(0))
	if lo > top {
		clear(out)
		return
	}
	from := T(lo)
	width := T(min(hi, top)) - from
	for w := range out {
		part := x[w*64 : min(w*64+64, len(x))]
		var word uint64
		for j, v := range part {
			var bit uint64
			if v-from <= width {
				bit = 1
			}
			word |= bit << (uint(j) & 63)
		}
		out[w] = word
	}
}

// Probe sets out, which is as long as the candidates, to those of them whose packed element is in [lo, hi].
func Probe(c *column.Column, lo, hi uint64, candidates, out Bits) {
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
func ScanFloats(x []float64, lo, hi float64, openLo, openHi bool, out Bits) {
	clear(out[(len(x)+63)/64:])
	lo, hi = closed(lo, hi, openLo, openHi)
	for w := 0; w*64 < len(x); w++ {
		part := x[w*64 : min(w*64+64, len(x))]
		var word uint64
		for j, v := range part {
			var above, below uint64
			if v >= lo {
				above = 1
			}
			if v <= hi {
				below = 1
			}
			word |= above & below << (uint(j) & 63)
		}
		out[w] = word
	}
}

// ProbeFloats is ScanFloats for the candidates only.
func ProbeFloats(x []float64, lo, hi float64, openLo, openHi bool, candidates, out Bits) {
	lo, hi = closed(lo, hi, openLo, openHi)
	for w, word := range candidates {
		var keep uint64
		for left := word; left != 0; left &= left - 1 {
			i := w*64 + bits.TrailingZeros64(left)
			if i >= len(x) {
				break
			}
			if x[i] >= lo && x[i] <= hi {
				keep |= left & -left
			}
		}
		out[w] = keep
	}
}

// closed turns open ends into the numbers next to them.
func closed(lo, hi float64, openLo, openHi bool) (float64, float64) {
	if openLo {
		lo = math.Nextafter(lo, math.Inf(1))
	}
	if openHi {
		hi = math.Nextafter(hi, math.Inf(-1))
	}
	return lo, hi
}

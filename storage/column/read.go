package column

// ReadInts writes the integers of the rows from, from+1 … into dst. What it writes for unknown rows is arbitrary. The
// column must be of Ints and have from+len(dst) rows.
func (c *Column) ReadInts(dst []int64, from int) {
	switch c.Width {
	case 0:
		for i := range dst {
			dst[i] = c.Base
		}
	case 1:
		widen(dst, c.U8[from:], c.Base, c.Scale)
	case 2:
		widen(dst, c.U16[from:], c.Base, c.Scale)
	case 4:
		widen(dst, c.U32[from:], c.Base, c.Scale)
	case 8:
		widen(dst, c.U64[from:], c.Base, c.Scale)
	}
}

// ReadCodes writes the codes of the rows from, from+1 … into dst; 0 for unknown rows. The column must be of Texts and
// have from+len(dst) rows.
func (c *Column) ReadCodes(dst []uint32, from int) {
	switch c.Width {
	case 0:
		clear(dst)
	case 1:
		copyCodes(dst, c.U8[from:])
	case 2:
		copyCodes(dst, c.U16[from:])
	case 4:
		copy(dst, c.U32[from:from+len(dst)])
	case 8:
		copyCodes(dst, c.U64[from:])
	}
}

// ReadFloats writes the numbers of the rows from, from+1 … into dst; 0 for unknown rows. The column must be of Floats
// and have from+len(dst) rows.
func (c *Column) ReadFloats(dst []float64, from int) { copy(dst, c.F64[from:from+len(dst)]) }

// KnownWord returns the bits of the rows 64w … 64w+63, the lowest first; bits beyond the last row are zero.
func (c *Column) KnownWord(w int) uint64 {
	if c.Known != nil {
		return c.Known[w]
	}
	if rest := c.Len - w*64; rest < 64 {
		return 1<<uint(rest) - 1
	}
	return ^uint64(0)
}

func widen[T unsigned](dst []int64, src []T, base, scale int64) {
	src = src[:len(dst)]
	if scale == 1 {
		for i, u := range src {
			dst[i] = base + int64(u)
		}
		return
	}
	for i, u := range src {
		dst[i] = base + scale*int64(u)
	}
}

func copyCodes[T unsigned](dst []uint32, src []T) {
	src = src[:len(dst)]
	for i, u := range src {
		dst[i] = uint32(u)
	}
}

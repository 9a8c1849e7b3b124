package column

import (
	"fmt"
	"math"
	"slices"
)

// Builder collects values row by row and packs them into a [Column]. Use [NewBuilder]. A builder may be used again
// after [Builder.Reset]; columns it gave out stay as they are.
type Builder struct {
	kind    Kind
	n       int
	unknown int
	known   []uint64
	ints    []int64
	floats  []float64
	codes   []uint32
	starts  []uint32
	dict    []string
	index   map[string]uint32 // of dict; nil until that has more than fewTexts
	spare   map[string]uint32 // an empty one, to be used again
}

// NewBuilder returns a builder for a kind, with room for about size rows.
func NewBuilder(kind Kind, size int) *Builder {
	b := &Builder{kind: kind, known: make([]uint64, 0, (size+63)/64)}
	switch kind {
	case Ints:
		b.ints = make([]int64, 0, size)
	case Floats:
		b.floats = make([]float64, 0, size)
	case Texts:
		b.codes = make([]uint32, 0, size)
	case Sets:
		b.starts = append(make([]uint32, 0, size+1), 0)
	default:
		panic(fmt.Sprintf("column: no builder for kind %d", kind))
	}
	return b
}

// Len is how many rows were appended.
func (b *Builder) Len() int { return b.n }

// Reset empties the builder and keeps its memory.
func (b *Builder) Reset() {
	b.n, b.unknown = 0, 0
	b.known, b.ints, b.floats, b.codes = b.known[:0], b.ints[:0], b.floats[:0], b.codes[:0]
	if b.kind == Sets {
		b.starts = append(b.starts[:0], 0)
	}
	clear(b.dict)
	b.dict = b.dict[:0]
	if b.index != nil {
		b.spare, b.index = b.index, nil
		clear(b.spare)
	}
}

func (b *Builder) row(known bool) {
	if b.n&63 == 0 {
		b.known = append(b.known, 0)
	}
	if known {
		b.known[b.n>>6] |= 1 << (uint(b.n) & 63)
	} else {
		b.unknown++
	}
	b.n++
}

// AppendInt appends a row to a column of Ints.
func (b *Builder) AppendInt(v int64) {
	b.row(true)
	b.ints = append(b.ints, v)
}

// AppendFloat appends a row to a column of Floats.
func (b *Builder) AppendFloat(v float64) {
	b.row(true)
	b.floats = append(b.floats, v)
}

// AppendText appends a row to a column of Texts.
func (b *Builder) AppendText(v string) {
	b.row(true)
	b.codes = append(b.codes, b.code(v))
}

// AppendBytes is AppendText of a text that the caller will overwrite.
func (b *Builder) AppendBytes(v []byte) {
	b.row(true)
	code, ok := b.index[string(v)]
	if b.index == nil {
		i := slices.IndexFunc(b.dict, func(known string) bool { return known == string(v) })
		code, ok = uint32(i), i >= 0
	}
	if !ok {
		code = b.intern(string(v))
	}
	b.codes = append(b.codes, code)
}

// AppendSet appends a row to a column of Sets; the texts may come in any order and more than once.
func (b *Builder) AppendSet(texts []string) {
	b.row(true)
	for _, v := range sortedSet(texts) {
		b.codes = append(b.codes, b.code(v))
	}
	b.starts = append(b.starts, uint32(len(b.codes)))
}

// AppendUnknown appends an unknown row.
func (b *Builder) AppendUnknown() {
	b.row(false)
	switch b.kind {
	case Ints:
		b.ints = append(b.ints, 0)
	case Floats:
		b.floats = append(b.floats, 0)
	case Texts:
		b.codes = append(b.codes, 0)
	case Sets:
		b.starts = append(b.starts, uint32(len(b.codes)))
	}
}

// Append appends a value, which must be unknown or of the builder's kind.
func (b *Builder) Append(v Value) {
	switch v.Kind {
	case 0:
		b.AppendUnknown()
		return
	case b.kind:
	default:
		panic(fmt.Sprintf("column: %v appended to a column of %v", v.Kind, b.kind))
	}
	switch v.Kind {
	case Ints:
		b.AppendInt(v.Int)
	case Floats:
		b.AppendFloat(v.Float)
	case Texts:
		b.AppendText(v.Text)
	case Sets:
		b.AppendSet(v.Set)
	}
}

// fewTexts are found by looking at each of them: a column of few different texts costs no table then.
const fewTexts = 8

func (b *Builder) code(v string) uint32 {
	code, ok := b.index[v]
	if b.index == nil {
		i := slices.Index(b.dict, v)
		code, ok = uint32(i), i >= 0
	}
	if !ok {
		code = b.intern(v)
	}
	return code
}

func (b *Builder) intern(v string) uint32 {
	code := uint32(len(b.dict))
	b.dict = append(b.dict, v)
	switch {
	case b.index != nil:
		b.index[v] = code
	case len(b.dict) > fewTexts:
		if b.index, b.spare = b.spare, nil; b.index == nil {
			b.index = make(map[string]uint32, 2*len(b.dict))
		}
		for i, text := range b.dict {
			b.index[text] = uint32(i)
		}
	}
	return code
}

// Column packs the rows appended so far, in the narrowest width. The builder's memory is not shared with the column.
func (b *Builder) Column() *Column {
	known := b.known
	if b.unknown == 0 {
		known = nil
	}
	switch b.kind {
	case Ints:
		return PackInts(b.ints, known)
	case Floats:
		return PackFloats(b.floats, known)
	case Texts:
		return PackCodes(b.codes, known, b.dict)
	}
	return &Column{
		Kind: Sets, Len: b.n, Known: cloneWords(known), Scale: 1,
		Starts: append([]uint32(nil), b.starts...),
		Codes:  append([]uint32(nil), b.codes...),
		Dict:   append([]string(nil), b.dict...),
	}
}

// PackInts packs integers; known has a bit per row or is nil if all rows are known. Values of unknown rows do not
// matter. Nothing is shared with the arguments.
func PackInts(values []int64, known []uint64) *Column {
	c := &Column{Kind: Ints, Len: len(values), Known: cloneWords(known), Scale: 1}
	new(Encoder).packInts(c, values)
	return c
}

// packInts gives the column its numbers, in the encoder's memory.
func (e *Encoder) packInts(c *Column, values []int64) {
	base, top, any := bounds(values, c.Known)
	if !any {
		return
	}
	c.Base = base
	span := uint64(top) - uint64(base)
	if span == 0 {
		return
	}
	scale := commonDivisor(values, c.Known, base)
	if scale > math.MaxInt64 {
		scale = 1
	}
	c.Scale = int64(scale)
	switch widest := span / scale; {
	case widest <= math.MaxUint8:
		e.u8 = packOffsets(e.u8, values, c.Known, base, scale)
		c.Width, c.U8 = 1, e.u8
	case widest <= math.MaxUint16:
		e.u16 = packOffsets(e.u16, values, c.Known, base, scale)
		c.Width, c.U16 = 2, e.u16
	case widest <= math.MaxUint32:
		e.u32 = packOffsets(e.u32, values, c.Known, base, scale)
		c.Width, c.U32 = 4, e.u32
	default:
		e.u64 = packOffsets(e.u64, values, c.Known, base, scale)
		c.Width, c.U64 = 8, e.u64
	}
}

// PackFloats packs numbers, like [PackInts].
func PackFloats(values []float64, known []uint64) *Column {
	c := &Column{Kind: Floats, Len: len(values), Known: cloneWords(known), Scale: 1, F64: slices.Clone(values)}
	clearUnknown(c)
	return c
}

func clearUnknown(c *Column) {
	for i := range c.F64 {
		if !c.IsKnown(i) {
			c.F64[i] = 0
		}
	}
}

// PackCodes packs texts given as codes into dict, whose texts differ and stand in order of first appearance.
func PackCodes(codes []uint32, known []uint64, dict []string) *Column {
	c := &Column{Kind: Texts, Len: len(codes), Known: cloneWords(known), Scale: 1, Dict: append([]string(nil), dict...)}
	new(Encoder).packCodes(c, codes)
	return c
}

// packCodes gives the column, which has its dictionary, its codes, in the encoder's memory.
func (e *Encoder) packCodes(c *Column, codes []uint32) {
	switch n := len(c.Dict); {
	case n <= 1:
	case n <= 1<<8:
		e.u8 = packCodes(e.u8, codes, c.Known)
		c.Width, c.U8 = 1, e.u8
	case n <= 1<<16:
		e.u16 = packCodes(e.u16, codes, c.Known)
		c.Width, c.U16 = 2, e.u16
	default:
		e.u32 = packCodes(e.u32, codes, c.Known)
		c.Width, c.U32 = 4, e.u32
	}
}

type unsigned interface {
	uint8 | uint16 | uint32 | uint64
}

// packOffsets returns the numbers' distances from base in units of scale, 0 for unknown rows, in the memory of out if it has
// as many.
func packOffsets[T unsigned](out []T, values []int64, known []uint64, base int64, scale uint64) []T {
	out = zeroed(out, len(values))
	if known == nil && scale == 1 {
		for i, v := range values {
			out[i] = T(uint64(v) - uint64(base))
		}
		return out
	}
	for i, v := range values {
		if known == nil || known[i>>6]>>(uint(i)&63)&1 != 0 {
			out[i] = T((uint64(v) - uint64(base)) / scale)
		}
	}
	return out
}

func packCodes[T unsigned](out []T, codes []uint32, known []uint64) []T {
	out = zeroed(out, len(codes))
	for i, code := range codes {
		if known == nil || known[i>>6]>>(uint(i)&63)&1 != 0 {
			out[i] = T(code)
		}
	}
	return out
}

// bounds returns the least and greatest known value; any is false if there is none.
func bounds(values []int64, known []uint64) (low, high int64, any bool) {
	low, high = math.MaxInt64, math.MinInt64
	if known == nil {
		for _, v := range values {
			low, high = min(low, v), max(high, v)
		}
		return low, high, len(values) > 0
	}
	for i, v := range values {
		if known[i>>6]>>(uint(i)&63)&1 != 0 {
			low, high, any = min(low, v), max(high, v), true
		}
	}
	return low, high, any
}

// commonDivisor is the greatest number that divides the distance of every known value from base.
func commonDivisor(values []int64, known []uint64, base int64) uint64 {
	var g uint64
	for i, v := range values {
		if known != nil && known[i>>6]>>(uint(i)&63)&1 == 0 {
			continue
		}
		d := uint64(v) - uint64(base)
		switch {
		case d == g:
		case g == 0:
			g = d
		default:
			for d != 0 {
				g, d = d, g%d
			}
			if g == 1 {
				return 1
			}
		}
	}
	return g
}

func cloneWords(w []uint64) []uint64 {
	if w == nil {
		return nil
	}
	return append([]uint64(nil), w...)
}

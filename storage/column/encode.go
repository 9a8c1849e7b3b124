package column

import (
	"encoding/binary"
	"math"
	"unsafe"

	"github.com/klauspost/compress/s2"
)

// The stored form of a column is a header of [headerSize] bytes and sections of little-endian arrays, each padded to
// eight bytes, in this order: known bits, elements (offsets or codes, or floats), starts and codes of sets, lengths of
// the texts, the texts themselves. Texts are those of the dictionary, or with [plainTexts] those of the rows, which is
// how columns are kept whose texts nearly all differ.
const (
	encodingVersion = 1
	headerSize      = 64

	hasKnown    = 1 << 0
	plainTexts  = 1 << 1
	packedTexts = 1 << 2 // the texts are compressed with S2

	compressFrom  = 512 // bytes of text from which compression is tried
	maxExpansion  = 255 // more than this ratio is stored uncompressed, so that a decoder can bound what it allocates
	plainTextRows = 64  // columns shorter than this keep a dictionary
)

type header struct {
	kind, width, flags, lengthWidth uint8
	rows, texts                     uint32
	base, scale                     int64
	codes                           uint64 // of sets
	textBytes, storedBytes          uint64
}

func (h *header) put(b []byte) {
	b[0], b[1], b[2], b[3], b[4] = encodingVersion, h.kind, h.width, h.flags, h.lengthWidth
	binary.LittleEndian.PutUint32(b[8:], h.rows)
	binary.LittleEndian.PutUint32(b[12:], h.texts)
	binary.LittleEndian.PutUint64(b[16:], uint64(h.base))
	binary.LittleEndian.PutUint64(b[24:], uint64(h.scale))
	binary.LittleEndian.PutUint64(b[32:], h.codes)
	binary.LittleEndian.PutUint64(b[40:], h.textBytes)
	binary.LittleEndian.PutUint64(b[48:], h.storedBytes)
}

// Encoder writes the stored forms of columns, one after the other, in memory that it keeps. Its methods append to dst, whose
// length must be a multiple of eight, as is that of the result, which shares nothing with the arguments but dst. The zero
// value is ready.
type Encoder struct {
	packed  Column
	u8      []uint8
	u16     []uint16
	u32     []uint32
	u64     []uint64
	lengths []uint32
	blob    []byte // texts, as they are
	small   []byte // and compressed
}

// Encode is [Encoder.Column] of a single column.
func Encode(dst []byte, c *Column) []byte { return new(Encoder).Column(dst, c) }

// Column appends a column.
func (e *Encoder) Column(dst []byte, c *Column) []byte {
	if c.Kind == Texts && c.Len >= plainTextRows && len(c.Dict) > c.Len/2 {
		return e.plain(dst, c)
	}
	h := header{
		kind: uint8(c.Kind), width: c.Width, rows: uint32(c.Len), base: c.Base, scale: c.Scale,
		texts: uint32(len(c.Dict)), codes: uint64(len(c.Codes)),
	}
	e.lengths, e.blob = e.lengths[:0], e.blob[:0]
	for _, s := range c.Dict {
		e.lengths = append(e.lengths, uint32(len(s)))
		e.blob = append(e.blob, s...)
	}
	at := len(dst)
	dst = append(dst, make([]byte, headerSize)...)
	dst = putKnown(dst, &h, c.Known)
	dst = appendArray(dst, c.U8)
	dst = appendArray(dst, c.U16)
	dst = appendArray(dst, c.U32)
	dst = appendArray(dst, c.U64)
	dst = appendArray(dst, c.F64)
	if c.Kind == Sets {
		dst = appendArray(dst, c.Starts)
		dst = appendArray(dst, c.Codes)
	}
	dst = e.putTexts(dst, &h, e.lengths, e.blob)
	h.put(dst[at:])
	return dst
}

func (e *Encoder) plain(dst []byte, c *Column) []byte {
	e.lengths, e.blob = zeroed(e.lengths, c.Len), e.blob[:0]
	for i := range e.lengths {
		if c.IsKnown(i) {
			e.lengths[i] = uint32(len(c.Text(i)))
			e.blob = append(e.blob, c.Text(i)...)
		}
	}
	return e.Plain(dst, c.Known, e.lengths, e.blob)
}

// Ints appends what [PackInts] packs.
func (e *Encoder) Ints(dst []byte, values []int64, known []uint64) []byte {
	e.packed = Column{Kind: Ints, Len: len(values), Known: known, Scale: 1}
	e.packInts(&e.packed, values)
	return e.Column(dst, &e.packed)
}

// Floats appends what [PackFloats] packs. It clears the values of unknown rows.
func (e *Encoder) Floats(dst []byte, values []float64, known []uint64) []byte {
	e.packed = Column{Kind: Floats, Len: len(values), Known: known, Scale: 1, F64: values}
	clearUnknown(&e.packed)
	return e.Column(dst, &e.packed)
}

// Codes appends what [PackCodes] packs.
func (e *Encoder) Codes(dst []byte, codes []uint32, known []uint64, dict []string) []byte {
	e.packed = Column{Kind: Texts, Len: len(codes), Known: known, Scale: 1, Dict: dict}
	e.packCodes(&e.packed, codes)
	return e.Column(dst, &e.packed)
}

// Plain appends a column of texts that stand one after the other in blob, row by row with the given lengths, where unknown
// rows have length 0. It is for columns whose texts nearly all differ, such as keys.
func (e *Encoder) Plain(dst []byte, known []uint64, lengths []uint32, blob []byte) []byte {
	h := header{kind: uint8(Texts), flags: plainTexts, rows: uint32(len(lengths)), texts: uint32(len(lengths)), scale: 1}
	at := len(dst)
	dst = append(dst, make([]byte, headerSize)...)
	dst = putKnown(dst, &h, known)
	dst = e.putTexts(dst, &h, lengths, blob)
	h.put(dst[at:])
	return dst
}

func putKnown(dst []byte, h *header, known []uint64) []byte {
	if known == nil {
		return dst
	}
	h.flags |= hasKnown
	return appendArray(dst, known)
}

func (e *Encoder) putTexts(dst []byte, h *header, lengths []uint32, blob []byte) []byte {
	var longest uint32
	for _, n := range lengths {
		longest = max(longest, n)
	}
	switch {
	case len(lengths) == 0:
	case longest <= math.MaxUint8:
		h.lengthWidth = 1
		e.u8 = narrow(e.u8, lengths)
		dst = appendArray(dst, e.u8)
	case longest <= math.MaxUint16:
		h.lengthWidth = 2
		e.u16 = narrow(e.u16, lengths)
		dst = appendArray(dst, e.u16)
	default:
		h.lengthWidth = 4
		dst = appendArray(dst, lengths)
	}
	h.textBytes, h.storedBytes = uint64(len(blob)), uint64(len(blob))
	if len(blob) >= compressFrom && len(blob) < math.MaxInt32 {
		e.small = s2.Encode(e.small, blob)
		if len(e.small) < len(blob)/8*7 && len(blob) <= maxExpansion*len(e.small) {
			h.flags |= packedTexts
			h.storedBytes = uint64(len(e.small))
			return pad(append(dst, e.small...))
		}
	}
	return pad(append(dst, blob...))
}

// narrow returns the values in a narrower kind, in the memory of out if it has as many.
func narrow[T unsigned](out []T, values []uint32) []T {
	out = resized(out, len(values))
	for i, v := range values {
		out[i] = T(v)
	}
	return out
}

// resized returns a slice of n elements, whatever they are, in the memory of s if that has as many.
func resized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

func zeroed[T any](s []T, n int) []T {
	s = resized(s, n)
	clear(s)
	return s
}

func pad(b []byte) []byte {
	for len(b)&7 != 0 {
		b = append(b, 0)
	}
	return b
}

// littleEndian tells whether arrays in memory are already in stored form.
var littleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

type element interface{ unsigned | float64 }

// appendArray appends the elements in stored form, padded.
func appendArray[T element](dst []byte, values []T) []byte {
	if len(values) == 0 {
		return dst
	}
	size := int(unsafe.Sizeof(values[0]))
	raw := unsafe.Slice((*byte)(unsafe.Pointer(&values[0])), len(values)*size)
	at := len(dst)
	dst = append(dst, raw...)
	if !littleEndian {
		swapBytes(dst[at:], size)
	}
	return pad(dst)
}

func swapBytes(b []byte, size int) {
	for ; len(b) >= size; b = b[size:] {
		for i, j := 0, size-1; i < j; i, j = i+1, j-1 {
			b[i], b[j] = b[j], b[i]
		}
	}
}

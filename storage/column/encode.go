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

// Encode appends the stored form of a column to dst. The length of dst must be a multiple of eight, and that of the
// result is.
func Encode(dst []byte, c *Column) []byte {
	if c.Kind == Texts && c.Len >= plainTextRows && len(c.Dict) > c.Len/2 {
		return encodePlain(dst, c)
	}
	h := header{
		kind: uint8(c.Kind), width: c.Width, rows: uint32(c.Len), base: c.Base, scale: c.Scale,
		texts: uint32(len(c.Dict)), codes: uint64(len(c.Codes)),
	}
	lengths := make([]uint32, len(c.Dict))
	var size int
	for i, s := range c.Dict {
		lengths[i] = uint32(len(s))
		size += len(s)
	}
	blob := make([]byte, 0, size)
	for _, s := range c.Dict {
		blob = append(blob, s...)
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
	dst = putTexts(dst, &h, lengths, blob)
	h.put(dst[at:])
	return dst
}

func encodePlain(dst []byte, c *Column) []byte {
	lengths := make([]uint32, c.Len)
	var size int
	for i := range lengths {
		if c.IsKnown(i) {
			lengths[i] = uint32(len(c.Text(i)))
			size += len(c.Text(i))
		}
	}
	blob := make([]byte, 0, size)
	for i := range lengths {
		if c.IsKnown(i) {
			blob = append(blob, c.Text(i)...)
		}
	}
	return EncodePlain(dst, c.Known, lengths, blob)
}

// EncodePlain is [Encode] of a column of texts that stand one after the other in blob, row by row with the given
// lengths, where unknown rows have length 0. It is for columns whose texts nearly all differ, such as keys.
func EncodePlain(dst []byte, known []uint64, lengths []uint32, blob []byte) []byte {
	h := header{kind: uint8(Texts), flags: plainTexts, rows: uint32(len(lengths)), texts: uint32(len(lengths)), scale: 1}
	at := len(dst)
	dst = append(dst, make([]byte, headerSize)...)
	dst = putKnown(dst, &h, known)
	dst = putTexts(dst, &h, lengths, blob)
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

func putTexts(dst []byte, h *header, lengths []uint32, blob []byte) []byte {
	var longest uint32
	for _, n := range lengths {
		longest = max(longest, n)
	}
	switch {
	case len(lengths) == 0:
	case longest <= math.MaxUint8:
		h.lengthWidth = 1
		dst = appendArray(dst, narrow[uint8](lengths))
	case longest <= math.MaxUint16:
		h.lengthWidth = 2
		dst = appendArray(dst, narrow[uint16](lengths))
	default:
		h.lengthWidth = 4
		dst = appendArray(dst, lengths)
	}
	h.textBytes, h.storedBytes = uint64(len(blob)), uint64(len(blob))
	if len(blob) >= compressFrom && len(blob) < math.MaxInt32 {
		packed := s2.Encode(nil, blob)
		if len(packed) < len(blob)/8*7 && len(blob) <= maxExpansion*len(packed) {
			h.flags |= packedTexts
			h.storedBytes = uint64(len(packed))
			return pad(append(dst, packed...))
		}
	}
	return pad(append(dst, blob...))
}

func narrow[T unsigned](values []uint32) []T {
	out := make([]T, len(values))
	for i, v := range values {
		out[i] = T(v)
	}
	return out
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

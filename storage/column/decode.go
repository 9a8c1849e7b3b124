package column

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unsafe"

	"github.com/klauspost/compress/s2"
)

// ErrFormat is wrapped by every failure to decode a column.
var ErrFormat = errors.New("not a column")

// Decode reads the stored form that [Encode] writes. The column may share b, which must not be changed afterwards. Bytes
// that are no column give an error; whatever they are, Decode does not panic and allocates no more than a fixed multiple
// of their length.
func Decode(b []byte) (*Column, error) {
	h, r, err := open(b)
	if err != nil {
		return nil, err
	}
	if h.flags&plainTexts != 0 {
		s := new(Strings)
		if err := s.plain(h, r); err != nil {
			return nil, err
		}
		return s.column(), nil
	}
	c := &Column{Kind: Kind(h.kind), Len: int(h.rows), Base: h.base, Scale: h.scale, Width: h.width}
	c.Known = r.known(h)
	switch c.Width {
	case 1:
		c.U8 = array[uint8](r, c.Len)
	case 2:
		c.U16 = array[uint16](r, c.Len)
	case 4:
		c.U32 = array[uint32](r, c.Len)
	case 8:
		c.U64 = array[uint64](r, c.Len)
	}
	if c.Kind == Floats {
		c.F64 = array[float64](r, c.Len)
	}
	if c.Kind == Sets {
		c.Starts = array[uint32](r, c.Len+1)
		c.Codes = array[uint32](r, int(min(h.codes, 1<<40)))
	}
	lengths, blob := r.texts(h, new(textRoom))
	if err := r.finish(); err != nil {
		return nil, err
	}
	c.Dict = make([]string, len(lengths))
	for i, n := range lengths {
		c.Dict[i] = text(blob[:n])
		blob = blob[n:]
	}
	return c, c.check()
}

// check verifies what readers rely on.
func (c *Column) check() error {
	switch c.Kind {
	case Texts:
		limit := uint64(max(1, len(c.Dict)))
		for i := range c.Len {
			if c.Width == 0 {
				break
			}
			if c.Raw(i) >= limit {
				return fmt.Errorf("%w: row %d has a text that the dictionary lacks", ErrFormat, i)
			}
		}
		if len(c.Dict) == 0 && c.Len > 0 {
			for w := range (c.Len + 63) / 64 {
				if c.KnownWord(w) != 0 {
					return fmt.Errorf("%w: known texts without a dictionary", ErrFormat)
				}
			}
		}
	case Sets:
		if c.Starts[0] != 0 || c.Starts[c.Len] != uint32(len(c.Codes)) {
			return fmt.Errorf("%w: sets do not cover their codes", ErrFormat)
		}
		for i := range c.Len {
			if c.Starts[i] > c.Starts[i+1] {
				return fmt.Errorf("%w: set %d ends before it starts", ErrFormat, i)
			}
		}
		for _, code := range c.Codes {
			if int(code) >= len(c.Dict) {
				return fmt.Errorf("%w: a set has a text that the dictionary lacks", ErrFormat)
			}
		}
	}
	return nil
}

func open(b []byte) (*header, *reader, error) {
	if len(b) < headerSize || len(b)&7 != 0 {
		return nil, nil, fmt.Errorf("%w: %d bytes", ErrFormat, len(b))
	}
	if b[0] != encodingVersion {
		return nil, nil, fmt.Errorf("%w: encoding version %d", ErrFormat, b[0])
	}
	h := &header{
		kind: b[1], width: b[2], flags: b[3], lengthWidth: b[4],
		rows: binary.LittleEndian.Uint32(b[8:]), texts: binary.LittleEndian.Uint32(b[12:]),
		base: int64(binary.LittleEndian.Uint64(b[16:])), scale: int64(binary.LittleEndian.Uint64(b[24:])),
		codes:     binary.LittleEndian.Uint64(b[32:]),
		textBytes: binary.LittleEndian.Uint64(b[40:]), storedBytes: binary.LittleEndian.Uint64(b[48:]),
	}
	k, ok := Kind(h.kind), true
	switch k {
	case Ints:
		ok = h.width <= 8 && h.width&(h.width-1) == 0 && h.texts == 0
	case Texts:
		ok = h.width <= 4 && h.width&(h.width-1) == 0
	case Floats:
		ok = h.width == 0 && h.texts == 0
	case Sets:
		ok = h.width == 0
	default:
		ok = false
	}
	plain := h.flags&plainTexts != 0
	switch {
	case !ok, h.scale < 1,
		k != Ints && (h.base != 0 || h.scale != 1),
		k != Sets && h.codes != 0,
		plain && (k != Texts || h.width != 0 || h.texts != h.rows),
		h.texts == 0 && h.textBytes != 0:
		return nil, nil, fmt.Errorf("%w: the header contradicts itself", ErrFormat)
	}
	return h, &reader{rest: b[headerSize:]}, nil
}

// reader takes sections off a stored column; the first failure sticks.
type reader struct {
	rest []byte
	err  error
}

func (r *reader) fail(what string) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s", ErrFormat, what)
	}
}

func (r *reader) take(size int) []byte {
	padded := (size + 7) &^ 7
	if r.err != nil || size < 0 || padded > len(r.rest) {
		r.fail("it ends too early")
		return nil
	}
	b := r.rest[:size:size]
	r.rest = r.rest[padded:]
	return b
}

func (r *reader) finish() error {
	if len(r.rest) != 0 {
		r.fail("bytes are left over")
	}
	return r.err
}

func (r *reader) known(h *header) []uint64 {
	if h.flags&hasKnown == 0 {
		return nil
	}
	known := array[uint64](r, (int(h.rows)+63)/64)
	if tail := h.rows & 63; tail != 0 && r.err == nil && known[len(known)-1]>>tail != 0 {
		r.fail("rows beyond the end are known")
	}
	return known
}

// textRoom is memory for texts that were stored in another form.
type textRoom struct {
	lengths []uint32
	blob    []byte
}

// texts returns the lengths of the texts and the bytes of all, whose number is the sum of the lengths: as they are stored,
// or in room.
func (r *reader) texts(h *header, room *textRoom) ([]uint32, []byte) {
	var lengths []uint32
	n := int(h.texts)
	switch h.lengthWidth {
	case 0:
		if n != 0 {
			r.fail("texts without lengths")
		}
	case 1:
		room.lengths = wide(room.lengths, array[uint8](r, n))
		lengths = room.lengths
	case 2:
		room.lengths = wide(room.lengths, array[uint16](r, n))
		lengths = room.lengths
	case 4:
		lengths = array[uint32](r, n)
	default:
		r.fail("no such width")
	}
	var sum uint64
	for _, n := range lengths {
		sum += uint64(n)
	}
	stored := r.take(int(min(h.storedBytes, 1<<40)))
	switch {
	case r.err != nil:
	case sum != h.textBytes:
		r.fail("the lengths of the texts do not add up")
	case h.flags&packedTexts == 0:
		if h.storedBytes != h.textBytes {
			r.fail("the texts have another size")
		}
	case h.textBytes > maxExpansion*h.storedBytes:
		r.fail("the texts are too large")
	default:
		if size, err := s2.DecodedLen(stored); err != nil || uint64(size) != h.textBytes {
			r.fail("the texts have another size")
		} else if stored, err = s2.Decode(room.blob[:cap(room.blob)], stored); err != nil {
			r.fail("the texts do not decompress")
		} else {
			room.blob = stored
		}
	}
	if r.err != nil {
		return nil, nil
	}
	return lengths, stored
}

func wide[T unsigned](out []uint32, values []T) []uint32 {
	out = resized(out, len(values))
	for i, v := range values {
		out[i] = uint32(v)
	}
	return out
}

// array takes n elements, sharing the bytes where the machine's layout allows it.
func array[T element](r *reader, n int) []T {
	var zero T
	size := int(unsafe.Sizeof(zero))
	b := r.take(n * size)
	if len(b) == 0 {
		return nil
	}
	p := unsafe.Pointer(&b[0])
	if littleEndian && uintptr(p)%uintptr(size) == 0 {
		return unsafe.Slice((*T)(p), n)
	}
	out := make([]T, n)
	raw := unsafe.Slice((*byte)(unsafe.Pointer(&out[0])), n*size)
	copy(raw, b)
	if !littleEndian {
		swapBytes(raw, size)
	}
	return out
}

func text(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	return unsafe.String(&b[0], len(b))
}

package storage

import (
	"cmp"
	"encoding/binary"
	"errors"
	"math"
	"slices"

	"github.com/muster-engine/muster/storage/column"
)

var errRow = errors.New("a staged row does not decode")

// rows collects the values of one field for a number of rows known beforehand, from stored columns and from staged
// rows, and packs them in any order. Its memory is used again and again.
type rows struct {
	kind  column.Kind
	plain bool // texts that nearly all differ
	n     int
	known []uint64

	ints   []int64
	floats []float64

	codes []uint32 // of texts
	texts []textRef

	sets     []extent32
	setCodes []uint32

	dict  []string
	index map[string]uint32

	old    column.Strings
	staged []byte
	words  []string // what staged codes mean
	coded  []uint32 // and their codes in dict, plus one

	// Scratch for packing.
	outKnown []uint64
	outInts  []int64
	outReals []float64
	outCodes []uint32
	outDict  []string
	numbers  []uint32
	lengths  []uint32
	blob     []byte
	out      []byte
}

// textRef is a plain text: bytes of the staged rows, or with one of the sizes below something else.
type textRef struct{ at, size int }

const (
	storedText = -1 // at is a row of the stored column
	wordText   = -2 // at is a number of words
)

type extent32 struct{ at, size uint32 }

// reset prepares for n rows, all unknown.
func (r *rows) reset(kind column.Kind, plain bool, n int) {
	r.kind, r.plain, r.n = kind, plain && kind == column.Texts, n
	r.known = zeroed(r.known, (n+63)/64)
	r.staged, r.words = nil, nil
	clear(r.dict)
	r.setCodes, r.dict = r.setCodes[:0], r.dict[:0]
	clear(r.index)
	switch {
	case kind == column.Ints:
		r.ints = zeroed(r.ints, n)
	case kind == column.Floats:
		r.floats = zeroed(r.floats, n)
	case kind == column.Sets:
		r.sets = zeroed(r.sets, n)
	case r.plain:
		r.texts = zeroed(r.texts, n)
	default:
		r.codes = zeroed(r.codes, n)
	}
}

// zeroed returns n zero elements, in the slice's memory if it has as many.
func zeroed[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/8)
	}
	s = s[:n]
	clear(s)
	return s
}

// load makes the first rows those of a stored column, which must stay as it is until the rows are packed.
func (r *rows) load(raw []byte) (int, error) {
	if r.plain {
		s := &r.old
		if err := s.Decode(raw); err != nil {
			return 0, err
		}
		if s.Len > r.n {
			return 0, errors.New("it has too many rows")
		}
		for i := range s.Len {
			if _, ok := s.Text(i); ok {
				r.texts[i] = textRef{i, storedText}
				r.mark(i)
			}
		}
		return s.Len, nil
	}
	c, err := column.Decode(raw)
	if err != nil {
		return 0, err
	}
	if c.Kind != r.kind || c.Len > r.n {
		return 0, errors.New("it has another kind or too many rows")
	}
	for w := range (c.Len + 63) / 64 {
		r.known[w] = c.KnownWord(w)
	}
	switch r.kind {
	case column.Ints:
		c.ReadInts(r.ints[:c.Len], 0)
	case column.Floats:
		c.ReadFloats(r.floats[:c.Len], 0)
	case column.Texts:
		c.ReadCodes(r.codes[:c.Len], 0)
		r.learn(c.Dict)
	case column.Sets:
		r.learn(c.Dict)
		r.setCodes = append(r.setCodes, c.Codes...)
		for i := range c.Len {
			r.sets[i] = extent32{c.Starts[i], c.Starts[i+1] - c.Starts[i]}
		}
	}
	return c.Len, nil
}

func (r *rows) learn(dict []string) {
	if r.index == nil {
		r.index = make(map[string]uint32, len(dict))
	}
	r.dict = append(r.dict, dict...)
	for i, s := range dict {
		r.index[s] = uint32(i)
	}
}

// source says where staged values are read from.
func (r *rows) source(staged []byte, words []string) {
	r.staged, r.words = staged, words
	r.coded = zeroed(r.coded, len(words))
}

func (r *rows) mark(i int)    { r.known[i>>6] |= 1 << (uint(i) & 63) }
func (r *rows) unmark(i int)  { r.known[i>>6] &^= 1 << (uint(i) & 63) }
func (r *rows) is(i int) bool { return r.known[i>>6]>>(uint(i)&63)&1 != 0 }

// take reads a value at pos of the staged rows into row i and returns where it ends, or -1 if it does not decode.
func (r *rows) take(i, op, pos int) int {
	b := r.staged
	switch op {
	case clearValue:
		r.unmark(i)
		return pos
	case addToSet:
		text, next := countedText(b, pos)
		if next < 0 || r.kind != column.Sets {
			return -1
		}
		r.addToSet(i, text)
		return next
	case setCode:
		word, n := binary.Uvarint(b[pos:])
		if n <= 0 || word >= uint64(len(r.words)) {
			return -1
		}
		r.mark(i)
		if r.plain {
			r.texts[i] = textRef{int(word), wordText}
			return pos + n
		}
		if r.coded[word] == 0 {
			r.coded[word] = r.intern([]byte(r.words[word])) + 1
		}
		r.codes[i] = r.coded[word] - 1
		return pos + n
	}
	r.mark(i)
	switch r.kind {
	case column.Ints:
		v, n := binary.Varint(b[pos:])
		if n <= 0 {
			return -1
		}
		r.ints[i] = v
		return pos + n
	case column.Floats:
		if len(b)-pos < 8 {
			return -1
		}
		r.floats[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[pos:]))
		return pos + 8
	case column.Texts:
		text, next := countedText(b, pos)
		if next < 0 {
			return -1
		}
		if r.plain {
			r.texts[i] = textRef{next - len(text), len(text)}
		} else {
			r.codes[i] = r.intern(text)
		}
		return next
	case column.Sets:
		count, n := binary.Uvarint(b[pos:])
		if n <= 0 || count > uint64(len(b)) {
			return -1
		}
		pos += n
		start := len(r.setCodes)
		for range count {
			text, next := countedText(b, pos)
			if next < 0 {
				return -1
			}
			r.setCodes = append(r.setCodes, r.intern(text))
			pos = next
		}
		r.closeSet(i, start)
		return pos
	}
	return -1
}

// countedText returns the text at pos and where it ends, or -1.
func countedText(b []byte, pos int) ([]byte, int) {
	size, n := binary.Uvarint(b[pos:])
	if n <= 0 || size > uint64(len(b)-pos-n) {
		return nil, -1
	}
	return b[pos+n : pos+n+int(size)], pos + n + int(size)
}

func (r *rows) intern(text []byte) uint32 {
	if code, ok := r.index[string(text)]; ok {
		return code
	}
	if r.index == nil {
		r.index = map[string]uint32{}
	}
	code := uint32(len(r.dict))
	r.dict = append(r.dict, string(text))
	r.index[r.dict[code]] = code
	return code
}

// addToSet adds a text to the set of row i.
func (r *rows) addToSet(i int, text []byte) {
	code := r.intern(text)
	start := len(r.setCodes)
	if r.is(i) {
		e := r.sets[i]
		old := r.setCodes[e.at : e.at+e.size]
		if slices.Contains(old, code) {
			return
		}
		r.setCodes = append(r.setCodes, old...)
	}
	r.mark(i)
	r.setCodes = append(r.setCodes, code)
	r.closeSet(i, start)
}

// closeSet makes the codes from start the set of row i, ordered by their texts, each once.
func (r *rows) closeSet(i, start int) {
	set := r.setCodes[start:]
	slices.SortFunc(set, func(a, b uint32) int { return cmp.Compare(r.dict[a], r.dict[b]) })
	set = slices.Compact(set)
	r.setCodes = r.setCodes[:start+len(set)]
	r.sets[i] = extent32{uint32(start), uint32(len(set))}
}

// text returns a plain text.
func (r *rows) text(i int) []byte {
	t := r.texts[i]
	switch {
	case t.size >= 0:
		return r.staged[t.at : t.at+t.size]
	case t.size == wordText:
		return []byte(r.words[t.at])
	}
	text, _ := r.old.Text(t.at)
	return text
}

// pack returns the stored form of the rows that order lists, in that order, which is good until they are packed again.
func (r *rows) pack(e *column.Encoder, order []uint32) []byte {
	known := r.gatherKnown(order)
	switch {
	case r.kind == column.Ints:
		r.outInts = gather(r.outInts, r.ints, order)
		r.out = e.Ints(r.out[:0], r.outInts, known)
	case r.kind == column.Floats:
		r.outReals = gather(r.outReals, r.floats, order)
		r.out = e.Floats(r.out[:0], r.outReals, known)
	case r.kind == column.Sets:
		r.out = e.Column(r.out[:0], r.gatherSets(order, known))
	case r.plain:
		r.gatherTexts(order)
		r.out = e.Plain(r.out[:0], known, r.lengths, r.blob)
	default:
		r.outCodes = gather(r.outCodes, r.codes, order)
		dict := r.recode(r.outCodes, known)
		r.out = e.Codes(r.out[:0], r.outCodes, known, dict)
	}
	return r.out
}

func gather[T any](out, values []T, order []uint32) []T {
	if cap(out) < len(order) {
		out = make([]T, len(order)+len(order)/8)
	}
	out = out[:len(order)]
	for i, row := range order {
		out[i] = values[row]
	}
	return out
}

// gatherKnown returns nil if all rows are known.
func (r *rows) gatherKnown(order []uint32) []uint64 {
	r.outKnown = zeroed(r.outKnown, (len(order)+63)/64)
	unknown := false
	for i, row := range order {
		bit := r.known[row>>6] >> (row & 63) & 1
		r.outKnown[i>>6] |= bit << (uint(i) & 63)
		unknown = unknown || bit == 0
	}
	if !unknown {
		return nil
	}
	return r.outKnown
}

// recode renumbers codes in order of first appearance among known rows and returns the dictionary for it.
func (r *rows) recode(codes []uint32, known []uint64) []string {
	r.numbers = zeroed(r.numbers, len(r.dict)) // new code plus one
	number, dict := r.numbers, r.outDict[:0]
	for i, code := range codes {
		if known != nil && known[i>>6]>>(uint(i)&63)&1 == 0 {
			codes[i] = 0
			continue
		}
		if number[code] == 0 {
			dict = append(dict, r.dict[code])
			number[code] = uint32(len(dict))
		}
		codes[i] = number[code] - 1
	}
	r.outDict = dict
	return dict
}

func (r *rows) gatherSets(order []uint32, known []uint64) *column.Column {
	c := &column.Column{Kind: column.Sets, Len: len(order), Scale: 1, Known: known}
	c.Starts = make([]uint32, 1, len(order)+1)
	for _, row := range order {
		if r.is(int(row)) {
			e := r.sets[row]
			c.Codes = append(c.Codes, r.setCodes[e.at:e.at+e.size]...)
		}
		c.Starts = append(c.Starts, uint32(len(c.Codes)))
	}
	c.Dict = r.recode(c.Codes, nil)
	return c
}

// gatherTexts puts plain texts one after the other, and notes their lengths.
func (r *rows) gatherTexts(order []uint32) {
	r.lengths, r.blob = zeroed(r.lengths, len(order)), r.blob[:0]
	for i, row := range order {
		if r.is(int(row)) {
			text := r.text(int(row))
			r.lengths[i] = uint32(len(text))
			r.blob = append(r.blob, text...)
		}
	}
}

package column

import "fmt"

// Strings gives the texts of a stored column row by row without making a dictionary of them: for keys and ids, which
// nearly all differ.
type Strings struct {
	Len     int
	known   []uint64
	offsets []uint32 // of plain texts
	blob    []byte
	dict    *Column // of texts stored with a dictionary
	room    textRoom
}

// DecodeStrings is [Decode] for columns of texts, sharing b in the same way.
func DecodeStrings(b []byte) (*Strings, error) {
	s := new(Strings)
	if err := s.Decode(b); err != nil {
		return nil, err
	}
	return s, nil
}

// Decode makes s the texts of another stored column, like [DecodeStrings], in the memory that it has. Texts that it gave
// before must not be used any more. After an error it has no rows.
func (s *Strings) Decode(b []byte) error {
	*s = Strings{offsets: s.offsets, room: s.room}
	h, r, err := open(b)
	if err != nil {
		return err
	}
	if h.flags&plainTexts != 0 {
		return s.plain(h, r)
	}
	c, err := Decode(b)
	if err != nil {
		return err
	}
	if c.Kind != Texts {
		return fmt.Errorf("%w of texts but of %v", ErrFormat, c.Kind)
	}
	s.Len, s.known, s.dict = c.Len, c.Known, c
	return nil
}

// plain reads texts that are stored row by row.
func (s *Strings) plain(h *header, r *reader) error {
	known := r.known(h)
	lengths, blob := r.texts(h, &s.room)
	if err := r.finish(); err != nil {
		return err
	}
	if uint64(len(blob)) > 1<<32-1 {
		return fmt.Errorf("%w: more than 4 GiB of text", ErrFormat)
	}
	s.Len, s.known, s.blob = int(h.rows), known, blob
	s.offsets = resized(s.offsets, len(lengths)+1)
	s.offsets[0] = 0
	var at uint32
	for i, n := range lengths {
		at += n
		s.offsets[i+1] = at
	}
	return nil
}

// Text returns the text of row i and whether it is known. The bytes are shared and must not be changed.
func (s *Strings) Text(i int) ([]byte, bool) {
	if s.known != nil && s.known[i>>6]>>(uint(i)&63)&1 == 0 {
		return nil, false
	}
	if s.dict != nil {
		return []byte(s.dict.Text(i)), true
	}
	return s.blob[s.offsets[i]:s.offsets[i+1]], true
}

// AppendTo appends the text of row i to b and reports whether it is known, which it is not at or beyond the end.
func (s *Strings) AppendTo(b []byte, i int) ([]byte, bool) {
	switch {
	case i >= s.Len || s.known != nil && s.known[i>>6]>>(uint(i)&63)&1 == 0:
		return b, false
	case s.dict != nil:
		return append(b, s.dict.Text(i)...), true
	}
	return append(b, s.blob[s.offsets[i]:s.offsets[i+1]]...), true
}

// Value returns row i as a value of its own, unknown if i is at or beyond the end.
func (s *Strings) Value(i int) Value {
	if s == nil || i >= s.Len {
		return Value{}
	}
	t, ok := s.Text(i)
	if !ok {
		return Value{}
	}
	return Text(string(t))
}

// column gives the texts a dictionary.
func (s *Strings) column() *Column {
	codes := make([]uint32, s.Len)
	index := make(map[string]uint32, s.Len)
	var dict []string
	for i := range codes {
		t, ok := s.Text(i)
		if !ok {
			continue
		}
		code, seen := index[text(t)]
		if !seen {
			code = uint32(len(dict))
			index[text(t)] = code
			dict = append(dict, text(t))
		}
		codes[i] = code
	}
	return PackCodes(codes, s.known, dict)
}

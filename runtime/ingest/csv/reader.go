package csv

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// Reader walks the records of chunks. It may be used for one chunk after another.
type Reader struct {
	// Fields are the fields of the current record, unquoted. They refer to the chunk or to memory that the next call of
	// Next overwrites.
	Fields [][]byte
	// Fault is set when the current record is malformed; Fields are then those before the fault.
	Fault Fault
	// Line is how many line ends of the chunk come before the current record.
	Line int

	delim   byte
	delims  uint64 // delim in every byte
	data    []byte
	pos     int
	start   int // of the current record
	lines   int // line ends up to pos
	quotes  bool
	whole   Fault
	scratch []byte
}

// NewReader returns a reader of CSV with the given delimiter.
func NewReader(delim byte) *Reader {
	return &Reader{delim: delim, delims: uint64(delim) * ones}
}

// Reset makes the reader begin with a chunk.
func (r *Reader) Reset(ch Chunk) {
	r.data, r.quotes, r.whole = ch.Data, ch.Quotes, ch.Fault
	r.pos, r.start, r.lines, r.Line = 0, 0, 0, 0
	r.Fields, r.Fault = r.Fields[:0], Whole
}

// Next moves to the next record that is not a blank line, and reports whether there is one. A chunk with a fault is one
// record with that fault.
func (r *Reader) Next() bool {
	r.Fields, r.Fault = r.Fields[:0], Whole
	if r.whole != Whole {
		if r.pos == len(r.data) {
			return false
		}
		r.Line, r.start, r.pos, r.Fault = 0, 0, len(r.data), r.whole
		r.lines = bytes.Count(r.data, newline)
		return true
	}
	for r.pos < len(r.data) {
		r.start, r.Line = r.pos, r.lines
		if !r.quotes {
			r.plain()
		} else {
			r.scratch = r.scratch[:0]
			r.quoted()
		}
		if len(r.Fields) != 1 || len(r.Fields[0]) > 0 || r.Fault != Whole || r.data[r.start] == '"' {
			return true
		}
		r.Fields = r.Fields[:0] // a blank line
	}
	r.Line = r.lines
	return false
}

// Bounds returns where in the chunk the current record stands, without its line end.
func (r *Reader) Bounds() (from, to int) {
	to = r.pos
	if to > r.start && r.data[to-1] == '\n' {
		to--
	}
	if to > r.start && r.data[to-1] == '\r' {
		to--
	}
	return r.start, to
}

// Lines returns how many line ends the records up to and including the current one hold; after the last record, those of
// the chunk.
func (r *Reader) Lines() int { return r.lines }

var newline = []byte{'\n'}

const (
	ones     = 0x0101010101010101
	lows     = 0x7f7f7f7f7f7f7f7f
	newlines = '\n' * ones
)

// matches has the high bit set of each byte of w that is equal to the byte in every byte of pattern.
func matches(w, pattern uint64) uint64 {
	x := w ^ pattern
	return ^((x&lows + lows) | x | lows)
}

// plain reads a record of a chunk that has no quotes, eight bytes at a time.
func (r *Reader) plain() {
	data, p, start := r.data, r.pos, r.pos
	fields := r.Fields
	for p+8 <= len(data) {
		w := binary.LittleEndian.Uint64(data[p:])
		ends := matches(w, newlines)
		stops := matches(w, r.delims) | ends
		for stops != 0 {
			at := p + bits.TrailingZeros64(stops)>>3
			if stops&-stops&ends != 0 {
				r.Fields = append(fields, trimReturn(data[start:at]))
				r.pos = at + 1
				r.lines++
				return
			}
			fields = append(fields, data[start:at])
			start = at + 1
			stops &= stops - 1
		}
		p += 8
	}
	for ; p < len(data); p++ {
		switch data[p] {
		case r.delim:
			fields = append(fields, data[start:p])
			start = p + 1
		case '\n':
			r.Fields = append(fields, trimReturn(data[start:p]))
			r.pos = p + 1
			r.lines++
			return
		}
	}
	r.Fields = append(fields, trimReturn(data[start:]))
	r.pos = len(data)
}

// trimReturn drops the \r of a line end.
func trimReturn(field []byte) []byte {
	if n := len(field); n > 0 && field[n-1] == '\r' {
		return field[:n-1]
	}
	return field
}

// quoted reads a record field by field, minding quotes.
func (r *Reader) quoted() {
	data, p := r.data, r.pos
	for {
		if p < len(data) && data[p] == '"' {
			end := closing(data, p+1)
			if end < 0 {
				r.spoil(Unclosed, len(data)-1)
				return
			}
			r.Fields = append(r.Fields, r.unquote(data[p+1:end]))
			p = end + 1
			if p == len(data) {
				r.finish(p)
				return
			}
			if data[p] == '\r' && (p+1 == len(data) || data[p+1] == '\n') {
				p++
			}
			switch {
			case p == len(data):
				r.finish(p)
				return
			case data[p] == '\n':
				r.finish(p + 1)
				return
			case data[p] != r.delim:
				r.spoil(AfterQuote, p)
				return
			}
			p++
			continue
		}
		end := p
		for end < len(data) && data[end] != r.delim && data[end] != '\n' {
			if data[end] == '"' {
				r.spoil(BareQuote, end)
				return
			}
			end++
		}
		field := data[p:end]
		if end == len(data) || data[end] == '\n' {
			r.Fields = append(r.Fields, trimReturn(field))
			r.finish(min(end+1, len(data)))
			return
		}
		r.Fields = append(r.Fields, field)
		p = end + 1
	}
}

// finish ends the record before pos.
func (r *Reader) finish(pos int) {
	r.lines += bytes.Count(r.data[r.start:pos], newline)
	r.pos = pos
}

// spoil ends the record, as faulty, at the first line end from pos on.
func (r *Reader) spoil(f Fault, pos int) {
	r.Fault = f
	if nl := bytes.IndexByte(r.data[pos:], '\n'); nl >= 0 {
		r.finish(pos + nl + 1)
		return
	}
	r.finish(len(r.data))
}

// unquote returns the text of a quoted field: doubled quotes are one, \r\n is \n.
func (r *Reader) unquote(text []byte) []byte {
	if bytes.IndexByte(text, '"') < 0 && bytes.IndexByte(text, '\r') < 0 {
		return text
	}
	from := len(r.scratch)
	for i := 0; i < len(text); i++ {
		b := text[i]
		if b == '"' || b == '\r' && i+1 < len(text) && text[i+1] == '\n' {
			i++
			b = text[i]
		}
		r.scratch = append(r.scratch, b)
	}
	return r.scratch[from:len(r.scratch):len(r.scratch)]
}

package csv

import (
	"bytes"
	"io"
)

// MaxRecord is the length in bytes that no record may exceed, and the size of a chunk.
const MaxRecord = 1 << 20

// Fault says why a chunk, or a record, cannot be read.
type Fault uint8

const (
	Whole      Fault = iota // nothing is wrong
	Unclosed                // a quoted field is not closed before the end of the input or within MaxRecord
	TooLong                 // a record without end within MaxRecord
	BareQuote               // a quote inside a field that does not begin with one
	AfterQuote              // text between a closing quote and the next delimiter
)

// String is the reason as people read it.
func (f Fault) String() string {
	return [...]string{
		"nothing is wrong",
		"a quote is opened and never closed",
		"the row is longer than 1 MiB",
		"a quote inside a field that does not begin with one (double the quotes and put the field in quotes)",
		"text after a closing quote (a quote inside a quoted field is written twice)",
	}[f]
}

// Chunk is a run of whole records, or one stretch of input that is none.
type Chunk struct {
	// Data are the bytes, line ends included; it may be the end of the input without one. With a Fault it is the first
	// line or lines of what could not be read, which may have been shortened.
	Data []byte
	// Quotes reports whether Data holds a double quote at all.
	Quotes bool
	Fault  Fault
}

// Cutter cuts an input into chunks.
type Cutter struct {
	in      io.Reader
	delim   byte
	quotes  bool // the format has quoted fields
	carry   []byte
	end     bool  // in is exhausted
	err     error // of in, reported once the bytes before it are out
	skip    bool  // dropping the rest of a line that was too long
	pending Fault // what is wrong with the lines at the head of carry
	lines   int   // bytes of carry that pending is about
}

// NewCutter returns a cutter of CSV with the given delimiter.
func NewCutter(in io.Reader, delim byte) *Cutter {
	return &Cutter{in: in, delim: delim, quotes: true}
}

// NewLineCutter returns a cutter of plain lines, in which quotes mean nothing.
func NewLineCutter(in io.Reader) *Cutter { return &Cutter{in: in} }

// Next reads the next chunk into buf, whose length bounds a record; it should be MaxRecord long, and must hold two bytes.
// The chunk refers to buf. At the end of the input the error is io.EOF; any other comes from the input.
func (c *Cutter) Next(buf []byte) (Chunk, error) {
	if c.pending != Whole {
		return c.fault(buf), nil
	}
	for {
		n, err := c.fill(buf)
		if err != nil {
			return Chunk{}, err
		}
		if n == 0 {
			return Chunk{}, c.finish()
		}
		data := buf[:n]
		if c.skip {
			data = c.skipLine(data)
			if len(data) == 0 {
				continue
			}
		}
		hasQuote := c.quotes && bytes.IndexByte(data, '"') >= 0
		cut, fault, lines := 0, Whole, 0
		if hasQuote {
			cut, fault, lines = c.scan(data)
		} else if cut = bytes.LastIndexByte(data, '\n') + 1; cut < len(data) && c.end {
			cut = len(data)
		}
		full := len(data) == len(buf)
		switch {
		case cut > 0:
			c.carry = append(c.carry[:0], data[cut:]...)
			if fault != Whole && c.end {
				c.pending, c.lines = fault, lines
			}
			return Chunk{Data: data[:cut], Quotes: hasQuote}, nil
		case c.end || full:
			// No record ends here: at the end only for want of a quote.
			if fault == Whole {
				fault, lines = TooLong, len(data)
			}
			c.carry = append(c.carry[:0], data...)
			c.pending, c.lines = fault, lines
			return c.fault(buf), nil
		}
		// Part of the buffer was skipped: read on with what is left.
		c.carry = append(c.carry[:0], data...)
	}
}

// fill moves the carried bytes to the front of buf and reads until it is full or the input ends.
func (c *Cutter) fill(buf []byte) (int, error) {
	n := copy(buf, c.carry)
	c.carry = append(c.carry[:0], c.carry[n:]...)
	for n < len(buf) && !c.end {
		m, err := c.in.Read(buf[n:])
		n += m
		if err != nil {
			c.end = true
			if err != io.EOF {
				c.err = err
			}
		}
	}
	if c.err != nil && n == 0 {
		return 0, c.err
	}
	return n, nil
}

func (c *Cutter) finish() error {
	if c.err != nil {
		return c.err
	}
	return io.EOF
}

// fault hands out the faulty lines at the head of carry. The rest stays.
func (c *Cutter) fault(buf []byte) Chunk {
	n := copy(buf, c.carry[:c.lines])
	ch := Chunk{Data: buf[:n], Quotes: true, Fault: c.pending}
	c.carry = append(c.carry[:0], c.carry[c.lines:]...)
	c.skip = n > 0 && buf[n-1] != '\n'
	c.pending, c.lines = Whole, 0
	return ch
}

// skipLine drops the rest of a line whose beginning has been handed out as faulty, but for its line end, which counts as
// a blank line.
func (c *Cutter) skipLine(data []byte) []byte {
	i := bytes.IndexByte(data, '\n')
	if i < 0 {
		c.carry = c.carry[:0]
		return nil
	}
	c.skip = false
	return data[i:]
}

// scan returns where the last whole record of data ends. If a quote is still open at the end of data, fault is Unclosed
// and lines is how many bytes from cut on, to the end of the line of that quote, are lost if it is never closed.
func (c *Cutter) scan(data []byte) (cut int, fault Fault, lines int) {
	pos := 0
	for {
		q := bytes.IndexByte(data[pos:], '"')
		stop := len(data)
		if q >= 0 {
			stop = pos + q
		}
		if nl := bytes.LastIndexByte(data[pos:stop], '\n'); nl >= 0 {
			cut = pos + nl + 1
		}
		if q < 0 {
			break
		}
		if stop > 0 && data[stop-1] != c.delim && data[stop-1] != '\n' {
			// A bare quote spoils its record, which then ends at the line end whatever quotes follow.
			nl := bytes.IndexByte(data[stop:], '\n')
			if nl < 0 {
				break
			}
			pos = stop + nl
			continue
		}
		closed := closing(data, stop+1)
		if closed < 0 {
			lines = len(data) - cut
			if nl := bytes.IndexByte(data[stop:], '\n'); nl >= 0 {
				lines = stop + nl + 1 - cut
			}
			return cut, Unclosed, lines
		}
		pos = closed + 1
		if pos < len(data) && data[pos] != c.delim && data[pos] != '\n' {
			// Spoiled as well, or \r\n.
			nl := bytes.IndexByte(data[pos:], '\n')
			if nl < 0 {
				break
			}
			pos += nl
		}
	}
	if c.end {
		cut = len(data)
	}
	return cut, Whole, 0
}

// closing returns the index of the quote that closes a field whose text begins at pos, or -1.
func closing(data []byte, pos int) int {
	for {
		i := bytes.IndexByte(data[pos:], '"')
		if i < 0 {
			return -1
		}
		pos += i
		if pos+1 == len(data) || data[pos+1] != '"' {
			return pos
		}
		pos += 2
	}
}

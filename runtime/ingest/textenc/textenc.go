// Package textenc makes UTF-8 of the text files that shops export: UTF-8 with or without a byte-order mark, GB18030 (and
// so GBK and GB2312), and UTF-16 with a mark.
//
// ASCII means the same in UTF-8 and in GB18030, so the choice between them is put off until the first byte beyond ASCII
// comes by, however late in the file that is.
package textenc

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// Encodings that can be asked for by name.
const (
	Detect  = ""
	UTF8    = "utf-8"
	GB18030 = "gb18030"
)

// Parse returns the encoding that a name stands for, in any case: utf-8 (utf8), gb18030 (gbk, gb2312).
func Parse(name string) (string, error) {
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "", "auto", "detect":
		return Detect, nil
	case "utf-8", "utf8":
		return UTF8, nil
	case "gb18030", "gbk", "gb2312":
		return GB18030, nil
	}
	return "", fmt.Errorf("the encoding %q is not known; it can be utf-8 or gb18030", name)
}

const (
	sample   = 64 << 10 // how much is looked at to tell the encodings apart
	utf8Mark = "\xef\xbb\xbf"
)

// NewReader returns a reader of in as UTF-8 without a byte-order mark. Where in was to be UTF-8, or passed for it, bytes
// that are not are handed on as they are: the rows that hold them can be rejected one by one. Bytes that are not GB18030
// become U+FFFD.
func NewReader(in io.Reader, encoding string) (*Reader, error) {
	head := make([]byte, 3)
	n, err := io.ReadFull(in, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, err
	}
	head = head[:n]
	if bytes.Equal(head, []byte(utf8Mark)) {
		return &Reader{in: in, decided: true}, nil
	}
	r := &Reader{in: io.MultiReader(bytes.NewReader(head), in)}
	switch {
	case encoding == GB18030:
		r.decide(gb18030(r.in), true)
	case n >= 2 && (head[0] == 0xff && head[1] == 0xfe || head[0] == 0xfe && head[1] == 0xff):
		r.decide(transform.NewReader(r.in, unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder()), true)
	case encoding == UTF8:
		r.decided = true
	}
	return r, nil
}

// Reader reads text as UTF-8.
type Reader struct {
	in       io.Reader
	decided  bool
	replaces bool
}

// Replaces reports whether what was read last went through a decoder, so that U+FFFD stands for bytes that mean nothing
// in the encoding of the input.
func (r *Reader) Replaces() bool { return r.replaces }

func (r *Reader) decide(in io.Reader, replaces bool) {
	r.in, r.decided, r.replaces = in, true, replaces
}

func gb18030(in io.Reader) io.Reader {
	return transform.NewReader(in, simplifiedchinese.GB18030.NewDecoder())
}

// Read hands on ASCII until it must decide.
func (r *Reader) Read(p []byte) (int, error) {
	if r.decided {
		return r.in.Read(p)
	}
	n, err := r.in.Read(p)
	at := asciiPrefix(p[:n])
	if at == n {
		return n, err
	}
	// From p[at] on the encoding shows. Read a sample of what follows.
	rest := append(make([]byte, 0, sample+n-at), p[at:n]...)
	for err == nil && len(rest) < sample {
		var m int
		m, err = r.in.Read(rest[len(rest):sample])
		rest = rest[:len(rest)+m]
	}
	all := io.MultiReader(bytes.NewReader(rest), &failed{r.in, err})
	if LooksGB18030(rest) {
		r.decide(gb18030(all), true)
	} else {
		r.decide(all, false)
	}
	if at > 0 {
		return at, nil
	}
	return r.in.Read(p)
}

// failed repeats an error that has already been met, if there was one.
type failed struct {
	in  io.Reader
	err error
}

func (f *failed) Read(p []byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	return f.in.Read(p)
}

func asciiPrefix(p []byte) int {
	i := 0
	for ; i+8 <= len(p); i += 8 {
		if binary.LittleEndian.Uint64(p[i:])&0x8080808080808080 != 0 {
			break
		}
	}
	for ; i < len(p) && p[i] < utf8.RuneSelf; i++ {
	}
	return i
}

// LooksGB18030 reports whether a sample, which may be cut anywhere at its end, is GB18030 rather than UTF-8: it is not
// UTF-8, and almost nothing in it cannot be GB18030. Text of some other encoding, or UTF-8 with a few broken bytes, is
// not.
func LooksGB18030(text []byte) bool {
	broken8, wide8 := 0, 0
	for p := text; len(p) > 0; {
		r, size := utf8.DecodeRune(p)
		switch {
		case r == utf8.RuneError && size == 1:
			if !utf8.FullRune(p) {
				size = len(p)
				break
			}
			broken8++
		case size > 1:
			wide8++
		}
		p = p[size:]
	}
	if broken8 == 0 {
		return false
	}
	broken, wide := 0, 0
	for i := 0; i < len(text); {
		switch n := gbLen(text[i:]); {
		case n == 0:
			broken++
			i++
		default:
			if n > 1 {
				wide++
			}
			i += n
		}
	}
	return broken*50 <= wide && broken8*50 > wide8
}

// gbLen returns the length of the GB18030 character that text begins with, or 0 if there is none. A character that is cut
// off counts as whole.
func gbLen(text []byte) int {
	switch b := text[0]; {
	case b < 0x80:
		return 1
	case b == 0x80 || b == 0xff:
		return 0
	case len(text) < 2:
		return 1
	}
	switch b := text[1]; {
	case b >= 0x40 && b != 0x7f && b != 0xff:
		return 2
	case b < '0' || b > '9':
		return 0
	}
	if len(text) < 4 {
		return len(text)
	}
	if text[2] < 0x81 || text[2] > 0xfe || text[3] < '0' || text[3] > '9' {
		return 0
	}
	return 4
}

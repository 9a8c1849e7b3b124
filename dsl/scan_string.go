package dsl

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxString bounds a string literal in bytes: longer ones are a mistake or an attack.
const maxString = 64 << 10

// str reads "…". The token's text is the source with its quotes; stringValue resolves the escapes.
func (s *scanner) str() {
	s.pos++
	bad := false
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; {
		case c == '"':
			s.pos++
			s.endString(bad)
			return
		case c == '\n' || c == '\r' && strings.HasPrefix(s.text[s.pos:], "\r\n"):
			s.openString()
			return
		case c == '\\':
			bad = s.escape() || bad
		case c == 0:
			s.fault("M0101", s.pos, s.pos+1, "a NUL character in a string", "remove it")
			bad = true
			s.pos++
		case c < utf8.RuneSelf:
			s.pos++
		default:
			r, size := utf8.DecodeRuneInString(s.text[s.pos:])
			if r == utf8.RuneError && size == 1 {
				start := s.pos
				for s.pos < len(s.text) && size == 1 && r == utf8.RuneError {
					s.pos++
					r, size = utf8.DecodeRuneInString(s.text[s.pos:])
				}
				s.fault("M0101", start, s.pos, "these bytes are not valid UTF-8", "save the file as UTF-8")
				bad = true
				continue
			}
			s.pos += size
		}
	}
	s.openString()
}

func (s *scanner) endString(bad bool) {
	if s.pos-s.start > maxString {
		s.fault("M0120", s.start, s.start+1, fmt.Sprintf("a string of %d bytes; the most is %d", s.pos-s.start, maxString), "")
		bad = true
	}
	s.emit(String, s.text[s.start:s.pos]).Broken = bad
}

func (s *scanner) openString() {
	s.emit(String, s.text[s.start:s.pos]).Broken = true
	s.fault("M0104", s.start, min(s.pos, s.start+1), "the closing `\"` of this string is missing on its line", "a string ends on the line on which it starts; write `\\n` for a line end")
}

// escape reads one escape sequence and reports whether it is faulty.
func (s *scanner) escape() bool {
	start := s.pos
	s.pos++
	if s.pos == len(s.text) {
		return true
	}
	switch s.text[s.pos] {
	case '"', '\\', 'n', 't':
		s.pos++
		return false
	case 'u':
		s.pos++
		return s.codePoint(start)
	case '\n', '\r':
		return false
	}
	_, size := utf8.DecodeRuneInString(s.text[s.pos:])
	s.pos += size
	s.fault("M0108", start, s.pos, fmt.Sprintf("`%s` is no escape", s.text[start:s.pos]),
		"the escapes are `\\\"`, `\\\\`, `\\n`, `\\t` and `\\u{6F6E}`; a backslash itself is `\\\\`")
	return true
}

// codePoint reads the {6F6E} of \u{6F6E}.
func (s *scanner) codePoint(start int) bool {
	rest := s.text[s.pos:]
	n := 0
	if strings.HasPrefix(rest, "{") {
		n = 1
		for n < len(rest) && n < 8 && isHex(rest[n]) {
			n++
		}
		if n > 1 && n < len(rest) && rest[n] == '}' {
			v, err := strconv.ParseUint(rest[1:n], 16, 32)
			s.pos += n + 1
			if err == nil && v != 0 && utf8.ValidRune(rune(v)) {
				return false
			}
			s.fault("M0108", start, s.pos, fmt.Sprintf("`%s` is no character", s.text[start:s.pos]), "")
			return true
		}
	}
	s.pos += n
	s.fault("M0108", start, s.pos, "a character by its number is written `\\u{6F6E}`: 1 to 6 hexadecimal digits in braces", "")
	return true
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// curlyString reads a string in typographic quotes: an error, but the string is kept.
func (s *scanner) curlyString(open rune, size int) {
	s.pos += size
	for s.pos < len(s.text) && s.text[s.pos] != '\n' {
		r, size := utf8.DecodeRuneInString(s.text[s.pos:])
		s.pos += size
		if r == '”' || r == '“' || r == '"' || r == '＂' || r == '」' || r == '』' {
			_, last := utf8.DecodeLastRuneInString(s.text[:s.pos])
			body := s.text[s.start+utf8.RuneLen(open) : s.pos-last]
			s.fault("M0102", s.start, s.pos, fmt.Sprintf("`%c…%c` are not the quotes of a string", open, r), `write "…" with the ASCII quote`)
			s.emit(String, quoteString(strings.ToValidUTF8(body, "")))
			return
		}
	}
	s.pos = s.start + size
	s.broken(Invalid, "M0102", fmt.Sprintf("`%c` is not the quote of a string", open), `write "…" with the ASCII quote`)
}

// singleQuoted reads 'text': an error, but the string is kept.
func (s *scanner) singleQuoted(open rune) {
	line := s.text[s.pos:]
	if i := strings.IndexByte(line, '\n'); i >= 0 {
		line = line[:i]
	}
	if i := strings.IndexAny(line, "'’‘＇"); i >= 0 {
		_, size := utf8.DecodeRuneInString(line[i:])
		s.pos += i + size
		s.fault("M0103", s.start, s.pos, fmt.Sprintf("a string in `%c` quotes", open), `write "…"`)
		s.emit(String, quoteString(strings.ToValidUTF8(line[:i], "")))
		return
	}
	s.broken(Invalid, "M0103", fmt.Sprintf("`%c` has no meaning here", open), `strings are written "…"`)
}

// stringValue resolves the escapes of a string token.
func stringValue(text string) string {
	body := strings.TrimSuffix(strings.TrimPrefix(text, `"`), `"`)
	if strings.IndexByte(body, '\\') < 0 {
		return body
	}
	var b strings.Builder
	for i := 0; i < len(body); i++ {
		if body[i] != '\\' || i+1 == len(body) {
			b.WriteByte(body[i])
			continue
		}
		i++
		switch body[i] {
		case 'n':
			b.WriteByte('\n')
		case 't':
			b.WriteByte('\t')
		case 'u':
			end := strings.IndexByte(body[i:], '}')
			if end < 2 {
				return b.String()
			}
			v, _ := strconv.ParseUint(body[i+2:i+end], 16, 32)
			b.WriteRune(rune(v))
			i += end
		default:
			b.WriteByte(body[i])
		}
	}
	return b.String()
}

// quoteString is the inverse of stringValue: a literal of one line.
func quoteString(value string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range value {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r == '\u007f' || r == '\ufeff' || r == '\u2028' || r == '\u2029':
			fmt.Fprintf(&b, `\u{%X}`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

package dsl

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/muster-engine/muster/dsl/diag"
)

// Scan cuts a text into tokens, comments included, white space left out. It always reads to the end: what is no token
// becomes an Invalid one with a diagnostic. The last token is EndOfFile.
func Scan(f *diag.File) ([]Token, diag.List) {
	s := &scanner{file: f, text: f.Text, first: true}
	s.tokens = make([]Token, 0, len(f.Text)/5+8)
	s.pos = len(s.text) - len(strings.TrimPrefix(s.text, "\ufeff"))
	for s.pos < len(s.text) {
		s.next()
	}
	s.start = s.pos
	s.emit(EndOfFile, "")
	return s.tokens, s.diags
}

type scanner struct {
	file   *diag.File
	text   string
	pos    int
	start  int  // of the token in hand
	first  bool // no token on this line yet
	tokens []Token
	diags  diag.List
}

func (s *scanner) emit(kind TokenKind, text string) *Token {
	s.tokens = append(s.tokens, Token{Kind: kind, Text: text, Start: s.start, End: s.pos, First: s.first})
	s.first = false
	return &s.tokens[len(s.tokens)-1]
}

// broken emits a token that carries no value, with the finding that says why.
func (s *scanner) broken(kind TokenKind, code, message, hint string) {
	s.emit(kind, s.text[s.start:s.pos]).Broken = true
	s.fault(code, s.start, s.pos, message, hint)
}

func (s *scanner) fault(code string, start, end int, message, hint string) {
	s.diags.Add(diag.Diagnostic{Code: code, Span: diag.Span{File: s.file, Start: start, End: end}, Message: message, Hint: hint})
}

// next reads white space, a comment or one token at the position.
func (s *scanner) next() {
	s.start = s.pos
	switch c := s.text[s.pos]; {
	case c == '\n':
		s.pos++
		s.first = true
		return
	case c == ' ' || c == '\t' || c == '\r':
		s.pos++
		return
	case c == '/' && strings.HasPrefix(s.text[s.pos:], "//"):
		s.comment()
		return
	case c == '"':
		s.str()
		return
	case c == '`':
		s.quotedName()
		return
	}
	r, size := utf8.DecodeRuneInString(s.text[s.pos:])
	a, wide := fold(r)
	switch {
	case r == utf8.RuneError && size == 1:
		s.invalidBytes()
	case r == '“' || r == '”' || r == '„' || r == '＂' || r == '「' || r == '『':
		s.curlyString(r, size)
	case wide && a == " ":
		s.wideSpace()
	case len(a) == 1 && a[0] >= '0' && a[0] <= '9':
		s.number()
	case isNameStart(r):
		s.word()
	default:
		s.punct()
	}
}

func (s *scanner) comment() {
	end := strings.IndexByte(s.text[s.pos:], '\n')
	if end < 0 {
		end = len(s.text) - s.pos
	}
	body := strings.TrimRight(s.text[s.pos:s.pos+end], "\r")
	s.pos += len(body)
	switch {
	case !utf8.ValidString(body):
		s.fault("M0101", s.start, s.pos, "this comment is not valid UTF-8", "save the file as UTF-8")
	case strings.IndexByte(body, 0) >= 0:
		s.fault("M0101", s.start, s.pos, "this comment holds a NUL character", "remove it")
	}
	s.emit(Comment, body)
}

// invalidBytes takes a run of bytes that are not UTF-8.
func (s *scanner) invalidBytes() {
	for s.pos < len(s.text) {
		if r, size := utf8.DecodeRuneInString(s.text[s.pos:]); r != utf8.RuneError || size != 1 {
			break
		}
		s.pos++
	}
	s.broken(Invalid, "M0101", "these bytes are not valid UTF-8", "save the file as UTF-8")
}

func (s *scanner) wideSpace() {
	n := 0
	for s.pos < len(s.text) {
		r, size := utf8.DecodeRuneInString(s.text[s.pos:])
		if a, wide := fold(r); !wide || a != " " {
			break
		}
		s.pos += size
		n++
	}
	what := "a wide space"
	if n > 1 {
		what = fmt.Sprintf("%d wide spaces", n)
	}
	s.fault("M0102", s.start, s.pos, what+" outside a string or comment", "write an ASCII space")
}

func isNameStart(r rune) bool { return r == '_' || unicode.IsLetter(r) }

func isNamePart(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
}

// nameRun takes name characters and returns them, full-width ones in their ASCII form, and whether there were any such.
func (s *scanner) nameRun() (text string, wide bool) {
	from := s.pos
	for s.pos < len(s.text) {
		r, size := utf8.DecodeRuneInString(s.text[s.pos:])
		if !isNamePart(r) {
			break
		}
		if _, w := fold(r); w {
			wide = true
		}
		s.pos += size
	}
	text = s.text[from:s.pos]
	if wide {
		text = foldText(text)
	}
	return text, wide
}

// maxName bounds a name in bytes.
const maxName = 256

func (s *scanner) word() {
	text, wide := s.nameRun()
	if wide && len(text) <= maxName {
		s.wideFault(text)
	}
	if len(text) > maxName {
		s.broken(Word, "M0120", fmt.Sprintf("a name of %d bytes; the most is %d", len(text), maxName), "")
		return
	}
	kind := Word
	if reserved[text] {
		kind = Reserved
	}
	s.emit(kind, text)
}

// wideFault reports that the token in hand is written with full-width characters.
func (s *scanner) wideFault(ascii string) {
	what := "is written with full-width characters"
	for _, r := range s.text[s.start:s.pos] {
		if _, known := folded[r]; known && r < '\u3000' {
			what = "is no sign of the language"
		}
	}
	s.fault("M0102", s.start, s.pos, fmt.Sprintf("`%s` %s", clip(s.text[s.start:s.pos]), what), fmt.Sprintf("write `%s`", clip(ascii)))
}

// quotedName reads a name in backquotes.
func (s *scanner) quotedName() {
	s.pos++
	s.nameRun()
	name := s.text[s.start+1 : s.pos]
	if s.pos < len(s.text) && s.text[s.pos] == '`' {
		s.pos++
		r, _ := utf8.DecodeRuneInString(name)
		if len(name) > maxName {
			s.broken(Quoted, "M0120", fmt.Sprintf("a name of %d bytes; the most is %d", len(name), maxName), "")
			return
		}
		if name != "" && isNameStart(r) {
			s.emit(Quoted, s.text[s.start:s.pos])
			return
		}
		s.broken(Quoted, "M0109", "there is no name between these backquotes", "a name is a letter or `_`, then letters, digits, `_`")
		return
	}
	line := s.text[s.pos:]
	if i := strings.IndexByte(line, '\n'); i >= 0 {
		line = line[:i]
	}
	if i := strings.IndexByte(line, '`'); i >= 0 {
		s.pos += i + 1
		s.broken(Quoted, "M0109", "what stands in backquotes is not a name", "a name is a letter or `_`, then letters, digits, `_`")
		return
	}
	s.broken(Quoted, "M0109", "the closing backquote of this name is missing", "")
}

// operators lists the tokens of punctuation, longer before shorter.
var operators = []string{"!=", "<=", ">=", "??", "=", "<", ">", "+", "-", "*", "/", "(", ")", "{", "}", ",", ":", "."}

// foreign are operators of other languages, with ours. Longer before shorter.
var foreign = []struct{ text, ours, hint string }{
	{"===", "=", "write `=`"}, {"==", "=", "write `=`"}, {"<>", "!=", "write `!=`"}, {"=>", ">=", "for at least write `>=`"},
	{"=<", "<=", "write `<=`"}, {"&&", "and", "write `and`"}, {"||", "or", "write `or`"}, {"/*", "", "a comment starts with `//` and ends with its line"},
	{"&", "and", "write `and`"}, {"|", "or", "write `or`"}, {"!", "not", "write `not`"},
}

func (s *scanner) punct() {
	ascii, size, wide := s.foldAhead(3)
	for _, f := range foreign {
		if !strings.HasPrefix(ascii, f.text) || strings.HasPrefix(ascii, "!=") {
			continue
		}
		s.pos += sum(size[:len(f.text)])
		what := "is no operator of the language"
		if f.ours == "" {
			what = "starts no comment"
		}
		s.fault("M0103", s.start, s.pos, fmt.Sprintf("`%s` %s", f.text, what), f.hint)
		s.emit(kindOf(f.ours), f.ours)
		return
	}
	for _, op := range operators {
		if !strings.HasPrefix(ascii, op) {
			continue
		}
		s.pos += sum(size[:len(op)])
		for _, w := range wide[:len(op)] {
			if w {
				s.wideFault(op)
				break
			}
		}
		s.emit(Punct, op)
		return
	}
	s.strange()
}

func kindOf(text string) TokenKind {
	switch {
	case text == "":
		return Invalid
	case reserved[text]:
		return Reserved
	}
	return Punct
}

func sum(ns []int) (total int) {
	for _, n := range ns {
		total += n
	}
	return total
}

// foldAhead returns the ASCII form of up to n characters ahead, with the bytes that each character of it takes.
func (s *scanner) foldAhead(n int) (ascii string, size []int, wide []bool) {
	pos := s.pos
	for len(ascii) < n && pos < len(s.text) {
		r, w := utf8.DecodeRuneInString(s.text[pos:])
		a, isWide := fold(r)
		if a == "" {
			break
		}
		for i := range a {
			ascii += a[i : i+1]
			size = append(size, 0)
			wide = append(wide, isWide)
			if i == len(a)-1 {
				size[len(size)-1] = w
			}
		}
		pos += w
	}
	return ascii, size, wide
}

// strange takes one character that has no place in the language.
func (s *scanner) strange() {
	r, size := utf8.DecodeRuneInString(s.text[s.pos:])
	s.pos += size
	switch {
	case r == 0:
		s.broken(Invalid, "M0101", "a NUL character", "remove it")
	case r == '\'' || r == '‘' || r == '’' || r == '＇':
		s.singleQuoted(r)
	case r == '%' || r == '％':
		s.broken(Invalid, "M0105", "`%` does not follow a number directly", "a percentage is written without a space: `12.5%`")
	case r == ';':
		s.broken(Invalid, "M0101", "`;` has no meaning here", "declarations and clauses need no separator")
	case r == '[' || r == ']':
		s.broken(Invalid, "M0101", fmt.Sprintf("`%c` has no meaning here", r), "lists are written in `( )`, blocks in `{ }`")
	case r == '#':
		s.broken(Invalid, "M0101", "`#` has no meaning here", "a comment starts with `//`")
	case !unicode.IsGraphic(r) || unicode.Is(unicode.Cf, r) || unicode.IsSpace(r):
		s.broken(Invalid, "M0101", fmt.Sprintf("an invisible character, U+%04X", r), "remove it")
	default:
		if a, wide := fold(r); wide {
			s.broken(Invalid, "M0102", fmt.Sprintf("`%c` has no meaning here, nor its ASCII form `%s`", r, a), "")
			return
		}
		s.broken(Invalid, "M0101", fmt.Sprintf("`%c` has no meaning here", r), "")
	}
}

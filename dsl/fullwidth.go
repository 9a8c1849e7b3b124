package dsl

import (
	"strings"
	"unicode/utf8"
)

// folded are the wide characters that have an ASCII form, but for the block U+FF01 to U+FF5E, which is shifted ASCII.
var folded = map[rune]string{
	'\u3000': " ", '\u00a0': " ", '\u2003': " ", '\u2002': " ", '\u2009': " ",
	'、': ",", '。': ".", '｡': ".", '､': ",", '《': "<", '》': ">", '〈': "<", '〉': ">", '—': "-", '–': "-", '−': "-",
	'≥': ">=", '≤': "<=", '≠': "!=", '×': "*", '÷': "/", '≧': ">=", '≦': "<=", '…': "...",
}

// fold returns the ASCII form of a character, and whether the character is a wide one that stands for it. Of other
// characters beyond ASCII the form is empty.
func fold(r rune) (ascii string, wide bool) {
	switch {
	case r < utf8.RuneSelf:
		return asciiStrings[r : r+1], false
	case r >= '\uff01' && r <= '\uff5e':
		r -= 0xfee0
		return asciiStrings[r : r+1], true
	}
	ascii, wide = folded[r]
	return ascii, wide
}

// asciiStrings holds every ASCII character at its own index, so that fold allocates nothing.
var asciiStrings = func() string {
	var b [utf8.RuneSelf]byte
	for i := range b {
		b[i] = byte(i)
	}
	return string(b[:])
}()

// foldText returns a text with its wide characters in their ASCII form and the others as they are.
func foldText(text string) string {
	var b strings.Builder
	for _, r := range text {
		if a, wide := fold(r); wide {
			b.WriteString(a)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

package dsl

import "github.com/muster-engine/muster/dsl/diag"

// TokenKind tells the kinds of tokens apart.
type TokenKind uint8

const (
	// EndOfFile is the last token of every file; its text is empty.
	EndOfFile TokenKind = iota + 1
	// Word is a name or a contextual keyword: which of the two, the grammar decides.
	Word
	// Reserved is a word that is never a name without backquotes.
	Reserved
	// Quoted is a name in backquotes.
	Quoted
	// Int, Decimal, Percent, String, Date, Time and Clock are the literals.
	Int
	Decimal
	Percent
	String
	Date
	Time
	Clock
	// Punct is an operator or a bracket.
	Punct
	// Comment runs from // to the end of its line, line end excluded.
	Comment
	// Invalid is text that is no token; a diagnostic says why.
	Invalid
)

// Token is a piece of a source text.
type Token struct {
	Kind TokenKind
	// Text is the source text; of a token written with full-width characters it is the ASCII form.
	Text string
	// Start and End are the bytes of the source that the token covers.
	Start, End int
	// First is set where the token is the first on its line, comments included.
	First bool
	// Broken is set where a diagnostic says that the token is badly formed: its value means nothing.
	Broken bool
}

// Span returns the range of the token in its file.
func (t Token) Span(f *diag.File) diag.Span { return diag.Span{File: f, Start: t.Start, End: t.End} }

// reserved are the words that are never names without backquotes.
var reserved = map[string]bool{
	"and": true, "or": true, "not": true, "in": true, "is": true, "between": true, "contains": true, "starts": true,
	"ends": true, "matches": true, "when": true, "then": true, "else": true, "where": true, "since": true,
	"before": true, "from": true, "true": true, "false": true,
}

// IsReserved reports whether a word can be a name only in backquotes.
func IsReserved(word string) bool { return reserved[word] }
